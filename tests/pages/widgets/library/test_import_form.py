"""Asking for photos: what an empty store offers, and what an import is asked with."""

import pytest
from sqlmodel import select

from core.library.sample_clips import SAMPLE_CLIPS
from core.library.sample_photos import SAMPLE
from db.engine import reading
from db.tables import Dataset, Run, RunState
from db.writing import writing


@pytest.mark.parametrize(
    ("label", "kind", "name"),
    [("Try the sample", "sample", SAMPLE), ("Try with drawn clips", "sample-clips", SAMPLE_CLIPS)],
)
def test_a_sample_is_drawn_into_a_dataset_of_its_own(opened_without_data, workspace, label, kind, name):
    library = opened_without_data("library.py")
    next(button for button in library.button if button.label == label).click().run()
    assert not library.exception
    with reading(workspace.engine) as session:
        (dataset,) = session.exec(select(Dataset)).all()
        (run,) = session.exec(select(Run)).all()
    assert (dataset.name, run.kind, run.dataset_id) == (name, kind, dataset.id)
    assert library.session_state["dataset_id"] == dataset.id


COUNTS = ("images", "added", "duplicates", "skipped", "figures", "frames", "clips", "labelled")


@pytest.mark.parametrize("label", ["Try the sample", "Try with drawn clips"])
def test_a_sample_can_be_had_beside_other_datasets_and_is_drawn_once(opened, workspace, dataset, started, label):
    def click(library):
        next(button for button in library.button if button.label == label).click().run()
        assert not library.exception

    library = opened("library.py")
    click(library)
    drawn = library.session_state["dataset_id"]
    assert (drawn != dataset, len(started())) == (True, 1)
    for state, runs in ((RunState.DONE, 1), (RunState.FAILED, 2)):
        with writing(workspace.engine) as session:
            run = session.exec(select(Run)).first()
            run.state, run.counts = state, dict.fromkeys(COUNTS, 0)
        library = opened("library.py")
        click(library)
        assert (library.session_state["dataset_id"], len(started())) == (drawn, runs)


@pytest.fixture
def form(shown):
    """The form for a folder on the server."""

    def draw():
        from pages.widgets.library.import_form import import_form

        import_form("faces")

    return shown(draw, {"import_origin": "server"})


def test_folder_names_and_the_place_of_the_files_are_asked_for(form, started, tmp_path):
    form.text_input(key="import_source").input(str(tmp_path))
    form.checkbox(key="import_identities").check()
    form.checkbox(key="import_reference").check()
    form.button[0].click().run()
    assert not form.exception
    assert started() == [("import", {"source": str(tmp_path), "identities": True, "reference": True})]


def test_files_of_this_computer_cannot_stay_where_they_are(form):
    assert "import_reference" in {box.key for box in form.checkbox}
    form.session_state["import_origin"] = "files"
    form.run()
    assert {box.key for box in form.checkbox} == {"import_identities"}


def test_a_dataset_without_a_name_is_refused_before_anything_starts(form, started, tmp_path):
    form.text_input(key="import_source").input(str(tmp_path))
    form.text_input(key="import_dataset-faces").input("  ")
    form.button[0].click().run()
    assert len(form.error) == 1
    assert started() == []
