"""Descriptions of networks: defaults, limits, and the sentences for what does not fit."""

import json

import pytest

from core.foundation.errors import BadInput, NotFound
from core.models.pose import NETWORKS, NetworkConfig, configure


@pytest.mark.parametrize("name", list(NETWORKS))
def test_defaults_are_complete_and_survive_json(name):
    made = configure(name, "face68")
    assert made.codec == NETWORKS[name].codecs[0]
    assert set(made.options) == set(NETWORKS[name].options)
    assert NetworkConfig.from_json(made.to_json()) == made
    assert made.points == 68


def test_what_is_given_takes_the_place_of_the_default():
    made = configure(
        "vitpose-s", "body24", input_size=(96, 128), codec="dark", codec_settings={"sigma": 1.5}, options={"width": 64}
    )
    assert (made.input_size, made.codec, made.codec_settings) == ((96, 128), "dark", {"sigma": 1.5})
    assert made.options["width"] == 64
    assert made.options["head"] == "classic"


@pytest.mark.parametrize(
    ("name", "change", "kind", "sentence"),
    [
        ("hrnet", {}, NotFound, "there is no network called 'hrnet'; there are baseline-cnn, "),
        ("hrnet-w32", {"codec": "pip"}, BadInput, "hrnet-w32 gives the outputs of udp, udp-combined, msra, dark, not"),
        ("hrnet-w32", {"input_size": (250, 256)}, BadInput, "width .* is a multiple of 32, not 250; nearest is 256"),
        ("hrnet-w32", {"input_size": (256, 32)}, BadInput, "height of hrnet-w32 is 64 to 4096 pixels, not 32"),
        ("hrnet-w32", {"input_size": (256.0, 256)}, BadInput, r"width of hrnet-w32 is .* not 256\.0"),
        ("vitpose-b", {"options": {"depth": 3}}, BadInput, "no option 'depth'; its options are: head, width, drop"),
        ("vitpose-b", {"options": {"head": "mlp"}}, BadInput, "head is one of classic, simple, not 'mlp'"),
        ("vitpose-b", {"options": {"width": 2.5}}, BadInput, "width is a whole number from 8 to 1024, not 2.5"),
        ("vitpose-b", {"options": {"checkpointing": 1}}, BadInput, "checkpointing is true or false, not 1"),
        ("vitpose-b", {"options": {"drop_path": float("nan")}}, BadInput, "drop_path is a number from 0 to 0.9"),
        ("baseline-cnn", {"options": {"dropout": True}}, BadInput, "dropout is a number from 0 to 0.9, not True"),
        ("pipnet-r18", {"options": {"dropout": 0.1}}, BadInput, "no option 'dropout'; its options are: none"),
    ],
)
def test_what_does_not_fit_is_said_with_the_choices(name, change, kind, sentence):
    with pytest.raises(kind, match=sentence):
        configure(name, "face68", **change)


def test_an_unknown_skeleton_is_said():
    with pytest.raises(NotFound, match="no skeleton is called 'cat'"):
        configure("hrnet-w32", "cat")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"network": "hrnet-w32"}', '{"input_size": [1]}', "null"])
def test_a_text_that_is_no_description_is_said(text):
    with pytest.raises(BadInput, match="the description of the network cannot be read"):
        NetworkConfig.from_json(text)


def test_a_description_with_missing_options_is_refused():
    given = json.loads(configure("vitpose-s", "face68").to_json())
    del given["options"]["head"]
    with pytest.raises(BadInput, match="vitpose-s needs a value for head"):
        NetworkConfig.from_json(json.dumps(given))
