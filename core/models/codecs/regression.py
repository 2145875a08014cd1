"""Coordinates as plain numbers: the network gives x and y themselves.

Normalised so that 0 is the centre of the first pixel and 1 that of the last, as the crop's unit length (UDP); a mirror
is then 1 - x, with no shift.
"""

import torch
from torch import Tensor

from core.models.codecs.codec import Codec, DecodedPoints, usable


class RegressionCodec(Codec):
    """Output "points" (N, K, 2) float32, normalised. It has neither a map nor a confidence: both are NaN."""

    name = "regression"

    def channels(self, count: int) -> dict[str, tuple[int, ...]]:
        return {"points": (count, 2)}

    def encode(self, points: Tensor, present: Tensor) -> dict[str, Tensor]:
        """ "points" (N, K, 2) and "weight" (N, K), float32."""
        weight = usable(points, present, self.input_size)
        normalised = torch.where(weight[..., None], points.float() / self._last(points), 0.0)
        return {"points": normalised, "weight": weight.float()}

    def decode(self, outputs: dict[str, Tensor]) -> DecodedPoints:
        """Pixels; a point that is not finite is absent. Confidence is NaN for the others: there is none to give."""
        points = outputs["points"].float() * self._last(outputs["points"])
        present = torch.isfinite(points).all(dim=-1)
        nothing = torch.full_like(points[..., 0], torch.nan)
        points = torch.where(present[..., None], points, torch.nan)
        return DecodedPoints(points, torch.where(present, nothing, 0.0), nothing, nothing)

    def mirror(self, outputs: dict[str, Tensor], order: Tensor) -> dict[str, Tensor]:
        """x becomes 1 - x, and the rows of a pair change places."""
        points = outputs["points"].index_select(1, order)
        return {"points": torch.stack([1 - points[..., 0], points[..., 1]], dim=-1)}

    def _last(self, like: Tensor) -> Tensor:
        return torch.tensor([self.input_size[0] - 1, self.input_size[1] - 1], dtype=torch.float32, device=like.device)
