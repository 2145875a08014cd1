"""Datasets and pictures are told by their number; whatever number is asked for, the answer is a row or a sentence."""

import pytest

from core.foundation.errors import NotFound
from core.library.lookup import find_dataset, find_image
from db.engine import LARGEST_ID, reading


def test_a_dataset_is_found_by_its_number(workspace, dataset):
    with reading(workspace.engine) as session:
        assert find_dataset(dataset, session=session).id == dataset
        with pytest.raises(NotFound, match=r"^there is no dataset 99$"):
            find_dataset(99, session=session)


def test_a_picture_that_is_not_there_is_not_found_however_large_its_number(workspace, dataset):
    with reading(workspace.engine) as session:
        for number in (99, LARGEST_ID, LARGEST_ID + 1):
            with pytest.raises(NotFound, match=f"{number}"):
                find_image(number, session=session)
