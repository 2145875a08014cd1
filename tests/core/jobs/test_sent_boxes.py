"""Boxes as a browser sends them, among edits."""

import json

import pytest
from sqlmodel import select

from core.jobs import sent_boxes
from core.jobs.sent_boxes import save_box
from core.people.deciding import remove_faces
from core.points.sent_edits import save_sent
from db.engine import reading
from db.queries.store import store_id
from db.tables import Embedding, Image, Instance
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf, face

BOX = [10.0, 20.0, 60.5, 80.0]


@pytest.fixture
def started(monkeypatch):
    """The runs that were started, instead of starting them."""
    runs = []
    monkeypatch.setattr(sent_boxes, "start_unless_waiting", lambda _, kind, **asked: runs.append((kind, asked)))
    return runs


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def image(shelf):
    return shelf.image("a.png")


@pytest.fixture
def send(workspace, image, started):
    with reading(workspace.engine) as session:
        store = store_id(session=session)

    def sent(**row):
        whole = {"id": "w.1", "store": store, "author": "Mina", "image": image} | row
        return save_sent(workspace, json.loads(json.dumps({"edits": [whole]})), {"box": save_box})

    return sent


def instances(workspace):
    with reading(workspace.engine) as session:
        return session.exec(select(Instance)).all()


def test_a_drawn_box_is_kept_answered_with_its_instance_and_gets_what_it_lacks(
    workspace, dataset, send, image, started
):
    told = send(box="draw", kind="face", corners=BOX)
    (shown,) = told["instances"]
    assert (told["saved"], told["refused"], shown["box"], shown["revision"]) == ({"w.1": 0}, {}, BOX, None)
    assert told["pictures"] == {str(image): "found"}
    assert [(kind, asked["dataset_id"]) for kind, asked in started] == [("faces", dataset)]
    assert [row["id"] for row in send(box="draw", kind="face", corners=BOX)["instances"]] == [shown["id"]]


def test_a_box_is_moved_taken_away_and_brought_back(workspace, dataset, author, send, image):
    number = Shelf(workspace, dataset, author).instance(image, face(), human=False)
    moved = send(id="w.2", box="move", instance=number, shown=[0, 0, 120, 90], corners=BOX)
    assert [row["box"] for row in moved["instances"]] == [BOX]
    for _ in range(2):
        gone = send(id="w.3", box="remove", instance=number)
        assert (gone["saved"], gone["instances"], gone["pictures"]) == ({"w.3": 0}, [], {str(image): "new"})
    for _ in range(2):
        back = send(id="w.4", box="bring_back", instance=number)
        assert [row["id"] for row in back["instances"]] == [number]


def test_a_box_that_was_taken_away_before_it_had_points_gets_them_when_it_is_back(send, image, started, monkeypatch):
    (drawn,) = send(box="draw", kind="face", corners=BOX)["instances"]
    send(id="w.2", box="remove", instance=drawn["id"])
    started.clear()
    linked = []
    monkeypatch.setattr(sent_boxes, "link_clips", lambda _, image_id: linked.append(image_id))
    (back,) = send(id="w.3", box="bring_back", instance=drawn["id"])["instances"]
    assert linked == [image], "once"
    assert (back["id"], back["revision"]) == (drawn["id"], None)
    assert [(kind, asked["boxes_only"]) for kind, asked in started] == [("faces", True)]


def test_a_box_that_is_drawn_in_a_frame_of_a_clip_goes_on_with_its_track_at_once(workspace, shelf, send, image):
    shelf.clip("a.mp4", [image, shelf.image("b.png")])
    (first,) = send(box="draw", kind="face", corners=BOX)["instances"]
    (next_one,) = send(id="w.2", image=image + 1, box="draw", kind="face", corners=BOX)["instances"]
    assert first["track"] == next_one["track"] is not None


def test_a_face_that_lacks_nothing_starts_no_run_when_it_is_back_and_is_encoded_anew_when_it_was_moved(
    workspace, shelf, send, image, started
):
    number = shelf.instance(image, face(), human=False)
    with writing(workspace.engine) as session:
        encoder = ensure_model_version("staged", "encoder", "0" * 64, {}, session=session)
        session.add(Embedding(instance_id=number, model_version_id=encoder, vector=bytes(8)))
    send(id="w.2", box="remove", instance=number)
    send(id="w.3", box="bring_back", instance=number)
    assert started == []
    send(id="w.4", box="move", instance=number, shown=[0, 0, 120, 90], corners=BOX)
    assert [(kind, asked["boxes_only"]) for kind, asked in started] == [("faces", True)]


def test_what_somebody_took_out_together_is_not_brought_back_by_the_undo_of_one(
    workspace, dataset, author, send, image
):
    shelf = Shelf(workspace, dataset, author)
    one, other = (shelf.instance(image, face(), human=False) for _ in range(2))
    remove_faces(workspace, [one, other], author_id=author)
    send(id="w.2", box="remove", instance=one)
    reason = send(id="w.3", box="bring_back", instance=one)["refused"]["w.3"]
    assert reason == "somebody has taken it out together with 1 other; undo that on the People page"
    assert all(row.removed for row in instances(workspace))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"box": "paint"}, "w.1 should be one of draw, move, remove, bring_back of a box"),
        ({"box": "draw", "kind": "hand", "corners": BOX}, "an instance is a face or a person, not 'hand'"),
        ({"box": "draw", "kind": "face"}, "w.1 should name the corners of a box"),
        ({"box": "draw", "kind": "face", "corners": [1, 2, 3]}, "w.1 should name the corners of a box"),
        ({"box": "draw", "kind": "face", "corners": [1, 2, "3", 4]}, "a coordinate of edit w.1"),
        ({"box": "draw", "kind": "face", "corners": [1, 2, 1, 2]}, "at least one pixel"),
        ({"box": "remove"}, "the instance of edit w.1 should be a whole number"),
        ({"box": "remove", "instance": 999}, "not there any more"),
        ({"box": "bring_back", "instance": 999}, "not there any more"),
        ({"box": "draw", "image": 999, "kind": "face", "corners": BOX}, "there is no picture 999"),
        ({"box": "draw", "image": None}, "the picture of w.1 should be a whole number"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(workspace, dataset, author, send, image, row, reason):
    if row["box"] == "paint":
        row = row | {"instance": Shelf(workspace, dataset, author).instance(image, face())}
    assert reason in send(**row)["refused"]["w.1"]


@pytest.mark.parametrize("act", ["move", "remove", "bring_back"])
def test_a_box_of_another_picture_is_not_touched(workspace, shelf, send, image, act):
    number = shelf.instance(image, face(), human=False)
    told = send(image=shelf.image("b.png"), box=act, instance=number, shown=[0, 0, 120, 90], corners=BOX)
    assert (told["saved"], list(told["refused"])) == ({}, ["w.1"])
    (kept,) = instances(workspace)
    assert (list(kept.box), kept.removed) == ([0, 0, 120, 90], False)


def test_a_box_of_another_store_is_not_touched(workspace, send):
    assert send(store="another", box="draw", kind="face", corners=BOX)["foreign"] == ["w.1"]
    assert instances(workspace) == []


def test_a_picture_where_a_face_is_drawn_is_to_be_reviewed(workspace, send, image):
    send(box="draw", kind="person", corners=BOX)
    with reading(workspace.engine) as session:
        assert session.get(Image, image).state == "found"


@pytest.fixture
def asked(workspace, author, image, started, monkeypatch):
    """The runs that a new box of a kind asks for, with what is promoted and whether people can be found here."""

    def runs(kind, promoted=(), missing="Nothing finds people here."):
        monkeypatch.setattr(sent_boxes, "promoted_skeletons", lambda *_: list(promoted))
        monkeypatch.setattr(sent_boxes, "what_is_missing", lambda _: missing)
        sent_boxes.ask_for_points(workspace, image, kind, author_id=author)
        return [
            (kind, {word: told[word] for word in ("skeleton", "boxes_only") if word in told}) for kind, told in started
        ]

    return runs


def test_a_person_gets_the_points_of_the_promoted_body_model(asked):
    assert asked("person", ["face68", "body24"]) == [("prelabel", {"skeleton": "body24"})]


def test_a_person_starts_without_points_where_no_body_model_is_promoted(asked):
    assert asked("person", ["face68"]) == []


def test_a_person_gets_points_of_the_built_in_model_where_it_is_here_and_nobody_else_is_looked_for(asked):
    assert asked("person", missing=None) == [("bodies", {"boxes_only": True})]


def test_a_face_is_encoded_and_pre_labelled_in_the_run_of_faces(asked):
    assert asked("face", ["face68", "body24"]) == [("faces", {"boxes_only": True})]
