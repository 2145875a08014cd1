"""The Library brings photos in, says what a dataset holds, and shows the pictures that a filter leaves."""

from __future__ import annotations

from db.tables import Dataset
from db.writing import writing
from pages.widgets.shared import run_status
from tests.builders.learning_rows import Shelf


def _labels(page):
    return [button.label for button in page.button]


def test_the_first_start_offers_photos_and_samples(opened_without_data):
    page = opened_without_data("library.py")
    assert page.title[0].value == "Library"
    assert _labels(page) == ["Import photos", "Try the sample", "Try with drawn clips"]


def test_a_dataset_without_pictures_offers_to_import_some(opened):
    page = opened("library.py")
    assert page.title[0].value == "faces"
    assert "Import photos" in _labels(page)
    assert "Find faces" not in _labels(page)


def test_pictures_that_nobody_has_looked_at_are_to_be_searched_for_faces(opened, small_dataset):
    page = opened("library.py")
    figures = {metric.label: metric.value for metric in page.metric}
    assert figures == {"Pictures": "4", "Faces": "4", "People": "0", "Without a face": "0", "Failed": "0"}
    assert "Find faces" in _labels(page)
    assert "4 pictures have not been looked at yet." in [caption.value for caption in page.caption]


def test_a_part_of_the_path_leaves_the_pictures_that_have_it(opened, small_dataset):
    page = opened("library.py")
    (part,) = [field for field in page.text_input if field.label == "Part of the path"]
    part.set_value("2.png").run()
    assert "1 picture. Click one to open it." in [caption.value for caption in page.caption]
    part.set_value("nowhere").run()
    assert "0 pictures. Change or clear the filters." in [caption.value for caption in page.caption]


def test_what_a_run_brings_in_while_the_page_is_drawn_is_counted(opened, workspace, dataset, author, monkeypatch):
    """It ends before the open runs are read, so the page is not drawn again."""

    def none_open_any_more(_):
        Shelf(workspace, dataset, author).image("a.png")
        with writing(workspace.engine) as session:
            session.get_one(Dataset, dataset).revision += 1
        return set()

    monkeypatch.setattr(run_status, "open_runs", none_open_any_more)
    page = opened("library.py")
    assert {metric.label: metric.value for metric in page.metric}["Pictures"] == "1"
