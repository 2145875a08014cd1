"""What tests of labels that wait start from."""

import pytest

from tests.builders.learning_rows import Shelf


@pytest.fixture
def shelf(workspace, dataset, author, monkeypatch):
    monkeypatch.setattr("core.points.label_importing.picture_orientation", lambda *_: 1)  # rows without files
    return Shelf(workspace, dataset, author)
