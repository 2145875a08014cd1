"""When the stability loss counts: once the main loss is low, without flapping, and never at accuracy's cost."""

import math
from collections.abc import Mapping

from core.foundation.errors import BadInput


class Gate:
    """A switch with hysteresis on the smoothed main loss, and a guard on accuracy. Imports no torch.

    It opens when the moving average of the main loss is under `bar` and closes when it is over ``bar * slack``;
    in between it stays as it is. It also closes when the validation NME is worse by more than `tolerance` than the
    best since it opened, and then stays shut until the NME is back at that best.

    Parameters
    ----------
    bar
        In the main loss's unit. 0 never opens; it may be set later, once it is known.
    slack
        At least 1.
    smoothing
        Decay of the moving average at each step, in [0, 1).
    tolerance
        Relative: 0.02 lets the NME rise by 2 %.

    Attributes
    ----------
    open
        Whether the stability loss counts now.
    smoothed
        The moving average; None before the first step.
    switches
        How often it opened or closed.

    Raises
    ------
    BadInput
        If a number is out of its range.
    """

    def __init__(self, bar: float, slack: float = 1.2, smoothing: float = 0.9, tolerance: float = 0.02) -> None:
        if not (bar >= 0 and slack >= 1 and 0 <= smoothing < 1 and tolerance >= 0):
            raise BadInput("training.gate", bar=bar, slack=slack, smoothing=smoothing, tolerance=tolerance)
        self.bar, self.slack, self.smoothing, self.tolerance = bar, slack, smoothing, tolerance
        self.open = False
        self.smoothed: float | None = None
        self.switches = 0
        self._best = math.inf  # NME since it opened
        self._wanted = math.inf  # NME to come back to before it may open again; infinite where nothing is wanted

    def step(self, main_loss: float) -> bool:
        """Take in the main loss of one step (unless it is NaN or infinite), say whether the stability loss counts."""
        if math.isfinite(main_loss):
            before = main_loss if self.smoothed is None else self.smoothed
            self.smoothed = self.smoothing * before + (1 - self.smoothing) * main_loss
        if self.smoothed is not None:
            if self.open and self.smoothed > self.bar * self.slack:
                self._switch(False)
            elif not self.open and self.smoothed < self.bar and math.isinf(self._wanted):
                self._switch(True)
        return self.open

    def validated(self, nme: float) -> bool:
        """Take in a validation NME and say whether the stability loss still counts. NaN is no judgement."""
        if math.isnan(nme):
            return self.open
        if self.open and nme > self._best * (1 + self.tolerance):
            self._wanted = self._best
            self._switch(False)
        elif self.open:
            self._best = min(self._best, nme)
        elif nme <= self._wanted:
            self._wanted = math.inf
        return self.open

    def state_dict(self) -> dict[str, float | bool | int | None]:
        """Plain values that `load_state_dict` takes."""
        return {name: getattr(self, name) for name in _STATE}

    def load_state_dict(self, state: Mapping[str, float | bool | int | None]) -> None:
        """Go on where another gate was.

        Raises
        ------
        BadInput
            If a value is missing.
        """
        missing = [name for name in _STATE if name not in state]
        if missing:
            raise BadInput("training.gate_state", names=list(missing))
        for name in _STATE:
            setattr(self, name, state[name])

    def _switch(self, now: bool) -> None:
        self.open = now
        self.switches += 1
        self._best = math.inf


_STATE = ("bar", "open", "smoothed", "switches", "_best", "_wanted")
