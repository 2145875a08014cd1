"""Exports that were written: where the next one may lie, what the last ones left out, and how one is handed over."""

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.formats.manifest import NAME, Manifest, read_manifest
from core.formats.names import safe_name
from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.workspace import Workspace
from core.media.zipping import file_parts, zipped
from db.engine import LARGEST_ID, reading
from db.tables import Export, now


@dataclass(frozen=True)
class Delivery:
    """An export ready to be handed over: the name of the zip, and its content piece by piece."""

    name: str
    content: Iterator[bytes]


def suggested_folder(dataset: str, format_name: str) -> str:
    """A name for the next export's folder: dataset, format and the time in UTC."""
    return f"{safe_name(dataset) or 'dataset'}-{format_name}-{now():%Y%m%dT%H%M%SZ}"


def export_folder(workspace: Workspace, name: str) -> Path:
    """The folder of that name among the exports.

    Raises
    ------
    BadInput
        If the name is empty, leads elsewhere or cannot be a folder's name, or the folder is taken.
    """
    wanted = name.strip()
    if not wanted or wanted != safe_name(wanted):
        raise BadInput("exports.folder_name", name=wanted)
    folder = workspace.exports / wanted
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadInput("exports.folder_taken", name=wanted)
    return folder


def left_out_of(workspace: Workspace, export_id: int) -> list[dict[str, str]]:
    """What an export does not hold: ``path`` and ``reason`` of each, as its manifest says.

    Raises
    ------
    NotFound
        If the export is not where it was written.
    Conflict
        If its manifest was changed since.
    """
    _, manifest = _opened(workspace, export_id)
    return [{"path": item.path, "reason": item.reason} for item in manifest.left_out]


def zipped_export(workspace: Workspace, export_id: int) -> Delivery:
    """An export as a zip that is made while it leaves: neither the memory nor the disk ever holds the whole.

    Raises
    ------
    NotFound
        If the export, or a file of it, is not where it was written.
    Conflict
        If its manifest was changed since.
    """
    folder, manifest = _opened(workspace, export_id)
    files = [NAME, *manifest.files]
    for name in files:
        if not (folder / name).is_file():
            raise NotFound("exports.file_gone", file=folder / name)
    return Delivery(f"{folder.name}.zip", zipped(_entries(folder, files)))


def _opened(workspace: Workspace, export_id: int) -> tuple[Path, Manifest]:
    with reading(workspace.engine) as session:
        export = session.get(Export, export_id) if export_id <= LARGEST_ID else None
    if export is None:
        raise NotFound("exports.no_export", number=export_id)
    folder = Path(export.folder)
    file = folder / NAME
    if not file.is_file():
        raise NotFound("exports.gone", folder=folder)
    if hashlib.sha256(file.read_bytes()).hexdigest() != export.manifest_sha256:
        raise Conflict("exports.changed", file=file)
    return folder, read_manifest(folder, export.format)


def _entries(folder: Path, files: list[str]) -> Iterator[tuple[zipfile.ZipInfo, Iterator[bytes]]]:
    for name in files:
        packed = zipfile.ZIP_DEFLATED if name.endswith((".json", ".csv")) else zipfile.ZIP_STORED
        entry = zipfile.ZipInfo.from_file(folder / name, f"{folder.name}/{name}", strict_timestamps=False)
        entry.compress_type = packed
        yield entry, file_parts(folder / name)
