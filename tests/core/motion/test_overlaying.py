"""Overlay videos from stored rows: what is drawn, what is counted, what is refused with a sentence."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, Cancelled, NotEnoughData, NotFound
from core.foundation.messages import worded
from core.foundation.progress import Progress
from core.jobs.runs import submit
from core.library.importing import skipped
from core.media.videos import frames, probe
from core.metrics.stability.deviation import dev, indicator
from core.motion import overlaying
from core.motion.overlay import BASELINE, COMPARED, TRUTH, Overlay
from core.motion.overlaying import (
    clip_predictions,
    find_clip,
    newest_overlay,
    overlay_file,
    overlay_size,
    render_overlay,
)
from db.engine import reading
from db.queries.jobs import skipped_page
from db.queries.motion.seen import frame_pictures
from db.tables import Frame, Image, Instance, Video
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.after_deaths import AfterDeaths
from tests.builders.old_clips import frames_as_files
from tests.builders.staged_clips import add_model, predict, take

COUNT = 8
CLIP = "ada/talking.mp4"


@pytest.fixture
def truth(workspace, dataset, author):
    """A clip in the store with the points of its frames as a human set them; gives the (T, 68, 2) truth."""
    (track,) = take(workspace, dataset, author, "ada", frames=COUNT)
    return track


@pytest.fixture
def two_models(workspace, dataset, author, truth):
    """Models v, which jitters, and w, which jitters less and has no points in the last two frames."""
    rng = np.random.default_rng(0)
    noisy, calm = truth + rng.normal(0, 2, truth.shape), truth + rng.normal(0, 0.5, truth.shape)
    calm[-2:] = np.nan
    predict(workspace, add_model(workspace, dataset, author, "v"), CLIP, noisy)
    predict(workspace, add_model(workspace, dataset, author, "w"), CLIP, calm)
    return noisy, calm


def count(picture, colour):
    """Pixels whose strongest channel is that of the colour, by much."""
    channels = np.moveaxis(picture.astype(int), 2, 0)
    which = int(np.argmax(colour))
    others = np.delete(channels, which, axis=0).max(axis=0)
    return int((channels[which] - others > 50).sum())


def test_truth_and_models_are_drawn_over_every_frame(workspace, dataset, truth, two_models, tmp_path):
    out = tmp_path / "o.mp4"
    found = render_overlay(workspace, dataset, CLIP, ["v", "w"], out=out)
    assert found["file"] == str(out)
    assert found["video"] == CLIP
    assert (found["frames"], found["skipped"], found["labelled"]) == (COUNT, 0, COUNT)
    assert found["predicted"] == {"v": COUNT, "w": COUNT - 2}
    pictures = [pixels for _, _, pixels in frames(out)]
    assert len(pictures) == COUNT
    assert probe(out).frames_per_second == 25
    shown = pictures[0][:480]
    for colour in (TRUTH, BASELINE, COMPARED):
        assert count(shown, colour) > 30
    assert count(pictures[-1][:480], COMPARED) < 0.2 * count(shown, COMPARED)  # no points there


def test_the_picture_is_the_frame_and_the_dots_are_at_the_points(workspace, dataset, truth, two_models, tmp_path):
    render_overlay(workspace, dataset, "talking", ["v"], out=tmp_path / "o.mp4")
    _, _, picture = next(frames(tmp_path / "o.mp4"))
    x, y = np.round((truth[0, 8] + 0.5) * 4 - 0.5).astype(int)
    np.testing.assert_allclose(picture[y, x].astype(int), TRUTH, atol=60)
    _, _, plain = next(frames(workspace.home / "sample-clips" / CLIP))
    corner = picture[2:470:4, 2:60:4].astype(int) - plain[:117, :15]  # it holds no face
    assert np.abs(corner).mean() < 8


def test_the_indicator_is_that_of_the_metric_on_the_same_tracks(workspace, dataset, truth, two_models):
    noisy, calm = two_models
    found = render_overlay(workspace, dataset, CLIP, ["v", "w"])["indicator"]
    kept = truth.astype(np.float32).astype(float)
    assert found["v"] == pytest.approx(indicator(noisy, kept), rel=1e-4)
    assert found["w"] == pytest.approx(indicator(calm, kept), rel=1e-4)
    assert found["v"] > found["w"] > 1


@pytest.fixture
def drawn(monkeypatch):
    """What the overlay was asked to draw."""
    asked = {}

    class RecordedOverlay(Overlay):
        def __init__(self, *given, **named):
            asked.update(named)
            super().__init__(*given, **named)

    monkeypatch.setattr(overlaying, "Overlay", RecordedOverlay)
    return asked


def test_the_curve_is_the_indicator_of_the_frames_up_to_each(workspace, dataset, truth, two_models, drawn):
    noisy, calm = two_models
    kept = truth.astype(np.float32).astype(float)
    found = render_overlay(workspace, dataset, CLIP, ["v", "w"])
    assert found["curve"] == "indicator"
    assert drawn["ratios"] is True
    assert "Indicator over the last 20 frames" in drawn["curve_title"]
    still, rough, fine = drawn["curves"]
    np.testing.assert_allclose(still, [np.nan] * 4 + [1.0] * 4)
    for end in range(5, COUNT + 1):
        assert rough[end - 1] == pytest.approx(indicator(noisy[:end], kept[:end]), rel=1e-4)
    assert fine[5] == pytest.approx(indicator(calm[:6], kept[:6]), rel=1e-4)
    assert np.isnan(fine[[0, 3, 6, 7]]).all(), "too early, and no points"


def test_without_labels_in_a_row_the_curve_is_the_deviation_and_says_what_is_missing(
    workspace, dataset, truth, two_models, drawn
):
    with writing(workspace.engine) as session:
        for face in session.exec(select(Instance).order_by(Instance.id)).all()[4:]:
            face.revision_id = None
    found = render_overlay(workspace, dataset, CLIP, ["v"])
    assert (found["curve"], found["labelled"], drawn["ratios"]) == ("deviation", 4, False)
    assert "the indicator needs 5 labelled frames in a row" in drawn["curve_title"]
    noisy = two_models[0].astype(np.float32).astype(float)
    expected = 100 * np.sqrt(np.mean(dev(noisy) ** 2, axis=1)).mean(axis=1)
    np.testing.assert_allclose(drawn["curves"][1], [np.nan, *expected], rtol=1e-4)


def test_models_are_shown_alone_where_no_human_has_labelled(workspace, dataset, truth, two_models, tmp_path):
    with writing(workspace.engine) as session:
        for face in session.exec(select(Instance)):
            face.revision_id = None
    found = render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "o.mp4")
    assert found["labelled"] == 0
    assert found["frames"] == COUNT
    _, _, picture = next(frames(tmp_path / "o.mp4"))
    assert count(picture, BASELINE) > 30
    assert count(picture[480:], TRUTH) == 0  # not in the legend either


def test_static_points_are_coloured_where_that_is_asked_for(workspace, dataset, truth, two_models, tmp_path):
    render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "usual.mp4")
    render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "static.mp4", static=True)
    usual, static = (next(frames(tmp_path / name))[2][:480] for name in ("usual.mp4", "static.mp4"))
    assert count(static, BASELINE) < count(usual, BASELINE) - 100  # the green crosses are red now
    assert count(static, COMPARED) > count(usual, COMPARED) + 5


@pytest.mark.parametrize("stride", [2, 3])
def test_a_clip_of_which_every_nth_frame_was_kept_plays_as_long(
    workspace, dataset, truth, two_models, tmp_path, stride
):
    with writing(workspace.engine) as session:
        for row in session.exec(select(Frame)):
            if row.index % stride:
                session.delete(row)
    found = render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "o.mp4")
    assert found["frames"] == -(-COUNT // stride)
    told = probe(tmp_path / "o.mp4")
    assert told.frames_per_second == pytest.approx(25 / stride, abs=1e-3)
    assert found["frames"] / told.frames_per_second == pytest.approx(COUNT / 25, abs=stride / 25)


def test_the_size_of_an_overlay_is_that_of_its_pictures(workspace, dataset, truth, two_models, tmp_path):
    render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "o.mp4")
    (height, width, _) = next(pixels for _, _, pixels in frames(tmp_path / "o.mp4")).shape
    assert overlay_size(tmp_path / "o.mp4") == (width, height)


def test_frames_that_are_gone_are_skipped_and_counted(workspace, dataset, truth, two_models, tmp_path):
    frames_as_files(workspace)
    with reading(workspace.engine) as session:
        places = frame_pictures(session.exec(select(Video.id)).one(), session=session)
    workspace.original(places[2].image.original).unlink()
    workspace.original(places[3].image.original).write_bytes(b"no picture")
    found = render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "o.mp4")
    assert (found["frames"], found["skipped"]) == (COUNT - 2, 2)
    assert len(list(frames(tmp_path / "o.mp4"))) == COUNT - 2
    for place in places:
        workspace.original(place.image.original).unlink(missing_ok=True)
    with pytest.raises(NotEnoughData, match=r"no frame of ada/talking\.mp4 can be read"):
        render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "p.mp4")
    assert not (tmp_path / "p.mp4").exists()


def test_every_frame_that_is_skipped_is_listed_with_its_reason(workspace, dataset, author, truth, two_models, tmp_path):
    frames_as_files(workspace)
    with writing(workspace.engine) as session:
        first, second, third, fourth = frame_pictures(session.exec(select(Video.id)).one(), session=session)[:4]
        session.exec(select(Frame).where(Frame.index == first.index)).one().image_id = None
        session.get(Image, second.image.id).width = 8
    workspace.original(third.image.original).write_bytes(b"no picture")
    workspace.original(fourth.image.original).unlink()
    run_id = submit(workspace, "overlay", dataset_id=dataset, author_id=author, parameters={})
    for _ in range(2):  # as after a kill at its end
        render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "o.mp4", run_id=run_id)
    with reading(workspace.engine) as session:
        rows = skipped_page(run_id, session=session)
    assert [row.path for row in rows] == [f"{CLIP}, frame {number}" for number in (1, 2, 3, 4)]
    reasons = [worded(row.reason) for row in rows]
    assert reasons[0] == "its picture was removed"
    assert reasons[1].startswith("its picture has another size than the clip: 8 ×")
    assert "not a picture" in reasons[2]
    assert "gone" in reasons[3]


def test_each_frame_is_noted_as_people_count(workspace, dataset, truth, two_models, monkeypatch):
    draw, notes = overlaying.Overlay.draw, []

    def noted(overlay, pixels, points, index, note):
        notes.append(note)
        return draw(overlay, pixels, points, index, note)

    monkeypatch.setattr(overlaying.Overlay, "draw", noted)
    render_overlay(workspace, dataset, CLIP, ["v"])
    assert [note.split(" · ")[0] for note in notes] == [f"frame {number}" for number in range(1, COUNT + 1)]
    assert notes[0].endswith(" · 0.00 s")


def test_a_model_that_has_not_predicted_the_clip_is_said(workspace, dataset, author, truth, two_models):
    add_model(workspace, dataset, author, "new")
    with pytest.raises(NotEnoughData, match=r"new has predicted nothing in ada/talking\.mp4; run `.*`") as caught:
        render_overlay(workspace, dataset, CLIP, ["v", "new"])
    assert "run `python -m core predict --dataset faces --model new` first" in str(caught.value)
    with pytest.raises(NotEnoughData, match=r"dlib-68 has predicted nothing in ada.*--dataset faces --model dlib-68`"):
        render_overlay(workspace, dataset, CLIP, ["dlib-68"])
    with pytest.raises(NotFound, match="there is no model called 'nobody'"):
        render_overlay(workspace, dataset, CLIP, ["nobody"])


def test_what_each_model_has_not_seen_of_a_clip_is_counted(workspace, dataset, author, truth, two_models):
    add_model(workspace, dataset, author, "new")
    add_model(workspace, dataset, author, "body", skeleton="body24")
    video = find_clip(workspace, CLIP).id
    assert clip_predictions(workspace, video, ["v", "w", "new", "dlib-68", "v+flip", "body"]) == {
        "v": (COUNT, 0),
        "w": (COUNT - 2, 2),
        "new": (0, COUNT),
        "dlib-68": (0, COUNT),
        "v+flip": (0, COUNT),
        "body": (0, 0),
    }
    assert clip_predictions(workspace, video, []) == {}
    with pytest.raises(NotFound, match="there is no model called 'nobody'"):
        clip_predictions(workspace, video, ["nobody"])


def test_what_cannot_be_drawn_is_refused(workspace, dataset, author, truth, two_models, tmp_path):
    add_model(workspace, dataset, author, "body", skeleton="body24")
    with pytest.raises(BadInput, match="v has face68, body has body24"):
        render_overlay(workspace, dataset, CLIP, ["v", "body"])
    with pytest.raises(BadInput, match="at least one model"):
        render_overlay(workspace, dataset, CLIP, [])
    with pytest.raises(BadInput, match="up to 3 models, not 4"):
        render_overlay(workspace, dataset, CLIP, ["v", "w", "v", "w"])
    with pytest.raises(BadInput, match=r"give the file the ending \.mp4"):
        render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "o.avi")
    with pytest.raises(NotFound, match=r"there is no clip called else; there are ada/talking\.mp4$"):
        render_overlay(workspace, dataset, "else", ["v"])


def test_a_clip_is_found_in_any_dataset_unless_several_have_it(workspace, dataset, author, truth, tmp_path):
    assert find_clip(workspace, CLIP).dataset_id == dataset
    with writing(workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
    take(workspace, other, author, "ada", frames=2)
    assert find_clip(workspace, CLIP, other).dataset_id == other
    with pytest.raises(
        BadInput, match=r"several datasets have a clip called ada/talking\.mp4; say which with --dataset"
    ):
        find_clip(workspace, CLIP)


def _clips(workspace, dataset, *paths):
    with writing(workspace.engine) as session:
        for number, path in enumerate(paths):
            session.add(
                Video(
                    dataset_id=dataset,
                    path=path,
                    sha256=f"{number:064}",
                    original="x",
                    width=1,
                    height=1,
                    frames=1,
                    frames_per_second=25.0,
                )
            )


def test_a_name_of_several_clips_lists_their_paths(workspace, dataset):
    _clips(workspace, dataset, "ada/talking.mp4", "bob/talking.mp4", "bob/still.mp4")
    for where in (dataset, None):
        for name in ("talking.mp4", "talking"):
            with pytest.raises(BadInput) as caught:
                find_clip(workspace, name, where)
            assert str(caught.value) == (
                f"{name} may be any of 2 clips; give the path of one: ada/talking.mp4, bob/talking.mp4"
            )
    assert find_clip(workspace, "still").path == "bob/still.mp4"


def test_an_unknown_name_lists_at_most_ten_clips_that_there_are(workspace, dataset):
    with pytest.raises(NotFound, match=r"there is no clip called else, and no other clip; import one first"):
        find_clip(workspace, "else")
    _clips(workspace, dataset, *(f"{i:02}.mp4" for i in range(12)))
    with pytest.raises(NotFound) as caught:
        find_clip(workspace, "else", dataset)
    listed = ", ".join(f"{i:02}.mp4" for i in range(10))
    assert str(caught.value) == f"there is no clip called else; there are {listed} and 2 more"


def test_overlays_of_the_page_are_kept_and_served_by_name_only(workspace, dataset, truth, two_models):
    video = find_clip(workspace, CLIP).id
    assert newest_overlay(workspace, video) is None
    first = render_overlay(workspace, dataset, CLIP, ["v"])["file"]
    second = render_overlay(workspace, dataset, CLIP, ["v", "w"], static=True)["file"]
    assert newest_overlay(workspace, video) == overlay_file(workspace, second.rpartition("/")[2])
    assert str(newest_overlay(workspace, video)) == second != first
    (workspace.overlays / "secret.mp4").write_bytes(b"")
    for name in ("secret.mp4", "../store.db", "1-1.mp4/..", "", "9-9.mp4", ".partial-x.mp4"):
        with pytest.raises(NotFound, match="there is no overlay"):
            overlay_file(workspace, name)


def test_a_cancelled_overlay_leaves_no_file(workspace, dataset, truth, two_models, tmp_path):
    class Stop(Progress):
        def advance(self, done, message=""):
            if done == 3:
                raise Cancelled("training.stopped")

    with pytest.raises(Cancelled):
        render_overlay(workspace, dataset, CLIP, ["v"], out=tmp_path / "o.mp4", progress=Stop())
    assert not list(tmp_path.glob("*.mp4"))
    assert not list(tmp_path.glob(".partial*"))


def test_tracks_that_no_two_frames_make_have_no_indicator(workspace, dataset, author, truth):
    alone = np.full_like(truth, np.nan)
    alone[3] = truth[3]
    predict(workspace, add_model(workspace, dataset, author, "once"), CLIP, alone)
    found = render_overlay(workspace, dataset, CLIP, ["once"])
    assert found["indicator"] == {"once": None}
    assert found["predicted"] == {"once": 1}


def test_frame_that_killed_the_run_is_left_out_by_name(workspace, dataset, author, truth, two_models):
    run_id = submit(workspace, "overlay", dataset_id=dataset, author_id=author, parameters={})
    progress = AfterDeaths(killers={"2"})
    found = render_overlay(workspace, dataset, CLIP, ["v"], run_id=run_id, progress=progress)
    assert found["skipped"] == 1
    (line,) = skipped(workspace, run_id)
    assert line["path"] == f"{CLIP}, frame 3"
    assert line["reason"].startswith("the process died twice with it in hand")
    assert ("2",) not in progress.taken
    assert ("3",) in progress.taken
