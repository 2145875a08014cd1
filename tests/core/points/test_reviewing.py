"""How far points are reviewed: given by accepting, kept by instance, and as before once everything is undone."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import select

from core.foundation.arrays import ABSENT, VISIBLE, Keypoints
from core.foundation.errors import Conflict, NotFound
from core.foundation.messages import message, worded
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.learning.promoting import pre_label, promote
from core.points.annotating import Edit, editor_instances, save_edit
from core.points.boxes import add_instances
from core.points.reviewing import accept, take_back, vouched_points
from db.engine import reading
from db.tables import DailyWork, Image, ImageState, Instance, KeypointRevision, Review, WorkKind
from db.writes.library import ensure_dataset, ensure_user, refresh_picture
from db.writing import writing
from tests.builders.learning_rows import Shelf, face

FACES = 3
_NUMBERS = count()


class Picture:
    """A picture with faces that have a model's points, as somebody corrects it."""

    def __init__(self, workspace, dataset, author, faces=FACES, **asked):
        self.workspace, self.author = workspace, author
        self.shelf = Shelf(workspace, dataset, author)
        self.version = self.shelf.model("first")
        self.id = self.shelf.image(f"{next(_NUMBERS)}.png")
        asked = {"human": False, "version": self.version} | asked
        self.faces = [self.shelf.instance(self.id, face(10.0 * number), **asked) for number in range(faces)]
        with writing(workspace.engine) as session:
            refresh_picture(self.id, session=session)

    def head(self, number=0):
        with reading(self.workspace.engine) as session:
            revision = session.get(Instance, self.faces[number]).revision_id
            return session.get(KeypointRevision, revision) if revision else None

    def points(self, number=0):
        head = self.head(number)
        return Keypoints.from_bytes(head.points) if head else Keypoints.of(np.full((68, 2), np.nan))

    def edit(self, number, changes, code="edits.move", *, base=None, by=None, window="here"):
        note = message(code, name="x") if code == "edits.move" else message(code, edit=message("edits.kept"))
        head = self.head(number)
        base = base or (head and head.id)
        edit = Edit(f"{window}.{next(_NUMBERS)}", self.faces[number], base, tuple(changes), note)
        return save_edit(self.workspace, edit, author_id=by or self.author)

    def move(self, number=0, point=30, **asked):
        """Move one point; returns what brings it back."""
        before = change_of(self.points(number), point)
        self.edit(number, [(point, 33.25, 44.5, VISIBLE)], **asked)
        return before

    def accept(self, *, sent=None, window="here", **asked):
        sent = sent or (f"{window}.{next(_NUMBERS)}" if window is not None else None)
        return accept(self.workspace, self.id, author_id=self.author, sent=sent, **asked)

    def image(self):
        with reading(self.workspace.engine) as session:
            return session.get(Image, self.id)

    @property
    def state(self):
        return self.image().state

    def reviews(self):
        heads = [self.head(number) for number in range(len(self.faces))]
        return [head.review if head else None for head in heads]

    def work(self, kind):
        with reading(self.workspace.engine) as session:
            return sum(session.exec(select(DailyWork.count).where(DailyWork.kind == kind)))


def change_of(points, point):
    if points.visibility[point] == ABSENT:
        return (point, None, None, ABSENT)
    return (point, *points.points[point].tolist(), int(points.visibility[point]))


@pytest.fixture
def picture(workspace, dataset, author):
    return Picture(workspace, dataset, author)


def test_one_point_of_one_face_leaves_the_others_to_review_and_itself_in_progress(picture):
    picture.move()
    assert picture.reviews() == ["in_progress", "open", "open"]
    assert picture.state == ImageState.IN_PROGRESS
    (shown, other, _) = editor_instances(picture.workspace, picture.id)
    assert np.flatnonzero(shown["vouched"]).tolist() == [30], "67 points are the model's as before"
    assert not any(other["vouched"])
    assert (shown["review"], other["review"]) == ("in_progress", "open")


def test_a_move_undone_is_as_if_it_had_never_been_made(picture):
    start = picture.head()
    back = picture.move()
    picture.edit(0, [back], "edits.undo")
    now = picture.head()
    assert (now.review, now.source, now.points) == (start.review, start.source, start.points)
    assert (now.model_version_id, now.start_id) == (picture.version, None)
    assert picture.state == ImageState.FOUND
    assert editor_instances(picture.workspace, picture.id)[0]["author"] is None, "the points are the model's again"
    assert picture.work("landmark_edits") == 1, "an undo is no edit more"


def test_what_was_undone_is_pre_labelled_again_and_what_is_in_progress_is_not(picture):
    shelf = picture.shelf
    better = shelf.model("better")
    for number in range(2):
        shelf.predict(picture.faces[number], better, face(77.0))
    picture.edit(0, [picture.move(0)], "edits.undo")
    picture.move(1)
    promote(shelf.workspace, shelf.dataset, "better", author_id=picture.author)
    pre_label(shelf.workspace, dataset_id=shelf.dataset, skeleton_name="face68")
    assert picture.points(0).points[0].tolist() == face(77.0)[0].tolist()
    assert picture.points(1).points[30].tolist() == [33.25, 44.5]
    assert picture.reviews()[:2] == ["open", "in_progress"]


def test_accepting_settles_every_face_of_the_picture(picture):
    picture.move()
    assert picture.accept() == FACES
    assert picture.reviews() == ["accepted"] * FACES
    assert picture.state == ImageState.ACCEPTED
    assert all(all(shown["vouched"]) for shown in editor_instances(picture.workspace, picture.id))


def test_accepting_vouches_for_every_point_without_moving_one(picture):
    before = picture.head()
    picture.accept()
    after = picture.head()
    assert (after.source, after.author_id, after.base_id) == ("human", picture.author, before.id)
    assert worded(after.note) == "Accepted as it is"
    assert np.array_equal(picture.points().points, Keypoints.from_bytes(before.points).points)
    assert (picture.points().confidence == 1).all()


def test_accepting_twice_counts_once(picture):
    assert picture.accept() == FACES
    assert picture.accept() == 0
    assert picture.work("pictures_accepted") == 1


def test_an_accepted_face_that_is_touched_is_in_progress_and_accepted_again_once_that_is_undone(picture):
    picture.accept()
    accepted = picture.head()
    back = picture.move()
    assert (picture.reviews()[0], picture.state) == ("in_progress", ImageState.IN_PROGRESS)
    assert all(editor_instances(picture.workspace, picture.id)[0]["vouched"]), "a human vouched for the others before"
    picture.edit(0, [back], "edits.undo")
    assert (picture.head().review, picture.head().points) == ("accepted", accepted.points)
    assert picture.state == ImageState.ACCEPTED


def test_undo_beyond_an_acceptance_gives_the_state_from_before_it_and_redo_the_acceptance(picture):
    start = picture.head()
    back = picture.move()
    again = change_of(picture.points(), 30)
    picture.accept()
    picture.edit(0, [back], "edits.undo")
    assert (picture.head().review, picture.head().points) == ("open", start.points)
    assert picture.state == ImageState.IN_PROGRESS
    picture.edit(0, [again], "edits.redo")
    assert (picture.head().review, picture.state) == ("accepted", ImageState.ACCEPTED)


def test_points_that_were_not_seen_are_not_accepted(picture):
    seen = {picture.head(number).id for number in range(FACES)}
    with pytest.raises(Conflict, match=r"points of .* have changed since they were shown; look at them, then accept"):
        picture.accept(seen=seen - {picture.head().id})
    assert (picture.reviews(), picture.state) == (["open"] * FACES, ImageState.FOUND)
    assert picture.accept(seen=seen) == FACES


def somebody(picture, window):
    """Who works in another window: another person there, or the same one."""
    if window == "there":
        return {"window": window}
    with writing(picture.workspace.engine) as session:
        return {"window": window, "by": ensure_user("Bob", session=session)}


@pytest.mark.parametrize("window", ["Bob's", "there"])
def test_what_was_moved_in_another_window_meanwhile_is_not_accepted_unseen_but_what_was_in_this_one_is(picture, window):
    seen = {picture.head(number).id for number in range(FACES)}
    picture.move(0)  # on its way to the store when the button was pressed
    picture.move(1, **somebody(picture, window))
    with pytest.raises(Conflict, match="have changed since they were shown"):
        picture.accept(seen=seen)
    assert picture.reviews() == ["in_progress", "in_progress", "open"]
    assert picture.accept(seen={*seen, picture.head(1).id}) == FACES


def test_what_this_window_made_of_anothers_unseen_move_is_not_accepted_either(picture):
    seen = {picture.head(number).id for number in range(FACES)}
    picture.move(0, 3, window="there")
    picture.move(0, 4)
    with pytest.raises(Conflict, match="have changed since they were shown"):
        picture.accept(seen=seen)


def test_without_a_window_nothing_counts_as_seen_but_what_was_shown(picture):
    seen = {picture.head(number).id for number in range(FACES)}
    picture.move(0)
    for window in (None, ""):
        with pytest.raises(Conflict, match="have changed since they were shown"):
            picture.accept(seen=seen, window=window)


@pytest.mark.parametrize("window", ["Bob's", "there"])
def test_an_edit_that_was_on_its_way_when_its_window_accepted_was_accepted_with_the_rest(picture, window):
    base = picture.head().id
    picture.accept()
    for point in (30, 31):
        picture.edit(0, [(point, 1.0, 2.0, VISIBLE)], base=base)
    assert (picture.head().review, picture.state) == ("accepted", ImageState.ACCEPTED)
    assert picture.points().points[[30, 31]].tolist() == [[1.0, 2.0]] * 2
    picture.edit(1, [(30, 1.0, 2.0, VISIBLE)], base=picture.head(1).base_id, **somebody(picture, window))
    assert picture.reviews()[1] == "in_progress", "that of another window was not"


def test_a_picture_in_which_nothing_is_found_is_accepted_as_that(workspace, dataset, author):
    picture = Picture(workspace, dataset, author, faces=0)
    assert (picture.accept(), picture.state) == (0, ImageState.ACCEPTED)
    assert picture.image().empty_by == author
    picture.accept()
    assert picture.work("pictures_accepted") == 1
    take_back(workspace, picture.id, author_id=author)
    assert (picture.image().empty_by, picture.state) == (None, ImageState.NEW)


def test_a_drawn_box_is_to_be_reviewed_and_accepted_with_its_points(workspace, dataset, author):
    picture = Picture(workspace, dataset, author, faces=0)
    (drawn,) = add_instances(workspace, picture.id, [(5, 5, 50, 60)], "face", author_id=author)
    assert picture.state == ImageState.FOUND
    assert (picture.accept(), picture.state) == (0, ImageState.FOUND), "it has no points for which to vouch"
    picture.faces = [drawn]
    picture.edit(0, [(3, 7.0, 8.0, VISIBLE)])
    assert picture.state == ImageState.IN_PROGRESS
    assert (picture.accept(), picture.state) == (1, ImageState.ACCEPTED)


def test_points_that_were_placed_by_hand_and_taken_away_again_are_none(workspace, dataset, author):
    picture = Picture(workspace, dataset, author, faces=0)
    picture.faces = add_instances(workspace, picture.id, [(5, 5, 50, 60)], "face", author_id=author)
    picture.edit(0, [(3, 7.0, 8.0, VISIBLE)])
    picture.edit(0, [(3, None, None, ABSENT)], "edits.undo")
    assert (picture.head(), picture.state) == (None, ImageState.FOUND)


def test_a_model_face_of_which_every_point_is_taken_away_stays_a_humans(picture):
    picture.edit(0, [(point, None, None, ABSENT) for point in range(68)])
    assert (picture.head().review, picture.head().source) == ("in_progress", "human")


def test_an_imported_face_is_accepted_by_looking_and_imported_again_when_that_is_taken_back(workspace, dataset, author):
    picture = Picture(workspace, dataset, author, human=True, version=None, review=Review.IMPORTED)
    assert picture.state == ImageState.IMPORTED
    assert picture.accept() == FACES
    assert picture.state == ImageState.ACCEPTED
    assert take_back(workspace, picture.id, author_id=author) == FACES
    assert (picture.reviews(), picture.state) == (["imported"] * FACES, ImageState.IMPORTED)
    assert worded(picture.head().note) == "Acceptance taken back"


def test_taking_back_an_acceptance_gives_each_face_its_state_from_before(picture):
    picture.move(1)
    before = [(picture.head(number).review, picture.head(number).points) for number in range(FACES)]
    picture.accept()
    assert take_back(picture.workspace, picture.id, author_id=picture.author) == FACES
    assert [(picture.head(number).review, picture.head(number).points) for number in range(FACES)] == before
    assert np.flatnonzero(editor_instances(picture.workspace, picture.id)[1]["vouched"]).tolist() == [30]
    assert picture.state == ImageState.IN_PROGRESS
    with pytest.raises(NotFound, match="there is no picture 999"):
        take_back(picture.workspace, 999, author_id=picture.author)


def test_a_face_that_is_taken_out_no_longer_holds_its_picture_back(picture):
    from core.people.deciding import remove_faces, undo

    picture.accept()
    back = picture.move(2)
    assert back
    event = remove_faces(picture.workspace, [picture.faces[2]], author_id=picture.author)
    assert picture.state == ImageState.ACCEPTED
    undo(picture.workspace, event, author_id=picture.author)
    assert picture.state == ImageState.IN_PROGRESS


def test_a_human_vouches_for_what_was_set_and_for_what_was_true_when_the_work_began():
    from core.foundation.skeletons import SKELETONS

    skeleton = SKELETONS["face68"]
    began = Keypoints.of(face(1.0))
    xy = began.points.copy()
    xy[3] = 9, 9
    now = Keypoints.of(xy)
    said = {review: vouched_points(now, "in_progress", (began.to_bytes(), review), skeleton).sum() for review in Review}
    assert said == {"open": 1, "in_progress": 1, "accepted": 68, "imported": 68}
    assert vouched_points(now, "in_progress", None, skeleton).all(), "all were placed where there was nothing"
    assert [int(vouched_points(now, review, None, skeleton).sum()) for review in ("open", "accepted")] == [0, 68]


class Correcting(RuleBasedStateMachine):
    """Somebody edits, undoes, redoes, accepts, while models and other people do what they do."""

    def __init__(self):
        super().__init__()
        self.place = TemporaryDirectory()
        self.workspace = Workspace.open(Settings(home=Path(self.place.name)))
        with writing(self.workspace.engine) as session:
            author = ensure_user("ada", session=session)
            dataset = ensure_dataset("faces", author, session=session)
        self.dataset, self.author = dataset, author

    @initialize(review=st.sampled_from([Review.OPEN, Review.IMPORTED, None]))
    def open_a_picture(self, review):
        human = review == Review.IMPORTED
        asked = {} if review is None else {"human": human, "version": None, "review": review}
        self.picture = Picture(self.workspace, self.dataset, self.author, faces=2 if review else 0, **asked)
        if review is None:
            boxes = [(5, 5, 50, 60), (60, 5, 90, 60)]
            self.picture.faces = add_instances(self.workspace, self.picture.id, boxes, "face", author_id=self.author)
        self.done: list[tuple[int, list, list, list]] = []
        self.undone: list[tuple[int, list, list, list]] = []

    def standing(self):
        heads = [self.picture.head(number) for number in range(2)]
        faces = [(head.review, head.source, head.points) if head else None for head in heads]
        return [*faces, self.picture.state]

    @rule(
        number=st.integers(0, 1),
        moves=st.lists(
            st.tuples(st.integers(0, 67), st.floats(-9, 99, width=32), st.floats(-9, 99, width=32), st.integers(0, 2)),
            min_size=1,
            max_size=3,
            unique_by=lambda move: move[0],
        ),
    )
    def edit(self, number, moves):
        points, standing = self.picture.points(number), self.standing()
        before = [change_of(points, point) for point, *_ in moves]
        after = [(p, None, None, ABSENT) if seen == ABSENT else (p, x, y, seen) for p, x, y, seen in moves]
        self.picture.edit(number, after)
        self.done.append((number, before, after, standing))
        self.undone.clear()

    @precondition(lambda self: self.done)
    @rule()
    def undo(self):
        number, before, after, standing = self.done.pop()
        now = self.standing()
        self.picture.edit(number, before, "edits.undo")
        self.undone.append((number, before, after, now))
        assert self.standing() == standing

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self):
        number, before, after, standing = self.undone.pop()
        now = self.standing()
        self.picture.edit(number, after, "edits.redo")
        self.done.append((number, before, after, now))
        assert self.standing() == standing

    @rule()
    def accept_and_go_on(self):
        """The next picture opens, and what can be undone begins anew."""
        self.picture.accept()
        self.done.clear()
        self.undone.clear()

    @precondition(lambda self: not self.done and not self.undone)
    @rule()
    def take_back(self):
        before = self.standing()
        if all(face and face[0] != Review.ACCEPTED for face in before[:2]):
            self.picture.accept()
            take_back(self.workspace, self.picture.id, author_id=self.author)
            assert self.standing() == before

    @invariant()
    def the_picture_stands_where_its_faces_do(self):
        if not hasattr(self, "picture"):
            return
        reviews = {review or Review.OPEN for review in self.picture.reviews()}
        assert (self.picture.state == ImageState.ACCEPTED) == (reviews == {Review.ACCEPTED})
        assert (self.picture.state == ImageState.FOUND) == (reviews == {Review.OPEN})
        assert (self.picture.state == ImageState.IMPORTED) == (
            Review.IMPORTED in reviews and reviews <= {Review.IMPORTED, Review.ACCEPTED}
        )

    def teardown(self):
        while getattr(self, "done", None):
            self.undo()
        self.workspace.engine.dispose()
        self.place.cleanup()


def test_any_sequence_of_edits_undone_is_the_start():
    run_state_machine_as_test(Correcting, settings=settings(max_examples=6, stateful_step_count=14))


@pytest.mark.nightly
def test_many_longer_sequences_of_edits_undone_are_the_start_too():
    run_state_machine_as_test(Correcting, settings=settings(max_examples=100, stateful_step_count=25))


def test_a_verdict_sent_again_changes_nothing_not_even_after_it_was_taken_back(picture):
    assert picture.accept(sent="here.1") == FACES
    assert picture.accept(sent="here.1") == 0
    take_back(picture.workspace, picture.id, author_id=picture.author)
    heads = [picture.head(number).id for number in range(FACES)]
    assert picture.accept(sent="here.1") == 0
    assert [picture.head(number).id for number in range(FACES)] == heads
    assert picture.work(WorkKind.PICTURES_ACCEPTED) == 1
