"""A window of pictures as the editor gets it."""

import json

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.points.annotating import Edit, editor_instances, save_edit
from core.points.frames import MOST, picture_window
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def test_pictures_come_in_the_order_that_was_asked_for_each_once_without_what_is_gone(workspace, shelf):
    one, other = shelf.image("a.png"), shelf.image("b.png")
    shelf.instance(one, face(), human=False)
    told = picture_window(workspace, f"{other},{one},999,{other}")
    assert [frame["id"] for frame in told["frames"]] == [other, one]
    second, first = told["frames"]
    assert (first["name"], first["width"], first["height"], first["version"]) == ("a.png", 200, 150, "00000000")
    assert (first["state"], first["clip"], second["instances"]) == ("new", None, [])
    assert json.loads(json.dumps(told)) == told


def test_instances_are_those_that_the_editor_knows(workspace, shelf):
    image = shelf.image("a.png")
    for shift in (0.0, 5.0):
        shelf.instance(image, face(shift), human=False)
    (frame,) = picture_window(workspace, str(image))["frames"]
    assert editor_instances(workspace, image) == frame["instances"]


def test_of_what_a_human_has_touched_the_models_points_come_too(workspace, shelf, author):
    image = shelf.image("a.png")
    number = shelf.instance(image, face(), human=False, version=shelf.model("first"))
    save_edit(workspace, Edit("here.1", number, None, ((3, 70.0, 80.0, 2),)), author_id=author)
    (shown,) = picture_window(workspace, str(image))["frames"][0]["instances"]
    assert shown["points"][3][:2] == [70, 80]
    np.testing.assert_allclose([row[:2] for row in shown["predicted"]], face())


def test_without_a_models_points_there_is_no_prediction(workspace, shelf):
    image = shelf.image("a.png")
    shelf.instance(image, face())
    assert picture_window(workspace, str(image))["frames"][0]["instances"][0]["predicted"] is None


def test_a_frame_says_where_in_its_clip_it_is(workspace, shelf):
    frames = [shelf.image(f"clip/{i}.png") for i in range(3)]
    video = shelf.clip("clip.mp4", frames)
    told = picture_window(workspace, str(frames[2]))["frames"][0]["clip"]
    assert told == {"video": video, "frame": 2, "seconds": 0.08, "scene": 0}


@pytest.mark.parametrize("asked", ["", "a", "1,", "1,,2", "-1", "1.0", "٣", "9" * 30, ",".join(["1"] * (MOST + 1))])
def test_what_is_no_window_is_refused(workspace, asked):
    with pytest.raises(BadInput, match="1 to 64 numbers with commas"):
        picture_window(workspace, asked)
