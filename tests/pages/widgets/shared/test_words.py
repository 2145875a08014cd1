"""The catalogue of what tables and choices say."""

import re

from pages.widgets.shared import words
from tests.builders.places import ROOT


def test_every_table_is_shown_somewhere_and_every_entry_says_something():
    asked = set()
    for path in (ROOT / "pages").rglob("*.py"):
        asked |= set(re.findall(r'words\("(\w+)"\)', path.read_text(encoding="utf-8")))
    assert words._CATALOGUE.keys() == asked
    for table in asked:
        for entry in words.words(table).values():
            texts = entry.values() if isinstance(entry, dict) else [entry]
            assert all(isinstance(text, str) and text for text in texts)


def test_what_a_reader_gets_is_a_copy():
    words.words("points").clear()
    assert words.words("points")
