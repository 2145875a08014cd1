"""Labels that wait are put onto a picture, or dropped, on the page."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as Pillow

from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import Keypoints
from core.points.label_placing import keep_waiting
from core.points.label_writing import FileLabel
from db.engine import reading
from db.queries.points import waiting_pictures
from db.tables import Image
from db.writing import writing
from tests.builders.learning_rows import Shelf

POINTS = Keypoints.of(np.stack([5 + np.arange(68.0), 5 + np.arange(68.0)], axis=1))


@pytest.fixture
def page(opened, workspace, dataset, author):
    """The library, where two labels wait beside a picture of another folder; one is chosen."""
    number = Shelf(workspace, dataset, author).image("train/img_7.jpg")
    with reading(workspace.engine) as session:
        original = workspace.original(session.get_one(Image, number).original)
    Pillow.new("RGB", (200, 150)).save(original, "PNG")
    rows = [LabelledRow(f"val/img_{number}.jpg", POINTS, "face68") for number in (7, 8)]
    with writing(workspace.engine) as session:
        keep_waiting(dataset, [FileLabel(row, "l.json", author) for row in rows], session=session)
    page = opened("library.py")
    page.run()
    return page.selectbox(key="waiting_row").select_index(0).run()


def left(workspace, dataset):
    with reading(workspace.engine) as session:
        return [row.picture for row in waiting_pictures(dataset, session=session)]


def press(page, label):
    return next(button for button in page.button if button.label == label).click().run()


def test_the_chosen_labels_are_put_onto_the_picture_that_somebody_finds(page, workspace, dataset):
    page.text_input(key="waiting_part").input("img_7").run()
    page.selectbox(key="waiting_path").select("train/img_7.jpg").run()
    page = press(page, "Put them on it")
    assert any("1 label put on" in text.value for text in page.markdown)
    assert left(workspace, dataset) == ["val/img_8.jpg"]


def test_the_chosen_labels_are_dropped(page, workspace, dataset):
    page = press(page, "Drop these labels")
    assert any("1 label dropped" in text.value for text in page.markdown)
    assert left(workspace, dataset) == ["val/img_8.jpg"]
