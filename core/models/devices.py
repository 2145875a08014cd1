"""On what the networks run: the device, the threads on a CPU, and what a device can do to a computation.

Imports torch.
"""

import gc
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier
from typing import Final

import torch

from core.foundation.errors import BadInput, FacetError

_NO_MEMORY: Final = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")


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


def out_of_memory(problem: BaseException) -> bool:
    """Whether an exception says that a GPU or this machine has too little memory."""
    if isinstance(problem, torch.cuda.OutOfMemoryError | MemoryError):
        return True
    return isinstance(problem, RuntimeError) and any(words in str(problem).lower() for words in _NO_MEMORY)


def refuse_all_but_memory(problem: BaseException) -> None:
    """Come back only where memory ran out; anything else is raised, and a GPU that failed or is gone as a sentence.

    Raises
    ------
    FacetError
        If the GPU failed: nothing more can be computed on it in this process.
    """
    if out_of_memory(problem):
        return
    unnamed = isinstance(problem, RuntimeError) and "CUDA error" in str(problem)
    if unnamed or isinstance(problem, torch.AcceleratorError):
        reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
        raise FacetError("devices.gpu_stopped", reason=reason) from problem
    raise problem


def release_memory() -> None:
    """Give back what nobody holds any more, after a computation ran out of memory."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
