"""Choosing what to train: what there is to learn from, the recipe, and what speaks against it."""

import pytest
from sqlmodel import select

from core.foundation.messages import verbatim
from core.learning.labels import SPLIT_BY, Supply
from core.learning.recipes import MemoryFit
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import Image, Run
from pages.widgets.learning import training_form
from pages.widgets.learning.training_form import KEPT_TOGETHER
from tests.builders.learning_rows import Shelf, face
from tests.pages.conftest import labelled

COUNTS = {"train": 8, "train_groups": 4, "validation": 1, "validation_groups": 1, "test": 2, "test_groups": 2}
ENOUGH = Supply(COUNTS, ["a", "b"], [], 0, 5)


def test_every_split_says_what_stays_together_and_what_may_part():
    assert list(KEPT_TOGETHER) == list(SPLIT_BY)
    assert all("part" in said or "stands for itself" in said for said in KEPT_TOGETHER.values())


def card(dataset_id):
    from pages.widgets.learning.training_form import labels_card

    labels_card(dataset_id)


def test_without_human_labels_the_ways_to_some_are_offered(shown, switched, workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    shelf.instance(shelf.image("a.png"), face(), human=False)
    page = shown(card, dataset_id=dataset)
    assert page.info[0].value.startswith("No human has set or accepted 68 face landmarks here yet.")
    assert page.info[0].value.endswith("1 instance waits for it.")
    assert not page.metric
    page.button(key="to-keypoints").click().run()
    assert switched == ["keypoints.py"]


def test_labels_are_counted_by_the_part_that_they_go_to(shown, small_dataset, dataset):
    page = shown(card, address={"split": "person"}, dataset_id=dataset)
    assert {metric.label for metric in page.metric} == {"To learn from", "To stop in time", "Held out"}
    assert sum(int(metric.value) for metric in page.metric) == len(small_dataset)
    assert page.caption[0].value == KEPT_TOGETHER["person"]


def test_labels_in_progress_stay_out_until_they_are_asked_for(shown, small_dataset, workspace, author, dataset):
    shelf = Shelf(workspace, dataset, author)
    with reading(workspace.engine) as session:
        images = session.exec(select(Image.id)).all()
    for image in images[:2]:
        touched = shelf.instance(image, face(), human=False)
        save_edit(workspace, Edit(f"e{image}", touched, None, ((3, 50.0, 60.0, 2),)), author_id=author)
    page = shown(card, address={"split": "person"}, dataset_id=dataset)
    assert sum(int(metric.value) for metric in page.metric) == 4
    assert page.caption[-1].value == "2 labels in progress stay out."
    labelled(page.selectbox, "Labels").set_value("in_progress").run()
    assert sum(int(metric.value) for metric in page.metric) == 6
    assert page.caption[-1].value == (
        "2 of those to learn from are in progress, with the points that a human has set. "
        "Nothing in progress is held out."
    )


def left_out(excluded):
    from core.learning.labels import Supply
    from pages.widgets.learning.training_form import _left_out

    _left_out(Supply({}, [], excluded, 0, 0))


def test_every_picture_that_the_list_leaves_out_is_named(shown):
    names = [f"{number:03}.png" for number in range(250)]
    pages = [shown(left_out, {"train-left-out": page}, excluded=names).text[0].value for page in range(1, 6)]
    assert "\n".join(pages).split("\n") == names


def form(dataset_id, supply, open_runs=(), in_progress=False):
    from pages.widgets.learning.training_form import ChosenLabels, recipe_form

    recipe_form(dataset_id, ChosenLabels("face68", "auto", in_progress), supply, open_runs)


def button(page, label):
    return next(button for button in page.button if button.label == label)


@pytest.fixture
def recipe(monkeypatch):
    """No weights are missing; the name of the recipe that is chosen at first."""
    monkeypatch.setattr(training_form.recipes, "missing_weights", lambda *_: None)
    return training_form.recipes.recipe_choices()[0].name


def test_a_training_is_started_with_what_differs_from_its_recipe(shown, started, dataset, recipe):
    page = shown(form, dataset_id=dataset, supply=ENOUGH)
    labelled(page.text_input, "Epochs").input("3")
    labelled(page.text_area, "Others").input("amp=off\nno line").run()
    assert [warning.value for warning in page.warning] == ["“no line” is no key=value and does not count."]
    button(page, "Train").click().run()
    ((kind, parameters),) = started()
    assert (kind, parameters["recipe"]) == ("train", recipe)
    assert parameters["settings"] == {"epochs": "3", "amp": "off"}
    assert "plan" not in parameters


def test_a_training_is_told_that_labels_in_progress_count(shown, started, dataset, recipe):
    for asked in (False, True):
        button(shown(form, dataset_id=dataset, supply=ENOUGH, in_progress=asked), "Train").click().run()
    assert [parameters.get("in_progress") for _, parameters in started()] == [None, True]


def test_where_all_is_in_progress_nothing_can_be_held_out(shown, dataset, recipe):
    counts = COUNTS | {"train": 3, "validation": 0, "test": 0}
    page = shown(form, dataset_id=dataset, supply=Supply(counts, ["a", "b"], [], 0, 5, 3, 3), in_progress=True)
    assert page.warning[0].value.startswith("Nobody has accepted a label yet")
    assert button(page, "Train").disabled


def test_learning_from_unlabelled_pictures_has_a_plan_and_begins_afresh(shown, started, dataset, recipe):
    page = shown(form, dataset_id=dataset, supply=ENOUGH)
    labelled(page.toggle, "Learn from unlabelled").set_value(True).run()
    button(page, "Train").click().run()
    ((kind, parameters),) = started()
    assert (kind, parameters["parent"]) == ("selftrain", None)
    assert parameters["plan"] in ("curriculum", "plain")


def test_where_nothing_can_be_held_out_there_is_no_training(shown, dataset, recipe):
    lone = Supply(COUNTS | {"test": 0}, ["one clip"], [], 0, 0)
    page = shown(form, dataset_id=dataset, supply=lone)
    assert page.warning[0].value.startswith(r"Everything labelled belongs to one group \(one clip\)")
    assert button(page, "Train").disabled
    assert labelled(page.toggle, "Learn from unlabelled").disabled, "there is nothing unlabelled"


def test_weights_that_are_not_here_are_named_and_stand_in_the_way(shown, dataset, monkeypatch):
    monkeypatch.setattr(training_form.recipes, "missing_weights", lambda *_: verbatim("fetch them there"))
    page = shown(form, dataset_id=dataset, supply=ENOUGH)
    assert page.code[0].value == "fetch them there"
    assert button(page, "Train").disabled


def test_the_very_same_training_is_not_started_twice(shown, workspace, dataset, recipe):
    page = shown(form, dataset_id=dataset, supply=ENOUGH)
    button(page, "Train").click().run()
    with reading(workspace.engine) as session:
        runs = session.exec(select(Run)).all()
    again = shown(form, dataset_id=dataset, supply=ENOUGH, open_runs=runs)
    assert button(again, "Train").disabled
    assert again.caption[-1].value == "This very training is at work or waiting."


@pytest.mark.parametrize("fits", [True, False])
def test_whether_it_fits_into_memory_is_measured_when_asked(shown, dataset, recipe, monkeypatch, fits):
    fit = MemoryFit(fits, 2, verbatim("it takes 2 bytes"))
    monkeypatch.setattr(training_form, "what_fits_beside", lambda *_: fit)
    page = shown(form, dataset_id=dataset, supply=ENOUGH)
    assert not page.success
    button(page, "Does it fit?").click().run()
    assert [box.value for box in (page.success if fits else page.warning)] == ["It takes 2 bytes"]


def test_a_setting_that_cannot_be_is_told_in_place_of_a_training(shown, dataset, recipe):
    page = shown(form, dataset_id=dataset, supply=ENOUGH)
    labelled(page.text_input, "Epochs").input("many").run()
    assert "epochs" in page.warning[0].value
    assert button(page, "Train").disabled
