"""The times of pictures are read once from their files, and kept."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from PIL import ExifTags
from PIL import Image as Picture
from sqlmodel import select

from core.library import dating
from core.library.dating import date_pictures
from db.engine import reading
from db.tables import CaptureTime, Image
from db.writing import writing


def photo(workspace, dataset, name, taken=None):
    exif = Picture.Exif()
    if taken:
        exif[ExifTags.Base.DateTime] = taken
    out = io.BytesIO()
    Picture.new("RGB", (8, 6)).save(out, "JPEG", exif=exif)
    (workspace.originals / name).write_bytes(out.getvalue())
    row = {"size_bytes": 1, "width": 8, "height": 6, "format": "JPEG", "original": f"originals/{name}", "sha256": name}
    with writing(workspace.engine) as session:
        image = Image(dataset_id=dataset, path=name, **row)
        session.add(image)
        session.flush()
        return image.id


def kept(workspace):
    with reading(workspace.engine) as session:
        return dict(session.exec(select(CaptureTime.image_id, CaptureTime.at)).all())


def test_times_are_read_and_where_there_is_none_that_is_known_too(workspace, dataset, monkeypatch):
    dated, plain = photo(workspace, dataset, "a.jpg", "2024:05:01 18:30:05"), photo(workspace, dataset, "b.jpg")
    gone = photo(workspace, dataset, "c.jpg", "2024:05:01 18:30:05")
    (workspace.originals / "c.jpg").unlink()
    assert date_pictures(workspace, dataset) == 3
    assert kept(workspace) == {dated: datetime(2024, 5, 1, 18, 30, 5), plain: None, gone: None}
    monkeypatch.setattr(dating, "capture_time", lambda *_: pytest.fail("a file was opened again"))
    assert date_pictures(workspace, dataset) == 0


def test_only_what_was_not_looked_at_is_read_of_one_dataset_or_of_all(workspace, dataset, author):
    first = photo(workspace, dataset, "a.jpg", "2024:05:01 18:30:05")
    assert date_pictures(workspace, dataset + 1) == 0
    assert date_pictures(workspace) == 1
    second = photo(workspace, dataset, "b.jpg", "2023:05:01 18:30:05")
    assert date_pictures(workspace) == 1
    assert list(kept(workspace)) == [first, second]


def test_what_another_process_has_read_or_removed_meanwhile_is_left(workspace, dataset, monkeypatch):
    number, removed = photo(workspace, dataset, "a.jpg"), photo(workspace, dataset, "b.jpg")

    def meanwhile(_):
        with writing(workspace.engine) as session:
            if session.get(Image, removed):
                session.add(CaptureTime(image_id=number, at=datetime(2020, 1, 1)))
                session.delete(session.get_one(Image, removed))

    monkeypatch.setattr(dating, "capture_time", meanwhile)
    date_pictures(workspace, dataset)
    assert kept(workspace) == {number: datetime(2020, 1, 1)}


def test_a_kill_between_batches_loses_nothing_that_was_kept(workspace, dataset, monkeypatch):
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        photo(workspace, dataset, name, "2024:05:01 18:30:05")
    monkeypatch.setattr(dating, "_BATCH", 2)
    read = dating.capture_time

    def dies(file):
        if file.name == "c.jpg":
            raise KeyboardInterrupt
        return read(file)

    monkeypatch.setattr(dating, "capture_time", dies)
    with pytest.raises(KeyboardInterrupt):
        date_pictures(workspace, dataset)
    assert len(kept(workspace)) == 2
    monkeypatch.setattr(dating, "capture_time", read)
    assert date_pictures(workspace, dataset) == 1
