import pytest

from core.formats.clips import LabelledClip, LabelledFrame, SplitPart
from core.formats.dataset import LabelledDataset
from core.foundation.errors import BadInput

CLIP = {"path": "c", "sha256": "a" * 64, "width": 1, "height": 1, "length": 3, "frames_per_second": 25.0}


def test_a_frame_of_a_picture_that_is_not_there_cannot_be_made():
    clip = LabelledClip(**CLIP, frames=(LabelledFrame(0, 0.0, "gone.png"),))
    with pytest.raises(BadInput, match=r"c: the picture of frame 0, 'gone\.png' is not in this dataset"):
        LabelledDataset("x", clips=(clip,))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"path": ""}, "a clip's name"),
        ({"sha256": "A" * 64}, "should be 64 hexadecimal digits"),
        ({"width": 0}, "at least 1 × 1 pixel, not 0 × 1"),
        ({"height": 0}, "at least 1 × 1 pixel, not 1 × 0"),
        ({"frames_per_second": -1.0}, "cannot have -1.0 frames a second"),
        ({"frames_per_second": float("inf")}, "cannot have inf frames a second"),
        ({"frames": (LabelledFrame(3, 0.0, None),)}, "has 3 frames, but one is number 3"),
        ({"frames": (LabelledFrame(-1, 0.0, None),)}, "has 3 frames, but one is number -1"),
        ({"frames": (LabelledFrame(0, float("nan"), None),)}, "frame 0 of the clip 'c' has no finite time"),
        (
            {"frames": (LabelledFrame(1, 0.0, None), LabelledFrame(1, 0.0, None))},
            "frame 1, scene 0 .* comes after 1, 0",
        ),
        ({"frames": (LabelledFrame(0, 0.0, None, 1), LabelledFrame(1, 0.0, None))}, "scene 0 .* comes after 0, 1"),
    ],
)
def test_a_clip_that_cannot_be_is_refused(changed, message):
    with pytest.raises(BadInput, match=message):
        LabelledClip(**(CLIP | changed))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("room", "a", "train"), "should be one of clip, sequence, .*, not 'room'"),
        (("clip", "a", "exam"), "should be one of train, validation, test, not 'exam'"),
        (("clip", "", "train"), "the name of a clip in the split should not be empty"),
    ],
)
def test_a_part_of_a_split_that_cannot_be_is_refused(row, message):
    assert SplitPart("folder", "", "train").name == ""
    with pytest.raises(BadInput, match=message):
        SplitPart(*row)
