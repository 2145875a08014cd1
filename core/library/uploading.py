"""What a browser sent lies in a folder of its own until it is imported."""

import secrets
import shutil
import time
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from core.foundation.errors import BadInput, FacetError
from core.foundation.names import numbered
from core.foundation.workspace import Workspace

_CHUNK: Final = 2**20
_SWEPT_SECONDS: Final = 24 * 3600.0  # what is younger may still be on its way into a run
_LONGEST: Final = 180  # bytes of a name; file systems take 255, and a counter is still to come


def keep_upload(workspace: Workspace, files: Iterable[tuple[str, BinaryIO]]) -> list[Path]:
    """Copy files (name or relative path, content) into new folders below the home folder; returns what to import.

    Each zip is a source of its own; all the other files are one folder. No name leads out of its folder, and files
    of one name are kept apart.

    Raises
    ------
    BadInput
        If there is no file.
    FacetError
        If they cannot be kept, as on a full disk; nothing stays behind then.
    """
    together = workspace.uploads / secrets.token_hex(8)
    sources: dict[Path, Path] = {}  # what to import, by the folder that it lies in
    try:
        for name, content in files:
            zipped = name.lower().endswith(".zip")
            folder = workspace.uploads / secrets.token_hex(8) if zipped else together
            sources[folder] = folder
            stored = _keep(folder, name, content)
            sources[folder] = stored if zipped else folder
    except OSError as error:
        for folder in sources:
            discard_upload(workspace, folder)
        raise FacetError("files.upload_not_kept", reason=error.strerror or error) from error
    if not sources:
        raise BadInput("files.none_chosen")
    return list(sources.values())


def discard_upload(workspace: Workspace, source: Path) -> None:
    """Remove an upload that is imported. Anything that is no upload stays as it is."""
    if is_upload(workspace, source):
        shutil.rmtree(_folder_of(workspace, source), ignore_errors=True)


def sweep_uploads(workspace: Workspace, wanted: Iterable[Path]) -> None:
    """Remove the uploads that have lain here for a day without being one of the `wanted` sources of imports."""
    in_use = {_folder_of(workspace, source) for source in wanted if is_upload(workspace, source)}
    for folder in set(workspace.uploads.iterdir()) - in_use:
        with suppress(FileNotFoundError):  # another worker sweeps too
            if time.time() - folder.stat().st_mtime > _SWEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _folder_of(workspace: Workspace, source: Path) -> Path:
    return workspace.uploads / source.resolve().relative_to(workspace.uploads).parts[0]


def is_upload(workspace: Workspace, source: Path) -> bool:
    """Whether a source of an import lies among the uploads."""
    return workspace.uploads in source.resolve().parents


def server_source(text: str) -> Path:
    """The folder, zip or picture on this server that somebody typed.

    Raises
    ------
    BadInput
        If it is not a full path, or nothing is there.
    """
    path = Path(text.strip()).expanduser()
    if not path.is_absolute():
        raise BadInput("files.full_path")
    try:
        exists = path.exists()
    except (OSError, ValueError) as error:
        raise BadInput("files.path_not_read", path=path, reason=error) from error
    if not exists:
        raise BadInput("files.none_on_server", of=path)
    return path.resolve()


def _keep(folder: Path, name: str, content: BinaryIO) -> Path:
    wanted = folder.joinpath(*_parts(name))
    wanted.parent.mkdir(parents=True, exist_ok=True)
    for free in numbered(wanted):
        try:
            with free.open("xb") as out:
                shutil.copyfileobj(content, out, _CHUNK)
        except FileExistsError:
            continue
        return free
    raise AssertionError("counting does not end")


def _parts(name: str) -> list[str]:
    """The parts of a relative path, without those that would lead elsewhere."""
    parts = (_clean(part) for part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/"))
    return [part for part in parts if part not in ("", ".", "..")] or ["file"]


def _clean(part: str) -> str:
    """One part of a path without control characters and lone surrogates, short enough for a file system."""
    printable = "".join("_" if unicodedata.category(sign)[0] == "C" else sign for sign in part).strip()
    whole = PurePosixPath(printable)
    if len(printable.encode()) <= _LONGEST:
        return printable
    suffix = whole.suffix if len(whole.suffix.encode()) <= 16 else ""
    return whole.stem.encode()[: _LONGEST - 16].decode(errors="ignore") + suffix
