"""What a device can do to a computation: have too little memory, or be gone."""

from __future__ import annotations

import gc
from typing import Final

import torch

from core.foundation.errors import FacetError

_NO_MEMORY: Final = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")


def out_of_memory(problem: BaseException) -> bool:
    """Whether an exception says that a GPU or this machine has too little memory."""
    if isinstance(problem, torch.cuda.OutOfMemoryError | MemoryError):
        return True
    return isinstance(problem, RuntimeError) and any(words in str(problem).lower() for words in _NO_MEMORY)


def device_lost(problem: BaseException) -> bool:
    """Whether an exception says that the GPU failed or is gone; nothing more can be computed on it in this process."""
    if out_of_memory(problem):
        return False
    return isinstance(problem, torch.AcceleratorError) or (
        isinstance(problem, RuntimeError) and "CUDA error" in str(problem)
    )


def release_memory() -> None:
    """Give back what nobody holds any more, after a computation ran out of memory."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def gpu_gone(problem: BaseException) -> FacetError:
    """The sentence for a user whose GPU failed."""
    reason = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
    return FacetError("devices.gpu_stopped", reason=reason)
