"""Taking clips in: a video's frames become pictures of the dataset, each of which knows its place in the clip."""

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, select

from core.foundation.errors import BadInput, UnreadableVideo
from core.foundation.messages import Message, message, verbatim
from core.foundation.names import numbered
from core.foundation.threads import thread_count
from core.foundation.workspace import Workspace
from core.library.intake import Intake
from core.library.pictures import StoredFile, place_of, store_picture
from core.library.sources import OfferedFile, SourceFile
from core.media.files import open_partial, write_atomically
from core.media.images import jpeg
from core.media.scenes import SceneDetector
from core.media.videos import count_frames, frames, is_clip, probe, rate_of
from db.engine import reading
from db.queries.jobs import count_skipped
from db.queries.library import clip_files, videos
from db.tables import Frame, Video
from db.writing import writing

_QUALITY: Final = 95  # of the JPEG that a frame is kept as
_BATCH: Final = 64
_BATCH_PIXELS: Final = 32_000_000
_CHUNK: Final = 2**20


@dataclass
class _InspectedClip:
    """A clip that was looked at: where it lies, how many frames decode, and the reason if that is not all of it."""

    path: str
    file: Path
    sha256: str
    original: str
    frames: int
    shortfall: Message | None = None
    images: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    scenes: SceneDetector = field(default_factory=SceneDetector)


class ClipIntake(Intake):
    """An import of clips (MP4, MOV, AVI, MKV, WebM): first all are inspected, then their frames are taken in.

    Each frame becomes a picture ``<clip>/000123.jpg`` (JPEG, quality 95) whose `sequence` is the clip's path, so that a
    split never parts them; equal frames are one picture. Where the options say that files stay where they are, the
    clip does; its frames are kept all the same. A clip that is damaged gives the frames before the damage. Whatever is
    missing becomes a `Skipped` row of the run. Safe to repeat after a crash.
    """

    def __init__(self, workspace: Workspace, **import_: Any) -> None:
        super().__init__(workspace, **import_)
        self.clips = self.frames = self.done = 0

    def take(self, files: Sequence[SourceFile]) -> dict[str, int]:
        """Take in every clip of a list.

        Returns
        -------
        dict
            ``clips`` and ``frames`` that were read (those that were here already too), ``skipped`` of the whole run.
        """
        clips = [file for file in files if isinstance(file, OfferedFile) and is_clip(file.path)]
        if clips:
            self._take_all(self._inspect_all(clips))
        with reading(self.workspace.engine) as session:
            return {"clips": self.clips, "frames": self.frames, "skipped": count_skipped(self.run_id, session=session)}

    def _inspect_all(self, files: Sequence[OfferedFile]) -> list[_InspectedClip]:
        """Keep each clip and count its frames; what is here already is counted, what cannot be read is noted."""
        fresh: list[_InspectedClip] = []
        self.progress.begin(len(files), message=message("progress.looking_at_clips"))
        for number, file in enumerate(files, 1):
            try:
                if file.path in self.progress.suspicion.killers:
                    raise BadInput.saying(self.reason_killed(file.path))
                self.progress.take(file.path)
                clip = self._inspect(file, asked=len(files) == 1)
                if clip.shortfall:
                    self._skip(clip.path, clip.shortfall)
                if self._is_here(clip.sha256):
                    self.clips, self.frames = self.clips + 1, self.frames + clip.frames
                else:
                    fresh.append(clip)
            except (BadInput, OSError) as error:
                self._skip(file.path, _reason(error))
            self.progress.advance(number)
        self.progress.take()
        return fresh

    def _inspect(self, file: OfferedFile, *, asked: bool) -> _InspectedClip:
        content = file.file if file.file is not None else file.read()
        reference = self.options.reference
        sha256 = _sha256(content)
        if reason := self.why_not(file.path, sha256, asked=asked or self._is_here(sha256)):
            raise BadInput.saying(reason)
        if isinstance(content, Path) and reference:
            original = place_of(content)
        else:
            original = self.workspace.original_name(sha256, PurePosixPath(file.path).suffix.lower())
            _copy(content, self.workspace.original(original))
        stored = self.workspace.original(original)
        try:
            count, shortfall = self._count(stored, file.path)
        except BadInput:
            if not reference:
                stored.unlink(missing_ok=True)  # what cannot be read is not kept
            raise
        return _InspectedClip(file.path, stored, sha256, original, count, shortfall)

    def _count(self, file: Path, path: str) -> tuple[int, Message | None]:
        most, largest = self.workspace.settings.max_clip_frames, self.workspace.settings.max_pixels
        clip = probe(file, path)
        if clip.width * clip.height > largest:
            raise UnreadableVideo("clips.too_large", of=path, width=clip.width, height=clip.height, limit=largest)
        shortfall: Message | None = None
        try:
            count = count_frames(file, path, most)
        except UnreadableVideo as error:
            if not error.decoded:
                raise
            count, shortfall = error.decoded, message("clips.cut_short", reason=error.message.nowhere())
        if count > most:
            raise UnreadableVideo("clips.too_long", of=path, limit=most)
        if shortfall is None and clip.frames and count < clip.frames:
            shortfall = message("clips.fewer_frames", promised=clip.frames, count=count)
        return count, shortfall

    def _is_here(self, sha256: str) -> bool:
        with reading(self.workspace.engine) as session:
            files = clip_files(self.dataset_id, sha256, session=session)
        return bool(files) and all(map(self.is_stored, files))

    def _take_all(self, clips: Sequence[_InspectedClip]) -> None:
        """Take in the frames of each clip; a clip is in the store as soon as all its frames are."""
        self.progress.begin(sum(clip.frames for clip in clips), message=message("progress.taking_frames"))
        with ThreadPoolExecutor(max_workers=thread_count()) as pool:
            for clip in clips:
                try:
                    self._take(clip, pool)
                except (BadInput, OSError) as error:
                    self._skip(clip.path, _reason(error))
        self.progress.take()

    def _take(self, clip: _InspectedClip, pool: ThreadPoolExecutor) -> None:
        name = f"frames of {clip.path}"  # another thing in hand than the clip that is looked at
        if name in self.progress.suspicion.killers:
            raise BadInput.saying(self.reason_killed(name))
        self.progress.take(name, note=self.noted(clip.sha256))
        with writing(self.workspace.engine) as session:
            path = free_clip_path(self.dataset_id, clip.path, clip.sha256, session=session)
            identity = self.identity(clip.path, no_name="clips.folder_no_name", session=session)

        def store(frame: tuple[int, float, NDArray[np.uint8]]) -> StoredFile:
            index, _, pixels = frame
            return store_picture(self.workspace, jpeg(pixels, _QUALITY), f"{path}/{index:06d}.jpg")

        for batch in _batches(frames(clip.file, clip.path), clip.frames):
            self._store(path, identity, list(pool.map(store, batch)), clip)
            clip.seconds += [seconds for _, seconds, _ in batch]
            for _, _, pixels in batch:
                clip.scenes.add(pixels)
            self.done += len(batch)
            self.progress.advance(self.done)
        self._finish(clip, path)

    def _store(self, path: str, identity: str | None, files: Sequence[StoredFile], clip: _InspectedClip) -> None:
        """Write the pictures of some frames in one transaction; those of the same content are one."""
        with writing(self.workspace.engine) as session:
            ids = self.ids_of([file.sha256 for file in files], session=session)
            added = 0
            for file in files:
                if file.sha256 not in ids:
                    ids[file.sha256] = self.insert(file, identity, sequence=path, session=session)
                    added += 1
                clip.images.append(ids[file.sha256])
            self.record(added, session=session)

    def _finish(self, clip: _InspectedClip, path: str) -> None:
        about = probe(clip.file, clip.path)
        lasting = clip.seconds[-1] if clip.seconds else 0.0
        rate = rate_of(len(clip.seconds) - 1, lasting, about.frames_per_second)
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
                timed = zip(clip.images, clip.seconds, clip.scenes.numbers(), strict=True)
                for index, (image, seconds, scene) in enumerate(timed):
                    session.add(Frame(video_id=video.id, index=index, seconds=seconds, image_id=image, scene=scene))
            video.original = clip.original
        self.clips, self.frames = self.clips + 1, self.frames + len(clip.images)

    def _skip(self, path: str, reason: Message) -> None:
        with writing(self.workspace.engine) as session:
            self.skip(path, reason, session=session)


def free_clip_path(dataset_id: int, path: str, sha256: str, *, session: Session) -> str:
    """`path`, or ``clip-2.mp4`` and so on where a clip of other content has that name already."""
    taken = {video.path for video in videos(dataset_id, session=session) if video.sha256 != sha256}
    return next(str(name) for name in numbered(PurePosixPath(path), "-{}") if str(name) not in taken)


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


def _copy(content: Path | bytes, target: Path) -> None:
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


def _reason(error: BadInput | OSError) -> Message:
    return error.message.nowhere() if isinstance(error, BadInput) else verbatim(str(error))
