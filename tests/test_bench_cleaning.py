"""The mess that the bench plants, and what it counts."""

import numpy as np

from tests.bench.bench_cleaning import _clicks_in_grid, majority, make, measured, planted


def test_whoever_is_most_of_a_person_is_that_person() -> None:
    people, truth = np.array([7, 7, 7, 2, 2]), np.array([1, 1, 0, 0, 0])
    assert majority(people, truth).tolist() == [1, 1, 1, 0, 0]


def test_as_many_faces_lie_with_somebody_else_as_is_asked_for() -> None:
    truth = np.repeat(np.arange(20), 50)
    with_whom = planted(truth, 0.05)
    assert (with_whom != truth).sum() == 50
    assert (planted(truth, 0.05) == with_whom).all()
    assert (planted(truth, 0.0) == truth).all()


def test_a_run_of_faces_is_two_clicks_one_face_one_and_each_new_person_two_more() -> None:
    assert _clicks_in_grid(np.array([-1, -1])) == 0
    assert _clicks_in_grid(np.array([4, -1])) == 3
    assert _clicks_in_grid(np.array([4, 4, 4, -1, 4, 9, -1])) == (2 + 2 + 1) + (2 + 1)


def test_the_queues_leave_less_than_was_planted_and_the_grid_nothing(tmp_path) -> None:
    mess = make(tmp_path / "home", 200, 8, 0.05)
    wrong = int(mess.wrong().sum())
    rows = {row.what: row.median for row in measured(mess)}
    assert wrong > 0
    assert rows["wrong faces that they leave"] == mess.wrong().sum() < wrong
