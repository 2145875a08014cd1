"""Random datasets with everything that makes formats stumble, and means to compare and to tamper with exports."""

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image

from core.formats.clips import LabelledClip, LabelledFrame, SplitPart
from core.formats.dataset import (
    LabelledDataset,
    LabelledImage,
    LabelledInstance,
    LabelledPerson,
    LeftOut,
    ModelCard,
    RemovedInstance,
)
from core.foundation.arrays import BOX_SOURCES, Keypoints
from core.foundation.skeletons import SKELETONS

HARD_NAMES = (
    "=cmd|' /C calc'!A0",
    "../x",
    "CON",
    "a/b",
    "a_b",
    "A_B",
    "Ann",
    "ann",
    "Zoë",
    "Zoe\u0308",
    "'quoted",
    "''twice",
    "+49",
    "-1",
    "@home",
    "\ttab",
    "\rreturn",
    "\nline",
    "...",
    "  ",
    "李小龙" * 40,
    "com1.txt",
    'a,"b"\r\nc',
    "🙂",
    "nul\0byte",
    None,
    None,
)
HARD_PATHS = (
    "plain.jpg",
    "sub folder/with space.png",
    "sub folder/deeper/Ёлка.jpg",
    "東京/写真.png",
    "=1+1.png",
    "CON.png",
    "a/same.png",
    "b/same.png",
    "b/SAME.jpg",
    "quote'comma,.png",
)
CARDS = (
    ModelCard("points", "landmarks", "a" * 64, {"flip": True, "size": [256, 192], "scale": 1.25}),
    ModelCard("faces", "detector", "b" * 64, {}),
)


def picture(file: Path, rng: np.random.Generator, width: int, height: int) -> LabelledImage:
    """A noisy picture; a JPEG lies on its side and says so in its EXIF data."""
    file.parent.mkdir(parents=True, exist_ok=True)
    pixels = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
    if file.suffix == ".jpg":
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(np.rot90(pixels).copy()).save(file, exif=exif)
    else:
        Image.fromarray(pixels).save(file)
    content = file.read_bytes()
    return LabelledImage(file.name, hashlib.sha256(content).hexdigest(), len(content), width, height, file)


def points(rng: np.random.Generator, count: int) -> Keypoints:
    """Random points, a third each absent, hidden and visible; some confidences unknown."""
    confidence = rng.random(count) if rng.random() < 0.7 else np.ones(count)
    if rng.random() < 0.5:
        confidence[:: count // 3] = np.nan
    return Keypoints.of(rng.normal(30, 40, (count, 2)), rng.integers(0, 3, count), confidence)


def instance(rng: np.random.Generator, keys: list[str]) -> LabelledInstance:
    kind = str(rng.choice(["face", "person"]))
    corner, size = rng.normal(15, 12, 2), rng.random(2) * 40
    left, top = np.minimum(corner, 45)
    labelled, known = rng.random() < 0.6, rng.random() < 0.8
    person = str(rng.choice(keys)) if known else None
    others = rng.choice(keys, rng.integers(0, 4)).tolist() if rng.random() < 0.4 else []
    name = "face68" if kind == "face" else str(rng.choice(["body24", "coco17"]))
    five = rng.random((5, 2)) * 50 if rng.random() < 0.5 else None
    if five is not None and rng.random() < 0.5:
        five[2] = np.nan
    return LabelledInstance(
        kind=kind,
        box=(left, top, left + size[0], top + size[1]),
        origin=str(rng.choice(["model", "human", "import"])),
        box_source=[*BOX_SOURCES, None][int(rng.integers(len(BOX_SOURCES) + 1))],
        score=float(rng.normal()) if rng.random() < 0.7 else None,
        skeleton=name if labelled else None,
        keypoints=points(rng, len(SKELETONS[name])) if labelled else None,
        points_source=str(rng.choice(["human", "model"])) if labelled else None,
        points_model="points" if labelled and rng.random() < 0.5 else None,
        person=person,
        person_source=str(rng.choice(["human", "automatic"])) if known else None,
        not_people=tuple(key for key in others if key != person),
        five_points=five,
    )


def removed(rng: np.random.Generator) -> RemovedInstance:
    left, top, width, height = rng.normal(15, 12, 4)
    return RemovedInstance(str(rng.choice(["face", "person"])), (left, top, left + abs(width), top + abs(height)))


def random_dataset(folder: Path, seed: int) -> LabelledDataset:
    rng = np.random.default_rng(seed)
    names = rng.permutation(np.array(HARD_NAMES, dtype=object))
    people = tuple(LabelledPerson(f"person-{i:04d}", name) for i, name in enumerate(names, start=1))
    keys = [person.key for person in people]
    images = []
    for i, path in enumerate(HARD_PATHS):
        width, height = (int(side) for side in rng.integers(50, 70, 2))
        plain = picture(folder / f"{i}{Path(path).suffix}", rng, width, height)
        found = tuple(instance(rng, keys) for _ in range(rng.integers(0, 9)))
        identity, reason = (str(rng.choice(HARD_NAMES[:20])) if rng.random() < 0.6 else None for _ in range(2))
        changes = {"path": path, "instances": found, "identity": identity, "reason": reason, "state": "corrected"}
        changes["removed"] = tuple(removed(rng) for _ in range(rng.integers(0, 3)))
        changes["sequence"] = str(rng.choice(HARD_NAMES[:20])) if rng.random() < 0.5 else None
        images.append(LabelledImage(**(plain.__dict__ | changes)))
    refused = (LeftOut("broken.jpg", "not a picture but text"),)
    excluded = (LeftOut("a/same.png", "blurred"), LeftOut("=1+1.png", ""))
    return LabelledDataset(
        f"Set {seed} “ü”", tuple(images), people, CARDS, refused, clips(rng), split(rng, keys), excluded
    )


def clips(rng: np.random.Generator) -> tuple[LabelledClip, ...]:
    """Two clips over some of the pictures: frames that lack one, or share one, or were not taken."""
    made = []
    for letter, name in zip("cd", ("day one/../東京.mp4", "=squat\n03"), strict=True):
        taken = np.flatnonzero(rng.random(40) < 0.3).tolist()
        frames = tuple(
            LabelledFrame(i, i / 29.97, str(rng.choice(HARD_PATHS)) if rng.random() < 0.8 else None) for i in taken
        )
        made.append(LabelledClip(name, letter * 64, 1920, 1080, 40, float(rng.choice([0, 25, 29.97])), frames))
    return tuple(made)


def split(rng: np.random.Generator, keys: list[str]) -> tuple[SplitPart, ...]:
    """A part for groups of every kind."""
    names = [
        ("clip", "=squat\n03"),
        ("sequence", "lunge"),
        ("person", "=Eve"),
        ("person-id", keys[0]),
        ("folder", ""),
        ("folder", "a"),
        ("picture", "plain.jpg"),
    ]
    return tuple(SplitPart(kind, name, str(rng.choice(["train", "validation", "test"]))) for kind, name in names)


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file below a folder and its bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def facts(dataset: LabelledDataset) -> dict:
    """All that a dataset says, as plain values that can be compared."""

    def of(found: LabelledInstance) -> dict:
        arrays = {
            "keypoints": found.keypoints and found.keypoints.to_bytes(),
            "five_points": None if found.five_points is None else found.five_points.tobytes(),
        }
        return found.__dict__ | arrays

    images = [i.__dict__ | {"file": None, "instances": [of(f) for f in i.instances]} for i in dataset.images]
    return dataset.__dict__ | {"images": images, "left_out": [(o.path, o.reason) for o in dataset.left_out]}


def rehash(folder: Path, name: str) -> None:
    """Let the manifest agree with a file that was tampered with, so that the reader gets to see the file."""
    content = (folder / name).read_bytes()
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
