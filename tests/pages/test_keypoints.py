"""The Keypoints page opens the first picture by path, and says so where no picture fits."""

from __future__ import annotations

import pytest

from core.points.reviewing import accept
from db.tables import Image
from db.writing import writing
from tests.builders.learning_rows import Shelf


def test_without_data_it_leads_to_the_library(opened_without_data):
    assert [button.label for button in opened_without_data("keypoints.py").button] == ["Open the library"]


def test_without_pictures_it_leads_to_the_library(opened):
    page = opened("keypoints.py")
    assert page.info[0].value.startswith("No picture fits.")
    assert "Open the library" in [button.label for button in page.button]


def test_it_opens_the_first_picture_by_path_with_its_size(opened, small_dataset):
    page = opened("keypoints.py")
    assert page.caption[0].value == r"clip\/0\.png · 200 × 150 pixels"
    assert "Boxes…" in [button.label for button in page.button]


def test_a_filter_opens_the_first_picture_that_fits_or_none(opened, small_dataset):
    page = opened("keypoints.py")
    (part,) = [field for field in page.text_input if field.label == "Part of the path"]
    part.set_value("2.png").run()
    assert page.caption[0].value.startswith(r"clip\/2\.png")
    part.set_value("nowhere").run()
    assert page.info[0].value.startswith("No picture fits.")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("new", "Nobody has looked for faces in this picture yet. Draw a box,"),
        ("empty", "Nothing was found in this picture."),
        ("failed", "This picture could not be looked at."),
        ("accepted", "It is accepted that nothing is in this picture."),
    ],
)
def test_of_a_picture_without_faces_it_says_why_there_are_none(opened, workspace, dataset, author, state, said):
    image = Shelf(workspace, dataset, author).image("a.png")
    if state == "accepted":
        accept(workspace, image, author_id=author)
    else:
        with writing(workspace.engine) as session:
            session.get(Image, image).state = state
    assert opened("keypoints.py").info[0].value.startswith(said)
