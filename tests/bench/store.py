"""A store of any size, filled by plain inserts in seconds; kept in the temporary folder for the next time.

At full size: 100,000 pictures with a face with 68 points in each. They are of 10,000 people of power-law sizes, of whom
the largest has 5,000 faces and two thousand are seen once; every tenth face is nobody's. Ten revisions of every face by
models and five annotators over sixty days, a 128-d embedding and the quality of each, decisions, thresholds with their
pairs, runs, skipped files.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from tests.builders.places import ROOT

FULL: Final = 100_000
ANNOTATORS: Final = ("ada", "bruno", "chidi", "dora", "emi")
DAYS: Final = 60
REVISIONS: Final = 10
PER_FOLDER: Final = 20  # pictures
DIMENSION: Final = 128
_FIRST_DAY: Final = datetime(2026, 9, 20, 8)  # UTC
_DETECTOR, _LANDMARKS, _ENCODER = 1, 2, 3
_COUNTS: Final = json.dumps(
    dict.fromkeys(
        (
            "images",
            "added",
            "duplicates",
            "skipped",
            "faces",
            "people",
            "without_face",
            "failed",
            "corrected",
            "files",
            "left_out",
            "incomplete",
            "threshold",
        ),
        10,
    )
)
_EXPORTED: Final = json.dumps(
    {
        "images": 1000,
        "instances": {"face": 1000, "person": 0},
        "keypoints": {},
        "instances_with_keypoints": {"human": 600, "model": 400},
        "people": 50,
        "people_with_name": 25,
        "faces_with_person": 1000,
        "faces_confirmed_by_human": 400,
        "left_out": 3,
    }
)
_MOMENT: Final = "%Y-%m-%d %H:%M:%S.%f"


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    images: int = FULL

    @property
    def people(self) -> int:
        """How many there are."""
        return self.images // 10

    def faces_of_people(self) -> list[int]:
        """How many faces each person has, the largest first."""
        ranks = np.arange(1, self.people * 8 // 10 + 1)
        seen_once = self.people - len(ranks)
        low, high = 0.0, 3.0
        for _ in range(40):
            power = (low + high) / 2
            counts = np.maximum(2, self.images // 20 * ranks**-power).astype(int)
            low, high = (power, high) if counts.sum() + seen_once > self.images * 9 // 10 else (low, power)
        return [*counts.tolist(), *[1] * seen_once]

    def owners(self) -> list[int]:
        """The person of every face, in the order of the faces; 0 for nobody, who come last."""
        owned = [who for who, count in enumerate(self.faces_of_people(), 1) for _ in range(count)][: self.images]
        return owned + [0] * (self.images - len(owned))


def filled(size: Size) -> Path:
    """The home folder of a filled store; made on the first call, and again when the tables change."""
    made_of = (
        Path(__file__),
        *sorted((ROOT / "db/tables").glob("*.py")),
        *sorted((ROOT / "db/migrations/versions").glob("*.py")),
    )
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in made_of)).hexdigest()[:12]
    home = Path(tempfile.gettempdir()) / f"facet-bench-{size.images}-{digest}"
    if not home.is_dir():
        making = home.with_name(f"making-{home.name}")
        shutil.rmtree(making, ignore_errors=True)
        Workspace.open(Settings(home=making)).engine.dispose()
        with closing(sqlite3.connect(making / "store.db")) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            with connection:
                _fill(connection, size)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for older in home.parent.glob(f"facet-bench-{size.images}-*"):
            shutil.rmtree(older)  # of other tables; a full one takes 1.3 GB
        making.rename(home)
    return home


def _fill(connection: sqlite3.Connection, size: Size) -> None:
    rng = np.random.default_rng(0)
    _people_and_models(connection, size, rng)
    _pictures(connection, size)
    _revisions(connection, size, rng)
    _embeddings(connection, size, rng)
    _decisions(connection, size, rng)
    _judgements(connection, size, rng)


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    names = ", ".join(f'"{name}"' for name in first)
    statement = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(first))})'
    connection.execute(statement, tuple(first.values()))
    connection.executemany(statement, (tuple(row.values()) for row in rows))


def _told(code: str, **fields: str) -> str:
    return json.dumps({"code": code, "fields": fields})


def _moment(share: float) -> str:
    """`share` of the way through the sixty days."""
    return (_FIRST_DAY + timedelta(days=DAYS * share)).strftime(_MOMENT)


def _people_and_models(connection: sqlite3.Connection, size: Size, rng: np.random.Generator) -> None:
    start = _moment(0)
    _insert(connection, "user", ({"id": i, "name": name, "created_at": start} for i, name in enumerate(ANNOTATORS, 1)))
    _insert(connection, "dataset", iter([{"id": 1, "name": "bench", "created_at": start, "created_by": 1}]))
    models = (("mtcnn", "detector"), ("dlib-68", "landmarks"), ("dlib-resnet", "encoder"))
    _insert(
        connection,
        "modelversion",
        (
            {
                "id": i,
                "name": name,
                "kind": kind,
                "weights_sha256": "0" * 64,
                "settings": "{}",
                "settings_key": "{}",
                "created_at": start,
            }
            for i, (name, kind) in enumerate(models, 1)
        ),
    )
    _insert(connection, "modeluse", ({"dataset_id": 1, "model_version_id": i} for i in (1, 2, 3)))
    kinds = ("import", "faces", "people", "export")
    _insert(
        connection,
        "run",
        (
            {
                "id": i,
                "kind": kinds[i % 4],
                "dataset_id": 1,
                "author_id": 1 + i % 5,
                "parameters": "{}",
                "state": "failed" if i % 7 == 0 else "done",
                "done": 1000,
                "total": 1000,
                "done_at_start": 0,
                "counts": _COUNTS,
                "message": "",
                "deaths": 0,
                "cancel_requested": 0,
                "created_at": _moment(i / 201),
                "started_at": _moment(i / 201),
                "finished_at": _moment((i + 0.5) / 201),
            }
            for i in range(1, 201)
        ),
    )
    _insert(
        connection,
        "skipped",
        (
            {
                "run_id": 4,
                "path": f"broken/{i:05d}.txt",
                "reason": _told("words.verbatim", text="not a picture but text"),
            }
            for i in range(1000)
        ),
    )
    _insert(
        connection,
        "person",
        (
            {
                "id": i,
                "dataset_id": 1,
                "name": f"person {i:05d}" if i % 2 and faces > 1 else None,
                "active": 1,
                "created_by": 1 + i % 5 if i % 2 and faces > 1 else None,
                "created_at": _moment(float(rng.random())),
            }
            for i, faces in enumerate(size.faces_of_people(), 1)
        ),
    )


def _pictures(connection: sqlite3.Connection, size: Size) -> None:
    def images() -> Iterator[dict[str, Any]]:
        for i in range(1, size.images + 1):
            who, which = divmod(i - 1, PER_FOLDER)
            digest = hashlib.sha256(str(i).encode()).hexdigest()
            yield {
                "id": i,
                "dataset_id": 1,
                "path": f"p{who:05d}/{which:02d}.jpg",
                "sha256": digest,
                "size_bytes": 50_000,
                "width": 640,
                "height": 480,
                "format": "JPEG",
                "original": f"originals/{digest[:2]}/{digest}.jpg",
                "state": "accepted" if _corrected(i) else "found",
                "faces": 1,
                "run_id": 4,
                "imported_at": _moment(0),
            }

    _insert(connection, "image", images())
    connection.execute("INSERT INTO imagepath (image_id, path) SELECT id, path FROM image")
    connection.execute(
        f"INSERT INTO scan (image_id, model_version_id, run_id, faces, at) SELECT id, {_DETECTOR}, 1, 1, ? FROM image",
        (_moment(0.01),),
    )
    five = np.zeros((5, 2), "<f4").tobytes()
    connection.execute(
        f"""INSERT INTO instance (id, dataset_id, image_id, kind, "left", top, "right", bottom, score, origin,
            five_points, model_version_id, run_id, revision_id, removed, created_at)
            SELECT id, 1, id, 'face', 200, 120, 360, 320, 0.99, 'model', ?, {_DETECTOR}, 1, NULL, 0, ? FROM image""",
        (five, _moment(0.01)),
    )


def _corrected(image: int) -> bool:
    return image % 10 < 6


def _revisions(connection: sqlite3.Connection, size: Size, rng: np.random.Generator) -> None:
    """Round after round, as work goes: the revisions of one face lie far apart in the file."""
    base = np.ones((68, 4), "<f4")
    base[:, :2] = rng.uniform(180, 340, (68, 2))
    blobs = []
    for _ in range(512):
        base[:, :2] += rng.normal(0, 1, (68, 2)).astype(np.float32)
        blobs.append(base.tobytes())

    def rows() -> Iterator[dict[str, Any]]:
        number = 0
        for turn in range(REVISIONS):
            for face in range(1, size.images + 1):
                number += 1
                human = turn > 0 and _corrected(face)
                yield {
                    "id": number,
                    "instance_id": face,
                    "skeleton": "face68",
                    "points": blobs[number % 512],
                    "source": "human" if human else "model",
                    "review": ("accepted" if turn == REVISIONS - 1 else "in_progress") if human else "open",
                    "start_id": face if human and turn < REVISIONS - 1 else None,
                    "author_id": 1 + number % 5 if human else None,
                    "model_version_id": None if human else _LANDMARKS,
                    "base_id": number - size.images if turn else None,
                    "edit_id": f"bench-{number}" if human else None,
                    "note": _told("edits.move", name="nose_4") if human else "",
                    "created_at": _moment(number / (REVISIONS * size.images)),
                }

    _insert(connection, "keypointrevision", rows())
    last = (REVISIONS - 1) * size.images
    connection.execute("UPDATE instance SET revision_id = id + ?", (last,))
    connection.execute(
        """INSERT INTO dailywork (author_id, dataset_id, day, kind, count)
           SELECT author_id, 1, substr(created_at, 1, 10), 'landmark_edits', count(*) FROM keypointrevision
           WHERE source = 'human' GROUP BY 1, 3"""
    )


def _embeddings(connection: sqlite3.Connection, size: Size, rng: np.random.Generator) -> None:
    """Every fiftieth person looks like the one before."""

    def rows() -> Iterator[dict[str, Any]]:
        before, centre = 0, rng.normal(size=DIMENSION)
        for face, who in enumerate(size.owners(), 1):
            if who != before or not who:
                alike = who and who % 50 == 0
                centre = centre + rng.normal(0, 0.25, DIMENSION) if alike else rng.normal(size=DIMENSION)
                before = who
            vector = centre + rng.normal(0, 0.25, DIMENSION)
            packed = (vector / np.linalg.norm(vector)).astype("<f4").tobytes()
            yield {"instance_id": face, "model_version_id": _ENCODER, "vector": packed, "mark": face}

    _insert(connection, "embedding", rows())
    figures = rng.uniform((0, 20, -60, -30), (300, 200, 60, 30), (size.images, 4)).tolist()
    _insert(
        connection,
        "facequality",
        (
            {"instance_id": i, "sharpness": sharp, "size": edge, "yaw": yaw, "pitch": pitch, "at": _moment(0.01)}
            for i, (sharp, edge, yaw, pitch) in enumerate(figures, 1)
        ),
    )


def _decisions(connection: sqlite3.Connection, size: Size, rng: np.random.Generator) -> None:
    events = size.images // 50
    _insert(
        connection,
        "peopleevent",
        (
            {
                "id": i,
                "dataset_id": 1,
                "kind": "merge",
                "summary": _told("words.verbatim", text=f"Merged 2 people into person {i}"),
                "payload": json.dumps({"instances": list(range(20)), "people": [i]}),
                "author_id": 1 + i % 5,
                "undone": 0,
                "at": _moment(i / (events + 1)),
            }
            for i in range(1, events + 1)
        ),
    )
    human = rng.random(size.images) < 0.4
    _insert(
        connection,
        "assignment",
        (
            {
                "instance_id": i,
                "dataset_id": 1,
                "person_id": who,
                "source": "human" if human[i - 1] else "model",
                "author_id": 1 + i % 5 if human[i - 1] else None,
                "run_id": None if human[i - 1] else 2,
                "at": _moment(0.5),
            }
            for i, who in enumerate(size.owners(), 1)
            if who
        ),
    )
    _insert(
        connection,
        "separation",
        (
            {"instance_id": i * 50, "person_id": 1 + (i * 7) % size.people, "event_id": 1 + i % events}
            for i in range(1, events // 2 + 1)
        ),
    )
    connection.execute(
        """INSERT INTO dailywork (author_id, dataset_id, day, kind, count)
           SELECT author_id, 1, substr(at, 1, 10), 'people_decisions', count(*) FROM peopleevent GROUP BY 1, 3"""
    )


def _judgements(connection: sqlite3.Connection, size: Size, rng: np.random.Generator) -> None:
    metrics = json.dumps({"fmr": 0.001, "fnmr": 0.02, "pairs": 5000})
    _insert(
        connection,
        "threshold",
        (
            {
                "id": i,
                "dataset_id": 1,
                "model_version_id": _ENCODER,
                "value": 0.9 + i / 1000,
                "chosen": _told("words.verbatim", text="fmr"),
                "metrics": metrics,
                "author_id": 1 + i % 5,
                "at": _moment(i / 11),
            }
            for i in range(1, 11)
        ),
    )
    pairs = rng.integers(1, size.images + 1, (50_000, 2)).tolist()
    _insert(
        connection,
        "pair",
        (
            {
                "threshold_id": 1 + i % 10,
                "left_id": left,
                "right_id": right,
                "same": i % 2,
                "score": float(rng.random()),
            }
            for i, (left, right) in enumerate(pairs)
        ),
    )
    _insert(
        connection,
        "export",
        (
            {
                "dataset_id": 1,
                "run_id": 3,
                "format": "coco",
                "folder": f"exports/{i}",
                "manifest_sha256": "0" * 64,
                "counts": _EXPORTED,
                "author_id": 1 + i % 5,
                "at": _moment(i / 21),
            }
            for i in range(1, 21)
        ),
    )
