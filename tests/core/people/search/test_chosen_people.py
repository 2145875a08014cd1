"""People as somebody names them."""

from __future__ import annotations

import unicodedata

import pytest

from core.foundation.errors import NotFound
from core.people.search.chosen_people import person_called
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def people(workspace, dataset):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(4)])
    names = ["Ada", "김민아 <b>'", "3", None]
    return [own(workspace, dataset, [face], name) for face, name in zip(faces, names, strict=True)]


def test_a_person_is_found_by_name_in_both_unicode_forms_and_by_number(workspace, dataset, people):
    ada, mina, three, unnamed = people
    called = ["Ada", "ADA", "  Ada ", unicodedata.normalize("NFD", "김민아 <b>'"), "3", str(unnamed)]
    found = [person_called(workspace, dataset, name) for name in called]
    assert found == [ada, ada, ada, mina, three, unnamed], "a name goes before a number"


@pytest.mark.parametrize("called", ["Eve", "", "0", "99", "9" * 5000, "x" * 10_000, "²", "-1"])
def test_who_is_not_there_is_said(workspace, dataset, people, called):
    with pytest.raises(NotFound, match="nobody here is called"):
        person_called(workspace, dataset, called)
