"""Sheets that show what a network does: heatmaps beside their targets, and points beside the labels, on the crops.

Legend
------
- N: crops on a sheet, K: points
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.foundation.skeletons import Skeleton
from core.media.files import write_atomically
from core.media.images import shrunk
from core.models.pose.network import PoseNetwork
from core.training.augmentation import batch
from core.training.samples import CropSource
from core.training.validation import Inference

Pixels = NDArray[np.uint8]

TRUTH: Final = (220, 50, 47)
FOUND: Final = (38, 110, 220)
_MOST: Final = 8  # crops on a sheet
_SIDE: Final = 192  # pixels; larger crops are shown smaller
_GAP: Final = 4
_MAPS: Final = ("heatmaps", "cls")


def draw_sheets(
    network: PoseNetwork, source: CropSource, skeleton: Skeleton, runner: Inference, folder: Path, epoch: int
) -> dict[str, Pixels]:
    """Draw and write ``epoch-0003-heatmaps.png`` (where the network has maps) and ``epoch-0003-examples.png``.

    The same samples are shown each time: up to eight, spread evenly over the source.

    Returns
    -------
    dict
        Kind -> its sheet, (H, W, 3) uint8 RGB, at most 8 crops of 192 pixels high.
    """
    if not len(source):
        return {}
    codec = network.codec
    chosen = np.unique(np.linspace(0, len(source) - 1, min(_MOST, len(source))).round().astype(int)).tolist()
    shown = batch(source, chosen, None, skeleton)
    was_training = network.training
    network.eval()
    with torch.inference_mode():
        outputs = runner.outputs(network, shown.images)
        wanted = codec.encode(shown.points.to(runner.device), shown.present.to(runner.device))
        predicted = codec.decode(outputs).points.float().cpu().numpy()
    network.train(was_training)
    crops = [np.ascontiguousarray(image) for image in (shown.images * 255).byte().permute(0, 2, 3, 1).numpy()]
    truth = np.where(shown.present.numpy()[..., None], shown.points.numpy(), np.nan)
    sheets = {"examples": example_sheet(crops, truth, predicted, skeleton.edges)}
    name = next((name for name in _MAPS if name in outputs), None)
    if name is not None:
        maps = (wanted[name].float().cpu().numpy(), _heights(outputs[name].float(), bool(codec.settings.get("logits"))))
        sheets["heatmaps"] = heatmap_sheet(crops, *maps)
    for kind, sheet in sheets.items():
        write_atomically(folder / f"epoch-{epoch:04d}-{kind}.png", png(sheet))
    return sheets


def heatmap_sheet(images: Sequence[Pixels], wanted: NDArray, predicted: NDArray) -> Pixels:
    """One column a crop: the crop, the maps that were wanted, the maps that came out.

    Parameters
    ----------
    images
        N of (H, W, 3) uint8 RGB, all of one size.
    wanted, predicted
        (N, K, h, w) real; 1 is a full height. The largest of the K maps is shown in each place, cut to [0, 1].
    """
    rows = [_joined([shrunk(image, _SIDE) for image in images], across=True)]
    for maps in (wanted, predicted):
        rows.append(_joined([_glowing(image, each) for image, each in zip(images, maps, strict=True)], across=True))
    return _joined(rows, across=False)


def example_sheet(
    images: Sequence[Pixels], truth: NDArray, predicted: NDArray, edges: Sequence[tuple[int, int]]
) -> Pixels:
    """One column a crop: true points in red above, found points in blue over thin red lines to where they should be.

    Parameters
    ----------
    images
        N of (H, W, 3) uint8 RGB, all of one size.
    truth, predicted
        (N, K, 2) real, pixels of the crops; NaN is not drawn.
    edges
        Index pairs that a line joins.
    """
    above, below = [], []
    for image, true, guess in zip(images, truth, predicted, strict=True):
        small = shrunk(image, _SIDE)
        scale = (np.array(small.shape[1::-1]) - 1) / (
            np.array(image.shape[1::-1]) - 1
        )  # as unit lengths, between centres
        above.append(_drawn(small, true * scale, edges, TRUTH))
        missed = small.copy()
        for start, end in zip(true * scale, guess * scale, strict=True):
            _line(missed, start, end, TRUTH)
        below.append(_drawn(missed, guess * scale, edges, FOUND))
    return _joined([_joined(above, across=True), _joined(below, across=True)], across=False)


def png(image: Pixels) -> bytes:
    """(H, W, 3) uint8 RGB as a PNG file."""
    done, buffer = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert done
    return bytes(buffer.tobytes())


def _heights(maps: torch.Tensor, logits: bool) -> NDArray[np.float32]:
    if logits:  # a softmax, as high as it is at its peak
        maps = (maps - maps.amax(dim=(2, 3), keepdim=True)).exp()
    heights: NDArray[np.float32] = maps.cpu().numpy()
    return heights


def _glowing(image: Pixels, maps: NDArray) -> Pixels:
    """The crop in grey under the colours of its maps."""
    small = shrunk(image, _SIDE)
    height = np.nan_to_num(np.asarray(maps, np.float32)).max(axis=0).clip(0, 1)
    glow = cv2.resize((height * 255).astype(np.uint8), small.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    coloured = cv2.cvtColor(cv2.applyColorMap(glow, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    grey = cv2.cvtColor(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(grey, 0.4, coloured, 0.8, 0), np.uint8)


def _drawn(image: Pixels, points: NDArray, edges: Sequence[tuple[int, int]], colour: tuple[int, int, int]) -> Pixels:
    drawn = image.copy()
    for start, end in edges:
        _line(drawn, points[start], points[end], colour)
    for x, y in points[np.isfinite(points).all(axis=1)]:
        cv2.circle(drawn, (_pixel(x), _pixel(y)), 2, colour, -1, cv2.LINE_AA)
    return drawn


def _line(image: Pixels, start: NDArray, end: NDArray, colour: tuple[int, int, int]) -> None:
    if np.isfinite(start).all() and np.isfinite(end).all():
        ends = [(_pixel(x), _pixel(y)) for x, y in (start, end)]
        cv2.line(image, ends[0], ends[1], colour, 1, cv2.LINE_AA)


def _pixel(value: float) -> int:
    """Far outside is as good as outside; OpenCV takes 32 bits."""
    return round(float(np.clip(value, -10_000, 10_000)))


def _joined(images: Sequence[Pixels], *, across: bool) -> Pixels:
    """Side by side, or below one another, with a white gap."""
    axis = 1 if across else 0
    shape = list(images[0].shape)
    shape[axis] = _GAP
    gap = np.full(shape, 255, np.uint8)
    parts = [part for image in images for part in (gap, image)][1:]
    return np.concatenate(parts, axis=axis)
