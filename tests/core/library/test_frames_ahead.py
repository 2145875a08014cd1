"""Frames that come next are there before they are asked for, whichever way somebody goes."""

import pytest

from core.library import frames_ahead
from core.library.clip_frames import FrameOriginal
from core.library.frames_ahead import show_ahead
from tests.builders.odd_clips import encoded


@pytest.fixture
def shown(workspace, taken_clip, tmp_path, monkeypatch):
    """Shows frames of a clip of 90; gives which frames are in the cache when all that was begun is made."""
    images = taken_clip(encoded(tmp_path / "a.mp4", 90))
    clip = FrameOriginal.parse(images[0].original).clip
    monkeypatch.setattr(frames_ahead, "_of_clip", type(frames_ahead._of_clip)())

    def show(*numbers):
        for number in numbers:
            show_ahead(workspace, FrameOriginal(clip, number), images[number].path)
            (going,) = frames_ahead._of_clip.values()
            going.ahead.result(30)
        return sorted(int(path.stem) for path in workspace.cache.rglob("*.jpg"))

    return show


def test_a_few_after_the_first_and_many_when_it_goes_on(shown):
    assert shown(10) == list(range(11, 19))
    assert shown(11) == list(range(11, 36))


def test_backwards(shown):
    shown(50)
    assert shown(49)[:24] == list(range(25, 49))


def test_a_jump_begins_anew_and_the_ends_of_the_clip_are_no_trouble(shown):
    shown(0, 1)
    assert shown(89)[-1] == 25
    assert shown(88)[-24:] == list(range(64, 88))
    assert shown(0)[:3] == [1, 2, 3]


def test_what_cannot_be_made_is_not_said_here(workspace, shown):
    for index in (workspace.home / "clips").iterdir():
        index.write_bytes(b"damaged")
    assert shown(10, 11) == []


def test_only_clips_of_late_are_remembered(workspace, monkeypatch):
    monkeypatch.setattr(frames_ahead, "_of_clip", type(frames_ahead._of_clip)())
    for number in range(70):
        show_ahead(workspace, FrameOriginal(f"{number:016d}", 0), "x")
    assert len(frames_ahead._of_clip) == 64
    for going in frames_ahead._of_clip.values():
        going.ahead.result(30)
