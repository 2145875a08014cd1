"""Taking pictures in: from a folder, a zip or files that a browser sent."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sqlmodel import Session, col, delete, func, select

from core.foundation.batching import batched
from core.foundation.errors import BadInput, NotFound, UnreadableImage
from core.foundation.messages import message
from core.foundation.names import clean_name
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.library.intake import Item, Limits, Refused, look_into
from core.library.pictures import KeptPicture, keep_picture
from core.media.videos import is_clip
from db.engine import reading
from db.tables import Dataset, Image, ImagePath, Skipped
from db.writes.dashboard import count_work
from db.writing import writing

_BATCH: Final = 64


@dataclass(frozen=True)
class ImportOptions:
    """How to take pictures in.

    Attributes
    ----------
    identities
        A picture's folder names the person in it; that face then counts as confirmed by the importing human.
    reference
        Leave the files where they are and only remember the place; otherwise they are copied into the home folder.
    """

    identities: bool = False
    reference: bool = False


@dataclass(frozen=True)
class _Known:
    """Content that the dataset has already."""

    path: str
    sha256: str


def import_pictures(
    workspace: Workspace,
    source: Path,
    *,
    dataset_id: int,
    author_id: int,
    run_id: int,
    options: ImportOptions | None = None,
    wanted: Callable[[str], bool] | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Import every picture of a folder, a zip or a single file into a dataset.

    Pictures are decoded fully before they are taken in; the same content twice is one image. What cannot be used
    becomes a `Skipped` row of the run with the reason. Safe to repeat after a crash: finished pictures stay.
    Clips are left to `core.library.clip_importing`. With `wanted` only the paths are looked at for which it is true.

    Returns
    -------
    dict
        ``images`` (readable pictures seen, = added + duplicates), ``added``, ``duplicates``, ``skipped``.

    Raises
    ------
    BadInput
        If `source` is not there, is a damaged zip, or is larger than the limits in the settings.
    """
    options, progress = options or ImportOptions(), progress or Progress()
    found = look_into(source, Limits.of(workspace.settings))
    items = [item for item in found if isinstance(item, Refused) or not is_clip(item.path)]
    items = [item for item in items if wanted is None or wanted(item.path)]
    with writing(workspace.engine) as session:
        if session.get(Dataset, dataset_id) is None:
            raise NotFound("datasets.none_numbered", number=dataset_id)
        session.exec(delete(Skipped).where(col(Skipped.run_id) == run_id))
    progress.begin(len(items), message="Reading pictures")
    intake = _Intake(workspace, dataset_id, author_id, run_id, options)
    done = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for batch in batched(items, _BATCH):
            intake.store(list(pool.map(intake.take, batch)))
            done += len(batch)
            progress.advance(done)
    return intake.counts()


class _Intake:
    """One import: reads items on any thread, stores batches on one."""

    def __init__(
        self, workspace: Workspace, dataset_id: int, author_id: int, run_id: int, options: ImportOptions
    ) -> None:
        self.workspace, self.dataset_id, self.author_id, self.run_id = workspace, dataset_id, author_id, run_id
        self.options = options
        self.duplicates = 0
        with reading(workspace.engine) as session:
            here = select(Image.sha256, Image.original).where(Image.dataset_id == dataset_id)
            self.known = dict(session.exec(here).all())
            # what this same run took in before it was interrupted
            finished = select(Image.id, Image.path).where(Image.run_id == run_id)
            self.finished = set(session.exec(finished).all())

    def take(self, item: Item) -> KeptPicture | _Known | Refused:
        """Read, check and keep one file; never raises for a bad file."""
        if isinstance(item, Refused):
            return item
        try:
            content = item.read()
            sha256 = hashlib.sha256(content).hexdigest()
            if sha256 in self.known and self._is_there(self.known[sha256]):
                return _Known(item.path, sha256)
            reference = item.file if self.options.reference else None
            return keep_picture(self.workspace, content, item.path, reference)
        except (BadInput, UnreadableImage) as error:
            return Refused(item.path, replace(error.message, of=None))
        except OSError as error:
            return Refused(item.path, message("files.not_kept", reason=error.strerror or error))
        except MemoryError:
            return Refused(item.path, message("files.no_memory"))

    def store(self, batch: Sequence[KeptPicture | _Known | Refused]) -> None:
        """Write one batch in one transaction."""
        with writing(self.workspace.engine) as session:
            ids = self._known_ids([item.sha256 for item in batch if not isinstance(item, Refused)], session)
            added = 0
            for item in batch:
                if isinstance(item, Refused):
                    session.add(Skipped(run_id=self.run_id, path=item.path, reason=item.reason.text()))
                elif item.sha256 in ids:
                    self._repeat(item, ids[item.sha256], session)
                elif isinstance(item, KeptPicture):
                    ids[item.sha256] = self._insert(item, session)
                    self.known[item.sha256] = item.original
                    added += 1
            if added:
                count_work(self.author_id, self.dataset_id, "images imported", added, session=session)

    def _known_ids(self, hashes: Sequence[str], session: Session) -> dict[str, int]:
        rows = session.exec(
            select(Image.sha256, Image.id).where(Image.dataset_id == self.dataset_id, col(Image.sha256).in_(hashes))
        )
        return dict(rows.all())

    def _insert(self, item: KeptPicture, session: Session) -> int:
        identity = self._identity(item.path, session)
        image = Image(
            **vars(item),
            dataset_id=self.dataset_id,
            identity=identity,
            identity_by=self.author_id if identity else None,
            run_id=self.run_id,
        )
        session.add(image)
        session.flush()
        session.add(ImagePath(image_id=image.id, path=item.path))
        return image.id

    def _is_there(self, original: str) -> bool:
        return os.path.isfile(self.workspace.original(original))  # unlike Path.is_file: not to be read is not there

    def _repeat(self, item: KeptPicture | _Known, image_id: int, session: Session) -> None:
        image, path = session.get(Image, image_id), item.path
        assert image is not None
        if isinstance(item, KeptPicture) and not self._is_there(image.original):
            self.known[item.sha256] = image.original = item.original
        identity = self._identity(path, session)
        if (image_id, path) in self.finished:
            self.finished.remove((image_id, path))
            return
        self.duplicates += 1
        if session.get(ImagePath, (image_id, path)) is None:
            session.add(ImagePath(image_id=image_id, path=path))
        if identity and image.identity is None:
            image.identity, image.identity_by = identity, self.author_id
        elif identity and image.identity != identity:
            reason = f"the same picture is there as {image.path}, under another person; it keeps that one"
            session.add(Skipped(run_id=self.run_id, path=path, reason=reason))

    def _identity(self, path: str, session: Session) -> str | None:
        try:
            return clean_name(PurePosixPath(path).parent.name) if self.options.identities else None
        except BadInput as error:
            reason = f"its folder cannot name a person ({error}); the picture came in without a name"
            session.add(Skipped(run_id=self.run_id, path=path, reason=reason))
            return None

    def counts(self) -> dict[str, int]:
        """What the import did, read from the store."""
        with reading(self.workspace.engine) as session:
            pictures = select(func.count()).where(col(Image.run_id) == self.run_id, col(Image.sequence).is_(None))
            added = session.exec(pictures).one()
            skipped = session.exec(select(func.count()).where(col(Skipped.run_id) == self.run_id)).one()
        return {"images": added + self.duplicates, "added": added, "duplicates": self.duplicates, "skipped": skipped}


def skipped(workspace: Workspace, run_id: int) -> list[dict[str, Any]]:
    """What a run could not use: ``path`` and ``reason`` of each, in the order of the paths."""
    with reading(workspace.engine) as session:
        rows = session.exec(select(Skipped).where(Skipped.run_id == run_id).order_by(col(Skipped.path)))
        return [{"path": row.path, "reason": row.reason} for row in rows]
