"""The recipes that one can ask for by name. Imports no torch.

Those named after a publication follow it; ``quick-`` ones learn in minutes on two cores, from random weights.
`recipe_settings.with_settings` changes single values, as ``{"epochs": "20", "augmentation.rotation": "20"}``.
"""

from dataclasses import replace
from typing import Final

from core.training.recipe import Recipe, StabilityTerm

_BASELINE: Final = Recipe(
    name="baseline",
    about="The stability project's coordinate CNN on 256 × 256 crops, MSE on normalised coordinates.",
    network="baseline-cnn",
    loss="mse",
    input_size=(256, 256),
    pretrained="none",
    optimiser="adam",
    rate=3e-4,  # at 1e-3 the 12,800 inputs of its linear layer make the first steps so large that it never settles
    weight_decay=0.0,
    epochs=100,
    batch=32,
)
_RESNET50: Final = Recipe(
    name="resnet50-regression-softwing",
    about="ResNet-50 that gives coordinates, SoftWing loss (Lin et al. 2021): the strong simple baseline.",
    network="resnet50-regression",
    loss="soft-wing",
    epochs=60,
    batch=32,
)
# PIPNet as published: Adam 1e-4, batches of 16, 60 epochs, a tenth of the rate at 30 and 50, ImageNet weights.
_PIPNET: Final = Recipe(
    name="pipnet-r18",
    about="PIPNet with ResNet-18 (Jin, Liao and Shao 2021), schedule as published: fast, and can learn by itself.",
    network="pipnet-r18",
    loss="pip",
    optimiser="adam",
    rate=1e-4,
    weight_decay=0.0,
    epochs=60,
    batch=16,
    schedule="steps",
    milestones=(30, 50),
    warmup=0.0,
    clip=0.0,
)
_HRNET: Final = Recipe(
    name="hrnet-w32-udp",
    about="HRNet-W32 with UDP heatmaps (Sun et al. 2019, Huang et al. 2020): slower, exact.",
    network="hrnet-w32",
    codec="udp",
    loss="heatmap-mse",
    epochs=100,
    batch=32,
    rate=5e-4,
    weight_decay=1e-4,
)
# Fine-tuning as mmpose does it: AdamW, weight decay 0.1, layer decay, stochastic depth, gradients clipped at 1.
_VITPOSE: Final = Recipe(
    name="vitpose-b",
    about="ViTPose-B (Xu et al. 2022) with UDP heatmaps, layer-wise rates and stochastic depth; wants a GPU.",
    network="vitpose-b",
    codec="udp",
    loss="heatmap-mse",
    options={"drop_path": 0.3},
    epochs=60,
    batch=32,
    rate=5e-4,
    weight_decay=0.1,
    layer_decay=0.75,
    schedule="steps",
    milestones=(48, 56),
)


def _vitpose(letter: str, drop_path: float, layer_decay: float, batch: int, *, checkpointing: bool = False) -> Recipe:
    return replace(
        _VITPOSE,
        name=f"vitpose-{letter}",
        network=f"vitpose-{letter}",
        options={"drop_path": drop_path},
        about=f"ViTPose-{letter.upper()} (Xu et al. 2022) with UDP heatmaps"
        + (", layers recomputed to save memory; wants a large GPU." if checkpointing else "; wants a GPU."),
        layer_decay=layer_decay,
        batch=batch,
        checkpointing=checkpointing,
        pretrained="none",
    )


def _pipnet(suffix: str, backbone: str) -> Recipe:
    about = f"PIPNet with {backbone} (Jin, Liao and Shao 2021), schedule as published."
    return replace(_PIPNET, name=f"pipnet-{suffix}", network=f"pipnet-{suffix}", about=about)


# From random weights a network needs a higher rate and some warm-up; small inputs keep an epoch in seconds.
_QUICK: Final = Recipe(
    name="quick-resnet18",
    about="ResNet-18 that gives coordinates, on 96 × 96 crops from random weights: minutes on two cores.",
    network="resnet18-regression",
    loss="soft-wing",
    input_size=(96, 96),
    pretrained="none",
    optimiser="adam",
    rate=1e-3,
    weight_decay=0.0,
    epochs=40,
    batch=16,
    ema=0.99,
    patience=15,
)
# Short windows of several people: twenty frames of one outweigh a batch of sixteen, and cost accuracy.
_SHORT: Final = StabilityTerm(length=5, windows=4)
_QUICK_RECIPES: Final = (
    replace(
        _QUICK,
        name="quick-baseline",
        network="baseline-cnn",
        loss="mse",
        input_size=(128, 128),
        rate=3e-4,
        about="The stability project's CNN on 128 × 128 crops: minutes on two cores.",
    ),
    _QUICK,
    replace(
        _QUICK,
        name="quick-pipnet",
        network="pipnet-r18",
        loss="pip",
        input_size=(128, 128),
        codec_settings={"stride": 16},
        about="PIPNet with ResNet-18 on 128 × 128 crops in 8 × 8 cells, from random weights: minutes on two cores.",
    ),
    replace(
        _QUICK,
        name="quick-hrnet",
        network="hrnet-w18-small",
        codec="udp",
        loss="heatmap-mse",
        about="The smallest HRNet with UDP heatmaps on 96 × 96 crops, from random weights: minutes on two cores.",
    ),
    replace(
        _QUICK,
        name="quick-stable",
        stability=_SHORT,
        about="As quick-resnet18, and the points of consecutive frames should move as the labels do (needs clips).",
    ),
)

RECIPES: Final[dict[str, Recipe]] = {
    recipe.name: recipe
    for recipe in (
        *_QUICK_RECIPES,
        _BASELINE,
        replace(
            _BASELINE,
            name="baseline-original",
            input_size=(1280, 720),
            batch=8,
            about="The stability project's CNN with its own input of 1280 × 720 pixels, MSE.",
        ),
        replace(
            _BASELINE,
            name="baseline-stable",
            stability=StabilityTerm(),
            about="The baseline with the stability loss on windows of 20 frames (needs clips).",
        ),
        replace(
            _RESNET50,
            name="resnet18-regression",
            network="resnet18-regression",
            about="ResNet-18 that gives coordinates, SoftWing loss: small and quick.",
        ),
        _RESNET50,
        replace(
            _RESNET50,
            name="resnet50-regression-wing",
            loss="wing",
            about="ResNet-50 that gives coordinates, Wing loss (Feng et al. 2018).",
        ),
        _PIPNET,
        _pipnet("r50", "ResNet-50"),
        _pipnet("r101", "ResNet-101"),
        _pipnet("mobilenet", "MobileNetV2"),
        _HRNET,
        _vitpose("s", 0.1, 0.8, 32),
        _VITPOSE,
        _vitpose("l", 0.5, 0.8, 16, checkpointing=True),
        _vitpose("h", 0.55, 0.85, 8, checkpointing=True),
    )
}
