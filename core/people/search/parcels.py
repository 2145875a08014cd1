"""The pictures of a search to take along: a zip of them and of what was found, made while it leaves."""

import csv
import hashlib
import io
import json
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Any, Final

import numpy as np

from core.formats.names import guard, safe_name, same_name
from core.foundation.errors import BadInput, FacetError, NotFound
from core.foundation.messages import worded
from core.foundation.names import numbered
from core.foundation.workspace import Workspace
from core.library.lookup import find_image
from core.library.pixels import picture_pixels, picture_place
from core.media.blurring import with_blurred
from core.media.clip_reading import FramePlace
from core.media.images import jpeg
from core.media.zipping import file_parts, zipped
from core.people.search.album import Album
from core.people.search.asking import SearchResult
from core.people.search.listing import listed_matches, one_row_each
from db.engine import reading
from db.queries.people.album import boxes_of_faces
from db.tables import Image

_Entry = tuple[zipfile.ZipInfo, Iterator[bytes] | Sequence[bytes]]
_MOST: Final = 16  # parcels that wait to be fetched; the oldest go first
_QUALITY: Final = 95
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)  # a zip knows no time before; when something was taken is in the list
_waiting: OrderedDict[str, "Parcel"] = OrderedDict()
_lock = Lock()


@dataclass(frozen=True, eq=False)
class Parcel:
    """What a search has found in a dataset, to be taken along; `blurred`: with every other known face blurred."""

    dataset_id: int
    dataset: str
    album: Album
    found: SearchResult
    blurred: bool = False

    @property
    def name(self) -> str:
        """What the zip is called."""
        return f"{safe_name(self.dataset) or 'dataset'}-search.zip"


def keep_parcel(parcel: Parcel) -> str:
    """Keep a parcel in this process until it is fetched; returns its ticket, one for the same pictures and faces."""
    content = hashlib.sha256(f"{parcel.dataset_id} {parcel.blurred}".encode())
    content.update(parcel.album.images[parcel.found.pictures].tobytes())
    content.update(parcel.album.faces[parcel.found.faces].tobytes())
    ticket = content.hexdigest()[:32]
    without_vectors = replace(parcel.album, vectors=np.zeros((0, 0), np.float32))  # of a large dataset 200 MB each
    with _lock:
        _waiting[ticket] = replace(parcel, album=without_vectors)
        _waiting.move_to_end(ticket)
        while len(_waiting) > _MOST:
            _waiting.popitem(last=False)
    return ticket


def kept_parcel(ticket: str) -> Parcel:
    """The parcel of a ticket. Raises NotFound where it is not kept any more."""
    with _lock:
        parcel = _waiting.get(ticket)
    if parcel is None:
        raise NotFound("people.no_parcel")
    return parcel


def zipped_parcel(
    workspace: Workspace, parcel: Parcel, left_out: list[dict[str, Any]] | None = None
) -> Iterator[bytes]:
    """A parcel as a zip, piece by piece: its pictures, what was found as JSON and CSV, and what is not in it, and why.

    Pictures are the files as they were imported, and frames of clips as JPEG. With blurred faces each is an upright
    JPEG without any metadata, of which every face that is not meant is blurred, as far as its box is known; where one
    lies over another, both are. The originals are never changed. `left_out` gets ``image`` and ``reason`` of others.
    """
    return zipped(_entries(workspace, parcel, [] if left_out is None else left_out))


def _entries(workspace: Workspace, parcel: Parcel, left_out: list[dict[str, Any]]) -> Iterator[_Entry]:
    meant = frozenset(parcel.album.faces[parcel.found.faces].tolist())
    taken: set[str] = set()
    files: dict[int, str] = {}
    for row in parcel.found.pictures.tolist():
        path = parcel.album.paths[row]
        try:
            suffix, content = _content(workspace, int(parcel.album.images[row]), meant if parcel.blurred else None)
        except (FacetError, OSError) as error:
            reason = error.message.nowhere().to_json() if isinstance(error, FacetError) else error.strerror or error
            left_out.append({"image": path, "reason": str(worded(reason))})
            continue
        files[row] = _free_name(path, suffix, taken)
        yield _entry(files[row]), content
    matches = listed_matches(workspace, parcel.album, parcel.found, parcel.dataset_id, files)
    yield _list_entry("matches.json"), [json.dumps(matches, ensure_ascii=False, indent=1).encode()]
    yield _list_entry("matches.csv"), [_csv(one_row_each(matches))]
    if left_out:
        yield _list_entry("left-out.csv"), [_csv(left_out)]


def _content(
    workspace: Workspace, image_id: int, meant: frozenset[int] | None
) -> tuple[str, Iterator[bytes] | Sequence[bytes]]:
    """The ending of a picture's name ("" for its own) and its content; with those who are `meant`, others blurred."""
    with reading(workspace.engine) as session:
        image = find_image(image_id, session=session)
        faces = boxes_of_faces(image_id, session=session) if meant is not None else {}
    if meant is not None:
        others = [box for face, box in faces.items() if face not in meant]
        return ".jpg", [jpeg(with_blurred(picture_pixels(workspace, image, verified=True), others), _QUALITY)]
    place = picture_place(workspace, image)
    if isinstance(place, FramePlace):
        return ".jpg", [jpeg(picture_pixels(workspace, image), _QUALITY)]
    return "", _whole_file(place, image)


def _whole_file(file: Path, image: Image) -> Iterator[bytes]:
    """The parts of a file that can be read; raises OSError or BadInput before the first of them where it cannot be."""
    if not file.is_file():
        raise NotFound("images.gone", of=image.path, folder=file.parent)
    with file.open("rb"):
        pass
    if file.stat().st_size != image.size_bytes:
        raise BadInput("images.changed", of=image.path)
    return file_parts(file)


def _free_name(path: str, suffix: str, taken: set[str]) -> str:
    """A name below `pictures/` for every file system, which none before has."""
    parts = [safe for part in path.split("/") if (safe := safe_name(part))] or ["picture"]
    wanted = PurePosixPath("pictures", *parts)
    wanted = wanted.with_suffix(suffix) if suffix else wanted
    free = next(name for name in numbered(wanted) if same_name(str(name)) not in taken)
    taken.add(same_name(str(free)))
    return str(free)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EARLIEST)
    entry.external_attr = 0o644 << 16
    return entry


def _list_entry(name: str) -> zipfile.ZipInfo:
    entry = _entry(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _csv(rows: Sequence[dict[str, Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    if rows:
        writer.writerow(rows[0])
    for row in rows:
        writer.writerow([guard(cell) if isinstance(cell, str) else cell for cell in row.values()])
    return out.getvalue().encode(errors="backslashreplace")
