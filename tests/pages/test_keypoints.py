"""The Keypoints page opens the first picture by path, and says so where no picture fits."""

from __future__ import annotations

from db.engine import reading
from db.tables import Image
from pages.widgets.shared.resources import IMAGE


def test_without_data_it_leads_to_the_library(opened_without_data):
    assert [button.label for button in opened_without_data("keypoints.py").button] == ["Open the library"]


def test_without_pictures_it_leads_to_the_library(opened):
    page = opened("keypoints.py")
    assert page.info[0].value.startswith("No picture fits.")
    assert "Open the library" in [button.label for button in page.button]


def path_of(workspace, page):
    with reading(workspace.engine) as session:
        return session.get(Image, page.session_state[IMAGE]).path


def test_it_opens_the_first_picture_by_path(opened, workspace, small_dataset):
    page = opened("keypoints.py")
    assert path_of(workspace, page) == "clip/0.png"
    assert "Boxes…" in [button.label for button in page.button]


def test_a_filter_opens_the_first_picture_that_fits_or_none(opened, workspace, small_dataset):
    page = opened("keypoints.py")
    (part,) = [field for field in page.text_input if field.label == "Part of the path"]
    part.set_value("2.png").run()
    assert path_of(workspace, page) == "clip/2.png"
    part.set_value("nowhere").run()
    assert page.info[0].value.startswith("No picture fits.")
