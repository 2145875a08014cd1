"""What the store refuses of people and their faces."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from db.tables import Person
from db.writing import writing


def test_two_active_people_of_a_dataset_cannot_share_a_name_but_unnamed_ones_may(workspace, dataset):
    with writing(workspace.engine) as session:
        session.add_all([Person(dataset_id=dataset), Person(dataset_id=dataset)])
        session.add_all([Person(dataset_id=dataset, name="Ada"), Person(dataset_id=dataset, name="Ada", active=False)])
    with pytest.raises(IntegrityError, match="UNIQUE"), writing(workspace.engine) as session:
        session.add(Person(dataset_id=dataset, name="Ada"))
