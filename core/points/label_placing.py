"""Which picture of a dataset each label of a file is of; labels of pictures that are not here wait in the store."""

import hashlib
import json
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from sqlmodel import Session, col, delete, select

from core.formats.labels.doubts import Doubt
from core.formats.labels.rows import ANY_ENDING, LabelledRow
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import Message, message, some
from core.library.picture_names import PictureMatch, PictureNames
from core.library.spellings import Spelling, without_kept_in
from core.points.frame_numbers import ClipPath, FrameNumbers, clip_of_numbers, number_of
from core.points.label_doubts import open_question
from core.points.label_writing import FileLabel
from db.batching import id_batches
from db.queries.library import image_of_each_frame, picture_paths, videos
from db.tables import WaitingLabel

# Of two such names each may be of a file of its own: `P0.jpg` beside `p0.jpg`, `p0.png` beside it, or another upload.
_OF_ANOTHER: Final = frozenset({Spelling.CASE, Spelling.ENDING, Spelling.UPLOAD})
_NAMED: Final = 3  # pictures of other folders that a sentence names


@dataclass
class Placement:
    """Labels by the picture that they are of, and those that are put nowhere, with the reason.

    `absent` wait for their picture, or for somebody who says which of several it is (then there is a reason). `refused`
    can be of no picture. `repeated` are labels of frames that look like an earlier frame of their clip: the earlier
    one's labels count. `told` says of files and folders how their pictures were found, where names alone do not say it.
    """

    on: dict[int, list[FileLabel]] = field(default_factory=lambda: defaultdict(list))
    absent: list[tuple[FileLabel, Message | None]] = field(default_factory=list)
    refused: list[tuple[FileLabel, Message]] = field(default_factory=list)
    repeated: list[FileLabel] = field(default_factory=list)
    told: list[tuple[str, Message]] = field(default_factory=list)


class PictureIndex:
    """The names of a dataset's pictures and clips as they are now."""

    def __init__(self, dataset_id: int, *, session: Session) -> None:
        self.pictures = PictureNames(picture_paths(dataset_id, session=session))
        self.clips = {
            video.id: ClipPath(video.id, video.path, video.frames) for video in videos(dataset_id, session=session)
        }
        self._clip_names = PictureNames((clip.id, clip.path) for clip in self.clips.values())
        self._frames: dict[int, dict[int, int | None]] = {}
        self._session = session

    def has(self, row: LabelledRow, source: str) -> bool:
        """Whether a row's picture is here for sure: by more than its name alone."""
        with suppress(BadInput):
            match = self.find(row, source)
            return match is not None and not match.by_name_alone
        return False

    def find(self, row: LabelledRow, source: str) -> PictureMatch | None:
        """The picture of a row in the file `source`, or its clip; raises as `PictureNames.find`."""
        if row.frame is None:
            return self.pictures.find(row.picture, posixpath.dirname(source))
        return self._clip_names.find(row.picture + ANY_ENDING)

    def frames(self, video_id: int) -> dict[int, int | None]:
        """The picture of each frame of a clip."""
        if video_id not in self._frames:
            self._frames[video_id] = image_of_each_frame(video_id, session=self._session)
        return self._frames[video_id]

    def place(self, labels: Iterable[FileLabel]) -> Placement:
        """Say which picture each label is of."""
        return _Placing(self).take(labels)

    def place_arrived(self, labels: Iterable[FileLabel]) -> Placement:
        """Say of which of many labels the picture is here now; of the others nothing is said."""
        return _Placing(self, absent=False).take(labels)

    def place_on(self, path: str, labels: Sequence[FileLabel]) -> Placement:
        """Put labels onto the picture of a path here, or those of a track onto the frames of a clip.

        Raises
        ------
        NotFound
            If there is no picture, or no clip, of that path.
        """
        placing = _Placing(self)
        of_clip = labels[0].row.frame is not None
        match = (self._clip_names if of_clip else self.pictures).at(path)
        if match is None:
            raise NotFound("labels.no_clip_at" if of_clip else "labels.no_picture_at", path=path)
        if of_clip:
            placing.place_track(labels[0].source, self.clips[match.id], labels)
        else:
            placing.placement.on[match.id].extend(labels)
        return placing.placement


class _Placing:
    """One placement in the making: what is known of each label by itself, then of those of a folder together."""

    def __init__(self, index: PictureIndex, *, absent: bool = True) -> None:
        self.index, self.placement, self.tells_absent = index, Placement(), absent
        self.by_name: dict[int, list[FileLabel]] = defaultdict(list)
        self.otherwise: dict[int, list[FileLabel]] = defaultdict(list)
        self.numbered: dict[str, list[tuple[FileLabel, PictureMatch | None]]] = defaultdict(list)
        self.tracks: dict[tuple[str, int], list[FileLabel]] = defaultdict(list)
        self.spelled: dict[tuple[str, Spelling], list[tuple[str, str]]] = defaultdict(list)
        self.shown: dict[tuple[str, int], int] = {}  # by origin and picture: the first frame that looks so

    def take(self, labels: Iterable[FileLabel]) -> Placement:
        for label in labels:
            try:
                self._sort(label, self.index.find(label.row, label.source))
            except BadInput as error:
                self._is_absent(label, error.message)
        for image_id, alike in self.by_name.items():
            self._place_by_name(image_id, alike)
        for image_id, alike in self.otherwise.items():
            self._place_otherwise(image_id, alike)
        for (source, video_id), track in self.tracks.items():
            self.place_track(source, self.index.clips[video_id], track)
        for folder, found in self.numbered.items():
            self._place_numbered(folder, found)
        for (source, spelling), pairs in self.spelled.items():
            name, path = pairs[0]
            about = message("label_doubts.spelling", count=len(pairs), name=name, path=path, how=message(spelling))
            self.placement.told.append((source, about))
        return self.placement

    def _sort(self, label: FileLabel, match: PictureMatch | None) -> None:
        if label.row.frame is not None:
            if match is None:
                self._is_absent(label)
            else:
                self.tracks[label.source, match.id].append(label)
        elif match is None and not self.tells_absent and not self.index.clips:
            return  # it cannot even be a frame
        elif match is None or match.frame:
            self.numbered[folder_of(label.row, label.source)].append((label, match))
        elif match.by_name_alone:
            self.by_name[match.id].append(label)
        elif match.spelling in _OF_ANOTHER:
            self.otherwise[match.id].append(label)
        else:
            self.placement.on[match.id].append(label)
        if match is not None and match.spelling is not None:
            self.spelled[label.source, match.spelling].append((label.row.picture, match.path))

    def place_track(self, source: str, clip: ClipPath, labels: Sequence[FileLabel]) -> None:
        frames = max(label.row.frames or (label.row.frame or 0) + 1 for label in labels)
        if frames != clip.frames:
            about = message("label_doubts.cut", frames=frames, clip=clip.path, count=clip.frames)
            self.placement.told.append((source, about))
        for label in labels:
            assert label.row.frame is not None
            self._place_frame(label, clip, label.row.frame, source)

    def _place_numbered(self, folder: str, found: Sequence[tuple[FileLabel, PictureMatch | None]]) -> None:
        """Labels of one folder whose pictures are frames of a clip, or not here."""
        numbers = None
        if not all(match for _, match in found):
            names = {label.row.picture for label, _ in found}
            numbers = clip_of_numbers(folder, names, list(self.index.clips.values()))
        if numbers is not None and numbers.first is not None:
            about = message("label_doubts.first", count=len(found), clip=numbers.clip.path, first=numbers.first)
            self.placement.told.append((folder or found[0][0].source, about))
        for label, match in found:
            number = number_of(label.row.picture)
            if numbers is not None and numbers.first is not None and number is not None:
                self._place_frame(label, numbers.clip, number - numbers.first, folder)
            elif match is not None:
                self.placement.on[match.id].append(label)
            elif self.tells_absent:
                self._is_absent(label, self._why_absent(label, numbers))

    def _is_absent(self, label: FileLabel, reason: Message | None = None) -> None:
        if self.tells_absent:
            self.placement.absent.append((label, reason))

    def _why_absent(self, label: FileLabel, numbers: FrameNumbers | None) -> Message | None:
        if numbers is not None:
            return message("labels.first_unknown", clip=numbers.clip.path, count=numbers.clip.frames)
        paths = sorted({match.path for match in self.index.pictures.elsewhere(label.row.picture)})
        return message("labels.only_elsewhere", paths=some(paths, _NAMED)) if paths else None

    def _place_frame(self, label: FileLabel, clip: ClipPath, frame: int, origin: str) -> None:
        frames = self.index.frames(clip.id)
        if frame not in frames:
            reason = message("labels.no_frame", count=len(frames), frame=frame)
            self.placement.refused.append((label, reason))
        elif (image_id := frames[frame]) is None:
            self._is_absent(label)
        elif self.shown.setdefault((origin, image_id), frame) != frame:
            self.placement.repeated.append(label)
        else:
            self.placement.on[image_id].append(label)

    def _place_by_name(self, image_id: int, labels: Sequence[FileLabel]) -> None:
        """Labels whose folders say nothing: of two files for one picture nobody knows which is meant."""
        on = self.placement.on
        meant = sorted({_full_name(label) for label in labels})
        reason = None
        if len(meant) > 1:
            reason = message("labels.same_name", one=meant[0], other=meant[1])
        elif image_id in on and not {_full_name(label) for label in on[image_id]} & set(meant):
            reason = message("labels.only_picture", picture=on[image_id][0].row.picture)
        if reason is None:
            on[image_id].extend(labels)
            return
        for label in labels:
            self._is_absent(label, reason)

    def _place_otherwise(self, image_id: int, labels: Sequence[FileLabel]) -> None:
        """Labels that call a picture otherwise: not where that name, or another one, may be of a picture of its own."""
        on = self.placement.on
        one = labels[0]
        other = next((label for label in labels if _differ(label, one)), None)
        owner = next((label for label in on.get(image_id, ()) if _differ(label, one)), None)
        if other is not None:
            reason = message("labels.same_name", one=_full_name(one), other=_full_name(other))
        elif owner is not None:
            reason = message("labels.only_picture", picture=owner.row.picture)
        else:
            on[image_id].extend(labels)
            return
        for label in labels:
            self._is_absent(label, reason)


def _differ(label: FileLabel, other: FileLabel) -> bool:
    """Whether the names of two labels' pictures cannot be of one file; ``name.*`` leaves the ending open."""
    (stem, ending), (other_stem, other_ending) = (
        posixpath.splitext(posixpath.basename(one.row.picture)) for one in (label, other)
    )
    return stem != other_stem or (ending != other_ending and ANY_ENDING not in (ending, other_ending))


def _full_name(label: FileLabel) -> str:
    """The picture's name with its folders; as the file gives it where that has any."""
    name = label.row.picture
    folder = posixpath.dirname(label.source)
    return name if "/" in name or not folder else f"{folder}/{name}"


def folder_of(row: LabelledRow, source: str) -> str:
    """The folder that a row's picture is said to lie in: as the file `source` gives it, else the file's own."""
    return posixpath.dirname(row.picture) or without_kept_in(posixpath.dirname(source))


def keep_waiting(
    dataset_id: int,
    labels: Sequence[FileLabel],
    *,
    questions: Mapping[FileLabel, Doubt] | None = None,
    session: Session,
) -> int:
    """Keep labels until their pictures come, or an answer, each once; returns how many are new. Never commits.

    `questions` are those that a label's picture raises. A label that waits already gets the answers given meanwhile.
    """
    wanted = {digest(label): label for label in labels}
    waiting: dict[str, WaitingLabel] = {}
    for part in id_batches(wanted):
        rows = select(WaitingLabel).where(WaitingLabel.dataset_id == dataset_id, col(WaitingLabel.digest).in_(part))
        waiting |= {row.digest: row for row in session.exec(rows)}
    for key, label in wanted.items():
        row = waiting.get(key) or _waiting(dataset_id, key, label)
        question = (questions or {}).get(label) or open_question(label)
        row.answers = dict(label.row.answers)
        row.asked = None if question is None else str(question.kind)
        row.question = None if question is None else question.to_json()
        session.add(row)
    return len(wanted) - len(waiting)


def forget_asked(dataset_id: int, labels: Iterable[FileLabel], *, session: Session) -> None:
    """Remove labels that wait for an answer which came with their file now."""
    here = col(WaitingLabel.dataset_id) == dataset_id
    asked = col(WaitingLabel.asked).is_not(None)
    for part in id_batches({digest(label) for label in labels}):
        session.exec(delete(WaitingLabel).where(here, asked, col(WaitingLabel.digest).in_(part)))


def forget_waiting(ids: Sequence[int], *, session: Session) -> None:
    """Remove labels that no longer wait."""
    for part in id_batches(ids):
        session.exec(delete(WaitingLabel).where(col(WaitingLabel.id).in_(part)))


def digest(label: FileLabel) -> str:
    """SHA-256 of all that a label says, and of the file that says it; the author is no part of it."""
    row = label.row
    facts = [row.picture, row.frame, row.skeleton, row.box, row.size, row.sequence, row.inside, label.source]
    return hashlib.sha256(json.dumps(facts).encode() + row.keypoints.to_bytes()).hexdigest()


def _waiting(dataset_id: int, key: str, label: FileLabel) -> WaitingLabel:
    row = label.row
    left, top, right, bottom = row.box or (None, None, None, None)
    width, height = row.size or (None, None)
    return WaitingLabel(
        dataset_id=dataset_id,
        digest=key,
        picture=row.picture,
        frame=row.frame,
        frames=row.frames,
        sequence=row.sequence,
        skeleton=row.skeleton,
        points=row.keypoints.to_bytes(),
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        width=width,
        height=height,
        inside=row.inside,
        source=label.source,
        author_id=label.author_id,
        doubts=[doubt.to_json() for doubt in row.doubts],
    )


def waiting_label(waiting: WaitingLabel) -> FileLabel:
    """The label that `keep_waiting` kept."""
    corners = (waiting.left, waiting.top, waiting.right, waiting.bottom)
    row = LabelledRow(
        picture=waiting.picture,
        keypoints=Keypoints.from_bytes(waiting.points),
        skeleton=waiting.skeleton,
        size=None if waiting.width is None or waiting.height is None else (waiting.width, waiting.height),
        box=None if None in corners else corners,  # type: ignore[arg-type]
        sequence=waiting.sequence,
        frame=waiting.frame,
        frames=waiting.frames,
        inside=waiting.inside,
        doubts=tuple(map(Doubt.from_json, waiting.doubts)),
        answers=waiting.answers,
    )
    return FileLabel(row, waiting.source, waiting.author_id)
