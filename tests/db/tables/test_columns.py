"""Columns that every table is made of."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from db.engine import reading
from db.tables import Moment, Person, User, now
from db.writing import writing


def test_a_row_that_refers_to_nothing_is_refused(workspace):
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(workspace.engine) as session:
        session.add(Person(dataset_id=99, name="x"))


def test_moments_come_back_in_utc(workspace, author):
    with reading(workspace.engine) as session:
        made = session.get(User, author).created_at
    assert made.utcoffset().total_seconds() == 0
    assert abs((now() - made).total_seconds()) < 60
    assert Moment().process_bind_param(None, None) is None
