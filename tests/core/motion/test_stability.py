"""Stability of files and of stored predictions: what is linked, what breaks a pair, and what is refused."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import col, select
from typer.testing import CliRunner

from core.__main__ import app
from core.foundation.errors import BadInput, NotEnoughData, NotFound
from core.foundation.settings import settings
from core.metrics.stability import FIGURES, stability
from core.motion.linking import breaks_of, linked
from core.motion.stability import Smoothing, of_dataset, of_file, of_tracks, predicted_versions, ranking
from core.tracks.bad_predictors import PREDICTORS
from core.tracks.files import read_tracks
from core.tracks.smoothing import smooth
from db.queries.motion import FrameRow, Seen
from db.tables import Exclusion, Instance
from db.writing import writing
from tests.builders.places import SHARED
from tests.builders.staged_tracks import add_track, add_video, version

TRACKS = SHARED / "tracks68"


def face(frames, seed=0, x=100.0):
    """(frames, 68, 2) a random face that drifts and plays; float32 exact, as the store keeps it."""
    rng = np.random.default_rng(seed)
    base = rng.uniform((x, 100), (x + 120, 220), (68, 2))
    play = np.sin(np.arange(frames)[:, None, None] / 3 + rng.uniform(0, 6, (68, 2)))
    return (base + play + np.arange(frames)[:, None, None] * 0.5).astype(np.float32).astype(np.float64)


def jittered(tracks, pixels=1.0, seed=1):
    return (tracks + np.random.default_rng(seed).normal(0, pixels, tracks.shape)).astype(np.float32).astype(np.float64)


# ---- files ----


@pytest.mark.parametrize("kind", ["<f4", "<f8", ">f4", "<f2", "<i4", "<u2"])
def test_a_track_file_is_read_whatever_numbers_it_holds(tmp_path, kind):
    tracks = np.round(face(5)).astype(kind)
    np.save(tmp_path / "a.npy", tracks)
    np.save(tmp_path / "f.npy", np.asfortranarray(tracks))
    assert read_tracks(tmp_path / "a.npy").tolist() == tracks.astype(float).tolist()
    assert read_tracks(tmp_path / "f.npy").tolist() == tracks.astype(float).tolist()
    assert read_tracks((tmp_path / "a.npy").read_bytes()).tolist() == tracks.astype(float).tolist()


def test_a_point_without_one_coordinate_is_absent(tmp_path):
    tracks = face(3)
    tracks[1, 4, 0] = np.nan
    np.save(tmp_path / "a.npy", tracks)
    assert np.isnan(read_tracks(tmp_path / "a.npy")[1, 4]).all()


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("/tmp/facet-evil"),))


def whole(tmp_path):
    np.save(tmp_path / "whole.npy", face(9))
    return (tmp_path / "whole.npy").read_bytes()


def saved(array):
    def make(tmp_path):
        np.save(tmp_path / "made.npy", array, allow_pickle=True)
        return (tmp_path / "made.npy").read_bytes()

    return make


def zipped(tmp_path):
    np.savez(tmp_path / "made.npz", a=face(3))
    return (tmp_path / "made.npz").read_bytes()


def announced(shape):
    return lambda tmp_path: whole(tmp_path).replace(b"(9, 68, 2)", shape.ljust(10), 1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: b"", "no .npy file"),
        (lambda _: b"frame,x,y\n1,2,3\n", "no .npy file"),
        (lambda _: pickle.dumps(Evil()), "no .npy file"),
        (zipped, "no .npy file"),
        (lambda t: whole(t)[:40], "no .npy file"),
        (lambda t: whole(t)[:-8], "cut off: 9 frames"),
        (announced(b"(10**9,2,2)"), "no .npy file"),
        (announced(b"(99,68,2)"), "cut off: 99 frames"),
        (announced(b"(9e9,68,2)"), "no .npy file"),
        (announced(b"(-9,68,2)"), "no point in it"),
        (announced(b"(9**9,9,2)"), "no .npy file"),
        (saved(np.array([Evil()], dtype=object)), "pickled Python objects"),
        (saved(np.zeros((4, 68, 2), complex)), "complex128 values"),
        (saved(np.zeros((4, 68, 2), "U3")), "<U3 values"),
        (saved(np.zeros((4, 136))), r"its shape is \(4, 136\)"),
        (saved(np.zeros((4, 68, 3))), r"its shape is \(4, 68, 3\)"),
        (saved(np.zeros((0, 68, 2))), "no point in it"),
        (saved(np.zeros((4, 0, 2))), "no point in it"),
        (saved(np.full((4, 68, 2), np.nan)), "every point of every frame is absent"),
        (saved(np.full((4, 68, 2), np.inf)), "point 1 of frame 0 is infinite"),
        (saved(np.full((4, 68, 2), 1e300)), "is in no picture"),
    ],
)
def test_a_file_that_is_no_track_is_refused_by_name(tmp_path, make, said):
    bad = tmp_path / "bad track.npy"
    bad.write_bytes(make(tmp_path))
    with pytest.raises(BadInput, match=said) as caught:
        of_file(bad)
    assert str(caught.value).startswith("bad track.npy: ")
    with pytest.raises(BadInput, match=r"^mine\.npy: "):
        read_tracks(bad.read_bytes(), "mine.npy")
    assert not Path("/tmp/facet-evil").exists()


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"gone\.npy: No such file"):
        of_file(tmp_path / "gone.npy")
    with pytest.raises(BadInput, match="directory"):
        of_file(tmp_path)


def test_one_frame_has_no_figures_but_reasons(tmp_path):
    np.save(tmp_path / "one.npy", face(1))
    found = of_file(tmp_path / "one.npy").flat()
    assert found["frames"] == 1
    assert found["indicator"] is None
    assert found["undefined"]["indicator"] == "no point is there in two frames in a row"


def test_a_truth_of_other_frames_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", face(5))
    np.save(tmp_path / "b.npy", face(6))
    with pytest.raises(BadInput, match="5 frames of 68 points and the truth 6 of 68"):
        of_file(tmp_path / "a.npy", tmp_path / "b.npy")


def test_smoothing_comes_before_the_figures(tmp_path):
    noisy = jittered(face(40))
    np.save(tmp_path / "a.npy", noisy)
    how = Smoothing("one-euro", {"beta": 0.0}, 25.0)
    expected = stability(smooth(noisy, "one-euro", {"beta": 0.0}, frames_per_second=25.0)).flat()
    assert of_file(tmp_path / "a.npy", smoothing=how).flat() == expected
    assert of_tracks(noisy).flat() == of_file(tmp_path / "a.npy", smoothing=Smoothing()).flat()


def test_the_ranking_takes_the_opened_track_as_the_truth():
    tracks = face(50)
    rows = ranking(tracks)
    assert [row.predictor for row in rows] == list(PREDICTORS)
    assert rows[0].values["motion_ratio_x"] == 1
    assert [row.values for row in ranking(tracks)][1] == rows[1].values  # the same noise each time
    assert ranking(face(1))[0].predictor == "exact"


# ---- linking ----


def rows_of(*indices):
    return [FrameRow(index, f"{index}.jpg") for index in indices]


def seen(frame, left, instance=0, person=None, size=50.0, skeleton="face68"):
    points = np.tile(np.array([left, 0.0, 2, 1], "<f4"), (4, 1)).tobytes()
    return Seen(frame, instance, (left, 0, left + size, size), person, skeleton, points, None)


def lefts(track):
    return [None if np.isnan(x) else x for x in track.predicted[:, 0, 0]]


def test_boxes_that_overlap_are_one_track_the_best_fit_first():
    frames = rows_of(0, 1, 2)
    tracks = linked(frames, [seen(0, 0), seen(0, 40), seen(1, 30), seen(1, 5), seen(2, 10), seen(2, 200)])
    assert [lefts(track) for track in tracks] == [[0, 5, 10], [40, 30, None]]
    assert linked(frames, [seen(0, 0), seen(1, 300), seen(2, 600)]) == []


def test_a_box_is_not_linked_across_a_frame_that_is_not_there():
    frames = [FrameRow(0, "0"), FrameRow(1, "1"), FrameRow(2, None), FrameRow(3, "3"), FrameRow(4, "4")]
    tracks = linked(frames, [seen(at, 0) for at in range(5)])
    assert [lefts(track) for track in tracks] == [[0, 0, None, None, None], [None, None, None, 0, 0]]
    tracks = linked(rows_of(0, 1, 5, 6), [seen(at, 0) for at in (0, 1, 5, 6)])
    assert [lefts(track) for track in tracks] == [[0, 0, None, None], [None, None, 0, 0]]


def test_a_person_stays_one_track_over_gaps_and_wherever_the_box_is():
    frames = [FrameRow(0, "0"), FrameRow(1, None), FrameRow(2, "2"), FrameRow(3, "3")]
    tracks = linked(
        frames, [seen(0, 0, person=7), seen(2, 400, person=7), seen(3, 800, person=7), seen(3, 0, person=8)]
    )
    assert [lefts(track) for track in tracks] == [[0, None, 400, 800]]


def test_a_cut_to_where_the_same_person_is_elsewhere_breaks_the_pair():
    frames = rows_of(0, 1, 2, 3)
    places = [0, 10, 300, 310]
    (track,) = linked(frames, [seen(at, left, person=7) for at, left in enumerate(places)])
    assert lefts(track) == places
    assert track.breaks.tolist() == [False, True, False]
    assert breaks_of(frames).tolist() == [False, False, False]


def test_another_scene_breaks_the_pair_even_where_the_boxes_overlap():
    frames = [FrameRow(index, f"{index}.jpg", scene) for index, scene in enumerate((0, 0, 1, 1))]
    assert breaks_of(frames).tolist() == [False, True, False]
    (track,) = linked(frames, [seen(at, 5 * at, person=7) for at in range(4)])
    assert track.breaks.tolist() == [False, True, False]
    unnamed = linked(frames, [seen(at, 5 * at) for at in range(4)])
    assert [lefts(one) for one in unnamed] == [[0, 5, None, None], [None, None, 10, 15]]


def test_two_instances_of_one_person_in_a_frame_are_two_tracks():
    both = [seen(0, 0, person=7), seen(0, 100, person=7), seen(1, 0, person=7), seen(1, 100, person=7)]
    assert [lefts(track) for track in linked(rows_of(0, 1), both)] == [[0, 0], [100, 100]]


def test_other_skeletons_are_other_tracks():
    assert linked(rows_of(0, 1), [seen(0, 0), seen(1, 0, skeleton="body24")]) == []


def test_the_videos_own_stride_is_no_gap():
    assert breaks_of(rows_of(0, 5, 10, 20, 25)).tolist() == [False, False, True, False]
    assert breaks_of(rows_of(0, 1, 2)).tolist() == [False, False]
    assert breaks_of(rows_of(3)).tolist() == []
    assert breaks_of([]).tolist() == []
    assert linked([], []) == []


# ---- datasets ----


def test_a_dataset_has_the_figures_of_its_videos(workspace, dataset, author):
    one, two = face(12), face(8, seed=2)
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
    truth = face(12)
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


def test_two_people_in_a_video_are_weighted_by_their_pairs(workspace, dataset, author):
    model = version(workspace)
    pictures = add_video(workspace, dataset, "a.mp4", indices=list(range(10)))
    left, right = face(10), face(10, seed=3, x=400)
    add_track(workspace, dataset, pictures, left, {model: left})
    add_track(workspace, dataset, pictures, right, {model: right}, skip=(5, 6, 7, 8, 9))
    (video,) = of_dataset(workspace, dataset, "tracker").videos
    a, b = (stability(track).values["median_dev_x_pct"] for track in (left, right[:5]))
    assert [track.frames for track in video.tracks] == [10, 5]
    assert video.values["median_dev_x_pct"] == pytest.approx((9 * a + 4 * b) / 13)


def test_smoothing_knows_the_rate_of_the_frames_that_were_taken(workspace, dataset):
    model = version(workspace)
    truth = face(10)
    pictures = add_video(workspace, dataset, "a.mp4", indices=list(range(0, 50, 5)), rate=50.0)
    add_track(workspace, dataset, pictures, truth, {model: truth})
    found = of_dataset(workspace, dataset, "tracker", Smoothing("one-euro", {"beta": 0.0}))
    (video,) = found.videos
    assert video.frames_per_second == 10
    expected = smooth(truth, "one-euro", {"beta": 0.0}, frames_per_second=10.0)
    assert video.tracks[0].predicted == pytest.approx(expected)


def test_versions_are_called_by_how_they_were_used(workspace, dataset):
    truth = face(4)
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
    add_track(workspace, dataset, pictures, face(2), {model: face(2)}, skip=(1,))
    with pytest.raises(NotFound, match=f"{how}; models that have: tracker"):
        of_dataset(workspace, dataset, "dlib-68")
    with pytest.raises(NotFound, match="there is no model called 'other'; there are dlib-68"):
        of_dataset(workspace, dataset, "other")
    with pytest.raises(NotEnoughData, match=r"two frames of a video; run `python -m core predict .* --model tracker`"):
        of_dataset(workspace, dataset, "tracker")


# ---- the command ----


@pytest.fixture
def told(workspace, monkeypatch):
    """Runs `stability` with --json on the home folder of `workspace`."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    settings.cache_clear()

    def run(*arguments):
        done = CliRunner().invoke(app, ["stability", *map(str, arguments), "--json"])
        assert done.exit_code in (0, 2)
        return json.loads(done.stdout) if done.exit_code == 0 else done.stderr.strip()

    yield run
    settings.cache_clear()


def test_the_command_gives_one_flat_object_for_a_file(told, tmp_path):
    np.save(tmp_path / "a.npy", face(20))
    found = told("--tracks", tmp_path / "a.npy")
    assert found["frames"] == 20
    assert found["median_dev_x_pct"] == stability(face(20)).values["median_dev_x_pct"]
    assert found["nmf"] is None
    assert set(FIGURES) <= set(found)
    assert told("--tracks", tmp_path / "a.npy", "--truth", tmp_path / "a.npy")["indicator"] == 1
    np.save(tmp_path / "b.npy", jittered(face(20)))
    smoothed = told("--tracks", tmp_path / "b.npy", "--smooth", "one-euro", "--fps", "25")
    assert smoothed["non_smooth_1_pct"] < told("--tracks", tmp_path / "b.npy")["non_smooth_1_pct"]


def test_the_command_is_told_where_a_file_is_cut(told, tmp_path):
    track = np.concatenate([face(20), face(20) + 200.0])
    np.save(tmp_path / "a.npy", track)
    found = told("--tracks", tmp_path / "a.npy", "--cuts", "20")
    assert found["pairs"] == 38
    assert found["displacement_kurtosis_x"] == pytest.approx(
        stability(track, breaks=[20]).values["displacement_kurtosis_x"]
    )
    assert told("--tracks", tmp_path / "a.npy")["displacement_kurtosis_x"] > 10 + found["displacement_kurtosis_x"]
    assert "breaks should be frames in [0, 40)" in told("--tracks", tmp_path / "a.npy", "--cuts", "40")
    assert "not 'x'" in told("--tracks", tmp_path / "a.npy", "--cuts", "x")


def test_the_command_gives_one_flat_object_for_a_dataset(told, workspace, dataset):
    model = version(workspace)
    pictures = add_video(workspace, dataset, "a.mp4", indices=list(range(6)))
    add_track(workspace, dataset, pictures, face(6), {model: face(6)})
    found = told("--dataset", "faces", "--model", "tracker")
    assert (found["model"], found["frames"], found["indicator_against"]) == ("tracker", 6, "the frame before")
    assert found["videos"][0]["video"] == "a.mp4"
    assert found["intervals"]["indicator"] == {"low": None, "high": None}  # one video says nothing about another


def test_the_command_says_what_is_missing(told, tmp_path):
    assert told().startswith("give either --tracks")
    assert told("--tracks", tmp_path / "none.npy", "--dataset", "faces").startswith("give either --tracks")
    assert "no .npy file" in told("--tracks", __file__)
    assert "no dataset called nowhere" in told("--dataset", "nowhere", "--model", "x")


@pytest.mark.shared
@pytest.mark.skipif(not TRACKS.exists(), reason="the real tracks are not here")
def test_the_command_opens_548(told):
    found = told("--tracks", TRACKS / "300vw_s1_548.npy")
    known = json.loads((TRACKS / "figures.json").read_text())["300vw_s1_548"]
    assert {name: round(found[name], 4) for name in known} == known
    assert round(found["indicator"], 3) == 1.004
