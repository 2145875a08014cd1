"""The vector of stability: against loops and other metrics, and where its figures are undefined."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.metrics.stability.deviation import dev, indicator
from core.metrics.stability.tracks import as_breaks, displacements
from core.metrics.stability.vector import FIGURES, stability
from tests.builders.landmark_figures import nme
from tests.builders.moving_faces import gappy, moving_face
from tests.builders.places import SHARED

TRACKS = SHARED / "tracks68"


def test_a_still_prediction_of_a_still_face_moves_as_much_as_the_truth():
    still = np.repeat(moving_face(1), 5, axis=0)
    found = stability(still, still)
    assert found.values["indicator"] == 1
    assert found.values["non_smooth_2_pct"] == 0
    assert found.values["displacement_std_x_px"] == 0
    assert found.flat()["undefined"]["delay_frames"] == "the true face never moves, so there is nothing to lag behind"
    assert "all the same" in found.flat()["undefined"]["displacement_kurtosis_x"]


# ---- against other implementations ----


def loop_reference(p, q, breaks):  # noqa: C901
    """Every figure that loops can say, one pair and one point after the other; 68 points."""

    def there(*places):
        return all(np.isfinite(track[t, k]).all() for track, t, k in places)

    def side(track, t):
        some = [track[t, k] for k in range(68) if there((track, t, k))]
        return [max(s[a] for s in some) - min(s[a] for s in some) for a in (0, 1)] if some else [np.nan] * 2

    def floored(lengths):
        middle = np.median([length for length in lengths if np.isfinite(length)])
        return [max(length, middle / 2) if np.isfinite(length) else np.nan for length in lengths]

    def length(track, first, second):
        return floored([float(np.hypot(*(track[t, first] - track[t, second]))) for t in range(len(track))])

    units = {a: length(p, *pair) for a, pair in ((0, (36, 45)), (1, (27, 33)))}
    true_units = {a: length(q, *pair) for a, pair in ((0, (36, 45)), (1, (27, 33)))}
    face, true_face = (floored([max(side(track, t)) for t in range(len(p))]) for track in (p, q))
    scale = floored([math.sqrt(side(q, t)[0] * side(q, t)[1]) for t in range(len(q))])
    curves = {name: [] for name in ("dev0", "dev1", "p0", "p1", "q0", "q1", "r0", "r1", "delay", "nmf")}
    for t in range(len(p) - 1):
        if breaks[t]:
            continue
        own = [k for k in range(68) if there((p, t, k), (p, t + 1, k))]
        both = [k for k in own if there((q, t, k), (q, t + 1, k))]
        for a in (0, 1):
            step = [p[t + 1, k, a] - p[t, k, a] for k in own]
            if own:
                spread = [(s - sum(step) / len(step)) ** 2 for s in step]
                curves[f"dev{a}"].append(100 * math.sqrt(sum(spread) / len(own)) / units[a][t + 1])
            for name, track in (("p", p), ("q", q)):
                step = [track[t + 1, k, a] - track[t, k, a] for k in both]
                if both:
                    spread = [(s - sum(step) / len(step)) ** 2 for s in step]
                    curves[f"{name}{a}"].append(math.sqrt(sum(spread) / len(both)) / true_units[a][t + 1])
            shapes = []
            for u in (t, t + 1):
                centre = np.mean([p[u, k, a] for k in range(68) if there((p, u, k))]) if own else 0
                shapes.append([abs(p[u, k, a] - centre) / units[a][u] for k in own])
            if own:
                now, before = np.mean(shapes[1]), np.mean(shapes[0])
                curves[f"r{a}"].append((now + 1e-6) / (before + 1e-6))
        flicker = [np.sum(((p - q)[t + 1, k] - (p - q)[t, k]) ** 2) for k in both]
        if both:
            curves["nmf"].append(100 * 256 / scale[t] * math.sqrt(np.mean(flicker)))
        lag = [k for k in range(68) if there((p, t + 1, k), (q, t + 1, k), (q, t, k))]
        if lag:
            back = [q[t, k] - q[t + 1, k] for k in lag]
            along = sum(np.dot(p[t + 1, k] - q[t + 1, k], b) for k, b in zip(lag, back, strict=True))
            curves["delay"].append(along / sum(np.dot(b, b) for b in back))
    smooth1, smooth2, bends = [], [], []
    for t in range(1, len(p) - 1):
        if breaks[t - 1] or breaks[t]:
            continue
        own = [k for k in range(68) if there((p, t - 1, k), (p, t, k), (p, t + 1, k))]
        if own:
            before, here, after = (p[u, own].ravel() for u in (t - 1, t, t + 1))
            share = np.clip(np.dot(here - before, after - before) / np.dot(after - before, after - before), 0, 1)
            for out, place in ((smooth1, (before + after) / 2), (smooth2, (1 - share) * before + share * after)):
                out.append(100 * math.sqrt(np.sum((here - place) ** 2) / len(own)) / face[t])
        for k in own:
            if there((q, t - 1, k), (q, t, k), (q, t + 1, k)):
                e = (p - q)[:, k]
                bends.append(math.hypot(*(e[t - 1] - 2 * e[t] + e[t + 1])))
    errors, squares = [], []
    for t in range(len(p)):
        both = [k for k in range(68) if there((p, t, k), (q, t, k))]
        if both:
            squares += [(p - q)[t, k, axis] ** 2 for k in both for axis in (0, 1)]
            errors.append(100 * math.sqrt(np.mean([np.sum((p - q)[t, k] ** 2) for k in both])) / true_face[t])
    ok = {name: [value for value in curve if np.isfinite(value)] for name, curve in curves.items()}
    return {
        "median_dev_x_pct": np.median(ok["dev0"]),
        "median_dev_y_pct": np.median(ok["dev1"]),
        "length_ratio_x": np.mean(ok["r0"]),
        "length_ratio_y": np.mean(ok["r1"]),
        "motion_ratio_x": (np.mean(ok["p0"]) + 1e-6) / (np.mean(ok["q0"]) + 1e-6),
        "motion_ratio_y": (np.mean(ok["p1"]) + 1e-6) / (np.mean(ok["q1"]) + 1e-6),
        "motion_ratio_robust_x": (np.median(ok["p0"]) + 1e-6) / (np.median(ok["q0"]) + 1e-6),
        "non_smooth_1_pct": np.mean(smooth1),
        "non_smooth_2_pct": np.mean(smooth2),
        "delay_frames": np.mean(ok["delay"]),
        "nmf": math.sqrt(np.mean(np.square(ok["nmf"]))),
        "accel_error_px": np.mean(bends),
        "sta_error_pct": np.mean(errors),
        "mse_px2": np.mean(squares),
    }


@pytest.mark.parametrize("seed", [0, 1])
def test_the_vector_equals_loops_over_pairs_and_points(seed):
    tracks, truth = gappy(seed)
    breaks = np.zeros(59, bool)
    breaks[[7, 40]] = True
    found = stability(tracks, truth, breaks).values
    for name, value in loop_reference(tracks, truth, breaks).items():
        assert found[name] == pytest.approx(value, rel=1e-9), name


def test_nme_is_the_one_that_landmarks_are_judged_by():
    tracks, truth = gappy()
    both = np.isfinite(tracks[..., 0]) & np.isfinite(truth[..., 0])
    judged = nme(np.nan_to_num(tracks), truth, both.astype(int), (36, 45))
    eyes = np.isfinite(truth[:, [36, 45], 0]).all(axis=1) & both.any(axis=1)
    errors = [
        np.linalg.norm((tracks - truth)[t][both[t]], axis=1).mean() / np.linalg.norm(truth[t, 36] - truth[t, 45])
        for t in np.flatnonzero(eyes)
    ]
    assert stability(tracks, truth).values["nme_pct"] == pytest.approx(100 * np.mean(errors))
    assert np.nanmax(judged) > 0


# ---- breaks, floors, and where nothing is defined ----


def test_a_pair_across_a_removed_frame_is_no_displacement():
    face = moving_face(1)[0]
    tracks = np.stack([face, face, face + 50, face + 50])
    assert np.nanmax(displacements(tracks, as_breaks(None, 4))) == pytest.approx(50)
    assert np.nanmax(displacements(tracks, as_breaks([2], 4))) == 0
    flagged = stability(tracks, breaks=np.array([False, True, False]))
    assert flagged.flat() == stability(tracks, breaks=[2]).flat()
    assert flagged.pairs == 2
    removed = tracks.copy()
    removed[1] = np.nan
    found = stability(removed)
    assert (found.frames, found.pairs) == (3, 1)
    assert found.values["displacement_std_x_px"] == 0


@pytest.mark.parametrize("frames", [0, 1])
def test_less_than_two_frames_have_no_figure_but_a_reason(frames):
    found = stability(moving_face(3)[:frames], moving_face(3)[:frames])
    defined = {name for name, value in found.values.items() if np.isfinite(value)}
    assert defined == ({"nme_pct", "mse_px2", "sta_error_pct"} if frames else set())
    assert set(found.reasons) == set(FIGURES) - defined
    assert found.flat()["undefined"]["indicator"] == "no point is there in two frames in a row"
    assert (found.frames, found.pairs, found.curve.shape) == (frames, 0, (0, 2))
    assert json.loads(json.dumps(found.flat(), allow_nan=False))["median_dev_x_pct"] is None
    assert dev(moving_face(3)[:frames]).shape == (0, 68, 2)
    assert np.isnan(indicator(moving_face(3)[:frames]))


def test_a_track_without_any_point_has_no_figure_but_a_reason():
    nothing = np.full((5, 68, 2), np.nan)
    found = stability(nothing, moving_face(5))
    assert set(found.reasons) == set(FIGURES)
    assert found.flat()["undefined"]["nme_pct"] == "no point has both a prediction and a truth"
    assert stability(moving_face(5)).flat()["undefined"]["nmf"] == "no true points are given"
    collapsed = stability(np.zeros((5, 68, 2)))
    assert collapsed.flat()["undefined"]["median_dev_x_pct"].startswith("the points whose distance is the unit")
    assert collapsed.flat()["undefined"]["non_smooth_1_pct"].startswith("the points have no extent")


def test_other_skeletons_have_figures_too_but_no_eye_over_nose():
    tracks, truth = gappy()
    for points in (24, 17, 4):
        found = stability(tracks[:, :points], truth[:, :points])
        assert set(found.reasons) == {"eye_over_nose"}
    assert (
        stability(tracks[:, :1], truth[:, :1])
        .flat()["undefined"]["median_dev_x_pct"]
        .startswith("the points whose distance")
    )


def test_every_undefined_figure_has_a_reason_and_no_other():
    tracks, truth = gappy()
    lost = tracks.copy()
    lost[:, [36, 45]] = np.nan
    for found in (
        stability(tracks, truth),
        stability(tracks),
        stability(lost, truth),
        stability(tracks[:2], truth[:2]),
    ):
        assert set(found.reasons) == {name for name, value in found.values.items() if not np.isfinite(value)}
        assert set(found.values) == set(FIGURES)


@pytest.mark.parametrize(
    ("tracks", "truth", "breaks"),
    [
        (np.zeros((5, 136)), None, None),
        (np.zeros((5, 68, 3)), None, None),
        (np.zeros((5, 0, 2)), None, None),
        (np.full((5, 68, 2), np.inf), None, None),
        (np.full((5, 68, 2), 1e200), None, None),
        (np.zeros((5, 68, 2)), np.zeros((4, 68, 2)), None),
        (np.zeros((5, 68, 2)), None, np.zeros(5, bool)),
        (np.zeros((5, 68, 2)), None, [5]),
        (np.zeros((5, 68, 2)), None, [0.5]),
    ],
)
def test_what_is_no_track_is_refused(tracks, truth, breaks):
    with pytest.raises(BadInput):
        stability(tracks, truth, breaks)


# ---- real tracks ----

REAL = json.loads((TRACKS / "figures.json").read_text()) if TRACKS.exists() else {}


@pytest.mark.shared
@pytest.mark.skipif(not REAL, reason="the real tracks are not here")
@pytest.mark.parametrize("name", sorted(REAL))
def test_real_tracks_have_the_figures_that_are_known(name):
    found = stability(np.load(TRACKS / f"{name}.npy")).flat()
    for figure, value in REAL[name].items():
        assert round(found[figure], 4) == value, figure
    assert found["indicator"] == pytest.approx(1, abs=0.03)
    assert found["displacement_normality_p_x"] < 1e-6  # not normal, whatever the metric assumes
