"""Taking pictures in: from a folder, a zip or files that a browser sent."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from sqlmodel import Session, col, delete, func, select

from core.foundation.batching import batched
from core.foundation.errors import BadInput, UnreadableImage
from core.foundation.messages import message, worded
from core.foundation.threads import thread_count
from core.foundation.workspace import Workspace
from core.library.intake import Intake
from core.library.pictures import StoredFile, store_picture
from core.library.sources import OfferedFile, RefusedFile, SourceFile
from core.library.suspects import visiting_order, with_killers
from core.media.images import may_be_picture
from core.media.videos import is_clip
from db.engine import reading
from db.queries.jobs import count_skipped
from db.tables import Image, ImagePath, SkippedInput
from db.writing import writing

_BATCH: Final = 64
_HEAD: Final = 512  # bytes that tell a picture from anything else


@dataclass(frozen=True)
class _KnownContent:
    """Content that the dataset has already."""

    path: str
    sha256: str


class PictureIntake(Intake):
    """An import of pictures: files are read on any thread, batches stored on one.

    Pictures are decoded fully before they are taken in; the same content twice is one image. What cannot be used
    becomes a `SkippedInput` row of the run with the reason. Safe to repeat after a crash: finished pictures stay.
    """

    def __init__(self, workspace: Workspace, **import_: Any) -> None:
        super().__init__(workspace, **import_)
        self.duplicates = 0
        self.here_as: dict[str, str] = {}  # of each file whose content is here already, the path of its picture
        self.asked = False
        with reading(workspace.engine) as session:
            here = select(Image.sha256, Image.original).where(Image.dataset_id == self.dataset_id)
            self.known = dict(session.exec(here).all())
            # what this same run took in before it was interrupted
            finished = select(Image.id, Image.path).where(Image.run_id == self.run_id)
            self.finished = set(session.exec(finished).all())

    def take(self, files: Sequence[SourceFile]) -> dict[str, int]:
        """Take in every picture of a list, that is all but the clips.

        What killed an earlier import is left alone unless it is all that the list has.

        Returns
        -------
        dict
            ``images`` (readable pictures seen, = added + duplicates), ``added``, ``duplicates``, ``skipped``.
        """
        files = [file for file in files if isinstance(file, RefusedFile) or not is_clip(file.path)]
        with writing(self.workspace.engine) as session:
            session.exec(delete(SkippedInput).where(col(SkippedInput.run_id) == self.run_id))
        self.progress.begin(len(files), message=message("progress.reading_pictures"))
        self.asked = len(files) == 1
        done = 0
        with ThreadPoolExecutor(max_workers=thread_count()) as pool:
            for batch in self._batches(files):
                self.progress.take(*(file.path for file in batch if isinstance(file, OfferedFile)))
                self._store(list(pool.map(self._read, batch)))
                done += len(batch)
                self.progress.advance(done)
        self.progress.take()
        return self._counts()

    def _batches(self, files: Sequence[SourceFile]) -> Iterator[Sequence[SourceFile]]:
        order = visiting_order(files, lambda file: file.path, self.progress)
        killers = [RefusedFile(file.path, self.reason_killed(file.path)) for file in order.killers]
        return with_killers(killers, chain(batched(order.alone, 1), batched(order.rest, _BATCH)), self.progress)

    def _read(self, file: SourceFile) -> StoredFile | _KnownContent | RefusedFile:
        """Read, check and keep one file; never raises for a bad file."""
        if isinstance(file, RefusedFile):
            return file
        try:
            head = file.read(_HEAD)
            content = file.read() if may_be_picture(head) else head  # `decode` says what that is instead
            sha256 = hashlib.sha256(content).hexdigest()
            if sha256 in self.known and self.is_stored(self.known[sha256]):
                return _KnownContent(file.path, sha256)
            if reason := self.why_not(file.path, sha256, asked=self.asked):
                return RefusedFile(file.path, reason)
            reference = file.file if self.options.reference else None
            return store_picture(self.workspace, content, file.path, reference)
        except (BadInput, UnreadableImage) as error:
            return RefusedFile(file.path, error.message.nowhere())
        except OSError as error:
            return RefusedFile(file.path, message("files.not_kept", reason=error.strerror or error))
        except MemoryError:
            return RefusedFile(file.path, message("files.no_memory"))

    def _store(self, batch: Sequence[StoredFile | _KnownContent | RefusedFile]) -> None:
        """Write one batch in one transaction."""
        with writing(self.workspace.engine) as session:
            ids = self.ids_of([file.sha256 for file in batch if not isinstance(file, RefusedFile)], session=session)
            added = 0
            for file in batch:
                if isinstance(file, RefusedFile):
                    self.skip(file.path, file.reason, session=session)
                elif file.sha256 in ids:
                    self._repeat(file, ids[file.sha256], session=session)
                elif isinstance(file, StoredFile):
                    ids[file.sha256] = self.insert(file, self.identity(file.path, session=session), session=session)
                    self.known[file.sha256] = file.original
                    added += 1
                    if file.count > 1:
                        self.skip(file.path, message("images.only_first", count=file.count), session=session)
            self.record(added, session=session)

    def _repeat(self, file: StoredFile | _KnownContent, image_id: int, *, session: Session) -> None:
        image, path = session.get(Image, image_id), file.path
        assert image is not None
        if isinstance(file, StoredFile) and not self.is_stored(image.original):
            self.known[file.sha256] = image.original = file.original
        identity = self.identity(path, session=session)
        if (image_id, path) in self.finished:
            self.finished.remove((image_id, path))
            return
        self.duplicates += 1
        self.here_as[path] = image.path
        if session.get(ImagePath, (image_id, path)) is None:
            session.add(ImagePath(image_id=image_id, path=path))
        if identity and image.identity is None:
            image.identity, image.identity_by = identity, self.author_id
        elif identity and image.identity != identity:
            reason = message("images.of_another_person", path=image.path)
            self.skip(path, reason, session=session)

    def _counts(self) -> dict[str, int]:
        """What the import did, read from the store."""
        with reading(self.workspace.engine) as session:
            pictures = select(func.count()).where(col(Image.run_id) == self.run_id, col(Image.sequence).is_(None))
            added, skipped = session.exec(pictures).one(), count_skipped(self.run_id, session=session)
        return {"images": added + self.duplicates, "added": added, "duplicates": self.duplicates, "skipped": skipped}


def skipped(workspace: Workspace, run_id: int) -> list[dict[str, Any]]:
    """What a run could not use: ``path`` and ``reason`` (a sentence) of each, in the order of the paths."""
    with reading(workspace.engine) as session:
        rows = session.exec(select(SkippedInput).where(SkippedInput.run_id == run_id).order_by(col(SkippedInput.path)))
        return [{"path": row.path, "reason": worded(row.reason)} for row in rows]
