"""Finding faces with tiny models, and completing those that lack points or an embedding: batches, failures, repeats."""

import numpy as np
import pytest
from sqlmodel import select

from core.exchange.exporting import export_dataset
from core.exchange.restoring import restore_export
from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.errors import Cancelled, NotEnoughData
from core.foundation.messages import verbatim, worded
from core.foundation.progress import Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.learning import next_pictures
from core.people.deciding import remove_faces
from core.people.face_models import FaceModels
from core.people.finding import complete_faces
from core.points.annotating import Edit, save_edit
from core.points.boxes import add_instances
from db.engine import reading
from db.queries.library import counts
from db.tables import (
    FaceQuality,
    ImageState,
    Instance,
    KeypointRevision,
    ModelUse,
    ModelVersion,
    Prediction,
    Review,
    SkippedInput,
    Source,
)
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.face_rows import Faces
from tests.builders.tiny_models import TinyEncoder, TinyLandmarker, box, tiny_models, tiny_picture


@pytest.fixture
def models(monkeypatch):
    made = tiny_models()
    monkeypatch.setattr(FaceModels, "load", lambda workspace, encoder=None: made)
    return made


@pytest.fixture
def shelf(workspace, dataset, author, tmp_path):
    return Faces(workspace, dataset, author, tmp_path / "photos")


def test_every_face_gets_a_box_68_points_and_an_embedding(shelf, models):
    shelf.add({"two.png": tiny_picture(2, shade=40)})
    run = shelf.find()
    first, second = shelf.faces("two.png")
    assert [(face.left, face.top, face.right, face.bottom) for face in (first, second)] == [box(0), box(1)]
    assert (first.origin, first.run_id, first.score) == (Source.MODEL, run, pytest.approx(0.99))
    assert np.frombuffer(first.five_points, "<f4").reshape(5, 2)[0].tolist() == [15, 15]
    (revision,) = shelf.revisions(first.id)
    assert (revision.id, revision.skeleton, revision.source) == (first.revision_id, "face68", Source.MODEL)
    (embedding,) = shelf.embeddings(first.id)
    assert np.frombuffer(embedding.vector, "<f4") == pytest.approx([np.cos(0.4), np.sin(0.4)])
    with reading(shelf.workspace.engine) as session:
        quality = session.get(FaceQuality, first.id)
    assert (quality.size, quality.sharpness, quality.yaw) == (20, 0, None)
    image = shelf.image("two.png")
    assert (image.state, image.faces, image.reason) == (ImageState.FOUND, 2, None)


class Doubting(TinyLandmarker):
    """Unsure of the points of a face, the more so the farther to the right it is."""

    name = "dlib-mesh"

    def estimate(self, image, corners, sources=None):
        unknown = np.full(68, np.nan, np.float32)
        return [
            (points, Uncertainty(unknown, np.full(68, left / 10, np.float32), unknown))
            for points, (left, *_) in zip(self.locate(image, corners, sources), corners, strict=True)
        ]


@pytest.fixture
def doubting(monkeypatch, models):
    made = FaceModels(models.detector, Doubting(), models.encoder)
    monkeypatch.setattr(FaceModels, "load", lambda workspace, encoder=None: made)


def test_what_the_models_doubt_is_kept_and_the_least_sure_is_what_to_label_next(shelf, doubting, author, monkeypatch):
    shelf.add({"one.png": tiny_picture(1, 10), "two.png": tiny_picture(2, 20), "drawn.png": tiny_picture(0, 30)})
    shelf.find()
    (drawn,) = add_instances(shelf.workspace, shelf.image("drawn.png").id, [(70, 10, 90, 30)], "face", author_id=author)
    shelf.complete()
    with reading(shelf.workspace.engine) as session:
        said = session.exec(select(Prediction).order_by(Prediction.instance_id)).all()
        assert [Uncertainty.from_bytes(row.uncertainty).neighbours[0] for row in said] == [1, 1, 4, 7]
        assert said[-1].instance_id == drawn
        for row in said:
            head = session.get(KeypointRevision, session.get(Instance, row.instance_id).revision_id)
            assert (head.points, head.model_version_id) == (row.points, row.model_version_id)
    monkeypatch.setattr(next_pictures, "built_in_for", lambda *_: "dlib-mesh")
    ranked = next_pictures.next_pictures(shelf.workspace, shelf.dataset, "face68")
    assert ranked.model == "dlib-mesh"
    assert ranked.images == [shelf.image(f"{name}.png").id for name in ("drawn", "two", "one")]


def test_a_model_that_says_nothing_of_its_doubt_leaves_none_and_nothing_can_be_ranked(shelf, models, monkeypatch):
    shelf.add({"one.png": tiny_picture(1)})
    shelf.find()
    with reading(shelf.workspace.engine) as session:
        assert session.exec(select(Prediction)).all() == []
    monkeypatch.setattr(next_pictures, "built_in_for", lambda *_: "dlib-mesh")
    with pytest.raises(NotEnoughData, match="predict with dlib-mesh, or train or promote a model"):
        next_pictures.next_pictures(shelf.workspace, shelf.dataset, "face68")


def test_each_row_names_the_model_it_came_from(shelf, models):
    shelf.add({"one.png": tiny_picture(1)})
    shelf.find()
    (face,) = shelf.faces()
    with reading(shelf.workspace.engine) as session:
        name = lambda version: session.get(ModelVersion, version).name  # noqa: E731
        assert name(face.model_version_id) == "tiny-detector"
        assert name(shelf.revisions(face.id)[0].model_version_id) == "tiny-landmarks"
        assert name(shelf.embeddings(face.id)[0].model_version_id) == "tiny-encoder"
        assert sorted(session.exec(select(ModelUse.model_version_id))) == [1, 2, 3]


def test_picture_without_a_face_is_empty_and_counted(shelf, models):
    shelf.add({"none.png": tiny_picture(0), "one.png": tiny_picture(1)})
    shelf.find()
    assert shelf.image("none.png").state == ImageState.EMPTY
    with reading(shelf.workspace.engine) as session:
        found = counts(shelf.dataset, session=session)
    assert (found.images, found.faces, found.without_face, found.failed) == (2, 1, 1, 0)


def test_dataset_without_pictures_finds_nothing(shelf, models):
    shelf.find()
    assert (models.detector.calls, shelf.counts()) == ([], (0, 0, 0))


def test_pictures_go_through_the_models_in_batches_of_the_chosen_size(models, tmp_path, author, dataset, workspace):
    small = Workspace(Settings(home=workspace.home, batch=3))
    shelf = Faces(small, dataset, author, tmp_path / "photos")
    shelf.add({f"{shade}.png": tiny_picture(1, shade) for shade in range(7)})
    shelf.find()
    assert models.detector.calls == [3, 3, 1]
    assert models.encoder.calls == [3, 3, 1], "the faces of a batch are embedded together"
    small.engine.dispose()


def test_each_face_keeps_its_own_embedding_in_a_mixed_batch(shelf, models):
    shelf.add({"a.png": tiny_picture(2, 10), "b.png": tiny_picture(0, 20), "c.png": tiny_picture(1, 30)})
    shelf.find()
    angles = {name: [_angle(shelf, face) for face in shelf.faces(name)] for name in ("a.png", "b.png", "c.png")}
    assert angles == {"a.png": pytest.approx([0.1, 0.1]), "b.png": [], "c.png": pytest.approx([0.3])}


def _angle(shelf, face):
    x, y = np.frombuffer(shelf.embeddings(face.id)[0].vector, "<f4")
    return float(np.arctan2(y, x))


def test_picture_that_fails_alone_does_not_spoil_its_batch(shelf, models):
    shelf.add({"a.png": tiny_picture(1, 1), "broken.png": tiny_picture(1, 2, broken=True), "c.png": tiny_picture(1, 3)})
    shelf.find()
    assert models.detector.calls == [3, 1, 1, 1]
    assert [shelf.image(name).state for name in ("a.png", "c.png")] == [ImageState.FOUND] * 2
    broken = shelf.image("broken.png")
    assert broken.state == ImageState.FAILED
    assert worded(broken.reason) == "broken.png: a model failed on it (RuntimeError: out of tiny memory)"
    assert shelf.faces("broken.png") == []


def test_original_that_is_gone_fails_with_the_reason_and_is_tried_by_the_next_run(shelf, models):
    shelf.add({"a.png": tiny_picture(1, 1), "gone.png": tiny_picture(1, 2)})
    original = shelf.workspace.original(shelf.image("gone.png").original)
    content = original.read_bytes()
    original.unlink()
    first = shelf.find()
    gone = shelf.image("gone.png")
    assert gone.state == ImageState.FAILED
    assert worded(gone.reason) == f"gone.png: the original is gone from {original.parent}"
    models.detector.calls.clear()
    shelf.find(first)
    assert models.detector.calls == [], "the run that goes on does not try its own failures again"
    original.write_bytes(content)
    shelf.find()
    assert (shelf.image("gone.png").state, shelf.image("gone.png").reason) == (ImageState.FOUND, None)
    assert len(shelf.faces("gone.png")) == 1
    assert [scan.failure for scan in shelf.scans()] == [None, None]


def test_original_that_was_replaced_by_another_size_is_refused(shelf, models):
    shelf.add({"a.png": tiny_picture(1, 1)})
    shelf.workspace.original(shelf.image("a.png").original).write_bytes(tiny_picture(1, 1, size=(50, 40)))
    shelf.find()
    assert worded(shelf.image("a.png").reason) == (
        "a.png: the original was changed since the import (50 × 40 pixels, not 120 × 60)"
    )


def test_original_that_was_damaged_later_fails_with_the_reason(shelf, models):
    shelf.add({"a.png": tiny_picture(1, 1)})
    shelf.workspace.original(shelf.image("a.png").original).write_bytes(b"no picture")
    shelf.find()
    assert worded(shelf.image("a.png").reason) == "a.png: not a picture but text"


def test_picture_in_progress_that_failed_meanwhile_is_in_progress_again(shelf, models, author):
    shelf.add({"a.png": tiny_picture(1, 1)})
    shelf.find()
    save_edit(shelf.workspace, Edit("e1", shelf.faces()[0].id, None, ((0, 5.0, 5.0, 2),)), author_id=author)
    original = shelf.workspace.original(shelf.image("a.png").original)
    content = original.read_bytes()
    original.unlink()
    models.detector.settings["version"] = 2
    shelf.find()
    assert shelf.image("a.png").state == ImageState.FAILED
    original.write_bytes(content)
    shelf.find()
    assert shelf.image("a.png").state == ImageState.IN_PROGRESS


def test_second_run_finds_nothing_twice_and_asks_no_model(shelf, models):
    shelf.add({"a.png": tiny_picture(2, 1), "b.png": tiny_picture(1, 2)})
    shelf.find()
    before, moments = shelf.counts(), [scan.at for scan in shelf.scans()]
    models.detector.calls.clear()
    shelf.find()
    assert (shelf.counts(), [scan.at for scan in shelf.scans()]) == (before, moments)
    assert models.detector.calls == []
    assert before == (3, 3, 3)


def test_two_processes_at_the_same_pictures_store_them_once(shelf, models):
    shelf.add({"a.png": tiny_picture(2, 1), "b.png": tiny_picture(1, 2)})

    def other() -> None:
        models.detector.before = lambda: None
        shelf.find()

    models.detector.before = other  # the other one is done while this one has not stored yet
    late = shelf.find()
    assert shelf.counts() == (3, 3, 3)
    assert late not in {scan.run_id for scan in shelf.scans()}


def test_new_pictures_are_the_only_ones_looked_at(shelf, models):
    shelf.add({"a.png": tiny_picture(2, 1)})
    shelf.find()
    old = [face.id for face in shelf.faces()]
    models.detector.calls.clear()
    shelf.add({"b.png": tiny_picture(1, 2)})
    shelf.find()
    assert models.detector.calls == [1]
    assert [face.id for face in shelf.faces("a.png")] == old
    assert len(shelf.faces("b.png")) == 1


def test_rejected_face_does_not_come_back(shelf, models, author):
    shelf.add({"a.png": tiny_picture(2, 1)})
    shelf.find()
    rejected, kept = shelf.faces()
    remove_faces(shelf.workspace, [rejected.id], author_id=author)
    models.detector.settings["version"] = 2  # as another detector, it looks at every picture again
    shelf.find()
    assert [(face.id, face.removed) for face in shelf.faces()] == [(rejected.id, True), (kept.id, False)]
    assert shelf.image("a.png").faces == 1


def test_newer_detector_adds_only_faces_that_were_not_there(shelf, models):
    shelf.add({"a.png": tiny_picture(1, 1)})
    shelf.find()
    (old,) = shelf.faces()
    models.detector.settings["version"] = 2
    models.detector._boxes = lambda count: tiny_models().detector._boxes(count + 1)
    shelf.find()
    assert [face.left for face in shelf.faces()] == [box(0)[0], box(1)[0]]
    assert shelf.faces()[0].id == old.id


def test_box_that_a_human_drew_stands_in_for_the_detectors(shelf, models, author):
    shelf.add({"a.png": tiny_picture(1, 1)})
    drawn = add_instances(shelf.workspace, shelf.image("a.png").id, [(11, 11, 31, 31)], "face", author_id=author)[0]
    shelf.find()
    assert [face.id for face in shelf.faces()] == [drawn]
    assert shelf.image("a.png").state == ImageState.FOUND


def test_corrected_points_still_count_after_another_run(shelf, models, author):
    shelf.add({"a.png": tiny_picture(1, 1)})
    shelf.find()
    (face,) = shelf.faces()
    revision = save_edit(
        shelf.workspace, Edit("e1", face.id, face.revision_id, ((30, 12.5, 13.0, 2),)), author_id=author
    )
    models.detector.settings["version"] = 2
    shelf.find()
    assert shelf.faces()[0].revision_id == revision
    assert shelf.image("a.png").state == ImageState.IN_PROGRESS


def test_cancelled_run_keeps_what_is_finished_and_the_next_goes_on_there(models, tmp_path, author, dataset, workspace):
    class Stops(Progress):
        def advance(self, done, message=""):
            raise Cancelled("runs.this_cancelled")

    class Hears(Progress):
        def begin(self, total, done=0, message=""):
            self.began = (total, done)

    small = Workspace(Settings(home=workspace.home, batch=2))
    shelf = Faces(small, dataset, author, tmp_path / "photos")
    shelf.add({f"{shade}.png": tiny_picture(1, shade) for shade in range(5)})
    with pytest.raises(Cancelled, match="was cancelled"):
        shelf.find(progress=Stops())
    assert (shelf.counts(), len(shelf.scans())) == ((2, 2, 2), 2)
    hears = Hears()
    shelf.find(progress=hears)
    assert hears.began == (5, 2)
    assert (shelf.counts(), models.detector.calls) == ((5, 5, 5), [2, 2, 1])
    small.engine.dispose()


def test_nothing_is_stored_of_a_batch_whose_transaction_fails(shelf, models, monkeypatch):
    shelf.add({"a.png": tiny_picture(1, 1), "b.png": tiny_picture(1, 2)})
    stored = []

    def fails_at_second(image_id, *, session):
        stored.append(image_id)
        if len(stored) == 2:
            raise OSError("disk full")

    monkeypatch.setattr("core.people.finding.refresh_picture", fails_at_second)
    with pytest.raises(OSError, match="disk full"):
        shelf.find()
    assert (shelf.counts(), shelf.scans()) == ((0, 0, 0), [])


def test_picture_deleted_meanwhile_is_passed_over(shelf, models):
    shelf.add({"a.png": tiny_picture(1, 1), "b.png": tiny_picture(1, 2)})
    doomed = shelf.image("a.png")

    def delete() -> None:
        with writing(shelf.workspace.engine) as session:
            session.delete(session.merge(doomed))

    models.detector.before = delete
    shelf.find()
    assert [face.image_id for face in shelf.faces()] == [shelf.image("b.png").id]


def test_crops_are_kept_for_the_faces_that_were_found(shelf, models):
    shelf.add({"a.png": tiny_picture(2, 1)})
    shelf.find()
    crops = sorted((shelf.workspace.home / "crops").rglob("*.jpg"))
    assert len(crops) == 2


def test_vectors_of_another_encoder_do_not_replace_the_first(shelf, models, monkeypatch):
    shelf.add({"a.png": tiny_picture(1, 1)})
    shelf.find()
    other = tiny_models(TinyEncoder("other-encoder", turn=1.0))
    monkeypatch.setattr(FaceModels, "load", lambda workspace, encoder=None: other)
    shelf.add({"b.png": tiny_picture(1, 2)})
    shelf.find()
    assert other.detector.calls == [1], "the same detector has seen the first picture already"
    assert len(shelf.embeddings()) == 2


# Faces that lack points or an embedding: drawn by hand, restored, or embedded by another encoder before


def _skipped(shelf, run):
    with reading(shelf.workspace.engine) as session:
        return [
            (row.path, worded(row.reason))
            for row in session.exec(select(SkippedInput).where(SkippedInput.run_id == run))
        ]


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
    *_, revision = copy.revisions(restored[0].id)
    assert (revision.source, revision.review) == (Source.HUMAN, Review.IN_PROGRESS)
    assert Keypoints.from_bytes(revision.points).points[30].tolist() == [12.5, 13.0]
    assert copy.image("a.png").state == ImageState.IN_PROGRESS


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
