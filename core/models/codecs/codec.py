"""What a codec is: the two ways between points in pixels and the tensors of a network.

Legend
------
- N: instances, K: points, (W, H): size of the network's input in pixels, (w, h): size of its maps in cells

Coordinates are pixels of the network's *input*, the centre of the first pixel is 0, and the input covers
[-0.5, W - 0.5]. `core.media.crops.Crop` takes them to the picture.

The rule of what takes part: a point has the weight 1 where it is present, finite and inside the input's area
(-0.5 <= x <= W - 0.5, likewise y), else the weight 0 and targets of zero. Both ends count as inside, so that a point
and its mirror image are judged alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor


class DecodedPoints(NamedTuple):
    """Points out of a network's outputs.

    Attributes
    ----------
    points
        (N, K, 2) float32, pixels of the input; NaN where absent.
    confidence
        (N, K) float32 in [0, 1], 0 where absent: the map's maximum, cut to the range. It orders the points of one
        model; as a probability it means nothing until it is calibrated. NaN for a present point of a codec that has
        no such value (regression).
    spread
        (N, K) float32, pixels of the input: standard deviation of the map near the point, the variance averaged over
        x and y; NaN where absent or where the codec has no map.
    neighbours
        (N, K) float32, pixels of the input: RMS distance of a point's own and its neighbours' predictions from their
        mean; NaN where absent, without neighbours and for every codec but PIP.
    """

    points: Tensor
    confidence: Tensor
    spread: Tensor
    neighbours: Tensor


@dataclass(eq=False)
class Codec(ABC):
    """Both ways between points and a network's outputs, in batches, on the tensors' own device.

    The fields after the first are its settings.

    Attributes
    ----------
    name
        As in `core.models.codecs.CODECS`.
    input_size
        (W, H) of the network's input.
    """

    name: ClassVar[str]
    input_size: tuple[int, int]

    @property
    def settings(self) -> dict[str, object]:
        """Plain JSON; ``build_codec(name, input_size, settings)`` makes the same codec again."""
        return {field.name: getattr(self, field.name) for field in fields(self)[1:]}

    @abstractmethod
    def channels(self, count: int) -> dict[str, tuple[int, ...]]:
        """The name of each network output and its shape for `count` points, without N."""

    @abstractmethod
    def encode(self, points: Tensor, present: Tensor) -> dict[str, Tensor]:
        """Targets of (N, K, 2) points in input pixels and (N, K) bool: float32, each output's name and "weight"."""

    @abstractmethod
    def decode(self, outputs: dict[str, Tensor]) -> DecodedPoints:
        """Points of a network's outputs; in float32 whatever their dtype.

        While an exporter traces, tensor operations of fixed shapes only.
        """

    @abstractmethod
    def mirror(self, outputs: dict[str, Tensor], order: Tensor) -> dict[str, Tensor]:
        """The outputs of a left-right mirrored input, brought back to the input that was not, with no shift.

        `order` is (K,) int64, an involution (`core.media.crops.mirror_order`). The mean of these and the outputs of the
        input itself decodes to the flip test's points.
        """


def usable(points: Tensor, present: Tensor, input_size: tuple[int, int]) -> Tensor:
    """(N, K) bool: which points take part, by the rule of this module."""
    width, height = input_size
    x, y = points[..., 0], points[..., 1]
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)  # False for NaN
    return present & inside


@contextmanager
def full_precision(device_type: str) -> Iterator[None]:
    """Autocast off inside: a log or a second difference in half precision loses the sub-pixel part."""
    import torch

    if not torch.is_autocast_enabled(device_type):
        yield  # an exporter cannot trace the switch, and need not
        return
    with torch.autocast(device_type, enabled=False):
        yield
