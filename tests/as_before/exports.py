"""One small dataset, written row by row, and what each export format makes of it.

It holds what is hard to carry: names with commas, quotes, formulas and other scripts; hidden and absent points; points
of a human and of a model; a removed box, a face that is not somebody's, a picture that could not be read, one that
nobody should learn from; a clip whose third frame has no picture; a part of the split for every kind of group.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Photo
from sqlmodel import Session, create_engine

from core.foundation.messages import verbatim
from tests.as_before import house

DATASET = 'As "before", once'
PATHS = ("Ada, L./1.bmp", "=SUM(A1).bmp", "talk.mp4/000000.bmp", "talk.mp4/000001.bmp", "日本語 😀.bmp", "z 'q'.bmp")
PEOPLE = ('Zoë, "Z" Ångström 日本', "=Eve", None)
SIDE = 64
_CROPS = "people/"  # pictures of the people, encoded anew: their bytes are the encoder's


def told(place: Path) -> dict[str, Any]:
    """Of each format: the members, and the manifest as it can be compared."""
    with house.at_home(place / "home"):
        house.facet("runs")  # makes the store
        fill(place / "home")
        return {name: _export(place / name, name) for name in ("coco", "identities", "facet")}


def _export(folder: Path, name: str) -> dict[str, Any]:
    done = house.facet("export", "--dataset", DATASET, "--out", folder, "--format", name)
    assert done.exit_code == 1, done.output  # one picture could not be read
    content = (folder / "manifest.json").read_bytes()
    manifest = json.loads(content)
    assert content == _text(manifest), "the manifest is not written as it was"
    manifest["exported_at"] = "MASKED"
    for path in manifest["files"]:
        if _is_crop(path):
            manifest["files"][path] = "MASKED"
    members = {file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()}
    told = {path: _member(path, file) for path, file in members.items()}
    _leave_out_what_is_new(manifest, told, folder)
    told["manifest.json"] = hashlib.sha256(_text(manifest)).hexdigest()
    shown = ("format", "version", "dataset", "generator", "counts", "left_out", "models")
    return {"members": told, "fields": sorted(manifest), **{field: manifest[field] for field in shown}}


def _leave_out_what_is_new(manifest: dict[str, Any], told: dict[str, str], folder: Path) -> None:
    """What annotations say since on purpose: where a box comes from, and 0.53 of it as the area, not all of it."""
    assert manifest["conventions"].pop("area")
    name = "annotations.json"
    if name not in told:
        return
    now = (folder / name).read_text(encoding="utf-8")
    before = re.sub(r', "box_source": "\w+"', "", now)
    before = re.sub(r'"bbox": \[(\S+), (\S+), (\S+), (\S+)\], "area": [^,]+', _with_whole_box, before)
    assert before != now
    digest, size = hashlib.sha256(before.encode()).hexdigest(), len(before.encode())
    told[name], manifest["files"][name] = digest, {"sha256": digest, "size": size}


def _with_whole_box(found: re.Match[str]) -> str:
    box = found[0].rpartition(', "area"')[0]
    return f'{box}, "area": {float(found[3]) * float(found[4])}'


def _text(manifest: dict[str, Any]) -> bytes:
    return (json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _is_crop(path: str) -> bool:
    return path.startswith(_CROPS) and path.endswith(".jpg")


def _member(path: str, file: Path) -> str:
    if _is_crop(path):
        with Photo.open(file) as opened:
            return f"{opened.format} of {opened.width} x {opened.height}"
    return hashlib.sha256(file.read_bytes()).hexdigest()


def fill(home: Path) -> None:
    """Write the dataset into the store of that home folder."""
    engine = create_engine(f"sqlite:///{home / 'store.db'}")
    with Session(engine, expire_on_commit=False) as session:
        _Rows(home, session).fill()
        session.commit()
    engine.dispose()


class _Rows:
    """The rows, in an order that is always the same."""

    def __init__(self, home: Path, session: Session) -> None:
        self.home, self.session = home, session
        self.rng = np.random.default_rng(7)

    def add(self, table: str, **values: Any) -> Any:
        row = house.table(table)(**values)
        self.session.add(row)
        self.session.flush()
        return row

    def fill(self) -> None:
        self.author = self.add("User", name="ada").id
        self.dataset = self.add("Dataset", name=DATASET, created_by=self.author).id
        self.model = self._model()
        self.add("Dataset", name="Another", created_by=self.author)
        self.run = self._run()
        self.people = [self.add("Person", dataset_id=self.dataset, name=name).id for name in PEOPLE]
        self.images = [self._image(number, path) for number, path in enumerate(PATHS)]
        self._broken()
        self._clip()
        faces = [self._face(number, image) for number, image in enumerate(self.images[:-1])]
        for image, skeleton, count in ((self.images[0], "body24", 24), (self.images[-1], "coco17", 17)):
            self._points(self._instance(image, "person", 0), skeleton, count, human=True)
        self._instance(self.images[-1], "face", 3, removed=True)
        self._apart(faces[0])
        self._split()

    def _model(self) -> int:
        settings = {"b": 1, "a": [1.5, None]}
        row = self.add(
            "ModelVersion",
            name="dlib-68",
            kind="landmarks",
            weights_sha256="ab" * 32,
            settings=settings,
            settings_key=json.dumps(settings, sort_keys=True),
        )
        self.add("ModelUse", dataset_id=self.dataset, model_version_id=row.id)
        return int(row.id)

    def _run(self) -> int:
        counts = {"images": 8, "added": 7, "duplicates": 0, "skipped": 1, "clips": 1, "frames": 2}
        row = self.add(
            "Run",
            kind="import",
            dataset_id=self.dataset,
            author_id=self.author,
            state="done",
            counts=counts,
            parameters={"source": "/photos"},
        )
        return int(row.id)

    def _image(self, number: int, path: str) -> Any:
        out = io.BytesIO()
        Photo.fromarray(self.rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)).save(out, "BMP")
        content = out.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        (self.home / "originals" / f"{digest}.bmp").write_bytes(content)
        return self.add(
            "Image",
            dataset_id=self.dataset,
            path=path,
            sha256=digest,
            size_bytes=len(content),
            width=SIDE,
            height=SIDE,
            format="BMP",
            original=f"originals/{digest}.bmp",
            sequence="talk.mp4" if path.startswith("talk") else None,
            identity="Ada, L." if path.startswith("Ada") else None,
            state=("accepted", "found", "found", "accepted", "empty", "new")[number],
            reason=verbatim("nothing was found").to_json() if number == 4 else None,
            run_id=self.run,
        )

    def _broken(self) -> None:
        """A picture whose file is gone, and one that never came in."""
        self.add(
            "Image",
            dataset_id=self.dataset,
            path="gone.bmp",
            sha256="0" * 64,
            size_bytes=9,
            width=SIDE,
            height=SIDE,
            format="BMP",
            original="originals/gone.bmp",
        )
        self.add("Skipped", run_id=self.run, path="broken.jpg", reason=verbatim("the picture is damaged").to_json())

    def _clip(self) -> None:
        video = self.add(
            "Video",
            dataset_id=self.dataset,
            path="talk.mp4",
            sha256="c1" * 32,
            width=SIDE,
            height=SIDE,
            frames=3,
            frames_per_second=29.97,
            original="originals/talk.mp4",
        )
        for index, image in enumerate((self.images[2].id, self.images[3].id, None)):
            self.add(
                "Frame", video_id=video.id, index=index, seconds=index / 29.97, image_id=image, scene=int(index == 2)
            )
        self.clip = video.id

    def _instance(self, image: Any, kind: str, number: int, *, removed: bool = False) -> Any:
        left, top = 4.0 + number, 6.5 + number
        human = number % 2 == 0
        return self.add(
            "Instance",
            dataset_id=self.dataset,
            image_id=image.id,
            kind=kind,
            left=left,
            top=top,
            right=left + 33.3,
            bottom=top + 27.7,
            origin="human" if human else "model",
            score=None if human else 0.9876543,
            five_points=None if human else self.rng.uniform(0, SIDE, (5, 2)).astype("<f4").tobytes(),
            removed=removed,
        )

    def _face(self, number: int, image: Any) -> Any:
        face = self._instance(image, "face", number)
        if number < 4:
            self._points(face, "face68", 68, human=number % 2 == 0)
        if number < len(self.people):
            self.add(
                "Assignment",
                instance_id=face.id,
                dataset_id=self.dataset,
                person_id=self.people[number],
                source="human" if number % 2 == 0 else "model",
            )
        return face

    def _points(self, instance: Any, skeleton: str, count: int, *, human: bool) -> None:
        """K rows of little-endian float32 x, y, visibility, confidence; the first point is absent."""
        rows = np.empty((count, 4), "<f4")
        rows[:, :2] = self.rng.uniform(-10, SIDE + 10, (count, 2))
        rows[:, 2] = 1 + np.arange(count) % 2
        rows[:, 3] = 1 if human else self.rng.random(count)
        rows[0, :3] = np.nan, np.nan, 0
        row = self.add(
            "KeypointRevision",
            instance_id=instance.id,
            skeleton=skeleton,
            points=rows.tobytes(),
            source="human" if human else "model",
            review="accepted" if human else "open",
            author_id=self.author if human else None,
            model_version_id=None if human else self.model,
        )
        instance.revision_id = row.id

    def _apart(self, face: Any) -> None:
        event = self.add(
            "PeopleEvent",
            dataset_id=self.dataset,
            kind="release",
            summary=verbatim("not this one").to_json(),
            author_id=self.author,
        )
        self.add("Separation", instance_id=face.id, person_id=self.people[1], event_id=event.id)

    def _split(self) -> None:
        groups = {
            f"clip {self.clip}": "test",
            "sequence talk.mp4": "test",
            f"person {PEOPLE[0]}": "train",
            f"person-id {self.people[2]}": "validation",
            "folder Ada, L.": "train",
            f"picture {PATHS[4]}": "validation",
            "folder nobody is here": "test",
        }
        for group, part in groups.items():
            self.add("GroupPart", dataset_id=self.dataset, group=group, part=part)
        for name, reason in (("1.bmp", "blurred, twice"), ("not here.bmp", "")):
            self.add("Exclusion", dataset_id=self.dataset, name=name, reason=reason, author_id=self.author)
