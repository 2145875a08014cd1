"""Recall at equal precision, and who is known in a clip, as the comparison of ways takes them."""

import numpy as np
import pytest

from db.engine import reading
from db.queries.people.quality import tracks_of_faces
from db.writes.motion import add_track, set_tracks
from db.writing import writing
from tests.bench import street
from tests.bench.street import who_is_who
from tests.bench.ways_compared import chosen, forget_tracks, judged
from tests.builders.seen_in_clips import clip_of, faces_at


def test_pairs_of_either_half_are_judged_worked_out_by_hand() -> None:
    truth = np.array([0, 0, 0, 1, 1, -1])
    found = judged(0.9, truth, np.array([0, 0, 1, 1, 2, 2]))
    first, second = found.halves
    assert (first.precision, first.recall) == (pytest.approx(1 / 2), pytest.approx(1 / 3)), "0-0 right, 0-1 wrong"
    assert (second.precision, second.recall) == (0, 0)


def test_the_threshold_is_chosen_by_the_one_half_for_the_other() -> None:
    truth = np.array([0, 0, 2, 1, 1, 1])
    tried = [
        judged(0.9, truth, np.array([0, 1, 2, 3, 4, 5])),
        judged(0.8, truth, np.array([0, 0, 1, 2, 2, 3])),
        judged(0.7, truth, np.array([0, 0, 0, 1, 1, 1])),
    ]
    assert chosen(tried, 0, 0.99).threshold == 0.8, "at 0.7 a stranger is with them"
    assert chosen(tried, 1, 0.99).threshold == 0.7
    assert chosen(tried[:1], 0, 0.99) is None, "nobody is put together: nothing is precise"


def test_all_faces_of_the_tracks_through_a_point_are_that_person_and_of_other_tracks_nobody(
    workspace, dataset, monkeypatch
) -> None:
    clip = clip_of(workspace, dataset, "a.mp4", 4)
    faces = faces_at(workspace, clip, [0, 1, 2, 3])  # all from (8, 8) to (56, 56)
    with writing(workspace.engine) as session:
        first, second, third = (add_track(dataset, clip, "face", session=session) for _ in range(3))
        set_tracks(dict(zip(faces, (first, first, second, third), strict=True)), session=session)
    monkeypatch.setattr(street, "PEOPLE", {"Ada": ((1, 20, 50), (2, 30, 30)), "Bo": ((3, 60, 30),)})
    assert who_is_who(workspace, dataset) == dict.fromkeys(faces[:3], "Ada")
    forget_tracks(workspace, dataset)
    with reading(workspace.engine) as session:
        assert tracks_of_faces(dataset, session=session) == {}
