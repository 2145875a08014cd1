"""What the browser is given: re-encoded, upright, without metadata, and never from outside of the store."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow
from sqlmodel import select

from core.foundation.errors import BadInput, FacetError, NotFound
from core.foundation.workspace import Workspace
from core.library import frames_ahead, serving
from core.library.importing import PictureIntake
from core.library.intake import ImportOptions
from core.library.pixels import picture_pixels
from core.library.serving import crop_file, display_file, serve_crop, serve_display, serve_thumbnail, thumbnail_file
from db.engine import reading
from db.tables import Image, Instance, Run
from db.writing import writing
from tests.builders.odd_clips import encoded


@pytest.fixture
def take_in(workspace, dataset, author, tmp_path):
    """Imports one picture; returns its row."""

    def take(content, name="a.jpg", **options):
        (tmp_path / name).write_bytes(content)
        with writing(workspace.engine) as session:
            run = Run(kind="import", dataset_id=dataset, author_id=author)
            session.add(run)
            session.flush()
            run_id = run.id
        chosen = ImportOptions(**options)
        PictureIntake(workspace, dataset_id=dataset, author_id=author, run_id=run_id, options=chosen).take_source(
            tmp_path / name
        )
        with reading(workspace.engine) as session:
            return session.exec(select(Image).where(Image.path == name)).one()

    return take


@pytest.fixture
def phone_photo(pictures):
    """Stored lying, meant upright, with a place in its metadata."""
    exif = Pillow.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "at home"
    return pictures(1, size=(400, 200), kind="JPEG", exif=exif, quality=95)


@pytest.mark.parametrize("made", [thumbnail_file, display_file])
def test_pictures_are_upright_jpegs_without_metadata(workspace, take_in, phone_photo, made):
    file = made(workspace, take_in(phone_photo).id)
    with Pillow.open(file) as shown:
        assert shown.format == "JPEG"
        assert shown.size == ((128, 256) if made is thumbnail_file else (200, 400))
        assert not shown.getexif()
    assert b"at home" not in file.read_bytes()


def test_the_display_picture_has_the_pixels_of_the_original(workspace, take_in, pictures):
    smooth = Pillow.fromarray(np.linspace(0, 255, 64 * 48).reshape(48, 64).astype(np.uint8)).convert("RGB")
    buffer = io.BytesIO()
    smooth.save(buffer, "PNG")
    image = take_in(buffer.getvalue(), "a.png")
    with Pillow.open(display_file(workspace, image.id)) as opened:
        shown = np.asarray(opened.convert("RGB"))
    assert np.abs(shown.astype(int) - np.asarray(smooth)).max() < 8


@pytest.mark.parametrize("made", [thumbnail_file, display_file])
def test_what_was_made_once_is_kept_and_made_again_when_deleted(workspace, take_in, phone_photo, made):
    image = take_in(phone_photo)
    first = made(workspace, image.id)
    stamp = first.stat().st_mtime_ns
    assert made(workspace, image.id).stat().st_mtime_ns == stamp
    first.unlink()
    assert made(workspace, image.id).is_file()


def face(workspace, dataset, image, box):
    left, top, right, bottom = box
    with writing(workspace.engine) as session:
        made = Instance(
            dataset_id=dataset, image_id=image.id, kind="face", left=left, top=top, right=right, bottom=bottom
        )
        session.add(made)
        session.flush()
        return made.id


def test_a_face_is_cut_out_square_and_a_moved_box_gives_another_file(workspace, take_in, phone_photo, dataset):
    image = take_in(phone_photo)
    one = crop_file(workspace, face(workspace, dataset, image, (10, 10, 50, 70)))
    other = crop_file(workspace, face(workspace, dataset, image, (12, 10, 52, 70)))
    assert one != other
    with Pillow.open(one) as cut:
        assert cut.size == (160, 160)
        assert not cut.getexif()


def test_what_is_not_there_is_said(workspace):
    for made, what in ((thumbnail_file, "picture"), (display_file, "picture"), (crop_file, "face")):
        with pytest.raises(NotFound, match=f"there is no {what} 99"):
            made(workspace, 99)


def test_an_original_that_is_gone_is_said(workspace, take_in, phone_photo):
    image = take_in(phone_photo)
    workspace.original(image.original).unlink()
    with pytest.raises(NotFound, match=r"a\.jpg: the original is gone from "):
        display_file(workspace, image.id)


def test_a_referenced_file_that_was_changed_is_not_shown_under_old_points(workspace, take_in, phone_photo, pictures):
    image = take_in(phone_photo, reference=True)
    workspace.original(image.original).write_bytes(pictures(2, kind="JPEG"))
    with pytest.raises(BadInput, match=r"a\.jpg: the file was changed after the import"):
        display_file(workspace, image.id)


@pytest.mark.parametrize("made", [thumbnail_file, display_file, crop_file])
def test_a_number_that_no_store_can_hold_is_not_found(workspace, made):
    with pytest.raises(NotFound, match=r"there is no (picture|face) 10{20}$"):
        made(workspace, 10**20)


def test_an_original_that_may_not_be_read_is_a_sentence(workspace, take_in, pictures, monkeypatch):
    image = take_in(pictures(1), reference=True)

    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(BadInput, match=r"a\.jpg: the original cannot be read \(Permission denied\)"):
        display_file(workspace, image.id)


def test_frames_of_a_clip_are_made_when_they_are_looked_at_and_kept_in_the_cache(
    workspace, taken_clip, dataset, tmp_path
):
    images = taken_clip(encoded(tmp_path / "a.mp4", 40, size=(320, 240)))
    assert not workspace.cache.exists()
    small, large = thumbnail_file(workspace, images[7].id), display_file(workspace, images[7].id)
    cut = crop_file(workspace, face(workspace, dataset, images[7], (10, 10, 50, 70)))
    with Pillow.open(small) as opened:
        assert opened.size == (256, 192)
    with Pillow.open(large) as opened:
        shown = np.asarray(opened.convert("RGB"))
    assert np.abs(shown.astype(int) - picture_pixels(workspace, images[7])).mean() < 4
    assert all(path.is_relative_to(workspace.cache) for path in (small, large, cut))
    stamp = small.stat().st_ino
    assert thumbnail_file(workspace, images[7].id).stat().st_ino == stamp


def test_going_through_a_clip_finds_each_frame_made(workspace, taken_clip, tmp_path, monkeypatch):
    images = taken_clip(encoded(tmp_path / "a.mp4", 40))
    made = []
    monkeypatch.setattr(serving, "picture_pixels", lambda *a, **k: made.append(a[1].path) or picture_pixels(*a, **k))
    for image in images:
        display_file(workspace, image.id)
        for going in list(frames_ahead._of_clip.values()):
            going.ahead.result(30)  # a person takes longer
    assert made == ["a.mp4/000000.jpg"]


def full(*_):
    raise OSError(28, "No space left on device")


def test_a_full_disk_still_shows_every_picture(
    workspace, take_in, phone_photo, taken_clip, dataset, tmp_path, monkeypatch
):
    photo, frame = take_in(phone_photo), taken_clip(encoded(tmp_path / "b.mp4", 5))[3]
    workspace.derived("thumbnails", photo.sha256).unlink()
    crops = [face(workspace, dataset, image, (1, 1, 20, 20)) for image in (photo, frame)]
    monkeypatch.setattr("core.media.files.os.replace", full)
    for image, crop in zip((photo, frame), crops, strict=True):
        for served in (
            serve_thumbnail(workspace, image.id),
            serve_display(workspace, image.id),
            serve_crop(workspace, crop),
        ):
            assert isinstance(served, bytes)
            with Pillow.open(io.BytesIO(served)) as opened:
                assert opened.format == "JPEG"
        with pytest.raises(FacetError, match="no picture can be kept under"):
            display_file(workspace, image.id)
    assert not [path for path in workspace.home.rglob("*.jpg") if "originals" not in path.parts]


def test_a_bound_of_nothing_shows_frames_all_the_same(workspace, taken_clip, tmp_path):
    frame = taken_clip(encoded(tmp_path / "b.mp4", 5))[3]
    small = Workspace(workspace.settings.model_copy(update={"cache_bytes": 0}))
    assert isinstance(serve_display(small, frame.id), bytes)
    small.engine.dispose()
    assert not list(workspace.home.rglob("*.jpg"))
