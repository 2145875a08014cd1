"""Figures on held-out labels: worked out by hand, paired between models, and undefined where nothing can be said."""

import numpy as np
import pytest

from core.foundation.errors import NotFound
from core.foundation.messages import worded
from core.learning.evaluating import evaluate, keep_figures
from core.learning.held_out import held_out
from core.metrics.pose import FoundPoses, TruePoses
from db.engine import reading
from db.queries.learning.models import trained_by_name
from tests.builders.learning_rows import Shelf, face
from tests.builders.random_poses import average_precision


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def test_figures_are_those_worked_out_by_hand(shelf):
    held = shelf.people()
    version = shelf.model("shifted")
    # 3 and 4 pixels off in x over 100 pixels between the eyes: NME 0.03 (person a) and 0.10 (person b)
    for name, instance in held.items():
        shift = 3.0 if name.startswith("a") else 10.0
        shelf.predict(instance, version, face((shift, 0.0)))
    found = evaluate(shelf.workspace, shelf.dataset, "shifted")
    assert (found["instances"], found["groups"], found["left_out"]) == (4, 2, 0)
    values = {name: metric["value"] for name, metric in found["metrics"].items()}
    assert values["nme"] == pytest.approx((0.03 + 0.10) / 2)
    assert values["median_nme"] == pytest.approx(0.065)
    assert values["failure_rate"] == pytest.approx(0.5)  # 0.10 > 0.08
    assert values["auc"] == pytest.approx(((1 - 0.03 / 0.08) + 0) / 2)
    assert values["pck"] == pytest.approx(1.0)  # every point is 3 or 10 pixels off, and the limit is 10
    assert values["rmse_px"] == pytest.approx(np.sqrt((9 + 100) / 2 / 2))  # y is exact, so half of the coordinates
    assert values["mse_px2"] == pytest.approx((9 + 100) / 2 / 2)
    assert values["missed"] == 0.0
    assert values["nme_diagonal"] == pytest.approx((3 + 10) / 2 / np.hypot(120, 90))
    interval = found["metrics"]["nme"]
    assert (interval["low"], interval["high"]) == pytest.approx((0.03, 0.10))  # the draws of two groups


def test_a_point_that_was_not_given_counts_as_missed_and_as_a_failure(shelf):
    held = shelf.people()
    version = shelf.model("gaps")
    for name, instance in held.items():
        points = face()
        if name == "a0":
            points[5] = np.nan
        shelf.predict(instance, version, points)
    values = {k: v["value"] for k, v in evaluate(shelf.workspace, shelf.dataset, "gaps")["metrics"].items()}
    assert values["missed"] == pytest.approx(0.25)
    assert values["failure_rate"] == pytest.approx(0.25)
    assert values["nme"] == 0.0  # of the instances that were given whole
    assert values["auc"] == pytest.approx(0.75)


def test_two_models_are_compared_on_the_same_instances(shelf):
    held = shelf.people()
    first, second = shelf.model("first"), shelf.model("second")
    for name, instance in held.items():
        shelf.predict(instance, first, face((4.0, 0.0)))
        if name != "b1":
            shelf.predict(instance, second, face((2.0, 0.0)))
    found = evaluate(shelf.workspace, shelf.dataset, "second", against="first")
    assert (found["instances"], found["left_out"]) == (3, 1)
    difference = found["difference"]["nme"]
    assert difference["value"] == pytest.approx(-0.02)
    assert (difference["low"], difference["high"]) == pytest.approx((-0.02, -0.02))  # the same in every group
    assert found["against_metrics"]["nme"]["value"] == pytest.approx(0.04)
    assert (difference["groups"], difference["verdict"]) == (2, "too few groups to tell")


@pytest.mark.parametrize(("people", "lower", "higher"), [("abcdef", "better", "worse"), ("abcde", None, None)])
def test_a_winner_is_named_from_six_groups_on_and_of_each_metric_in_its_direction(shelf, people, lower, higher):
    shelf.split({f"person {name}": "test" for name in people} | {"person z": "train"})
    first, second = shelf.model("first"), shelf.model("second")
    for i, name in enumerate(people + "z"):
        instance = shelf.instance(shelf.image(f"{name}.png", identity=name), face())
        shelf.predict(instance, first, face((4.0 + i, 0.0)))
        shelf.predict(instance, second, face((2.0, 0.0)))
    for model, against, said in (("second", "first", lower), ("first", "second", higher)):
        found = evaluate(shelf.workspace, shelf.dataset, model, against=against)["difference"]
        for name in ("nme", "median_nme", "auc", "rmse_px"):
            assert found[name]["verdict"] == (said or "too few groups to tell")
        assert {one["groups"] for one in found.values()} == {len(people)}


def test_one_group_gives_figures_without_intervals(shelf):
    shelf.split({"person a": "test", "person c": "train"})
    version = shelf.model("one")
    for name in "ac":
        shelf.predict(shelf.instance(shelf.image(f"{name}.png", identity=name), face()), version, face(1.0))
    found = evaluate(shelf.workspace, shelf.dataset, "one")
    nme = found["metrics"]["nme"]
    assert nme["value"] == pytest.approx(np.sqrt(2) / 100)
    assert (nme["low"], nme["high"]) == (None, None)
    assert worded(found["reason"]) == (
        "no interval for the figures: what is measured on (1) is all of one group (person a), and it takes two; "
        "label more videos or people"
    )


def test_a_figure_that_counts_in_one_of_two_groups_only_is_named(shelf):
    held = shelf.people()
    version = shelf.model("gaps")
    for name, instance in held.items():
        points = face()
        points[5] = np.nan if name.startswith("a") else points[5]
        shelf.predict(instance, version, points)
    found = evaluate(shelf.workspace, shelf.dataset, "gaps")
    missing = sorted(name for name, one in found["metrics"].items() if one["value"] is not None and one["low"] is None)
    assert {"nme", "median_nme"} <= set(missing)
    assert "auc" not in missing
    named, _, why = worded(found["reason"]).removeprefix("no interval for ").partition(": ")
    assert sorted(named.split(", ")) == missing
    assert why.startswith("of 4 instances in 2 groups those that count for them are all of one group")


def test_intervals_that_are_there_need_no_reason(shelf):
    held = shelf.people()
    version = shelf.model("whole")
    for instance in held.values():
        shelf.predict(instance, version, face(1.0))
    assert evaluate(shelf.workspace, shelf.dataset, "whole")["reason"] is None


def test_ap_of_people_agrees_with_oks_by_hand(shelf):
    shelf.split({"person a": "test", "person b": "test", "person c": "train"})
    version = shelf.model("body", "body24")
    points = np.stack([np.linspace(10, 110, 24), np.linspace(5, 85, 24)], axis=1)
    for name in "abc":
        one = shelf.instance(
            shelf.image(f"{name}.png", identity=name), points, kind="person", skeleton="body24", human=True
        )
        shelf.predict(one, version, points, "body24")
    found = evaluate(shelf.workspace, shelf.dataset, "body")["metrics"]
    assert found["oks"]["value"] == pytest.approx(1.0)
    assert found["ap"]["value"] == pytest.approx(1.0)
    assert found["ap"]["low"] == pytest.approx(1.0)


def test_the_paired_difference_of_ap_is_that_of_a_loop_over_the_same_draws(shelf):
    people = "abcdefg"
    shelf.split({f"person {name}": "test" for name in people} | {"person z": "train"})
    versions = {name: shelf.model(name, "body24") for name in ("rough", "fine")}
    points = np.stack([np.linspace(10, 110, 24), np.linspace(5, 85, 24)], axis=1)
    rng = np.random.default_rng(0)
    for name in people + "z":
        for i in range(2):
            one = shelf.instance(
                shelf.image(f"{name}/{i}.png", identity=name), points, kind="person", skeleton="body24", human=True
            )
            for model, noise in (("rough", 6.0), ("fine", 2.0)):
                shelf.predict(one, versions[model], points + rng.normal(0, noise, points.shape), "body24")
    found = evaluate(shelf.workspace, shelf.dataset, "fine", against="rough")
    difference = found["difference"]["ap"]
    apart = found["metrics"]["ap"]["value"] - found["against_metrics"]["ap"]["value"]
    assert difference["value"] == pytest.approx(apart)
    assert difference["verdict"] == "better"
    held = held_out(shelf.workspace, shelf.dataset, ["fine", "rough"])
    area = np.full(len(held), 0.53 * 120 * 90)
    known = np.unique(held.groups)
    drawn = []
    for row in np.random.default_rng(0).integers(0, len(known), (400, len(known))):
        rows = np.sort(np.concatenate([np.flatnonzero(held.groups == known[pick]) for pick in row]))  # ties in order
        copies = np.arange(len(rows))  # each drawn picture is one of its own
        each = [
            average_precision(
                TruePoses(copies, held.truth[rows], held.visibility[rows], area[rows], held.boxes[rows]),
                FoundPoses(copies, held.predicted[name][rows], held.scores[name][rows]),
                held.skeleton.sigmas,
            ).ap
            for name in ("fine", "rough")
        ]
        drawn.append(each[0] - each[1])
    np.testing.assert_allclose([difference["low"], difference["high"]], np.quantile(drawn, [0.025, 0.975]), atol=1e-9)


def test_figures_are_kept_with_the_model(shelf):
    shelf.model("kept")
    keep_figures(shelf.workspace, "kept", {"nme": {"value": 0.03, "low": 0.02, "high": 0.04}})
    with reading(shelf.workspace.engine) as session:
        assert trained_by_name("kept", session=session).figures["nme"]["value"] == 0.03
    with pytest.raises(NotFound, match="no trained model"):
        keep_figures(shelf.workspace, "dlib-68", {})
