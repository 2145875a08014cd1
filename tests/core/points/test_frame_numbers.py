"""Numbered names are frames of a clip where the numbers leave no doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.points.frame_numbers import ClipPath, clip_of_numbers, clips_at, first_number, may_be_frames, number_of

CLIPS = [ClipPath(1, "001/vid.avi", 4), ClipPath(2, "002/vid.avi", 4), ClipPath(3, "talk.mp4", 3)]


def meant(folder, numbers, pattern="{:06d}.*"):
    found = clip_of_numbers(folder, [f"{folder}/{pattern.format(number)}".lstrip("/") for number in numbers], CLIPS)
    return found and (found.clip.id, found.first)


@pytest.mark.parametrize(
    ("folder", "numbers", "means"),
    [
        ("001/imgs", range(1, 5), (1, 1)),
        ("002/annot", range(4), (2, 0)),
        ("set/002/imgs", range(1, 5), (2, 1)),
        ("imgs", range(1, 5), None),  # 001 or 002
        ("imgs", range(3), (3, 0)),
        ("talk", [0, 2], (3, 0)),
        ("talk", [1, 3], (3, 1)),
        ("talk", [1, 2], (3, None)),
        ("talk_frames", range(1, 4), (3, 1)),
        ("003/imgs", range(1, 5), None),
        ("001/imgs", range(1, 4), None),
        ("001/imgs", [1, 2, 4, 5], None),
        ("001/imgs", range(2, 6), None),
    ],
)
def test_a_folder_of_numbers_is_of_the_clip_of_its_name_or_of_the_one_beside_it_with_as_many_frames(
    folder, numbers, means
):
    assert meant(folder, numbers) == means


def test_names_that_differ_in_more_than_the_number_are_no_frames():
    assert clip_of_numbers("001/imgs", ["a1.jpg", "a2.jpg", "b3.jpg", "b4.jpg"], CLIPS) is None
    assert clip_of_numbers("001/imgs", ["cover.jpg"], CLIPS) is None
    assert clip_of_numbers("001/imgs", [], CLIPS) is None


def test_cvats_names_are_of_the_only_clip_and_count_from_0():
    names = ["frame_000001.PNG", "frame_000002.PNG"]
    assert clip_of_numbers("", names, CLIPS[:1]).first == 0
    assert clip_of_numbers("", names, CLIPS) is None
    assert clip_of_numbers("", ["frame_000009.PNG"], CLIPS[:1]).first is None
    assert clip_of_numbers("", ["frame_000001.png"], CLIPS[:1]) is None  # other tools count from 1


def test_clips_lie_in_the_folder_or_beside_one_of_their_frames():
    assert [clip.id for clip in clips_at("001/imgs", CLIPS[:2])] == [1]
    assert [clip.id for clip in clips_at("talk-frames", CLIPS)] == [3]


def test_frames_are_numbered_in_a_row():
    assert may_be_frames(["1.jpg", "2.jpg"])
    assert not any(map(may_be_frames, (["1.jpg"], ["1.jpg", "3.jpg"], ["2.jpg", "3.jpg"], ["a1.jpg", "b2.jpg"], [])))
    assert (number_of("frame.0012.*"), number_of("a/b.jpg")) == (12, None)


@given(st.sets(st.integers(0, 60), min_size=1), st.integers(1, 50))
def test_a_first_number_puts_every_number_on_a_frame_and_the_other_one_would_not(numbers, frames):
    first = first_number(numbers, frames)
    fits = [start for start in (0, 1) if all(0 <= number - start < frames for number in numbers)]
    assert first is None or (first in fits and (fits == [first] or 0 in numbers))
    assert len(fits) == 2 or first == next(iter(fits), None)
