"""The editor as a page sees it: one script for the browser, which picture it is asked to open, and what it tells."""

import re
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from core.foundation.errors import BadInput
from pages.widgets.points import keypoint_editor
from pages.widgets.points.keypoint_editor import editor_script, parse_rest
from tests.builders.places import ROOT

DEMO = ROOT / "tests" / "e2e" / "keypoint_editor" / "editor_page.py"


@pytest.mark.parametrize(
    "value", [None, 3, {}, {"image": 3}, *({"image": bad, "turn": 1} for bad in ("3", True, -1, 2**64))]
)
def test_what_names_no_picture_is_refused(value):
    with pytest.raises(BadInput, match="should tell the picture that it shows"):
        parse_rest(value)


@pytest.fixture
def mount(monkeypatch):
    """Mounts the editor with a picture to open; gives what the browser gets, and lets it tell where it rests."""
    state, mounted, heard = {}, [], []
    monkeypatch.setattr(keypoint_editor, "st", SimpleNamespace(session_state=state, html=lambda _: None))
    monkeypatch.setattr(keypoint_editor, "_mount", lambda **options: mounted.append(options))

    def run(image, focus=None, rested=None, turn=1):
        if rested is not None:
            state["editor"] = {"rested": {"image": rested, "savings": 0, "turn": turn}}
            mounted[-1]["on_rested_change"]()
        data = {"open": {"image": image, "focus": focus}}
        keypoint_editor.keypoint_editor(data, key="editor", on_rest=heard.append)
        return mounted[-1]["data"]["turn"]

    return SimpleNamespace(run=run, heard=heard, mounted=mounted, state=state)


def test_the_editor_is_asked_to_open_a_picture_once_and_not_what_it_has_told_of_itself(mount):
    assert [mount.run(3), mount.run(3)] == [1, 1]
    assert mount.run(4, rested=4) == 1, "it is there already"
    assert mount.run(3) == 2, "such as by the Back button"
    assert mount.heard == [4]


def test_a_rest_from_before_the_page_asked_for_another_picture_does_not_count(mount):
    mount.run(3)
    assert mount.run(5, rested=4) == 2
    assert mount.run(5, rested=4, turn=1) == 2
    assert mount.heard == [4]


def test_a_rest_that_was_on_its_way_does_not_take_back_what_the_page_has_chosen_meanwhile(mount):
    mount.run(3)
    keypoint_editor.hear_no_earlier_rest("editor")  # and the run that would ask for it is ended by the rest
    assert mount.run(5, rested=4, turn=1) == 3
    assert mount.heard == []


def test_before_there_is_an_editor_nothing_is_on_its_way(mount):
    keypoint_editor.hear_no_earlier_rest("editor")
    assert mount.run(3) == 1


def test_another_instance_is_asked_for_although_the_picture_is_open(mount):
    assert [mount.run(3), mount.run(3, focus=7), mount.run(3)] == [1, 2, 2]


def test_a_rest_of_an_editor_that_is_no_longer_there_is_none(mount):
    mount.run(3)
    mount.mounted[0]["on_rested_change"]()  # another page was opened in the same moment
    assert mount.heard == []


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


def test_a_rest_that_is_ended_half_way_does_not_lead_back_to_the_picture_before(mount):
    mount.run(3)
    mount.state["editor"] = {"rested": {"image": 4, "savings": 0, "turn": 1}}

    def ended(_):
        raise RuntimeError

    memory = mount.state["editor.memory"]
    keypoint_editor.keypoint_editor({"open": {"image": 3, "focus": None}}, key="editor", on_rest=ended)
    with pytest.raises(RuntimeError):
        mount.mounted[-1]["on_rested_change"]()
    assert memory == {"image": 3, "turn": 1}
    assert mount.run(3) == 1, "the page shows what it showed, and asks for nothing"
