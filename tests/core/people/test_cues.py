"""Cues of clothes: which there are, which can be asked here, and what the others lack."""

import re

import pytest

from core.foundation.errors import MissingWeights, NotFound
from core.media.clothes import LENGTH
from core.models import CLOTHES_NETWORKS
from core.people.cues import COLOURS, CUES, cue_called, cue_choices, load_cue, what_lacks
from tests.builders.clothes_networks import publish


def test_without_weights_colours_can_be_asked_and_networks_say_what_they_lack(workspace):
    choices = cue_choices(workspace)
    assert list(choices) == [COLOURS, "imagenet-resnet18", "imagenet-resnet50"] == list(CUES)
    assert choices.pop(COLOURS) is None
    for name, missing in choices.items():
        assert f"weights fetch {name}` or download https://" in missing
        assert str(workspace.weights) in missing


def test_a_network_can_be_asked_once_its_weights_are_here(workspace):
    publish(workspace.weights)
    assert [name for name, missing in cue_choices(workspace).items() if missing is None] == [
        COLOURS,
        "imagenet-resnet18",
    ]
    assert load_cue(workspace, "imagenet-resnet18").dimension == 512
    assert load_cue(workspace, COLOURS).dimension == LENGTH


def test_what_cannot_be_asked_is_refused_in_the_same_words(workspace):
    with pytest.raises(NotFound, match="no cue of clothes called 'shoes'; there are colours, imagenet-resnet18"):
        cue_called("shoes")
    for name, kind in (("shoes", NotFound), ("imagenet-resnet50", MissingWeights)):
        assert isinstance(what_lacks(workspace, name), kind)
        with pytest.raises(kind, match=re.escape(str(what_lacks(workspace, name)))):
            load_cue(workspace, name)


def test_each_cue_is_as_strict_as_it_says_and_no_network_less_than_colours():
    assert (CUES[COLOURS].least, CUES[COLOURS].margin) == (0.9, 0.05), "measured: decision 18"
    for name, spec in CLOTHES_NETWORKS.items():
        assert CUES[name].least == spec.threshold > CUES[COLOURS].least
        assert CUES[name].margin >= CUES[COLOURS].margin
