"""How many threads work may take: all cores, but in a worker one less, so that long work leaves one to the hand."""

import os
from typing import Final

from core.foundation.settings import settings

# What the libraries that compute read when they are loaded, or first asked.
_LIBRARIES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


def thread_count() -> int:
    """As many as ``FACET_THREADS`` says; the cores of this machine where it says 0."""
    return settings().threads or os.cpu_count() or 1


def bound_threads() -> None:
    """Let this process, and those that it starts, take all cores but one, or as many as ``FACET_THREADS`` says.

    Before the settings are read and the libraries that compute are loaded; what was set for a library stays.
    """
    count = settings().threads or max(1, (os.cpu_count() or 1) - 1)
    for name in ("FACET_THREADS", *_LIBRARIES):
        os.environ.setdefault(name, str(count))
