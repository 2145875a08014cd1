"""How far the work is: worked out by hand, against a count of the rows one by one, and for an empty store."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.skeletons import SKELETONS
from db.engine import reading
from db.queries.dashboard import InstancesByReview, Overview, Work, daily_work, overview
from db.queries.library import DatasetCounts, count_without_face, counts
from db.tables import Assignment, DailyWork, Image, Instance, KeypointRevision, Person, Review, Source
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing

_SKELETON = {"face": "face68", "person": "body24"}


class Stage:
    """Puts rows into one dataset."""

    def __init__(self, session, dataset, author):
        self.session, self.dataset, self.author = session, dataset, author

    def picture(self, name, state):
        image = Image(
            dataset_id=self.dataset,
            path=name,
            sha256=name,
            size_bytes=1,
            width=9,
            height=9,
            format="PNG",
            original=name,
            state=state,
        )
        return self._add(image)

    def person(self, name=None, active=True):
        return self._add(Person(dataset_id=self.dataset, name=name, active=active))

    def instance(self, image, kind="face", points=None, removed=False, person=None, confirmed=False):
        row = self._add(
            Instance(
                dataset_id=self.dataset, image_id=image.id, kind=kind, left=0, top=0, right=5, bottom=5, removed=removed
            )
        )
        for review in points or ():
            skeleton = SKELETONS[_SKELETON[kind]]
            packed = Keypoints.of(np.zeros((len(skeleton), 2))).to_bytes()
            revision = self._add(
                KeypointRevision(
                    instance_id=row.id,
                    skeleton=skeleton.name,
                    points=packed,
                    source=Source.MODEL if review == Review.OPEN else Source.HUMAN,
                    review=review,
                )
            )
            row.revision_id = revision.id
        if person is not None:
            source = Source.HUMAN if confirmed else Source.MODEL
            self._add(Assignment(instance_id=row.id, dataset_id=self.dataset, person_id=person.id, source=source))
        return row

    def _add(self, row):
        self.session.add(row)
        self.session.flush()
        return row


@pytest.fixture
def two_datasets(workspace, dataset, author):
    """The first has 4 pictures, 5 faces and a figure; the second 1 picture with 1 face."""
    with writing(workspace.engine) as session:
        stage = Stage(session, dataset, author)
        first, second = stage.picture("a", "in_progress"), stage.picture("b", "found")
        stage.picture("c", "failed")
        stage.picture("d", "new")
        ada, nobody, gone = stage.person("Ada"), stage.person(), stage.person(active=False)
        stage.person("Without a face")
        stage.instance(first, points=["open", "accepted"], person=ada, confirmed=True)
        stage.instance(first, points=["open"], person=ada)
        stage.instance(second, points=["open"], person=nobody)
        stage.instance(second)
        stage.instance(second, points=["in_progress"])
        stage.instance(second, points=["accepted"], removed=True)
        stage.instance(second, kind="person", points=["open"])
        assert gone.active is False
        other = Stage(session, ensure_dataset("other", author, session=session), author)
        other.instance(other.picture("e", "new"), points=["imported"], person=other.person("Bo"), confirmed=True)
    return workspace


def read(workspace, dataset):
    with reading(workspace.engine) as session:
        return overview(dataset, session=session)


def test_one_dataset_is_counted_as_by_hand(two_datasets, dataset):
    assert read(two_datasets, dataset) == Overview(
        totals=DatasetCounts(images=4, faces=5, people=2, without_face=2, failed=1, corrected=0),
        states={"in_progress": 1, "found": 1, "failed": 1, "new": 1},
        named=1,
        assigned=3,
        confirmed=1,
        points=(InstancesByReview("face", 1, 0, 1, 2, 1), InstancesByReview("person", 0, 0, 0, 1, 0)),
    )


def test_all_datasets_are_counted_together(two_datasets):
    assert read(two_datasets, None) == Overview(
        totals=DatasetCounts(images=5, faces=6, people=3, without_face=2, failed=1, corrected=0),
        states={"in_progress": 1, "found": 1, "failed": 1, "new": 2},
        named=2,
        assigned=4,
        confirmed=2,
        points=(InstancesByReview("face", 1, 1, 1, 2, 1), InstancesByReview("person", 0, 0, 0, 1, 0)),
    )


def test_a_picture_without_a_face_is_counted_whatever_has_been_said_of_it(workspace, dataset, author):
    with writing(workspace.engine) as session:
        stage = Stage(session, dataset, author)
        for name, state in (("a", "empty"), ("b", "accepted"), ("c", "new"), ("d", "failed"), ("e", "found")):
            picture = stage.picture(name, state)
        stage.instance(picture, kind="person")
        stage.picture("f", "found").faces = 1
    with reading(workspace.engine) as session:
        assert count_without_face(dataset, session=session) == 3
        assert count_without_face(None, session=session) == 3
        assert overview(dataset, session=session).totals == counts(dataset, session=session)
        assert overview(dataset, session=session).states["empty"] == 1


def test_an_empty_dataset_is_all_zeros(workspace, dataset):
    nothing = (InstancesByReview("face", 0, 0, 0, 0, 0), InstancesByReview("person", 0, 0, 0, 0, 0))
    assert (
        read(workspace, dataset)
        == read(workspace, None)
        == Overview(DatasetCounts(0, 0, 0, 0, 0, 0), {}, 0, 0, 0, nothing)
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_counts_are_those_of_the_rows_counted_one_by_one(workspace, dataset, author, seed):
    rng = np.random.default_rng(seed)
    with writing(workspace.engine) as session:
        stage = Stage(session, dataset, author)
        images = [stage.picture(str(i), str(rng.choice(["new", "found", "empty"]))) for i in range(20)]
        people = [stage.person(f"p{i}" if i % 2 else None) for i in range(8)]
        for _ in range(60):
            removed = bool(rng.random() < 0.2)
            stage.instance(
                images[rng.integers(20)],
                kind=str(rng.choice(["face", "person"])),
                points=[str(review) for review in rng.choice(list(Review), rng.integers(3))],
                removed=removed,
                person=people[rng.integers(8)] if not removed and rng.random() < 0.6 else None,
                confirmed=bool(rng.random() < 0.5),
            )
    seen = read(workspace, dataset)
    with reading(workspace.engine) as session:
        instances = [row for row in session.exec(select(Instance)) if not row.removed]
        heads = {row.id: row.review for row in session.exec(select(KeypointRevision))}
        owners = session.exec(select(Assignment)).all()
        names = {row.id: row.name for row in session.exec(select(Person))}
    for points in seen.points:
        reviews = [heads.get(row.revision_id) for row in instances if row.kind == points.kind]
        counted = (points.accepted, points.imported, points.in_progress, points.model, points.none)
        assert counted == tuple(map(reviews.count, ("accepted", "imported", "in_progress", "open", None)))
        assert points.total == len(reviews)
    assert seen.assigned == len(owners)
    assert seen.confirmed == sum(row.source == "human" for row in owners)
    with_face = {row.person_id for row in owners}
    assert (seen.named, seen.totals.people) == (sum(names[person] is not None for person in with_face), len(with_face))


def test_work_is_listed_newest_day_first_and_of_all_datasets_together(workspace, dataset, author):
    with writing(workspace.engine) as session:
        bo, other = ensure_user("bo", session=session), ensure_dataset("other", author, session=session)
        for who, where, day, kind, count in (
            (author, dataset, "2026-01-01", "edits", 3),
            (author, other, "2026-01-01", "edits", 4),
            (bo, dataset, "2026-01-02", "edits", 5),
            (author, dataset, "2026-01-02", "boxes", 6),
            (author, dataset, "2026-01-02", "edits", 7),
        ):
            session.add(DailyWork(author_id=who, dataset_id=where, day=day, kind=kind, count=count))
    newest = [
        Work("2026-01-02", "ada", "boxes", 6),
        Work("2026-01-02", "ada", "edits", 7),
        Work("2026-01-02", "bo", "edits", 5),
    ]
    with reading(workspace.engine) as session:
        assert daily_work(session=session) == [*newest, Work("2026-01-01", "ada", "edits", 7)]
        assert daily_work(dataset, session=session) == [*newest, Work("2026-01-01", "ada", "edits", 3)]
        assert daily_work(other + 1, session=session) == []
