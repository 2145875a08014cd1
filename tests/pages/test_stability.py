"""The Stability page judges a file without any data, and predictions where a clip has some."""

from __future__ import annotations

from core.motion import stability


def test_without_data_it_asks_for_a_track_file(opened_without_data):
    page = opened_without_data("stability.py")
    assert page.title[0].value == "Stability"
    assert page.get("file_uploader")
    assert page.info[0].value.startswith("A track is a numpy array of frames × points × 2")
    assert not page.subheader


def test_predictions_of_a_clip_are_judged_at_once(opened, small_dataset):
    page = opened("stability.py")
    assert not page.get("file_uploader")
    assert "4 frames with points, 3 pairs of consecutive ones, 68 points." in page.markdown[0].value
    assert "The vector" in [heading.value for heading in page.subheader]


def test_a_rerun_that_changes_nothing_judges_nothing_again(opened, small_dataset, monkeypatch):
    judged = []
    for name in ("stability", "displacements"):
        compute = getattr(stability, name)
        monkeypatch.setattr(stability, name, lambda *given, c=compute, n=name: judged.append(n) or c(*given))
    page = opened("stability.py")
    assert {"stability", "displacements"} == set(judged)
    judged.clear()
    page.run()
    page.get("button_group")[-1].set_value("y").run()
    assert not page.exception
    assert judged == []
    page.session_state["stability-smoother"] = "one-euro"
    page.run()
    assert judged.count("stability") == 1, "the smoothed track alone is new"
