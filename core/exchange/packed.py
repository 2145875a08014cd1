"""An export of Facet that comes as a zip is unpacked for as long as it is read."""

import tempfile
import zipfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from core.formats.manifest import NAME, sniff
from core.foundation.errors import BadInput, FacetError
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.sources import Limits, OfferedFile, RefusedFile, SourceFile, list_source

_FOREIGN: Final = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")  # what desktops put beside what they pack


@contextmanager
def unpacked_export(workspace: Workspace, source: Path, progress: Progress = DEAF) -> Generator[Path | None]:
    """The folder of the export in a zip, there until the block ends; None where `source` is no such zip.

    The manifest lies at the root of the zip, or in the one folder that holds everything else.

    Raises
    ------
    BadInput
        If the zip is damaged or larger than the settings allow, or a member of the export may not be unpacked.
    FacetError
        If it cannot be unpacked, as on a full disk.
    """
    if not (source.is_file() and zipfile.is_zipfile(source)):
        yield None
        return
    items = list_source(source, Limits.of(workspace.settings))
    own = [item for item in items if not set(PurePosixPath(item.path).parts).intersection(_FOREIGN)]
    manifest = _manifest(own)
    if manifest is None:
        yield None
        return
    with tempfile.TemporaryDirectory(dir=workspace.uploads, prefix="export-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        root = (folder / manifest.path).parent
        _unpack(source, [manifest], folder, DEAF)
        if sniff(root) is None:
            yield None
            return
        _unpack(source, [item for item in own if item is not manifest], folder, progress)
        yield root


def _manifest(items: Sequence[SourceFile]) -> OfferedFile | None:
    tops = {item.path.partition("/")[0] for item in items}
    places = {NAME, f"{next(iter(tops))}/{NAME}"} if len(tops) == 1 else {NAME}
    return next((item for item in items if isinstance(item, OfferedFile) and item.path in places), None)


def _unpack(source: Path, items: Sequence[SourceFile], folder: Path, progress: Progress) -> None:
    progress.begin(len(items), message=message("progress.unpacking"))
    for done, item in enumerate(items, start=1):
        if isinstance(item, RefusedFile):
            raise BadInput.saying(item.reason.within(item.path).within(source.name))
        target = folder / item.path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as out:  # two members of one name are no export of ours
                out.write(item.read())
        except BadInput as error:
            raise BadInput.saying(error.message.within(item.path).within(source.name)) from error
        except OSError as error:
            raise FacetError(
                "exports.not_unpacked", of=source.name, path=item.path, reason=error.strerror or error
            ) from error
        progress.advance(done)
