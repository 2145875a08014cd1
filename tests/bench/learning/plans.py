"""The benches by size. Rates, epochs and weights were chosen by the validation people, never by the test people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from core.training.augmentation import Augmentation
from core.training.recipe import Recipe, StabilityTerm
from core.training.recipes import RECIPES
from tests.bench.learning.arms import Few, Plan
from tests.bench.learning.data import Size

# The drawn faces hardly roll, and nothing ever covers them: stronger changes would cost epochs and teach nothing here.
GENTLE: Final = Augmentation(
    rotation=10.0, scale=0.1, shift=0.06, mirror=0.5, colour=0.2, blur=0.0, grey=0.0, occlusion=0.0
)
# From random weights, nothing drawn or saved on the way, and never stopped early: every seed takes as many steps.
_PLAIN: Final = replace(
    RECIPES["quick-resnet18"], augmentation=GENTLE, patience=0, sheets=0, minutes=1e6, workers=0, pretrained="none"
)
BASELINE: Final = "baseline CNN"
RESNET18: Final = "ResNet-18, coordinates, SoftWing"
RESNET50: Final = "ResNet-50, coordinates, SoftWing"
PIPNET: Final = "PIPNet, ResNet-18"
HRNET: Final = "HRNet, UDP heatmaps"


def arm(name: str, network: str, side: int, loss: str, epochs: int, **more: Any) -> Recipe:
    """A network with square inputs of `side` pixels, from random weights, with nothing else in its way."""
    settings = {"stride": 16} if loss == "pip" else {}
    return replace(
        _PLAIN,
        name=name,
        network=network,
        input_size=(side, side),
        loss=loss,
        epochs=epochs,
        codec_settings=settings,
        **more,
    )


def _onwards(first: Recipe, epochs: int) -> tuple[Recipe, ...]:
    """Further epochs of an arm on the same batches and windows; the stability term's weight and target alone differ.

    The windows' own labels are learned from in each, so that the first is a fair control. Four windows of five frames
    rather than one of twenty: as many frames a step, but of four people. One person's twenty frames outweigh a batch of
    sixteen, and cost accuracy (validation NME 5.0 % against 4.3 %). The bar is above the first epoch's loss, so windows
    count from the second on.
    """
    term = StabilityTerm(weight=0.0, length=5, windows=4, bar=2.0, slack=1.5)
    plain = replace(first, name="weight 0", epochs=epochs, rate=0.3 * first.rate, stability=term)
    told = StabilityTerm.weight
    return (
        plain,
        replace(plain, name="true motion", stability=replace(term, weight=told)),
        replace(plain, name="the project's indicator", stability=replace(term, weight=told, target="indicator")),
    )


def on_two_cores() -> Plan:
    """Forty minutes on two cores of 2024."""
    regression = arm(RESNET18, "resnet18-regression", 64, "soft-wing", 5)
    return Plan(
        size=Size(train=30, validation=8, test=16, frames=20),
        arms=(
            arm(BASELINE, "baseline-cnn", 128, "mse", 6, batch=8, rate=3e-4, options={"dropout": 0.0}),
            regression,
            arm(RESNET50, "resnet50-regression", 64, "soft-wing", 10, rate=5e-4),
            arm(PIPNET, "pipnet-r18", 96, "pip", 4, batch=8),
            arm(HRNET, "hrnet-w18-small", 64, "heatmap-mse", 8, codec="udp"),
        ),
        steadied=(RESNET18, _onwards(regression, 6)),
        few=Few(
            arm(PIPNET, "pipnet-r18", 128, "pip", 14, batch=8),
            people=30,
            labelled=3,
            every=7,
            repeats=1,
            seeds=(0, 1, 2),
            plans=("curriculum",),
        ),
        seeds=(0, 1, 2),
    )


def on_a_gpu() -> Plan:
    """More people, larger inputs, more epochs, HRNet-W32."""
    regression = arm(RESNET18, "resnet18-regression", 128, "soft-wing", 16, workers=3)
    pipnet = arm(PIPNET, "pipnet-r18", 128, "pip", 16, workers=3)
    return Plan(
        size=Size(train=60, validation=8, test=24, frames=20),
        arms=(
            arm(BASELINE, "baseline-cnn", 256, "mse", 16, rate=3e-4, options={"dropout": 0.0}, workers=3),
            regression,
            arm(RESNET50, "resnet50-regression", 128, "soft-wing", 24, rate=5e-4, workers=3),
            pipnet,
            arm(HRNET, "hrnet-w32", 128, "heatmap-mse", 16, codec="udp", workers=3),
        ),
        steadied=(RESNET18, _onwards(regression, 8)),
        few=Few(replace(pipnet, epochs=12), people=60, labelled=6, every=4, repeats=2, seeds=(0, 1, 2)),
        seeds=(0, 1, 2),
    )


def quick() -> Plan:
    """Whether it works, no figures."""
    regression = arm(RESNET18, "resnet18-regression", 64, "soft-wing", 2)
    pipnet = arm(PIPNET, "pipnet-r18", 64, "pip", 2)
    return Plan(
        size=Size(train=4, validation=2, test=3, frames=8),
        arms=(regression, pipnet, arm(HRNET, "hrnet-w18-small", 64, "heatmap-mse", 2, codec="udp")),
        steadied=(RESNET18, _onwards(regression, 2)),
        few=Few(replace(pipnet, input_size=(128, 128), epochs=1), people=4, labelled=1, every=4, repeats=1, seeds=(0,)),
        seeds=(0, 1),
    )
