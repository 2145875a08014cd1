"""A labelled dataset in memory: what every format of this family reads and writes."""

import json
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.formats.checks import as_float32, require_choice, require_known, require_text, require_unique, text_or_none
from core.formats.clips import LabelledClip, LabelledTrack, SplitPart
from core.foundation.arrays import BOX_SOURCES, Bools, Box, Keypoints
from core.foundation.errors import BadInput
from core.foundation.skeletons import SKELETONS
from core.media.clip_reading import FramePlace
from core.media.turning import UPRIGHT

INSTANCE_KINDS: Final = ("face", "person")
ORIGINS: Final = ("model", "human", "import")
POINTS_SOURCES: Final = ("model", "human")
REVIEWS: Final = ("open", "in_progress", "accepted", "imported")
SETTLED: Final = ("open", "accepted", "imported")
PERSON_SOURCES: Final = ("human", "automatic")
MODEL_KINDS: Final = ("detector", "landmarks", "encoder", "proposal", "body-detector")
FAILED: Final = "failed"  # the state of an image that never became a picture
_FARTHEST: Final = 1e9  # pixels; keeps widths and areas far from the end of float32


@dataclass(frozen=True)
class ModelCard:
    """The model behind predictions: a unique name, its kind (`MODEL_KINDS`), its weights' SHA-256, its settings.

    Raises
    ------
    BadInput
        If the kind is unknown or the settings are not plain JSON.
    """

    name: str
    kind: str
    weights_sha256: str
    settings: dict[str, Any]

    def __post_init__(self) -> None:
        require_text(self.name, "terms.model_name")
        require_choice(self.kind, MODEL_KINDS, "terms.model_kind", name=self.name)
        try:
            json.dumps(self.settings, allow_nan=False, sort_keys=True, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise BadInput("values.settings_not_json", name=self.name, reason=error) from error


@dataclass(frozen=True, eq=False)
class WorkBegan:
    """What work in progress began from: the points, how far they were reviewed (one of `REVIEWS`, but not in progress),
    and the name of the `ModelCard` that predicted them, or None.

    Raises
    ------
    BadInput
        If the review is none of those.
    """

    keypoints: Keypoints
    review: str
    points_model: str | None = None

    def __post_init__(self) -> None:
        require_choice(self.review, SETTLED, "terms.review")


@dataclass(frozen=True, eq=False)
class LabelledInstance:
    """One face or body of a picture; compared by identity, because it holds arrays.

    Attributes
    ----------
    kind
        One of `INSTANCE_KINDS`.
    box
        Left, top, right, bottom in pixels of the upright picture; rounded to float32. May reach over the edge.
    origin
        Who found it: one of `ORIGINS`.
    box_source
        Where its box comes from: one of `BOX_SOURCES`, or None where an export does not say.
    score
        The detector's score (rounded to float32), or None.
    skeleton, keypoints, points_source
        A key of `SKELETONS`, its K points, and one of `POINTS_SOURCES`; given together or all None.
    points_model
        The name of the `ModelCard` that predicted the points, or None.
    review
        How far the points are reviewed: one of `REVIEWS`, or None where an export from before reviews does not say.
    vouched
        (K,) bool: for which points a human vouches; given where `review` is ``in_progress``, else None.
    began
        What work in progress began from; None where it began from nothing, or an export does not say.
    person, person_source
        The key of a `LabelledPerson`, and one of `PERSON_SOURCES`; given together or both None.
    not_people
        Keys of those `LabelledPerson`s of whom a human said that the face is not theirs; sorted, each once.
    five_points
        (5, 2) float32 pixels: left eye, right eye (as seen), nose, left and right mouth corner; NaN where the detector
        gives none, None where it gives none at all.
    track
        The number of the `LabelledTrack` that it is of, or None.

    Raises
    ------
    BadInput
        If a value is not one of those, or a number is not finite, or the box ends before it begins.
    """

    kind: str
    box: Box
    origin: str
    score: float | None = None
    skeleton: str | None = None
    keypoints: Keypoints | None = None
    points_source: str | None = None
    points_model: str | None = None
    review: str | None = None
    vouched: Bools | None = None
    began: WorkBegan | None = None
    person: str | None = None
    person_source: str | None = None
    not_people: tuple[str, ...] = ()
    five_points: NDArray[np.float32] | None = None
    box_source: str | None = None
    track: int | None = None

    def __post_init__(self) -> None:
        require_choice(self.kind, INSTANCE_KINDS, "terms.instance_kind")
        require_choice(self.origin, ORIGINS, "terms.instance_origin")
        if self.box_source is not None:
            require_choice(self.box_source, BOX_SOURCES, "terms.box_source")
        object.__setattr__(self, "box", _box(self.box))
        if self.score is not None:
            object.__setattr__(self, "score", as_float32(self.score, "terms.score"))
        self._check_points()
        self._check_person()
        object.__setattr__(self, "not_people", tuple(sorted(set(self.not_people))))
        object.__setattr__(self, "five_points", _five_points(self.five_points))

    def _check_points(self) -> None:
        parts = {self.skeleton is not None, self.keypoints is not None, self.points_source is not None}
        if len(parts) > 1 or (self.points_model is not None and self.keypoints is None):
            raise BadInput("values.skeleton_incomplete")
        if self.skeleton is None or self.keypoints is None or self.points_source is None:
            if self.review is not None or self.vouched is not None or self.began is not None:
                raise BadInput("values.skeleton_incomplete")
            return
        require_choice(self.points_source, POINTS_SOURCES, "terms.points_source")
        if self.review is not None:
            require_choice(self.review, REVIEWS, "terms.review")
        said = None if self.vouched is None else len(self.vouched)
        if said != (len(self.keypoints) if self.review == "in_progress" else None):
            raise BadInput("values.vouched")
        if self.began is not None and (said is None or len(self.began.keypoints) != len(self.keypoints)):
            raise BadInput("values.began")
        require_choice(self.skeleton, SKELETONS, "terms.instance_skeleton")
        skeleton = SKELETONS[self.skeleton]
        if skeleton.kind != self.kind:
            raise BadInput("values.skeleton_kind", name=skeleton.name, kind=skeleton.kind, wanted=self.kind)
        if len(self.keypoints) != len(skeleton):
            raise BadInput("values.skeleton_count", name=skeleton.name, count=len(skeleton), found=len(self.keypoints))
        if np.isinf(self.keypoints.confidence).any():
            raise BadInput("values.confidence")

    def _check_person(self) -> None:
        if (self.person is None) != (self.person_source is None):
            raise BadInput("values.person_incomplete")
        if self.person_source is not None:
            require_choice(self.person_source, PERSON_SOURCES, "terms.person_source")
        if self.person in self.not_people:
            raise BadInput("values.person_and_not", person=self.person)


@dataclass(frozen=True)
class RemovedInstance:
    """A box of which a human said that it is no face or body; BadInput as for `LabelledInstance`."""

    kind: str
    box: Box

    def __post_init__(self) -> None:
        require_choice(self.kind, INSTANCE_KINDS, "terms.removed_kind")
        object.__setattr__(self, "box", _box(self.box))


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """One picture of a dataset.

    Attributes
    ----------
    path
        As imported: posix, relative.
    sha256, size_bytes
        Of the file's bytes; an export sets those of a frame's when it has written it.
    width, height
        In pixels, upright (EXIF orientation applied); at least 1 unless the state is `FAILED`.
    file
        Where the bytes lie, or of a frame where it is in its clip, which it is read from; None for kept labels whose
        picture is missing.
    identity
        Who is in it as far as the import says (such as a folder's name), or None.
    sequence
        The clip or action that it is of, or None: pictures of one sequence never go to different parts of a split.
    state, reason
        The image's state in the store, and why if it needs a reason.
    instances
        Its faces and bodies.
    removed
        What a human took out, so that no detector brings it back.
    orientation
        The EXIF orientation that an export has turned it from; its SHA-256 is of the turned file then.

    Raises
    ------
    BadInput
        If there is no state, a text is not valid Unicode, or the size is not one of a picture.
    """

    path: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    file: Path | FramePlace | None
    identity: str | None = None
    state: str = "new"
    reason: str | None = None
    instances: tuple[LabelledInstance, ...] = ()
    removed: tuple[RemovedInstance, ...] = ()
    sequence: str | None = None
    orientation: int = UPRIGHT

    def __post_init__(self) -> None:
        named = {"identity": "terms.image_identity", "reason": "terms.image_reason", "sequence": "terms.image_sequence"}
        for name, what in named.items():
            object.__setattr__(self, name, text_or_none(getattr(self, name), what, path=self.path))
        require_text(self.state, "terms.image_state", path=self.path)
        if self.state != FAILED and min(self.width, self.height) < 1:
            raise BadInput("values.picture_size", path=self.path, width=self.width, height=self.height)


@dataclass(frozen=True)
class LabelledPerson:
    """A person: a key that is unique in the dataset (``person-0001``) and a name, or None."""

    key: str
    name: str | None = None

    def __post_init__(self) -> None:
        require_text(self.key, "terms.person_key")
        object.__setattr__(self, "name", text_or_none(self.name, "terms.person_name", key=self.key))


@dataclass(frozen=True, order=True)
class LeftOut:
    """What did not come along: an image's path (or a person's key, or another file of an export) and why."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class LabelledDataset:
    """All that a dataset says; every part is sorted on creation.

    Attributes
    ----------
    images, people, models
        By path, by key, by name.
    left_out
        What did not come along, with the reasons.
    clips
        By path: which images are whose frames.
    tracks
        By number: the faces and bodies of the clips.
    split
        The part of each group that has one.
    excluded
        Pictures that nobody should learn from or be measured on, by path or by a file name that only one has, and why.

    Raises
    ------
    BadInput
        If a path, key, model name or group occurs twice, or something names an image, a person, a clip or a model that
        is not here.
    """

    name: str
    images: tuple[LabelledImage, ...] = ()
    people: tuple[LabelledPerson, ...] = ()
    models: tuple[ModelCard, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    clips: tuple[LabelledClip, ...] = ()
    split: tuple[SplitPart, ...] = ()
    excluded: tuple[LeftOut, ...] = ()
    tracks: tuple[LabelledTrack, ...] = ()

    def __post_init__(self) -> None:
        require_text(self.name, "terms.dataset_name")
        by = {"images": "path", "people": "key", "models": "name", "clips": "path", "tracks": "number"}
        for name, key in by.items():
            object.__setattr__(self, name, tuple(sorted(getattr(self, name), key=attrgetter(key))))
        for name in ("left_out", "split", "excluded"):
            object.__setattr__(self, name, tuple(sorted(set(getattr(self, name)))))
        images = require_unique((image.path for image in self.images), "terms.image_path")
        people = require_unique((person.key for person in self.people), "terms.person")
        models = require_unique((card.name for card in self.models), "terms.model")
        for image in self.images:
            for instance in image.instances:
                for person in (instance.person, *instance.not_people):
                    require_known(person, people, "terms.person", of=image.path)
                began = instance.began.points_model if instance.began else None
                for model in (instance.points_model, began):
                    require_known(model, models, "terms.model", of=image.path)
        self._check_clips(images)
        self._check_tracks()
        self._check_split(people)

    def _check_clips(self, images: set[str]) -> None:
        require_unique((clip.path for clip in self.clips), "terms.clip")
        require_unique((clip.sha256 for clip in self.clips), "terms.clip_digest")
        for clip in self.clips:
            for frame in clip.frames:
                require_known(frame.image, images, "terms.frame_picture", of=clip.path, frame=frame.index)

    def _check_tracks(self) -> None:
        require_unique((str(track.number) for track in self.tracks), "terms.track")
        clips, tracks = {clip.path for clip in self.clips}, {track.number: track for track in self.tracks}
        for track in self.tracks:
            require_choice(track.kind, INSTANCE_KINDS, "terms.track_kind", number=track.number)
            require_known(track.clip, clips, "terms.clip", of=f"track {track.number}")
        pictures = {clip.path: {frame.image for frame in clip.frames} for clip in self.clips}
        for image in self.images:
            seen: set[int] = set()
            for number, kind in ((one.track, one.kind) for one in image.instances if one.track is not None):
                known = tracks.get(number)
                if known is None or known.kind != kind:
                    raise BadInput("values.no_such_track", of=image.path, kind=kind, number=number)
                if number in seen:
                    raise BadInput("values.track_twice", of=image.path, kind=kind, number=number)
                if image.path not in pictures[known.clip]:
                    raise BadInput("values.track_elsewhere", of=image.path, number=number, clip=known.clip)
                seen.add(number)

    def _check_split(self, people: set[str]) -> None:
        require_unique((f"{row.group} {row.name}" for row in self.split), "terms.group_part")
        clips = {clip.path for clip in self.clips}
        for row in self.split:
            require_known(row.name if row.group == "clip" else None, clips, "terms.clip", of="split")
            require_known(row.name if row.group == "person-id" else None, people, "terms.person", of="split")


def _box(box: Box) -> Box:
    left, top, right, bottom = (as_float32(value, "terms.box") for value in box)
    if max(abs(value) for value in (left, top, right, bottom)) > _FARTHEST:
        raise BadInput("values.box_too_far", limit=_FARTHEST, box=box)
    if right < left or bottom < top:
        raise BadInput("values.box_ends_first", box=box)
    return left, top, right, bottom


def _five_points(points: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    if points is None:
        return None
    rounded = np.array(points, dtype=np.float32)
    if rounded.shape != (5, 2):
        raise BadInput("values.five_points", found=rounded.shape)
    if np.isinf(rounded).any():
        raise BadInput("values.five_points_finite")
    return None if np.isnan(rounded).all() else rounded
