"""On what the networks run: the device, and the threads on a CPU. Imports torch."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier

import torch

from core.foundation.errors import BadInput


def pick_device(name: str = "auto") -> str:
    """Say "cpu" or "cuda"; "auto" takes a GPU where there is one.

    Raises
    ------
    BadInput
        If a GPU is asked for and there is none, or the name is not one of the three.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise BadInput("devices.none_called", name=name)
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("devices.no_gpu")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


@lru_cache(maxsize=1)
def workers() -> ThreadPoolExecutor:
    """One pool of as many threads as torch would use for one operation, each of them computing alone.

    Many small operations gain nothing from being split over cores; whole pictures do. The pool replaces torch's threads
    inside, so the machine is never asked for more than its cores.
    """
    count = torch.get_num_threads()
    met = Barrier(count + 1)

    def compute_alone() -> None:
        torch.set_num_threads(1)  # for this thread, and for those not yet born: restored below
        met.wait()

    pool = ThreadPoolExecutor(count, thread_name_prefix="faces", initializer=compute_alone)
    for _ in range(count):
        pool.submit(int)
    met.wait()
    torch.set_num_threads(count)
    return pool
