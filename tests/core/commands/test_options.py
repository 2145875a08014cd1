"""What the commands share: one sentence instead of a traceback, and whom and what a name means."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import typer
from click import UsageError
from pydantic import ValidationError
from sqlmodel import select

from core.commands import options
from core.commands.options import author, dataset_id, model_name, sentence_instead_of_traceback
from core.foundation.errors import BadInput, NotFound
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from db.engine import reading
from db.tables import Dataset, User
from tests.builders.learning_rows import Shelf


def raising(error):
    """A command that ends in this error."""

    @sentence_instead_of_traceback
    def command():
        raise error

    return command


def wrong_settings():
    with pytest.raises(ValidationError) as wrong:
        Settings(port=99999999)
    return wrong.value


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BadInput("store.full", of="a.mp4"), str(BadInput("store.full", of="a.mp4"))),
        (FileNotFoundError(2, "No such file", "x\ny.jpg"), "x\\ny.jpg: No such file"),
        (KeyboardInterrupt(), "stopped; what was finished stays"),
        (RuntimeError("out of\nmemory"), "RuntimeError: out of memory"),
        (UnicodeEncodeError("utf-8", "a\udcff", 1, 2, "surrogates"), "a\\udcff: it is not a text in UTF-8"),
    ],
)
def test_whatever_goes_wrong_is_one_line_on_stderr_and_exit_code_2(error, sentence, capsys):
    with pytest.raises(typer.Exit) as ended:
        raising(error)()
    assert ended.value.exit_code == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", f"{sentence}\n")


def test_a_wrong_setting_is_named_as_in_the_environment(capsys):
    with pytest.raises(typer.Exit):
        raising(wrong_settings())()
    told = capsys.readouterr().err
    assert told.startswith("FACET_PORT: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize("error", [typer.Exit(1), UsageError("no such option")])
def test_what_typer_itself_raises_passes_through_in_silence(error, capsys):
    with pytest.raises(type(error)) as passed:
        raising(error)()
    assert passed.value is error
    assert capsys.readouterr().err == ""


def test_python_in_development_mode_shows_the_traceback_of_what_nobody_expected(monkeypatch, capsys):
    monkeypatch.setattr(options, "sys", SimpleNamespace(flags=SimpleNamespace(dev_mode=True)))
    with pytest.raises(RuntimeError, match="out of memory"):
        raising(RuntimeError("out of memory"))()
    with pytest.raises(typer.Exit):
        raising(BadInput("store.full"))()


def test_a_guarded_command_keeps_its_name_words_and_arguments():
    given = []

    @sentence_instead_of_traceback
    def command(one, *, other):
        """Do it."""
        given.append((one, other))

    command(1, other=2)
    assert given == [(1, 2)]
    assert (command.__name__, command.__doc__) == ("command", "Do it.")


def test_the_author_is_whom_the_settings_name_and_one_user(workspace):
    named = Workspace.open(Settings(home=workspace.home, user="mina"))
    first = author(named)
    assert author(named) == first != author(workspace)
    with reading(workspace.engine) as session:
        assert session.exec(select(User.name).where(User.id == first)).one() == "mina"
    named.engine.dispose()


def test_a_dataset_is_found_by_its_name_and_made_only_where_that_is_asked(workspace, dataset):
    assert dataset_id(workspace, "faces") == dataset_id(workspace, "faces", make=True) == dataset
    with pytest.raises(NotFound) as missing:
        dataset_id(workspace, "new")
    assert (missing.value.code, missing.value.fields) == ("datasets.none_called", {"name": "new"})
    made = dataset_id(workspace, "new", make=True)
    assert dataset_id(workspace, "new") == made != dataset
    with reading(workspace.engine) as session:
        assert session.get(Dataset, made).name == "new"


def test_a_model_is_called_by_its_name_or_by_the_number_that_commands_tell(workspace, dataset, author):
    version = Shelf(workspace, dataset, author).model("tracker")
    assert model_name(workspace, str(version)) == model_name(workspace, "tracker") == "tracker"
    assert model_name(workspace, f"{version}+flip") == "tracker+flip"
    assert model_name(workspace, "99999") == "99999"
