import os

import pytest

from core.formats.dataset import LabelledPerson
from core.formats.names import folder_names, guard, inside, safe_name, unguard
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
        inside(tmp_path, path, "table.csv: line 3")


def test_symbolic_link_on_the_way_is_refused(tmp_path):
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "linked")
    os.symlink("/etc/passwd", tmp_path / "real" / "file")
    for path in ("linked/x.png", "real/file"):
        with pytest.raises(UnreadableLabels, match="leads through a symbolic link"):
            inside(tmp_path, path, "here")
    assert inside(tmp_path, "real/..x/ä.png", "here") == tmp_path / "real" / "..x" / "ä.png"


def test_path_too_long_for_the_disk_is_refused(tmp_path):
    with pytest.raises(UnreadableLabels, match="cannot be used: File name too long"):
        inside(tmp_path, "n" * 300, "here")
