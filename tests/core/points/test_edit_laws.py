"""Laws of edits: what an edit does not name stays bit-equal, edits of different points commute, an undo brings back."""

from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.foundation.arrays import Keypoints
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import Instance, KeypointRevision
from db.writes.library import ensure_user
from db.writing import writing
from tests.builders.learning_rows import Shelf, face

LAWS = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
_NUMBERS = count()

places = st.floats(-5, 205, width=32)
visible = st.tuples(st.integers(0, 67), places, places, st.sampled_from([1, 2]))
absent = st.tuples(st.integers(0, 67), st.none(), st.none(), st.just(0))
changes = st.lists(visible | absent, min_size=1, max_size=8, unique_by=lambda change: change[0])


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def new_face(shelf):
    return shelf.instance(shelf.image(f"{next(_NUMBERS)}.png"), face(next(_NUMBERS) / 7), human=False)


def head(shelf, number):
    with reading(shelf.workspace.engine) as session:
        revision = session.get(KeypointRevision, session.get(Instance, number).revision_id)
        return revision.id, Keypoints.from_bytes(revision.points)


def send(shelf, number, edit, base, window="here", by=None):
    made = Edit(f"{window}.{next(_NUMBERS)}", number, base, tuple(edit))
    save_edit(shelf.workspace, made, author_id=by or shelf.author)


def rows(points):
    """Every number of every point, so that bits are compared."""
    return np.column_stack([points.points, points.visibility, points.confidence])


@LAWS
@given(edit=changes)
def test_points_that_an_edit_does_not_name_stay_bit_equal(shelf, edit):
    number = new_face(shelf)
    base, before = head(shelf, number)
    send(shelf, number, edit, base)
    _, after = head(shelf, number)
    others = np.setdiff1d(np.arange(68), [k for k, *_ in edit])
    np.testing.assert_array_equal(rows(after)[others], rows(before)[others])
    for k, x, y, seen in edit:
        assert after.visibility[k] == seen
        np.testing.assert_array_equal(after.points[k], np.array([np.nan, np.nan] if x is None else [x, y], np.float32))


@LAWS
@given(one=changes, other=changes)
def test_edits_of_two_people_commute_where_they_touch_different_points(shelf, one, other):
    mine = {k for k, *_ in one}
    other = [change for change in other if change[0] not in mine]
    if not other:
        return
    with writing(shelf.workspace.engine) as session:
        bob = ensure_user("Bob", session=session)
    ends = []
    for turned in (False, True):
        number = shelf.instance(shelf.image(f"{next(_NUMBERS)}.png"), face(), human=False)
        base, _ = head(shelf, number)
        both = [(one, "here", shelf.author), (other, "there", bob)]
        for edit, window, by in reversed(both) if turned else both:
            send(shelf, number, edit, base, window, by)
        ends.append(rows(head(shelf, number)[1]))
    np.testing.assert_array_equal(*ends)


@LAWS
@given(edit=changes)
def test_an_edit_undone_leaves_every_point_as_it_was(shelf, edit):
    number = new_face(shelf)
    base, before = head(shelf, number)
    send(shelf, number, edit, base)
    inverse = [(k, *map(float, before.points[k]), int(before.visibility[k])) for k, *_ in edit]
    send(shelf, number, inverse, head(shelf, number)[0])
    np.testing.assert_array_equal(rows(head(shelf, number)[1]), rows(before))
