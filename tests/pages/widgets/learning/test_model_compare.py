"""Models beside one another: what is compared at first, on what, and how far it can be trusted."""

import pytest
from sqlmodel import select

from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import Image, Instance
from pages.widgets.learning import model_compare
from pages.widgets.learning.model_compare import common_split, heading, usual
from tests.builders.learning_rows import Shelf, face
from tests.pages.conftest import labelled


def row(name, **more):
    return {"name": name, "parent": None, "pre_labels": False, "split_by": "auto"} | more


def test_the_heading_says_how_far_the_intervals_can_be_trusted():
    assert "one group gives no interval" in heading(3, 1)
    assert "it is said in how many groups a difference points the same way" in heading(30, 5)
    assert heading(30, 6, every_label=True).startswith(
        "Every label counts, as none of these models has learned from any"
    )
    assert "too narrow. pp: percentage points." in heading(30, 6)
    assert heading(90, 20) == (
        "90 held-out instances of 20 groups; intervals (95%) by drawing whole groups again. pp: percentage points."
    )


def test_the_newest_model_is_compared_with_the_one_before_it():
    names = ["c-3", "b-2", "a-1", "dlib-68"]
    rows = [row("c-3"), row("b-2"), row("a-1", pre_labels=True)]
    assert usual(names, rows) == ["b-2", "c-3"], "the one trained before it"
    assert usual(names, [row("c-3", parent="a-1"), *rows[1:]]) == ["a-1", "c-3"], "its parent"
    assert usual(names, [row("c-3", parent="gone"), *rows[1:]]) == ["b-2", "c-3"]
    assert usual(names, rows, asked="b-2") == ["a-1", "b-2"]
    assert usual(names, rows, asked="a-1") == ["dlib-68", "a-1"], "the first is compared with the built-in"
    assert usual(["b-2", "a-1", "dlib-68"], [row("body", skeleton="body24"), *rows[1:]]) == ["a-1", "b-2"]
    assert usual(["a-1", "dlib-68"], rows[2:]) == ["dlib-68", "a-1"]


def test_a_model_of_another_dataset_is_compared_with_the_one_in_force_or_the_built_in():
    rows = [row("b-2", pre_labels=True)]
    assert usual(["b-2", "elsewhere-1", "dlib-68"], rows, asked="elsewhere-1") == ["b-2", "elsewhere-1"]
    assert usual(["elsewhere-1", "dlib-68"], []) == ["dlib-68", "elsewhere-1"]
    assert usual(["dlib-68"], []) == ["dlib-68"]
    assert usual([], []) == []


def test_models_are_measured_on_what_the_first_trained_one_did_not_learn():
    rows = [row("a-1", split_by="person"), row("b-2", split_by="folder")]
    assert common_split(["dlib-68", "b-2+flip", "a-1"], rows) == "folder"
    assert common_split(["dlib-68"], rows) == "auto"


def compared(dataset_id, chosen, rows=(), busy=False, in_progress=False):
    from pages.widgets.learning.model_compare import comparison

    comparison(dataset_id, chosen, rows, in_progress=in_progress, busy=busy)


def test_the_newest_model_and_the_one_before_it_are_chosen_at_first(shown, workspace, dataset, author):
    for name in ("a-1", "b-2"):
        Shelf(workspace, dataset, author).model(name)

    def draw(dataset_id):
        import streamlit as st

        from core.learning.listing import listed
        from pages.widgets.learning.model_compare import choose_models
        from pages.widgets.shared.resources import workspace

        st.session_state["got"] = choose_models(dataset_id, listed(workspace(), dataset_id))

    page = shown(draw, dataset_id=dataset)
    assert page.session_state["got"] == ("face68", ["a-1", "b-2"], False)
    assert not any("+" in name for name in page.multiselect[0].options)
    labelled(page.toggle, "Flip test").set_value(True).run()
    assert {"b-2+flip", "b-2+one-euro"} <= set(page.multiselect[0].options)
    labelled(page.selectbox, "Labels").set_value("in_progress").run()
    assert page.session_state["got"] == ("face68", ["a-1", "b-2"], True)


def test_without_held_out_labels_nothing_is_measured_and_the_way_to_some_is_said(shown, dataset):
    (said,) = shown(compared, dataset_id=dataset, chosen=["dlib-68"]).info
    assert said.value.startswith("No human label of face68 is held out in this dataset")


@pytest.fixture
def held_out_dataset(workspace, dataset, author):
    """Two photos of each of twenty people, labelled by a human; the first of two models has predicted them all."""
    shelf = Shelf(workspace, dataset, author)
    first, _ = shelf.model("a-1"), shelf.model("b-2")
    for number in range(40):
        image = shelf.image(f"{number}.png", identity=f"person {number % 20}")
        shelf.predict(shelf.instance(image, face()), first, face((3.0, 4.0)))


def test_what_a_model_has_not_predicted_is_offered(shown, started, held_out_dataset, dataset):
    page = shown(compared, dataset_id=dataset, chosen=["a-1", "b-2"])
    assert page.info[0].value == "Each model first predicts the labelled instances that they are measured on."
    assert page.caption[0].value.endswith(r". Predicted already: a\-1.")
    page.button[0].click().run()
    ((kind, parameters),) = started()
    assert (kind, parameters["model"], parameters["held_out"]) == ("predict", "b-2", True)
    assert parameters["beside"] == ["a-1", "b-2"]
    assert shown(compared, dataset_id=dataset, chosen=["a-1", "b-2"], busy=True).button[0].disabled


def test_why_there_is_nothing_to_compare_is_found_once_for_each_state_of_the_dataset(
    shown, monkeypatch, held_out_dataset, workspace, dataset, author
):
    asked, held_out = [], model_compare.held_out
    monkeypatch.setattr(model_compare, "held_out", lambda *what, **how: asked.append(what) or held_out(*what, **how))
    page = shown(compared, dataset_id=dataset, chosen=["b-2"]).run()
    assert "first predicts" in page.info[0].value
    assert len(asked) == 1
    shelf, version = Shelf(workspace, dataset, author), Shelf(workspace, dataset, author).model("b-2", trained=False)
    with reading(workspace.engine) as session:
        labelled_now = session.exec(select(Instance.id)).all()
    for instance in labelled_now:
        shelf.predict(instance, version, face((3.0, 4.0)))
    page.run()
    assert page.table[0].value.set_index("Metric")[r"b\-2"]["**NME**"] == "5.00% (5.00 to 5.00)"


def test_a_model_that_is_always_five_of_a_hundred_pixels_off_has_that_nme(shown, held_out_dataset, dataset):
    page = shown(compared, dataset_id=dataset, chosen=["a-1"])
    figures = page.table[0].value.set_index("Metric")[r"a\-1"]
    assert figures["**NME**"] == "5.00% (5.00 to 5.00)"
    assert figures["**Failures at 8%**"] == "0.00% (0.00 to 0.00)"
    assert "held-out instance" in page.caption[0].value


def test_labels_in_progress_are_measured_on_where_that_is_chosen_and_it_is_said(
    shown, started, held_out_dataset, workspace, dataset, author
):
    shelf = Shelf(workspace, dataset, author)
    alone = shown(compared, dataset_id=dataset, chosen=["a-1"])
    held = int(alone.caption[0].value.split()[0])
    with reading(workspace.engine) as session:
        images = session.exec(select(Image.id).order_by(Image.id)).all()
    for image in images[:20]:  # one of each person
        touched = shelf.instance(image, face(), human=False)
        save_edit(workspace, Edit(f"e{image}", touched, None, ((3, 50.0, 60.0, 2),)), author_id=author)
        shelf.predict(touched, shelf.model("a-1", trained=False), face((3.0, 4.0)))
    page = shown(compared, dataset_id=dataset, chosen=["a-1"], in_progress=True)
    assert page.caption[0].value.startswith(f"{held // 2 * 3} held-out instances")
    assert page.caption[1].value == (
        f"{held // 2} of them are in progress: of these the points count that a human has set."
    )
    assert shown(compared, dataset_id=dataset, chosen=["a-1"]).caption[0].value == alone.caption[0].value
    shown(compared, dataset_id=dataset, chosen=["b-2"], in_progress=True).button[0].click().run()
    assert started()[-1][1]["in_progress"] is True


def test_a_model_that_is_no_better_than_a_guess_is_warned_of_and_the_guess_is_shown(shown, held_out_dataset, dataset):
    """All faces stand alike in their boxes, so the guess is exact."""
    page = shown(compared, dataset_id=dataset, chosen=["a-1"])
    assert page.warning[0].value.startswith("No better than a guess that knows no picture")
    assert any("has an NME of 0.00%" in caption.value for caption in page.caption)


def test_the_worst_pictures_go_on_page_by_page(shown, held_out_dataset, dataset, monkeypatch):
    pages = []
    monkeypatch.setattr(model_compare, "_WORST", 3)
    monkeypatch.setattr(model_compare, "picture_grid", lambda tiles, **_: pages.append([tile.id for tile in tiles]))
    page = shown(compared, dataset_id=dataset, chosen=["a-1"])
    page.session_state["worst-page-a-1"] = 2
    page.run()
    first, second = pages
    assert len(first) == 3
    assert second
    assert not set(first) & set(second)
