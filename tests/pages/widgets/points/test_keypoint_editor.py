"""The editor as a page sees it: one script for the browser, and where it may ask to go."""

import re
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.foundation.errors import BadInput
from pages.widgets.points import keypoint_editor
from pages.widgets.points.keypoint_editor import editor_script, parse_go
from tests.builders.places import ROOT

DEMO = ROOT / "tests" / "e2e" / "keypoint_editor" / "editor_page.py"


def test_editor_only_goes_where_there_is_a_way():
    assert parse_go({"to": "next_unreviewed", "nonce": "n1"}) == ("next_unreviewed", "n1")
    for value in (None, "next", {"to": "away", "nonce": "n1"}, {"to": ["next"], "nonce": "n1"}):
        with pytest.raises(BadInput, match="can only go to next, previous, next_unreviewed"):
            parse_go(value)
    for nonce in (1, "", "x" * 201):
        with pytest.raises(BadInput, match="the nonce of a wish to go should be a text"):
            parse_go({"to": "next", "nonce": nonce})


def test_a_wish_to_go_of_an_editor_that_is_no_longer_there_is_none(monkeypatch):
    state, mounted, went = {}, [], []
    monkeypatch.setattr(keypoint_editor, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr(keypoint_editor, "_mount", lambda **options: mounted.append(options))
    keypoint_editor.keypoint_editor({}, key="editor", on_go=went.append)
    go_changed = mounted[0]["on_go_change"]
    go_changed()  # another page was opened in the same moment
    assert went == []
    for nonce in ("n1", "n1", "n2"):
        state["editor"] = {"go": {"to": "next", "nonce": nonce}}
        go_changed()
    assert went == ["next", "next"], "each wish counts once"


def test_page_with_an_editor_runs_without_a_browser():
    page = AppTest.from_file(str(DEMO)).run(timeout=30)
    assert not page.exception


def test_editor_reaches_the_browser_as_one_module_that_declares_each_name_once():
    script = editor_script()
    assert re.findall(r"^(?:import|export)\b.*", script, re.MULTILINE) == [
        "export default function keypointEditor(component) {"
    ]
    names = re.findall(r"^(?:async )?(?:const|let|class|function) (\w+)", script, re.MULTILINE)
    assert len(names) > 100
    assert sorted(names) == sorted(set(names))
