"""Taking clips in: a video's frames become pictures of the dataset, each of which knows its place in the clip."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from core.foundation.batching import batched
from core.foundation.errors import BadInput, UnreadableVideo
from core.foundation.messages import Message, message, verbatim
from core.foundation.names import numbered
from core.foundation.workspace import Workspace
from core.library.clip_frames import FrameOriginal, frame_identity
from core.library.intake import Intake
from core.library.pictures import place_of
from core.library.sources import OfferedFile, SourceFile
from core.media.clip_index import ClipIndex, ClipSurvey
from core.media.files import open_partial, write_atomically
from core.media.scenes import SceneDetector
from core.media.videos import Clip, is_clip, probe, rate_of
from db.batching import id_batches
from db.engine import reading
from db.queries.jobs import count_skipped
from db.queries.library import clip_files, count_frames_of, image_of_each_frame, videos
from db.tables import Frame, Image, ImagePath, Video, now
from db.writes.rows import insert_rows
from db.writing import writing

_BATCH: Final = 1000  # frames whose rows are written together
_TOLD: Final = 25  # frames between two words on how far it is
_CHUNK: Final = 2**20


@dataclass
class _InspectedClip:
    """A clip whose beginning was looked at: where it lies, and how many frames its header promises (0: it does not)."""

    path: str
    file: Path
    sha256: str
    original: str
    about: Clip


@dataclass
class _DecodedClip:
    """A clip that was decoded to its end, or to where it is damaged, which `shortfall` says."""

    inspected: _InspectedClip
    seconds: list[float] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)
    scenes: SceneDetector = field(default_factory=SceneDetector)
    shortfall: Message | None = None

    @property
    def rate(self) -> float:
        """Frames a second, by their times."""
        return rate_of(len(self.seconds) - 1, self.seconds[-1], self.inspected.about.frames_per_second)

    @property
    def remarks(self) -> list[Message]:
        """What is to be said of a clip that came in."""
        others = (index for index, size in enumerate(self.sizes) if size != self.sizes[0])
        if (index := next(others, None)) is None:
            return [self.shortfall] if self.shortfall else []
        (first_width, first_height), (width, height) = self.sizes[0], self.sizes[index]
        changes = message(
            "clips.size_changes",
            frame=index,
            width=width,
            height=height,
            first_width=first_width,
            first_height=first_height,
        )
        return [*([self.shortfall] if self.shortfall else []), changes]


class ClipIntake(Intake):
    """An import of clips (MP4, MOV, AVI, MKV, WebM): first all are looked at, then each is decoded once and taken in.

    The clip itself is kept, or stays where it is where the options say so, and no file of any frame. Each frame becomes
    a picture ``<clip>/000123.jpg`` that is read from the clip (`core.library.clip_frames`), whose `sequence` is the
    clip's path, so that a split never parts them. All frames are decoded once, since neither headers nor lists of
    packets tell the truth, and cuts are found by looking; a clip that is damaged gives the frames before the damage.
    Whatever is missing becomes a `SkippedInput` row of the run. Safe to repeat after a crash.
    """

    def __init__(self, workspace: Workspace, **import_: Any) -> None:
        super().__init__(workspace, **import_)
        self.clips = self.frames = self.done = 0
        self.kept: dict[str, int] = {}  # bytes that the home folder has of each clip

    def take(self, files: Sequence[SourceFile]) -> dict[str, int]:
        """Take in every clip of a list.

        Returns
        -------
        dict
            ``clips`` and ``frames`` that were read (those that were here already too), ``bytes_kept`` of them in the
            home folder, ``skipped`` of the whole run.
        """
        clips = [file for file in files if isinstance(file, OfferedFile) and is_clip(file.path)]
        if clips:
            self._take_all(self._inspect_all(clips))
        counted = {"clips": self.clips, "frames": self.frames, "bytes_kept": sum(self.kept.values())}
        with reading(self.workspace.engine) as session:
            return {**counted, "skipped": count_skipped(self.run_id, session=session)}

    def _inspect_all(self, files: Sequence[OfferedFile]) -> list[_InspectedClip]:
        """Keep each clip; what is here already is counted, what cannot be read is noted."""
        fresh: list[_InspectedClip] = []
        self.progress.begin(len(files), message=message("progress.looking_at_clips"))
        for number, file in enumerate(files, 1):
            try:
                if file.path in self.progress.suspicion.killers:
                    raise BadInput.saying(self.reason_killed(file.path))
                self.progress.take(file.path)
                clip = self._inspect(file, asked=len(files) == 1)
                if (here := self._whole(clip.sha256)) is None:
                    fresh.append(clip)
                else:
                    self._count(clip, here.frames)
                    self._say(clip.path, self._remarks(clip.sha256))
            except (BadInput, OSError) as error:
                self._say(file.path, [_reason(error)])
            self.progress.advance(number)
        self.progress.take()
        return fresh

    def _inspect(self, file: OfferedFile, *, asked: bool) -> _InspectedClip:
        content = file.file if file.file is not None else file.read()
        sha256 = _sha256(content)
        if reason := self.why_not(file.path, sha256, asked=asked or self._whole(sha256) is not None):
            raise BadInput.saying(reason)
        if isinstance(content, Path) and self.options.reference:
            original = place_of(content)
        else:
            original = self.workspace.original_name(sha256, PurePosixPath(file.path).suffix.lower())
            _copy(content, self.workspace.original(original))
        stored = self.workspace.original(original)
        try:
            about = probe(stored, file.path)
            self._check_size(file.path, about.width, about.height)
        except BadInput:
            self._forget(stored, original)
            raise
        return _InspectedClip(file.path, stored, sha256, original, about)

    def _check_size(self, path: str, width: int, height: int) -> None:
        if width * height > (largest := self.workspace.settings.max_pixels):
            raise UnreadableVideo("clips.too_large", of=path, width=width, height=height, limit=largest)

    def _forget(self, stored: Path, original: str) -> None:
        """Do not keep what cannot be read, unless it came in before."""
        with reading(self.workspace.engine) as session:
            known = session.exec(select(Video.id).where(Video.original == original)).first() is not None
        if not known and not self.options.reference:
            stored.unlink(missing_ok=True)

    def _whole(self, sha256: str) -> Video | None:
        """The clip of that content, if it is here with all its frames and files."""
        with reading(self.workspace.engine) as session:
            video = session.exec(self._known(sha256)).first()
            files = [] if video is None else clip_files(video, session=session)
            whole = video is not None and count_frames_of(video.id, session=session) == video.frames
        return video if whole and self._index_file(sha256).is_file() and all(map(self.is_stored, files)) else None

    def _index_file(self, sha256: str) -> Path:
        return self.workspace.clip_index(FrameOriginal.of(sha256, 0).clip)

    def _known(self, sha256: str) -> SelectOfScalar[Video]:
        return select(Video).where(Video.dataset_id == self.dataset_id, Video.sha256 == sha256)

    def _take_all(self, clips: Sequence[_InspectedClip]) -> None:
        """Decode each clip and take in its frames."""
        self.progress.begin(sum(clip.about.frames or 0 for clip in clips), message=message("progress.taking_frames"))
        for clip in clips:
            try:
                self._take(clip)
            except (BadInput, OSError) as error:
                self._say(clip.path, [_reason(error)])
        self.progress.take()

    def _take(self, clip: _InspectedClip) -> None:
        name = f"frames of {clip.path}"  # another thing in hand than the clip that is looked at
        if name in self.progress.suspicion.killers:
            raise BadInput.saying(self.reason_killed(name))
        self.progress.take(name, note=self.noted(clip.sha256))
        try:
            decoded = self._decode(clip)
        except BadInput:
            self._forget(clip.file, clip.original)
            raise
        with writing(self.workspace.engine) as session:
            path = free_clip_path(self.dataset_id, clip.path, clip.sha256, session=session)
            identity = self.identity(clip.path, no_name="clips.folder_no_name", session=session)
        self._store(decoded, self._video(decoded, path), identity)
        self._count(clip, len(decoded.seconds))
        self._say(clip.path, decoded.remarks)

    def _decode(self, clip: _InspectedClip) -> _DecodedClip:
        """Go through a clip once, and keep where its frames are."""
        most = self.workspace.settings.max_clip_frames
        decoded, survey = _DecodedClip(clip), ClipSurvey(clip.file, clip.path)
        try:
            for frame in survey:
                if frame.number == most:
                    raise BadInput("clips.too_long", of=clip.path, limit=most)
                self._check_size(clip.path, frame.width, frame.height)
                decoded.seconds.append(frame.seconds)
                decoded.sizes.append((frame.width, frame.height))
                decoded.scenes.add_small(frame.small)
                self.done += 1
                if frame.number % _TOLD == 0:
                    self.progress.advance(self.done)
        except UnreadableVideo as error:
            if not error.decoded:
                raise
            decoded.shortfall = message("clips.cut_short", reason=error.message.nowhere())
        count, promised = len(decoded.seconds), clip.about.frames or 0
        if decoded.shortfall is None and count < promised:
            decoded.shortfall = message("clips.fewer_frames", promised=promised, count=count)
        self.progress.advance(self.done)
        index = replace(survey.index(), remarks=tuple(json.dumps(remark.to_json()) for remark in decoded.remarks))
        write_atomically(self._index_file(clip.sha256), index.to_bytes(), durable=True)
        return decoded

    def _video(self, decoded: _DecodedClip, path: str) -> int:
        """The id of a clip's row, which is made or told where the clip lies now."""
        clip = decoded.inspected
        with writing(self.workspace.engine) as session:
            video = session.exec(self._known(clip.sha256)).first()
            if video is None:
                video = Video(
                    dataset_id=self.dataset_id,
                    path=path,
                    sha256=clip.sha256,
                    width=clip.about.width,
                    height=clip.about.height,
                    frames=len(decoded.seconds),
                    frames_per_second=decoded.rate,
                    original=clip.original,
                )
                session.add(video)
                session.flush()
            video.original = clip.original
            return video.id

    def _store(self, decoded: _DecodedClip, video_id: int, identity: str | None) -> None:
        """Write pictures and places of the frames, many a transaction; what is there already stays as it is."""
        scenes, at = decoded.scenes.numbers(), now()
        with reading(self.workspace.engine) as session:
            path = session.get_one(Video, video_id).path
            here = image_of_each_frame(video_id, session=session)
        self._read_from_clip(decoded.inspected, {number for number in here.values() if number is not None})
        for numbers in batched([number for number in range(len(scenes)) if number not in here], _BATCH):
            images = [self._image(decoded, path, number, identity, at) for number in numbers]
            with writing(self.workspace.engine) as session:
                ids = self.ids_of([image.sha256 for image in images], session=session)
                fresh = [image for image in images if image.sha256 not in ids]
                made = insert_rows(fresh, session=session)
                ids |= {image.sha256: number for image, number in zip(fresh, made, strict=True)}
                paths = [ImagePath(image_id=number, path=image.path) for number, image in zip(made, fresh, strict=True)]
                insert_rows(paths, session=session)
                for image, index in zip(images, numbers, strict=True):
                    frame = Frame(video_id=video_id, index=index, seconds=decoded.seconds[index], scene=scenes[index])
                    frame.image_id = ids[image.sha256]
                    session.add(frame)
                self.record(len(fresh), session=session)

    def _image(self, decoded: _DecodedClip, path: str, number: int, identity: str | None, at: datetime) -> Image:
        width, height = decoded.sizes[number]
        sha256 = decoded.inspected.sha256
        return Image(
            dataset_id=self.dataset_id,
            path=f"{path}/{number:06d}.jpg",
            sha256=frame_identity(sha256, number),
            size_bytes=0,
            width=width,
            height=height,
            format="JPEG",
            original=str(FrameOriginal.of(sha256, number)),
            sequence=path,
            identity=identity,
            identity_by=self.author_id if identity else None,
            run_id=self.run_id,
            imported_at=at,
        )

    def _read_from_clip(self, clip: _InspectedClip, image_ids: Set[int]) -> None:
        """Let frames that had files of their own, which are gone, be read from the clip."""
        for part in id_batches(sorted(image_ids)):
            with writing(self.workspace.engine) as session:
                rows = select(Image, func.min(Frame.index)).join(Frame, col(Frame.image_id) == Image.id)
                for image, number in session.exec(rows.where(col(Image.id).in_(part)).group_by(col(Image.id))):
                    if not self.is_stored(image.original):
                        image.original = str(FrameOriginal.of(clip.sha256, number))

    def _remarks(self, sha256: str) -> list[Message]:
        """What was said of a clip when it came in, which is said each time that it comes."""
        index = ClipIndex.from_bytes(self._index_file(sha256).read_bytes())
        return [Message.from_json(json.loads(remark)) for remark in index.remarks]

    def _count(self, clip: _InspectedClip, frames: int) -> None:
        self.clips, self.frames = self.clips + 1, self.frames + frames
        of_clip = 0 if self.options.reference else clip.file.stat().st_size
        self.kept[clip.sha256] = of_clip + self._index_file(clip.sha256).stat().st_size

    def _say(self, path: str, reasons: Sequence[Message]) -> None:
        with writing(self.workspace.engine) as session:
            for reason in reasons:
                self.skip(path, reason, session=session)


def free_clip_path(dataset_id: int, path: str, sha256: str, *, session: Session) -> str:
    """`path`, or ``clip-2.mp4`` and so on where a clip of other content has that name already."""
    taken = {video.path for video in videos(dataset_id, session=session) if video.sha256 != sha256}
    return next(str(name) for name in numbered(PurePosixPath(path), "-{}") if str(name) not in taken)


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
