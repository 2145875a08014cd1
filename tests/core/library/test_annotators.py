"""Who works here."""

from core.library.annotators import annotator_id
from db.writes.library import ensure_user
from db.writing import writing


def test_a_new_name_becomes_an_annotator_once(workspace, author):
    eve = annotator_id(workspace, "eve")
    assert eve != author
    assert annotator_id(workspace, "eve") == eve


def test_a_known_name_waits_for_no_writer(workspace, author, monkeypatch):
    monkeypatch.setattr("db.engine._BUSY_MS", 50)
    workspace.engine.dispose()
    with writing(workspace.engine) as held:
        ensure_user("somebody else", session=held)
        assert annotator_id(workspace, "ada") == author
