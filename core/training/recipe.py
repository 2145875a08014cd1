"""A recipe: everything that decides what a training does, apart from its data. Imports no torch."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from core.foundation.errors import BadInput
from core.models.codecs import CODECS
from core.models.pose import NETWORKS
from core.training.augmentation import Augmentation

LOSSES: Final = ("mse", "l1", "wing", "soft-wing", "heatmap-mse", "heatmap-ce", "udp-combined", "pip")
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "network": tuple(NETWORKS),
    "codec": tuple(CODECS),
    "loss": LOSSES,
    "optimiser": ("adam", "adamw", "sgd"),
    "schedule": ("cosine", "steps", "constant"),
    "amp": ("auto", "on", "off"),
    "self_training": ("none", "curriculum", "plain"),
    "stability.target": ("true-motion", "stillness", "indicator"),
}
_LIMITS: Final = {
    "epochs": (1, 100_000),
    "batch": (1, 65_536),
    "rate": (0.0, math.inf),
    "weight_decay": (0.0, math.inf),
    "warmup": (0.0, math.inf),
    "decay": (0.0, 1.0),
    "ema": (0.0, 0.99999),
    "clip": (0.0, math.inf),
    "layer_decay": (0.0, 1.0),
    "freeze": (0, math.inf),
    "patience": (0, math.inf),
    "seed": (0, 2**32 - 1),
    "neighbours": (0, math.inf),
    "sheets": (0, math.inf),
    "minutes": (0.0, math.inf),
    "memory_gib": (0.0, math.inf),
    "padding": (0.1, math.inf),
    "workers": (0, math.inf),
    "stability.weight": (0.0, math.inf),
    "stability.length": (3, math.inf),
    "stability.windows": (1, math.inf),
    "stability.bar": (0.0, math.inf),
    "stability.slack": (1.0, math.inf),
}


@dataclass(frozen=True)
class StabilityTerm:
    """The stability loss beside the main one (`core.training.stability_loss`).

    Attributes
    ----------
    weight
        How large it is beside the main loss of the same windows, whatever units they have: 1 for equal.
    target
        What a window is compared with: the labels' own motion, stillness, or the project's indicator.
    length, windows
        Consecutive frames in a window, and windows in a step.
    bar
        The smoothed main loss, relative to that of the first epoch's end, under which the term may be added.
    slack
        The gate closes once the smoothed main loss is above this times the bar.
    """

    weight: float = 0.5
    target: str = "true-motion"
    length: int = 20
    windows: int = 1
    bar: float = 0.5
    slack: float = 1.5


@dataclass(frozen=True)
class Recipe:
    """Values are plain; `as_json` and `from_json` go both ways.

    Attributes
    ----------
    name, about
        What it is called, and one sentence for people.
    network, codec, codec_settings, options, input_size
        As `core.models.pose.configure` takes them; None: the network's own default for the skeleton.
    neighbours
        Of each point in a PIP network, the nearest ones in the training labels' mean shape.
    checkpointing
        Recompute activations in the backward pass, for networks that can.
    loss, loss_settings
        As `core.training.losses.build_loss` takes them.
    padding
        The plain crop is so many times the box.
    epochs, batch
        How often each sample is seen, and how many make a step (over all processes together).
    optimiser, rate, weight_decay, layer_decay
        Biases and norms never decay; layer i of L in a transformer learns at rate * layer_decay ** (L - i).
    warmup, schedule, milestones, decay
        Epochs of linear warm-up; then a cosine to zero, steps (times `decay` at each milestone, in epochs), or a
        constant.
    freeze
        Epochs at the start in which only the head learns.
    ema
        Decay of the moving average of the weights at each step; 0 for none.
    clip
        Greatest norm of the gradient; 0 for no limit.
    augmentation
        None for none.
    patience
        Epochs without a better validation NME after which training stops; 0 for never.
    amp
        bfloat16 autocast: ``auto`` on a GPU only, ``on`` also on a CPU.
    seed
        Decides everything drawn at random, together with the epoch and the batch.
    pretrained
        ``none``, ``default`` (the network's first) or the name of some weights.
    stability
        None for no stability loss.
    self_training
        The plan that `core.training.self_training` follows; `train` itself pays no attention to it.
    sheets
        Epochs between sheets of pictures; 0 for none.
    minutes
        The state is saved at every epoch's end, and within an epoch so many minutes after the last time.
    memory_gib
        For regions of pictures that are kept in memory.
    workers
        Threads that prepare batches ahead; 0 prepares them in turn with the steps.
    """

    name: str
    about: str
    network: str
    loss: str
    codec: str | None = None
    codec_settings: Mapping[str, object] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    input_size: tuple[int, int] | None = None
    neighbours: int = 10
    checkpointing: bool = False
    loss_settings: Mapping[str, object] = field(default_factory=dict)
    padding: float = 1.25
    epochs: int = 60
    batch: int = 16
    optimiser: str = "adamw"
    rate: float = 5e-4
    weight_decay: float = 0.01
    layer_decay: float = 1.0
    warmup: float = 1.0
    schedule: str = "cosine"
    milestones: tuple[int, ...] = ()
    decay: float = 0.1
    freeze: int = 0
    ema: float = 0.999
    clip: float = 1.0
    augmentation: Augmentation | None = field(default_factory=Augmentation)
    patience: int = 0
    amp: str = "auto"
    seed: int = 0
    pretrained: str = "default"
    stability: StabilityTerm | None = None
    self_training: str = "none"
    sheets: int = 5
    minutes: float = 5.0
    memory_gib: float = 2.0
    workers: int = 2

    def __post_init__(self) -> None:
        for key, value in flat(self).items():
            _check(key, value)
        choices = ("none", "default", *NETWORKS[self.network].pretrained)
        if self.pretrained not in choices:
            raise BadInput("recipes.pretrained", choices=list(choices), network=self.network, value=self.pretrained)

    def as_json(self) -> dict[str, Any]:
        """Plain values, as JSON has them: lists for tuples, nested objects for augmentation and stability."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


def from_json(plain: Mapping[str, Any]) -> Recipe:
    """Read what `Recipe.as_json` gave.

    Raises
    ------
    BadInput
        If a key is unknown or missing, or a value is not one of its kind.
    """
    _check_names(plain, Recipe)
    values = dict(plain)
    for key, kind in (("augmentation", Augmentation), ("stability", StabilityTerm)):
        if isinstance(values.get(key), Mapping):
            _check_names(values[key], kind)
            values[key] = kind(**values[key])
    for key in ("input_size", "milestones"):
        if isinstance(values.get(key), list):
            values[key] = tuple(values[key])
    try:
        return Recipe(**values)
    except TypeError as problem:
        raise BadInput("recipes.no_recipe", reason=problem) from problem


def flat(recipe: Recipe) -> dict[str, object]:
    """Every value by key; those of the augmentation and the stability loss with a dot."""
    values: dict[str, object] = {}
    for key, value in vars(recipe).items():
        nested = isinstance(value, Augmentation | StabilityTerm)
        values |= {f"{key}.{inner}": part for inner, part in vars(value).items()} if nested else {key: value}
    return values


def _check_names(plain: Mapping[str, Any], kind: Any) -> None:
    names = [entry.name for entry in fields(kind)]
    unknown = [key for key in plain if key not in names]
    if unknown:
        raise BadInput("recipes.no_setting", setting=unknown[0], choices=list(names))


def _check(key: str, value: object) -> None:
    choices = CHOICES.get(key)
    if choices and value is not None and value not in choices:
        raise BadInput("recipes.no_choice", setting=key, choices=list(choices), value=value)
    if key not in _LIMITS:
        return
    low, high = _LIMITS[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or value == math.inf:
        if high < math.inf:
            raise BadInput("recipes.out_of_range", setting=key, low=low, high=high, value=value)
        raise BadInput("recipes.too_low", setting=key, low=low, value=value)
