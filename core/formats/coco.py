"""The COCO keypoint format (https://cocodataset.org/#format-data), with what COCO cannot say in extra fields.

A folder holds ``manifest.json``, ``annotations.json`` and ``images/<path as imported>``; ``file_name`` is relative to
``images/``. There is a category for each of `exported_skeletons`. An instance without points has the category
of its kind's first skeleton and keypoints that are all zero. ``review`` says how far points are reviewed, and
``vouched``, of work in progress, for which of them a human vouches, and ``began`` what was there before it. ``removed``
lists boxes that a human took out; they are no annotations, so that no training takes them for faces. ``videos`` lists
the clips with number, time and image of each frame; an image of one has ``video_id`` and ``frame_id``, as video tools
expect them; an annotation of a face or body that goes through one has ``track_id``, and ``tracks`` its clip and name.
``split`` says which group is in which part, ``excluded`` what nobody should learn from.
``exif_orientation`` is what a picture was turned from that ``images/`` has upright, and ``originals/`` as it was
imported. ``area`` is that of `core.foundation.geometry.outline_areas`.
"""

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.formats.coco_clips import FrameEntries, frame_entries, track_entries, video_entries
from core.formats.coco_reading import ANNOTATIONS, box_of
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance, WorkBegan
from core.formats.export import Steps
from core.formats.manifest import VERSION
from core.formats.staging import Stage
from core.foundation.arrays import Box, Keypoints
from core.foundation.geometry import outline_areas
from core.foundation.skeletons import SKELETONS, exported_skeletons
from core.media.turning import UPRIGHT

_IDS: Final = {name: i for i, name in enumerate(SKELETONS, start=1)}
_DEFAULT: Final = {skeleton.kind: name for name, skeleton in reversed(SKELETONS.items())}


def write_annotations(stage: Stage, dataset: LabelledDataset, steps: Steps) -> LabelledDataset:
    """Write annotations.json piece by piece; COCO with our fields holds the whole dataset."""
    with stage.open(ANNOTATIONS) as out:
        info = {"description": dataset.name, "version": f"facet coco {VERSION}"}
        out.write(f'{{"info": {_line(info)},\n"licenses": []')
        parts: dict[str, Iterable[dict[str, Any]]] = {
            "categories": _categories(dataset.images),
            "people": [{"key": person.key, "name": person.name} for person in dataset.people],
            "videos": video_entries(dataset),
            "images": _images(dataset.images, frame_entries(dataset)),
            "annotations": _annotations(dataset.images, steps),
            "removed": _removed(dataset.images),
            "split": [{"group": row.group, "name": row.name, "part": row.part} for row in dataset.split],
            "excluded": [{"name": row.path, "reason": row.reason} for row in dataset.excluded],
        }
        if dataset.tracks:
            parts["tracks"] = track_entries(dataset)
        for name, items in parts.items():
            out.write(f',\n"{name}": [')
            for i, item in enumerate(items):
                out.write(f"{',' if i else ''}\n {_line(item)}")
            out.write("]")
        out.write("}\n")
    return dataset


def _line(item: dict[str, Any]) -> str:
    return json.dumps(item, ensure_ascii=False, allow_nan=False)


def _categories(images: Iterable[LabelledImage]) -> Iterator[dict[str, Any]]:
    used = {instance.skeleton for image in images for instance in image.instances}
    for name, skeleton in exported_skeletons(used).items():
        yield {
            "id": _IDS[name],
            "name": skeleton.kind if _DEFAULT[skeleton.kind] == name else name,
            "supercategory": skeleton.kind,
            "skeleton_name": name,
            "keypoints": skeleton.point_names,
            "skeleton": [(a + 1, b + 1) for a, b in skeleton.edges],
        }


def _images(images: Iterable[LabelledImage], frames: FrameEntries) -> Iterator[dict[str, Any]]:
    for i, image in enumerate(images, start=1):
        of_clip = {"video": image.sequence} if image.sequence else {}
        turned = {"exif_orientation": image.orientation} if image.orientation != UPRIGHT else {}
        yield (
            of_clip
            | turned
            | frames.get(image.path, {})
            | {
                "id": i,
                "file_name": image.path,
                "width": image.width,
                "height": image.height,
                "sha256": image.sha256,
                "state": image.state,
                "reason": image.reason,
                "identity": image.identity,
            }
        )


def _annotations(images: Iterable[LabelledImage], steps: Steps) -> Iterator[dict[str, Any]]:
    number = 0
    for image_id, image in enumerate(images, start=1):
        for instance in image.instances:
            number += 1
            yield _annotation(instance, number, image_id)
        steps.advance()


def _annotation(instance: LabelledInstance, number: int, image_id: int) -> dict[str, Any]:
    skeleton = instance.skeleton or _DEFAULT[instance.kind]
    bbox, corners = _bbox(instance.box)
    core = {
        "id": number,
        "image_id": image_id,
        "category_id": _IDS[skeleton],
        "keypoints": _triples(instance.keypoints, len(SKELETONS[skeleton])),
        "num_keypoints": 0 if instance.keypoints is None else int(np.count_nonzero(instance.keypoints.visibility)),
        "bbox": bbox,
        "area": shortest(outline_areas(np.array(instance.box)).item()),
        "iscrowd": 0,
        "origin": instance.origin,
    }
    five = instance.five_points
    extra = {
        "corners": corners,
        "box_source": instance.box_source,
        "score": None if instance.score is None else shortest(instance.score),
        "points_source": instance.points_source,
        "points_model": instance.points_model,
        "review": instance.review,
        "vouched": None if instance.vouched is None else instance.vouched.astype(int).tolist(),
        "began": None if instance.began is None else _began(instance.began),
        "person": instance.person,
        "person_source": instance.person_source,
        "not_people": instance.not_people or None,
        "confidence": _confidence(instance.keypoints),
        "five_points": None if five is None else [_maybe(row) for row in five],
        "track_id": instance.track,
    }
    return core | {key: value for key, value in extra.items() if value is not None}


def _removed(images: Iterable[LabelledImage]) -> Iterator[dict[str, Any]]:
    for image_id, image in enumerate(images, start=1):
        for removed in image.removed:
            bbox, corners = _bbox(removed.box)
            fields = {"bbox": bbox} if corners is None else {"bbox": bbox, "corners": corners}
            yield {"image_id": image_id, "kind": removed.kind, **fields}


def _began(began: WorkBegan) -> dict[str, Any]:
    fields = {
        "review": began.review,
        "points_model": began.points_model,
        "keypoints": _triples(began.keypoints, len(began.keypoints)),
        "confidence": _confidence(began.keypoints),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _triples(keypoints: Keypoints | None, count: int) -> list[float]:
    if keypoints is None:
        return [0] * (3 * count)
    x, y = (_shortest_of(column) for column in keypoints.points.T)
    rows = zip(x, y, keypoints.visibility.tolist(), strict=True)
    return [value for row in rows for value in (row if row[2] else (0, 0, 0))]


def _confidence(keypoints: Keypoints | None) -> list[float | None] | None:
    if keypoints is None or (keypoints.confidence == 1).all():
        return None
    return _maybe(keypoints.confidence)


def _maybe(values: NDArray[np.float32]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in _shortest_of(values)]


def shortest(value: float) -> float:
    """Return the number whose decimal is the shortest that gives back the same float32."""
    return float(str(np.float32(value)))


def _shortest_of(values: NDArray[np.float32]) -> list[float]:
    return [float(text) for text in map(str, values)]


def _bbox(box: Box) -> tuple[list[float], list[float] | None]:
    """Return x, y, width, height; and the corners too where those four do not give them back."""
    left, top, right, bottom = box
    x, y, width, height = shortest(left), shortest(top), _extent(left, right), _extent(top, bottom)
    exact = box_of(x, y, width, height) == box
    return [x, y, width, height], None if exact else [shortest(value) for value in box]


def _extent(low: float, high: float) -> float:
    """Return the shortest width that gives back `high` when it is added to `low` as it is written.

    There is none if `high` is tiny beside a negative `low` (-10 and 1e-16); then `corners` are written too.
    """
    start = shortest(low)
    short = shortest(high - low)
    return short if np.float32(start + short) == np.float32(high) else high - start
