"""Pictures and clips that lie beside label files: which of them the labels are of."""

import posixpath
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.formats.labels import ENDINGS
from core.formats.labels.rows import ANY_ENDING
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.library.picture_names import PictureNames
from core.library.sources import SourceFile
from core.media.videos import is_clip
from core.points.frame_numbers import ClipPath, clips_at, may_be_frames
from core.points.label_importing import LabelFiles
from core.points.label_placing import PictureIndex, folder_of
from db.engine import reading


class LackingPicture(NamedTuple):
    """A picture or a clip that labels name and the dataset lacks: its name, its folder, that of the labels' file."""

    name: str
    folder: str
    file_folder: str
    of_clip: bool


@dataclass(frozen=True)
class PicturesBeside:
    """The folder or zip with labelled pictures, None where there are none, and what the dataset lacks.

    `skipped` has the pictures that could not be looked for, with the reason.
    """

    folder: Path | None
    lacking: Sequence[LackingPicture]
    skipped: Sequence[tuple[str, Message]] = ()

    def wanted(self, files: Sequence[SourceFile]) -> list[SourceFile]:
        """Those of the files there that labels mean: of several that a name may mean, all."""
        files = [file for file in files if not file.path.lower().endswith(ENDINGS)]
        index = PictureNames((number, file.path) for number, file in enumerate(files))
        found: set[int] = set()
        numbered: dict[str, set[str]] = defaultdict(set)
        for picture in self.lacking:
            name = picture.name + ANY_ENDING if picture.of_clip else picture.name
            matches = [
                match.id
                for match in index.candidates(name, picture.file_folder)
                if is_clip(match.path) == picture.of_clip
            ]
            found.update(matches)
            if not matches and not picture.of_clip:
                numbered[picture.folder].add(picture.name)
        clips = [ClipPath(number, file.path, 0) for number, file in enumerate(files) if is_clip(file.path)]
        for folder, names in numbered.items():
            found.update(clip.id for clip in clips_at(folder, clips) if may_be_frames(names))
        return [files[number] for number in sorted(found)]


def pictures_beside(workspace: Workspace, source: Path, labels: LabelFiles, *, dataset_id: int) -> PicturesBeside:
    """Where labelled pictures lie that the dataset lacks, and which pictures those are.

    A folder or a zip may hold them itself; for one file they are looked for beside it.
    """
    with reading(workspace.engine) as session:
        index = PictureIndex(dataset_id, session=session)
        lacking = sorted(
            {
                LackingPicture(row.picture, folder_of(row, path), posixpath.dirname(path), row.frame is not None)
                for path, file in labels.files
                for row in file.rows
                if not index.has(row, path)
            }
        )
    if not source.is_file() or source.name.lower().endswith(".zip"):
        return PicturesBeside(source if lacking else None, lacking)
    skipped: dict[str, Message] = {}
    for picture in dict.fromkeys(row.picture for _, file in labels.files for row in file.rows):
        try:
            if _is_beside(source.parent, picture):
                return PicturesBeside(source.parent if lacking else None, lacking, list(skipped.items()))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            skipped[picture] = message("labels.not_looked_for", reason=reason)
    return PicturesBeside(None, lacking, list(skipped.items()))


def _is_beside(folder: Path, picture: str) -> bool:
    if not picture.endswith(ANY_ENDING):
        return (folder / picture).is_file()
    nameless = folder / picture.removesuffix(ANY_ENDING)
    with suppress(FileNotFoundError, NotADirectoryError):
        return any(
            nameless.name in (file.name, file.stem) and file.suffix.lower() not in ENDINGS
            for file in nameless.parent.iterdir()
        )
    return False
