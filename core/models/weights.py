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

from core.errors import BadWeights, MissingWeights, NotFound

Progress = Callable[[int, int | None], None]  # bytes done, bytes in total where the server says so

_CHUNK: Final = 1 << 20
_PATIENCE: Final = 60.0  # seconds without a byte
_RELEASE: Final = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/"


@dataclass(frozen=True)
class WeightsFile:
    """One weights file.

    Attributes
    ----------
    file
        Its name in the weights folder, or its path inside `package`.
    url
        Where it can be fetched; None if it comes with a package.
    sha256, size
        Hexadecimal digest and bytes; None where no trustworthy source states them.
    licence, purpose
        For people.
    package
        The installed package that holds it, if any.
    """

    file: str
    url: str | None
    sha256: str | None
    size: int | None
    licence: str
    purpose: str
    package: str | None = None


_FACENET_LICENCE: Final = "MIT (facenet-pytorch); the training photos are for non-commercial research"
_DLIB_LICENCE: Final = "CC0 1.0 (dlib-models)"
_DLIB68_LICENCE: Final = "CC0 1.0 (face_recognition_models); trained on 300-W, whose terms exclude commercial use"


def _mtcnn(file: str, sha256: str, size: int) -> WeightsFile:
    purpose = "face detector, one of the three networks of MTCNN"
    return WeightsFile(f"data/{file}", None, sha256, size, "MIT (facenet-pytorch)", purpose, "facenet_pytorch")


WEIGHTS: dict[str, WeightsFile] = {
    "facenet-vggface2": WeightsFile(
        file="20180402-114759-vggface2.pt",
        url=_RELEASE + "20180402-114759-vggface2.pt",
        # As the LFS record of the unchanged copy at huggingface.co/py-feat/facenet (commit 8dd7927) states it.
        sha256="281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
        size=111_898_327,
        licence=_FACENET_LICENCE,
        purpose="face encoder, InceptionResnetV1 trained on VGGFace2",
    ),
    "facenet-casia": WeightsFile(
        file="20180408-102900-casia-webface.pt",
        url=_RELEASE + "20180408-102900-casia-webface.pt",
        sha256=None,  # no source for it was found; the tensors are checked instead
        size=None,
        licence=_FACENET_LICENCE,
        purpose="face encoder, InceptionResnetV1 trained on CASIA-WebFace",
    ),
    "mtcnn-pnet": _mtcnn("pnet.pt", "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f", 28_570),
    "mtcnn-rnet": _mtcnn("rnet.pt", "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86", 403_147),
    "mtcnn-onet": _mtcnn("onet.pt", "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d", 1_559_269),
    "dlib-68": WeightsFile(
        file="models/shape_predictor_68_face_landmarks.dat",
        url=None,
        sha256="fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        size=99_693_937,
        licence=_DLIB68_LICENCE,
        purpose="68 face landmarks, ensemble of regression trees",
        package="face_recognition_models",
    ),
    "dlib-resnet": WeightsFile(
        file="models/dlib_face_recognition_resnet_model_v1.dat",
        url=None,
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        size=22_466_066,
        licence=_DLIB_LICENCE,
        purpose="face encoder, ResNet with 128 numbers out",
        package="face_recognition_models",
    ),
}


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
    if entry.sha256 is not None:
        digest = sha256_of(part)
        if digest != entry.sha256:
            raise BadWeights(f"its SHA-256 should be {entry.sha256}, but is {digest}")
        return
    from core.models.facenet import read_state_dict  # torch is needed only for files that nobody published a hash of

    read_state_dict(part)
