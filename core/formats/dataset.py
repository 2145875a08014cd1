"""A labelled dataset in memory: what every format of this family reads and writes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput
from core.keypoints import Keypoints
from core.skeletons import SKELETONS

KINDS: Final = ("face", "person")
ORIGINS: Final = ("model", "human", "import")
POINTS_SOURCES: Final = ("model", "human")
PERSON_SOURCES: Final = ("human", "automatic")
MODEL_KINDS: Final = ("detector", "landmarks", "encoder")
FAILED: Final = "failed"  # the state of an image that never became a picture
_FARTHEST: Final = 1e9  # pixels; keeps widths and areas far from the end of float32

Box = tuple[float, float, float, float]


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
        _require_text(self.name, "a model's name")
        _require_choice(self.kind, MODEL_KINDS, f"the kind of the model {self.name!r}")
        try:
            json.dumps(self.settings, allow_nan=False, sort_keys=True, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise BadInput(f"the settings of the model {self.name!r} are not plain JSON: {error}") from error


@dataclass(frozen=True, eq=False)
class LabelledInstance:
    """One face or body of a picture; compared by identity, because it holds arrays.

    Attributes
    ----------
    kind
        One of `KINDS`.
    box
        Left, top, right, bottom in pixels of the upright picture; rounded to float32. May reach over the edge.
    origin
        Who found it: one of `ORIGINS`.
    score
        The detector's score (rounded to float32), or None.
    skeleton, keypoints, points_source
        A key of `SKELETONS`, its K points, and one of `POINTS_SOURCES`; given together or all None.
    points_model
        The name of the `ModelCard` that predicted the points, or None.
    person, person_source
        The key of a `LabelledPerson`, and one of `PERSON_SOURCES`; given together or both None.
    not_people
        Keys of those `LabelledPerson`s of whom a human said that the face is not theirs; sorted, each once.
    five_points
        (5, 2) float32 pixels: left eye, right eye (as seen), nose, left and right mouth corner; NaN where the detector
        gives none, None where it gives none at all.

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
    person: str | None = None
    person_source: str | None = None
    not_people: tuple[str, ...] = ()
    five_points: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        _require_choice(self.kind, KINDS, "the kind of an instance")
        _require_choice(self.origin, ORIGINS, "the origin of an instance")
        object.__setattr__(self, "box", _box(self.box))
        if self.score is not None:
            object.__setattr__(self, "score", single(self.score, "a score"))
        self._check_points()
        self._check_person()
        object.__setattr__(self, "not_people", tuple(sorted(set(self.not_people))))
        object.__setattr__(self, "five_points", _five_points(self.five_points))

    def _check_points(self) -> None:
        given = {self.skeleton is not None, self.keypoints is not None, self.points_source is not None}
        if len(given) > 1 or (self.points_model is not None and self.keypoints is None):
            raise BadInput("an instance needs its skeleton, its keypoints and their source together, or none of them")
        if self.skeleton is None or self.keypoints is None or self.points_source is None:
            return
        _require_choice(self.points_source, POINTS_SOURCES, "the source of points")
        _require_choice(self.skeleton, SKELETONS, "the skeleton of an instance")
        shape = SKELETONS[self.skeleton]
        if shape.kind != self.kind:
            raise BadInput(f"the skeleton {shape.name!r} is of a {shape.kind}, not of a {self.kind}")
        if len(self.keypoints) != len(shape):
            raise BadInput(f"the skeleton {shape.name!r} has {len(shape)} points, not {len(self.keypoints)}")
        if np.isinf(self.keypoints.confidence).any():
            raise BadInput("a confidence should be finite, or NaN where a model gives none")

    def _check_person(self) -> None:
        if (self.person is None) != (self.person_source is None):
            raise BadInput("an instance needs its person and the source of that together, or neither")
        if self.person_source is not None:
            _require_choice(self.person_source, PERSON_SOURCES, "the source of a person")
        if self.person in self.not_people:
            raise BadInput(f"an instance cannot be {self.person} and not be {self.person}")


@dataclass(frozen=True)
class RemovedInstance:
    """A box of which a human said that it is no face or body."""

    kind: str
    box: Box

    def __post_init__(self) -> None:
        _require_choice(self.kind, KINDS, "the kind of what was removed")
        object.__setattr__(self, "box", _box(self.box))


@dataclass(frozen=True, eq=False)
class LabelledImage:
    """One picture of a dataset.

    Attributes
    ----------
    path
        As imported: posix, relative.
    sha256, size_bytes
        Of the file's bytes.
    width, height
        In pixels, upright (EXIF orientation applied); at least 1 unless the state is `FAILED`.
    file
        Where the bytes lie; None for kept labels whose picture is missing.
    identity
        Who is in it as far as the import says (such as a folder's name), or None.
    state, reason
        The image's state in the store, and why if it needs a reason.
    instances
        Its faces and bodies.
    removed
        What a human took out, so that no detector brings it back.
    """

    path: str
    sha256: str
    size_bytes: int
    width: int
    height: int
    file: Path | None
    identity: str | None = None
    state: str = "new"
    reason: str | None = None
    instances: tuple[LabelledInstance, ...] = ()
    removed: tuple[RemovedInstance, ...] = ()

    def __post_init__(self) -> None:
        for name in ("identity", "reason"):
            object.__setattr__(self, name, _text_or_none(getattr(self, name), f"the {name} of {self.path!r}"))
        _require_text(self.state, f"the state of {self.path!r}")
        if self.state != FAILED and min(self.width, self.height) < 1:
            raise BadInput(f"{self.path!r} should be at least 1 × 1 pixel, not {self.width} × {self.height}")


@dataclass(frozen=True)
class LabelledPerson:
    """A person: a key that is unique in the dataset (``person-0001``) and a name, or None."""

    key: str
    name: str | None = None

    def __post_init__(self) -> None:
        _require_text(self.key, "a person's key")
        object.__setattr__(self, "name", _text_or_none(self.name, f"the name of {self.key}"))


@dataclass(frozen=True, order=True)
class LeftOut:
    """What did not come along: an image's path (or a person's key, or another file of an export) and why."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class LabelledDataset:
    """Images (sorted by path), people (by key), model cards (by name) and what was left out; sorted on creation.

    Raises
    ------
    BadInput
        If a path, key or model name occurs twice, or an instance names a person or a model that is not here.
    """

    name: str
    images: tuple[LabelledImage, ...] = ()
    people: tuple[LabelledPerson, ...] = ()
    models: tuple[ModelCard, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        _require_text(self.name, "a dataset's name")
        object.__setattr__(self, "images", tuple(sorted(self.images, key=lambda image: image.path)))
        object.__setattr__(self, "people", tuple(sorted(self.people, key=lambda person: person.key)))
        object.__setattr__(self, "models", tuple(sorted(self.models, key=lambda card: card.name)))
        object.__setattr__(self, "left_out", tuple(sorted(set(self.left_out))))
        _require_unique((image.path for image in self.images), "the image path")
        people = _require_unique((person.key for person in self.people), "the person")
        models = _require_unique((card.name for card in self.models), "the model")
        for image in self.images:
            for instance in image.instances:
                for person in (instance.person, *instance.not_people):
                    _require_known(person, people, f"{image.path}: the person")
                _require_known(instance.points_model, models, f"{image.path}: the model")


def single(value: float, what: str) -> float:
    """Round to float32 and widen again, minus zero to zero; BadInput if the result is not finite."""
    with np.errstate(over="ignore"):
        rounded = float(np.float32(value)) + 0.0
    if not np.isfinite(rounded):
        raise BadInput(f"{what} should hold finite numbers, not {value}")
    return rounded


def _box(box: Box) -> Box:
    left, top, right, bottom = (single(value, "a box") for value in box)
    if max(abs(value) for value in (left, top, right, bottom)) > _FARTHEST:
        raise BadInput(f"a box reaches farther than {_FARTHEST:.0e} pixels: {box}")
    if right < left or bottom < top:
        raise BadInput(f"a box ends before it begins: left, top, right, bottom are {box}")
    return left, top, right, bottom


def _five_points(points: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    if points is None:
        return None
    rounded = np.array(points, dtype=np.float32)
    if rounded.shape != (5, 2):
        raise BadInput(f"five points should have the shape (5, 2), not {rounded.shape}")
    if np.isinf(rounded).any():
        raise BadInput("five points should be finite, or NaN where a detector gives none")
    return None if np.isnan(rounded).all() else rounded


def _require_choice(value: str, allowed: Iterable[str], what: str) -> None:
    if value not in allowed:
        raise BadInput(f"{what} should be one of {', '.join(allowed)}, not {value!r}")


def _require_text(value: str, what: str) -> None:
    if not value:
        raise BadInput(f"{what} should not be empty")
    if value != value.encode(errors="replace").decode():
        raise BadInput(f"{what} is not valid Unicode: {value!r}")


def _text_or_none(value: str | None, what: str) -> str | None:
    if value:
        _require_text(value, what)
    return value or None


def _require_unique(values: Iterable[str], what: str) -> set[str]:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise BadInput(f"{what} {value!r} occurs twice")
        seen.add(value)
    return seen


def _require_known(value: str | None, known: set[str], what: str) -> None:
    if value is not None and value not in known:
        raise BadInput(f"{what} {value!r} is not in this dataset")
