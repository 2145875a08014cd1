"""Which picture of a dataset each label of a file is of; labels of pictures that are not here wait in the store."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sqlmodel import Session, col, delete, select

from core.formats.labels.rows import ANY_ENDING, LabelledRow
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput
from core.foundation.messages import Message, message
from core.library.picture_names import PictureMatch, PictureNames
from core.points.label_writing import FileLabel
from db.batching import id_batches
from db.queries.library import clip_paths, image_of_each_frame, picture_paths
from db.tables import WaitingLabel


@dataclass
class Placement:
    """Labels by the picture that they are of, those without a picture, those that may be of several, with the reason.

    `repeated` are labels of frames that look like an earlier frame of their clip: the earlier one's labels count.
    """

    on: dict[int, list[FileLabel]] = field(default_factory=lambda: defaultdict(list))
    absent: list[FileLabel] = field(default_factory=list)
    refused: list[tuple[FileLabel, Message]] = field(default_factory=list)
    repeated: list[FileLabel] = field(default_factory=list)


class PictureIndex:
    """The names of a dataset's pictures and clips as they are now."""

    def __init__(self, dataset_id: int, *, session: Session) -> None:
        self._pictures = PictureNames(picture_paths(dataset_id, session=session))
        self._clips = PictureNames(clip_paths(dataset_id, session=session))
        self._frames: dict[int, dict[int, int | None]] = {}
        self._session = session

    def has(self, row: LabelledRow, source: str) -> bool:
        """Whether a row's picture is here for sure: by more than its name alone."""
        try:
            match = self._find(row, source)
        except BadInput:
            return True  # more pictures would not make it clearer
        return match is not None and not match.by_name_alone

    def place(self, labels: Sequence[FileLabel]) -> Placement:
        """Say which picture each label is of."""
        placement = Placement()
        by_name: dict[int, list[FileLabel]] = defaultdict(list)
        for label in labels:
            try:
                match = self._find(label.row, label.source)
                if match is None:
                    placement.absent.append(label)
                elif label.row.frame is not None:
                    self._place_frame(label, match.id, placement)
                elif match.by_name_alone:
                    by_name[match.id].append(label)
                else:
                    placement.on[match.id].append(label)
            except BadInput as error:
                placement.refused.append((label, error.message))
        for image_id, alike in by_name.items():
            _place_by_name(image_id, alike, placement)
        return placement

    def _find(self, row: LabelledRow, source: str) -> PictureMatch | None:
        folder = PurePosixPath(source).parent.as_posix()
        if row.frame is None:
            return self._pictures.find(row.picture, folder)
        return self._clips.find(row.picture + ANY_ENDING, folder)

    def _place_frame(self, label: FileLabel, video_id: int, placement: Placement) -> None:
        if video_id not in self._frames:
            self._frames[video_id] = image_of_each_frame(video_id, session=self._session)
        frames = self._frames[video_id]
        assert label.row.frame is not None
        if label.row.frame not in frames:
            raise BadInput("labels.no_frame", count=len(frames), frame=label.row.frame)
        image_id = frames[label.row.frame]
        if image_id is None:
            placement.absent.append(label)
        elif any(
            other.row.frame not in (None, label.row.frame) and other.source == label.source
            for other in placement.on.get(image_id, ())
        ):
            placement.repeated.append(label)
        else:
            placement.on[image_id].append(label)


def _place_by_name(image_id: int, labels: Sequence[FileLabel], placement: Placement) -> None:
    """Labels whose folders say nothing: of two files for one picture nobody knows which is meant."""
    meant = sorted({_full_name(label) for label in labels})
    if len(meant) > 1:
        reason = message("labels.same_name", one=meant[0], other=meant[1])
        placement.refused.extend((label, reason) for label in labels)
    elif image_id in placement.on and not {_full_name(label) for label in placement.on[image_id]} & set(meant):
        other = placement.on[image_id][0].row.picture
        reason = message("labels.only_picture", picture=other)
        placement.refused.extend((label, reason) for label in labels)
    else:
        placement.on[image_id].extend(labels)


def _full_name(label: FileLabel) -> str:
    """The picture's name with its folders; as the file gives it where that has any."""
    name = label.row.picture
    folder = PurePosixPath(label.source).parent.as_posix()
    return name if "/" in name or folder == "." else f"{folder}/{name}"


def keep_waiting(dataset_id: int, labels: Sequence[FileLabel], *, session: Session) -> int:
    """Keep labels until their pictures come, each once; returns how many are new. Never commits."""
    wanted = {digest(label): label for label in labels}
    stored: set[str] = set()
    for part in id_batches(wanted):
        rows = select(WaitingLabel.digest).where(
            WaitingLabel.dataset_id == dataset_id, col(WaitingLabel.digest).in_(part)
        )
        stored.update(session.exec(rows))
    for key in wanted.keys() - stored:
        session.add(_waiting(dataset_id, key, wanted[key]))
    return len(wanted) - len(stored)


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
        inside=waiting.inside,
    )
    return FileLabel(row, waiting.source, waiting.author_id)
