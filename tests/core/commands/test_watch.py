"""Watching a folder from the command line, and its time log."""

from __future__ import annotations

from sqlmodel import select

from core.foundation.messages import message
from db.engine import reading
from db.tables import Run, RunState
from db.writing import writing


def test_a_folder_is_watched_and_no_more(told, facet, refused, workspace, tmp_path):
    inbox = (tmp_path / "inbox").resolve()
    inbox.mkdir()
    assert told("watch", inbox, "--dataset", "d") == (0, {"folder": str(inbox), "arrivals": []})
    assert told("watch", "--dataset", "d") == (0, {"folder": str(inbox), "arrivals": []})
    assert facet("watch", "--dataset", "d")[:2] == (0, f"{inbox} is watched while the workbench runs\n")
    assert facet("watch", "--dataset", "d", "--stop")[:2] == (0, "no folder is watched\n")
    assert "there is no such folder" in refused("watch", tmp_path / "nowhere", "--dataset", "d")
    with reading(workspace.engine) as session:
        assert not session.exec(select(Run.id).where(Run.state == RunState.FAILED)).all()
    assert "there is no such folder" in refused("watch", tmp_path / "nowhere", "--dataset", "new")
    assert "there is no dataset called new" in refused("watch", "--dataset", "new")
    assert refused("watch", inbox, "--dataset", "d", "--stop") == "give a folder to watch, or --stop, not both"
    assert "there is no dataset called typo" in refused("watch", "--dataset", "typo")


def test_the_log_says_of_each_file_when_it_arrived_and_how_long_each_step_took(
    told, facet, workspace, dataset, author, home
):
    row = {"arrived": 1714588205.0, "waited": 3.25, "import": 0.5, "detection": 0.25, "embedding": 0.125}
    log = [
        {"path": "a.png", **row, "reason": None},
        {"path": "b\n.png", **row, "reason": message("files.link").to_json()},
    ]
    with writing(workspace.engine) as session:
        run = {"kind": "arrivals", "dataset_id": dataset, "author_id": author, "state": RunState.DONE}
        session.add(Run(**run, counts={"log": log}))
        session.add(Run(**run | {"state": RunState.FAILED}))
    _, result = told("watch", "--dataset", "faces")
    assert result["arrivals"][0] == {"path": "a.png", **row, "reason": None}
    assert isinstance(result["arrivals"][1]["reason"], str)
    _, stdout, _ = facet("watch", "--dataset", "faces")
    assert stdout.splitlines()[1] == (
        "2024-05-01 18:30:05 UTC  waited 3.25 s import 0.50 s detection 0.25 s embedding 0.12 s  a.png"
    )
    assert len(stdout.splitlines()) == 3
