"""What speaks against a model: no better than a guess without a picture, or worse than what pre-labels now."""

import numpy as np
import pytest

from core.foundation.messages import message
from core.learning.evaluating import evaluate, keep_figures
from core.learning.held_out import held_out
from core.learning.promoting import pre_labels_now, promote
from core.learning.verdicts import (
    CAME_TO_NOTHING,
    came_to_nothing,
    check_promotion,
    no_better_than_mean_shape,
    verdict_message,
    whole_errors,
    worse_than,
)
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def moving(shelf):
    """Two pictures of each of four people (two of them held out), whose faces stand 20 pixels apart in their boxes.

    The mean shape errs by 10 pixels on each, that is by 10 % of the distance of the eyes."""
    shelf.split({f"person {name}": "test" if name in "ab" else "train" for name in "abcd"})
    return {
        (name, shift): shelf.instance(shelf.image(f"{name}/{shift}.png", identity=name), face((shift, 0.0)))
        for name in "abcd"
        for shift in (0.0, 20.0)
    }


def _predicted(shelf, moving, name, error, *, trained=True):
    version = shelf.model(name, trained=trained)
    for (_, shift), instance in moving.items():
        shelf.predict(instance, version, face((shift + error, 0.0)))


def _held(shelf, *models):
    return held_out(shelf.workspace, shelf.dataset, models)


def test_a_model_that_errs_as_much_as_the_mean_shape_is_told_with_both_figures(shelf, moving):
    for name, error in (("good", 9.9), ("same", 10.0), ("bad", 16.0)):
        _predicted(shelf, moving, name, error)
    held = _held(shelf, "good", "same", "bad")
    assert no_better_than_mean_shape(held, "good") is None
    assert no_better_than_mean_shape(held, "same") is not None
    assert no_better_than_mean_shape(held, "bad").text() == (
        "no better than a guess that knows no picture: on 4 labels bad has an NME of 16.00%, and the mean shape of "
        "other labels, put into each box, has 10.00%"
    )
    found = came_to_nothing(held, "bad", 0.001)
    assert found.code == CAME_TO_NOTHING
    assert "its NME is 16.00%, and the mean shape of the other labels, put into each box, has 10.00%" in found.text()
    assert "another rate than 0.001" in found.text()
    assert came_to_nothing(held, "good", 0.001) is None


def test_two_groups_are_enough_to_say_that_a_model_is_no_better_than_the_mean_shape(shelf, moving):
    """With fewer than six groups only a figure twice as bad used to be told."""
    _predicted(shelf, moving, "net", 10.5)
    report = evaluate(shelf.workspace, shelf.dataset, "net")
    assert report["groups"] == 2
    assert report["mean_shape"]["value"] == pytest.approx(0.1)
    assert [warning["code"] for warning in report["warnings"]] == ["evaluations.no_better_than_mean_shape"]


def test_without_another_label_nothing_is_guessed_and_nothing_is_told(shelf):
    instance = shelf.instance(shelf.image("a.png", identity="a"), face())
    shelf.predict(instance, shelf.model("dlib-68", trained=False), face(50.0))
    held = _held(shelf, "dlib-68")
    assert no_better_than_mean_shape(held, "dlib-68") is None
    report = evaluate(shelf.workspace, shelf.dataset, "dlib-68")
    assert (report["mean_shape"]["value"], report["warnings"]) == (None, [])


def test_a_point_that_was_not_given_counts_as_the_middle_of_the_box(shelf):
    held = shelf.people()
    version = shelf.model("gaps")
    points = face()
    points[36] = np.nan  # at (10, 40), and the middle of the box is at (60, 45)
    for instance in held.values():
        shelf.predict(instance, version, points)
    expected = np.hypot(50, 5) / 68 / 100
    assert whole_errors(_held(shelf, "gaps"), "gaps") == pytest.approx(expected, rel=1e-5)


def test_a_worse_model_is_told_with_both_figures_and_in_how_many_groups_it_is_worse(shelf, moving):
    _predicted(shelf, moving, "rough", 18.2)
    _predicted(shelf, moving, "fine", 3.6)
    held = _held(shelf, "rough", "fine")
    assert worse_than(held, "fine", "rough") is None
    assert worse_than(held, "fine", "fine") is None
    assert worse_than(held, "rough", "fine").text() == (
        "worse than what gives the first points now: on the same 4 labels rough has an NME of 18.20%, fine of 3.60% "
        "(worse in 2 of 2 groups)"
    )


def test_of_six_groups_the_verdict_is_told(shelf):
    people = "abcdef"
    shelf.split({f"person {name}": "test" for name in people} | {"person z": "train"})
    rough, fine = shelf.model("rough"), shelf.model("fine")
    for at, name in enumerate(people + "z"):
        instance = shelf.instance(shelf.image(f"{name}.png", identity=name), face())
        shelf.predict(instance, fine, face((1.0, 0.0)))
        shelf.predict(instance, rough, face((3.0 + at, 0.0)))
    assert worse_than(_held(shelf, "rough", "fine"), "rough", "fine").text().endswith("fine of 1.00% (worse)")


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ({"verdict": "better", "way": "better", "groups": 8, "same_way": 7}, "better"),
        ({"verdict": "no clear difference", "way": "worse", "groups": 8, "same_way": 5}, "no clear difference"),
        ({"verdict": "too few groups to tell", "way": "worse", "groups": 3, "same_way": 2}, "worse in 2 of 3 groups"),
        ({"verdict": "too few groups to tell", "way": "better", "groups": 1, "same_way": 1}, "better in 1 of 1 group"),
        ({"verdict": "too few groups to tell", "way": "the same", "groups": 2, "same_way": 2}, "the same, of 2 groups"),
        ({"verdict": "too few groups to tell", "way": "worse", "groups": 2, "same_way": None}, "worse, of 2 groups"),
    ],
)
def test_of_few_groups_it_is_said_which_way_they_point(difference, said):
    assert verdict_message(difference).text() == said


def test_what_pre_labels_now_is_the_model_in_force_else_the_built_in_one(shelf):
    assert pre_labels_now(shelf.workspace, shelf.dataset, "face68") == "dlib-68"
    assert pre_labels_now(shelf.workspace, shelf.dataset, "body24") is None
    shelf.model("net")
    promote(shelf.workspace, shelf.dataset, "net", author_id=shelf.author)
    assert pre_labels_now(shelf.workspace, shelf.dataset, "face68") == "net"


def test_a_promotion_is_measured_beside_what_pre_labels_now(shelf, moving):
    _predicted(shelf, moving, "dlib-68", 3.6, trained=False)
    _predicted(shelf, moving, "rough", 18.2)
    _predicted(shelf, moving, "fine", 1.0)
    found = check_promotion(shelf.workspace, shelf.dataset, "rough", "dlib-68")
    assert [doubt.code for doubt in found.doubts] == [
        "evaluations.worse_than_now",
        "evaluations.no_better_than_mean_shape",
    ]
    assert found.asks
    found = check_promotion(shelf.workspace, shelf.dataset, "fine", "dlib-68")
    assert (found.doubts, found.unpredicted, found.reason, found.asks) == ([], {}, None, False)


def test_where_nothing_pre_labels_a_model_is_measured_beside_the_guess_alone(shelf, moving):
    _predicted(shelf, moving, "net", 12.0)
    found = check_promotion(shelf.workspace, shelf.dataset, "net", None)
    assert [doubt.code for doubt in found.doubts] == ["evaluations.no_better_than_mean_shape"]


def test_what_could_be_measured_and_is_not_asks_too(shelf, moving):
    _predicted(shelf, moving, "net", 1.0)
    shelf.model("dlib-68", trained=False)
    found = check_promotion(shelf.workspace, shelf.dataset, "net", "dlib-68")
    assert (found.unpredicted, found.doubts, found.asks) == ({"dlib-68": 4}, [], True)


def test_where_nothing_can_be_measured_the_reason_is_given_and_what_training_warned_of_asks(shelf):
    shelf.model("net")
    found = check_promotion(shelf.workspace, shelf.dataset, "net", "dlib-68")
    assert found.reason.code == "models.nothing_held_out"
    assert not found.asks
    keep_figures(shelf.workspace, "net", {}, [message(CAME_TO_NOTHING, reached="20%", guess="15%", rate=1.0)])
    found = check_promotion(shelf.workspace, shelf.dataset, "net", "dlib-68")
    assert [doubt.code for doubt in found.doubts] == [CAME_TO_NOTHING]
    assert found.asks
