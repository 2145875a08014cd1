"""What the documents say of the house is so."""

from __future__ import annotations

import re

import pytest

from tests.builders.places import ROOT
from tests.house.rooms import PAGE, with_table

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PATHS = re.compile(r"`((?:core|db|docs|pages|tests)/[\w./*-]*)`")
LINKS = re.compile(r"\]\((?!https?:)([^)#]+)(?:#([\w-]+))?\)")
PLACEHOLDERS = ("NAME", "SUBJECT")


def test_table_of_rooms_is_the_one_that_the_contracts_give():
    assert PAGE.read_text() == with_table(PAGE.read_text()), "run `python -m tests.house.rooms`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_in_a_document_are_there(document):
    named = [path for path in PATHS.findall(document.read_text()) if not any(word in path for word in PLACEHOLDERS)]
    assert [path for path in named if not list(ROOT.glob(path.rstrip("/")))] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_in_a_document_lead_somewhere(document):
    for target, heading in LINKS.findall(document.read_text()):
        path = document.parent / target
        assert path.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
            assert heading in [title.lower().replace(" ", "-") for title in headings]
