"""What imports of pictures and of clips have in common: where things go, how they come in, who names them."""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlmodel import Session, col, select

from core.foundation.errors import BadInput
from core.foundation.messages import Message, message
from core.foundation.names import clean_name
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.clip_frames import FrameOriginal
from core.library.lookup import find_dataset
from core.library.pictures import StoredFile
from core.library.sources import Limits, SourceFile, list_source
from core.library.suspects import FILE_SET_ASIDE, contents_set_aside
from db.engine import reading
from db.tables import Image, ImagePath, SkippedInput, WorkKind
from db.writes.dashboard import record_work


@dataclass(frozen=True)
class ImportOptions:
    """How to take files in.

    Attributes
    ----------
    identities
        A file's folder names the person in it; that face then counts as confirmed by the importing human.
    reference
        Leave the files where they are and only remember the place; otherwise they are copied into the home folder.
    """

    identities: bool = False
    reference: bool = False


class Intake(ABC):
    """One import into a dataset.

    Raises
    ------
    NotFound
        If there is no such dataset.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        dataset_id: int,
        author_id: int,
        run_id: int,
        options: ImportOptions | None = None,
        progress: Progress = DEAF,
    ) -> None:
        self.workspace, self.dataset_id, self.author_id, self.run_id = workspace, dataset_id, author_id, run_id
        self.options, self.progress = options or ImportOptions(), progress
        with reading(workspace.engine) as session:
            find_dataset(dataset_id, session=session)
            self._set_aside = contents_set_aside(dataset_id, session=session)

    @abstractmethod
    def take(self, files: Sequence[SourceFile]) -> dict[str, int]:
        """Take in what is meant of a list; gives what was counted."""

    def take_source(self, source: Path) -> dict[str, int]:
        """Take in what is meant of a source, as `files_of` lists it."""
        return self.take(self.files_of(source))

    def files_of(self, source: Path) -> list[SourceFile]:
        """What a folder, a zip or a single file holds.

        Raises
        ------
        BadInput
            As `core.library.sources.list_source`.
        """
        return list_source(source, Limits.of(self.workspace.settings))

    def is_stored(self, original: str) -> bool:
        """Whether a file that the store names is there and can be read, or of a frame the index of its clip."""
        frame = FrameOriginal.parse(original)
        file = self.workspace.clip_index(frame.clip) if frame else self.workspace.original(original)
        return os.path.isfile(file)  # unlike Path.is_file: not to be read is not there

    def ids_of(self, files: Sequence[str], *, session: Session) -> dict[str, int]:
        """The pictures of the dataset by their content (SHA-256), of those asked for."""
        here = select(Image.sha256, Image.id).where(Image.dataset_id == self.dataset_id)
        return dict(session.exec(here.where(col(Image.sha256).in_(files))).all())

    def insert(self, file: StoredFile, identity: str | None, *, sequence: str | None = None, session: Session) -> int:
        """Add a picture to the dataset; gives its id."""
        image = Image(
            **file.columns(),
            dataset_id=self.dataset_id,
            sequence=sequence,
            identity=identity,
            identity_by=self.author_id if identity else None,
            run_id=self.run_id,
        )
        session.add(image)
        session.flush()
        session.add(ImagePath(image_id=image.id, path=file.path))
        return image.id

    def record(self, added: int, *, session: Session) -> None:
        """Count the pictures as the author's work."""
        if added:
            record_work(self.author_id, self.dataset_id, WorkKind.IMAGES_IMPORTED, added, session=session)

    def identity(self, path: str, *, no_name: str = "images.folder_no_name", session: Session) -> str | None:
        """Whom the folder of a file names, where folders name people; `no_name` is the code of why it cannot."""
        try:
            return clean_name(PurePosixPath(path).parent.name) if self.options.identities else None
        except BadInput as error:
            self.skip(path, message(no_name, reason=error), session=session)
            return None

    def why_not(self, path: str, sha256: str, *, asked: bool) -> Message | None:
        """Why a file is not opened of which an earlier import has died, unless it is `asked` for; None if it can be.

        Of a suspect it is noted, should it be what the process dies of again.
        """
        content = self.noted(sha256)
        if path in self.progress.suspicion.suspects:
            self.progress.take(path, note=content)
        return message("files.died_before", content=content) if content in self._set_aside and not asked else None

    @staticmethod
    def noted(sha256: str) -> str:
        """So much of a content's SHA-256 as tells it from all others here."""
        return sha256[:16]

    def reason_killed(self, path: str) -> Message:
        """Why a file is not even read of which the process of this same import has died twice."""
        content = self.progress.suspicion.killers[path]
        return message(FILE_SET_ASIDE, content=content) if content else message("runs.died_twice")

    def skip(self, path: str, reason: Message, *, session: Session) -> None:
        """Say what did not come in, or not whole, and why."""
        session.add(SkippedInput(run_id=self.run_id, path=path, reason=reason.to_json()))
