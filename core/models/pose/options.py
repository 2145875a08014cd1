"""What can be chosen about a network, with defaults and limits. Imports no torch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from core.foundation.errors import BadInput
from core.foundation.messages import message


@dataclass(frozen=True)
class Option:
    """One choice about a network.

    Attributes
    ----------
    default
        A number, a word or a truth value; the value given must be of its kind.
    meaning
        One sentence for people.
    choices
        The words that are allowed, for a word.
    low, high
        Limits of a number, both allowed.
    """

    default: float | int | str | bool
    meaning: str
    choices: tuple[str, ...] = ()
    low: float = 0.0
    high: float = math.inf

    def check(self, name: str, value: object) -> None:
        """Refuse a value of another kind or beyond the limits.

        Raises
        ------
        BadInput
            The sentence names the option and what is allowed.
        """
        if self.choices:
            if value not in self.choices:
                raise BadInput("networks.option_choice", name=name, choices=list(self.choices), value=value)
        elif isinstance(self.default, bool):
            if not isinstance(value, bool):
                raise BadInput("networks.option_flag", name=name, value=value)
        elif isinstance(self.default, int):
            self._check_number(name, value, whole=True)
        else:
            self._check_number(name, value, whole=False)

    def _check_number(self, name: str, value: object, *, whole: bool) -> None:
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.low <= value <= self.high:
            kind = message("words.whole_number" if whole else "words.number")
            raise BadInput("networks.option_range", name=name, kind=kind, low=self.low, high=self.high, value=value)


DROPOUT: Final = Option(0.1, "Share of activations that are dropped while training.", low=0.0, high=0.9)

VITPOSE_OPTIONS: Final = {
    "head": Option("classic", "classic: two deconvolutions; simple: bilinear 4 ×, 3×3.", choices=("classic", "simple")),
    "width": Option(256, "Channels of the classic head's deconvolutions.", low=8, high=1024),
    "drop_path": Option(0.0, "Largest chance, in the last layer, that a residual branch is left out.", high=0.9),
    "dropout": Option(0.0, "Share of hidden values that are dropped while training.", high=0.9),
    "checkpointing": Option(False, "Recompute each layer in the backward pass: less memory, a third more time."),
}
