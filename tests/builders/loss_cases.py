from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from core.models.codecs import build_codec

POINTS, N, B = 4, 3, 2
NEIGHBOURS = [[1, 2], [0, 2], [0, 1], [2, 1]]
CODEC_OF = {
    "mse": "regression",
    "l1": "regression",
    "wing": "regression",
    "soft-wing": "regression",
    "heatmap-mse": "udp",
    "heatmap-ce": "udp",
    "udp-combined": "udp-combined",
    "pip": "pip",
}
Tensors = dict[str, Tensor]


def number(value: Tensor) -> float:
    return float(value.detach())


def case(name: str, seed: int = 0, dtype: torch.dtype = torch.float32) -> tuple[Tensors, Tensors]:
    """Random outputs and the codec's own targets, some points absent."""
    codec = build_codec(CODEC_OF[name], (128, 128), {"neighbours": NEIGHBOURS} if name == "pip" else {})
    draw = torch.Generator().manual_seed(seed)
    present = torch.rand(N, POINTS, generator=draw) > 0.3
    targets = codec.encode(torch.rand(N, POINTS, 2, generator=draw) * 127, present)
    outputs = {
        key: torch.randn(N, *shape, generator=draw, dtype=dtype).requires_grad_()
        for key, shape in codec.channels(POINTS).items()
    }
    if name == "pip":
        for key, side in (("cls2", 2), ("cls3", 1)):
            outputs[key] = torch.randn(N, POINTS, side, side, generator=draw, dtype=dtype).requires_grad_()
    return outputs, targets


def squared_by_hand(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(((found - wanted) ** 2).mean())


def pip_by_hand(outputs: dict, targets: dict, task: list[str] | None = None) -> dict[str, float]:
    """The parts, one instance, point and neighbour at a time."""
    found: dict[str, list[float]] = {key: [] for key in ("cls", "x", "y", "nb_x", "nb_y", "cls2", "cls3")}
    for n in range(N):
        kind = "std" if task is None else task[n]
        for k in range(POINTS):
            if not targets["weight"][n, k]:
                continue
            row, column = np.argwhere(targets["cls"][n, k] == 1)[0]
            if kind != "std":
                side, factor = (2, 2) if kind == "cls2" else (1, 4)
                wanted = np.zeros((side, side))
                wanted[row // factor, column // factor] = 1
                found[kind].append(squared_by_hand(outputs[kind][n, k], wanted))
                continue
            found["cls"].append(squared_by_hand(outputs["cls"][n, k], targets["cls"][n, k]))
            for key in ("x", "y"):
                found[key].append(abs(outputs[key][n, k, row, column] - targets[key][n, k, row, column]))
            for j, other in enumerate(NEIGHBOURS[k]):
                if targets["weight"][n, other]:
                    for key in ("nb_x", "nb_y"):
                        at = (n, k * B + j, row, column)
                        found[key].append(abs(outputs[key][at] - targets[key][at]))
    return {key: float(np.mean(values)) if values else 0.0 for key, values in found.items()}


def weighted(parts: dict[str, float]) -> float:
    return sum(value * (10 if key.startswith("cls") else 1) for key, value in parts.items())


def as_numpy(tensors: Tensors) -> dict[str, np.ndarray]:
    return {key: value.detach().double().numpy() for key, value in tensors.items()}
