"""What a browser may send as edits."""

import json
import math
import re

import pytest
from streamlit.testing.v1 import AppTest

from core.foundation.errors import BadInput
from core.foundation.messages import message
from pages.widgets.points.keypoint_editor import MOST_CHANGES, Edit, editor_script, parse_edits, parse_go
from tests.builders.places import ROOT

DEMO = ROOT / "tests" / "e2e" / "keypoint_editor" / "editor_demo.py"


MOVED = {"code": "edits.move", "fields": {"name": "jaw_4"}}
UNDONE = {"code": "edits.undo", "fields": {"edit": MOVED}}


def edit_row(**changed):
    row = {"id": "e1", "instance": 7, "base": 31, "changes": [[3, 1.5, 2, 2]], "note": MOVED}
    return row | changed


def sent(*rows):
    return {"sent": 1, "edits": list(rows)}


def test_edits_become_plain_values():
    [edit] = parse_edits(sent(edit_row(changes=[[3, 1.5, 2, 2], [4, None, None, 0]])))
    assert edit == Edit("e1", 7, 31, ((3, 1.5, 2.0, 2), (4, None, None, 0)), message("edits.move", name="jaw_4"))


def test_edit_without_base_is_meant_for_the_newest_revision():
    assert parse_edits(sent(edit_row(base=None)))[0].base is None


def test_absent_point_has_no_place():
    assert parse_edits(sent(edit_row(changes=[[3, 5.0, 6.0, 0]])))[0].changes == ((3, None, None, 0),)


def test_no_edits_are_no_edits():
    assert parse_edits(sent()) == []


def test_an_edit_that_turns_another_back_names_that():
    [edit] = parse_edits(sent(edit_row(note=UNDONE)))
    assert (edit.note.text(), edit.note.to_json()) == ("Undo: Move jaw_4", UNDONE)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "should send a list of edits"),
        ([], "should send a list of edits"),
        ({"edits": "all"}, "should send a list of edits"),
        (sent("move"), "an edit should be a dictionary, not str"),
        (sent(edit_row(id="")), "the id of an edit should be a text"),
        (sent(edit_row(id="x" * 201)), "the id of an edit should be a text of 1 to 200"),
        (sent(edit_row(instance="7")), "the instance of edit e1 should be a whole number"),
        (sent(edit_row(instance=True)), "the instance of edit e1 should be a whole number"),
        (sent(edit_row(instance=2**64)), "the instance of edit e1 should be a whole number"),
        (sent(edit_row(base=-1)), "the base of edit e1 should be a whole number"),
        (sent(edit_row(changes=[])), "edit e1 should have a list of changes"),
        (sent(edit_row(changes={"3": 1})), "edit e1 should have a list of changes"),
        (sent(edit_row(changes=["abcd"])), "a change of edit e1 should be"),
        (sent(edit_row(changes=[[3, 1.0, 2.0]])), "a change of edit e1 should be"),
        (sent(edit_row(changes=[[-1, 1.0, 2.0, 2]])), "the point of a change of edit e1"),
        (sent(edit_row(changes=[[3, math.nan, 2.0, 2]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, 1.0, math.inf, 1]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, None, 2.0, 2]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, 1.0, 2e6, 2]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, 10**400, 2.0, 2]])), "a coordinate of edit e1 should be a number of pixels"),
        (sent(edit_row(changes=[[3, 1.0, 2.0, 3]])), "a visibility of edit e1 should be 0, 1 or 2, not 3"),
        (sent(edit_row(changes=[[3, 1.0, 2.0, 1.5]])), "the visibility of a change of edit e1"),
        (sent(edit_row(changes=[[3, 1.0, 2.0, 2]] * 2)), "edit e1 names a point twice"),
        (sent(edit_row(note=None)), "edit e1 should say what it does"),
        (sent(edit_row(note="Move jaw_4")), "edit e1 should say what it does"),
        (sent(edit_row(note={"code": [], "fields": {}})), "edit e1 should say what it does"),
        (
            sent(edit_row(note={"code": "words.verbatim", "fields": {"text": "mine"}})),
            "edit e1 should say what it does",
        ),
        (sent(edit_row(note={"code": "edits.mirror", "fields": {"name": "x"}})), "edit e1 should say what it does"),
        (sent(edit_row(note={**MOVED, "fields": {"name": "x" * 201}})), "what edit e1 is about should be a text of 1"),
        (sent(edit_row(note={**UNDONE, "fields": {"edit": UNDONE}})), "edit e1 should say what it does"),
        (sent(*[edit_row()] * 2001), "2001 edits at once are too many"),
    ],
)
def test_malformed_edits_are_refused_with_a_sentence(value, reason):
    with pytest.raises(BadInput, match=reason):
        parse_edits(value)


def test_too_many_changes_are_refused():
    half = [[k, 1.0, 2.0, 2] for k in range(MOST_CHANGES // 2 + 1)]
    with pytest.raises(BadInput, match="10002 changes at once are too many"):
        parse_edits(sent(edit_row(changes=half), edit_row(id="e2", changes=half)))
    whole = [[k, 1.0, 2.0, 2] for k in range(MOST_CHANGES)]
    assert len(parse_edits(sent(edit_row(changes=whole)))[0].changes) == MOST_CHANGES


def test_editor_only_goes_where_there_is_a_way():
    assert parse_go({"to": "next_unreviewed", "nonce": "n1"}) == ("next_unreviewed", "n1")
    for value in (None, "next", {"to": "away", "nonce": "n1"}, {"to": ["next"], "nonce": "n1"}):
        with pytest.raises(BadInput, match="can only go to next, previous, next_unreviewed"):
            parse_go(value)
    with pytest.raises(BadInput, match="the nonce of a wish to go should be a text"):
        parse_go({"to": "next", "nonce": 1})


def test_page_with_an_editor_runs_without_a_browser():
    page = AppTest.from_file(str(DEMO)).run(timeout=30)
    assert not page.exception
    assert json.loads(page.code[0].value)["runs"] == 0


def test_editor_reaches_the_browser_as_one_module_that_declares_each_name_once():
    script = editor_script()
    assert re.findall(r"^(?:import|export)\b.*", script, re.MULTILINE) == [
        "export default function keypointEditor(component) {"
    ]
    names = re.findall(r"^(?:async )?(?:const|let|class|function) (\w+)", script, re.MULTILINE)
    assert len(names) > 100
    assert sorted(names) == sorted(set(names))
