import numpy as np
import pytest

from core.drawn.body import FOREARM, SHOULDER, SHOULDER_LEVEL, UPPER_ARM, Pose, joints
from core.foundation.errors import BadInput
from core.foundation.skeletons import BODY24


def test_arm_hanging_straight_down_ends_where_the_bones_say():
    at = dict(zip(BODY24.point_names, joints(Pose(0, 0)), strict=True))
    np.testing.assert_allclose(at["left_shoulder"], [SHOULDER, -SHOULDER_LEVEL, 0])
    np.testing.assert_allclose(at["left_wrist"], [SHOULDER, -SHOULDER_LEVEL + UPPER_ARM + FOREARM, 0])
    np.testing.assert_allclose(at["right_wrist"] * (-1, 1, 1), at["left_wrist"])
    assert np.isnan(at["nose"]).all()


def test_raised_and_forward_limbs_point_up_and_to_the_viewer():
    pose = Pose(0, 0, limbs={"left_upper_arm": (0, 180), "right_upper_arm": (90, 0), "left_thigh": (0, 90)})
    at = dict(zip(BODY24.point_names, joints(pose), strict=True))
    np.testing.assert_allclose(at["left_elbow"] - at["left_shoulder"], [0, -UPPER_ARM, 0], atol=1e-9)
    np.testing.assert_allclose(at["right_elbow"] - at["right_shoulder"], [0, 0, UPPER_ARM], atol=1e-9)
    assert at["left_knee"][0] > at["left_hip"][0] + 400


def test_head_in_full_profile_is_refused():
    with pytest.raises(BadInput, match="up to 25 degrees or from 150, not turned by 90"):
        Pose(0, 90)
