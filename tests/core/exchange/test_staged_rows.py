"""Rows under a dataset that nobody sees: not found by number or name, and swept once their run is over."""

import pytest
from sqlmodel import col, select

from core.exchange.staged_rows import begin_staging, sweep_staged
from core.foundation.errors import NotFound
from core.jobs.runs import submit
from core.library.lookup import find_dataset
from db.engine import reading
from db.queries.library import dataset_by_name, datasets
from db.tables import Dataset, Image, Instance, Person, Run
from db.writing import writing
from tests.builders.learning_rows import Shelf


def _hidden(workspace):
    with reading(workspace.engine) as session:
        return session.exec(select(Dataset.staged_by).where(col(Dataset.staged_by).is_not(None))).all()


def test_what_a_run_stages_that_still_goes_on_is_swept_by_no_other(workspace, dataset, author):
    mine, running, ended = (
        submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={}) for _ in range(3)
    )
    with writing(workspace.engine) as session:
        session.get(Run, ended).state = "failed"
    for run in (mine, running, ended):
        begin_staging(workspace, author, run)
    sweep_staged(workspace, mine)
    assert _hidden(workspace) == [running]


def test_a_hidden_dataset_is_found_neither_by_its_number_nor_by_its_name(workspace, dataset, author):
    hidden = begin_staging(workspace, author, 1).dataset_id
    with reading(workspace.engine) as session:
        name = session.get(Dataset, hidden).name
        assert dataset_by_name(name, session=session) is None
        assert [row.id for row in datasets(session=session)] == [dataset]
        with pytest.raises(NotFound):
            find_dataset(hidden, session=session)


def test_pictures_faces_and_people_are_swept_in_parts_and_the_others_stay(workspace, dataset, author, monkeypatch):
    monkeypatch.setattr("core.exchange.staged_rows._SWEPT", 2)
    shown, hidden = (
        Shelf(workspace, dataset, author),
        Shelf(workspace, begin_staging(workspace, author, 1).dataset_id, author),
    )
    shown.instance(shown.image("kept.png"))
    for number in range(5):
        image = hidden.image(f"{number}.png")
        hidden.instance(image)
        with writing(workspace.engine) as session:
            session.add(Person(dataset_id=hidden.dataset))
            session.get(Image, image).sha256 = f"{number}"
    hidden.clip("a.mp4", [image])
    sweep_staged(workspace, 1)
    with reading(workspace.engine) as session:
        assert [row.path for row in session.exec(select(Image))] == ["kept.png"]
        assert len(session.exec(select(Instance)).all()) == 1
        assert session.exec(select(Person)).all() == []
    assert _hidden(workspace) == []
