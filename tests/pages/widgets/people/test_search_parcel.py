"""Taking along what a search has found."""

from __future__ import annotations

from core.people.encoders import encoder_of
from core.people.search.album import Album
from core.people.search.asking import PictureQuestion, ask
from core.people.search.parcels import kept_parcel
from db.engine import reading
from db.tables import Dataset
from tests.builders.staged_people import add_faces, vector


def parcel(dataset, album, found):
    from pages.widgets.people.search_parcel import take_along

    take_along(dataset, album, found)


def test_the_zip_is_that_of_what_is_shown_and_blurred_if_that_is_asked(shown, workspace, dataset):
    add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(1))])
    album = Album.of(workspace, dataset, encoder_of(workspace, dataset).id)
    with reading(workspace.engine) as session:
        row = session.get_one(Dataset, dataset)
    found = ask(album, PictureQuestion(least_people=1))
    page = shown(parcel, dataset=row, album=album, found=found)

    def ticket():
        (link,) = page.get("link_button")
        return kept_parcel(link.proto.url.removeprefix("/api/found/"))

    assert (ticket().found.pictures.tolist(), ticket().blurred) == ([0, 1], False)
    page.checkbox[0].set_value(True).run()
    assert ticket().blurred
    nothing = ask(album, PictureQuestion(most_people=0))
    assert not shown(parcel, dataset=row, album=album, found=nothing).checkbox
