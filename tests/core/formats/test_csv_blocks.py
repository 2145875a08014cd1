import pytest

from core.formats import csv_blocks as module
from core.formats.csv_blocks import CellNames, column_places, csv_blocks, yes_and_no
from core.foundation.errors import UnreadableLabels


@pytest.fixture
def table(tmp_path):
    def write(text, coding="utf-8"):
        path = tmp_path / "table.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode(coding))
        return path

    return write


def rows(path):
    return [row for block in csv_blocks(path) for row in zip(*block.columns, strict=True)]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separator_and_encoding_are_told_from_the_file(table, separator, coding):
    text = f"a{separator}b\n이름{separator}2\n"
    assert rows(table(text, coding)) == [("a", "b"), ("이름", "2")]


def test_lines_are_counted_through_quotes_and_empty_lines(table, monkeypatch):
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    blocks = list(csv_blocks(table('\na,b\n1,"x\ny"\n\n2,z\r\n  \n3,"q, w"\n')))
    assert [line for block in blocks for line in block.lines] == [2, 4, 6, 8]
    assert rows(table('\na,b\n1,"x\ny"\n\n2,z\r\n  \n3,"q, w"\n'))[1:] == [("1", "x\ny"), ("2", "z"), ("3", "q, w")]


def test_row_of_another_width_is_refused_with_its_line(table, monkeypatch):
    for at_once in (1, 50_000):
        monkeypatch.setattr(module, "_AT_ONCE", at_once)
        with pytest.raises(UnreadableLabels, match=r"^table.csv: line 4: it should have 2 cells, not 3$"):
            rows(table("a,b\n1,2\n\n1,2,3\n"))


def test_what_is_no_csv_is_refused(table, tmp_path):
    with pytest.raises(UnreadableLabels, match="line 2 is no CSV"):
        rows(table('a,b\n1,"2" x\n'))
    with pytest.raises(UnreadableLabels, match="text in UTF-8"):
        rows(table(b"a,b\n1,\xff\n"))
    with pytest.raises(UnreadableLabels, match=r"absent.csv cannot be read"):
        rows(tmp_path / "absent.csv")
    assert rows(table("")) == []
    assert rows(table("\n\n")) == []


def test_damage_far_behind_is_refused_too(table):
    with pytest.raises(UnreadableLabels, match="is no text in UTF-8"):
        rows(table(b"a,b\n" + b"1,2\n" * 100_000 + b"1,\xff\n"))


def block_of(table, text):
    *_, last = csv_blocks(table(text))
    return last


def test_numbers_also_with_decimal_commas_and_nothing_else(table):
    assert block_of(table, "a;b\n0,5;1\n-1e-3;2\n").numbers(0).tolist() == [0.5, -0.001]
    for wrong in ("nan", "inf", "1_000", "", "x", "1,5,0"):
        with pytest.raises(UnreadableLabels, match=r"line 3: the score should be a finite number, not "):
            block_of(table, f"a;b\n0.5;1\n{wrong};2\n").numbers(0)


def test_answers_in_every_spelling(table):
    text = "a,b\n1,1\n0,0\n1.0,TRUE\n0.0, no \nYes,false\nNO,yes\n"
    block, known = block_of(table, text), yes_and_no()
    assert block.answers(0, known).tolist() == [True, False, True, False, True, False]
    assert block.answers(1, known).tolist() == [True, False, True, False, False, True]
    for wrong in ("", "2", "maybe", "nan"):
        with pytest.raises(UnreadableLabels, match=f"line 3: same should be 0 or 1, .* not '{wrong}'"):
            block_of(table, f"a,b\n1,1\n1,{wrong}\n").answers(1, known)


def test_names_are_numbered_as_they_come(table):
    names = CellNames()
    assert block_of(table, "a,b\nAnn,1\n Ann ,2\n,3\nBo,4\n'=x,5\n").numbered(0, names).tolist() == [0, 0, -1, 1, 2]
    assert list(names.names) == ["Ann", "Bo", "=x"]


def test_columns_are_found_by_name(table):
    header = next(csv_blocks(table("Extra, Left-Person ,SCORE,same\n")))
    places, others = column_places(header, ("score", "same"), ("left_person", "group"))
    assert places == {"score": 2, "same": 3, "left_person": 1}
    assert others == ("Extra",)
    with pytest.raises(UnreadableLabels, match="it lacks the columns same, left; it has a, score"):
        column_places(next(csv_blocks(table("a,score\n"))), ("score", "same", "left"))
    with pytest.raises(UnreadableLabels, match="the column 'score' occurs twice"):
        column_places(next(csv_blocks(table("score,Score\n"))), ("score",))
