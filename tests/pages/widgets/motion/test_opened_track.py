"""What the Stability page judges: a track file or a stored prediction, and how it is smoothed."""

import io

import numpy as np
import pytest
import streamlit as st

from core.motion import stability
from core.motion.tracklets import cut_track, link_clips, name_track, tracks_of_clip
from tests.builders.staged_tracks import add_track, add_video, drifting_face, jittered, version


def npy(track):
    out = io.BytesIO()
    np.save(out, track)
    return out.getvalue()


def from_file():
    import streamlit as st

    from pages.widgets.motion.opened_track import open_file

    st.session_state["opened"] = open_file()


@pytest.fixture
def opening(shown):
    """Opens a track file, perhaps with its truth; gives the page."""

    def give(track, truth=None):
        page = shown(from_file)
        page.file_uploader(key="stability-track").set_value(("track.npy", track, "application/octet-stream"))
        if truth is not None:
            page.file_uploader(key="stability-truth").set_value(("truth.npy", truth, "application/octet-stream"))
        page.run()
        assert not page.exception
        return page

    return give


def test_without_a_file_it_is_said_what_a_track_is(shown):
    page = shown(from_file)
    assert page.info[0].value.startswith("A track is a numpy array of frames × points × 2 in pixels")
    assert page.session_state["opened"] is None


def test_a_file_and_its_truth_are_opened_under_a_key_of_their_contents(opening):
    face = drifting_face(4)
    alone, beside = (opening(npy(face), truth).session_state["opened"] for truth in (None, npy(face + 1)))
    assert np.array_equal(alone.tracks, face)
    assert (alone.name, alone.truth, alone.rate) == ("track.npy", None, None)
    assert np.array_equal(beside.truth, face + 1)
    assert opening(npy(face)).session_state["opened"].key == alone.key
    assert len({alone.key, beside.key, opening(npy(face + 1)).session_state["opened"].key}) == 3


def test_an_upload_is_read_once_and_not_at_every_turn_of_the_page(opening, monkeypatch):
    reads, read = [], stability.read_tracks
    monkeypatch.setattr(stability, "read_tracks", lambda *upload: reads.append(upload) or read(*upload))
    page = opening(npy(drifting_face(4)), npy(drifting_face(4)))
    assert len(reads) == 2
    page.run()
    assert len(reads) == 2
    assert page.session_state["opened"].truth is not None


@pytest.mark.parametrize(("track", "truth"), [(b"no array", None), (npy(drifting_face(4)), npy(drifting_face(5)))])
def test_a_file_that_cannot_be_read_or_a_truth_that_does_not_fit_is_told(opening, track, truth):
    page = opening(track, truth)
    assert len(page.error) == 1
    assert page.session_state["opened"] is None


def from_predictions(dataset_id, versions):
    import streamlit as st

    from pages.widgets.motion.opened_track import open_predictions

    st.session_state["opened"] = open_predictions(dataset_id, versions)


def test_a_track_that_a_model_predicted_is_opened_with_the_truth_and_the_rate_of_its_clip(
    shown, workspace, dataset, author
):
    model, face = version(workspace), drifting_face(5)
    for name, rate in (("a.mp4", 30.0), ("b.mp4", 25.0)):
        pictures = add_video(workspace, dataset, name, indices=list(range(5)), rate=rate)
        add_track(workspace, dataset, pictures, face, {model: jittered(face)}, human=True, author=author)
    page = shown(from_predictions, dataset_id=dataset, versions=["tracker"])
    assert page.selectbox[1].options == ["a.mp4", "b.mp4"]
    assert page.session_state["opened"] is None, "nobody has asked for one yet"
    page.selectbox[1].select_index(0).run()
    first = page.session_state["opened"]
    assert first.name == "a.mp4, 5 frames"
    page.selectbox[1].select_index(1).run()
    second = page.session_state["opened"]
    assert (first.rate, second.rate) == (30.0, 25.0)
    assert first.key != second.key
    assert np.allclose(second.tracks, jittered(face))
    assert np.allclose(second.truth, face)
    assert second.in_dataset is None
    page.toggle[0].set_value(True).run()
    assert len(page.session_state["opened"].in_dataset.videos) == 2


def test_of_several_tracks_of_a_clip_one_is_chosen(shown, workspace, dataset, author):
    model, face = version(workspace), drifting_face(5)
    pictures = add_video(workspace, dataset, "two.mp4", indices=list(range(5)), rate=25.0)
    for shift in (0.0, 400.0):
        add_track(workspace, dataset, pictures, face + shift, {model: face + shift}, human=False, author=author)
    page = shown(from_predictions, dataset_id=dataset, versions=["tracker"])
    page.selectbox[1].select_index(0).run()
    assert page.selectbox[2].options == ["track 1, 5 frames", "track 2, 5 frames"]
    page.selectbox[2].select_index(1).run()
    assert page.session_state["opened"].name == "two.mp4, track 2, 5 frames"


def test_a_track_is_called_as_in_the_editor(shown, workspace, dataset, author):
    model, face = version(workspace), drifting_face(5)
    pictures = add_video(workspace, dataset, "two.mp4", indices=list(range(5)), rate=25.0)
    for shift in (0.0, 400.0, 800.0):
        add_track(workspace, dataset, pictures, face + shift, {model: face + shift}, human=False, author=author)
    link_clips(workspace)
    page = shown(from_predictions, dataset_id=dataset, versions=["tracker"])
    page.selectbox[1].select_index(0).run()
    assert page.selectbox[2].options == ["face 1, 5 frames", "face 2, 5 frames", "face 3, 5 frames"]
    first, second, _ = tracks_of_clip(workspace, 1)
    name_track(workspace, second.id, "Eve", author_id=author)
    cut_track(workspace, first.id, 2, author_id=author)
    st.cache_data.clear()
    page = shown(from_predictions, dataset_id=dataset, versions=["tracker"])
    page.selectbox[1].select_index(0).run()
    called = {"Eve, 5 frames", "face 3, 5 frames", "face 4, 5 frames"}  # the last where most of the first is now
    assert set(page.selectbox[2].options) == called


def test_a_clip_in_which_nothing_was_predicted_says_how_it_is(shown, workspace, dataset, author):
    model, face = version(workspace), drifting_face(5)
    pictures = add_video(workspace, dataset, "a.mp4", indices=list(range(5)), rate=25.0)
    add_track(workspace, dataset, pictures, face, {model: face}, human=False, author=author)
    add_video(workspace, dataset, "empty.mp4", indices=list(range(5)), rate=25.0)
    page = shown(from_predictions, dataset_id=dataset, versions=["tracker"])
    page.selectbox[1].select_index(1).run()
    assert page.info[0].value.startswith("empty")
    assert page.session_state["opened"] is None


def test_where_nothing_can_be_judged_the_reason_is_told(shown, dataset):
    page = shown(from_predictions, dataset_id=dataset, versions=["tracker"])
    assert len(page.info) == 1
    assert not page.selectbox[1].options
    assert page.session_state["opened"] is None


def smoothed(rate):
    import streamlit as st

    from pages.widgets.motion.opened_track import choose_smoothing

    st.session_state["chosen"] = choose_smoothing(rate)


def with_smoother(shown, name, rate):
    page = shown(smoothed, address={"smoothing": name}, rate=rate)
    return page, page.session_state["chosen"]


def test_without_a_smoother_nothing_is_asked_and_nothing_is_late(shown):
    page, chosen = with_smoother(shown, "none", None)
    assert (chosen.name, dict(chosen.settings)) == ("none", {})
    assert not page.number_input
    assert not page.caption


def test_one_euro_asks_for_the_rate_where_the_track_has_none(shown):
    page, chosen = with_smoother(shown, "one-euro", None)
    assert page.number_input[0].label == "Frames a second"
    assert chosen.frames_per_second == 30.0
    page.number_input[0].set_value(50.0).run()
    assert page.session_state["chosen"].frames_per_second == 50.0
    page, chosen = with_smoother(shown, "one-euro", 25.0)
    assert "Frames a second" not in [field.label for field in page.number_input]
    assert (chosen.frames_per_second, set(chosen.settings)) == (25.0, {"min_cutoff_hz", "beta"})


def test_a_window_is_odd_and_says_how_far_it_looks_ahead(shown):
    page, _ = with_smoother(shown, "savitzky-golay", 25.0)
    page.number_input[0].set_value(8).run()
    chosen = page.session_state["chosen"]
    assert chosen.settings["window"] == 9
    assert chosen.settings["order"] < 8
    assert page.caption[0].value.startswith("Delay **")
    assert "It looks 4 frames ahead, so live it is that late." in page.caption[0].value
