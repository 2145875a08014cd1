"""Pictures that each network predicts in a second: one crop at a time, and at the best batch.

    python -m tests.bench.bench_networks [--seconds 0.5] [--networks NAME ...] [--json]

One prediction is normalisation, network and decoding of crops that lie in memory, at the network's own size for faces;
cutting crops out and the flip test are not in it. Weights are zeros, which take the same time as others. Each figure is
the median over the repeats that fit into the seconds, after one that is not counted; the p95 is the rate at the 95th
percentile of the times. On a GPU the network runs in bfloat16, as the estimator does it. Without a GPU ViTPose-L and -H
are left out: one crop takes them seconds.
"""

from __future__ import annotations

import argparse
import gc
import json
from collections.abc import Iterator
from dataclasses import asdict
from time import perf_counter
from typing import Final

import numpy as np
import torch

from core.models.devices import out_of_memory, release_memory
from core.models.pose import NETWORKS, configure, spec_of
from core.models.pose.network import PoseNetwork, build
from tests.bench.machine import Row, facts, table
from tests.builders.pose_networks import on_meta, parameters

BATCHES: Final = {"cpu": (1, 4), "cuda": (1, 8, 32, 128)}
LARGEST: Final = {"cpu": 500, "cuda": 10_000}  # MiB of weights
LEAST: Final = 2  # repeats


def network_of(name: str, device: str) -> PoseNetwork:
    """A network of zeros, ready to predict."""
    network = build(configure(name, "face68"), empty=True)
    for value in network.state_dict().values():
        value.zero_()
    network = network.eval().to(device)
    return network.to(memory_format=torch.channels_last) if spec_of(name).channels_last else network


@torch.inference_mode()
def times(network: PoseNetwork, batch: int, device: str, seconds: float) -> list[float]:
    """Seconds of each repeat."""
    width, height = network.config.input_size
    pixels = torch.zeros(batch, height, width, 3, dtype=torch.uint8, device=device)
    images = pixels.permute(0, 3, 1, 2).float() / 255.0

    def predict() -> float:
        start = perf_counter()
        with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
            outputs = network(images)
        network.codec.decode(outputs)
        if device == "cuda":
            torch.cuda.synchronize()
        return perf_counter() - start

    predict()
    taken: list[float] = []
    while len(taken) < LEAST or sum(taken) < seconds:
        taken.append(predict())
    return taken


def rates(name: str, device: str, seconds: float) -> Iterator[tuple[int, list[float]]]:
    """Batch, and pictures a second of each repeat; ends where memory does."""
    network = network_of(name, device)
    for batch in BATCHES[device]:
        try:
            taken = times(network, batch, device, seconds)
        except RuntimeError as problem:
            if not out_of_memory(problem):
                raise
            release_memory()
            return
        yield batch, [batch / one for one in taken]


def measure(name: str, device: str, seconds: float) -> list[Row]:
    """Two rows: one crop at a time, and the best batch beside it."""
    found = {batch: rate for batch, rate in rates(name, device, seconds)}
    gc.collect()
    medians = {batch: float(np.median(rate)) for batch, rate in found.items()}
    best = max(medians, key=lambda batch: medians[batch])
    where = torch.cuda.get_device_name() if device == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    size = "{} × {}".format(*spec_of(name).input_size)
    alone = Row(f"predict, {name} ({size}), {where}, batch 1", "pictures/s", medians[1], _slow(found[1]))
    ratio = medians[best] / medians[1]
    return [alone, Row(f"the same, batch {best}", "pictures/s", medians[best], _slow(found[best]), "batch 1", ratio)]


def _slow(rate: list[float]) -> float:
    return float(np.percentile(rate, 5))


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Pictures predicted each second, per network.")
    parser.add_argument("--seconds", type=float, default=0.5, help="of each figure")
    parser.add_argument("--networks", nargs="*", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    rows = [
        row
        for device in devices
        for name in options.networks
        if parameters(on_meta(configure(name, "face68"))) * 4 >> 20 <= LARGEST[device]
        for row in measure(name, device, options.seconds)
    ]
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
