"""Columns that every table is made of."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import IntegrityError

from db.engine import reading
from db.tables import Moment, Person, Run, User, now
from db.tables.columns import random_mark
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


def test_a_moment_of_another_zone_is_the_same_moment(workspace, author):
    noon_in_seoul = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=9)))
    with writing(workspace.engine) as session:
        session.get(User, author).created_at = noon_in_seoul
    with reading(workspace.engine) as session:
        assert session.get(User, author).created_at == noon_in_seoul


def test_an_object_is_empty_by_default_and_each_rows_own(workspace, author):
    first, second = Run(kind="a", author_id=author), Run(kind="b", author_id=author)
    first.parameters["source"] = "here"
    with writing(workspace.engine) as session:
        session.add_all([first, second])
    with reading(workspace.engine) as session:
        assert session.get(Run, first.id).parameters == {"source": "here"}
        assert session.get(Run, second.id).parameters == {}


def test_marks_fit_into_a_signed_number_of_64_bits_and_differ():
    marks = {random_mark() for _ in range(100)}
    assert len(marks) == 100
    assert all(0 <= number < 2**62 for number in marks)
