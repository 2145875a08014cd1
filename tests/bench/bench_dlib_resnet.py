"""How fast `dlib-resnet` encodes faces in torch, against dlib's own network on the same crops, one thread each.

    python -m tests.bench.bench_dlib_resnet [--faces 64] [--repeats 5] [--json]

Both read the same file of weights; the least cosine of their vectors says that they are the same network.
"""

from __future__ import annotations

import argparse
import json
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import dlib
import numpy as np
import torch

from core.models import load_encoder, weights
from tests.bench.machine import Row, summed, table, timed


def measure(faces: int, repeats: int) -> list[Row]:
    """Milliseconds for all faces, and the least cosine of both sides' vectors."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    crops = [rng.integers(0, 256, (150, 150, 3), dtype=np.uint8) for _ in range(faces)]
    with TemporaryDirectory() as folder:
        ours = load_encoder("dlib-resnet", "cpu", Path(folder))
        theirs = dlib.face_recognition_model_v1(str(weights.locate("dlib-resnet", Path(folder))))
    peer = np.array(theirs.compute_face_descriptor(crops))
    peer /= np.linalg.norm(peer, axis=1, keepdims=True)
    least = float((ours.embed(crops) * peer).sum(axis=1).min())
    slow = timed(lambda: theirs.compute_face_descriptor(crops), repeats)
    row = summed(
        f"encode {faces} faces with dlib-resnet",
        timed(lambda: ours.embed(crops), repeats),
        peer="dlib's own network",
        of=slow,
    )
    return [row, Row("least cosine of its vectors", "", least, None, "dlib's own network")]


def main() -> None:
    """Print the rows, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    rows = measure(options.faces, options.repeats)
    print(json.dumps([asdict(row) for row in rows]) if options.json else table(rows))
    if rows[1].median < 0.9999:
        raise SystemExit("the vectors differ")


if __name__ == "__main__":
    main()
