"""What each kind of run does, also when its process is killed after the last of it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from sqlmodel import func, select

from core.exchange.delivering import zipped_export
from core.foundation.arrays import Keypoints
from core.jobs import model_tasks, runs, tasks
from core.jobs.kinds import RUN_KINDS
from core.jobs.runs import perform, recover, submit
from core.learning.promoting import promote, promoted_skeletons
from core.library.uploading import keep_upload
from db.engine import reading
from db.tables import Embedding, Export, Image, Instance, KeypointRevision, ModelVersion, Run, RunState, Source
from db.writes.library import ensure_dataset
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf


class Killed(BaseException):
    """Stands for kill -9: nothing is written any more."""


@pytest.fixture
def do(workspace, dataset, author):
    """Submits a run and does it in this process; `killed` is just before its end would be written."""

    def done(kind, *, killed=False, run_id=None, **parameters):
        run_id = run_id or submit(workspace, kind, dataset_id=dataset, author_id=author, parameters=parameters)
        with pytest.MonkeyPatch.context() as patch:
            if killed:
                patch.setattr(runs, "_end", lambda *_, **__: (_ for _ in ()).throw(Killed))
                with pytest.raises(Killed):
                    perform(workspace, run_id, RUN_KINDS[kind].task, afterwards=RUN_KINDS[kind].afterwards)
                with writing(workspace.engine) as session:
                    session.get(Run, run_id).worker = "this-host:999999:1"
                assert recover(workspace) == [run_id]
            else:
                perform(workspace, run_id, RUN_KINDS[kind].task, afterwards=RUN_KINDS[kind].afterwards)
        with reading(workspace.engine) as session:
            return session.get(Run, run_id)

    return done


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


def test_upload_of_an_import_that_failed_stays_for_another_attempt(workspace, do, upload, monkeypatch):
    monkeypatch.setattr(tasks.PictureIntake, "take", lambda *_: 1 / 0)
    assert do("import", source=str(upload)).state == RunState.FAILED
    assert upload.is_dir()


def test_import_of_an_upload_that_was_killed_at_its_end_goes_on(workspace, do, upload):
    killed = do("import", killed=True, source=str(upload))
    run = do("import", run_id=killed.id)
    assert (run.state, run.error) == (RunState.DONE, None)
    assert run.counts == {"images": 1, "added": 1, "duplicates": 0, "clips": 0, "frames": 0, "skipped": 0}
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
    assert run.counts == {"images": 1, "added": 1, "duplicates": 0, "skipped": 0}
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
    monkeypatch.setattr(tasks, "find_faces", lambda *_, **__: encoder)
    monkeypatch.setattr(tasks, "complete_faces", lambda *_, **__: 1)
    return face.id, encoder


def test_faces_without_any_embedding_are_counted_and_not_grouped(do, one_face):
    run = do("faces")
    assert (run.state, run.error) == (RunState.DONE, None)
    assert (run.counts["faces"], run.counts["people"], run.counts["incomplete"]) == (1, 0, 1)


def test_faces_of_which_one_has_an_embedding_are_grouped(workspace, do, one_face, monkeypatch):
    monkeypatch.setattr(tasks, "group_people", lambda *_, **__: {"threshold": 0.5})
    face, encoder = one_face
    with writing(workspace.engine) as session:
        session.add(Embedding(instance_id=face, model_version_id=encoder, vector=bytes(8)))
    assert do("faces").counts["threshold"] == 0.5


@pytest.mark.parametrize("kind", ["faces", "predict"])
def test_people_that_came_after_a_promotion_get_its_points_too(workspace, dataset, author, do, monkeypatch, kind):
    """Of a person two skeletons can be promoted; the last one counts."""
    shelf = Shelf(workspace, dataset, author)
    for name, shape in (("old", "coco17"), ("new", "body24")):
        shelf.model(name, shape)
        promote(workspace, dataset, name, author_id=author)
    assert promoted_skeletons(workspace, dataset) == ["body24"]
    late = shelf.instance(shelf.image("late.png"), kind="person")
    touched = shelf.instance(shelf.image("b.png"), body(), kind="person", skeleton="body24")

    def predict(*_, model, **__):
        version = shelf_version(workspace, model)
        for one in (late, touched):
            shelf.predict(one, version, body(4.0), "body24")
        return {"model_version": version, "instances": 2, "predicted": 2, "failed": 0}

    monkeypatch.setattr(model_tasks, "predict", predict)
    monkeypatch.setattr(tasks, "find_faces", lambda *_, **__: 0)
    monkeypatch.setattr(tasks, "complete_faces", lambda *_, **__: 0)
    assert do(kind, model="new").state == RunState.DONE
    assert head(workspace, late) == (Source.MODEL, [4.0, 4.0])
    assert head(workspace, touched) == (Source.HUMAN, [0.0, 0.0])


def body(shift=0.0):
    return np.arange(48.0).reshape(24, 2) * [1, 0] * 2 + shift


def shelf_version(workspace, name):
    with reading(workspace.engine) as session:
        return session.exec(select(ModelVersion.id).where(ModelVersion.name == name)).one()


def head(workspace, instance):
    with reading(workspace.engine) as session:
        revision = session.get(KeypointRevision, session.get(Instance, instance).revision_id)
        return revision.source, Keypoints.from_bytes(revision.points).points[0].tolist()
