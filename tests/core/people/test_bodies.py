"""Finding people with tiny models, and giving points to boxes that have none."""

import json

import numpy as np
import pytest
from sqlmodel import select

from core.exchange.exporting import export_dataset
from core.exchange.restoring import restore_export
from core.foundation.arrays import Keypoints
from core.foundation.errors import MissingWeights
from core.foundation.messages import worded
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.people import bodies
from core.people.bodies import BodyModels, complete_bodies, counted_bodies, find_bodies, what_is_missing
from core.people.deciding import remove_faces
from core.points.annotating import Edit, save_edit
from core.points.boxes import add_instances
from db.engine import reading
from db.queries.library import count_without_face
from db.tables import ImageState, Instance, KeypointRevision, ModelUse, ModelVersion, Review, SkippedInput, Source
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.face_rows import Faces
from tests.builders.tiny_models import TinyDetector, box, tiny_models, tiny_picture


class TinyBodyPoints:
    """24 points along the diagonal of the box; `sources` holds what it was told of each."""

    name, weights_sha256, settings = "tiny-points", "f" * 64, {}

    def __init__(self):
        self.sources = []

    def locate(self, image, corners, sources=None):
        self.sources.append(sources)
        if image[0, 0, 1] == 255:
            raise RuntimeError("out of tiny memory")
        steps = np.linspace(0, 1, 24)[:, None]
        return [Keypoints.of(one[:2] + steps * (one[2:] - one[:2])) for one in np.asarray(corners)]


@pytest.fixture
def models(monkeypatch):
    made = BodyModels(TinyDetector(), TinyBodyPoints())
    made.detector.name = "blazepose"
    monkeypatch.setattr(BodyModels, "load", lambda workspace: made)
    return made


class Bodies(Faces):
    """The shelf of faces, where people are looked for."""

    def find(self, run_id=None):
        number = self.run("bodies") if run_id is None else run_id
        find_bodies(self.workspace, dataset_id=self.dataset, run_id=number)
        return number

    def complete(self):
        number = self.run("bodies")
        return complete_bodies(self.workspace, dataset_id=self.dataset, run_id=number)

    def people(self):
        with reading(self.workspace.engine) as session:
            return session.exec(select(Instance).where(Instance.kind == "person").order_by(Instance.id)).all()

    def counts(self):
        found = counted_bodies(self.workspace, self.dataset)
        return found.images, found.bodies, found.without_body, found.failed


@pytest.fixture
def shelf(workspace, dataset, author, tmp_path):
    return Bodies(workspace, dataset, author, tmp_path / "photos")


def test_every_person_gets_a_box_and_24_points(shelf, models):
    shelf.add({"two.png": tiny_picture(2), "none.png": tiny_picture(0, 3)})
    run = shelf.find()
    first, second = shelf.people()
    assert [first.box, second.box] == [box(0), box(1)]
    assert (first.origin, first.run_id, first.score) == (Source.MODEL, run, pytest.approx(0.99))
    (revision,) = shelf.revisions(first.id)
    assert (revision.skeleton, revision.source, revision.review) == ("body24", Source.MODEL, Review.OPEN)
    assert revision.id == first.revision_id
    assert len(Keypoints.from_bytes(revision.points)) == 24
    assert shelf.image("two.png").state == ImageState.FOUND
    assert shelf.image("none.png").state == ImageState.EMPTY
    assert shelf.counts() == (2, 2, 1, 0)


def test_each_row_names_the_model_it_came_from(shelf, models):
    shelf.add({"one.png": tiny_picture(1)})
    shelf.find()
    (body,) = shelf.people()
    with reading(shelf.workspace.engine) as session:
        detector = session.get(ModelVersion, body.model_version_id)
        points = session.get(ModelVersion, shelf.revisions(body.id)[0].model_version_id)
        assert (detector.name, detector.kind, points.name, points.kind) == (
            *("blazepose", "body-detector"),
            *("tiny-points", "landmarks"),
        )
        assert {*session.exec(select(ModelUse.model_version_id))} == {detector.id, points.id}


def test_a_second_run_looks_at_nothing_again_and_finds_nobody_twice(shelf, models):
    shelf.add({"one.png": tiny_picture(1)})
    shelf.find()
    models.detector.calls.clear()
    shelf.find()
    assert (models.detector.calls, len(shelf.people())) == ([], 1)


def test_a_run_that_died_half_way_goes_on_without_finding_anybody_twice(models, workspace, dataset, author, tmp_path):
    one_by_one = Workspace(Settings(home=workspace.home, batch=1))
    shelf = Bodies(one_by_one, dataset, author, tmp_path / "photos")
    shelf.add({f"{shade}.png": tiny_picture(1, shade) for shade in range(4)})
    run = shelf.run("bodies")

    def die():
        if len(models.detector.calls) == 3:
            raise KeyboardInterrupt

    models.detector.before = die
    with pytest.raises(KeyboardInterrupt):
        shelf.find(run)
    assert len(shelf.people()) == 2
    models.detector.before = lambda: None
    shelf.find(run)
    assert len(shelf.people()) == 4
    assert sum(models.detector.calls) == 3 + 2, "only what was not committed is looked at again"
    one_by_one.engine.dispose()


def test_somebody_who_is_there_or_was_taken_out_is_not_added_again(shelf, models, author):
    shelf.add({"two.png": tiny_picture(2)})
    image = shelf.image("two.png")
    drawn, wrong = add_instances(shelf.workspace, image.id, [box(0), box(1)], "person", author_id=author)
    remove_faces(shelf.workspace, [wrong], author_id=author)
    shelf.find()
    assert [body.id for body in shelf.people()] == [drawn, wrong]


def test_a_face_in_the_same_place_is_somebody_else(shelf, models, author):
    shelf.add({"one.png": tiny_picture(1)})
    add_instances(shelf.workspace, shelf.image("one.png").id, [box(0)], "face", author_id=author)
    shelf.find()
    assert len(shelf.people()) == 1


def test_boxes_without_points_get_some_and_say_where_they_come_from(shelf, models, author):
    shelf.add({"none.png": tiny_picture(0)})
    (drawn,) = add_instances(shelf.workspace, shelf.image("none.png").id, [box(2)], "person", author_id=author)
    assert shelf.complete() == 0
    (revision,) = shelf.revisions(drawn)
    assert (revision.skeleton, revision.source) == ("body24", Source.MODEL)
    assert Keypoints.from_bytes(revision.points).points[0].tolist() == [70, 10]
    assert models.landmarker.sources == [["drawn"]]
    assert shelf.complete() == 0
    assert len(shelf.revisions(drawn)) == 1, "it has points now"


def test_points_that_a_human_set_stay(shelf, models, author):
    shelf.add({"none.png": tiny_picture(0)})
    image = shelf.image("none.png")
    (drawn,) = add_instances(shelf.workspace, image.id, [box(2)], "person", author_id=author)
    edit = Edit("11111111-1111-4111-8111-111111111111", drawn, None, [(0, 80.0, 20.0, 2)])
    save_edit(shelf.workspace, edit, author_id=author)
    shelf.complete()
    shelf.find()
    with reading(shelf.workspace.engine) as session:
        assert session.exec(select(KeypointRevision.source)).all() == [Source.HUMAN]


def test_a_picture_that_fails_is_listed_with_its_reason_and_tried_by_the_next_run(shelf, models, author):
    shelf.add({"broken.png": tiny_picture(1, broken=True), "one.png": tiny_picture(1, 5)})
    shelf.find()
    assert shelf.counts() == (2, 1, 0, 1)
    with reading(shelf.workspace.engine) as session:
        (skipped,) = session.exec(select(SkippedInput))
        assert worded(skipped.reason) == "a model failed on it (RuntimeError: out of tiny memory)"
    models.detector.calls.clear()
    shelf.find()
    assert models.detector.calls == [1]
    add_instances(shelf.workspace, shelf.image("broken.png").id, [box(0)], "person", author_id=author)
    assert shelf.complete() == 1, "how many could not get points"


def test_faces_and_people_are_looked_for_one_after_the_other(shelf, models, monkeypatch):
    from core.people.face_models import FaceModels
    from core.people.finding import find_faces

    made = tiny_models()
    monkeypatch.setattr(FaceModels, "load", lambda workspace, encoder=None: made)
    shelf.add({"one.png": tiny_picture(1)})
    shelf.find()
    find_faces(shelf.workspace, dataset_id=shelf.dataset, run_id=shelf.run())
    with reading(shelf.workspace.engine) as session:
        assert sorted(session.exec(select(Instance.kind))) == ["face", "person"]


def test_whether_a_picture_holds_no_face_is_not_known_where_only_people_were_looked_for(shelf, models, monkeypatch):
    from core.people.face_models import FaceModels
    from core.people.finding import find_faces

    def without_face():
        with reading(shelf.workspace.engine) as session:
            return count_without_face(shelf.dataset, session=session)

    made = tiny_models()
    monkeypatch.setattr(FaceModels, "load", lambda workspace, encoder=None: made)
    shelf.add({"one.png": tiny_picture(1), "none.png": tiny_picture(0, 3)})
    shelf.find()
    assert without_face() == 0
    find_faces(shelf.workspace, dataset_id=shelf.dataset, run_id=shelf.run())
    assert without_face() == 1


def test_an_export_with_bodies_comes_back(shelf, models, tmp_path):
    shelf.add({"two.png": tiny_picture(2)})
    shelf.find()
    author = shelf.author
    export_dataset(
        shelf.workspace,
        dataset_id=shelf.dataset,
        author_id=author,
        run_id=shelf.run("export"),
        format_name="coco",
        folder=tmp_path / "out",
        points="all",
    )
    written = json.loads((tmp_path / "out" / "annotations.json").read_text())
    assert [(each["category_id"], each["num_keypoints"]) for each in written["annotations"]] == [(2, 24), (2, 24)]
    with writing(shelf.workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
    told = restore_export(
        shelf.workspace, tmp_path / "out", dataset_id=other, author_id=author, run_id=shelf.run("import")
    )
    assert (told["restored"]["instances"], told["restored"]["points"]) == (2, 2)


def test_what_is_missing_is_one_sentence(workspace, dataset, monkeypatch):
    sentence = what_is_missing(workspace)
    assert "weights fetch pose-detection`" in sentence
    with pytest.raises(MissingWeights, match="pose_detection"):
        find_bodies(workspace, dataset_id=dataset, run_id=0)
    monkeypatch.setattr(bodies, "lacking", lambda spec, folder: None)
    assert what_is_missing(workspace) is None
