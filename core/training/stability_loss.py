"""A loss on consecutive frames: what a predictor adds to the true motion, and when it may count.

The unit of every length is the stability project's: |P37 P46| in x and |P28 P34| in y, of the truth's later frame
(`core.metrics.stability.Units`, which also floors them). Nothing here is below what a window without motion needs:
each root is sqrt(v + e**2), whose gradient at v = 0 is 0.
"""

from typing import Final

import torch
from torch import Tensor, nn

from core.foundation.errors import BadInput
from core.metrics.stability.tracks import Units
from core.training.loss_parts import masked

TARGETS: Final = ("true-motion", "indicator", "stillness")


class StabilityLoss(nn.Module):
    """How a window of predictions moves, compared with how it should.

    Parameters
    ----------
    target
        ``true-motion``: residual jitter, the RMS over the points of how far the *error* moves from one frame to the
        next, mean over the pairs. Least, 0, for the true motion plus a constant; a frozen or late predictor pays for
        the motion it misses.

        ``indicator``: |indicator - 1|, the project's own (`core.metrics.stability.indicator`): mean predicted over
        mean true deviation of the points from their common displacement, mean of x and y. Blind to delay, and to
        jitter where the motion is too small by as much.

        ``stillness``: RMS of the displacements themselves. For comparison only: a frozen predictor has the best value,
        0, so it pays to stop following the face.
    epsilon
        In units of length: what roots and ratios are kept away from zero by. 0.001 is a tenth of a percent; real
        deviations are 0.3 to 2.6 %.

    Raises
    ------
    BadInput
        If there is no such target or epsilon is not above 0.
    """

    def __init__(self, target: str = "true-motion", epsilon: float = 1e-3) -> None:
        super().__init__()
        if target not in TARGETS:
            raise BadInput("training.no_target", name=target, choices=list(TARGETS))
        if not epsilon > 0:
            raise BadInput("training.epsilon", epsilon=epsilon)
        self.target, self.epsilon = target, epsilon

    def forward(self, predicted: Tensor, truth: Tensor) -> Tensor:
        """The loss of one window, a run of T frames without a gap.

        Parameters
        ----------
        predicted
            (T, K, 2) pixels of the picture (or of one crop for the whole window), with gradients.
        truth
            (T, K, 2), same pixels; NaN where a point is not labelled: it is then left out of its pairs.

        Returns
        -------
        Tensor
            Scalar, float32 or float64 as `predicted`. 0 with zero gradients where no pair can be judged.

        Raises
        ------
        BadInput
            If the shapes disagree.
        """
        if predicted.shape[2:] != (2,) or predicted.shape != truth.shape:
            raise BadInput("training.window_shapes", predicted=tuple(predicted.shape), truth=tuple(truth.shape))
        predicted = predicted if predicted.dtype == torch.float64 else predicted.float()
        truth = truth.detach().to(predicted)
        units = self._units(truth)
        finite = (predicted.isfinite() & truth.isfinite()).all(dim=-1)
        usable = finite[1:] & finite[:-1] & units.isfinite().all(dim=-1)[:, None]
        scale = masked(1 / units, units.isfinite())[:, None]
        moved = masked(predicted, finite[..., None]).diff(dim=0) * scale
        true = masked(truth, finite[..., None]).diff(dim=0) * scale
        return self._compare(moved, true, usable.to(predicted.dtype))

    def _compare(self, moved: Tensor, true: Tensor, usable: Tensor) -> Tensor:
        if self.target == "true-motion":
            return _pair_mean(self._rms(moved - true, usable), usable).sum()
        if self.target == "stillness":
            return _pair_mean(self._rms(moved, usable), usable).sum()
        predicted, expected = (_pair_mean(self._deviation(which, usable), usable) for which in (moved, true))
        off = (predicted + self.epsilon) / (expected + self.epsilon)
        return (off.mean() - 1).abs() * (usable.sum() > 0)

    def _rms(self, moved: Tensor, usable: Tensor) -> Tensor:
        """(P, 1): root of the mean over the usable points of the squared length, less the epsilon in it."""
        return self._root(_point_mean(moved.square().sum(dim=-1, keepdim=True), usable))

    def _deviation(self, moved: Tensor, usable: Tensor) -> Tensor:
        """(P, 2): RMS over the points of what each moves apart from their common displacement."""
        apart = moved - _point_mean(moved, usable)[:, None]
        return self._root(_point_mean(apart.square(), usable))

    def _root(self, squares: Tensor) -> Tensor:
        return (squares + self.epsilon**2).sqrt() - self.epsilon

    @staticmethod
    def _units(truth: Tensor) -> Tensor:
        """(T - 1, 2): the lengths of the later frames; NaN where a frame has none."""
        whole = torch.where(truth.isfinite().all(dim=-1, keepdim=True), truth, torch.nan)
        units = Units.of(whole.cpu().double().numpy())
        return torch.stack([torch.from_numpy(units.x), torch.from_numpy(units.y)], dim=1)[1:].to(truth)


def _point_mean(values: Tensor, usable: Tensor) -> Tensor:
    """(P, C) mean over the usable points of (P, K, C); 0 where there is none."""
    count = usable.sum(dim=1, keepdim=True).clamp(min=1)
    return (values * usable[..., None]).sum(dim=1) / count


def _pair_mean(values: Tensor, usable: Tensor) -> Tensor:
    """(C,) mean over the pairs with any usable point of (P, C); 0 where there is none."""
    judged = (usable.sum(dim=1, keepdim=True) > 0).to(values.dtype)
    return (values * judged).sum(dim=0) / judged.sum().clamp(min=1)
