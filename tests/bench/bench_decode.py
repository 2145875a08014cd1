"""Decoding 10,000 sets of heatmaps (24 x 64 x 48), against a loop over the maps.

    python -m tests.bench.bench_decode [--sets 10000] [--json]

Ours are the codecs `dark`, `udp` and `udp` with the published refinement (a blur, differences over one cell) on the
CPU: points, confidence and spread, in batches of 128. The peer is the usual
loop in NumPy and OpenCV, as the published decoders do it: for every map its maximum, a Gaussian blur of the whole map
in a border of zeros, its logarithm, a Newton step from a 3 x 3 neighbourhood; it gives points alone. Each side has one
thread, and its processor time counts, so that what else runs on the machine matters little. All decode the same maps in
turns, chunk by chunk, so that not all have to fit in memory; making the maps is not timed. How far the points of both
lie apart is a row too: a quick decoder that finds other points is none.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from time import process_time
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from core.models.codecs import build_codec
from tests.bench.machine import Row, facts, table

POINTS: Final = 24
SIZE: Final = (192, 256)
KERNEL: Final = 11
BATCH: Final = 128
CHUNK: Final = 500
NOISE: Final = 0.02
_BORDER: Final = KERNEL // 2
_MARGIN: Final = 36  # pixels: away from the border both methods mean the same point


def chunks(sets: int) -> Iterator[torch.Tensor]:
    """Maps (n, 24, 64, 48) with a little noise, n at most `CHUNK`; together `sets`, the same in every run."""
    generator = torch.Generator().manual_seed(0)
    codec = build_codec("udp", SIZE)
    reach = torch.tensor(SIZE) - 1.0 - 2 * _MARGIN
    for start in range(0, sets, CHUNK):
        count = min(CHUNK, sets - start)
        points = _MARGIN + torch.rand(count, POINTS, 2, generator=generator) * reach
        maps = codec.encode(points, torch.ones(count, POINTS, dtype=torch.bool))["heatmaps"]
        yield maps + NOISE * torch.rand(maps.shape, generator=generator)


def peer_point(one: NDArray[np.float32]) -> tuple[float, float]:
    """x and y in cells of one map's point."""
    row, column = np.unravel_index(one.argmax(), one.shape)
    highest = one.max()
    around = np.zeros((one.shape[0] + 2 * _BORDER, one.shape[1] + 2 * _BORDER), np.float32)
    around[_BORDER:-_BORDER, _BORDER:-_BORDER] = one
    blurred = cv2.GaussianBlur(around, (KERNEL, KERNEL), 0)[_BORDER:-_BORDER, _BORDER:-_BORDER]
    log = np.log(np.clip(blurred * (highest / blurred.max()), 1e-3, 50))
    if not (0 < row < one.shape[0] - 1 and 0 < column < one.shape[1] - 1):
        return float(column), float(row)
    near = log[row - 1 : row + 2, column - 1 : column + 2].astype(np.float64)
    slope = np.array([near[1, 2] - near[1, 0], near[2, 1] - near[0, 1]]) / 2
    in_xy = (near[2, 2] - near[2, 0] - near[0, 2] + near[0, 0]) / 4
    second = np.array(
        [[near[1, 2] - 2 * near[1, 1] + near[1, 0], in_xy], [in_xy, near[2, 1] - 2 * near[1, 1] + near[0, 1]]]
    )
    step = np.linalg.solve(second + 1e-9 * np.eye(2), slope)
    return float(column - step[0]), float(row - step[1])


def peer_decode(maps: torch.Tensor) -> NDArray[np.float64]:
    """(n, 24, 2) pixels of the input, map after map."""
    height, width = maps.shape[-2:]
    cells = np.array([[peer_point(one) for one in person] for person in maps.numpy()])
    return cells * [(SIZE[0] - 1) / (width - 1), (SIZE[1] - 1) / (height - 1)]


def our_decode(name: str, settings: dict[str, object], maps: torch.Tensor) -> NDArray[np.float32]:
    """(n, 24, 2) pixels of the input, in batches."""
    codec = build_codec(name, SIZE, settings)
    return torch.cat([codec.decode({"heatmaps": batch}).points for batch in maps.split(BATCH)]).numpy()


SIDES: Final[dict[str, Callable[[torch.Tensor], NDArray]]] = {
    "loop": peer_decode,
    "dark": partial(our_decode, "dark", {}),
    "udp": partial(our_decode, "udp", {}),
    "udp with blur": partial(our_decode, "udp", {"refinement": "blur"}),
}


def measure(sets: int) -> list[Row]:
    """All sides on each chunk in turn."""
    taken: dict[str, float] = {}
    apart = {name: 0.0 for name in SIDES if name != "loop"}
    for decode in SIDES.values():  # once, so that nobody pays for loading
        decode(next(chunks(10)))
    for maps in chunks(sets):
        found = {}
        for name, decode in SIDES.items():
            start = process_time()
            found[name] = decode(maps)
            taken[name] = taken.get(name, 0.0) + process_time() - start
        for name in apart:
            distance = np.linalg.norm(found[name] - found["loop"], axis=-1)
            apart[name] = max(apart[name], float(distance.max()))
    peer = "NumPy and OpenCV, map by map"
    rows = [Row(f"decode {sets:,} sets of 24 heatmaps, loop", "sets/s", sets / taken["loop"])]
    for name, distance in apart.items():
        rate = sets / taken[name]
        rows.append(Row(f"decode {sets:,} sets, {name}", "sets/s", rate, None, peer, taken["loop"] / taken[name]))
        rows.append(Row(f"farthest of {name}'s points from the loop's", "input px", distance, None, peer))
    return rows


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Heatmap sets decoded each second.")
    parser.add_argument("--sets", type=int, default=10_000)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rows = measure(options.sets)
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
