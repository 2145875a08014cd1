"""The benches by size. Rates, epochs and weights were chosen by the validation people, never by the test people."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

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
RESNET: Final = "ResNet-50, coordinates, SoftWing"
PIPNET: Final = "PIPNet, ResNet-18"
HRNET: Final = "HRNet, UDP heatmaps"


def _arm(name: str, network: str, side: int, epochs: int, loss: str, codec: str | None = None) -> Recipe:
    settings = {"stride": 16} if loss == "pip" else {}
    return replace(
        _PLAIN, name=name, network=network, input_size=(side, side), epochs=epochs, loss=loss, codec=codec,
        codec_settings=settings,
    )  # fmt: skip


def _onwards(arm: Recipe, epochs: int, weight: float, length: int) -> tuple[Recipe, ...]:
    """Further epochs of an arm; the bar is above the first of them, so the term counts from the second on."""
    plain = replace(arm, name="trained on, without", epochs=epochs, rate=arm.rate / 2, warmup=0.0)
    term = StabilityTerm(weight=weight, length=length, bar=2.0, slack=1.5)
    return (
        plain,
        replace(plain, name="trained on, true motion", stability=term),
        replace(plain, name="trained on, stillness", stability=replace(term, target="stillness")),
    )


def on_two_cores() -> Plan:
    """About ten minutes on two cores of 2024."""
    baseline = _arm(BASELINE, "baseline-cnn", 128, 8, "mse")
    pipnet = _arm(PIPNET, "pipnet-r18", 96, 8, "pip")
    return Plan(
        size=Size(train=26, validation=6, test=16, frames=20),
        arms=(
            baseline,
            _arm(RESNET, "resnet50-regression", 64, 8, "soft-wing"),
            pipnet,
            _arm(HRNET, "hrnet-w18-small", 64, 8, "heatmap-mse", "udp"),
        ),
        steadied=(BASELINE, _onwards(baseline, 4, 0.02, 20)),
        few=Few(replace(pipnet, input_size=(128, 128), epochs=6), people=12, share=0.1, repeats=8, seeds=(0,)),
        seeds=(0, 1, 2),
    )


def on_a_gpu() -> Plan:
    """More people, larger inputs, more epochs, HRNet-W32."""
    baseline, pipnet = _arm(BASELINE, "baseline-cnn", 256, 24, "mse"), _arm(PIPNET, "pipnet-r18", 128, 24, "pip")
    arms = (
        baseline,
        _arm(RESNET, "resnet50-regression", 128, 24, "soft-wing"),
        pipnet,
        _arm(HRNET, "hrnet-w32", 128, 24, "heatmap-mse", "udp"),
    )
    fed = tuple(replace(arm, workers=3) for arm in arms)
    return Plan(
        size=Size(train=48, validation=8, test=24, frames=20),
        arms=fed,
        steadied=(BASELINE, _onwards(fed[0], 8, 0.02, 20)),
        few=Few(replace(pipnet, epochs=12, workers=3), people=48, share=0.1, repeats=4, seeds=(0, 1, 2)),
        seeds=(0, 1, 2),
    )


def quick() -> Plan:
    """Whether it works, no figures."""
    baseline = _arm(BASELINE, "baseline-cnn", 128, 2, "mse")
    pipnet = _arm(PIPNET, "pipnet-r18", 64, 2, "pip")
    return Plan(
        size=Size(train=4, validation=2, test=3, frames=8),
        arms=(baseline, pipnet, _arm(HRNET, "hrnet-w18-small", 64, 2, "heatmap-mse", "udp")),
        steadied=(BASELINE, _onwards(baseline, 2, 0.02, 8)),
        few=Few(replace(pipnet, input_size=(128, 128), epochs=1), people=4, share=0.25, repeats=1, seeds=(0,)),
        seeds=(0, 1),
    )
