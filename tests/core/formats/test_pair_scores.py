import resource
import time

import numpy as np
import pytest

from core.formats import csv_blocks
from core.formats.pair_scores import read_scores
from core.foundation.errors import NotEnoughData, UnreadableLabels


@pytest.fixture
def scores(tmp_path):
    def write(text):
        path = tmp_path / "scores.csv"
        path.write_text(text)
        return path

    return write


def test_scores_with_people_and_groups_in_any_order_of_columns(scores, monkeypatch):
    monkeypatch.setattr(csv_blocks, "_AT_ONCE", 2)
    found = read_scores(
        scores(
            "group,same,right_person,model,left_person,score\nKR,1,Ann,m,Ann,0.9\n,0,Bo,m,Ann,.25\nUS,no,Cy,m,Bo,-1\n"
        )
    )
    assert (found.scores.tolist(), found.same.tolist()) == ([0.9, 0.25, -1], [True, False, False])
    assert [found.people[at] for at in found.left_person] == ["Ann", "Ann", "Bo"]
    assert [found.people[at] for at in found.right_person] == ["Ann", "Bo", "Cy"]
    assert (found.group.tolist(), found.groups, found.ignored) == ([0, -1, 1], ("KR", "US"), ("model",))
    assert found.left_person.dtype == np.int32


def test_two_columns_are_enough(scores):
    found = read_scores(scores("score,same\n0.5,true\n0.5,false\n"))
    assert (found.left_person, found.right_person, found.group) == (None, None, None)
    assert (found.people, found.groups, found.ignored) == ((), (), ())


def test_people_who_gainsay_the_answer_are_refused(scores):
    head = "score,same,left_person,right_person\n0.9,1,Ann,Ann\n"
    with pytest.raises(UnreadableLabels, match=r"scores.csv: line 3: .* of two people, but both are of 'Bo' and 'Bo'"):
        read_scores(scores(f"{head}0.9,0,Bo,Bo\n"))
    # Ann and Bo with two answers: one of both cannot be.
    with pytest.raises(UnreadableLabels, match=r"line 4: .* of one person, but they are of 'Bo' and 'Ann'"):
        read_scores(scores(f"{head}0.1,0,Ann,Bo\n0.9,1,Bo,Ann\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("score,same\n", "it has no rows"),
        ("score,truth\n0.1,1\n", "it lacks the columns same; it has score, truth"),
        ("score,same,left_person\n0.1,1,a\n", "it lacks the columns right_person; it has"),
        ("score,same,right_person\n0.1,1,a\n", "it lacks the columns left_person; it has"),
        ("score,same,group,GROUP\n0.1,1,a,b\n", "the column 'group' occurs twice"),
        ("score,same\n0.1,1\nNaN,0\n", "line 3: the score should be a finite number, not 'NaN'"),
        ("score,same\n0.1,1\n,0\n", "line 3: the score should be a finite number, not ''"),
        ("score,same\n0.1,1\n0.2,\n", "line 3: same should be 0 or 1"),
        ("score,same,left_person,right_person\n0.1,0,a,\n", "line 2: right_person is empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(scores, text, said):
    with pytest.raises(UnreadableLabels, match=said) as refused:
        read_scores(scores(text))
    assert str(refused.value).startswith("scores.csv: ")


def test_one_person_is_too_few(scores):
    with pytest.raises(NotEnoughData, match="fewer than two people"):
        read_scores(scores("score,same,left_person,right_person\n0.9,1,a,a\n"))


def written(path, count):
    rng = np.random.default_rng(0)
    with open(path, "w") as file:
        file.write("score,same,left_person,right_person,group\n")
        for start in range(0, count, 100_000):
            left, right = rng.integers(0, 5000, (2, min(100_000, count - start)))
            rows = zip(rng.random(len(left)).round(6).tolist(), left.tolist(), right.tolist(), strict=True)
            file.writelines(f"{score},{one == other:d},p{one},p{other},g{one % 7}\n" for score, one, other in rows)


@pytest.mark.nightly
def test_ten_million_rows_are_read_in_a_minute_and_half_a_gigabyte(tmp_path):
    path = tmp_path / "many.csv"
    written(path, 10_000_000)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    found = read_scores(path)
    assert time.perf_counter() - start < 60
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 700_000  # KiB: 250 MB twice while joined
    assert (len(found.scores), len(found.people), len(found.groups)) == (10_000_000, 5000, 7)
    assert found.same.tolist() == (found.left_person == found.right_person).tolist()
