"""A picture with its boxes."""

import numpy as np
import pytest
from PIL import Image

from pages.widgets.points.box_picture import with_boxes


@pytest.fixture
def picture(tmp_path):
    """200 x 100 pixels of grey."""
    file = tmp_path / "a.jpg"
    Image.new("RGB", (200, 100), (128, 128, 128)).save(file, quality=95)
    return file


def green(drawn):
    """Where the lines of boxes are: (rows, columns)."""
    pixels = np.asarray(drawn).astype(int)
    return np.argwhere((abs(pixels - (31, 220, 156)) < 8).all(axis=2))


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_boxes_are_where_they_are_in_the_picture(picture, scale):
    drawn = with_boxes(picture, [{"id": 7, "box": [40, 20, 120, 80]}], {7: "face 1"}, scale)
    assert drawn.size == (200 * scale, 100 * scale)
    rows, columns = green(drawn).T
    assert [columns.min(), columns.max()] == pytest.approx([40.5 * scale, 120.5 * scale], abs=1)
    assert rows.max() == pytest.approx(80.5 * scale, abs=1)


def test_without_boxes_it_is_the_picture(picture):
    drawn = with_boxes(picture, [], {}, 1.0)
    assert np.ptp(np.asarray(drawn)) <= 2


def test_a_box_over_the_edge_and_one_without_width_are_drawn_as_far_as_they_reach(picture):
    boxes = [{"id": 1, "box": [-50, -50, 900, 900]}, {"id": 2, "box": [10, 10, 10, 10]}]
    assert len(green(with_boxes(picture, boxes, {1: "<b>", 2: "person 1"}, 1.0)))
