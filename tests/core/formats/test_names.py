import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.formats.dataset import LabelledPerson
from core.formats.names import folder_names, guard, path_inside, printable, safe_name, same_name, unguard, why_unsafe
from core.foundation.errors import UnreadableLabels


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ann", "Ann"),
        ("a/b", "a_b"),
        ("../x", "_x"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("COM¹", "_COM¹"),
        ("Conrad", "Conrad"),
        ("...", ""),
        (" . ", ""),
        ("a\0b\n", "a_b_"),
        ("C:\\Windows", "C__Windows"),
        ("Zoe\u0308", "Zoë"),
        ("x" * 200, "x" * 100),
        ("龍" * 50, "龍" * 33),
        ("abc. ", "abc"),
        ("right\u202eleft", "right_left"),
        ("nul ", "_nul"),
        ("nul .jpg", "_nul .jpg"),
    ],
)
def test_name_becomes_one_that_every_file_system_takes(name, expected):
    assert safe_name(name) == expected


def test_people_of_one_name_get_folders_of_their_own_in_the_order_of_their_keys():
    names = ["Ann", "ann", "Ann-2", None, "...", "a/n", "a_n"]
    people = [LabelledPerson(f"person-{i}", name) for i, name in enumerate(names)]
    expected = ["Ann", "ann-2", "Ann-2-2", "person-3", "person-4", "a_n", "a_n-2"]
    assert list(folder_names(people).values()) == expected
    assert folder_names(reversed(people)) == folder_names(people)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "'x", "''x", "x'", "x", "=", "'"])
def test_guarded_cell_is_no_formula_and_comes_back_exactly(text):
    assert not guard(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert unguard(guard(text)) == text


def test_no_text_is_an_empty_cell():
    assert guard(None) == guard("") == ""
    assert unguard("") is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "is empty"),
        ("a\0b", "contains a NUL character"),
        ("a\\b", "contains a backslash"),
        ("/etc/passwd", "is absolute"),
        ("C:/x", "names a drive"),
        ("c:x", "names a drive"),
        ("a/../b", r"climbs out with '\.\.'"),
        ("..", r"climbs out with '\.\.'"),
        ("a//b", "has an empty part"),
        ("./a", r"the part '\.'"),
        ("a/", "has an empty part"),
        ("\udce9", "is not valid Unicode"),
    ],
)
def test_path_that_could_leave_the_folder_is_refused(tmp_path, path, reason):
    with pytest.raises(UnreadableLabels, match=rf"table\.csv: line 3: the path .* {reason}"):
        path_inside(tmp_path, path, "table.csv: line 3")


def test_symbolic_link_on_the_way_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "linked")
    os.symlink("/etc/passwd", tmp_path / "real" / "file")
    for path in ("linked/x.png", "real/file"):
        with pytest.raises(UnreadableLabels, match="leads through a symbolic link"):
            path_inside(tmp_path, path, "here")
    assert path_inside(tmp_path, "real/..x/ä.png", "here") == tmp_path / "real" / "..x" / "ä.png"


def test_path_too_long_for_the_disk_is_refused(tmp_path):
    with pytest.raises(UnreadableLabels, match="cannot be used: File name too long"):
        path_inside(tmp_path, "n" * 300, "here")


ANY_TEXT = st.text(max_size=120) | st.text("./\\:*? \u0301éE\ud800'=-+@\t\r\n\0conCOM1", max_size=12)


@settings(max_examples=150)
@given(ANY_TEXT)
def test_a_safe_name_needs_no_second_cleaning_and_stays_in_its_folder(text):
    name = safe_name(text)
    assert safe_name(name) == name
    assert len(name.encode()) <= 101
    assert name == "" or why_unsafe(name) is None


@settings(max_examples=100)
@given(ANY_TEXT)
def test_what_is_printable_can_be_written_and_printing_it_twice_changes_nothing(text):
    shown = printable(text)
    shown.encode()
    assert printable(shown) == shown
    lone = any("\ud800" <= letter <= "\udfff" for letter in text)
    assert (shown == text) == (not lone)


@settings(max_examples=100)
@given(ANY_TEXT.filter(bool))
def test_every_guarded_text_comes_back_and_is_no_formula(text):
    cell = guard(text)
    assert unguard(cell) == text
    assert not cell.startswith(tuple("=+-@\t\r\n"))


@settings(max_examples=60)
@given(st.lists(ANY_TEXT.filter(lambda text: text == "" or printable(text) == text), max_size=8))
def test_no_two_people_share_a_folder_on_any_file_system(names):
    people = [LabelledPerson(f"p{number}", name or None) for number, name in enumerate(names)]
    folders = folder_names(people)
    assert set(folders) == {person.key for person in people}
    assert len({same_name(folder) for folder in folders.values()}) == len(people)
    assert all(why_unsafe(folder) is None for folder in folders.values())
    assert folder_names(people[::-1]) == folders


@settings(max_examples=100)
@given(ANY_TEXT)
def test_a_path_that_is_let_through_stays_in_its_folder(path):
    if why_unsafe(path) is None:
        assert os.path.normpath(f"/folder/{path}") == f"/folder/{path}"
        assert "\\" not in path
