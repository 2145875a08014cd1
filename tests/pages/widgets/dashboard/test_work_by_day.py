"""Who did how much on which day, on the dashboard."""

import streamlit as st

from db.queries.dashboard import Work
from db.tables import WorkKind
from pages.widgets.shared.words import words


def draw(work):
    from pages.widgets.dashboard.work_by_day import work_by_day

    work_by_day(work, key="all")


WORK = [
    Work("2026-11-20", "=ada", "landmark_edits", 5),
    Work("2026-11-20", "ada", "images_imported", 1200),
    Work("2026-11-18", "*bo*", "people_decisions", 7),
]


def test_an_empty_store_has_no_work(shown):
    page = shown(draw, work=[])
    assert [text.value for text in page.markdown] == ["Nobody has done anything yet."]
    assert not page.selectbox


def test_what_humans_do_most_is_shown_first_and_imports_last(shown):
    page = shown(draw, work=WORK)
    assert page.selectbox[0].options == ["People decisions", "Landmark edits", "Images imported"]
    assert page.table[0].value.to_dict("records") == [
        {"Day (UTC)": "2026-11-18", "Annotator": r"\*bo\*", "People decisions": "7"}
    ]
    page.selectbox[0].select("images_imported").run()
    assert page.table[0].value["Images imported"].tolist() == ["1,200"]


def test_the_table_has_twenty_rows_a_page(shown):
    many = [Work(f"2026-10-{day + 1:02}", "ada", "people_decisions", day) for day in range(21)]
    page = shown(draw, work=many)
    assert len(page.table[0].value) == 20
    later = shown(draw, {"work-page-people_decisions-all": 2}, work=many)
    assert later.table[0].value["Day (UTC)"].tolist() == ["2026-10-21"]


def test_the_file_has_all_kinds_of_work_and_no_formula(shown, monkeypatch):
    files = []
    monkeypatch.setattr(st, "download_button", lambda label, data, *_, **options: files.append(data().decode()))
    shown(draw, work=WORK)
    header, *rows = files[0].splitlines()
    assert header == "day_utc,annotator,kind,count"
    assert rows == [
        "2026-11-20,'=ada,landmark edits,5",
        "2026-11-20,ada,images imported,1200",
        "2026-11-18,*bo*,people decisions,7",
    ]


def test_every_kind_of_work_has_its_words():
    assert words("kinds_of_work").keys() == set(WorkKind)
