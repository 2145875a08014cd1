"""Taking clips in: a video's frames become pictures of the dataset, each of which knows its place in the clip."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, func, select

from core.foundation.errors import BadInput, NotFound, UnreadableVideo
from core.foundation.names import clean_name
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.library.intake import Limits, Offered, look_into
from core.library.pictures import KeptPicture, keep_picture
from core.media.images import jpeg, open_partial, write_atomically
from core.media.scenes import Scenes
from core.media.videos import count_frames, frames, is_clip, probe
from db.engine import reading
from db.queries.library import clip_files, free_path
from db.tables import Dataset, Frame, Image, ImagePath, Skipped, Video
from db.writes.dashboard import count_work
from db.writing import writing

_QUALITY: Final = 95  # of the JPEG that a frame is kept as
_BATCH: Final = 64
_BATCH_PIXELS: Final = 32_000_000
_CHUNK: Final = 2**20


@dataclass
class _Found:
    """A clip that was looked at: where it lies, how many frames decode, and the reason if that is not all of it."""

    path: str
    file: Path
    sha256: str
    original: str
    frames: int
    shortfall: str | None = None
    images: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    scenes: Scenes = field(default_factory=Scenes)


def import_clips(
    workspace: Workspace,
    source: Path,
    *,
    dataset_id: int,
    author_id: int,
    run_id: int,
    identities: bool = False,
    reference: bool = False,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Import every clip (MP4, MOV, AVI, MKV, WebM) of a folder, a zip or a single file into a dataset.

    Each frame becomes a picture ``<clip>/000123.jpg`` (JPEG, quality 95) whose `sequence` is the clip's path, so that a
    split never parts them; equal frames are one picture. With `reference` the clip itself stays where it is, its frames
    are kept all the same; with `identities` its folder names the person in it. A clip that is damaged gives the frames
    before the damage. Whatever is missing becomes a `Skipped` row of the run. Safe to repeat after a crash.

    Returns
    -------
    dict
        ``clips`` and ``frames`` that were read (those that were here already too), ``skipped`` of the whole run.

    Raises
    ------
    BadInput
        As `core.library.intake.look_into`.
    """
    limits = Limits.of(workspace.settings)
    offered = [item for item in look_into(source, limits) if isinstance(item, Offered) and is_clip(item.path)]
    with reading(workspace.engine) as session:
        if session.get(Dataset, dataset_id) is None:
            raise NotFound("datasets.none_numbered", number=dataset_id)
    intake = _ClipIntake(workspace, dataset_id, author_id, run_id, identities, progress or Progress())
    if offered:
        intake.take(intake.look_at(offered, reference))
    return intake.counts()


class _ClipIntake:
    """One import of clips: first all are looked at, then their frames are taken in."""

    def __init__(
        self, workspace: Workspace, dataset_id: int, author_id: int, run_id: int, identities: bool, progress: Progress
    ) -> None:
        self.workspace, self.dataset_id, self.author_id, self.run_id = workspace, dataset_id, author_id, run_id
        self.identities, self.progress = identities, progress
        self.clips = self.frames = self.done = 0

    def look_at(self, offered: Sequence[Offered], reference: bool) -> list[_Found]:
        """Keep each clip and count its frames; what is here already is counted, what cannot be read is noted."""
        found: list[_Found] = []
        self.progress.begin(len(offered), message="Looking at clips")
        for number, item in enumerate(offered, 1):
            try:
                clip = self._look(item, reference)
                if clip.shortfall:
                    self._skip(clip.path, clip.shortfall)
                if self._is_here(clip):
                    self.clips, self.frames = self.clips + 1, self.frames + clip.frames
                else:
                    found.append(clip)
            except (BadInput, OSError) as error:
                self._skip(item.path, _reason(error))
            self.progress.advance(number)
        return found

    def _look(self, item: Offered, reference: bool) -> _Found:
        content = item.file if item.file is not None else item.read()
        sha256 = _sha256(content)
        if isinstance(content, Path) and reference:
            original = str(content.resolve())
            if original.encode("utf-8", "replace").decode() != original:
                raise BadInput("files.name_not_utf8")
        else:
            original = f"originals/{sha256[:2]}/{sha256}{PurePosixPath(item.path).suffix.lower()}"
            _keep(content, self.workspace.original(original))
        file = self.workspace.original(original)
        try:
            count, shortfall = self._count(file, item.path)
        except BadInput:
            if not reference:
                file.unlink(missing_ok=True)  # what cannot be read is not kept
            raise
        return _Found(item.path, file, sha256, original, count, shortfall)

    def _count(self, file: Path, path: str) -> tuple[int, str | None]:
        most, largest = self.workspace.settings.max_clip_frames, self.workspace.settings.max_pixels
        clip = probe(file, path)
        if clip.width * clip.height > largest:
            raise UnreadableVideo("clips.too_large", of=path, width=clip.width, height=clip.height, limit=largest)
        shortfall = None
        try:
            count = count_frames(file, path, most)
        except UnreadableVideo as error:
            if not error.decoded:
                raise
            count, shortfall = error.decoded, f"{error.reason}; those came in"
        if count > most:
            raise UnreadableVideo("clips.too_long", of=path, limit=most)
        if shortfall is None and clip.frames and count < clip.frames:
            shortfall = f"its header promises {clip.frames:,} frames, but {count:,} can be decoded; those came in"
        return count, shortfall

    def _is_here(self, clip: _Found) -> bool:
        with reading(self.workspace.engine) as session:
            files = clip_files(self.dataset_id, clip.sha256, session=session)
        return bool(files) and all(os.path.isfile(self.workspace.original(file)) for file in files)

    def take(self, found: Iterable[_Found]) -> None:
        """Take in the frames of each clip; a clip is in the store as soon as all its frames are."""
        found = list(found)
        self.progress.begin(sum(clip.frames for clip in found), message="Taking frames in")
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for clip in found:
                try:
                    self._take(clip, pool)
                except (BadInput, OSError) as error:
                    self._skip(clip.path, _reason(error))

    def _take(self, clip: _Found, pool: ThreadPoolExecutor) -> None:
        with reading(self.workspace.engine) as session:
            path = free_path(self.dataset_id, clip.path, clip.sha256, session=session)
        identity = self._identity(clip.path)

        def keep(frame: tuple[int, float, NDArray[np.uint8]]) -> KeptPicture:
            index, _, pixels = frame
            return keep_picture(self.workspace, jpeg(pixels, _QUALITY), f"{path}/{index:06d}.jpg")

        for batch in _batches(frames(clip.file, clip.path), clip.frames):
            self._store(path, identity, list(pool.map(keep, batch)), clip)
            clip.seconds += [seconds for _, seconds, _ in batch]
            for _, _, pixels in batch:
                clip.scenes.show(pixels)
            self.done += len(batch)
            self.progress.advance(self.done)
        self._finish(clip, path)

    def _store(self, path: str, identity: str | None, kept: Sequence[KeptPicture], clip: _Found) -> None:
        """Write the pictures of some frames in one transaction; those of the same content are one."""
        with writing(self.workspace.engine) as session:
            hashes = [picture.sha256 for picture in kept]
            here = select(Image.sha256, Image.id).where(Image.dataset_id == self.dataset_id)
            ids = dict(session.exec(here.where(col(Image.sha256).in_(hashes))).all())
            added = 0
            for picture in kept:
                if picture.sha256 not in ids:
                    ids[picture.sha256] = self._insert(picture, path, identity, session)
                    added += 1
                clip.images.append(ids[picture.sha256])
            if added:
                count_work(self.author_id, self.dataset_id, "images imported", added, session=session)

    def _insert(self, picture: KeptPicture, sequence: str, identity: str | None, session: Session) -> int:
        image = Image(
            **vars(picture),
            dataset_id=self.dataset_id,
            sequence=sequence,
            identity=identity,
            identity_by=self.author_id if identity else None,
            run_id=self.run_id,
        )
        session.add(image)
        session.flush()
        session.add(ImagePath(image_id=image.id, path=picture.path))
        return image.id

    def _finish(self, clip: _Found, path: str) -> None:
        about = probe(clip.file, clip.path)
        lasting = clip.seconds[-1] if clip.seconds else 0.0
        # A header without a rate, as some recorders write it: what the frames' times say.
        rate = about.frames_per_second or ((len(clip.seconds) - 1) / lasting if lasting > 0 else 25.0)
        with writing(self.workspace.engine) as session:
            known = select(Video).where(Video.dataset_id == self.dataset_id, Video.sha256 == clip.sha256)
            video = session.exec(known).first()
            if video is None:
                video = Video(
                    dataset_id=self.dataset_id,
                    path=path,
                    sha256=clip.sha256,
                    width=about.width,
                    height=about.height,
                    frames=len(clip.images),
                    frames_per_second=rate,
                    original=clip.original,
                )
                session.add(video)
                session.flush()
                places = zip(clip.images, clip.seconds, clip.scenes.numbers(), strict=True)
                for index, (image, seconds, scene) in enumerate(places):
                    session.add(Frame(video_id=video.id, index=index, seconds=seconds, image_id=image, scene=scene))
            video.original = clip.original
        self.clips, self.frames = self.clips + 1, self.frames + len(clip.images)

    def _identity(self, path: str) -> str | None:
        if not self.identities:
            return None
        try:
            return clean_name(PurePosixPath(path).parent.name)
        except BadInput as error:
            self._skip(path, f"its folder cannot name a person ({error}); the clip came in without a name")
            return None

    def _skip(self, path: str, reason: str) -> None:
        with writing(self.workspace.engine) as session:
            session.add(Skipped(run_id=self.run_id, path=path, reason=reason))

    def counts(self) -> dict[str, int]:
        """What the import did."""
        with reading(self.workspace.engine) as session:
            skipped = session.exec(select(func.count()).where(col(Skipped.run_id) == self.run_id)).one()
        return {"clips": self.clips, "frames": self.frames, "skipped": skipped}


def _batches(
    decoded: Iterator[tuple[int, float, NDArray[np.uint8]]], most: int
) -> Iterator[list[tuple[int, float, NDArray[np.uint8]]]]:
    """The first `most` frames in batches that memory can hold; what comes after them is not even decoded."""
    batch: list[tuple[int, float, NDArray[np.uint8]]] = []
    for frame in decoded:
        batch.append(frame)
        last = frame[0] + 1 == most
        if last or len(batch) == _BATCH or len(batch) * frame[2][..., 0].size >= _BATCH_PIXELS:
            yield batch
            batch = []
        if last:
            return
    if batch:
        yield batch


def _sha256(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep(content: Path | bytes, target: Path) -> None:
    """Copy a clip into the home folder, a file piece by piece; nobody ever sees half of it."""
    if target.is_file():
        return
    if isinstance(content, bytes):
        write_atomically(target, content, durable=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, partial = open_partial(target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file, content.open("rb") as source:
            shutil.copyfileobj(source, file, _CHUNK)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(partial)


def _reason(error: BadInput | OSError) -> str:
    return error.reason if isinstance(error, BadInput) else str(error)
