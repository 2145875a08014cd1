"""Faces as tiles of the grid, and what they are called."""

from db.queries.people.listing import PersonSummary, ShownFace
from db.tables import Source
from pages.widgets.shared.picture_grid import Tile
from pages.widgets.shared.text import counted


def crop_url(face: ShownFace) -> str:
    """Where the browser finds the crop; another box is another address."""
    return f"/api/crop/{face.instance_id}?v={face.sha256[:8]}-" + "-".join(f"{edge:.1f}" for edge in face.box)


def face_tile(face: ShownFace, *, caption: str = "", marked: bool = True, badge: str = "") -> Tile:
    """A face with its picture's path; marked where a human has confirmed it, else with a `badge` of the caller's."""
    badge = "confirmed" if marked and face.source == Source.HUMAN else badge
    return Tile(face.instance_id, crop_url(face), face.path, caption, badge)


def called(person: PersonSummary) -> str:
    """A person's name, or the number of one without."""
    return person.name or f"Unnamed {person.id}"


def how_many(person: PersonSummary) -> str:
    """How many faces a person has, and how many of them are confirmed."""
    confirmed = "all" if person.confirmed == person.faces else f"{person.confirmed:,}"
    return f"{counted(person.faces, 'face')} · {confirmed} confirmed"
