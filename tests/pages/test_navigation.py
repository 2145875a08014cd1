"""Every page is in the one table, begins at the library, and shares the dataset and the name."""

from __future__ import annotations

import re

from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.places import ROOT


def test_every_page_script_is_in_the_table_once():
    named = re.findall(r'st\.Page\("(\w+)\.py"', (ROOT / "pages" / "navigation.py").read_text())
    scripts = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"__init__", "navigation"}
    assert sorted(named) == sorted(scripts)


def test_without_data_there_is_no_dataset_to_choose_but_a_name(opened_without_data):
    page = opened_without_data("library.py")
    assert not page.sidebar.selectbox
    assert [field.label for field in page.sidebar.text_input] == ["Your name"]


def test_the_newest_dataset_is_chosen_first_and_another_one_counts_on_every_page(opened, workspace, dataset, author):
    with writing(workspace.engine) as session:
        ensure_dataset("newest", author, session=session)
    page = opened("library.py")
    (field,) = page.sidebar.selectbox
    assert field.options == ["faces", "newest"]
    assert page.title[0].value == "newest"
    field.set_value(dataset).run()
    assert page.title[0].value == "faces"
    page.switch_page("export.py").run()
    assert page.title[0].value == "Export faces"


def test_who_takes_the_name_away_is_asked_before_any_page(opened):
    page = opened("export.py")
    page.sidebar.text_input[0].set_value(" ").run()
    assert [header.value for header in page.header] == ["Who are you?"]
    assert not page.title
    page.text_input[0].set_value("Mina").run()
    assert page.title[0].value == "Export faces"
