"""What was done to a picture's points, in words."""

from datetime import UTC, datetime

import pytest

from core.foundation.messages import message
from db.queries.points import PictureRevision
from db.tables import KeypointRevision, Review, Source
from pages.widgets.points.picture_history import _row

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("review", "points", "note", "author", "model", "who", "what"),
    [
        (Review.IN_PROGRESS, "in progress", message("edits.move", name="jaw_4"), "ada", None, "ada", "Move jaw_4"),
        (Review.OPEN, "to be reviewed", None, None, "dlib-68", "dlib-68", "Found by a model"),
        (Review.OPEN, "to be reviewed", message("edits.pre_labelled"), None, "mine", "mine", "Pre-labelled"),
        (Review.ACCEPTED, "accepted", None, None, None, "", ""),
    ],
)
def test_a_revision_says_when_of_whom_by_whom_and_what(review, points, note, author, model, who, what):
    told = note and note.to_json()
    source = Source.MODEL if review == Review.OPEN else Source.HUMAN
    revision = KeypointRevision(
        instance_id=7, skeleton="face68", points=b"", source=source, review=review, note=told, created_at=AT
    )
    row = _row(PictureRevision(revision, author, model), {7: "face 2"})
    assert row == {"When (UTC)": "2026-03-04 05:06:07", "Of": "face 2", "Who": who, "Points": points, "What": what}


def test_of_what_was_taken_out_that_is_said():
    revision = KeypointRevision(
        instance_id=7, skeleton="face68", points=b"", source=Source.MODEL, review=Review.OPEN, created_at=AT
    )
    assert _row(PictureRevision(revision, None, None), {8: "face 1"})["Of"] == "taken out"
