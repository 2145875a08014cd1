"""Stability of files and of stored predictions: what breaks a pair, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sqlmodel import col, select

from core.foundation.errors import BadInput, NotEnoughData, NotFound
from core.metrics.stability.vector import FIGURES, stability
from core.motion.stability import (
    Smoothing,
    judge_bad_predictors,
    of_dataset,
    of_file,
    of_tracks,
    of_video,
    predicted_versions,
)
from core.tracks.bad_predictors import PREDICTORS
from core.tracks.smoothing import smooth
from db.tables import Exclusion, Instance
from db.writing import writing
from tests.builders.staged_tracks import add_track, add_video, drifting_face, jittered, version


def test_one_frame_has_no_figures_but_reasons(tmp_path):
    np.save(tmp_path / "one.npy", drifting_face(1))
    found = of_file(tmp_path / "one.npy").flat()
    assert found["frames"] == 1
    assert found["indicator"] is None
    assert found["undefined"]["indicator"] == "no point is there in two frames in a row"


def test_a_truth_of_other_frames_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", drifting_face(5))
    np.save(tmp_path / "b.npy", drifting_face(6))
    with pytest.raises(BadInput, match="5 frames of 68 points and the truth 6 of 68"):
        of_file(tmp_path / "a.npy", tmp_path / "b.npy")


def test_smoothing_comes_before_the_figures(tmp_path):
    noisy = jittered(drifting_face(40))
    np.save(tmp_path / "a.npy", noisy)
    how = Smoothing("one-euro", {"beta": 0.0}, 25.0)
    expected = stability(smooth(noisy, "one-euro", {"beta": 0.0}, frames_per_second=25.0)).flat()
    assert of_file(tmp_path / "a.npy", smoothing=how).flat() == expected
    assert of_tracks(noisy).flat() == of_file(tmp_path / "a.npy", smoothing=Smoothing()).flat()


def test_the_ranking_takes_the_opened_track_as_the_truth():
    tracks = drifting_face(50)
    rows = judge_bad_predictors(tracks)
    assert list(rows) == list(PREDICTORS)
    assert rows["exact"]["motion_ratio_x"] == 1
    assert list(judge_bad_predictors(tracks).values())[1] == list(rows.values())[1]  # the same noise each time
    assert next(iter(judge_bad_predictors(drifting_face(1)))) == "exact"


def test_a_dataset_has_the_figures_of_its_videos(workspace, dataset, author):
    one, two = drifting_face(12), drifting_face(8, seed=2)
    model = version(workspace)
    for name, truth, human in (("a.mp4", one, True), ("b.mp4", two, False)):
        pictures = add_video(workspace, dataset, name, indices=list(range(len(truth))))
        predicted = {model: jittered(truth)}
        add_track(workspace, dataset, pictures, truth, predicted, human=human, author=author)
    found = of_dataset(workspace, dataset, "tracker")
    first, second = stability(jittered(one), one), stability(jittered(two))
    assert [video.name for video in found.videos] == ["a.mp4", "b.mp4"]
    assert found.videos[0].values == pytest.approx(first.values, nan_ok=True)
    assert found.videos[1].values == pytest.approx(second.values, nan_ok=True)
    both = found.figures["median_dev_x_pct"]
    assert both.value == pytest.approx((first.values["median_dev_x_pct"] + second.values["median_dev_x_pct"]) / 2)
    assert both.groups == 2
    assert both.low < both.value < both.high
    assert found.figures["indicator"].value == pytest.approx(first.values["indicator"])  # only where there is a truth
    assert found.figures["nmf"].value == pytest.approx(first.values["nmf"])
    flat = json.loads(json.dumps(found.flat(), allow_nan=False))
    assert flat["frames"] == 20
    assert flat["pairs"] == 18
    assert flat["indicator_against"] == "truth"
    assert flat["videos"][1]["nmf"] is None
    assert set(FIGURES) <= set(flat)


def test_removed_and_excluded_frames_break_the_pairs(workspace, dataset, author):
    truth = drifting_face(12)
    model = version(workspace)
    pictures = add_video(workspace, dataset, "a.mp4", indices=[0, 1, 2, 3, 4, 5, 6, 7, 8, 20, 21, 22], gone=(3,))
    made = add_track(workspace, dataset, pictures, truth, {model: truth}, person="Ada", author=author)
    with writing(workspace.engine) as session:
        session.add(Exclusion(dataset_id=dataset, name="00006.jpg", author_id=author))
        session.exec(select(Instance).where(col(Instance.id) == made[1])).one().removed = True
    (video,) = of_dataset(workspace, dataset, "tracker").videos
    (track,) = video.tracks
    present = ~np.isnan(track.predicted).any(axis=(1, 2))
    assert np.flatnonzero(~present).tolist() == [1, 3, 6]
    assert np.flatnonzero(track.breaks).tolist() == [8]
    assert video.pairs == 4  # 4-5, 7-8, 20-21, 21-22
    assert video.frames == 9
    (alone,) = of_video(workspace, dataset, "tracker", video.video_id).tracks
    assert np.array_equal(alone.predicted, track.predicted, equal_nan=True)


def test_two_people_in_a_video_are_weighted_by_their_pairs(workspace, dataset, author):
    model = version(workspace)
    pictures = add_video(workspace, dataset, "a.mp4", indices=list(range(10)))
    left, right = drifting_face(10), drifting_face(10, seed=3, x=400)
    add_track(workspace, dataset, pictures, left, {model: left})
    add_track(workspace, dataset, pictures, right, {model: right}, skip=(5, 6, 7, 8, 9))
    (video,) = of_dataset(workspace, dataset, "tracker").videos
    a, b = (stability(track).values["median_dev_x_pct"] for track in (left, right[:5]))
    assert [track.frames for track in video.tracks] == [10, 5]
    assert video.values["median_dev_x_pct"] == pytest.approx((9 * a + 4 * b) / 13)


def test_smoothing_knows_the_rate_of_the_frames_that_were_taken(workspace, dataset):
    model = version(workspace)
    truth = drifting_face(10)
    pictures = add_video(workspace, dataset, "a.mp4", indices=list(range(0, 50, 5)), rate=50.0)
    add_track(workspace, dataset, pictures, truth, {model: truth})
    found = of_dataset(workspace, dataset, "tracker", Smoothing("one-euro", {"beta": 0.0}))
    (video,) = found.videos
    assert video.frames_per_second == 10
    expected = smooth(truth, "one-euro", {"beta": 0.0}, frames_per_second=10.0)
    assert video.tracks[0].predicted == pytest.approx(expected)


def test_versions_are_called_by_how_they_were_used(workspace, dataset):
    truth = drifting_face(4)
    uses = [
        version(workspace),
        version(workspace, flip_test=True),
        version(workspace, flip_test=True, smoothing={"name": "one-euro", "settings": {}}),
    ]
    pictures = add_video(workspace, dataset, "a.mp4", indices=list(range(4)))
    add_track(workspace, dataset, pictures, truth, dict.fromkeys(uses, truth))
    known = predicted_versions(workspace, dataset)
    assert known == dict(zip(["tracker", "tracker+flip", "tracker+flip+one-euro"], uses, strict=True))
    assert of_dataset(workspace, dataset, "tracker+flip").version_id == uses[1]


def test_what_cannot_be_judged_is_said(workspace, dataset):
    with pytest.raises(NotEnoughData, match="no video"):
        of_dataset(workspace, dataset, "tracker")
    model = version(workspace)
    pictures = add_video(workspace, dataset, "a.mp4", indices=[0, 1])
    how = "run `python -m core predict --dataset faces --model dlib-68` first"
    with pytest.raises(NotFound, match=f"dlib-68 has predicted nothing .*; {how}; models that have: none"):
        of_dataset(workspace, dataset, "dlib-68")
    add_track(workspace, dataset, pictures, drifting_face(2), {model: drifting_face(2)}, skip=(1,))
    with pytest.raises(NotFound, match=f"{how}; models that have: tracker"):
        of_dataset(workspace, dataset, "dlib-68")
    with pytest.raises(NotFound, match="there is no model called 'other'; there are dlib-68"):
        of_dataset(workspace, dataset, "other")
    with pytest.raises(NotEnoughData, match=r"two frames of a video; run `python -m core predict .* --model tracker`"):
        of_dataset(workspace, dataset, "tracker")


# ---- the command ----
