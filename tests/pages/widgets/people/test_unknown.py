"""Unknown faces: the count of each reason, one reason alone, every order, and none."""

from __future__ import annotations

import pytest

from db.writes.quality import set_quality
from db.writing import writing
from pages.widgets.people.unknown import _ORDERS
from tests.builders.people_rows import own
from tests.builders.poor_faces import quality
from tests.builders.staged_people import add_faces, vector

FIGURES = [{"sharpness": 1.0}, {"sharpness": 9.0}, {"size": 9.0}, {"yaw": 70.0}, {}]


def once(dataset_id):
    from pages.widgets.people.unknown import seen_once

    seen_once(dataset_id, 0)


def nobody(dataset_id):
    from pages.widgets.people.unknown import faces_of_nobody

    faces_of_nobody(dataset_id, 0)


@pytest.fixture
def faces(workspace, dataset):
    """Five people seen once, of whom the last is not poor, and a face of nobody that is not measured."""
    added = add_faces(workspace, dataset, [(f"{n}.png", vector(n)) for n in range(6)])
    for face in added[:5]:
        own(workspace, dataset, [face])
    with writing(workspace.engine) as session:
        for face, figures in zip(added, FIGURES, strict=False):
            set_quality(quality(face, **figures), session=session)
    return added


def test_each_reason_is_counted_and_can_be_looked_at_alone(shown, dataset, faces):
    page = shown(once, dataset_id=dataset)
    [why] = page.segmented_control
    assert why.options == ["All (5)", "Too small (1)", "Blurred (2)", "Turned away (1)", "Nobody is near (1)"]
    why.set_value("blurred").run()
    assert not page.exception
    assert page.session_state[why.key] == "blurred"


def test_faces_of_nobody_are_told_apart_from_those_seen_once(shown, dataset, faces):
    page = shown(nobody, dataset_id=dataset)
    assert page.segmented_control[0].options == ["All (1)", "Nobody is near (1)"]
    assert not page.exception


def test_there_may_be_none(shown, dataset):
    page = shown(nobody, dataset_id=dataset)
    assert page.segmented_control[0].options == ["All (0)"]
    assert not page.exception


@pytest.mark.parametrize("order", _ORDERS)
def test_every_order_has_its_words_and_goes_by_its_figure(shown, dataset, faces, order):
    page = shown(once, dataset_id=dataset)
    page.selectbox[0].select(order).run()
    assert not page.exception


def test_orders_put_what_is_not_known_last(workspace, dataset, faces):
    from core.people.unknown import unknown_faces

    known = unknown_faces(workspace, dataset)
    ordered = {
        name: [face.instance_id for face in sorted(known, key=lambda face: (key(face), face.instance_id))]
        for name, key in _ORDERS.items()
    }
    assert ordered["found"] == faces
    assert ordered["blurred"][:2] == faces[:2]
    assert ordered["sharp"][-3:] == [faces[1], faces[0], faces[5]]
    assert ordered["small"][0] == faces[2]
    assert ordered["turned"][0] == faces[3]
    for name in ("blurred", "sharp", "small", "large", "straight"):
        assert ordered[name][-1] == faces[5], name
