"""Correcting points: appended, merged by point, never lost, never twice."""

from __future__ import annotations

import sqlite3
import threading

import numpy as np
import pytest
from sqlmodel import col, select

from core.foundation.arrays import ABSENT, HIDDEN, VISIBLE, Keypoints
from core.foundation.errors import BadInput, Conflict, NotFound, OtherStore
from core.foundation.messages import verbatim, worded
from core.foundation.skeletons import SKELETONS
from core.points.annotating import Edit, editor_instances, editor_skeletons, save_edit
from core.points.boxes import add_instances
from core.points.reviewing import accept
from db.engine import reading
from db.queries.store import store_id
from db.tables import DailyWork, Image, Instance, KeypointRevision
from db.writes.library import ensure_user
from db.writes.models import ensure_model_version
from db.writing import writing

PLACES = np.arange(136, dtype=np.float32).reshape(68, 2) / 2


@pytest.fixture
def bob(workspace):
    with writing(workspace.engine) as session:
        return ensure_user("Bob", session=session)


@pytest.fixture
def image(workspace, dataset):
    with writing(workspace.engine) as session:
        made = Image(
            dataset_id=dataset,
            path="a.png",
            sha256="a" * 64,
            size_bytes=1,
            width=100,
            height=80,
            format="PNG",
            original="originals/a.png",
            state="found",
        )
        session.add(made)
        session.flush()
        return made.id


@pytest.fixture
def face(workspace, dataset, image):
    """A face with 68 points of a model; its first revision has the id `first`."""
    with writing(workspace.engine) as session:
        made = Instance(dataset_id=dataset, image_id=image, kind="face", left=10, top=10, right=60, bottom=70)
        session.add(made)
        session.flush()
        version = ensure_model_version("dlib-68", "landmarks", "0" * 64, {}, session=session)
        guess = Keypoints.of(PLACES, confidence=np.full(68, np.nan))
        revision = KeypointRevision(
            instance_id=made.id,
            skeleton="face68",
            points=guess.to_bytes(),
            source="model",
            review="open",
            model_version_id=version,
        )
        session.add(revision)
        session.flush()
        made.revision_id = revision.id
        return made.id


@pytest.fixture
def first(workspace, face):
    return revisions(workspace, face)[0].id


@pytest.fixture
def edit(workspace, face, author):
    """Saves one change; returns the revision."""
    numbers = iter(range(10_000))

    def save(point, x, y, seen=VISIBLE, *, base, by=None, id=None, after=(), store=None):
        name = id or f"edit-{next(numbers)}"
        change = Edit(name, face, base, ((point, x, y, seen),), verbatim("Moved a point"), tuple(after), store)
        return save_edit(workspace, change, author_id=by or author)

    return save


def revisions(workspace, instance):
    with reading(workspace.engine) as session:
        chosen = select(KeypointRevision).where(KeypointRevision.instance_id == instance)
        return session.exec(chosen.order_by(col(KeypointRevision.id))).all()


def points_now(workspace, instance):
    with reading(workspace.engine) as session:
        row = session.get(Instance, instance)
        return Keypoints.from_bytes(session.get(KeypointRevision, row.revision_id).points)


def work(workspace):
    with reading(workspace.engine) as session:
        return {(row.kind, row.author_id): row.count for row in session.exec(select(DailyWork))}


def state(workspace, image):
    with reading(workspace.engine) as session:
        return session.get(Image, image).state


def test_an_edit_is_appended_and_the_models_revision_stays(workspace, edit, face, first, author, image):
    saved = edit(3, 7.5, 8.25, base=first)
    before, after = revisions(workspace, face)
    assert np.array_equal(Keypoints.from_bytes(before.points).points, PLACES)
    assert (before.source, before.author_id) == ("model", None)
    assert (after.id, after.base_id, after.source, after.author_id) == (saved, first, "human", author)
    assert (worded(after.note), after.skeleton, after.model_version_id) == ("Moved a point", "face68", None)
    now = points_now(workspace, face)
    assert now.points[3].tolist() == [7.5, 8.25]
    assert np.array_equal(np.delete(now.points, 3, axis=0), np.delete(PLACES, 3, axis=0))
    assert now.confidence[3] == 1
    assert np.isnan(np.delete(now.confidence, 3)).all()
    assert state(workspace, image) == "in_progress"
    assert work(workspace) == {("landmark_edits", author): 1}


def test_the_same_edit_sent_again_is_one_revision(workspace, edit, face, first, author):
    saved = edit(3, 7, 8, base=first, id="once")
    assert edit(3, 7, 8, base=first, id="once") == saved
    assert len(revisions(workspace, face)) == 2
    assert work(workspace) == {("landmark_edits", author): 1}


def test_the_same_edit_sent_at_once_by_two_threads_is_one_revision(workspace, edit, face, first):
    results, barrier = [], threading.Barrier(4)

    def send():
        barrier.wait()
        results.append(edit(3, 7, 8, base=first, id="once"))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert len(set(results)) == 1
    assert len(revisions(workspace, face)) == 2


def test_different_points_of_two_people_both_stay(workspace, edit, face, first, bob):
    edit(3, 1, 2, base=first, by=bob)
    edit(4, 5, 6, base=first)
    now = points_now(workspace, face)
    assert now.points[[3, 4]].tolist() == [[1, 2], [5, 6]]


def test_the_same_point_of_two_people_is_a_conflict_that_names_both(workspace, edit, face, first, bob):
    edit(30, 1, 2, base=first, by=bob)
    with pytest.raises(Conflict, match=r"^Bob moved nose_4 meanwhile: keep yours, or take theirs$"):
        edit(30, 5, 6, base=first)
    assert points_now(workspace, face).points[30].tolist() == [1, 2]
    assert len(revisions(workspace, face)) == 2


def test_a_conflict_is_seen_behind_ones_own_later_edit(workspace, edit, face, first, bob):
    edit(3, 1, 2, base=first, by=bob)
    edit(4, 5, 6, base=first)  # merges; from here on the newest revision is one's own
    with pytest.raises(Conflict, match=r"^Bob moved jaw_4 meanwhile"):
        edit(3, 7, 8, base=first)
    assert points_now(workspace, face).points[3].tolist() == [1, 2]


def test_a_point_that_was_moved_back_is_no_conflict(workspace, edit, face, first, bob):
    moved = edit(3, 1, 2, base=first, by=bob)
    edit(3, *PLACES[3].tolist(), base=moved, by=bob)
    edit(3, 7, 8, base=first)
    assert points_now(workspace, face).points[3].tolist() == [7, 8]


def test_hiding_counts_as_moving(workspace, edit, face, first, bob):
    edit(3, *PLACES[3].tolist(), HIDDEN, base=first, by=bob)
    with pytest.raises(Conflict, match="Bob moved jaw_4"):
        edit(3, 7, 8, base=first)


def test_edits_on_top_of_ones_own_may_have_an_old_base(workspace, edit, face, first):
    for step in range(3):
        edit(3, step, step, base=first, id=f"own-{step}", after=[f"own-{before}" for before in range(step)])
    assert points_now(workspace, face).points[3].tolist() == [2, 2]


def test_two_windows_of_one_person_are_a_conflict_as_two_people_are(workspace, edit, face, first):
    edit(3, 1, 2, base=first)
    told = r"^you moved jaw_4 in another window meanwhile: keep this place, or take that one$"
    with pytest.raises(Conflict, match=told):
        edit(3, 5, 6, base=first)
    edit(4, 5, 6, base=first)
    assert points_now(workspace, face).points[[3, 4]].tolist() == [[1, 2], [5, 6]]


def test_somebody_who_puts_a_point_back_has_moved_what_the_hand_shows(workspace, edit, face, first, bob):
    mine = edit(3, 1, 2, base=first, id="mine")
    edit(3, *PLACES[3].tolist(), base=mine, by=bob)
    with pytest.raises(Conflict, match="Bob moved jaw_4 meanwhile"):
        edit(3, 7, 8, base=first, after=["mine"])


def test_an_edit_is_saved_in_the_store_that_it_was_made_in_and_in_no_other(workspace, edit, face, first):
    with reading(workspace.engine) as session:
        here = store_id(session=session)
    edit(3, 5, 6, base=first, store=here)
    with pytest.raises(OtherStore, match="another store than the one that answers here"):
        edit(4, 5, 6, base=first, store="elsewhere")
    assert len(revisions(workspace, face)) == 2


def test_after_a_conflict_one_may_insist(workspace, edit, face, first, bob):
    seen = edit(3, 1, 2, base=first, by=bob)
    edit(3, 5, 6, base=seen, id="insisted")
    assert points_now(workspace, face).points[3].tolist() == [5, 6]
    edit(3, 9, 9, base=first, after=["insisted"])
    assert points_now(workspace, face).points[3].tolist() == [9, 9]


def test_accepting_by_somebody_else_is_no_conflict(workspace, edit, face, first, bob, image):
    accept(workspace, image, author_id=bob)
    edit(3, 5, 6, base=first)
    assert points_now(workspace, face).points[3].tolist() == [5, 6]


def test_two_windows_that_both_show_a_face_without_points_are_a_conflict_at_the_same_point(
    workspace, first, image, author, bob
):
    bare = add_instances(workspace, image, [(0, 0, 20, 20)], "face", author_id=author)[0]

    def place(name, point, x, *, by, after=()):
        edit = Edit(name, bare, None, ((point, x, 5, 2),), after=after)
        return save_edit(workspace, edit, author_id=by)

    place("a", 0, 5, by=author)
    place("b", 1, 5, by=author, after=("a",))
    with pytest.raises(Conflict, match="moved jaw_1 meanwhile"):
        place("c", 0, 9, by=bob)
    place("d", 2, 9, by=bob)
    place("e", 1, 7, by=author, after=("a", "b"))
    assert points_now(workspace, bare).points[:3].tolist() == [[5, 5], [7, 5], [9, 5]]


def test_a_base_that_is_not_this_faces_is_refused_also_where_it_has_no_points(workspace, first, image, author):
    bare = add_instances(workspace, image, [(0, 0, 20, 20)], "face", author_id=author)[0]
    for base in (first, 10_000):
        with pytest.raises(BadInput, match="based on a revision of something else"):
            save_edit(workspace, Edit(f"on {base}", bare, base, ((0, 5, 5, 2),)), author_id=author)
    assert save_edit(workspace, Edit("first", bare, None, ((0, 5, 5, 2),)), author_id=author)


def test_a_base_of_another_face_is_refused(workspace, edit, face, first, image, author):
    other = add_instances(workspace, image, [(0, 0, 20, 20)], "face", author_id=author)[0]
    strange = save_edit(workspace, Edit("x", other, None, ((0, 1, 1, 2),)), author_id=author)
    for base in (strange, 10_000):
        with pytest.raises(BadInput, match="based on a revision of something else"):
            edit(3, 1, 1, base=base)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((68, 1, 1, 2), "face68 has 68 points; there is no point 68"),
        ((-1, 1, 1, 2), "there is no point -1"),
        ((0, 1, 1, 3), r"jaw_1 is absent \(0\), occluded \(1\) or visible \(2\), not 3"),
        ((0, 1, 1, 300), "not 300"),
        ((0, 1, 1, -1), "not -1"),
        ((0, None, 1, 2), "jaw_1 lies far outside of the picture"),
        ((0, float("nan"), 1, 2), "lies far outside"),
        ((0, 1, float("inf"), 2), "lies far outside"),
        ((0, 1001, 1, 2), "lies far outside"),
    ],
)
def test_points_that_cannot_be_are_refused_and_nothing_is_stored(workspace, face, first, author, change, reason):
    with pytest.raises(BadInput, match=reason):
        save_edit(workspace, Edit("bad", face, first, ((1, 2, 2, 2), change)), author_id=author)
    assert len(revisions(workspace, face)) == 1
    assert work(workspace) == {}


def test_an_edit_without_id_or_change_is_refused(workspace, face, first, author):
    for wrong in (Edit("", face, first, ((0, 1, 1, 2),)), Edit("x", face, first, ())):
        with pytest.raises(BadInput, match="an edit needs an id of its own and at least one change"):
            save_edit(workspace, wrong, author_id=author)


def test_a_face_that_is_gone_cannot_be_edited(workspace, edit, face, first):
    with writing(workspace.engine) as session:
        session.get(Instance, face).removed = True
    with pytest.raises(NotFound, match="not there any more"):
        edit(0, 1, 1, base=first)


def test_a_point_can_be_hidden_made_absent_and_come_back(workspace, edit, face, first):
    head = edit(5, 4, 4, HIDDEN, base=first)
    assert points_now(workspace, face).visibility[5] == HIDDEN
    head = edit(5, None, None, ABSENT, base=head)
    gone = points_now(workspace, face)
    assert gone.visibility[5] == ABSENT
    assert np.isnan(gone.points[5]).all()
    edit(5, 6, 6, base=head)
    assert points_now(workspace, face).points[5].tolist() == [6, 6]


def test_a_saved_edit_is_seen_by_another_connection_at_once(workspace, edit, face, first):
    saved = edit(3, 7, 8, base=first)
    other = sqlite3.connect(workspace.home / "store.db")
    assert other.execute("SELECT revision_id FROM instance WHERE id = ?", (face,)).fetchone() == (saved,)
    other.close()


def test_five_hundred_edits_stay_in_order(workspace, edit, face, first, author):
    head = first
    for step in range(500):
        head = edit(step % 68, step / 10, step / 10, base=head)
    rows = revisions(workspace, face)
    assert len(rows) == 501
    assert [row.base_id for row in rows[1:]] == [row.id for row in rows[:-1]]
    assert points_now(workspace, face).points[499 % 68, 0] == np.float32(49.9)
    assert work(workspace) == {("landmark_edits", author): 500}


@pytest.mark.usefixtures("durable")
def test_a_saved_edit_writes_less_than_32_kb_of_log_at_full_durability(workspace, edit, face, first):
    head = edit(0, 1, 1, base=first)
    with workspace.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    log = workspace.home / "store.db-wal"
    assert log.stat().st_size == 0
    for step in range(20):
        head = edit(step, step, 1, base=head)
    assert 20 * 4_000 < log.stat().st_size < 20 * 32_000


def test_two_people_who_edit_at_once_lose_nothing(workspace, edit, face, first, author, bob):
    def work_on(points, who):
        for point in points:
            edit(point, point, 1, base=first, by=who)

    threads = [
        threading.Thread(target=work_on, args=(range(0, 20), author)),
        threading.Thread(target=work_on, args=(range(20, 40), bob)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert points_now(workspace, face).points[:40].tolist() == [[point, 1] for point in range(40)]
    assert work(workspace) == {("landmark_edits", author): 20, ("landmark_edits", bob): 20}


def test_a_drawn_box_gets_points_later(workspace, image, author):
    added = add_instances(workspace, image, [(5, 5, 50, 70)], "person", author_id=author)[0]
    (shown,) = editor_instances(workspace, image)
    assert (shown["id"], shown["origin"], shown["skeleton"], shown["revision"]) == (added, "human", "body24", None)
    assert shown["points"] == [[None, None, 0, 1.0]] * 24
    assert state(workspace, image) == "found"
    assert work(workspace) == {("boxes_drawn", author): 1}
    saved = save_edit(workspace, Edit("x", added, None, ((0, 10, 11, 2),)), author_id=author)
    (shown,) = editor_instances(workspace, image)
    assert (shown["revision"], shown["points"][0], shown["author"]) == (saved, [10.0, 11.0, 2, 1.0], "ada")


def test_a_drawn_face_is_counted_a_drawn_person_is_not(workspace, image, author):
    add_instances(workspace, image, [(5, 5, 50, 70)], "person", author_id=author)[0]
    add_instances(workspace, image, [(-5, -5, 50, 70)], "face", author_id=author)[0]  # may reach over the edge
    with reading(workspace.engine) as session:
        assert session.get(Image, image).faces == 1


@pytest.mark.parametrize(
    ("box", "kind", "reason"),
    [
        ((0, 0, 10, 10), "dog", "a face or a person, not 'dog'"),
        ((0, 0, 0.5, 10), "face", "at least one pixel"),
        ((10, 10, 0, 20), "face", "at least one pixel"),
        ((0, 0, float("nan"), 10), "face", "at least one pixel"),
        ((0, 0, float("inf"), 10), "face", "at least one pixel"),
        ((200, 0, 220, 10), "face", "a box should lie on the picture"),
        ((0, -20, 10, -5), "face", "a box should lie on the picture"),
        ((0, 0, 1e30, 10), "face", "a box should lie on the picture"),
    ],
)
def test_boxes_that_cannot_be_are_refused(workspace, image, author, box, kind, reason):
    with pytest.raises(BadInput, match=reason):
        add_instances(workspace, image, [box], kind, author_id=author)[0]


def test_the_editor_is_given_plain_values(workspace, face, first, image):
    (shown,) = editor_instances(workspace, image)
    assert shown["box"] == [10.0, 10.0, 60.0, 70.0]
    assert shown["points"][1] == [1.0, 1.5, 2, None]  # a model without confidences
    assert (shown["source"], shown["author"], shown["label"], shown["revision"]) == ("model", None, None, first)


def test_removed_faces_are_not_shown(workspace, face, image):
    with writing(workspace.engine) as session:
        session.get(Instance, face).removed = True
    assert editor_instances(workspace, image) == []


def test_the_editors_skeletons_are_all_there():
    shown = editor_skeletons()
    assert set(shown) == set(SKELETONS)
    assert len(shown["face68"]["names"]) == 68
    assert [36, 45] in shown["face68"]["flip_pairs"]
    assert (shown["face68"]["normaliser"], shown["face68"]["unit"]) == ([36, 45], "inter-ocular")


def test_several_boxes_come_in_together_or_not_at_all(workspace, author, image):
    boxes = [(5, 5, 50, 70), (900, 900, 950, 950)]
    with pytest.raises(BadInput, match="a box should lie on the picture"):
        add_instances(workspace, image, boxes, "face", author_id=author)
    with reading(workspace.engine) as session:
        before = len(session.exec(select(Instance).where(Instance.image_id == image)).all())
    added = add_instances(workspace, image, boxes[:1] * 2, "face", author_id=author)
    with reading(workspace.engine) as session:
        after = len(session.exec(select(Instance).where(Instance.image_id == image)).all())
    assert (len(added), after - before) == (2, 2)
