"""The order of pictures as a browser gets it: arrays, packed."""

import numpy as np
import pytest

from core.points.orders import STATES, order_by_path, order_of
from db.queries.library import ImageFilter
from db.tables import Frame, Image, ImageState
from db.writing import writing
from tests.builders.learning_rows import Shelf


@pytest.fixture
def images(workspace, dataset, author):
    """A photo, and a clip of three frames with a cut before the last; the photo is accepted."""
    shelf = Shelf(workspace, dataset, author)
    photo, *frames = (shelf.image(path) for path in ("z.png", "clip/0.png", "clip/1.png", "clip/2.png"))
    video = shelf.clip("clip.mp4", frames)
    with writing(workspace.engine) as session:
        session.get(Image, photo).state = ImageState.ACCEPTED
        session.get(Frame, 3).scene = 1
    return {"photo": photo, "frames": frames, "video": video}


def test_the_order_by_path_says_of_each_its_clip_its_scene_and_where_it_stands(workspace, dataset, images):
    order = order_by_path(workspace, dataset, ImageFilter())
    assert order.images.tolist() == [*images["frames"], images["photo"]]
    assert order.videos.tolist() == [images["video"]] * 3 + [0]
    assert order.scenes.tolist() == [0, 0, 1, 0]
    assert [STATES[state] for state in order.states] == ["new", "new", "new", "accepted"]


def test_it_travels_as_13_bytes_a_picture(workspace, dataset, images):
    order = order_by_path(workspace, dataset, ImageFilter())
    packed = order.to_bytes()
    assert len(packed) == 13 * 4
    assert np.frombuffer(packed, "<i4", 4).tolist() == order.images.tolist()
    assert np.frombuffer(packed, np.uint8, 4, offset=48).tolist() == order.states.tolist()


def test_a_filter_leaves_out_and_may_leave_nothing(workspace, dataset, images):
    accepted = order_by_path(workspace, dataset, ImageFilter(state=ImageState.ACCEPTED))
    assert accepted.images.tolist() == [images["photo"]]
    nothing = order_by_path(workspace, dataset, ImageFilter(path_contains="nowhere"))
    assert (nothing.images.tolist(), nothing.to_bytes()) == ([], b"")


def test_a_ranking_keeps_its_order_without_what_is_gone(workspace, dataset, images):
    first, _, third = images["frames"]
    assert order_of(workspace, dataset, [third, 999, first]).images.tolist() == [third, first]
    assert order_of(workspace, dataset, []).images.tolist() == []


def test_a_picture_that_is_several_frames_is_at_its_first(workspace, dataset, images):
    with writing(workspace.engine) as session:
        session.add(Frame(video_id=images["video"], index=9, seconds=1, scene=4, image_id=images["frames"][0]))
    assert order_by_path(workspace, dataset, ImageFilter()).scenes.tolist() == [0, 0, 1, 0]
