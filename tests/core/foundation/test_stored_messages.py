"""No row holds a sentence: what people are told lies in the store as a code and fields, and any catalogue words it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel, select

from core.exchange.exporting import export_dataset
from core.foundation import messages
from core.foundation.errors import BadInput, Cancelled
from core.foundation.messages import message, worded
from core.jobs.runs import perform, submit
from core.people.deciding import merge_people, move_faces, name_person, undo
from core.points.annotating import Edit, save_edit
from core.points.label_importing import import_labels, read_label_files
from core.points.reviewing import accept
from db.engine import reading
from db.tables import Instance, Run, SkippedInput
from db.writing import writing
from tests.builders.learning_rows import Shelf

# What people and machines call things, and where files lie: these may have a space, and are no sentences.
NAMES = {
    "dailywork.kind",
    "dataset.name",
    "export.folder",
    "grouppart.group",
    "image.identity",
    "image.original",
    "image.path",
    "image.sequence",
    "imagepath.path",
    "exclusion.name",
    "exclusion.reason",  # as somebody has typed it
    "modelversion.name",
    "person.name",
    "run.log",  # a traceback
    "skipped.path",
    "trainedmodel.file",
    "user.name",
    "video.original",
    "video.path",
    "waitinglabel.picture",
    "waitinglabel.sequence",
    "waitinglabel.source",
}
NAMES_IN_JSON = {"export.counts", "modelversion.settings", "peopleevent.payload", "run.parameters"}


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and value.keys() - {"of"} == {"code", "fields"}


def _sentences(value: object) -> list[str]:
    """Texts with a space that stand in no message."""
    if _is_message(value):
        return []
    if isinstance(value, dict):
        return [found for inner in value.values() for found in _sentences(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in _sentences(inner)]
    return [value] if isinstance(value, str) and " " in value else []


def _read(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _stored_sentences(engine) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with engine.connect() as store:
        for table in SQLModel.metadata.tables.values():
            for column in table.columns:
                place = f"{table.name}.{column.name}"
                if place in NAMES | NAMES_IN_JSON or "DATETIME" in str(column.type):
                    continue
                rows = store.execute(text(f'SELECT "{column.name}" FROM "{table.name}"')).scalars()
                said = [one for row in rows if isinstance(row, str) for one in _sentences(_read(row))]
                found |= {place: said} if said else {}
    return found


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def _run(shelf, task) -> Run:
    number = submit(shelf.workspace, "import", dataset_id=shelf.dataset, author_id=shelf.author, parameters={})
    perform(shelf.workspace, number, task)
    with reading(shelf.workspace.engine) as session:
        return session.get(Run, number)


def _raise(error):
    raise error


def _label(shelf, tmp_path):
    """Labels of a picture that is not here, and a file that is none."""
    (tmp_path / "labels").mkdir()
    header = "image,nose_x,nose_y\n"
    (tmp_path / "labels" / "good.csv").write_text(f"{header}absent.png,1,2\nabsent.png,1,2\n")
    (tmp_path / "labels" / "bad.csv").write_text("no table at all\n")

    def task(workspace, run, progress):
        files = read_label_files(workspace, tmp_path / "labels", "body24", progress=progress)
        who = {"dataset_id": shelf.dataset, "author_id": shelf.author, "run_id": run.id}
        return import_labels(workspace, files, **who, progress=progress)

    return _run(shelf, task)


def test_no_row_holds_a_sentence_after_a_journey(shelf, tmp_path):
    engine = shelf.workspace.engine
    first, second = (shelf.instance(shelf.image(f"{name}.png")) for name in "ab")
    people = [
        move_faces(shelf.workspace, [face], author_id=shelf.author, name=name)
        for face, name in ((first, "Ada"), (second, ""))
    ]
    labelled = _label(shelf, tmp_path)
    failed = _run(shelf, lambda *_: _raise(BadInput("images.empty", of="a b.png")))
    broken = _run(shelf, lambda *_: _raise(ValueError("it is all wrong")))
    _run(shelf, lambda *_: _raise(Cancelled("runs.this_cancelled")))
    edit = Edit("e1", first, None, ((0, 1.0, 2.0, 2),), message("edits.move", name="jaw 1"))
    save_edit(shelf.workspace, edit, author_id=shelf.author)
    with reading(engine) as session:
        image = session.get(Instance, second).image_id
        assert session.exec(select(SkippedInput)).all()
    accept(shelf.workspace, image, author_id=shelf.author)
    event = merge_people(shelf.workspace, people[0], people[1:], author_id=shelf.author)
    undoing = undo(shelf.workspace, event, author_id=shelf.author)
    undo(shelf.workspace, undoing, author_id=shelf.author)
    name_person(shelf.workspace, people[0], "Ada Bo", author_id=shelf.author)
    exported = {"dataset_id": shelf.dataset, "author_id": shelf.author, "run_id": labelled.id}
    export_dataset(shelf.workspace, **exported, format_name="facet", folder=tmp_path / "an export")
    assert (worded(failed.error), worded(broken.error)) == ("a b.png: the file is empty", "ValueError: it is all wrong")
    assert _stored_sentences(engine) == {}


def test_every_column_of_names_is_a_column():
    columns = {f"{table.name}.{column.name}" for table in SQLModel.metadata.tables.values() for column in table.columns}
    assert columns >= NAMES | NAMES_IN_JSON


def test_another_catalogue_words_what_a_row_holds(shelf, tmp_path, monkeypatch):
    failed = _run(shelf, lambda *_: _raise(BadInput("images.empty", of="a.png")))
    english = (messages.SENTENCES / "en.toml").read_text(encoding="utf-8")
    (tmp_path / "en.toml").write_text(english, encoding="utf-8")
    (tmp_path / "ko.toml").write_text('[images]\nempty = "파일이 비어 있습니다"\n', encoding="utf-8")
    monkeypatch.setattr(messages, "SENTENCES", tmp_path)
    assert worded(failed.error, "ko") == "a.png: 파일이 비어 있습니다"
    assert worded({"list": [failed.error, None, 3]}, "ko") == {"list": ["a.png: 파일이 비어 있습니다", None, 3]}


def test_a_code_of_a_newer_version_is_shown_with_its_fields():
    assert worded({"code": "later.thing", "fields": {"count": 3}}) == "later.thing count=3"
    assert worded({"code": "images.not_read", "fields": {"cause": "gone"}}) == "images.not_read cause=gone"


def test_a_name_that_is_no_utf8_can_be_stored(shelf):
    failed = _run(shelf, lambda *_: _raise(BadInput("images.empty", of="a\udcff.png")))
    assert worded(failed.error) == "a\\udcff.png: the file is empty"


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ({"code": "clips.too_large", "fields": {"bytes": "many"}}, "clips.too_large bytes=many"),
        ({"code": "images.empty", "fields": None, "of": "a.png"}, "a.png: images.empty None"),
        ({"code": 5, "fields": {}}, "5"),
        ({"code": "images.not_read", "fields": {"cause": {"number": "x"}}}, "images.not_read cause={'number': 'x'}"),
    ],
)
def test_a_message_that_cannot_be_worded_is_shown_with_its_fields(stored, shown):
    assert worded([stored]) == [shown]


@pytest.mark.parametrize("damaged", ['{"code":', "5", "[]", '{"code": "images.empty"}', "an old sentence"])
def test_a_damaged_message_is_shown_word_for_word_and_hides_no_other_row(shelf, damaged):
    failed = _run(shelf, lambda *_: _raise(BadInput("images.empty", of="a.png")))
    other = _run(shelf, lambda *_: _raise(BadInput("images.empty", of="b.png")))
    with writing(shelf.workspace.engine) as session:
        session.connection().execute(
            text("UPDATE run SET error = :error WHERE id = :id"), {"error": damaged, "id": failed.id}
        )
    with reading(shelf.workspace.engine) as session:
        shown = [worded(run.error) for run in session.exec(select(Run).order_by(Run.id))]
    assert shown == [damaged, worded(other.error)]
