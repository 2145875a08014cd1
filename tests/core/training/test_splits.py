"""Groups go whole to one part, keep it, and fill the parts as asked."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from core.formats.clips import PARTS
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotEnoughData
from core.training.samples import Sample
from core.training.splits import assign, remark
from tests.builders.places import SHARED

MOTION = SHARED / "body24" / "motion24_labels.csv"
SAMPLE = Sample(np.zeros((4, 4, 3), np.uint8), (0, 0, 3, 3), Keypoints.of(np.zeros((1, 2))), 1, "a.png", "g")


def shares(parts: dict[str, str], groups: dict[str, int]) -> list[float]:
    filled = Counter[str]()
    for group, part in parts.items():
        filled[part] += groups[group]
    return [filled[part] / sum(groups.values()) for part in PARTS]


def many(count: int = 60, seed: int = 0) -> dict[str, int]:
    rng = np.random.default_rng(seed)
    return {f"video {i}": int(rng.integers(1, 40)) for i in range(count)}


def test_by_hand() -> None:
    # Wanted 70, 15, 15 of 100. 50 lacks train most; then 20: train lacks 20; the others fill what is empty.
    groups = {"a": 50, "b": 20, "c": 16, "d": 14}
    parts = assign(groups)
    assert (parts["a"], parts["b"]) == ("train", "train")
    assert {parts["c"], parts["d"]} == {"validation", "test"}


@pytest.mark.parametrize("seed", range(4))
def test_the_parts_come_close_to_what_was_asked(seed: int) -> None:
    groups = many(seed=seed)
    assert shares(assign(groups), groups) == pytest.approx([0.7, 0.15, 0.15], abs=0.01)
    assert shares(assign(groups, fractions=(0.5, 0.2, 0.3)), groups) == pytest.approx([0.5, 0.2, 0.3], abs=0.01)


def test_every_group_has_one_part_whatever_the_order_it_comes_in() -> None:
    groups = many()
    backwards = dict(reversed(groups.items()))
    parts = assign(groups)
    assert parts.keys() == groups.keys()
    assert set(parts.values()) == set(PARTS)
    assert assign(backwards) == parts
    assert assign(Counter(groups)) == parts


def test_a_group_keeps_its_part_as_others_come() -> None:
    groups, known = {}, {}
    for name, count in many(40).items():
        groups[name] = count
        if len(groups) < 3:
            continue
        parts = assign(groups, known)
        assert known.items() <= parts.items()
        known = parts
    assert shares(known, groups) == pytest.approx([0.7, 0.15, 0.15], abs=0.08)


def test_a_known_group_keeps_its_part_even_against_the_shares() -> None:
    known = {f"video {i}": "test" for i in range(30)}
    groups = many()
    parts = assign(groups, known)
    assert all(parts[group] == "test" for group in known)
    assert {parts[group] for group in groups.keys() - known.keys()} == {"train", "validation"}


def test_new_groups_fill_the_part_that_lacks_most() -> None:
    known = {"a": "train", "b": "validation", "c": "test"}
    assert assign({"a": 70, "b": 1, "c": 15, "new": 10}, known)["new"] == "validation"
    assert assign({"a": 10, "b": 15, "c": 15, "new": 10}, known)["new"] == "train"


def test_known_groups_that_are_gone_play_no_part() -> None:
    assert assign({"a": 1, "b": 1, "c": 1}, {"gone": "test"}).keys() == {"a", "b", "c"}


@pytest.mark.parametrize("counts", [(1, 1, 1), (1000, 1, 1), (1000, 1000, 1), (5, 4, 3, 2, 1)])
def test_three_groups_are_enough_for_three_parts(counts: tuple[int, ...]) -> None:
    groups = {f"g{i}": count for i, count in enumerate(counts)}
    parts = assign(groups)
    assert set(parts.values()) == set(PARTS)
    assert parts["g0"] == "train"  # the largest
    assert remark(parts) is None


def test_two_groups_are_train_and_test_and_it_is_said() -> None:
    parts = assign({"a": 5, "b": 9})
    assert parts == {"b": "train", "a": "test"}
    said = remark(parts)
    assert said is not None
    assert "no group is left for validation" in said.text()
    assert "\n" not in said.text()


@pytest.mark.parametrize("fractions", [(0.7, 0.15, 0.15), (0.6, 0.15, 0.25)])
@pytest.mark.parametrize("count", range(5, 13))
def test_from_five_groups_on_two_are_tested_on_and_train_keeps_half_of_the_rest(count: int, fractions: tuple) -> None:
    rng = np.random.default_rng(count)
    for sizes in (np.full(count, 10), rng.integers(1, 50, count), np.r_[1000, np.ones(count - 1, int)]):
        groups = {f"g{i}": int(size) for i, size in enumerate(sizes)}
        parts = assign(groups, fractions=fractions)
        size = {part: sum(groups[group] for group in parts if parts[group] == part) for part in PARTS}
        assert Counter(parts.values())["test"] >= 2
        assert set(parts.values()) == set(PARTS)
        assert 2 * size["train"] >= sum(sizes) - size["test"]


def test_of_four_groups_one_is_tested_on_and_a_fifth_joins_it() -> None:
    groups = dict.fromkeys("abcd", 10)
    four = assign(groups, fractions=(0.6, 0.15, 0.25))
    assert Counter(four.values()) == {"train": 2, "validation": 1, "test": 1}
    five = assign({**groups, "e": 10}, four, (0.6, 0.15, 0.25))
    assert five == {**four, "e": "test"}


def test_a_part_once_given_stays_though_only_one_group_is_tested_on() -> None:
    known = {"a": "train", "b": "train", "c": "train", "d": "validation", "e": "test"}
    assert assign(dict.fromkeys("abcde", 10), known) == known


def test_train_is_not_starved_for_a_second_group_to_test_on() -> None:
    # Wanted 60 of 100 in train, which has 10: with d and e there, 30 of the 80 that are not tested on.
    groups = {"a": 50, "b": 10, "c": 20, "d": 10, "e": 10}
    known = {"a": "validation", "b": "train", "c": "test"}
    assert assign(groups, known, (0.6, 0.15, 0.25)) == {**known, "d": "train", "e": "train"}


@pytest.mark.parametrize("groups", [{}, {"only": 7}])
def test_fewer_than_two_groups_are_not_enough(groups: dict[str, int]) -> None:
    with pytest.raises(NotEnoughData, match="at least two groups") as caught:
        assign(groups)
    assert all(name in str(caught.value) and str(count) in str(caught.value) for name, count in groups.items())


def test_the_remark_names_what_is_missing() -> None:
    assert _remarked({"a": "test", "b": "validation"}) == (
        "no group is left for train, so there is nothing to learn from; "
        "label pictures of more groups (videos, people or actions)"
    )
    assert "left for test" in _remarked({"a": "train"})


def _remarked(parts: dict[str, str]) -> str:
    found = remark(parts)
    assert found is not None
    return found.text()


@pytest.mark.parametrize("fractions", [(0.7, 0.2, 0.2), (1.0, 0.0, 0.0), (0.5, 0.5), (0.7, 0.15, float("nan"))])
def test_impossible_fractions_are_refused(fractions: tuple[float, ...]) -> None:
    with pytest.raises(BadInput, match="fractions"):
        assign({"a": 1, "b": 1}, fractions=fractions)


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(BadInput, match="'dev'"):
        assign({"a": 1, "b": 1}, {"a": "dev"})


def check_hygiene(names: list[str]) -> None:
    """All frames of all five cameras of an action are in one part; a name is subject-...-zone_camera-frame."""
    parts = assign(Counter(name.partition("_")[0] for name in names))
    where: dict[str, set[str]] = {}
    cameras: dict[str, set[str]] = {}
    for name in names:
        action, _, rest = name.partition("_")
        where.setdefault(action, set()).add(parts[action])
        cameras.setdefault(action, set()).add(rest[0])
    assert all(len(found) == 1 for found in where.values())
    assert all(found == set("ABCDE") for found in cameras.values())
    sizes = Counter(name.partition("_")[0] for name in names)
    assert shares(parts, sizes) == pytest.approx([0.7, 0.15, 0.15], abs=1.5 * max(sizes.values()) / len(names))
    assert set(parts.values()) == set(PARTS)


def test_five_cameras_of_an_action_never_part() -> None:
    check_hygiene(
        [
            f"{action:03}-1-1-{action % 7:02}-Z17_{camera}-{frame:07}.jpg"
            for action in range(53)
            for camera in "ABCDE"
            for frame in range(1, 5 + 2 * (action % 9), 2)
        ]
    )


@pytest.mark.shared
@pytest.mark.skipif(not MOTION.exists(), reason="the motion competition's labels are not here")
def test_the_motion_competitions_actions_never_part() -> None:
    with MOTION.open(newline="", encoding="utf-8") as file:
        check_hygiene([row["image"] for row in csv.DictReader(file)])


def named(*names: str) -> list[Sample]:
    return [replace(SAMPLE, name=name, key=key) for key, name in enumerate(names)]
