import resource
import time

import numpy as np
import pytest

from core.formats.pair_lists import read_pairs
from core.foundation.errors import UnreadableLabels


@pytest.fixture
def pairs(tmp_path):
    def write(text):
        path = tmp_path / "pairs.txt"
        path.write_text(text)
        return path

    return write


def sides(found):
    return [(found.pictures[one], found.pictures[other]) for one, other in zip(found.left, found.right, strict=True)]


def test_three_columns_need_no_header(pairs):
    found = read_pairs(pairs("a/1.jpg,a/2.jpg,1\na/1.jpg,b\\1.jpg,0\n"))
    assert sides(found) == [("a/1.jpg", "a/2.jpg"), ("a/1.jpg", "b/1.jpg")]
    assert (found.same.tolist(), found.lines.tolist()) == ([True, False], [1, 2])
    assert (found.people.tolist(), found.fold, found.repeated, found.ignored) == ([0, 0, 1], None, 0, ())


def test_a_header_says_which_of_ten_columns_are_meant(pairs):
    head = "n,a,same,b,c,right,d,e,left,f\n"
    found = read_pairs(pairs(f"{head}1,,yes,,,r.jpg,,,l.jpg,\n2,,no,,,q.jpg,,,l.jpg,\n"))
    assert sides(found) == [("l.jpg", "r.jpg"), ("l.jpg", "q.jpg")]
    assert (found.lines.tolist(), found.ignored) == ([2, 3], ("n", "a", "b", "c", "d", "e", "f"))


def test_a_pair_that_is_there_twice_counts_once(pairs):
    found = read_pairs(pairs("left,right,same\na,b,1\nb,c,0\nb,a,1\na,b,yes\n"))
    assert (sides(found), found.repeated, found.lines.tolist()) == ([("a", "b"), ("b", "c")], 2, [2, 3])


def test_pictures_that_pairs_of_one_person_link_are_of_one_person(pairs):
    found = read_pairs(pairs("a,b,1\nc,d,1\nb,e,yes\nd,e,0\nf,a,0\n"))
    assert dict(zip(found.pictures, found.people.tolist(), strict=True)) == {
        "a": 0,
        "b": 0,
        "c": 1,
        "d": 1,
        "e": 0,
        "f": 2,
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("left,right,same\n", "it has no rows"),
        ("a,b,c,d,e,f,g,h,i,1\n", "it lacks the columns left, right, same; it has a, b, c"),
        ("left,right,same\na,b,1\nb,a,0\n", "line 3: b and a have another answer than on line 2"),
        ("a,b,1\nb,c,1\nd,c,0\na,c,0\n", "line 4: a and c are said to be of two people, but other lines"),
        ("left,right,same\na,b,1\nc,c,1\n", "line 3: c is compared with itself"),
        ("left,right,same\na,./a,1\n", "line 2: a is compared with itself"),
        ("left,right,same\na,b,1\na,,1\n", "line 3: right is empty"),
        ("left,right,same\na,b,maybe\n", "line 2: same should be 0 or 1"),
        ("left,right,same\na,b,1\na,b\n", "line 3: it should have 3 cells, not 2"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(pairs, text, said):
    with pytest.raises(UnreadableLabels, match=said) as refused:
        read_pairs(pairs(text))
    assert str(refused.value).startswith("pairs.txt: ")


LFW = "2 2\nAnn Lee\t1\t4\nBo\t1\t2\nAnn Lee\t1\tBo\t3\nBo\t12\tCy\t1\n"
LFW += "Bo\t1\t3\nCy\t1\t2\nBo\t2\tCy\t2\nCy\t1\tAnn Lee\t4\n"


def test_pairs_of_lfw_in_folds(pairs):
    found = read_pairs(pairs(LFW))
    assert sides(found)[:4] == [
        ("Ann Lee/Ann Lee_0001.*", "Ann Lee/Ann Lee_0004.*"),
        ("Bo/Bo_0001.*", "Bo/Bo_0002.*"),
        ("Ann Lee/Ann Lee_0001.*", "Bo/Bo_0003.*"),
        ("Bo/Bo_0012.*", "Cy/Cy_0001.*"),
    ]
    assert found.same.tolist() == [True, True, False, False] * 2
    assert found.fold.tolist() == [0] * 4 + [1] * 4
    assert found.people[found.left[:4]].tolist() == [0, 1, 0, 1]
    assert found.lines.tolist() == list(range(2, 10))


def test_pairs_of_lfw_without_folds_and_with_spaces_between(pairs):
    found = read_pairs(pairs("1\nAnn_Lee 1 4\nAnn_Lee 1 Bo 3\n"))
    assert (found.fold, found.same.tolist()) == (None, [True, False])
    assert found.people.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("2 2", "2 3", "line 4: there should be 3 cells here"),
        ("2 2", "3 2", "its first line says 3 folds of 2 pairs of each kind, but it has 8 pairs"),
        ("Bo\t1\t2\n", "Bo\t1\n", "line 3: there should be 3 cells here"),
        ("Bo\t1\t2\n", "Bo\t1\tx\n", "line 3: there should be 3 cells here"),
        ("Bo\t12\tCy\t1\n", "Bo\t12\tBo\t1\n", "line 5: .* of two people, but both are of 'Bo' and 'Bo'"),
        ("Bo\t12\tCy\t1\n", "\t12\tCy\t1\n", "line 5: there should be 4 cells here"),
        ("Bo\t1\t2\n", "Bo\t1\t1\n", r"line 3: Bo/Bo_0001.\* is compared with itself"),
        ("Bo\t12\tCy\t1", "1\t2\t3\t4\t5\t6\t7\t8\t9\t10", "line 5: there should be 4 cells here"),
    ],
)
def test_what_is_wrong_with_pairs_of_lfw_is_said_with_its_line(pairs, before, after, said):
    assert before in LFW
    with pytest.raises(UnreadableLabels, match=said):
        read_pairs(pairs(LFW.replace(before, after, 1)))


def test_pairs_of_lfw_may_come_again_in_another_fold(pairs):
    found = read_pairs(pairs("2 1\nBo\t1\t2\nBo\t1\tCy\t1\nBo\t2\t1\nBo\t2\tCy\t1\n"))
    assert (len(found.same), found.repeated) == (4, 0)


def test_what_is_no_text_is_refused(tmp_path):
    (tmp_path / "pairs.txt").write_bytes(b"2 2\n\xff\xfd\n")
    with pytest.raises(UnreadableLabels, match="it is not a text in UTF-8"):
        read_pairs(tmp_path / "pairs.txt")
    with pytest.raises(UnreadableLabels, match=r"none.csv cannot be read"):
        read_pairs(tmp_path / "none.csv")


def test_many_pairs_keep_their_lines(pairs):
    rng = np.random.default_rng(0)
    left, right = rng.integers(0, 300, (2, 120_000))
    keep = left < right
    rows = [f"p{one},p{other},{(one + other) % 2 == 0:d}" for one, other in zip(left[keep], right[keep], strict=True)]
    found = read_pairs(pairs("\n".join(rows)))
    assert len(found.same) == len(set(rows))
    assert len(found.same) + found.repeated == len(rows)
    assert [rows[line - 1] for line in found.lines[-3:]] == [
        f"{one},{other},{same:d}" for (one, other), same in zip(sides(found)[-3:], found.same[-3:], strict=True)
    ]


@pytest.mark.nightly
def test_ten_million_pairs_are_read_in_a_minute_and_a_gigabyte(tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "many.csv"
    with open(path, "w") as file:
        for _ in range(100):
            left, right = rng.integers(0, 20_000, (2, 100_000))
            right = np.where(left == right, (right + 1) % 20_000, right)
            rows = zip(left.tolist(), right.tolist(), strict=True)
            file.writelines(
                f"p{one // 10}/{one}.jpg,p{other // 10}/{other}.jpg,{one // 10 == other // 10:d}\n"
                for one, other in rows
            )
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = read_pairs(path)
    assert time.process_time() - start < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # KiB
    assert len(found.same) + found.repeated == 10_000_000
    assert len(found.pictures) == 20_000
