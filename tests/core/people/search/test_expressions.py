"""And, or, not over who is in which picture: the laws of sets."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.people.search.expressions import AllOf, AnyOf, NotSo, Shows, holds, looked_for

A, B, C = map(Shows, range(3))
EVERY_CASE = np.array(list(itertools.product([False, True], repeat=3))).T  # (3 people, 8 pictures)

expressions = st.recursive(
    st.integers(0, 2).map(Shows),
    lambda inner: (
        inner.map(NotSo)
        | st.lists(inner, max_size=3).flatmap(
            lambda of: st.sampled_from([AllOf, AnyOf]).map(lambda kind: kind(tuple(of)))
        )
    ),
    max_leaves=8,
)


def places(expression, shown=EVERY_CASE):
    return set(np.flatnonzero(holds(expression, shown)).tolist())


def test_each_case_of_three_people_is_judged_as_the_words_say():
    a, b, c = EVERY_CASE
    np.testing.assert_array_equal(holds(A, EVERY_CASE), a)
    np.testing.assert_array_equal(holds(AllOf((A, B, NotSo(C))), EVERY_CASE), a & b & ~c)
    np.testing.assert_array_equal(holds(AnyOf((AllOf((A, B)), C)), EVERY_CASE), (a & b) | c)
    np.testing.assert_array_equal(holds(AllOf((A, AnyOf((B, C)))), EVERY_CASE), a & (b | c))


def test_all_of_nobody_is_every_picture_and_any_of_nobody_is_none():
    assert holds(AllOf(()), EVERY_CASE).all()
    assert not holds(AnyOf(()), EVERY_CASE).any()
    assert holds(AllOf(()), np.zeros((0, 0), bool)).shape == (0,)


@given(expressions, expressions)
def test_and_gives_a_part_of_each_or_gives_all_of_each_and_not_gives_the_rest(one, other):
    both, either = places(AllOf((one, other))), places(AnyOf((one, other)))
    assert both == places(one) & places(other) <= places(one)
    assert either == places(one) | places(other) >= places(one)
    assert places(NotSo(one)) == set(range(8)) - places(one)
    assert places(NotSo(NotSo(one))) == places(one)
    assert places(NotSo(AllOf((one, other)))) == places(AnyOf((NotSo(one), NotSo(other))))


@given(st.lists(expressions, max_size=4), st.randoms())
def test_the_order_of_parts_does_not_matter(parts, random):
    for kind in (AllOf, AnyOf):
        shuffled = random.sample(parts, len(parts))
        assert places(kind(tuple(parts))) == places(kind(tuple(shuffled)))


@given(expressions, arrays.arrays(bool, (3, 5)), arrays.arrays(bool, (3, 5)))
def test_who_is_looked_for_more_loosely_never_takes_a_picture_away(expression, strict, more):
    assert not (holds(expression, strict) & ~holds(expression, strict | more, strict)).any()


def test_who_stands_behind_a_not_is_not_looked_for():
    assert looked_for(AllOf((A, NotSo(B), NotSo(NotSo(C))))) == {0, 2}
    assert looked_for(NotSo(AnyOf((A, NotSo(B))))) == {1}
    assert looked_for(AllOf(())) == frozenset()
