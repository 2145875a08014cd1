"""Importing: every picture once, every reason listed, and safe to repeat."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import threading
import unicodedata
import zipfile
from pathlib import Path

import pytest
from PIL import Image as Pillow
from sqlmodel import func, select

from core.foundation.errors import BadInput, Cancelled, NotFound
from core.foundation.progress import DEAF, Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.runs import Interrupted
from core.library import pictures as picture_store
from core.library.importing import PictureIntake, skipped
from core.library.intake import ImportOptions
from db.engine import reading
from db.tables import DailyWork, Image, ImagePath, Person, Run
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.builders.after_deaths import AfterDeaths


@pytest.fixture
def run(workspace, dataset, author):
    """Makes the ids of runs."""

    def make():
        with writing(workspace.engine) as session:
            made = Run(kind="import", dataset_id=dataset, author_id=author)
            session.add(made)
            session.flush()
            return made.id

    return make


@pytest.fixture
def take_in(workspace, dataset, author, run):
    """Imports a source; returns the counts and what was skipped."""

    def take(source, *, run_id=None, progress=DEAF, **options):
        run_id = run_id or run()
        counts = PictureIntake(
            workspace,
            dataset_id=dataset,
            author_id=author,
            run_id=run_id,
            options=ImportOptions(**options),
            progress=progress,
        ).take_source(source)
        return counts, {row["path"]: row["reason"] for row in skipped(workspace, run_id)}

    return take


@pytest.fixture
def folder(tmp_path):
    """Writes files under a new folder."""

    def write(files, name="photos"):
        for path, content in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_bytes(content)
        return tmp_path / name

    return write


def rows(workspace, *what):
    with reading(workspace.engine) as session:
        return session.exec(select(*what)).all()


def counted(images, added, duplicates, skipped):
    return {"images": images, "added": added, "duplicates": duplicates, "skipped": skipped}


def test_a_folder_comes_in_with_its_bytes_size_and_thumbnail(take_in, folder, pictures, workspace):
    content = pictures(1, size=(600, 300), kind="JPEG")
    counts, left_out = take_in(folder({"a/b.jpg": content}))
    assert (counts, left_out) == (counted(1, 1, 0, 0), {})
    (image,) = rows(workspace, Image)
    assert (image.path, image.width, image.height, image.format, image.state) == ("a/b.jpg", 600, 300, "JPEG", "new")
    assert image.sha256 == hashlib.sha256(content).hexdigest()
    assert image.size_bytes == len(content)
    assert workspace.original(image.original).read_bytes() == content
    assert workspace.derived("thumbnails", image.sha256).is_file()


def test_a_zip_comes_in_like_its_folder(take_in, tmp_path, pictures, workspace):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("Ada/1.png", pictures(1))
        archive.writestr("../evil.png", pictures(2))
        archive.writestr("notes.txt", "hello")
    counts, left_out = take_in(tmp_path / "photos.zip", identities=True)
    assert counts == counted(1, 1, 0, 2)
    assert left_out == {"../evil.png": "its path leaves the archive's folder", "notes.txt": "not a picture but text"}
    assert rows(workspace, Image.identity) == ["Ada"]
    assert not (tmp_path / "evil.png").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_may_hold_one_member_twice(take_in, tmp_path, pictures):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("a.png", pictures(1))
        archive.writestr("a.png", pictures(1))
    assert take_in(tmp_path / "photos.zip")[0] == counted(2, 1, 1, 0)


def test_the_size_in_the_store_is_that_of_the_upright_picture(take_in, folder, pictures, workspace):
    exif = Pillow.Exif()
    exif[0x0112] = 6
    take_in(folder({"a.jpg": pictures(1, size=(40, 20), kind="JPEG", exif=exif)}))
    assert rows(workspace, Image.width, Image.height) == [(20, 40)]


def test_the_kind_is_that_of_the_content_not_of_the_name(take_in, folder, pictures, workspace):
    counts, _ = take_in(folder({"a.jpg": pictures(1, kind="PNG")}))
    (image,) = rows(workspace, Image)
    assert counts["added"] == 1
    assert image.format == "PNG"
    assert image.original.endswith(".png")


def test_everything_that_is_no_picture_is_listed_with_its_reason(take_in, folder, pictures):
    jpeg, png = pictures(1, size=(64, 64), kind="JPEG"), pictures(2, size=(64, 64))
    counts, left_out = take_in(
        folder(
            {
                "good.jpg": jpeg,
                "text.jpg": b"hello",
                "page.png": b"<html></html>",
                "drawing.jpg": b"<svg/>",
                "video.jpg": b"\0\0\0\x18ftypmp42\0\0\0\0",
                "empty.jpg": b"",
                "cut.jpg": jpeg[: len(jpeg) // 2],
                "cut.png": png[: len(png) // 2],
                "Thumbs.db": b"\xd0\xcf\x11\xe0" * 4,
            }
        )
    )
    assert counts == counted(1, 1, 0, 8)
    damaged = {path: left_out.pop(path) for path in ("cut.jpg", "cut.png")}
    assert all(reason.startswith("the picture is damaged (") for reason in damaged.values())
    assert left_out == {
        "text.jpg": "not a picture but text",
        "page.png": "not a picture but a web page",
        "drawing.jpg": "not a picture but an SVG drawing, which may carry code",
        "video.jpg": "a video or an HEIC picture; convert it to JPEG or PNG",
        "empty.jpg": "the file is empty",
        "Thumbs.db": "not a picture of a kind that can be read (JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF)",
    }


def test_the_setting_for_the_most_pixels_counts(tmp_path, pictures, folder):
    workspace = Workspace.open(Settings(home=tmp_path / "small", max_pixels=700))
    with writing(workspace.engine) as session:
        author = ensure_user("ada", session=session)
        dataset = ensure_dataset("faces", author, session=session)
        session.add(Run(id=1, kind="import", dataset_id=dataset, author_id=author))
    PictureIntake(workspace, dataset_id=dataset, author_id=author, run_id=1).take_source(
        folder({"a.png": pictures(size=(32, 24))})
    )
    reason = "32 × 24 pixels are more than the limit of 700 (FACET_MAX_PIXELS)"
    assert skipped(workspace, 1) == [{"path": "a.png", "reason": reason}]
    workspace.engine.dispose()


def test_the_same_content_twice_in_one_import_is_one_image(take_in, folder, pictures, workspace):
    counts, left_out = take_in(folder({"a.png": pictures(1), "b.png": pictures(1), "c.png": pictures(2)}))
    assert (counts, left_out) == (counted(3, 2, 1, 0), {})
    assert sorted(rows(workspace, Image.path)) == ["a.png", "c.png"]
    assert sorted(rows(workspace, ImagePath.path)) == ["a.png", "b.png", "c.png"]


def test_the_same_content_in_a_later_import_is_a_duplicate(take_in, folder, pictures, workspace):
    take_in(folder({"a.png": pictures(1)}))
    counts, _ = take_in(folder({"renamed.png": pictures(1), "new.png": pictures(2)}, name="later"))
    assert counts == counted(2, 1, 1, 0)
    counts, _ = take_in(folder({}, name="later"))
    assert counts == counted(2, 0, 2, 0)
    assert len(rows(workspace, Image)) == 2


def test_duplicates_across_batches_are_one_image(take_in, folder, pictures, workspace):
    same = pictures(0)
    counts, _ = take_in(folder({f"{i:03}.png": same for i in range(130)}))
    assert counts == counted(130, 1, 129, 0)
    assert len(rows(workspace, ImagePath)) == 130


def test_two_pictures_may_have_one_path_and_both_stay(take_in, folder, pictures, workspace):
    take_in(folder({"a.png": pictures(1)}))
    take_in(folder({"a.png": pictures(2)}))
    assert rows(workspace, Image.path) == ["a.png", "a.png"]


def test_one_content_belongs_to_each_of_two_datasets(workspace, author, dataset, folder, pictures, run):
    with writing(workspace.engine) as session:
        other = ensure_dataset("others", author, session=session)
    source = folder({"a.png": pictures(1)})
    for where in (dataset, other):
        counts = PictureIntake(workspace, dataset_id=where, author_id=author, run_id=run()).take_source(source)
        assert counts["added"] == 1
    assert len(list(workspace.originals.rglob("*.png"))) == 1


def test_two_imports_at_once_take_every_picture_once(workspace, dataset, author, run, folder, pictures):
    source = folder({f"{i:03}.png": pictures(i) for i in range(150)})
    results, barrier = [], threading.Barrier(2)

    def work(run_id):
        barrier.wait()
        results.append(
            PictureIntake(workspace, dataset_id=dataset, author_id=author, run_id=run_id).take_source(source)
        )

    threads = [threading.Thread(target=work, args=(run(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert sum(counts["added"] for counts in results) == 150
    assert all(counts["images"] == 150 for counts in results)
    assert len(rows(workspace, Image)) == 150
    assert rows(workspace, func.sum(DailyWork.count)) == [150]


def test_work_is_counted_for_the_importing_author(take_in, folder, pictures, workspace, author):
    take_in(folder({"a.png": pictures(1), "b.png": pictures(1), "c.png": pictures(2)}))
    assert rows(workspace, DailyWork.author_id, DailyWork.kind, DailyWork.count) == [(author, "images_imported", 2)]


class Stops(Progress):
    """Raises after so many reports."""

    def __init__(self, error, after):
        self.error, self.left = error, after

    def advance(self, done, message=""):
        self.left -= 1
        if self.left == 0:
            raise self.error


@pytest.mark.parametrize(
    "error", [Cancelled("training.stopped"), Interrupted(), RuntimeError("broken"), KeyboardInterrupt()]
)
def test_an_interrupted_import_repeats_with_right_counts(take_in, folder, pictures, workspace, run, error):
    files = {f"{i:03}.png": pictures(i) for i in range(150)} | {"150.png": pictures(0), "bad.png": b"text"}
    source, run_id = folder(files), run()
    with pytest.raises(type(error)):
        take_in(source, run_id=run_id, progress=Stops(error, after=2))
    assert len(rows(workspace, Image)) == 128
    counts, left_out = take_in(source, run_id=run_id)
    assert counts == counted(151, 150, 1, 1)
    assert left_out == {"bad.png": "not a picture but text"}
    assert len(rows(workspace, Image)) == 150
    assert rows(workspace, func.sum(DailyWork.count)) == [150]
    again, _ = take_in(source)
    assert again == counted(151, 0, 151, 1)


def test_a_full_disk_skips_the_files_it_hits_and_the_rest_goes_on(take_in, folder, pictures, workspace, monkeypatch):
    large = pictures(1, size=(200, 200))
    real = picture_store.write_atomically

    def nearly_full(target, content, *, durable=False):
        if content == large:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(target, content, durable=durable)

    monkeypatch.setattr(picture_store, "write_atomically", nearly_full)
    counts, left_out = take_in(folder({"a.png": pictures(2), "large.png": large, "z.png": pictures(3)}))
    assert counts == counted(2, 2, 0, 1)
    assert left_out == {"large.png": "could not be read or kept (No space left on device)"}
    assert not list(workspace.home.rglob(".partial-*"))


def test_a_disk_that_fills_up_while_writing_leaves_no_half_file(take_in, folder, pictures, workspace, monkeypatch):
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
    counts, left_out = take_in(folder({"a.png": pictures(2)}))
    assert counts == counted(0, 0, 0, 1)
    assert left_out["a.png"] == "could not be read or kept (No space left on device)"
    assert not [file for file in workspace.originals.rglob("*") if file.is_file()]
    monkeypatch.setattr(os, "fsync", real)
    assert take_in(folder({}))[0] == counted(1, 1, 0, 0)


def test_an_unreadable_file_is_listed_and_the_rest_goes_on(take_in, folder, pictures, monkeypatch):
    source = folder({"a.png": pictures(1), "closed.png": pictures(2)})
    real = Path.open

    def opened(self, *arguments, **named):
        if self.name == "closed.png":
            raise PermissionError(13, "Permission denied")
        return real(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", opened)
    counts, left_out = take_in(source)
    assert counts == counted(1, 1, 0, 1)
    assert left_out == {"closed.png": "the file cannot be read (Permission denied)"}


def test_names_that_are_not_utf_8_come_in_and_are_skipped_in_words(take_in, folder, pictures, workspace):
    source = os.fsencode(folder({"a.png": pictures(1)}))
    for name, content in ((b"caf\xe9.png", pictures(2)), (b"t\xe9xt.png", b"text")):
        with open(os.path.join(source, name), "wb") as file:
            file.write(content)
    counts, left_out = take_in(Path(os.fsdecode(source)))
    assert counts == counted(2, 2, 0, 1)
    assert left_out == {"t�xt.png": "not a picture but text"}
    assert sorted(rows(workspace, Image.path)) == ["a.png", "caf�.png"]


def test_a_reference_leaves_the_file_where_it_is(take_in, folder, pictures, workspace):
    source = folder({"a.png": pictures(1)})
    take_in(source, reference=True)
    (image,) = rows(workspace, Image)
    assert workspace.original(image.original) == (source / "a.png").resolve()
    assert not [file for file in workspace.originals.rglob("*") if file.is_file()]


def test_a_reference_to_a_name_that_is_not_utf_8_is_skipped_with_the_reason(take_in, folder, pictures):
    source = folder({"a.png": pictures(1)})
    with open(os.path.join(os.fsencode(source), b"caf\xe9.png"), "wb") as file:
        file.write(pictures(2))
    counts, left_out = take_in(source, reference=True)
    assert counts == counted(1, 1, 0, 1)
    assert left_out == {"caf�.png": "a file whose name is not valid UTF-8 can be copied, but not referred to"}


def test_members_of_a_zip_are_copied_even_when_references_are_wanted(take_in, tmp_path, pictures, workspace):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("a.png", pictures(1))
    take_in(tmp_path / "photos.zip", reference=True)
    (image,) = rows(workspace, Image)
    assert image.original.startswith("originals/")


def people(workspace):
    return sorted({name for name in rows(workspace, Image.identity) if name})


def test_folders_name_people_in_composed_unicode(take_in, folder, pictures, workspace, author):
    decomposed = unicodedata.normalize("NFD", "Zoë Müller")
    counts, _ = take_in(
        folder({f"{decomposed}/1.png": pictures(1), " Ada /2.png": pictures(2), "loose.png": pictures(3)}),
        identities=True,
    )
    assert counts["added"] == 3
    assert people(workspace) == ["Ada", "Zoë Müller"]
    found = dict(rows(workspace, Image.path, Image.identity))
    assert found == {f"{decomposed}/1.png": "Zoë Müller", " Ada /2.png": "Ada", "loose.png": None}
    assert set(rows(workspace, Image.identity_by)) == {author, None}


def test_the_nearest_folder_names_the_person(take_in, folder, pictures, workspace):
    take_in(folder({"lfw/Ada/1.png": pictures(1), "other/Ada/2.png": pictures(2)}), identities=True)
    assert people(workspace) == ["Ada"]


def test_folder_names_are_stored_as_typed_names_are(take_in, folder, pictures, workspace):
    source = folder(
        {"Ada  Lovelace/1.png": pictures(1), "Bea\nB/1.png": pictures(2), f"{'x' * 121}/1.png": pictures(3)}
    )
    run_counts, left_out = take_in(source, identities=True)
    assert run_counts == counted(3, 3, 0, 1)
    assert dict(rows(workspace, Image.path, Image.identity)) == {
        "Ada  Lovelace/1.png": "Ada Lovelace",
        "Bea\nB/1.png": "Bea B",
        f"{'x' * 121}/1.png": None,
    }
    assert left_out == {
        f"{'x' * 121}/1.png": "its folder cannot name a person (a name has at most 120 characters, this one has 121); "
        "the picture came in without a name"
    }


def test_a_folder_makes_no_person_before_a_face_is_found(take_in, folder, pictures, workspace):
    take_in(folder({"Ada/1.png": pictures(1)}), identities=True)
    assert rows(workspace, Image.identity) == ["Ada"]
    assert rows(workspace, Person.name) == []


def test_without_identities_folders_name_nobody(take_in, folder, pictures, workspace):
    take_in(folder({"Ada/1.png": pictures(1)}))
    assert people(workspace) == []
    assert rows(workspace, Image.identity) == [None]


def test_identities_can_be_added_by_importing_again(take_in, folder, pictures, workspace):
    source = folder({"Ada/1.png": pictures(1)})
    take_in(source)
    assert take_in(source, identities=True)[0] == counted(1, 0, 1, 0)
    assert rows(workspace, Image.identity) == ["Ada"]
    assert people(workspace) == ["Ada"]


def test_one_picture_under_two_people_keeps_the_first_and_says_so(take_in, folder, pictures, workspace):
    counts, left_out = take_in(folder({"Ada/1.png": pictures(1), "Bob/1.png": pictures(1)}), identities=True)
    assert rows(workspace, Image.identity) == ["Ada"]
    assert counts == counted(2, 1, 1, 1)
    assert left_out == {"Bob/1.png": "the same picture is there as Ada/1.png, under another person; it keeps that one"}


def test_a_human_identity_is_not_replaced_by_a_later_folder(take_in, folder, pictures, workspace):
    take_in(folder({"Ada/1.png": pictures(1)}), identities=True)
    take_in(folder({"Bob/1.png": pictures(1)}, name="later"), identities=True)
    assert rows(workspace, Image.identity) == ["Ada"]


def test_an_empty_folder_gives_zeros(take_in, tmp_path):
    (tmp_path / "empty").mkdir()
    assert take_in(tmp_path / "empty") == (counted(0, 0, 0, 0), {})


def test_errors_are_sentences(workspace, author, run, take_in, folder, tmp_path, pictures):
    with pytest.raises(BadInput, match="nowhere: there is no such file or folder"):
        take_in(tmp_path / "nowhere")
    source = folder({"a.png": pictures(1)})
    with pytest.raises(NotFound, match="there is no dataset 99"):
        PictureIntake(workspace, dataset_id=99, author_id=author, run_id=run()).take_source(source)


def test_progress_goes_from_nothing_to_everything(take_in, folder, pictures):
    told = []

    class Notes(Progress):
        def begin(self, total, done=0, message=""):
            told.append((total, done))

        def advance(self, done, message=""):
            told.append(done)

    take_in(folder({f"{i}.png": pictures(i) for i in range(70)} | {"bad": b"x"}), progress=Notes())
    assert told == [(71, 0), 64, 71]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("again", [True, False])
def test_importing_again_brings_back_an_original_that_was_moved_or_lost(
    take_in, folder, pictures, workspace, tmp_path, first, again
):
    source = folder({"a.png": pictures(1), "copy.png": pictures(1), "b.png": pictures(2)})
    take_in(source, reference=first)
    for file in [path for path in workspace.originals.rglob("*") if path.is_file()]:
        file.unlink()
    moved = source.rename(tmp_path / "moved")
    counts, left_out = take_in(moved, reference=again)
    assert (counts, left_out) == (counted(3, 0, 3, 0), {})
    images = {image.path: image for image in rows(workspace, Image)}
    assert sorted(images) == ["a.png", "b.png"]
    for image in images.values():
        file = workspace.original(image.original)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == image.sha256


def test_importing_again_leaves_an_original_that_is_there_where_it_is(take_in, folder, pictures, workspace):
    take_in(folder({"a.png": pictures(1)}), reference=True)
    before = rows(workspace, Image.original)
    take_in(folder({"b.png": pictures(1)}, "other"), reference=True)
    take_in(folder({"b.png": pictures(1)}, "other"))
    assert rows(workspace, Image.original) == before


def test_of_what_is_no_picture_only_the_first_bytes_are_read(take_in, tmp_path, monkeypatch):
    zipped = tmp_path / "zeros.zip"
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.jpg", bytes(3_000_000))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "zeros.jpg").write_bytes(bytes(3_000_000))
    longest = []
    decoding = picture_store.decoding
    monkeypatch.setattr(
        picture_store, "decoding", lambda content, *rest: (longest.append(len(content)), decoding(content, *rest))[1]
    )
    for source in (zipped, tmp_path / "folder"):
        _, reasons = take_in(source)
        assert "not a picture" in reasons["zeros.jpg"]
    assert longest == [512, 512]


def test_pages_after_the_first_are_named_and_the_first_comes_in(take_in, folder):
    pages = [Pillow.new("RGB", (8, 8), (shade, 0, 0)) for shade in (10, 90, 200)]
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    counts, left_out = take_in(folder({"scan.tif": buffer.getvalue()}))
    assert (counts["added"], counts["skipped"]) == (1, 1)
    assert left_out == {
        "scan.tif": "the first of its 3 pages or frames came in; the others did not: save them as pictures of their own"
    }


def test_after_a_death_suspects_are_read_one_by_one_and_what_killed_again_is_not(take_in, folder, pictures, run):
    source = folder({f"{name}.png": pictures(number) for number, name in enumerate("abcde")})
    progress = AfterDeaths(suspects={"b.png"}, killers={"a.png"})
    counts, left_out = take_in(source, progress=progress)
    assert counts == counted(4, 4, 0, 1)
    assert list(left_out) == ["a.png"]
    assert "later imports leave this content out too (0123456789abcdef)" in left_out["a.png"]
    assert progress.taken == [(), ("d.png",), ("b.png",), ("b.png",), ("c.png", "e.png"), ()]


def test_what_killed_while_it_was_only_read_is_left_out_without_a_content(take_in, folder, pictures):
    source = folder({"a.png": pictures(1), "b.png": pictures(2)})
    _, left_out = take_in(source, progress=AfterDeaths(killers={"a.png"}, note=""))
    assert left_out["a.png"].startswith("the process died twice with it in hand")


def test_content_that_killed_an_import_is_left_out_whatever_its_name_until_it_comes_alone(take_in, folder, pictures):
    bad = pictures(1)
    note = hashlib.sha256(bad).hexdigest()[:16]
    take_in(folder({"a.png": bad, "b.png": pictures(2)}), progress=AfterDeaths(killers={"a.png"}, note=note))
    counts, left_out = take_in(folder({"c.png": bad, "a.png": pictures(3)}))
    assert counts == counted(2, 1, 1, 1), "another picture may have the name"
    assert left_out == {
        "c.png": f"an import's process has died of this content ({note}); import it alone to try it again"
    }
