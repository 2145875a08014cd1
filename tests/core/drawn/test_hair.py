import numpy as np

from core.drawn.body import POSES
from core.drawn.figures import draw_figure
from core.drawn.people import PEOPLE
from core.drawn.truth import DrawnPicture
from core.foundation.arrays import HIDDEN, VISIBLE
from core.foundation.skeletons import BODY24


def visibility(picture: DrawnPicture, joint: str) -> int:
    (figure,) = (one for one in picture.instances if one.kind == "person")
    return int(figure.keypoints.visibility[BODY24.point_names.index(joint)])


def test_ears_under_long_hair_are_hidden():
    picture = draw_figure(POSES["jump"], np.random.default_rng(0), PEOPLE["ada"])
    assert visibility(picture, "left_ear") == HIDDEN
    bare = draw_figure(POSES["jump"], np.random.default_rng(0), PEOPLE["bruno"])
    assert visibility(bare, "left_ear") == VISIBLE
