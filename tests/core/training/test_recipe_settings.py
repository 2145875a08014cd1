from __future__ import annotations

from dataclasses import replace

import pytest

from core.foundation.errors import BadInput
from core.training.augmentation import Augmentation
from core.training.recipe import StabilityTerm
from core.training.recipe_settings import settings_of, with_settings
from core.training.recipes import RECIPES

QUICK = RECIPES["quick-resnet18"]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("epochs", "7", 7),
        ("rate", "3e-4", 3e-4),
        ("checkpointing", "yes", True),
        ("checkpointing", "off", False),
        ("input_size", "96x64", (96, 64)),
        ("input_size", "none", None),
        ("milestones", "30, 50", (30, 50)),
        ("milestones", "", ()),
        ("codec", "none", None),
        ("loss", "wing", "wing"),
        ("augmentation", "none", None),
        ("augmentation", "default", Augmentation()),
        ("augmentation.rotation", "20", Augmentation(rotation=20.0)),
        ("stability", "indicator", StabilityTerm(target="indicator")),
        ("stability.weight", "0.5", StabilityTerm(weight=0.5)),
        ("stability", "none", None),
        ("options.dropout", "0.2", {"dropout": 0.2}),
        ("codec_settings.refinement", "fit", {"refinement": "fit"}),
    ],
)
def test_a_setting_is_read_from_text(key: str, text: str, value: object) -> None:
    assert getattr(with_settings(QUICK, {key: text}), key.partition(".")[0]) == value


def test_every_key_that_is_told_can_be_set_to_its_own_value() -> None:
    recipe = replace(QUICK, stability=StabilityTerm())
    for key, value in settings_of(recipe).items():
        if isinstance(value, dict):
            continue  # these have keys of their own
        text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
        assert with_settings(recipe, {key: text}) == recipe, key


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("speed", "3", "no setting 'speed'; there are .*epochs"),
        ("name", "x", "no setting 'name'"),
        ("augmentation.speed", "3", "no setting 'augmentation.speed'; there are .*augmentation.rotation"),
        ("rate.low", "3", "no setting 'rate.low'"),
        ("epochs", "many", "epochs is a whole number, not 'many'"),
        ("epochs", "2.5", "epochs is a whole number"),
        ("epochs", "0", "epochs is a number, from 1"),
        ("rate", "fast", "rate is a number, not 'fast'"),
        ("rate", "-1", "rate is a number, 0 or more"),
        ("rate", "nan", "rate is a number, 0 or more"),
        ("rate", "inf", "rate is a number"),
        ("ema", "1", "ema is a number, from 0 to 0.99999"),
        ("loss", "best", "loss is one of mse, l1"),
        ("network", "alexnet", "network is one of baseline-cnn"),
        ("optimiser", "lion", "optimiser is one of adam, adamw, sgd"),
        ("amp", "maybe", "amp is one of auto, on, off"),
        ("checkpointing", "perhaps", "checkpointing is yes or no"),
        ("input_size", "96", "input_size is 2 whole numbers, width x height"),
        ("stability", "calm", "stability is one of none, true-motion"),
        ("stability.target", "calm", "stability.target is one of true-motion"),
        ("augmentation", "much", "augmentation is one of none, default"),
        ("augmentation.mirror", "2", "mirror should be between 0 and 1"),
        ("options", "x", "set one as options.NAME"),
        ("pretrained", "coco", "pretrained is one of none, default, imagenet-resnet18"),
    ],
)
def test_a_mistake_names_the_key_and_the_choices(key: str, text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        with_settings(QUICK, {key: text})
