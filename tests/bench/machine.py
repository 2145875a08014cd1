"""The rows that every bench gives, and what the machine is that gave them."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from core.foundation.settings import Settings


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what
        The thing that was measured, with its unit in `unit`.
    median, p95
        Over the repeats; p95 is None where there was one.
    peer, ratio
        What it is compared with in the same run, and how many times our value is the peer's.
    """

    what: str
    unit: str
    median: float
    p95: float | None = None
    peer: str = ""
    ratio: float | None = None


def take_weights_along(home: Path) -> None:
    """Let a bench's own home folder have the weights that the usual one has (``FACET_HOME``)."""
    there = Settings().home.resolve() / "weights"
    if there.is_dir():
        (home / "weights").symlink_to(there)


def timed(work: Callable[[], object], repeats: int) -> list[float]:
    """Milliseconds of each repeat, after one that is not counted."""
    work()
    taken = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        taken.append(1000 * (perf_counter() - start))
    return taken


def summed(what: str, taken: Sequence[float], *, peer: str = "", of: Sequence[float] | None = None) -> Row:
    """Milliseconds as a row; `of` are the peer's."""
    ratio = float(np.median(taken) / np.median(of)) if of else None
    p95 = float(np.percentile(taken, 95)) if len(taken) > 1 else None
    return Row(what, "ms", float(np.median(taken)), p95, peer, ratio)


def facts() -> str:
    """Processor, cores, memory, versions: one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown."""
    lines = ["| what | median | p95 | unit | compared with | ratio |", "|---|---:|---:|---|---|---:|"]
    for row in rows:
        p95 = "" if row.p95 is None else _number(row.p95)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} ×"
        lines.append(f"| {row.what} | {_number(row.median)} | {p95} | {row.unit} | {row.peer} | {ratio} |")
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
