"""A tile says what a picture is."""

import pytest

from db.queries.library import ClipEntry
from db.tables import Image, ImageState, Video
from pages.widgets.library.picture_tiles import STATES, clip_tile, tile


@pytest.mark.parametrize(
    ("state", "reason", "caption", "badge"),
    [
        (ImageState.NEW, None, "a.png", "new"),
        (ImageState.FOUND, None, "a.png · 2 faces", ""),
        (ImageState.ACCEPTED, None, "a.png · 2 faces", "accepted"),
        (ImageState.FAILED, "damaged", "damaged", "failed"),
    ],
)
def test_a_tile_has_the_faces_or_the_reason_and_the_mark_of_the_state(state, reason, caption, badge):
    made = tile(Image(id=3, path="x/a.png", sha256="ab" * 32, state=state, reason=reason, faces=2))
    assert (made.caption, made.badge) == (caption, badge)
    assert state in STATES


@pytest.mark.parametrize(
    ("states", "rate", "caption", "badge", "told"),
    [
        (
            {"new": 200, "found": 45, "accepted": 30},
            25,
            "a b.mp4 · 0:11",
            "▶ 45 to review",
            "45 to review, 200 new, 30 accepted",
        ),
        ({"accepted": 275}, 25, "a b.mp4 · 0:11", "▶ 275 accepted", "275 accepted"),
        ({"failed": 1, "imported": 2}, 0.05, "a b.mp4 · 1:31:40", "▶ 2 imported", "2 imported, 1 failed"),
        ({"new": 1}, 300, "a b.mp4 · 0:01", "▶ 1 new", "1 new"),
        ({"new": 1, "empty": 2}, 25, "a b.mp4 · 0:11", "▶ 2 to review", "2 to review, 1 new"),
    ],
)
def test_a_clip_is_one_tile_with_its_length_and_the_state_of_its_frames(states, rate, caption, badge, told):
    video = Video(id=5, path="x/a b.mp4", frames=275, frames_per_second=rate)
    first = Image(id=7, path="x/a b.mp4/000000.jpg", sha256="ab" * 32)
    made = clip_tile(ClipEntry(video, first, states))
    assert (made.id, made.caption, made.badge) == (-5, caption, badge)
    length = caption.removeprefix("a b.mp4 · ")
    frames = sum(states.values())
    assert made.title == f"x/a b.mp4: {frames} {'frame' if frames == 1 else 'frames'}, {length}, {told}"
    assert made.url.startswith("/api/thumbnail/7?")
