"""Both forms of imports take a path on the server, say what is wrong with it, and begin anew once a run is started."""

import pytest
from sqlmodel import select

from db.engine import reading
from db.tables import Dataset, Run

BUTTONS = {"import": "Import photos", "labels": "Import labels"}


@pytest.fixture
def submit(opened, dataset):
    """Gives a path to one of the forms; gives the page."""

    def give(form, path, **fields):
        page = opened("library.py")
        page.session_state[f"{form}_origin"] = "server"
        page.run()
        page.text_input(key=f"{form}_source").input(str(path))
        for key, value in fields.items():
            page.text_input(key=key).input(value)
        if form == "labels":
            page.run()
        (button,) = [button for button in page.button if button.label == BUTTONS[form]]
        button.click().run()
        assert not page.exception
        return page

    return give


def runs(workspace):
    with reading(workspace.engine) as session:
        rows = session.exec(select(Run.kind, Run.parameters, Dataset.name).join(Dataset)).all()
    return [(kind, parameters["source"], name) for kind, parameters, name in rows]


@pytest.mark.parametrize("form", ["import", "labels"])
def test_a_path_on_the_server_becomes_a_run_and_the_form_begins_anew(submit, workspace, tmp_path, form):
    page = submit(form, tmp_path)
    assert runs(workspace) == [(form, str(tmp_path), "faces")]
    assert page.session_state[f"{form}_uploads"] == 1


@pytest.mark.parametrize("form", ["import", "labels"])
def test_a_path_that_cannot_be_is_told_and_nothing_is_started(submit, workspace, form):
    page = submit(form, "photos")
    assert any(error.value.startswith("Give the full path of the folder") for error in page.error)
    assert runs(workspace) == []


def test_an_import_into_a_new_name_makes_that_dataset_the_chosen_one(submit, workspace, tmp_path):
    page = submit("import", tmp_path, **{"import_dataset-faces": "Others"})
    ((_, _, name),) = runs(workspace)
    assert name == "Others"
    with reading(workspace.engine) as session:
        assert page.session_state["dataset_id"] == session.exec(select(Dataset.id).where(Dataset.name == name)).one()
