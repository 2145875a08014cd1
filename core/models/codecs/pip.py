"""Jin, Liao and Shao, "Pixel-in-Pixel Net: Towards Efficient Facial Landmark Detection in the Wild", IJCV 2021.

A coarse map says in which cell a point lies, two more where in the cell, and each point also predicts where its nearest
neighbours lie, seen from its own cell. A point is then the mean of its own prediction and of those of all points that
have it among their neighbours.

Cells are blocks of pixels here: the cell 0 of a stride of 32 covers the pixels 0 to 31, and an offset of 0 is the
block's left edge, half a pixel before the first pixel's centre, 1 its right edge. A mirror exchanges o and 1 - o.

How often a point is predicted by others varies (in the published mean faces between 3 and 22 times, with few
neighbours never). The published decoder repeats the shorter lists to one length, so that some predictors count twice,
and fails where there is none. Here the mean goes over the predictors that exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from core.foundation.errors import BadInput
from core.models.codecs.codec import Codec, DecodedPoints, full_precision, usable
from core.models.codecs.heatmap import finish
from core.models.codecs.maps import Grid, centroid, find_peaks, mass_around, mirror_maps, spread_around

COARSE_CELLS: Final = {"cls2": 2, "cls3": 4}  # how many cells on a side become one in a task of the self-training


def nearest_neighbours(
    mean_shape: ArrayLike, count: int, flip_pairs: Sequence[tuple[int, int]] = ()
) -> list[list[int]]:
    """The `count` nearest other points of each point, nearest first; of equal distances the lower index first.

    Parameters
    ----------
    mean_shape
        (K, 2), in any unit with square pixels. A point that is NaN (never labelled) is last in every list.
    count
        Neighbours of each point; cut to K - 1. 0 gives empty lists.
    flip_pairs
        If given, the shape is made symmetric first, so that neighbours of a pair are pairs too and the flip test keeps
        (nearly) all predictions.

    Raises
    ------
    BadInput
        If the shape is not (K, 2) with K >= 1, or the count is below 0.
    """
    shape = np.array(mean_shape, np.float64)
    if shape.shape[1:] != (2,) or not len(shape):
        raise BadInput("codecs.mean_shape", found=shape.shape)
    if count < 0:
        raise BadInput("codecs.neighbour_count", count=count)
    if flip_pairs:
        shape = _symmetric(shape, flip_pairs)
    distances = np.linalg.norm(shape[:, None] - shape[None], axis=-1)
    distances = np.where(np.isnan(distances), np.inf, np.round(distances, 9))
    np.fill_diagonal(distances, -1.0)  # a point comes first in its own order, and is cut off
    order = np.argsort(distances, axis=1, kind="stable")
    return [[int(index) for index in row] for row in order[:, 1 : 1 + min(count, len(shape) - 1)]]


def _symmetric(shape: np.ndarray, flip_pairs: Sequence[tuple[int, int]]) -> np.ndarray:
    from core.media.crops import mirror_order

    mirrored = shape[mirror_order(len(shape), flip_pairs)]
    axis = np.nanmean(shape[:, 0])
    mirrored[:, 0] = 2 * axis - mirrored[:, 0]
    filled = np.where(np.isnan(shape), mirrored, shape)
    return (filled + np.where(np.isnan(mirrored), shape, mirrored)) / 2


@dataclass(eq=False)
class PipCodec(Codec):
    """Outputs "cls", "x", "y" (N, K, h, w) and, with B neighbours, "nb_x", "nb_y" (N, K B, h, w).

    Channel k B + j of "nb_x" belongs to point k and its neighbour ``neighbours[k][j]``. Offsets are in cells, from the
    edge of the cell: those of "x" and "y" are in [0, 1] in the cell of the point, those of the neighbours are not.

    Parameters
    ----------
    input_size, stride
        As `core.models.codecs.heatmap.HeatmapCodec`.
    neighbours
        For each point the indices of its neighbours, all lists of one length B; empty for none (any K).

    Raises
    ------
    BadInput
        If the lists differ in length, or one names its own point, a point twice or one that is not there.
    """

    name = "pip"
    stride: int = 32
    neighbours: Sequence[Sequence[int]] = ()

    def __post_init__(self) -> None:
        self.grid = Grid(self.input_size, self.stride)
        lists = [[int(index) for index in row] for row in self.neighbours]
        _check(lists)
        self.neighbours = lists if lists and lists[0] else []
        self.neighbour_count = len(self.neighbours[0]) if self.neighbours else 0
        if self.neighbours:
            self._named = torch.tensor(self.neighbours)  # (K, B)
            self._predictors, self._real = _predictors(self.neighbours)

    def channels(self, count: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the outputs; the two of the neighbours have 0 channels where there are none.

        Raises
        ------
        BadInput
            If the neighbours are those of another number of points.
        """
        if self.neighbours and len(self.neighbours) != count:
            raise BadInput("codecs.other_neighbours", count=len(self.neighbours), wanted=count)
        cells = (self.grid.height, self.grid.width)
        own: dict[str, tuple[int, ...]] = {name: (count, *cells) for name in ("cls", "x", "y")}
        return own | {name: (count * self.neighbour_count, *cells) for name in ("nb_x", "nb_y")}

    def encode(self, points: Tensor, present: Tensor) -> dict[str, Tensor]:
        """Targets of the outputs' shapes, "weight" (N, K) and "nb_weight" (N, K B), float32.

        "cls" is 1 in the cell of the point and 0 elsewhere. The offsets are given in every cell, as seen from it; a
        loss on them counts only the cell where "cls" is 1. "nb_weight" is 1 where both points take part.
        """
        weight = usable(points, present, self.input_size)
        cells = torch.where(weight[..., None], (points.float() + 0.5) / self.grid.stride, 0.0)
        own = self._one_hot(cells, weight)
        x, y = self._offsets(cells, weight)
        targets = {"cls": own, "x": x, "y": y, "weight": weight.float()}
        if not self.neighbours:
            none = own[:, :0]
            return targets | {"nb_x": none, "nb_y": none, "nb_weight": none[..., 0, 0]}
        named = self._named.to(points.device)
        both = (weight[:, :, None] & weight[:, named]).flatten(1)
        nb_x, nb_y = self._offsets(cells[:, named].flatten(1, 2), both)
        return targets | {"nb_x": nb_x, "nb_y": nb_y, "nb_weight": both.float()}

    def check_coarse_maps(self) -> None:
        """Make sure that max pooling can leave whole coarse maps, as the tasks of the self-training need them.

        Raises
        ------
        BadInput
            If the map is too small or does not divide.
        """
        width, height = self.grid.width, self.grid.height
        for task, factor in reversed(COARSE_CELLS.items()):
            if width % factor or height % factor:
                raise BadInput("codecs.coarse_map", task=task, factor=factor, width=width, height=height)

    def decode(self, outputs: dict[str, Tensor]) -> DecodedPoints:
        """The mean of each point's own prediction and its predictors'.

        The map is a score, not a density: its highest cell counts also where all are below 0, as they are in a network
        that has learned little (confidence 0 then). Only a flat map, or one that is not finite, gives no point.

        A predictor without a peak of its own, or whose prediction is not finite, does not take part. `neighbours` is
        the RMS distance of all these predictions, the own included, from their mean, NaN without predictors. The
        spread is that of the coarse map in 3 x 3 cells about its own mean, 0 where one cell has it all.
        """
        with full_precision(outputs["cls"].device.type):
            maps = outputs["cls"].float()
            lowest = maps.amin(dim=(-2, -1))
            peaks = find_peaks(maps - lowest[..., None, None])
            index = peaks.y * self.grid.width + peaks.x
            own = peaks.cells() + _pick(outputs["x"], outputs["y"], index)
            present = peaks.present & torch.isfinite(own).all(dim=-1)
            mean, disagreement = own, torch.full_like(peaks.value, torch.nan)
            if self.neighbours:
                mean, disagreement = self._merged(own, peaks.cells(), index, peaks.present, outputs)
            around = mass_around(maps, peaks, 1)
            step = torch.full((2,), float(self.grid.stride), device=maps.device)
            spread = spread_around(around, centroid(around), step)
            highest = torch.where(peaks.present, peaks.value + lowest, 0.0)
            decoded = finish(mean * self.grid.stride - 0.5, spread, present, highest)
            return decoded._replace(neighbours=torch.where(present, disagreement * self.grid.stride, torch.nan))

    def mirror(self, outputs: dict[str, Tensor], order: Tensor) -> dict[str, Tensor]:
        """Columns reversed, maps of a pair exchanged, offsets in x counted from the other edge.

        A neighbour whose mirror image is not among the neighbours of the point's mirror image has no prediction in a
        mirrored input: its channel is NaN, and decoding leaves that predictor out.
        """
        back = {name: mirror_maps(outputs[name], order) for name in ("cls", "x", "y")}
        back["x"] = 1 - back["x"]
        if not self.neighbours:
            return back | {name: outputs[name] for name in ("nb_x", "nb_y") if name in outputs}
        named = self._named.to(order.device)
        same = named[:, :, None] == order[named[order]][:, None, :]  # (K, B, B): j of k against j' of its mirror image
        source = (order[:, None] * self.neighbour_count + same.int().argmax(dim=-1)).flatten()
        predicted = same.any(dim=-1).flatten()[:, None, None]
        for name in ("nb_x", "nb_y"):
            back[name] = torch.where(predicted, mirror_maps(outputs[name], source), torch.nan)
        back["nb_x"] = 1 - back["nb_x"]
        return back

    def _merged(
        self, own: Tensor, cells: Tensor, index: Tensor, present: Tensor, outputs: dict[str, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Mean and RMS distance from it, (N, K, 2) and (N, K) in cells, over the own prediction and the others."""
        each = self.neighbour_count
        repeated = index.repeat_interleave(each, dim=1)
        seen = cells.repeat_interleave(each, dim=1) + _pick(outputs["nb_x"], outputs["nb_y"], repeated)
        valid = present.repeat_interleave(each, dim=1) & torch.isfinite(seen).all(dim=-1)
        seen = torch.where(valid[..., None], seen, 0.0)
        predictors = self._predictors.to(own.device)  # (K, M) rows of `seen`
        takes_part = (valid[:, predictors] & self._real.to(own.device)).float()  # (N, K, M)
        others = seen[:, predictors]
        count = takes_part.sum(dim=-1)
        mean = (own + (others * takes_part[..., None]).sum(dim=2)) / (1 + count)[..., None]
        squares = ((others - mean[:, :, None]) ** 2).sum(dim=-1) * takes_part
        variance = (squares.sum(dim=-1) + ((own - mean) ** 2).sum(dim=-1)) / (1 + count)
        return mean, torch.where(count > 0, torch.sqrt(variance), torch.nan)

    def _offsets(self, cells: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, h, w) each: from the edge of every cell to (N, C, 2) in cells; 0 without weight."""
        shape = (*weight.shape, self.grid.height, self.grid.width)
        across = cells[..., 0:1] - torch.arange(self.grid.width, device=cells.device)
        down = cells[..., 1:2] - torch.arange(self.grid.height, device=cells.device)
        counts = weight[..., None, None]
        x, y = across[..., None, :] * counts, down[..., :, None] * counts
        return x.expand(shape).contiguous(), y.expand(shape).contiguous()

    def _one_hot(self, cells: Tensor, weight: Tensor) -> Tensor:
        """(N, K, h, w) float32: 1 in the cell of each of (N, K, 2) points in cells."""
        columns, rows = (torch.arange(count, device=cells.device) for count in (self.grid.width, self.grid.height))
        x = cells[..., 0:1].floor().clamp(0, len(columns) - 1) == columns
        y = cells[..., 1:2].floor().clamp(0, len(rows) - 1) == rows
        return (y[..., :, None] & x[..., None, :] & weight[..., None, None]).float()


def _pick(x: Tensor, y: Tensor, index: Tensor) -> Tensor:
    """(N, C, 2) float32: what two (N, C, h, w) maps say at one cell each, `index` (N, C)."""
    return torch.cat([maps.float().flatten(2).gather(2, index[..., None]) for maps in (x, y)], dim=-1)


def _predictors(neighbours: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """(K, M) int64 and bool: the channels that predict each point, and which entries are real; M is at least 1."""
    each = len(neighbours[0])
    named_by: list[list[int]] = [[] for _ in neighbours]
    for point, row in enumerate(neighbours):
        for position, neighbour in enumerate(row):
            named_by[neighbour].append(point * each + position)
    longest = max(map(len, named_by))
    padded = [row + [0] * (longest - len(row)) for row in named_by]
    real = [[True] * len(row) + [False] * (longest - len(row)) for row in named_by]
    return torch.tensor(padded), torch.tensor(real)


def _check(neighbours: Sequence[Sequence[int]]) -> None:
    count = len(neighbours)
    for point, row in enumerate(neighbours):
        if len(row) != len(neighbours[0]):
            raise BadInput("codecs.uneven_neighbours", count=len(neighbours[0]), point=point, other=len(row))
        if point in row or len(set(row)) < len(row) or not all(0 <= index < count for index in row):
            raise BadInput("codecs.neighbours", point=point, last=count - 1, found=list(row))
