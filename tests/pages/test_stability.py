"""The Stability page judges a file without any data, and predictions where a clip has some."""

from __future__ import annotations


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
