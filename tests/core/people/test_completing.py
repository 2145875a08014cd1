"""Faces that lack points or an embedding get them: drawn by hand, restored, or embedded by another encoder before."""

import numpy as np
import pytest
from sqlmodel import select

from core.exchange.exporting import export_dataset
from core.exchange.restoring import restore_export
from core.foundation.arrays import Keypoints
from core.foundation.messages import verbatim, worded
from core.foundation.progress import Progress
from core.people.deciding import remove_faces
from core.people.face_models import FaceModels
from core.people.finding import complete_faces
from core.points.annotating import Edit, add_instances, save_edit
from db.engine import reading
from db.tables import ImageState, Instance, Skipped, Source
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.face_rows import Faces
from tests.builders.tiny_models import TinyEncoder, tiny_models, tiny_picture


@pytest.fixture
def models(monkeypatch):
    made = tiny_models()
    monkeypatch.setattr(FaceModels, "load", lambda workspace, encoder=None: made)
    return made


@pytest.fixture
def shelf(workspace, dataset, author, tmp_path):
    return Faces(workspace, dataset, author, tmp_path / "photos")


def _skipped(shelf, run):
    with reading(shelf.workspace.engine) as session:
        return [(row.path, worded(row.reason)) for row in session.exec(select(Skipped).where(Skipped.run_id == run))]


def test_box_drawn_by_hand_gets_points_and_an_embedding(shelf, models, author):
    shelf.add({"a.png": tiny_picture(0, 50)})
    drawn = add_instances(shelf.workspace, shelf.image("a.png").id, [(20, 10, 60, 50)], "face", author_id=author)[0]
    _, left = shelf.complete()
    (revision,) = shelf.revisions(drawn)
    points = Keypoints.from_bytes(revision.points).points
    assert (points[0].tolist(), points[-1].tolist()) == ([20, 10], [60, 50])
    assert (revision.source, revision.author_id) == (Source.MODEL, None)
    assert np.frombuffer(shelf.embeddings(drawn)[0].vector, "<f4") == pytest.approx([np.cos(0.5), np.sin(0.5)])
    (face,) = shelf.faces()
    assert (face.revision_id, face.origin, left) == (revision.id, Source.HUMAN, 0)


def test_points_that_a_human_set_are_kept_and_only_the_embedding_is_added(shelf, models, author):
    shelf.add({"a.png": tiny_picture(0, 50)})
    drawn = add_instances(shelf.workspace, shelf.image("a.png").id, [(20, 10, 60, 50)], "face", author_id=author)[0]
    revision = save_edit(shelf.workspace, Edit("e1", drawn, None, ((3, 25.0, 25.0, 2),)), author_id=author)
    shelf.complete()
    assert [row.id for row in shelf.revisions(drawn)] == [revision]
    assert len(shelf.embeddings(drawn)) == 1


def test_another_encoder_embeds_the_same_faces_without_detecting_again(shelf, models, monkeypatch):
    shelf.add({"a.png": tiny_picture(2, 10), "b.png": tiny_picture(1, 20)})
    shelf.find()
    before = [(face.id, face.revision_id) for face in shelf.faces()]
    other = tiny_models(TinyEncoder("other-encoder", turn=1.0))
    monkeypatch.setattr(FaceModels, "load", lambda workspace, encoder=None: other)
    shelf.find()
    _, left = shelf.complete()
    assert (other.detector.calls, left) == ([], 0)
    assert other.encoder.calls == [3], "the faces of a batch of pictures are embedded together"
    assert [(face.id, face.revision_id) for face in shelf.faces()] == before
    first, second = shelf.embeddings(before[0][0])
    assert np.frombuffer(first.vector, "<f4") == pytest.approx([np.cos(0.1), np.sin(0.1)])
    assert np.frombuffer(second.vector, "<f4") == pytest.approx([np.cos(1.1), np.sin(1.1)])


def test_complete_dataset_is_left_alone(shelf, models):
    shelf.add({"a.png": tiny_picture(2, 10)})
    shelf.find()
    before = shelf.counts()
    models.encoder.calls.clear()
    assert shelf.complete()[1] == 0
    assert (shelf.counts(), models.encoder.calls) == (before, [])


def test_empty_dataset_has_nothing_to_complete(shelf, models):
    assert shelf.complete()[1] == 0


def test_rejected_faces_and_whole_persons_are_not_completed(shelf, models, author):
    shelf.add({"a.png": tiny_picture(0, 10)})
    image = shelf.image("a.png").id
    rejected = add_instances(shelf.workspace, image, [(0, 0, 20, 20)], "face", author_id=author)[0]
    add_instances(shelf.workspace, image, [(0, 0, 50, 50)], "person", author_id=author)[0]
    remove_faces(shelf.workspace, [rejected], author_id=author)
    shelf.complete()
    assert shelf.counts() == (2, 0, 0)


def test_missing_original_is_listed_with_the_reason_and_its_faces_are_counted(shelf, models, author):
    shelf.add({"a.png": tiny_picture(0, 10), "gone.png": tiny_picture(0, 20)})
    for name, left in (("a.png", 0), ("gone.png", 0), ("gone.png", 50)):
        add_instances(shelf.workspace, shelf.image(name).id, [(left, 0, left + 20, 20)], "face", author_id=author)[0]
    original = shelf.workspace.original(shelf.image("gone.png").original)
    content = original.read_bytes()
    original.unlink()
    run, left = shelf.complete()
    assert left == 2
    assert _skipped(shelf, run) == [("gone.png", f"the original is gone from {original.parent}")]
    assert len(shelf.embeddings()) == 1
    original.write_bytes(content)
    run, left = shelf.complete()
    assert (left, _skipped(shelf, run), len(shelf.embeddings())) == (0, [], 3)


def test_model_that_fails_on_one_picture_leaves_the_others_complete(shelf, models, author):
    shelf.add({"a.png": tiny_picture(0, 10), "b.png": tiny_picture(0, 20)})
    for name in ("a.png", "b.png"):
        add_instances(shelf.workspace, shelf.image(name).id, [(0, 0, 20, 20)], "face", author_id=author)[0]
    plain = models.encoder.crop

    def fails_on_b(image, *rest):
        if image[5, 5, 0] == 20:
            raise ValueError("a shape that cannot be")
        return plain(image, *rest)

    models.encoder.crop = fails_on_b
    run, left = shelf.complete()
    assert (left, len(shelf.embeddings())) == (1, 1)
    assert _skipped(shelf, run) == [("b.png", "a model failed on it (ValueError: a shape that cannot be)")]


def test_run_that_goes_on_lists_a_failure_once(shelf, models, author):
    shelf.add({"a.png": tiny_picture(0, 10)})
    add_instances(shelf.workspace, shelf.image("a.png").id, [(0, 0, 20, 20)], "face", author_id=author)[0]
    models.encoder.broken = True
    run, _ = shelf.complete()
    complete_faces(shelf.workspace, dataset_id=shelf.dataset, run_id=run)
    assert len(_skipped(shelf, run)) == 1


def test_restored_export_gets_embeddings_and_keeps_its_human_points(shelf, models, author, tmp_path):
    shelf.add({"a.png": tiny_picture(2, 10)})
    shelf.find()
    first = shelf.faces()[0]
    save_edit(
        shelf.workspace,
        Edit("e1", first.id, first.revision_id, ((30, 12.5, 13.0, 1),), verbatim("nose")),
        author_id=author,
    )
    export_dataset(
        shelf.workspace,
        dataset_id=shelf.dataset,
        author_id=author,
        run_id=shelf.run("export"),
        format_name="facet",
        folder=tmp_path / "out",
    )
    with writing(shelf.workspace.engine) as session:
        copy = Faces(shelf.workspace, ensure_dataset("copy", author, session=session), author, tmp_path / "unused")
    restore_export(
        copy.workspace, tmp_path / "out", dataset_id=copy.dataset, author_id=author, run_id=copy.run("import")
    )
    assert [copy.embeddings(face.id) for face in copy.faces()] == [[], []]
    copy.find()
    copy.complete()
    restored = copy.faces()
    assert len(restored) == 2, "the detector's faces are those that came in"
    assert [len(copy.embeddings(face.id)) for face in restored] == [1, 1]
    (revision,) = copy.revisions(restored[0].id)
    assert revision.source == Source.HUMAN
    assert Keypoints.from_bytes(revision.points).points[30].tolist() == [12.5, 13.0]
    assert copy.image("a.png").state == ImageState.CORRECTED


def test_face_deleted_meanwhile_is_passed_over(shelf, models, author, monkeypatch):
    shelf.add({"a.png": tiny_picture(0, 10)})
    drawn = add_instances(shelf.workspace, shelf.image("a.png").id, [(0, 0, 20, 20)], "face", author_id=author)[0]
    plain = models.encoder.embed

    def deletes(crops):
        with writing(shelf.workspace.engine) as session:
            session.delete(session.get(Instance, drawn))
        return plain(crops)

    monkeypatch.setattr(models.encoder, "embed", deletes)
    shelf.complete()
    assert shelf.counts() == (0, 0, 0)


def test_progress_counts_faces(shelf, models, author):
    heard = []

    class Hears(Progress):
        def begin(self, total, done=0, message=""):
            heard.append(total)

        def advance(self, done, message=""):
            heard.append(done)

    shelf.add({"a.png": tiny_picture(0, 10)})
    for left in (0, 40):
        add_instances(shelf.workspace, shelf.image("a.png").id, [(left, 0, left + 20, 20)], "face", author_id=author)[0]
    complete_faces(shelf.workspace, dataset_id=shelf.dataset, run_id=shelf.run(), progress=Hears())
    assert heard == [2, 2]
