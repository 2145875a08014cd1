import pytest

from core.formats.clips import LabelledClip, LabelledFrame
from core.formats.dataset import LabelledDataset
from core.foundation.errors import BadInput


def test_a_frame_of_a_picture_that_is_not_there_cannot_be_made():
    clip = LabelledClip("c", "a" * 64, 1, 1, 1, 25.0, (LabelledFrame(0, 0.0, "gone.png"),))
    with pytest.raises(BadInput, match=r"c: the picture of frame 0, 'gone\.png' is not in this dataset"):
        LabelledDataset("x", clips=(clip,))
    with pytest.raises(BadInput, match="frame 0 of the clip 'c' has no finite time"):
        LabelledClip("c", "a" * 64, 1, 1, 1, 25.0, (LabelledFrame(0, float("nan"), None),))
