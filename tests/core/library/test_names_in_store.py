"""Datasets and annotators by name."""

import pytest

from core.foundation.errors import BadInput
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id, create_dataset, operator_id
from db.engine import reading
from db.queries.library import datasets
from db.tables import User
from db.writes.library import ensure_user
from db.writing import writing


def names(workspace):
    with reading(workspace.engine) as session:
        return [dataset.name for dataset in datasets(session=session)]


def test_a_name_is_one_line_and_the_same_name_is_the_same_dataset(workspace, author):
    first = create_dataset(workspace, "  My\n photos ", author)
    assert create_dataset(workspace, "My photos", author) == first
    assert names(workspace) == ["My photos"]


@pytest.mark.parametrize("name", ["", " \n", "\x00"])
def test_a_dataset_needs_a_name(workspace, author, name):
    with pytest.raises(BadInput, match="a dataset needs a name"):
        create_dataset(workspace, name, author)


def test_a_name_has_at_most_eighty_characters(workspace, author):
    create_dataset(workspace, "x" * 80, author)
    with pytest.raises(BadInput, match="at most 80 characters, this one has 81"):
        create_dataset(workspace, "x" * 81, author)


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


def test_a_command_is_run_by_whom_the_settings_name_else_by_the_login(workspace, monkeypatch):
    def name(**settings):
        with reading(workspace.engine) as session:
            number = operator_id(Workspace(Settings(home=workspace.home, **settings)))
            return session.get(User, number).name

    monkeypatch.setattr("getpass.getuser", lambda: "mina")
    assert name(user="eve") == "eve"
    assert name(user="") == "mina"


@pytest.mark.parametrize("error", [KeyError, OSError, ImportError])
def test_a_command_of_nobody_is_refused(workspace, monkeypatch, error):
    def nobody():
        raise error("no such user")

    monkeypatch.setattr("getpass.getuser", nobody)
    with pytest.raises(BadInput, match="say who you are: set FACET_USER to your name"):
        operator_id(Workspace(Settings(home=workspace.home, user="")))
