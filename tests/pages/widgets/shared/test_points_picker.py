"""Which points a page is about."""

import pytest

from core.points.annotating import editor_skeletons
from pages.widgets.shared.points_picker import points_name
from tests.builders.learning_rows import Shelf


def draw(dataset_id):
    import streamlit as st

    from pages.widgets.shared.points_picker import choose_points, usual_points

    choose_points(dataset_id, key="points")
    st.session_state["usual"] = usual_points(dataset_id)


@pytest.fixture
def figures(workspace, dataset, author):
    """A dataset whose only human labels are of body keypoints."""
    shelf = Shelf(workspace, dataset, author)
    shelf.instance(shelf.image("a.png"), [[1.0, 2.0]] * 24, kind="person", skeleton="body24")


def test_without_labels_it_is_the_face(shown, dataset):
    page = shown(draw, dataset_id=dataset)
    assert page.selectbox(key="points").value == "face68"
    assert page.selectbox(key="points").options == [points_name(name) for name in editor_skeletons()]


def test_it_is_what_the_dataset_has_human_labels_of(shown, figures, dataset):
    assert shown(draw, dataset_id=dataset).selectbox(key="points").value == "body24"


def test_labels_of_other_points_that_came_since_are_seen_at_once(shown, dataset, workspace, author):
    page = shown(draw, dataset_id=dataset)
    shelf = Shelf(workspace, dataset, author)
    shelf.instance(shelf.image("a.png"), [[1.0, 2.0]] * 24, kind="person", skeleton="body24")
    assert page.run().session_state["usual"] == "body24"


def test_a_choice_holds_for_its_dataset_and_no_other(shown, figures, dataset):
    page = shown(draw, dataset_id=dataset)
    page.selectbox(key="points").select("face68").run()
    assert page.session_state["usual"] == "face68"
    assert page.session_state[f"points-of-{dataset}"] == "face68"
    elsewhere = {f"points-of-{dataset + 1}": "face68"}
    assert shown(draw, elsewhere, dataset_id=dataset).session_state["usual"] == "body24"


def test_an_address_may_say_which(shown, figures, dataset):
    assert shown(draw, address={"points": "coco17"}, dataset_id=dataset).selectbox(key="points").value == "coco17"


def test_points_have_a_name_for_people_and_unknown_ones_their_own():
    assert all(points_name(name) != name for name in editor_skeletons())
    assert points_name("hand21") == "hand21"
