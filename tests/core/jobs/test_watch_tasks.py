"""What arrives in a watched folder comes in, is looked at and measured, with the time of each step."""

from __future__ import annotations

import time

import pytest
from sqlmodel import delete, select

from core.foundation.messages import worded
from core.people.face_models import FaceModels
from db.engine import reading
from db.tables import CaptureTime, Embedding, Image, RunState, Scan
from db.writing import writing
from tests.builders.tiny_models import TinyEncoder, tiny_models, tiny_picture


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    monkeypatch.setattr(FaceModels, "load", classmethod(lambda *_: tiny_models(TinyEncoder("dlib-resnet"))))
    folder = tmp_path / "inbox"
    (folder / "deep").mkdir(parents=True)
    (folder / "one.png").write_bytes(tiny_picture(1, 20))
    (folder / "deep" / "two.png").write_bytes(tiny_picture(2, 90))
    (folder / "bad.png").write_bytes(b"\x89PNG but no picture")
    (folder / "later.png").write_bytes(tiny_picture(1, 200))
    return folder


def arrive(do, inbox, *names, **named):
    return do("arrivals", folder=str(inbox), files=[[name, 1, 1] for name in names], seen=time.time() - 5, **named)


def test_pictures_come_in_with_faces_and_vectors_and_a_bad_file_is_named(workspace, do, inbox):
    run = arrive(do, inbox, "one.png", "deep/two.png", "bad.png")
    assert (run.state, run.error) == (RunState.DONE, None)
    with reading(workspace.engine) as session:
        assert sorted(session.exec(select(Image.path)).all()) == ["deep/two.png", "one.png"], "others have not arrived"
        assert len(session.exec(select(Embedding.id)).all()) == 3
        assert len(session.exec(select(CaptureTime.image_id)).all()) == 2
    assert {name: run.counts[name] for name in ("added", "skipped", "faces")} == {"added": 2, "skipped": 1, "faces": 3}
    log = {row["path"]: row for row in run.counts["log"]}
    assert list(log) == ["bad.png", "deep/two.png", "one.png"]
    assert (log["one.png"]["reason"], log["bad.png"]["reason"]["code"][:7]) == (None, "images.")
    assert all(log["one.png"][part] > 0 for part in ("import", "detection", "embedding"))
    assert 5 <= log["one.png"]["waited"] < 60


def test_the_same_content_again_is_there_already_and_a_kill_does_nothing_twice(workspace, do, inbox):
    killed = arrive(do, inbox, "one.png", killed=True)
    run = do("arrivals", run_id=killed.id)
    assert (run.state, run.counts["faces"]) == (RunState.DONE, 1)
    (inbox / "copy.png").write_bytes(tiny_picture(1, 20))
    run = arrive(do, inbox, "copy.png")
    assert (run.counts["added"], run.counts["duplicates"], run.counts["faces"]) == (0, 1, 1)
    assert run.counts["skipped"] == 0
    assert [worded(row["reason"]) for row in run.counts["log"]] == ["it is here already, as one.png"]


def test_pictures_that_were_gone_before_hide_no_reason_of_what_arrives(workspace, do, inbox):
    for number in range(4):
        (inbox / f"gone{number}.png").write_bytes(tiny_picture(1, 30 + number))
    arrive(do, inbox, *(f"gone{number}.png" for number in range(4)))
    for file in workspace.originals.rglob("*.png"):
        file.unlink()
    with writing(workspace.engine) as session:
        session.exec(delete(Scan))
    (inbox / "worse.png").write_bytes(b"\x89PNG but no picture")
    run = arrive(do, inbox, "worse.png")
    assert run.counts["skipped"] == 1
    assert [row["reason"]["code"][:7] for row in run.counts["log"]] == ["images."]


def test_a_file_outside_of_the_folder_is_not_read_whatever_a_run_names(workspace, do, inbox):
    (inbox.parent / "secret.png").write_bytes(tiny_picture(1, 50))
    (inbox / "link.png").symlink_to(inbox.parent / "secret.png")
    run = arrive(do, inbox, "../secret.png", "link.png")
    assert run.counts["added"] == 0
    reasons = {row["path"]: row["reason"] for row in run.counts["log"]}
    assert reasons["link.png"]["code"] == "files.link"


def test_which_folder_is_watched_is_written_down_if_it_may_be(do, inbox, workspace):
    assert do("watch", folder=str(inbox / "deep" / "..")).counts == {"folder": str(inbox.resolve())}
    assert do("watch", folder=None).counts == {"folder": None}
    run = do("watch", folder=str(workspace.originals))
    assert (run.state, run.error["code"]) == (RunState.FAILED, "files.watches_home")
