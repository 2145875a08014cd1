"""How far points are reviewed, by what they began from, comes back with every export that holds points."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.exchange.exporting import export_dataset
from core.exchange.restoring import restore_export
from core.formats.labels import read_label_file
from core.foundation.arrays import ABSENT, HIDDEN, VISIBLE
from core.foundation.messages import message, worded
from core.foundation.skeletons import SKELETONS
from core.jobs.runs import submit
from core.library.importing import PictureIntake
from core.points.annotating import Edit, editor_instances, save_edit
from core.points.arrived_labels import apply_waiting
from core.points.boxes import add_instances
from core.points.label_importing import import_labels, read_label_files
from core.points.reviewing import accept, take_back
from db.engine import reading
from db.tables import Image, Instance, KeypointRevision, ModelVersion, WaitingLabel
from db.writes.library import ensure_dataset, ensure_user, refresh_picture
from db.writes.models import note_model_use
from db.writing import writing
from tests.builders.learning_rows import Shelf, face

MOVED = (3, 50.5, 60.25, VISIBLE)
TAKEN_AWAY = (5, None, None, ABSENT)
FACES = ("model", "model, touched", "accepted, touched", "imported, touched", "imported", "from nothing", "accepted")
TOUCHED = [name for name in FACES if "touched" in name]


def first_points(name):
    """(68, 2) pixels: where the points of a face were at first."""
    return face(float(FACES.index(name)))


class Place:
    """A store with a dataset."""

    def __init__(self, workspace):
        self.workspace = workspace
        with writing(workspace.engine) as session:
            self.author = ensure_user("ada", session=session)
            self.dataset = ensure_dataset("faces", self.author, session=session)

    def who(self, kind):
        run = submit(self.workspace, kind, dataset_id=self.dataset, author_id=self.author, parameters={})
        return {"dataset_id": self.dataset, "author_id": self.author, "run_id": run}

    def edit(self, instance, *changes, code="edits.nudge"):
        note = message(code, name="x") if code == "edits.nudge" else message(code, edit=message("edits.kept"))
        self.edits = getattr(self, "edits", 0) + 1
        with reading(self.workspace.engine) as session:
            base = session.get(Instance, instance).revision_id
        save_edit(self.workspace, Edit(f"e{self.edits}", instance, base, changes, note), author_id=self.author)

    def images(self):
        with reading(self.workspace.engine) as session:
            return {row.path: row for row in session.exec(select(Image))}

    def faces(self, path="a.png"):
        """What the editor is told of each face, by what is to be known of it; they lie side by side."""
        rows = editor_instances(self.workspace, self.images()[path].id)
        return {FACES[round(row["box"][0]) // 10]: row for row in rows}

    def head(self, instance):
        with reading(self.workspace.engine) as session:
            return session.get(KeypointRevision, instance["revision"])

    def model_of(self, revision):
        with reading(self.workspace.engine) as session:
            version = session.get(ModelVersion, revision.model_version_id or 0)
            return version.name if version else None

    def export(self, format_name, folder, points):
        export_dataset(self.workspace, **self.who("export"), format_name=format_name, folder=folder, points=points)
        return folder


@pytest.fixture
def here(workspace, tmp_path, pictures):
    """A picture with a face of each of `FACES`, one that is accepted as empty, one that nobody has looked at."""
    place = Place(workspace)
    photos = tmp_path / "photos"
    photos.mkdir()
    for number, name in enumerate(("a.png", "empty.png", "new.png")):
        (photos / name).write_bytes(pictures(number, size=(200, 150)))
    PictureIntake(workspace, **place.who("import")).take_source(photos)
    image = place.images()["a.png"].id
    made = _faces(place, image)
    for name in TOUCHED:
        place.edit(made[name], MOVED, TAKEN_AWAY, (7, *first_points(name)[7].tolist(), HIDDEN))
    place.edit(made["from nothing"], MOVED)
    accept(workspace, place.images()["empty.png"].id, author_id=place.author)
    with writing(workspace.engine) as session:
        refresh_picture(image, session=session)
    return place


def _faces(place, image):
    shelf = Shelf(place.workspace, place.dataset, place.author)
    version = shelf.model("v-1", trained=False)
    with writing(place.workspace.engine) as session:
        note_model_use(place.dataset, version, session=session)
    made = {}
    for number, name in enumerate(FACES):
        left = 10.0 * number
        if name == "from nothing":
            (made[name],) = add_instances(
                place.workspace, image, [(left, 0, left + 90, 90)], "face", author_id=place.author
            )
            continue
        review = name.split(",")[0]
        asked = {"human": False, "version": version} if review == "model" else {"review": review}
        made[name] = shelf.instance(image, first_points(name), **asked)
        with writing(place.workspace.engine) as session:
            row = session.get(Instance, made[name])
            row.left, row.right = left, left + 90
    return made


@pytest.fixture
def there(another_workspace):
    return Place(another_workspace)


def told(place):
    """How far each face is reviewed, by whom its points are, for which of them a human vouches, and where they are."""
    return {
        name: (row["review"], row["source"], row["vouched"], [point[:3] for point in row["points"]])
        for name, row in place.faces().items()
    }


@pytest.mark.parametrize("format_name", ["facet", "coco"])
def test_every_face_and_picture_is_as_far_reviewed_as_it_was(here, there, tmp_path, format_name):
    restore_export(there.workspace, here.export(format_name, tmp_path / "out", "all"), **there.who("import"))
    assert [name for name, now in told(there).items() if now != told(here)[name]] == []
    assert {path: row.state for path, row in there.images().items()} == {
        "a.png": "in_progress",
        "empty.png": "accepted",
        "new.png": "new",
    }
    assert there.images()["empty.png"].empty_by == there.author


@pytest.mark.parametrize("format_name", ["facet", "coco"])
def test_work_in_progress_that_came_back_can_be_undone_to_where_it_began(here, there, tmp_path, format_name):
    restore_export(there.workspace, here.export(format_name, tmp_path / "out", "all"), **there.who("import"))
    for place in (here, there):
        for name in TOUCHED:
            back = [(point, *first_points(name)[point].tolist(), VISIBLE) for point in (3, 5, 7)]
            place.edit(place.faces()[name]["id"], *back, code="edits.undo")
        place.edit(place.faces()["from nothing"]["id"], (3, None, None, ABSENT), code="edits.undo")
    assert told(there) == told(here)
    assert [there.faces()[name]["review"] for name in TOUCHED] == ["open", "accepted", "imported"]
    assert there.faces()["from nothing"]["revision"] is None
    assert there.model_of(there.head(there.faces()["model, touched"])) == "v-1"


def test_work_in_progress_alone_comes_back_with_what_a_human_vouches_for(here, there, tmp_path):
    restore_export(there.workspace, here.export("coco", tmp_path / "out", "in_progress"), **there.who("import"))
    before, after = told(here), told(there)
    assert {name: row[2] for name, row in after.items()} == {name: row[2] for name, row in before.items()}
    touched = np.array(after["model, touched"][3], dtype=float)
    assert np.flatnonzero(touched[:, 2]).tolist() == [3, 7], "none of the model's"
    assert after["model"][:2] == ("open", None)
    assert {name: after[name] for name in FACES[2:]} == {name: before[name] for name in FACES[2:]}


def test_an_acceptance_that_came_back_can_be_taken_back(here, there, tmp_path):
    restore_export(there.workspace, here.export("facet", tmp_path / "out", "all"), **there.who("import"))
    image = there.images()["a.png"].id
    accept(there.workspace, image, author_id=there.author)
    before = told(here)
    take_back(there.workspace, image, author_id=there.author)
    after = told(there)
    assert {name: after[name] for name in FACES[:-1]} == {name: before[name] for name in FACES[:-1]}


# ---- As a label file: labels of an export for pictures that are here


def labels_of(out):
    return out / "annotations.json"


def labelled_there(here, there, tmp_path, points="all"):
    out = here.export("coco", tmp_path / "out", points)
    found = read_label_files(there.workspace, labels_of(out), "face68")
    return import_labels(there.workspace, found, **there.who("labels"))


def photos_there(there, tmp_path):
    PictureIntake(there.workspace, **there.who("import")).take_source(tmp_path / "photos")


def test_as_a_label_file_work_in_progress_stays_in_progress_and_a_models_points_out(here, there, tmp_path):
    photos_there(there, tmp_path)
    counts = labelled_there(here, there, tmp_path)
    assert (counts["added"], counts["left_out"]) == (6, 1)
    (doubt,) = worded(counts["doubts"])
    assert "4 labels (a.png first): somebody was working on it when Facet exported it" in doubt
    after = told(there)
    assert "model" not in after
    assert [after[name][0] for name in FACES[1:]] == [*["in_progress"] * 3, "imported", "in_progress", "imported"]
    touched = after["model, touched"]
    assert np.flatnonzero(touched[2]).tolist() == [3, 7]
    assert there.images()["a.png"].state == "in_progress"
    counts = import_labels(
        there.workspace, read_label_files(there.workspace, labels_of(tmp_path / "out"), "face68"), **there.who("labels")
    )
    assert (counts["added"], counts["instances"], counts["skipped"]) == (0, 6, 0), "again it is all here"


def test_as_a_label_file_work_in_progress_goes_on_from_a_models_points_here(here, there, tmp_path):
    photos_there(there, tmp_path)
    image = there.images()["a.png"].id
    shelf = Shelf(there.workspace, there.dataset, there.author)
    guess = shelf.instance(image, face(2.0), human=False, version=shelf.model("other", trained=False))
    with writing(there.workspace.engine) as session:
        row = session.get(Instance, guess)
        row.left, row.right = 10.0, 100.0
    labelled_there(here, there, tmp_path)
    now = there.faces()["model, touched"]
    assert (now["id"], now["review"], np.flatnonzero(now["vouched"]).tolist()) == (guess, "in_progress", [3, 7])
    assert now["points"][3][:3] == [50.5, 60.25, VISIBLE]
    assert now["points"][4][:2] == face(2.0)[4].tolist(), "the others are the model's here"


def test_work_in_progress_that_waits_for_its_picture_is_in_progress_when_that_comes(here, there, tmp_path):
    counts = labelled_there(here, there, tmp_path)
    assert counts["waiting"] == 6
    photos_there(there, tmp_path)
    arrived = apply_waiting(there.workspace, there.dataset, run_id=there.who("import")["run_id"])
    assert arrived.placed == 6
    with reading(there.workspace.engine) as session:
        assert session.exec(select(WaitingLabel)).all() == []
    after = told(there)
    assert [after[name][0] for name in FACES[1:]] == [*["in_progress"] * 3, "imported", "in_progress", "imported"]


def test_hidden_points_of_an_export_stay_hidden_where_none_is_visible(tmp_path, workspace, dataset, author, pictures):
    """Files of 300-W's kind mark every point as hidden; ours mean it."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(pictures(0, size=(200, 150)))
    place = Place(workspace)
    PictureIntake(workspace, **place.who("import")).take_source(tmp_path / "photos")
    image = place.images()["a.png"].id
    one = Shelf(workspace, place.dataset, place.author).instance(image, face())
    place.edit(one, *((point, *xy, HIDDEN) for point, xy in enumerate(face().tolist())))
    accept(workspace, image, author_id=place.author)
    content = labels_of(place.export("coco", tmp_path / "out", "accepted")).read_bytes()
    (row,) = read_label_file("annotations.json", content, SKELETONS["face68"]).rows
    assert (row.keypoints.visibility == HIDDEN).all()
