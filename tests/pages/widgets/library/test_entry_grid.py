"""What a clip's tile opens: its frames alone, of those that are looked at."""

import pytest

from db.queries.library import ClipEntry, ImageFilter
from db.tables import Image, Video
from pages.widgets.library import entry_grid


@pytest.mark.parametrize(
    ("opened", "image", "part", "expected"),
    [
        (-5, 3, "", "day/a.mp4/"),
        (-5, 3, "day", "day/a.mp4/"),
        (-5, 3, "day/a.mp4/0001", "day/a.mp4/0001"),
        (4, 4, "", ""),
    ],
)
def test_a_clip_opens_at_its_first_frame_among_its_frames(monkeypatch, opened, image, part, expected):
    asked, shown = [], []

    def show(number, **choices):
        asked.append((number, choices))
        raise StopIteration

    monkeypatch.setattr(entry_grid, "show_in_editor", show)
    monkeypatch.setattr(entry_grid, "picture_grid", lambda tiles, on_open, **_: (shown.extend(tiles), on_open(opened)))
    video = Video(id=5, path="day/a.mp4", frames=5, frames_per_second=25)
    clip = ClipEntry(video, Image(id=3, sha256="a" * 64), {"new": 5})
    pictures = [Image(id=number, path=f"{number}.png", sha256="b" * 64, state="new") for number in (3, 4)]
    with pytest.raises(StopIteration):
        entry_grid.entry_grid([*pictures, clip], ImageFilter("new", part, 2))
    assert [tile.id for tile in shown] == [3, 4, -5]
    assert asked == [(image, {"state": "new", "part": expected, "person": 2})]
