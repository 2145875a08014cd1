"""What people call a predictor: a model, and how its output is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from core.foundation.errors import BadInput

FLIP: Final = "flip"
SMOOTHER_NAMES: Final = ("one-euro", "savitzky-golay")  # of `core.tracks.smoothing.SMOOTHERS`


@dataclass(frozen=True)
class PredictorName:
    """``hrnet-w32-udp-3+flip+one-euro``: a model, whether it looks at every instance mirrored too, and what smooths its
    points over time. Each use is a version of its own in the store.

    >>> PredictorName.parse("hrnet-3+one-euro+flip")
    PredictorName(model='hrnet-3', flip_test=True, smoother='one-euro')
    >>> str(PredictorName("hrnet-3", flip_test=True))
    'hrnet-3+flip'
    """

    model: str
    flip_test: bool = False
    smoother: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The name that a person gave.

        Raises
        ------
        BadInput
            If what follows a ``+`` is no use, or there are two smoothers.
        """
        model, *uses = text.split("+")
        smoothers = [use for use in uses if use != FLIP]
        if len(smoothers) > 1 or not set(smoothers) <= set(SMOOTHER_NAMES):
            raise cls(model).refusal(text)
        return cls(model, FLIP in uses, *smoothers)

    @classmethod
    def of_version(cls, model: str, settings: Mapping[str, Any]) -> Self:
        """The name of a stored version, from its model's name and its settings."""
        return cls(model, bool(settings.get("flip_test")), (settings.get("smoothing") or {}).get("name"))

    def __str__(self) -> str:
        return "+".join([self.model, *([FLIP] if self.flip_test else []), *([self.smoother] if self.smoother else [])])

    @property
    def unsmoothed(self) -> PredictorName:
        """The same, frame by frame."""
        return replace(self, smoother=None)

    def refusal(self, text: str) -> BadInput:
        """The error that says that the model cannot be used as `text` says."""
        choices = [f"+{smoother}" for smoother in SMOOTHER_NAMES]
        return BadInput("models.no_such_use", name=self.model, use=text, flip=FLIP, choices=choices)


USES: Final = tuple(str(PredictorName("", *use)) for use in ((True, None), *((False, name) for name in SMOOTHER_NAMES)))
