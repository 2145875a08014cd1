"""The weights files: which there are, whether they are on this machine, and how they come here.

Some lie inside installed packages, the others in the weights folder, where `fetch` or a person puts them.
Nothing here imports torch, and no package is imported to look for its files.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from core.foundation.errors import BadWeights, MissingWeights, NotFound
from core.models.weights_table import WEIGHTS, WeightsFile

Progress = Callable[[int, int | None], None]  # bytes done, bytes in total where the server says so

_CHUNK: Final = 1 << 20
_PATIENCE: Final = 60.0  # seconds without a byte


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
    entry = _entry(name)
    path = _expected_path(entry, folder)
    if path is None or not path.is_file():
        raise MissingWeights(_how_to_get(name, entry, folder))
    return path


def status(folder: Path) -> list[WeightsStatus]:
    """Every known weights file and whether it is on this machine."""
    rows = []
    for name, entry in WEIGHTS.items():
        path = _expected_path(entry, folder)
        present = path is not None and path.is_file()
        size = path.stat().st_size if path is not None and present else None
        digest = sha256_of(path) if path is not None and present else None
        rows.append(WeightsStatus(name, entry.file, present, size, digest, entry.url, entry.licence))
    return rows


def fetch(name: str, folder: Path, progress: Progress | None = None, base_url: str | None = None) -> Path:
    """Download a weights file, unless it is here already.

    The file gets its name only once it is complete and is what it should be; a download that breaks off leaves
    nothing behind.

    Parameters
    ----------
    name
        One of `WEIGHTS`.
    folder
        The weights folder; made if it does not exist.
    progress
        Called with the bytes done and the bytes in total (None if the server does not say). It may raise to stop.
    base_url
        A mirror: takes the place of the scheme and host of the address; the path stays.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    MissingWeights
        If the file could not be fetched, or what came is not what it should be.
    NotFound
        If there is no such name.
    """
    entry = _entry(name)
    path = _expected_path(entry, folder)
    if path is not None and path.is_file():
        return path
    if entry.url is None or path is None:
        raise MissingWeights(_how_to_get(name, entry, folder))
    url = _mirrored(entry.url, base_url)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _download_to(path, url, entry, progress)
    except (OSError, HTTPException, BadWeights) as problem:
        raise MissingWeights(
            f"{entry.file} could not be fetched from {url}: {problem}. "
            f"Try again, or download it in another way and put it into {folder}."
        ) from problem
    return path


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


def _entry(name: str) -> WeightsFile:
    if name not in WEIGHTS:
        raise NotFound(f"there are no weights called {name!r}; there are {', '.join(WEIGHTS)}")
    return WEIGHTS[name]


def _expected_path(entry: WeightsFile, folder: Path) -> Path | None:
    if entry.package is None:
        return folder / entry.file
    package = importlib.util.find_spec(entry.package)  # finds the folder without running the package
    if package is None or not package.submodule_search_locations:
        return None
    return Path(next(iter(package.submodule_search_locations))) / entry.file


def _how_to_get(name: str, entry: WeightsFile, folder: Path) -> str:
    if entry.package is not None:
        package = entry.package.replace("facenet_pytorch", "facenet-pytorch")
        return (
            f"{entry.file} ({entry.purpose}) is not on this machine. It is part of the Python package {package}: "
            "install what requirements.txt lists."
        )
    return (
        f"{entry.file} ({entry.purpose}) is not on this machine. Fetch it with `python -m core weights fetch {name}` "
        f"or download {entry.url} and put it into {folder}."
    )


def _mirrored(url: str, base_url: str | None) -> str:
    address = url if base_url is None else base_url.rstrip("/") + urlsplit(url).path
    if urlsplit(address).scheme not in ("http", "https"):
        raise MissingWeights(f"weights come over http or https, not from {address}")
    return address


def _download_to(path: Path, url: str, entry: WeightsFile, progress: Progress | None) -> None:
    handle, part_name = tempfile.mkstemp(prefix=path.name, suffix=".part", dir=path.parent)
    part = Path(part_name)
    try:
        with os.fdopen(handle, "wb") as out:
            _stream(url, out, progress)
            out.flush()
            os.fsync(out.fileno())
        _verify(part, entry)
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _stream(url: str, out: IO[bytes], progress: Progress | None) -> None:
    done = 0
    with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310  (_mirrored lets only http pass)
        stated = answer.headers.get("Content-Length")
        total = int(stated) if stated else None
        while chunk := answer.read(_CHUNK):
            out.write(chunk)
            done += len(chunk)
            if progress:
                progress(done, total)
    if total is not None and done != total:
        raise ConnectionError(f"the connection broke off after {done} of {total} bytes")


def _verify(part: Path, entry: WeightsFile) -> None:
    size = part.stat().st_size
    if entry.size is not None and size != entry.size:
        raise BadWeights(f"it should have {entry.size} bytes, but {size} came")
    digest = sha256_of(part)
    if entry.sha256 is not None:
        if digest != entry.sha256:
            raise BadWeights(f"its SHA-256 should be {entry.sha256}, but is {digest}")
        return
    if entry.digest_start and not digest.startswith(entry.digest_start):
        raise BadWeights(f"its SHA-256 should begin with {entry.digest_start}, but is {digest}")
    # torch is needed only for files that nobody published a hash of
    if entry.network is not None:
        from core.models.pose.pretrained import check_tensors

        check_tensors(part, entry)
        return
    from core.models.faces.facenet import read_state_dict

    read_state_dict(part)
