"""Where models err on held-out labels, alone and one less the other, and on which most."""

import numpy as np
import pytest

from core.learning.errors_on_held_out import breakdown, paired_difference, worst_instances
from core.learning.held_out import held_out
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def test_points_regions_and_groups_say_where_a_model_errs(shelf):
    held = shelf.people()
    version = shelf.model("nose")
    points = face()
    points[30] += (0.0, 5.0)
    for instance in held.values():
        shelf.predict(instance, version, points)
    found = held_out(shelf.workspace, shelf.dataset, ["nose"])
    parts = breakdown(found, "nose")
    assert parts.points[30] == pytest.approx(0.05)
    assert np.count_nonzero(parts.points) == 1
    assert parts.regions["nose"] == pytest.approx(0.05 / 9)
    assert parts.groups == pytest.approx({"person a": 0.05 / 68, "person b": 0.05 / 68})


def test_two_models_are_set_apart_by_point_region_and_group_on_what_both_gave(shelf):
    held = shelf.people()
    first, second = shelf.model("first"), shelf.model("second")
    for name, instance in held.items():
        rough, fine = face(), face()
        rough[30] += (0.0, 6.0)
        fine[30] += (0.0, 2.0 if name.startswith("a") else 4.0)
        if name == "a0":
            rough[8] = np.nan  # chin: part of the jaw
        shelf.predict(instance, first, rough)
        shelf.predict(instance, second, fine)
    found = paired_difference(held_out(shelf.workspace, shelf.dataset, ["second", "first"]), "second", "first")
    tip = found.points[30]
    assert (tip.value, tip.low, tip.high) == pytest.approx((-0.03, -0.04, -0.02))
    assert tip.groups == 2
    assert found.points[8].value == 0
    assert found.regions["nose"].value == pytest.approx(-0.03 / 9)
    assert (found.regions["nose"].low, found.regions["nose"].high) == pytest.approx((-0.04 / 9, -0.02 / 9))
    assert found.groups == pytest.approx({"person a": -0.04 / 68, "person b": -0.02 / 68})


def test_regions_are_set_apart_as_a_loop_over_the_same_draws_does(shelf):
    people = "abcdef"
    shelf.split({f"person {name}": "test" for name in people} | {"person z": "train"})
    versions = {name: shelf.model(name) for name in ("rough", "fine")}
    rng = np.random.default_rng(0)
    for name in people + "z":
        one = shelf.instance(shelf.image(f"{name}.png", identity=name), face())
        for model, noise in (("rough", 3.0), ("fine", 1.0)):
            shelf.predict(one, versions[model], face() + rng.normal(0, noise, (68, 2)))
    held = held_out(shelf.workspace, shelf.dataset, ["fine", "rough"])
    found = paired_difference(held, "fine", "rough")
    for region, points in held.skeleton.regions.items():
        each = {
            model: np.linalg.norm(held.predicted[model].astype(float) - held.truth, axis=2)[:, list(points)] / 100
            for model in ("fine", "rough")
        }
        picks = np.random.default_rng(0).integers(0, 6, (2000, 6))  # one instance a group, in their order
        order = np.argsort(held.groups)
        drawn = [each["fine"][order[row]].mean() - each["rough"][order[row]].mean() for row in picks]
        interval = found.regions[region]
        assert interval.value == pytest.approx(each["fine"].mean() - each["rough"].mean())
        np.testing.assert_allclose([interval.low, interval.high], np.quantile(drawn, [0.025, 0.975]), rtol=1e-9)


def test_points_that_one_model_never_gave_are_not_set_apart(shelf):
    held = shelf.people()
    first, second = shelf.model("first"), shelf.model("second")
    empty = face()
    empty[36:42] = np.nan
    for instance in held.values():
        shelf.predict(instance, first, empty)
        shelf.predict(instance, second, face())
    found = paired_difference(held_out(shelf.workspace, shelf.dataset, ["second", "first"]), "second", "first")
    assert np.isnan(found.points[36].value)
    assert np.isnan(list(found.groups.values())).all(), "no instance was given whole by both"
    assert found.points[0].value == 0.0


def test_the_worst_come_first_and_a_missed_one_before_all(shelf):
    held = shelf.people()
    version = shelf.model("uneven")
    for shift, (name, instance) in enumerate(held.items()):
        points = face((float(shift), 0.0))
        if name == "a1":
            points[0] = np.nan
        shelf.predict(instance, version, points)
    rows = worst_instances(held_out(shelf.workspace, shelf.dataset, ["uneven"]), ["uneven"])[:3]
    assert [row.name for row in rows] == ["a/1.png", "b/1.png", "b/0.png"]
    assert rows[0].errors["uneven"] == np.inf
    assert rows[1].errors["uneven"] == pytest.approx(0.03)
