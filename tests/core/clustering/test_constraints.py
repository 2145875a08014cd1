import numpy as np
import pytest

from core.clustering.constraints import Constraints
from core.foundation.errors import BadInput

NO_ROWS = np.zeros((0, 2), np.int64)


def ints(*values):
    return np.array(values, np.int64)


def test_none_limits_nothing():
    limits = Constraints.none(3)
    assert len(limits) == 3
    assert limits.units().tolist() == [0, 1, 2]
    assert [part.tolist() for part in limits.tags(limits.units())] == [[], []]


def test_no_face_needs_no_special_case():
    limits = Constraints.none(0)
    assert limits.units().tolist() == []
    assert [part.tolist() for part in limits.tags(limits.units())] == [[], []]


def test_units_are_numbered_by_first_appearance():
    limits = Constraints(ints(-1, 9, 3, 9, -1), (), ints(-1, -1, -1, -1, -1), NO_ROWS)
    assert limits.units().tolist() == [0, 1, 2, 1, 3]


def test_photos_rows_and_decided_groups_become_tags():
    limits = Constraints(ints(5, 5, 6, -1), {5, 6}, ints(40, 40, -1, 40), ints([0, 2], [3, 1]).reshape(2, 2))
    unit, tag = limits.tags(limits.units())
    held = sorted(zip(unit.tolist(), tag.tolist(), strict=True))
    # Tag 0 is photo 40, 1 and 2 are the rows, 3 is "decided".
    assert held == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 3), (2, 0), (2, 2)]


def test_decided_may_be_an_array():
    assert Constraints(ints(5, 6), ints(6), ints(-1, -1), NO_ROWS).decided == frozenset({6})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ints(-1, -1), (), ints(-1), NO_ROWS), r"photos should have the shape \(2,\), not \(1,\)"),
        ((ints(-1), (), ints(-1), ints(0, 1)), r"apart should have the shape \(2, 2\), not \(2,\)"),
        ((np.array([-1.0]), (), ints(-1), NO_ROWS), "together should be int64, not float64"),
        ((ints(-2), (), ints(-1), NO_ROWS), "together should be -1 or more, not -2"),
        ((ints(-1), (), ints(-5), NO_ROWS), "photos should be -1 or more, not -5"),
        ((ints(3), (4,), ints(-1), NO_ROWS), r"no face has \[4\]"),
        ((ints(-1, -1), (), ints(-1, -1), ints(0, 2).reshape(1, 2)), r"apart should name faces in \[0, 2\), not 2"),
        ((ints(-1, -1), (), ints(-1, -1), ints(1, 1).reshape(1, 2)), r"faces \(1, 1\) are two people"),
        ((ints(3, 3), (), ints(-1, -1), ints(0, 1).reshape(1, 2)), r"faces \(0, 1\) are two people"),
    ],
)
def test_contradictions_are_refused(arguments, message):
    with pytest.raises(BadInput, match=message):
        Constraints(*arguments)
