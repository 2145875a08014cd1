import pytest

from core.foundation.errors import BadInput
from core.library.datasets import create_dataset
from db.engine import reading
from db.queries.library import datasets


def names(workspace):
    with reading(workspace.engine) as session:
        return [dataset.name for dataset in datasets(session=session)]


def test_a_name_is_one_line_and_the_same_name_is_the_same_dataset(workspace, author):
    first = create_dataset(workspace, "  My\n photos ", author)
    assert create_dataset(workspace, "My photos", author) == first
    assert names(workspace) == ["My photos"]


@pytest.mark.parametrize("name", ["", " \n", "\x00"])
def test_a_dataset_needs_a_name(workspace, author, name):
    with pytest.raises(BadInput, match="a dataset needs a name"):
        create_dataset(workspace, name, author)


def test_a_name_has_at_most_eighty_characters(workspace, author):
    create_dataset(workspace, "x" * 80, author)
    with pytest.raises(BadInput, match="at most 80 characters, this one has 81"):
        create_dataset(workspace, "x" * 81, author)
