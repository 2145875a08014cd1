"""The Stability page judges a file without any data, and predictions where a clip has some."""

from __future__ import annotations

from core.motion import stability
from tests.pages.conftest import labelled


def test_without_data_it_asks_for_a_track_file(opened_without_data):
    page = opened_without_data("stability.py")
    assert page.title[0].value == "Stability"
    assert page.get("file_uploader")
    assert page.info[0].value.startswith("A track is a numpy array of frames × points × 2")
    assert not page.subheader


def choose_video(page):
    next(box for box in page.selectbox if box.label == "Video").select_index(0).run()


def test_nothing_is_judged_that_nobody_asked_for(opened, small_dataset, monkeypatch):
    """The page used to judge every video, and eleven bad predictors, before it was there."""
    judged, computed = [], []
    real_vector, real_link = stability.stability, stability.link_instances
    monkeypatch.setattr(stability, "stability", lambda *given: judged.append(1) or real_vector(*given))
    monkeypatch.setattr(stability, "link_instances", lambda *given: computed.append(1) or real_link(*given))
    page = opened("stability.py")
    assert page.info[0].value == "Choose a video to see how stable its points are."
    assert (judged, computed) == ([], [])
    choose_video(page)
    assert (len(judged), len(computed)) == (1, 1), "the track alone"
    labelled(page.toggle, "Make bad predictors").set_value(True).run()
    assert len(judged) == 1 + len(stability.PREDICTORS)


def test_predictions_of_the_chosen_clip_are_judged(opened, small_dataset):
    page = opened("stability.py")
    assert not page.get("file_uploader")
    choose_video(page)
    assert "4 frames with points, 3 pairs of consecutive ones, 68 points." in page.markdown[0].value
    assert "The vector" in [heading.value for heading in page.subheader]


def test_a_rerun_that_changes_nothing_judges_nothing_again(opened, small_dataset, monkeypatch):
    judged = []
    for name in ("stability", "displacements"):
        compute = getattr(stability, name)
        monkeypatch.setattr(stability, name, lambda *given, c=compute, n=name: judged.append(n) or c(*given))
    page = opened("stability.py")
    choose_video(page)
    assert {"stability", "displacements"} == set(judged)
    judged.clear()
    page.run()
    page.get("button_group")[-1].set_value("y").run()
    assert not page.exception
    assert judged == []
    labelled(page.get("button_group"), "Smoothing over time").set_value("one-euro").run()
    assert judged.count("stability") == 1, "the smoothed track alone is new"
