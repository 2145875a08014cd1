from __future__ import annotations

import numpy as np

from core.formats.labels.rows import tight_box


def test_the_tight_box_of_one_point_is_a_pixel_around_it():
    points = np.full((3, 2), np.nan, np.float32)
    points[1] = (5, 7)
    assert tight_box(points) == (4.5, 6.5, 5.5, 7.5)
    points[0] = (1, 7)
    assert tight_box(points) == (1, 6.5, 5, 7.5)
