"""What a browser may send as edits, and what it is told about each."""

import json
import math
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select, update

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, StoreFull
from core.foundation.messages import message
from core.points import sent_edits
from core.points.annotating import Edit
from core.points.sent_edits import MOST_CHANGES, SentEdit, parse_edit, parse_verdict, save_sent
from db.engine import reading
from db.queries.store import store_id
from db.tables import Instance, KeypointRevision, Store, User
from db.writing import writing
from tests.builders.learning_rows import Shelf, face

MOVED = {"code": "edits.move", "fields": {"name": "jaw_4"}}
UNDONE = {"code": "edits.undo", "fields": {"edit": MOVED}}


def edit_row(**changed):
    row = {"id": "e1", "store": "s1", "author": "Mina", "instance": 7, "base": 31, "after": ["e0"]}
    return row | {"changes": [[3, 1.5, 2, 2]], "note": MOVED} | changed


def test_edits_become_plain_values():
    changes = ((3, 1.5, 2.0, 2), (4, None, None, 0))
    edit = Edit("e1", 7, 31, changes, message("edits.move", name="jaw_4"), ("e0",), "s1")
    assert parse_edit(edit_row(changes=[[3, 1.5, 2, 2], [4, None, None, 0]])) == SentEdit(edit, "Mina")


def test_edit_without_base_is_meant_for_the_newest_revision():
    assert parse_edit(edit_row(base=None)).edit.base is None


def test_absent_point_has_no_place():
    assert parse_edit(edit_row(changes=[[3, 5.0, 6.0, 0]])).edit.changes == ((3, None, None, 0),)


def test_an_edit_that_turns_another_back_names_that():
    note = parse_edit(edit_row(note=UNDONE)).edit.note
    assert (note.text(), note.to_json()) == ("Undo: Move jaw_4", UNDONE)


@pytest.mark.parametrize(
    ("code", "name", "sentence"),
    [
        ("edits.turn", "jaw", "Turn jaw"),
        ("edits.scale", "face 1", "Scale face 1"),
        ("edits.reset_to_model", "jaw_4", "Reset jaw_4 to the model's points"),
        ("edits.reset", None, "Reset to the model's points"),
        ("edits.copy", None, "Copy the points of the picture before"),
        ("edits.copy_region", "jaw", "Copy jaw of the picture before"),
    ],
)
def test_what_is_done_to_many_points_has_a_sentence(code, name, sentence):
    note = {"code": code, "fields": {} if name is None else {"name": name}}
    assert parse_edit(edit_row(note=note)).edit.note.text() == sentence


def test_a_name_is_kept_as_every_name_is():
    assert parse_edit(edit_row(author="  Zoe\u0308 ")).author == "Zoë"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("move", "an edit should be a dictionary, not str"),
        (edit_row(id=""), "the id of an edit should be a text"),
        (edit_row(id="\ud800"), "the id of an edit should be a text of 1 to 200 characters of Unicode"),
        (edit_row(after=["\ud800"]), "an edit before edit e1 should be a text"),
        (edit_row(store="\ud800"), "the store of edit e1 should be a text"),
        (edit_row(note={"code": "edits.move", "fields": {"name": "\ud800"}}), "what edit e1 is about should be a text"),
        (edit_row(id="x" * 201), "the id of an edit should be a text of 1 to 200"),
        (edit_row(instance="7"), "the instance of edit e1 should be a whole number"),
        (edit_row(instance=True), "the instance of edit e1 should be a whole number"),
        (edit_row(instance=2**64), "the instance of edit e1 should be a whole number"),
        (edit_row(base=-1), "the base of edit e1 should be a whole number"),
        (edit_row(changes=[]), "edit e1 should have a list of changes"),
        (edit_row(changes={"3": 1}), "edit e1 should have a list of changes"),
        (edit_row(changes=["abcd"]), "a change of edit e1 should be"),
        (edit_row(changes=[[3, 1.0, 2.0]]), "a change of edit e1 should be"),
        (edit_row(changes=[[-1, 1.0, 2.0, 2]]), "the point of a change of edit e1"),
        (edit_row(changes=[[3, math.nan, 2.0, 2]]), "a coordinate of edit e1 should be a number of pixels"),
        (edit_row(changes=[[3, 1.0, math.inf, 1]]), "a coordinate of edit e1 should be a number of pixels"),
        (edit_row(changes=[[3, None, 2.0, 2]]), "a coordinate of edit e1 should be a number of pixels"),
        (edit_row(changes=[[3, 1.0, 2e6, 2]]), "a coordinate of edit e1 should be a number of pixels"),
        (edit_row(changes=[[3, 10**400, 2.0, 2]]), "a coordinate of edit e1 should be a number of pixels"),
        (edit_row(changes=[[3, 1.0, 2.0, 3]]), "a visibility of edit e1 should be 0, 1 or 2, not 3"),
        (edit_row(changes=[[3, 1.0, 2.0, 1.5]]), "the visibility of a change of edit e1"),
        (edit_row(changes=[[3, 1.0, 2.0, 2]] * 2), "edit e1 names a point twice"),
        (edit_row(note=None), "edit e1 should say what it does"),
        (edit_row(note="Move jaw_4"), "edit e1 should say what it does"),
        (edit_row(note={"code": [], "fields": {}}), "edit e1 should say what it does"),
        (edit_row(note={"code": "words.verbatim", "fields": {"text": "mine"}}), "edit e1 should say what it does"),
        (edit_row(note={"code": "edits.mirror", "fields": {"name": "x"}}), "edit e1 should say what it does"),
        (edit_row(note={**MOVED, "fields": {"name": "x" * 201}}), "what edit e1 is about should be a text of 1"),
        (edit_row(note={**UNDONE, "fields": {"edit": UNDONE}}), "edit e1 should say what it does"),
        (edit_row(store=None), "the store of edit e1 should be a text"),
        (edit_row(after=None), "edit e1 should have a list of the edits before it"),
        (edit_row(after=[1]), "an edit before edit e1 should be a text"),
        (edit_row(author=None), "say who you are first"),
        (edit_row(author=" "), "say who you are first"),
        (edit_row(author="x" * 121), "a name has at most 120 characters"),
    ],
)
def test_malformed_edits_are_refused_with_a_sentence(row, reason):
    with pytest.raises(BadInput, match=reason):
        parse_edit(row)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (None, "should send a list of edits"),
        ([], "should send a list of edits"),
        ({"edits": "all"}, "should send a list of edits"),
        ({"edits": ["move"]}, "the id of an edit should be a text"),
        ({"edits": [edit_row(id=None)]}, "the id of an edit should be a text"),
        ({"edits": [edit_row()] * 2001}, "2001 edits at once are too many"),
        ({"edits": [edit_row(changes=[[0, 1, 1, 2]] * (MOST_CHANGES // 2 + 1))] * 2}, "10002 changes at once"),
    ],
)
def test_a_sending_that_cannot_be_answered_edit_by_edit_is_refused_whole(workspace, sent, reason):
    with pytest.raises(BadInput, match=reason):
        save_sent(workspace, sent)


@pytest.fixture
def here(workspace):
    """The id of the store."""
    with reading(workspace.engine) as session:
        return store_id(session=session)


@pytest.fixture
def number(workspace, dataset, author):
    """A face with points of a model."""
    shelf = Shelf(workspace, dataset, author)
    return shelf.instance(shelf.image("a.png"), face(), human=False)


@pytest.fixture
def send(workspace, here, number):
    """Sends edits of one point each: (id, point, x, y) and what else differs."""

    def sent(*edits):
        rows = [
            edit_row(id=name, store=here, instance=number, base=None, after=[], changes=[[k, x, y, 2]]) | other
            for name, k, x, y, other in edits
        ]
        return save_sent(workspace, json.loads(json.dumps({"edits": rows})))

    return sent


def places(workspace, number):
    with reading(workspace.engine) as session:
        revision = session.get(KeypointRevision, session.get(Instance, number).revision_id)
        return Keypoints.from_bytes(revision.points).points


def revisions(workspace):
    with reading(workspace.engine) as session:
        return session.exec(select(KeypointRevision).order_by(col(KeypointRevision.id))).all()


def test_every_edit_is_answered_and_the_instance_is_told_as_it_is_now(workspace, send, number, here):
    told = send(("a", 3, 10, 11, {}), ("b", 99, 1, 1, {}), ("c", 4, 12, 13, {"author": "Bo"}))
    last = revisions(workspace)[-1]
    assert (told["store"], told["foreign"], told["saved"]["c"]) == (here, [], last.id)
    assert told["refused"] == {"b": "face68 has 68 points; there is no point 99"}
    (shown,) = told["instances"]
    assert (shown["id"], shown["revision"], shown["author"]) == (number, last.id, "Bo")
    assert [shown["points"][k][:2] for k in (3, 4)] == [[10, 11], [12, 13]]
    assert json.loads(json.dumps(told)) == told


def test_the_same_edit_sent_again_has_the_same_answer(workspace, send):
    first = send(("a", 3, 10, 11, {}))
    count = len(revisions(workspace))
    assert send(("a", 3, 10, 11, {}))["saved"] == first["saved"]
    assert len(revisions(workspace)) == count


def test_an_edit_bears_the_name_that_it_was_made_under(workspace, send):
    send(("a", 3, 10, 11, {"author": "Bo"}))
    with reading(workspace.engine) as session:
        assert session.get(User, revisions(workspace)[-1].author_id).name == "Bo"


def test_an_edit_without_a_name_is_refused_and_holds_nothing_else_up(workspace, send):
    told = send(("a", 3, 10, 11, {"author": ""}), ("b", 4, 10, 11, {}))
    assert told["refused"] == {"a": "say who you are first: what you label carries your name"}
    assert list(told["saved"]) == ["b"]


def test_an_edit_of_another_store_is_not_touched(workspace, send, here):
    told = send(("mine", 3, 10, 11, {}), ("theirs", 4, 20, 21, {"store": "another"}))
    assert (told["store"], told["foreign"], list(told["saved"])) == (here, ["theirs"], ["mine"])
    assert [revision.edit_id for revision in revisions(workspace)] == [None, "mine"]


def test_an_edit_of_another_store_under_the_id_of_one_that_is_here_is_not_taken_for_it(send):
    send(("a", 3, 10, 11, {}))
    assert send(("a", 3, 10, 11, {"store": "another"}))["foreign"] == ["a"]


def test_two_windows_under_one_name_are_told_of_one_another(workspace, send, number):
    first = revisions(workspace)[0].id
    assert send(("left", 3, 10, 11, {"base": first}))["saved"]
    told = send(("right", 3, 30, 31, {"base": first}))
    said = "you moved jaw_4 in another window meanwhile: keep this place, or take that one"
    assert told["refused"] == {"right": said}
    assert places(workspace, number)[3].tolist() == [10, 11]


def test_what_cannot_be_saved_now_is_not_refused(workspace, send, monkeypatch):
    save, calls = sent_edits.save_edit, []

    def full(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise StoreFull
        return save(*arguments, **options)

    monkeypatch.setattr(sent_edits, "save_edit", full)
    edits = [("a", 3, 10, 11, {}), ("b", 4, 12, 13, {})]
    with pytest.raises(StoreFull):
        send(*edits)
    assert set(send(*edits)["saved"]) == {"a", "b"}
    assert [revision.edit_id for revision in revisions(workspace)] == [None, "a", "b"]


def verdict_row(**changed):
    row = {"id": "w.v1", "store": "s1", "author": "Mina", "verdict": "accept", "image": 3, "seen": [31]}
    return row | changed


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (verdict_row(verdict="reject"), "verdict w.v1 should be accept or take_back"),
        (verdict_row(verdict=None), "verdict w.v1 should be accept or take_back"),
        (verdict_row(image="3"), "the picture of w.v1 should be a whole number"),
        (verdict_row(seen=None), "verdict w.v1 should have a list of at most 10000 revisions"),
        (verdict_row(seen=[1] * (MOST_CHANGES + 1)), "verdict w.v1 should have a list of at most 10000 revisions"),
        (verdict_row(seen=[-1]), "a revision that verdict w.v1 has seen should be a whole number"),
        (verdict_row(author=""), "say who you are first"),
        (verdict_row(store=7), "the store of edit w.v1 should be a text"),
    ],
)
def test_malformed_verdicts_are_refused_with_a_sentence(row, reason):
    with pytest.raises(BadInput, match=reason):
        parse_verdict(row)


@pytest.fixture
def judge(workspace, here, number):
    """Sends a verdict on the picture of the face."""
    with reading(workspace.engine) as session:
        image = session.get(Instance, number).image_id

    def sent(**changed):
        row = verdict_row(store=here, image=image, seen=[revisions(workspace)[-1].id])
        return image, save_sent(workspace, json.loads(json.dumps({"edits": [row | changed]})))

    return sent


def test_a_verdict_is_answered_with_the_picture_and_its_instances_as_they_are_now(judge, number):
    image, told = judge()
    assert (told["saved"], told["refused"], told["pictures"]) == ({"w.v1": 0}, {}, {str(image): "accepted"})
    assert [(shown["id"], shown["review"]) for shown in told["instances"]] == [(number, "accepted")]
    _, back = judge(id="w.v2", verdict="take_back")
    assert (back["pictures"], back["instances"][0]["review"]) == ({str(image): "found"}, "open")


def test_a_verdict_on_other_points_than_were_seen_is_refused(judge, send):
    seen = [1]
    send(("other.1", 3, 10, 11, {}))
    image, told = judge(seen=seen)
    assert told["refused"]["w.v1"].startswith("points of a.png have changed since they were shown")
    assert told["pictures"] == {str(image): "in_progress"}


def test_a_verdict_on_what_its_window_has_just_made_of_what_was_seen_is_taken(judge, send):
    seen = [1]
    send(("w.e1", 3, 10, 11, {}))
    image, told = judge(seen=seen)
    assert told["pictures"] == {str(image): "accepted"}


def test_a_verdict_of_another_store_or_picture_is_told(judge):
    assert judge(store="another")[1]["foreign"] == ["w.v1"]
    assert judge(image=999)[1]["refused"] == {"w.v1": "there is no picture 999"}


def test_an_edit_tells_where_its_picture_stands(workspace, send, number):
    with reading(workspace.engine) as session:
        image = session.get(Instance, number).image_id
    assert send(("a", 3, 10, 11, {}))["pictures"] == {str(image): "in_progress"}


# A window shows the store's points as it heard of them last, and on top its own edits; some answers are lost.
Steps = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.booleans()), min_size=1, max_size=10)


_STEPS = count()


class Window:
    """A browser window: what it has heard of, and what it has not heard the end of."""

    def __init__(self, send, revision, points):
        self.send, self.base, self.points, self.waiting = send, revision, points, {}

    def move(self, name, k, x, heard):
        after, seen = list(self.waiting), self.shown(k)
        self.waiting[name] = (name, k, x, x, {"base": self.base, "after": after})
        told = self.send(*self.waiting.values())
        if heard:
            self.hear(told)
        return told, seen

    def hear(self, told):
        for name in (*told["saved"], *told["refused"]):
            self.waiting.pop(name, None)
        if told["instances"]:
            self.base, self.points = told["instances"][0]["revision"], told["instances"][0]["points"]

    def shown(self, k):
        own = [x for _, point, x, _, _ in self.waiting.values() if point == k]
        return own[-1] if own else self.points[k][0]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=Steps)
def test_no_window_overwrites_what_it_did_not_show_whatever_answers_are_lost(workspace, send, number, steps):
    start = send((f"start-{next(_STEPS)}", 5, 1, 1, {}))["instances"][0]
    windows = [Window(send, start["revision"], start["points"]) for _ in range(2)]
    for which, k, heard in steps:
        step = next(_STEPS)  # so that no two moves go to the same place
        before, name = float(places(workspace, number)[k, 0]), f"edit-{step}"
        told, seen = windows[which].move(name, k, 100.0 + step / 8, heard)
        now = float(places(workspace, number)[k, 0])
        if seen == before or name in told["saved"]:
            assert name in told["saved"], "what was shown may be moved"
            assert seen == before
        else:
            assert name in told["refused"]
            assert now == before
    for window in windows:
        window.hear(window.send(*window.waiting.values()))
        assert not window.waiting


def test_a_store_that_was_put_back_takes_no_edit_of_the_one_before(workspace, send, here):
    with writing(workspace.engine) as session:
        session.exec(update(Store).values(id="reborn"))
    told = send(("a", 3, 10, 11, {}))
    assert (told["store"], told["foreign"], len(revisions(workspace))) == ("reborn", ["a"], 1)
