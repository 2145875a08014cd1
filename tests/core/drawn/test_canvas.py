import numpy as np
import pytest

from core.drawn.canvas import Canvas, ellipse


@pytest.mark.parametrize("soft", [0.0, 1.0])
def test_painted_shape_is_centred_where_it_was_asked_for(soft):
    rows, columns = np.mgrid[:48, :64]
    for x, y in np.random.default_rng(0).uniform((28, 20), (34, 26), (20, 2)):
        canvas = Canvas(64, 48)
        canvas.fill(ellipse((x, y), (12, 7), turn=20), (200, 100, 50), soft=soft)
        painted = canvas.develop()[..., 0]
        assert (columns * painted).sum() / painted.sum() == pytest.approx(x, abs=0.1)
        assert (rows * painted).sum() / painted.sum() == pytest.approx(y, abs=0.1)


def test_painting_outside_the_canvas_changes_nothing():
    canvas = Canvas(16, 16)
    canvas.fill([[40, 40], [50, 40], [50, 50]], (255, 255, 255), soft=1)
    assert not canvas.rgb.any()
