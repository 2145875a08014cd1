"""A network as an ONNX file that gives points: normalisation and decoding are inside, the number of crops is free.

The file gets its name only after onnxruntime has computed what torch computes. A point that the network itself does not
decide (two cells of a map that differ by a rounding, as untrained networks have them) moves when its outputs change by
a millionth; such points are counted, but not compared.
"""

import copy
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.foundation.arrays import Bools
from core.foundation.errors import BadInput, FacetError
from core.models.pose.network import PoseNetwork

INPUT: Final = "images"
OUTPUTS: Final = ("points", "confidence", "spread")
TOLERANCE: Final = 1e-4  # absolute and relative, as in numpy.allclose; points are in pixels of the input
_BATCHES: Final = (1, 3)
_ONE_FILE: Final = 1_800_000_000  # bytes of tensors; a protobuf of 2 GiB cannot be written
_ROUNDING: Final = 1e-6  # of the largest output: what two libraries' float32 sums differ by after many layers
_DRAWS: Final = 8
_LEAST_DECIDED: Final = 0.5  # share of the points that must have been compared


@dataclass(frozen=True)
class OnnxFacts:
    """What was written and how it was checked.

    Attributes
    ----------
    file, bytes
        The file's path; its size, with the file of tensors beside it where there is one.
    opset
        Of the operators.
    input_size, points
        (W, H) of the crops in pixels, and K.
    largest_difference
        Between onnxruntime and torch over all compared points, in pixels of the input.
    compared, undecided
        How many points were compared, and how many torch itself does not decide in float32.
    data
        The name of the file of tensors beside it, for networks above 1.8 GB; it must stay beside it.
    """

    file: str
    bytes: int
    opset: int
    input_size: tuple[int, int]
    points: int
    largest_difference: float
    compared: int
    undecided: int
    data: str | None = None


class Decoding(nn.Module):
    """What is exported: (N, 3, H, W) float32 RGB in [0, 1] -> points (N, K, 2), confidence and spread (N, K).

    In pixels of the input; NaN where absent or unknown.
    """

    def __init__(self, network: PoseNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        points, confidence, spread, _ = self.network.codec.decode(self.network(images))
        return points, confidence, spread


def export(network: PoseNetwork, path: Path) -> OnnxFacts:
    """Write `network` as ONNX with input "images" and outputs "points", "confidence" and "spread".

    Parameters
    ----------
    network
        Copied to the CPU; stays as it is.
    path
        The file; replaced only once its output has been compared at 1 and 3 crops.

    Raises
    ------
    FacetError
        If it cannot be written, or onnxruntime does not compute the same.
    BadInput
        If the folder is not there.
    """
    if not path.parent.is_dir():
        raise BadInput("onnx.no_folder", folder=path.parent, name=path.name)
    model = Decoding(copy.deepcopy(network).cpu()).eval()
    large = sum(value.numel() * value.element_size() for value in model.state_dict().values()) > _ONE_FILE
    try:
        with tempfile.TemporaryDirectory(prefix=".onnx-", dir=path.parent) as folder:
            draft = Path(folder) / path.name
            opset = _write(model, draft, large=large)
            difference, compared, undecided = _compare(model, draft)
            written = sorted(Path(folder).iterdir(), key=lambda file: file == draft)  # the tensors first
            size = sum(file.stat().st_size for file in written)
            for file in written:
                os.replace(file, path.parent / file.name)
    except OSError as problem:
        raise FacetError("onnx.not_written", path=path, reason=problem.strerror or problem) from problem
    data = written[0].name if len(written) > 1 else None
    config = network.config
    return OnnxFacts(str(path), size, opset, config.input_size, config.points, difference, compared, undecided, data)


def _write(model: Decoding, path: Path, *, large: bool) -> int:
    width, height = model.network.config.input_size
    program = torch.onnx.export(
        model,
        (torch.rand(2, 3, height, width),),
        dynamo=True,
        input_names=[INPUT],
        output_names=list(OUTPUTS),
        dynamic_shapes={INPUT: {0: torch.export.Dim("batch")}},
        verbose=False,
    )
    assert program is not None
    program.save(str(path), external_data=large)
    return int(program.model.opset_imports[""])


def _compare(model: Decoding, path: Path) -> tuple[float, int, int]:
    """(largest difference in pixels, points compared, points undecided); raises `FacetError` if they disagree."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    width, height = model.network.config.input_size
    noise = torch.Generator().manual_seed(0)
    largest, compared, undecided = 0.0, 0, 0
    for count in _BATCHES:
        images = torch.rand(count, 3, height, width, generator=noise)
        expected, decided = _decided(model.network, images, noise)
        computed = session.run(list(OUTPUTS), {INPUT: images.numpy()})
        for name, ours, theirs in zip(OUTPUTS, expected, computed, strict=True):
            if ours.shape != theirs.shape or not _same(ours, theirs)[decided].all():
                raise FacetError("onnx.differs", name=name, count=count, tolerance=TOLERANCE)
        gaps = np.abs(computed[0] - expected[0])[decided]
        largest = max(largest, float(np.nanmax(gaps, initial=0.0)))
        compared, undecided = compared + int(decided.sum()), undecided + int((~decided).sum())
    if compared < _LEAST_DECIDED * (compared + undecided):
        raise FacetError("onnx.undecided", count=undecided, total=compared + undecided)
    return largest, compared, undecided


@torch.inference_mode()
def _decided(network: PoseNetwork, images: Tensor, noise: torch.Generator) -> tuple[list[NDArray[np.float32]], Bools]:
    """What torch computes, in the order of `OUTPUTS`, and (N, K) which points stay when the outputs are rounded."""
    outputs = network(images)
    expected = [value.numpy() for value in network.codec.decode(outputs)[: len(OUTPUTS)]]
    decided = np.ones(expected[0].shape[:2], bool)
    for _ in range(_DRAWS):
        moved = {
            name: value + _ROUNDING * value.abs().amax() * torch.randn(value.shape, generator=noise)
            if value.numel()
            else value
            for name, value in outputs.items()
        }
        points, _, spread, _ = (value.numpy() for value in network.codec.decode(moved))
        decided &= _same(expected[0], points).all(axis=2) & _same(expected[2], spread)
    return expected, decided


def _same(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> Bools:
    return np.isclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
