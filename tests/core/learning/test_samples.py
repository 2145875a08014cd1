"""Labels as samples to learn from: what of a clip counts as consecutive, and what a model has seen."""

from __future__ import annotations

import numpy as np

from core.foundation.arrays import Keypoints
from core.learning.samples import LEARNED, as_ranges, learned_from, samples
from core.training.stability_windows import windows
from db.queries.learning.labels import HumanLabel, InstanceBox, PictureFacts, RevisionPoints
from db.tables import TrainedModel

POINTS = Keypoints.of(np.zeros((4, 2))).to_bytes()


def label(number: int, frame: int | None, scene: int | None, video: int | None = 7) -> HumanLabel:
    photo = PictureFacts(number, f"{number}.jpg", "0" * 64, f"originals/{number}.jpg", None, None)
    return HumanLabel(
        InstanceBox(number, 0, 0, 9, 9),
        photo,
        RevisionPoints(number, POINTS, "accepted"),
        None,
        None,
        video,
        frame,
        scene,
    )


def test_windows_of_consecutive_frames_never_go_over_a_cut(workspace):
    rows = [label(number, number, int(number >= 3)) for number in range(6)]
    made = samples(workspace, [(one, "clip 7") for one in rows])
    assert windows(made, 20) == [[0, 1, 2], [3, 4, 5]]
    assert {one.group for one in made} == {"clip 7"}  # a split keeps them together all the same


def test_a_photo_is_no_frame(workspace):
    (made,) = samples(workspace, [(label(1, None, None, None), "folder")])
    assert made.frame is None


def test_ids_become_runs_and_come_back():
    assert as_ranges([]) == []
    assert as_ranges({5}) == [[5, 5]]
    assert as_ranges([7, 1, 2, 3, 2]) == [[1, 3], [7, 7]]
    ids = set(np.random.default_rng(0).integers(0, 500, 300).tolist())
    assert learned_from(TrainedModel(data={LEARNED: as_ranges(ids)})) == ids
    assert learned_from(TrainedModel(data={})) == learned_from(None) == set()
