"""What each kind of run does, also when its process is killed after the last of it."""

from __future__ import annotations

import io
from datetime import datetime

import pytest
from PIL import ExifTags
from PIL import Image as Picture
from sqlmodel import func, select

from core.exchange.delivering import zipped_export
from core.foundation.errors import Cancelled, StoreBusy, StoreFull
from core.jobs import tasks
from core.jobs.runs import submit
from core.library.uploading import keep_upload
from core.people.encoders import encoder_of
from core.people.finding import CompletedFaces
from core.people.kept_trees import people_tree
from db.engine import reading
from db.tables import CaptureTime, Embedding, Export, FaceQuality, Frame, Image, Instance, RunState, Scan, Video
from db.writes.library import ensure_dataset
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.poor_faces import judge
from tests.builders.staged_people import add_faces, owners, vector


def _count(workspace, table):
    with reading(workspace.engine) as session:
        return session.exec(select(func.count()).select_from(table)).one()


@pytest.fixture
def upload(workspace, pictures):
    (source,) = keep_upload(workspace, [("a.png", io.BytesIO(pictures(1)))])
    return source


def test_upload_is_discarded_when_its_import_is_done(workspace, do, upload):
    assert do("import", source=str(upload)).state == RunState.DONE
    assert not upload.exists()


def test_an_import_reads_when_its_pictures_were_taken(workspace, do, pictures):
    exif = Picture.Exif()
    exif[ExifTags.Base.DateTime] = "2024:05:01 18:30:05"
    (source,) = keep_upload(workspace, [("a.jpg", io.BytesIO(pictures(1, kind="JPEG", exif=exif)))])
    assert do("import", source=str(source)).state == RunState.DONE
    with reading(workspace.engine) as session:
        assert session.exec(select(CaptureTime.at)).all() == [datetime(2024, 5, 1, 18, 30, 5)]


def test_upload_of_an_import_that_failed_stays_for_another_attempt(workspace, do, upload, monkeypatch):
    monkeypatch.setattr(tasks.PictureIntake, "take", lambda *_: 1 / 0)
    assert do("import", source=str(upload)).state == RunState.FAILED
    assert upload.is_dir()


def test_what_went_wrong_is_told_though_tracks_cannot_be_made_afterwards(workspace, do, upload, monkeypatch):
    monkeypatch.setattr(tasks.PictureIntake, "take", lambda *_: (_ for _ in ()).throw(StoreFull()))
    monkeypatch.setattr(tasks, "link_clips", lambda *_, **__: (_ for _ in ()).throw(StoreBusy()))
    run = do("import", source=str(upload))
    assert (run.state, run.error["code"]) == (RunState.FAILED, "store.full")


def test_import_of_an_upload_that_was_killed_at_its_end_goes_on(workspace, do, upload):
    killed = do("import", killed=True, source=str(upload))
    run = do("import", run_id=killed.id)
    assert (run.state, run.error) == (RunState.DONE, None)
    assert run.counts == {
        "images": 1,
        "added": 1,
        "duplicates": 0,
        "clips": 0,
        "frames": 0,
        "bytes_kept": 0,
        "skipped": 0,
    }
    assert not upload.exists()


def test_export_that_was_killed_at_its_end_goes_on_and_is_one_export(workspace, do, upload, tmp_path):
    do("import", source=str(upload))
    killed = do("export", killed=True, format="coco", folder=str(tmp_path / "out"))
    written = (tmp_path / "out" / "manifest.json").stat()
    run = do("export", run_id=killed.id)
    assert (run.state, run.error, run.counts["images"]) == (RunState.DONE, None, 1)
    assert _count(workspace, Export) == 1
    assert (tmp_path / "out" / "manifest.json").stat() == written


def test_zip_of_an_export_brings_the_labels_back_and_leaves_no_folder(workspace, author, do, upload, tmp_path):
    do("import", source=str(upload))
    with writing(workspace.engine) as session:
        image = session.exec(select(Image)).one()
        session.add(
            Instance(dataset_id=image.dataset_id, image_id=image.id, kind="face", left=1, top=2, right=9, bottom=8)
        )
    do("export", format="facet", folder=str(tmp_path / "out"))
    with reading(workspace.engine) as session:
        export = session.exec(select(Export)).one()
    content = b"".join(zipped_export(workspace, export.id).content)
    with writing(workspace.engine) as session:
        elsewhere = ensure_dataset("elsewhere", author, session=session)
    (source,) = keep_upload(workspace, [("out.zip", io.BytesIO(content))])
    run_id = submit(workspace, "import", dataset_id=elsewhere, author_id=author, parameters={"source": str(source)})
    run = do("import", run_id=run_id)
    assert (run.state, run.error) == (RunState.DONE, None)
    told = {"instances": 1, "points": 0, "people": 0, "kept": 0}
    assert run.counts == {"images": 1, "added": 1, "duplicates": 0, "skipped": 0, "restored": told}
    with reading(workspace.engine) as session:
        found = session.exec(select(Instance).where(Instance.dataset_id == elsewhere)).one()
    assert (found.left, found.top, found.right, found.bottom) == (1, 2, 9, 8)
    assert list(workspace.uploads.iterdir()) == []


@pytest.fixture
def one_face(workspace, dataset, monkeypatch):
    """A face that was found; what the models say of it is left to the test. Gives its id and the encoder's version."""
    with writing(workspace.engine) as session:
        encoder = ensure_model_version("staged", "encoder", "0" * 64, {}, session=session)
        image = Image(
            dataset_id=dataset, path="a", sha256="0", size_bytes=1, width=9, height=9, format="PNG", original="a"
        )
        session.add(image)
        session.flush()
        face = Instance(dataset_id=dataset, image_id=image.id, kind="face", left=0, top=0, right=1, bottom=1)
        session.add(face)
        session.flush()
    monkeypatch.setattr(tasks, "find_faces", lambda *_, **__: None)
    monkeypatch.setattr(tasks, "complete_faces", lambda *_, **__: CompletedFaces(encoder, 1))
    return face.id, encoder


def test_faces_without_any_embedding_are_counted_and_not_grouped(do, one_face):
    run = do("faces")
    assert (run.state, run.error) == (RunState.DONE, None)
    assert (run.counts["faces"], run.counts["people"], run.counts["incomplete"]) == (1, 0, 1)
    assert run.counts["looked_at"] == 0


def test_pictures_that_a_run_has_looked_at_are_told_from_those_of_before(workspace, do, one_face, monkeypatch):
    _, version = one_face

    def look(*_, run_id, **__):
        with writing(workspace.engine) as session:
            image = session.exec(select(Image.id)).one()
            session.merge(Scan(image_id=image, model_version_id=version, run_id=run_id))

    monkeypatch.setattr(tasks, "find_faces", look)
    assert do("faces", boxes_only=True).counts["looked_at"] == 0, "only boxes that are there"
    assert do("faces").counts["looked_at"] == 1
    monkeypatch.setattr(tasks, "find_faces", lambda *_, **__: None)
    assert do("faces").counts["looked_at"] == 0


@pytest.fixture
def blurred(workspace, dataset, monkeypatch):
    """Two faces of one person, which will be found to be blurred when they are measured."""
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(0, 1))])
    monkeypatch.setattr(tasks, "measure_faces", lambda *_, **__: judge(workspace, faces, poor=faces))
    return faces


def test_a_grouping_does_what_was_looked_at_and_measures_faces_for_the_next_one(workspace, dataset, do, blurred):
    encoder = encoder_of(workspace, dataset)
    people_then = []
    for _ in range(2):
        looked = people_tree(workspace, dataset, encoder, least=0.5, regroup=True).what_if(0.5)
        assert do("people", threshold=0.5, regroup=True).state == RunState.DONE
        people_then.append(looked.people)
        assert len({person for person, _ in owners(workspace, dataset).values()}) == looked.people
    assert people_then == [1, 2]


def test_found_faces_are_measured_before_they_are_grouped(workspace, dataset, do, one_face, blurred, monkeypatch):
    monkeypatch.setattr(tasks, "complete_faces", lambda *_, **__: CompletedFaces(encoder_of(workspace, dataset).id, 0))
    assert do("faces").state == RunState.DONE
    assert len({owners(workspace, dataset)[face] for face in blurred}) == 2


def test_faces_of_an_older_store_are_measured_by_a_grouping(workspace, dataset, do):
    [face] = add_faces(workspace, dataset, [("a.jpg", vector(0))])
    assert do("people").state == RunState.DONE
    with reading(workspace.engine) as session:
        assert session.get(FaceQuality, face).size == 48


def test_faces_of_which_one_has_an_embedding_are_grouped(workspace, do, one_face, monkeypatch):
    monkeypatch.setattr(tasks, "group_people", lambda *_, **__: {"threshold": 0.5})
    face, encoder = one_face
    with writing(workspace.engine) as session:
        session.add(Embedding(instance_id=face, model_version_id=encoder, vector=bytes(8)))
    assert do("faces").counts["threshold"] == 0.5


@pytest.mark.parametrize("stopped", [False, True])
def test_faces_that_a_run_has_found_in_a_clip_are_in_tracks_also_where_it_was_stopped(
    workspace, dataset, do, one_face, monkeypatch, stopped
):
    with writing(workspace.engine) as session:
        about = {"path": "a.mp4", "sha256": "1", "frames_per_second": 25.0, "original": "a"}
        clip = Video(dataset_id=dataset, width=9, height=9, frames=1, **about)
        session.add(clip)
        session.flush()
        session.add(Frame(video_id=clip.id, index=0, seconds=0.0, image_id=session.exec(select(Image.id)).one()))
    if stopped:
        monkeypatch.setattr(tasks, "complete_faces", raises(Cancelled("runs.this_cancelled")))
    assert do("faces").state == (RunState.CANCELLED if stopped else RunState.DONE)
    with reading(workspace.engine) as session:
        assert session.get(Instance, one_face[0]).track_id is not None


def raises(error):
    def fails(*_, **__):
        raise error

    return fails


def test_what_grouping_again_would_change_is_looked_at_and_nothing_is_changed(workspace, dataset, do):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(3)])
    encoder = encoder_of(workspace, dataset).id
    run = do("preview", encoder_id=encoder, threshold=0.5, regroup=True)
    assert (run.state, run.counts["placed"], run.counts["people_then"]) == (RunState.DONE, len(faces), 1)
    assert owners(workspace, dataset) == {}


def test_ways_of_grouping_are_compared_and_nothing_is_changed(workspace, dataset, do):
    add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(3)], identity="Ada")
    run = do("groupings", truth="folders")
    assert (run.state, run.counts["labelled"], run.counts["rows"][0]["f"]) == (RunState.DONE, 3, 1)
    assert owners(workspace, dataset) == {}
