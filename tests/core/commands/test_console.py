"""What the command line prints, and where."""

import json

import pytest
import typer

from core.commands.console import ProgressLine, fail, list_on_stderr, one_line, tell
from core.foundation.messages import verbatim


def test_a_value_with_a_line_break_stays_on_its_line(capsysbinary):
    tell({"file": "a\nb.mp4", "frames": 3}, False, "{file}: {frames} frames\nof a clip")
    ProgressLine().begin(2, message=verbatim("Drawing over a\nb.mp4"))
    told = capsysbinary.readouterr()
    assert told.out == b"a\\nb.mp4: 3 frames\nof a clip\n"
    assert told.err == b"Drawing over a\\nb.mp4: 0 of 2\n"


def test_json_is_one_object_on_stdout_without_what_json_does_not_know(capsysbinary):
    tell({"name": "é\n", "score": 0.5}, True, "{name}")
    assert json.loads(capsysbinary.readouterr().out) == {"name": "é\n", "score": 0.5}
    with pytest.raises(ValueError, match="JSON"):
        tell({"score": float("nan")}, True, "")


def test_a_failure_is_one_line_on_stderr_and_exit_code_2(capsys):
    with pytest.raises(typer.Exit) as ended:
        fail("there is\nno such   file")
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "there is no such file\n"


def test_progress_ends_its_line_only_where_there_is_something_to_do(capsys):
    bar = ProgressLine()
    bar.begin(0, message=verbatim("Reading"))
    assert capsys.readouterr().err == ""
    bar.begin(2)
    bar.advance(1)  # too soon after the first line
    bar.advance(2)
    assert capsys.readouterr().err == "Reading: 0 of 2\nReading: 2 of 2\n"


@pytest.mark.parametrize("char", ["\x1b", "\u2028", "\u2029", "\udce9", "\r"])
def test_no_character_of_a_name_moves_the_cursor(char):
    assert one_line(f"a{char}b") == f"a{char.encode('unicode_escape').decode()}b"


def test_lines_below_a_sentence_are_printed_as_they_are(capsysbinary):
    tell({"count": 2}, False, "{count} names", ["{braces}", "plain"])
    assert capsysbinary.readouterr().out == b"2 names\n{braces}\nplain\n"


def test_a_long_list_says_how_much_of_it_is_left_out(capsys):
    list_on_stderr([f"line {number}\n" for number in range(20)])
    assert capsys.readouterr().err.count("more") == 0
    list_on_stderr([f"line {number}\n" for number in range(23)])
    listed = capsys.readouterr().err.splitlines()
    assert (len(listed), listed[0], listed[-1]) == (21, "line 0\\n", "… and 3 more; --json lists them all")
