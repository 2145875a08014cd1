"""An export names its dataset and its author, and says what is in it."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from db.engine import reading
from db.tables import Dataset, Export
from db.writing import writing


def _add(workspace, dataset, author, **values):
    row = Export(
        dataset_id=dataset, author_id=author, format="coco", folder="/exports/a", manifest_sha256="0" * 64, **values
    )
    with writing(workspace.engine) as session:
        session.add(row)
    return row.id


def test_the_counts_of_an_export_come_back_as_they_were(workspace, dataset, author):
    counts = {"pictures": 3, "skipped": {"a.png": 1}}
    row = _add(workspace, dataset, author, counts=counts)
    with reading(workspace.engine) as session:
        assert session.get(Export, row).counts == counts


def test_an_export_of_no_dataset_or_by_nobody_is_refused(workspace, dataset, author):
    for of, by in ((dataset + 9, author), (dataset, author + 9)):
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            _add(workspace, of, by)


def test_a_dataset_that_has_left_cannot_be_deleted(workspace, dataset, author):
    _add(workspace, dataset, author)
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(workspace.engine) as session:
        session.delete(session.get(Dataset, dataset))
