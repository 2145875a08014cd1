"""What a browser asks for is done once, answered with what has changed, and refused where it is not of the form."""

from __future__ import annotations

import json

import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, NotFound
from core.foundation.messages import message
from core.motion import sent_clip_edits
from core.motion.sent_clip_edits import DEEDS, clip_shown, do_sent
from core.motion.tracklets import link_clip
from db.engine import reading
from db.queries.store import store_id
from db.tables import ClipEdit, Review, User, Video
from tests.builders.followed_clips import faces_in, followed_clip, points_in, put_face, truth
from tests.builders.staged_tracks import add_video

FRAMES = 6


@pytest.fixture
def clip(workspace, dataset):
    """A clip of 6 frames with a model's face in each, in one track."""
    add_video(workspace, dataset, "a.mp4", indices=list(range(FRAMES)))
    with reading(workspace.engine) as session:
        video = session.exec(select(Video.id)).one()
    for frame in range(FRAMES):
        put_face(workspace, video, frame, truth(FRAMES)[frame])
    link_clip(workspace, video)
    return video


@pytest.fixture
def asked(workspace):
    """Sends what a browser would."""
    with reading(workspace.engine) as session:
        store = store_id(session=session)

    def send(do, number=1, **about):
        sent = {"id": f"w.{do}.{number}", "store": store, "author": "ada", "do": do, **about}
        answer = do_sent(workspace, json.loads(json.dumps(sent)))
        json.dumps(answer, allow_nan=False)
        return answer

    return send


def test_a_clip_is_shown_with_its_tracks(workspace, clip, asked):
    (track,) = clip_shown(workspace, clip)["tracks"]
    assert (track["number"], track["kind"], track["first"], track["last"], track["frames"]) == (1, "face", 0, 5, 6)
    asked("name", track=track["id"], name="Ada")
    assert clip_shown(workspace, clip)["tracks"][0]["name"] == "Ada"
    with pytest.raises(NotFound):
        clip_shown(workspace, 99)


def test_points_are_proposed_and_taken_back(workspace, dataset, author, tmp_path, asked):
    clip = followed_clip(workspace, dataset, author, tmp_path, frames=5, cut=3)
    face = put_face(workspace, clip, 0, truth(5)[0], review=Review.ACCEPTED, author=author)
    answer = asked("propose", video=clip, first=0, last=4, method="flow", instance=face)
    assert (answer["done"]["frames"], answer["done"]["stopped_at"]) == (2, 3)
    assert answer["done"]["reason"] == message("clip_edits.cut_there").text()
    assert answer["instances"] == sorted(rows[0][0].id for frame, rows in faces_in(workspace, clip).items() if frame)
    assert len(answer["pictures"]) == 2
    assert asked("propose", video=clip, first=0, last=4, method="flow", instance=face) == answer
    back = asked("undo", edit=answer["done"]["edit"])
    assert (back["done"]["undone"], back["done"]["kept"], back["pictures"]) == (2, 0, answer["pictures"])
    assert asked("undo", edit=answer["done"]["edit"]) == back, "sent again, it is not refused as undone already"
    assert sorted(faces_in(workspace, clip)) == [0]


def test_a_correction_fades(workspace, clip, asked):
    ((instance, head),) = faces_in(workspace, clip)[2]
    edit = {"id": "w.ripple.1", "instance": instance.id, "base": head.id, "changes": [[0, 90.0, 80.0, 2]], "after": []}
    with reading(workspace.engine) as session:
        edit |= {"store": store_id(session=session), "author": "ada", "note": {"code": "edits.mirror", "fields": {}}}
    before = points_in(workspace, clip)
    answer = asked("ripple", edit=edit, width=2)
    assert len(answer["instances"]) == 3
    assert points_in(workspace, clip)[1][0] == pytest.approx(
        (before[1][0] + before[1][0] + (90, 80) - before[2][0]) / 2
    )
    with pytest.raises(BadInput):
        asked("ripple", 2, edit=edit, width=2)


def test_ranges_are_accepted_left_out_reset_and_swapped(workspace, clip, asked):
    seen = [rows[0][1].id for rows in faces_in(workspace, clip).values()]
    way = {"video": clip, "first": 1, "last": 3}
    assert asked("accept", **way, seen=seen)["done"]["instances"] == 3
    assert asked("exclude", **way, reason="blurred")["done"]["pictures"] == 3
    assert asked("reset", **way)["done"]["instances"] == 3
    swapped = asked("swap_sides", **way, track=clip_shown(workspace, clip)["tracks"][0]["id"])
    assert (swapped["done"]["instances"], len(swapped["pictures"])) == (3, 3)
    with reading(workspace.engine) as session:
        assert {edit.author_id for edit in session.exec(select(ClipEdit))} == {
            session.exec(select(User.id).where(User.name == "ada")).one()
        }


def test_tracks_are_cut_joined_and_swapped(workspace, clip, asked):
    (track,) = clip_shown(workspace, clip)["tracks"]
    cut = asked("cut", track=track["id"], frame=4)
    assert asked("cut", track=track["id"], frame=4) == cut
    other = cut["done"]["track"]
    assert len(cut["instances"]) == 2
    assert [row["frames"] for row in clip_shown(workspace, clip)["tracks"]] == [4, 2]
    asked("swap_tracks", track=track["id"], other=other, frame=5)
    assert [row["frames"] for row in clip_shown(workspace, clip)["tracks"]] == [5, 1]
    asked("join", track=track["id"], other=other)
    assert [row["frames"] for row in clip_shown(workspace, clip)["tracks"]] == [6]


def test_of_two_tabs_that_send_the_same_at_once_the_second_hears_what_the_first_has_done(
    workspace, dataset, author, tmp_path, monkeypatch, asked
):
    clip = followed_clip(workspace, dataset, author, tmp_path, frames=5)
    face = put_face(workspace, clip, 0, truth(5)[0], review=Review.ACCEPTED, author=author)
    monkeypatch.setattr(sent_clip_edits, "done_before", lambda *_, **__: None)  # both ask before either is done
    proposed = asked("propose", video=clip, first=0, last=4, method="flow", instance=face)
    (track,) = clip_shown(workspace, clip)["tracks"]
    cut = asked("cut", track=track["id"], frame=3)
    pair = {"track": track["id"], "other": cut["done"]["track"]}
    answers = {
        "swap_tracks": asked("swap_tracks", **pair, frame=4),
        "join": asked("join", **pair),
        "undo": asked("undo", edit=proposed["done"]["edit"]),
    }
    assert asked("propose", video=clip, first=0, last=4, method="flow", instance=face)["done"] == proposed["done"]
    assert asked("cut", track=track["id"], frame=3)["done"] == cut["done"]
    assert asked("swap_tracks", **pair, frame=4)["done"] == answers["swap_tracks"]["done"]
    assert asked("join", **pair)["done"] == answers["join"]["done"]
    assert asked("undo", edit=proposed["done"]["edit"])["done"] == answers["undo"]["done"]
    with reading(workspace.engine) as session:
        assert [edit.kind for edit in session.exec(select(ClipEdit))] == ["flow", "cut", "swap_tracks", "join", "undo"]


def test_a_name_that_comes_late_again_does_not_replace_a_newer_one(workspace, dataset, asked):
    add_video(workspace, dataset, "b.mp4", indices=[0])
    with reading(workspace.engine) as session:
        clip = session.exec(select(Video.id)).one()
    put_face(workspace, clip, 0, None, kind="person", box=(10.0, 10.0, 50.0, 90.0))
    link_clip(workspace, clip)
    (track,) = clip_shown(workspace, clip)["tracks"]
    answers = [
        asked("name", number, track=track["id"], name=name)["done"]
        for number, name in ((1, "Ada"), (2, "Eve"), (1, "Ada"), (3, "Eve"))
    ]
    assert clip_shown(workspace, clip)["tracks"][0]["name"] == "Eve"
    with reading(workspace.engine) as session:
        first, second = session.exec(select(ClipEdit.id)).all()
    assert [answer["edit"] for answer in answers] == [first, second, first, None]
    asked("undo", edit=second)
    assert clip_shown(workspace, clip)["tracks"][0]["name"] == "Ada"


@pytest.mark.parametrize(
    "about",
    [
        {"do": "dance"},
        {"id": ""},
        {"id": 7},
        {"author": " "},
        {"video": "1"},
        {"video": True},
        {"first": -1},
        {"first": 1.5},
        {"last": None},
        {"last": 2**70},
        {"seen": None},
        {"seen": [1, "x"]},
        {"seen": [float("nan")]},
        {"track": "x"},
        {"author": "\ud800"},
    ],
)
def test_what_is_not_of_the_form_is_refused_and_does_nothing(workspace, clip, about):
    with reading(workspace.engine) as session:
        store = store_id(session=session)
    sent = {
        "id": "w.1",
        "store": store,
        "author": "ada",
        "do": "accept",
        "video": clip,
        "first": 0,
        "last": 2,
        "seen": [],
    }
    with pytest.raises(BadInput):
        do_sent(workspace, sent | about)
    with reading(workspace.engine) as session:
        assert session.exec(select(ClipEdit)).all() == []


@pytest.mark.parametrize("sent", [None, [], "x", {}, {"do": ["accept"]}])
def test_what_is_no_object_is_refused(workspace, sent):
    with pytest.raises(BadInput):
        do_sent(workspace, sent)


def test_what_was_made_in_another_store_is_not_done_here_and_the_answer_says_whose_store_this_is(workspace, clip):
    answer = do_sent(
        workspace,
        {"id": "w.1", "store": "x" * 32, "author": "ada", "do": "swap_sides", "video": clip, "first": 0, "last": 2},
    )
    with reading(workspace.engine) as session:
        assert answer == {"store": store_id(session=session), "id": "w.1", "foreign": True}
        assert session.exec(select(ClipEdit)).all() == []


def test_what_is_taken_back_is_named_by_the_id_that_it_was_sent_with(workspace, clip, asked):
    before = points_in(workspace, clip)
    asked("swap_sides", video=clip, first=0, last=2)
    back = asked("undo", of="w.swap_sides.1")
    assert (back["done"]["undone"], back["done"]["kept"]) == (3, 0)
    assert all((points == before[frame]).all() for frame, points in points_in(workspace, clip).items())
    assert asked("undo", of="w.swap_sides.1") == back, "sent again, it is not refused as undone already"
    assert asked("undo", 2, of="w.undo.1")["done"]["undone"] == 3, "an undo is named alike"
    with pytest.raises(NotFound, match="what is to be taken back was not done here"):
        asked("undo", 3, of="w.swap_sides.9")
    with pytest.raises(BadInput):
        asked("undo", 4, of=7)


def test_every_deed_says_what_it_takes():
    assert all(deed.__doc__ for deed in DEEDS.values())
