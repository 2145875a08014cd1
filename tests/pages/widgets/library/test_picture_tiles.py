"""A tile says what a picture is."""

import pytest

from db.tables import Image, ImageState
from pages.widgets.library.picture_tiles import STATES, tile


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
