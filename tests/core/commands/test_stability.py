"""The command that judges stability."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.foundation.settings import settings
from core.metrics.stability.vector import FIGURES, stability
from tests.builders.places import SHARED
from tests.builders.staged_tracks import add_track, add_video, drifting_face, jittered, version

TRACKS = SHARED / "tracks68"


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
    np.save(tmp_path / "a.npy", drifting_face(20))
    found = told("--tracks", tmp_path / "a.npy")
    assert found["frames"] == 20
    assert found["median_dev_x_pct"] == stability(drifting_face(20)).values["median_dev_x_pct"]
    assert found["nmf"] is None
    assert set(FIGURES) <= set(found)
    assert told("--tracks", tmp_path / "a.npy", "--truth", tmp_path / "a.npy")["indicator"] == 1
    np.save(tmp_path / "b.npy", jittered(drifting_face(20)))
    smoothed = told("--tracks", tmp_path / "b.npy", "--smooth", "one-euro", "--fps", "25")
    assert smoothed["non_smooth_1_pct"] < told("--tracks", tmp_path / "b.npy")["non_smooth_1_pct"]


def test_the_command_is_told_where_a_file_is_cut(told, tmp_path):
    track = np.concatenate([drifting_face(20), drifting_face(20) + 200.0])
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
    add_track(workspace, dataset, pictures, drifting_face(6), {model: drifting_face(6)})
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
