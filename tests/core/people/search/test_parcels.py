"""The pictures of a search to take along."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import ExifTags
from PIL import Image as Picture
from sqlmodel import select

from core.foundation.errors import NotFound
from core.jobs.runs import submit
from core.library.importing import PictureIntake
from core.people.encoders import encoder_of
from core.people.search import parcels
from core.people.search.album import Album
from core.people.search.asking import PictureQuestion, WantedPerson, ask
from core.people.search.expressions import AllOf, Shows
from core.people.search.parcels import Parcel, keep_parcel, kept_parcel, zipped_parcel
from db.engine import reading
from db.tables import Embedding, Image, Instance
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.people_rows import own
from tests.builders.staged_people import ENCODER, vector


def camera_photo(seed):
    """A JPEG of noise with a place and a time in it."""
    exif = Picture.Exif()
    exif[ExifTags.Base.DateTime] = "2024:05:01 18:30:05"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    out = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    Picture.fromarray(pixels).save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


@pytest.fixture
def photos(workspace, dataset, author, tmp_path):
    """Two photos with a face of Ada and one of somebody else in each; gives the files' bytes by path."""
    contents = {"=trip/a.jpg": camera_photo(1), "=trip/A.jpg": camera_photo(2)}
    for path, content in contents.items():
        (tmp_path / "in" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / path).write_bytes(content)
    who = {"dataset_id": dataset, "author_id": author}
    PictureIntake(workspace, **who, run_id=submit(workspace, "import", **who, parameters={})).take_source(
        tmp_path / "in"
    )
    with writing(workspace.engine) as session:
        encoder = ensure_model_version(ENCODER, "encoder", "0" * 64, {}, session=session)
        ada = []
        for image in session.exec(select(Image)).all():
            for person, left in enumerate((10, 90)):
                box = {"left": left, "top": 40, "right": left + 40, "bottom": 80}
                face = Instance(dataset_id=dataset, image_id=image.id, kind="face", **box)
                session.add(face)
                session.flush()
                session.add(Embedding(instance_id=face.id, model_version_id=encoder, vector=vector(person).tobytes()))
                ada += [face.id] if not person else []
    own(workspace, dataset, ada, "=Ada")
    return contents


@pytest.fixture
def parcel(workspace, dataset, photos):
    def of(question=None, *, blurred=False):
        album = Album.of(workspace, dataset, encoder_of(workspace, dataset).id)
        question = question or PictureQuestion((WantedPerson(vectors=vector(0)[None]),), Shows(0), 0.9)
        return Parcel(dataset, "My: faces", album, ask(album, question), blurred)

    return of


def unpacked(workspace, made):
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped_parcel(workspace, made)))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_zip_holds_the_files_as_they_were_imported_and_a_list_of_what_was_found(workspace, photos, parcel):
    files = unpacked(workspace, parcel())
    assert parcel().name == "My_ faces-search.zip"
    pictures = {name: content for name, content in files.items() if name.startswith("pictures/")}
    assert sorted(pictures) == ["pictures/=trip/A.jpg", "pictures/=trip/a (2).jpg"], "no two are one on any disk"
    assert sorted(pictures.values()) == sorted(photos.values())
    matches = json.loads(files["matches.json"])
    assert {match["image"] for match in matches} == set(photos)
    assert all(files[match["file"]] == photos[match["image"]] for match in matches), "the list says which file it is"
    rows = list(csv.DictReader(io.StringIO(files["matches.csv"].decode())))
    assert [row["file"] for row in rows] == [match["file"] for match in matches]
    assert [(row["image"], row["person"], row["left"]) for row in rows] == [
        (f"'{match['image']}", "'=Ada", "10.0") for match in matches
    ]
    assert "left-out.csv" not in files


def test_other_faces_are_blurred_in_copies_without_metadata_and_the_originals_stay(workspace, photos, parcel):
    before = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in workspace.originals.rglob("*.jpg")}
    files = unpacked(workspace, parcel(blurred=True))
    for name, content in files.items():
        if not name.startswith("pictures/"):
            continue
        with Picture.open(io.BytesIO(content)) as opened:
            assert not opened.getexif()
            assert b"Exif" not in content
            pixels = np.asarray(opened).astype(int)
        assert pixels[42:78, 12:48].std() > 40, "who is meant is still to be seen"
        assert pixels[40:80, 90:130].std() < 20
    assert before == {
        file: hashlib.sha256(file.read_bytes()).hexdigest() for file in workspace.originals.rglob("*.jpg")
    }


def test_where_nobody_is_looked_for_every_face_is_blurred(workspace, parcel):
    files = unpacked(workspace, parcel(PictureQuestion(expression=AllOf(()), least_people=1), blurred=True))
    pixels = np.asarray(Picture.open(io.BytesIO(files["pictures/=trip/A.jpg"]))).astype(int)
    assert pixels[40:80, 10:50].std() < 20
    assert pixels[40:80, 90:130].std() < 20


@pytest.mark.parametrize("blurred", [False, True])
def test_what_cannot_be_read_is_listed_with_its_reason_and_the_rest_goes_on(workspace, parcel, blurred):
    made = parcel(blurred=blurred)
    with reading(workspace.engine) as session:
        gone, changed = session.exec(select(Image).order_by(Image.path)).all()
    workspace.original(gone.original).unlink()
    with workspace.original(changed.original).open("ab") as file:
        file.write(b"more")
    files = unpacked(workspace, made)
    assert not [name for name in files if name.startswith("pictures/")]
    assert {match["file"] for match in json.loads(files["matches.json"])} == {None}
    rows = {row["image"]: row["reason"] for row in csv.DictReader(io.StringIO(files["left-out.csv"].decode()))}
    assert set(rows) == {"'=trip/A.jpg", "'=trip/a.jpg"}
    assert len(set(rows.values())) == 2


def test_a_search_that_found_nothing_is_an_empty_list(workspace, parcel):
    files = unpacked(workspace, parcel(PictureQuestion(expression=AllOf(()), most_people=0)))
    assert json.loads(files["matches.json"]) == []
    assert files["matches.csv"] == b""


def test_one_picture_after_the_other_is_read(workspace, parcel, monkeypatch):
    read = []
    decode = parcels.picture_pixels
    monkeypatch.setattr(parcels, "picture_pixels", lambda *given, **named: (read.append(1), decode(*given, **named))[1])
    stream = zipped_parcel(workspace, parcel(blurred=True))
    next(stream)
    assert len(read) == 1


def test_the_same_parcel_has_one_ticket_and_the_oldest_go_first(parcel, monkeypatch):
    monkeypatch.setattr(parcels, "_waiting", type(parcels._waiting)())
    monkeypatch.setattr(parcels, "_MOST", 2)
    plain, blurred = keep_parcel(parcel()), keep_parcel(parcel(blurred=True))
    assert plain != blurred
    assert keep_parcel(parcel()) == plain
    keep_parcel(parcel(PictureQuestion(expression=AllOf(()), most_people=0)))
    assert not kept_parcel(plain).blurred
    with pytest.raises(NotFound, match="search again"):
        kept_parcel(blurred)


def test_what_waits_to_be_fetched_holds_no_vectors_and_is_the_same(workspace, parcel):
    made = parcel(blurred=True)
    kept = kept_parcel(keep_parcel(made))
    assert (made.album.vectors.size > 0, kept.album.vectors.size) == (True, 0)
    assert unpacked(workspace, kept) == unpacked(workspace, made)
