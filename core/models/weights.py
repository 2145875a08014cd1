"""The weights files: which there are, and whether they are on this machine.

Some lie inside installed packages, the others in the weights folder, where `fetch` or a person puts them; those of a
wheel too, for it is not installed.
Nothing here imports torch, and no package is imported to look for its files.
"""

import hashlib
import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core.foundation.errors import MissingWeights, NotFound
from core.models.weights_table import WEIGHTS, WeightsFile


@dataclass(frozen=True)
class WeightsStatus:
    """What is known of one weights file on this machine; `size` and `sha256` are None if it is not here."""

    name: str
    file: str
    present: bool
    size: int | None
    sha256: str | None
    url: str | None
    licence: str


def locate(name: str, folder: Path) -> Path:
    """Where a weights file lies.

    Parameters
    ----------
    name
        One of `WEIGHTS`.
    folder
        The weights folder; packages are searched for those files that come with them.

    Raises
    ------
    MissingWeights
        If it is not on this machine; the sentence says how to get it.
    NotFound
        If there is no such name.
    """
    entry = entry_of(name)
    path = expected_path(entry, folder)
    if path is None or not path.is_file():
        raise missing(name, entry, folder)
    return path


def status(folder: Path) -> list[WeightsStatus]:
    """Every known weights file and whether it is on this machine."""
    rows = []
    for name, entry in WEIGHTS.items():
        path = expected_path(entry, folder)
        present = path is not None and path.is_file()
        size = path.stat().st_size if path is not None and present else None
        digest = sha256_of(path) if path is not None and present else None
        rows.append(WeightsStatus(name, entry.file, present, size, digest, entry.url, entry.licence))
    return rows


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, remembered until its size or time changes."""
    facts = path.stat()
    return _sha256(path.resolve(), facts.st_size, facts.st_mtime_ns)


def sha256_of_all(paths: Iterable[Path]) -> str:
    """One digest for a model out of several files: SHA-256 of their hexadecimal digests in order."""
    return hashlib.sha256("".join(map(sha256_of, paths)).encode()).hexdigest()


@lru_cache(maxsize=64)
def _sha256(path: Path, size: int, time: int) -> str:  # noqa: ARG001  (size and time are the memory's key)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entry_of(name: str) -> WeightsFile:
    """The table's row of that name; raises `NotFound` where there is none."""
    if name not in WEIGHTS:
        raise NotFound("weights.none_called", name=name, choices=list(WEIGHTS))
    return WEIGHTS[name]


def expected_path(entry: WeightsFile, folder: Path) -> Path | None:
    """Where the file should lie; None where its package is not installed."""
    if entry.package is None:
        return folder / entry.file
    package = importlib.util.find_spec(entry.package)  # finds the folder without running the package
    if package is None or not package.submodule_search_locations:
        return None
    return Path(next(iter(package.submodule_search_locations))) / entry.file


def missing(name: str, entry: WeightsFile, folder: Path) -> MissingWeights:
    """The error about a file that is not here; it says what a person can do."""
    if entry.package is not None:
        package = entry.package.replace("facenet_pytorch", "facenet-pytorch")
        return MissingWeights("weights.package_missing", file=entry.file, purpose=entry.purpose, package=package)
    if entry.wheel is not None:
        return MissingWeights(
            "weights.missing_in_wheel",
            file=entry.file,
            purpose=entry.purpose,
            name=name,
            wheel=entry.wheel.file,
            folder=folder,
        )
    return MissingWeights(
        "weights.missing", file=entry.file, purpose=entry.purpose, name=name, url=entry.url, folder=folder
    )
