"""How many keys and clicks clean people of whose faces some lie with somebody else.

``python -m tests.bench.bench_cleaning [--faces 10000] [--people 500] [--wrong 0.05] [--json]``. Half of the wrong faces
are strays, each with a stranger; half are lumps of 5 to 20 faces of one person with another. Who cleans sees who is who
and makes no mistake, and decides through the same functions as the pages do.

- **queues**: "Same person?" asks, one key an answer, until nothing is left to ask: a proposed cut is "two people" where
  most of either side are of different people, "one person" where all are of one, else "not sure"; two people are one
  where most of their faces are of the same.
- **grid**: people are opened from the wall, doubts first (a click, and one back), until the last wrong face is out. In
  a person's grid, least certain first, a run of faces is a click and one more with Shift; whoever they are is then
  chosen (two clicks: the field, the name that it offers). After the queues, this for what they leave.
- **Immich**: nobody says where to look, so every person is opened and left; a wrong face is four clicks (open the
  photo, edit its faces, the face, the person: immich-app/immich discussion 14596).
- **digiKam**: every person is opened; a wrong face is rejected (a click), and named and confirmed where it waits then
  (two more).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert
from sqlmodel import SQLModel

from core.foundation.arrays import Bools, Ints
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.people.deciding import confirm_faces, keep_apart, leave_unsure, merge_people, move_faces
from core.people.doubts import least_likeness, likeness_to_others
from core.people.likely_pairs import LikelyPair, likely_same
from core.people.mixed_people import ProposedCut, mixed_people
from core.people.owned_faces import OwnedFaces
from core.people.vectors import face_vectors
from db.engine import reading
from db.tables import Assignment, Embedding, Image, Instance, ModelVersion, Person, Source, Threshold
from db.writes.library import ensure_dataset, ensure_user
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.bench.bench_grouping import THRESHOLD, invented_faces
from tests.bench.machine import Row, facts, table

_Rows = tuple[type[SQLModel], list[dict[str, Any]]]

_AT_A_TIME: Final = 40  # questions
_LUMP: Final = (5, 21)
_IMMICH, _DIGIKAM = (2, 4), (1, 3)  # clicks for each person, and for each wrong face


@dataclass(frozen=True, eq=False)
class Mess:
    """A store whose people are mixed, and (N,) who each face is, by rising id of the instance."""

    workspace: Workspace
    dataset: int
    version: ModelVersion
    author: int
    truth: Ints

    def people(self) -> Ints:
        """(N,) with whom each face lies now."""
        with reading(self.workspace.engine) as session:
            return OwnedFaces.of(self.dataset, session=session).person_of(np.arange(1, len(self.truth) + 1))

    def wrong(self) -> Bools:
        """(N,) which faces are not who most of those around them are."""
        return self.truth != majority(self.people(), self.truth)

    def whose(self, instances: list[int]) -> tuple[int, bool]:
        """Who most of these faces are, and whether all are."""
        found = np.bincount(self.truth[np.array(instances) - 1])
        return int(found.argmax()), bool(found.max() == len(instances))


def majority(people: Ints, truth: Ints) -> Ints:
    """(N,) who most of the faces of each face's person are; the first of those who are equally many."""
    counts = np.zeros((people.max() + 1, truth.max() + 1), np.int64)
    np.add.at(counts, (people, truth), 1)
    return counts.argmax(axis=1)[people]


def planted(truth: Ints, share: float, seed: int = 0) -> Ints:
    """(N,) with whom each face lies: half of the wrong ones alone with a stranger, half in lumps."""
    rng = np.random.default_rng(seed)
    people, found = int(truth.max()) + 1, truth.copy()
    wanted = round(share * len(truth))
    for face in rng.choice(len(truth), wanted // 2, replace=False):
        found[face] = (truth[face] + rng.integers(1, people)) % people
    while (left := wanted - int((found != truth).sum())) > 0:
        person = rng.integers(people)
        own = np.flatnonzero((truth == person) & (found == person))
        lump = min(int(rng.integers(*_LUMP)), len(own) // 2, left)
        found[own[:lump]] = (person + rng.integers(1, people)) % people
    return found


def make(home: Path, faces: int, people: int, share: float) -> Mess:
    """Fill a new store: a face in each picture, and people whose faces are as `planted`."""
    vectors, truth = invented_faces(faces, people)
    workspace = Workspace.open(Settings(home=home))
    with writing(workspace.engine) as session:
        author = ensure_user("ada", session=session)
        dataset = ensure_dataset("Mess", author, session=session)
        encoder = ensure_model_version("facenet-vggface2", "encoder", "0" * 64, {}, session=session)
        for kind, rows in _rows(dataset, encoder, vectors, planted(truth, share)):
            session.connection().execute(insert(kind), rows)
        said = {"code": "words.verbatim", "fields": {"text": ""}}
        of = Threshold(dataset_id=dataset, model_version_id=encoder, author_id=author, value=THRESHOLD, chosen=said)
        session.add(of)
        version = session.get_one(ModelVersion, encoder)
        session.expunge(version)
    return Mess(workspace, dataset, version, author, truth)


def _rows(dataset: int, encoder: int, vectors: NDArray[np.float32], people: Ints) -> Iterator[_Rows]:
    image = {"dataset_id": dataset, "size_bytes": 1, "width": 64, "height": 64, "format": "PNG", "state": "found"}
    face = {"dataset_id": dataset, "kind": "face", "left": 8, "top": 8, "right": 56, "bottom": 56, "score": 0.9}
    owned = {"dataset_id": dataset, "source": Source.MODEL}
    whose = dict(enumerate((people + 1).tolist(), 1))
    yield Image, [{"id": n, "path": f"{n}.png", "sha256": f"{n:064}", "original": f"{n}", **image} for n in whose]
    yield Instance, [{"id": n, "image_id": n, **face} for n in whose]
    yield Person, [{"id": person, "dataset_id": dataset} for person in sorted(set(whose.values()))]
    yield Assignment, [{"instance_id": n, "person_id": person, **owned} for n, person in whose.items()]
    seen = {"model_version_id": encoder}
    yield Embedding, [{"instance_id": n, "vector": vectors[n - 1].tobytes(), **seen} for n in whose]


def by_queues(mess: Mess) -> tuple[int, int]:
    """How many keys are pressed until nothing is asked any more, and how many faces are still wrong then."""
    keys = 0
    while rows := list(_asked(mess)):
        for row in rows:
            _answer(mess, row)
        keys += len(rows)
    return keys, int(mess.wrong().sum())


def _asked(mess: Mess) -> Iterator[LikelyPair | ProposedCut]:
    """The next questions, most expected gain first, each about people of whom no other asks."""
    place = mess.workspace, mess.dataset, mess.version
    found: list[LikelyPair | ProposedCut] = [*likely_same(*place, limit=_AT_A_TIME).pairs, *mixed_people(*place)]
    touched: set[int] = set()
    for row in sorted(found, key=lambda each: -each.gain)[:_AT_A_TIME]:
        people = {row.person} if isinstance(row, ProposedCut) else {row.first, row.second}
        if not people & touched:
            yield row
        touched |= people


def _answer(mess: Mess, row: LikelyPair | ProposedCut) -> None:
    workspace, author = mess.workspace, mess.author
    if isinstance(row, LikelyPair):
        of = mess.people()
        one, other = (mess.whose((np.flatnonzero(of == person) + 1).tolist())[0] for person in (row.first, row.second))
        if one == other:
            merge_people(workspace, row.first, [row.second], author_id=author)
        else:
            keep_apart(workspace, row.first, row.second, author_id=author)
        return
    stays, leaves = mess.whose(row.staying), mess.whose(row.leaving)
    if stays[0] != leaves[0]:
        move_faces(workspace, row.leaving, author_id=author)
    elif stays[1] and leaves[1]:
        confirm_faces(workspace, [*row.staying, *row.leaving], author_id=author)
    else:
        leave_unsure(workspace, [row.person], author_id=author)


def by_grid(mess: Mess) -> int:
    """Clicks until the last wrong face is with its person."""
    people, wrong = mess.people(), mess.wrong()
    with reading(mess.workspace.engine) as session:
        vectors = face_vectors(mess.workspace, mess.dataset, mess.version.id, session=session).vectors
    likeness = likeness_to_others(vectors, np.unique(people, return_inverse=True)[1])
    doubts = least_likeness(mess.workspace, mess.dataset, mess.version)
    clicks, left = 0, int(wrong.sum())
    for person in sorted(doubts, key=doubts.__getitem__):
        if not left:
            break
        rows = np.flatnonzero(people == person)
        rows = rows[np.argsort(likeness[rows], kind="stable")]
        clicks += 2 + _clicks_in_grid(np.where(wrong[rows], mess.truth[rows], -1))
        left -= int(wrong[rows].sum())
    return clicks


def _clicks_in_grid(who: Ints) -> int:
    """Clicks in one person's grid; `who` (N,) is who each face is that is to leave, -1 for those that stay."""
    clicks = 0
    for person in np.unique(who[who >= 0]):
        mine = np.flatnonzero(who == person)
        runs = np.split(mine, np.flatnonzero(np.diff(mine) > 1) + 1)
        clicks += 2 + sum(min(len(run), 2) for run in runs)
    return clicks


def measured(mess: Mess) -> list[Row]:
    """The rows; the grid alone is counted on the mess as it was planted."""
    people, wrong, faces = len(np.unique(mess.people())), int(mess.wrong().sum()), len(mess.truth)
    grid, (keys, left) = by_grid(mess), by_queues(mess)
    ours = {"by the grid": grid, "by the queues, and by the grid what they leave": keys + by_grid(mess)}
    peers = {"Immich": _IMMICH, "digiKam": _DIGIKAM}
    what = f"{wrong:,} of {faces:,} faces"
    rows = [
        Row(f"clean {what} {way}", "clicks", mine, None, f"{name}, {theirs:,} clicks", mine / theirs)
        for way, mine in ours.items()
        for name, (each, fix) in peers.items()
        for theirs in [each * people + fix * wrong]
    ]
    rows.append(Row(f"keys until the queues ask nothing more, {what}", "keys", keys))
    return [*rows, Row("wrong faces that they leave", "faces", left)]


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="How many keys and clicks clean mixed people.")
    parser.add_argument("--faces", type=int, default=10_000)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--wrong", type=float, default=0.05, help="share of the faces")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(make(Path(folder) / "home", options.faces, options.people, options.wrong))
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
