"""A dataset leaves as plain labels: the same rows give the same bytes, and what cannot leave is listed."""

from __future__ import annotations

import hashlib
import json
import weakref

import pytest
from sqlmodel import col, delete, select

from core.exchange import exporting
from core.exchange.exporting import FORMATS, export_dataset, gather
from core.foundation.errors import BadInput, Cancelled, NotFound
from core.foundation.progress import Progress
from core.jobs.runs import submit
from core.library.importing import PictureIntake
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import Export, Image, Instance, KeypointRevision, Run, now
from db.writes.models import ensure_model_version, note_model_use
from db.writing import writing
from tests.builders.labelled_rows import NAMES, fill
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def leave(workspace, dataset, author, tmp_path):
    """Exports the dataset into a folder; returns the counts and the folder."""

    def export(format_name="facet", name="out", **options):
        run_id = submit(workspace, "export", dataset_id=dataset, author_id=author, parameters={})
        counts = export_dataset(
            workspace,
            dataset_id=dataset,
            author_id=author,
            run_id=run_id,
            format_name=format_name,
            folder=tmp_path / name,
            **options,
        )
        return counts, tmp_path / name

    return export


@pytest.fixture
def filled(workspace, dataset, author, tmp_path, pictures):
    fill(workspace, dataset, author, tmp_path / "photos", pictures)


@pytest.mark.parametrize("format_name", FORMATS)
def test_an_empty_dataset_can_be_exported(leave, format_name):
    counts, folder = leave(format_name)
    assert (counts["images"], counts["left_out"]) == (0, 0)
    assert counts["files"] == len([file for file in folder.rglob("*") if file.is_file()])


@pytest.mark.parametrize("format_name", FORMATS)
def test_pictures_leave_with_their_bytes_and_both_of_one_path(leave, filled, workspace, format_name):
    counts, folder = leave(format_name)
    found = sorted(file.relative_to(folder / "images").as_posix() for file in (folder / "images").rglob("*.png"))
    assert found == sorted([*NAMES, "Ada/1 (2).png", "Ada/2 (2).png", "b, \"quoted\" 'and' more (2).png"])
    with reading(workspace.engine) as session:
        sizes = session.exec(select(Image.size_bytes)).all()
    assert sorted(file.stat().st_size for file in (folder / "images").rglob("*.png")) == sorted(sizes)
    assert counts["images"] == 12


def test_what_the_import_skipped_is_named_in_the_manifest(leave, filled):
    _, folder = leave()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["left_out"] == [{"path": "broken.jpg", "reason": "not a picture but text"}]


def test_a_skipped_file_that_came_in_later_is_not_named(leave, filled, workspace, dataset, author, tmp_path, pictures):
    (tmp_path / "repaired").mkdir()
    (tmp_path / "repaired" / "broken.jpg").write_bytes(pictures(0, size=(120, 90)))  # a content that is there already
    run_id = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
    PictureIntake(workspace, dataset_id=dataset, author_id=author, run_id=run_id).take_source(tmp_path / "repaired")
    _, folder = leave()
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["left_out"] == []


def test_an_original_that_is_gone_is_left_out_with_its_labels_counted(leave, filled, workspace):
    with reading(workspace.engine) as session:
        image = session.exec(select(Image).where(Image.path == "z.png")).one()
    workspace.original(image.original).unlink()
    counts, folder = leave()
    reasons = {
        row["path"]: row["reason"]
        for row in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["left_out"]
    }
    assert reasons["z.png"].startswith("its file cannot be read: No such file or directory; with it ")
    assert counts["images"] == 11


def test_the_newest_human_points_leave_not_the_models(leave, filled, workspace, dataset, author):
    with reading(workspace.engine) as session:
        face = session.exec(
            select(Instance).where(Instance.kind == "face", col(Instance.revision_id).is_not(None))
        ).first()
    saved = save_edit(workspace, Edit("x", face.id, None, ((0, 12.5, 13.5, 1),)), author_id=author)
    labelled = gather(workspace, dataset)
    with reading(workspace.engine) as session:
        blob = session.get(KeypointRevision, saved).points
    found = [
        instance
        for image in labelled.images
        for instance in image.instances
        if instance.keypoints is not None and instance.keypoints.to_bytes() == blob
    ]
    assert [instance.points_source for instance in found] == ["human"]


def test_removed_faces_stay_here(workspace, dataset, filled):
    before = sum(len(image.instances) for image in gather(workspace, dataset).images)
    with writing(workspace.engine) as session:
        session.exec(select(Instance)).first().removed = True
    assert sum(len(image.instances) for image in gather(workspace, dataset).images) == before - 1


def test_people_are_numbered_by_the_pictures_and_empty_unnamed_ones_stay_here(workspace, dataset, filled):
    labelled = gather(workspace, dataset)
    seen = []
    for image in labelled.images:
        for instance in image.instances:
            if instance.person and instance.person not in seen:
                seen.append(instance.person)
    assert seen == [f"person-{number:04d}" for number in range(1, len(seen) + 1)]
    names = {person.key: person.name for person in labelled.people}
    assert [names[key] for key in names if key not in seen] == ["nobody yet"]
    assert list(names.values()).count(None) == 2


def test_models_that_share_a_name_are_told_apart_by_their_weights(workspace, dataset):
    with writing(workspace.engine) as session:
        for weights in "cab":
            version = ensure_model_version("net", "encoder", weights * 64, {}, session=session)
            note_model_use(dataset, version, session=session)
    assert [card.name for card in gather(workspace, dataset).models] == ["net", "net@bbbbbbbb-2", "net@cccccccc-3"]


def test_the_same_rows_give_the_same_bytes(leave, filled):
    files = []
    for name in ("one", "other"):
        _, folder = leave("facet", name)
        files.append(
            {
                file.relative_to(folder).as_posix(): file.read_bytes()
                for file in folder.rglob("*")
                if file.is_file() and file.name != "manifest.json"
            }
        )
    assert files[0] == files[1]


def test_an_export_is_noted_with_its_hash(leave, filled, workspace, author):
    counts, folder = leave("coco")
    with reading(workspace.engine) as session:
        row = session.exec(select(Export)).one()
    assert (row.format, row.folder, row.author_id) == ("coco", str(folder.resolve()), author)
    assert row.manifest_sha256 == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    assert row.counts["images"] == counts["images"] == 12


def test_a_folder_that_is_not_empty_is_left_alone(leave, tmp_path, workspace):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("precious")
    with pytest.raises(BadInput, match="out is not an empty folder"):
        leave()
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.txt"]
    with reading(workspace.engine) as session:
        assert session.exec(select(Export)).all() == []


def test_unknown_formats_and_datasets_are_sentences(leave, workspace):
    with pytest.raises(BadInput, match=r"there is no export format 'yolo'; there are coco, identities, facet"):
        leave("yolo")
    with pytest.raises(NotFound, match="there is no dataset 99"):
        gather(workspace, 99)


def test_a_cancelled_export_leaves_nothing(leave, filled, workspace, tmp_path):
    class Stops(Progress):
        def advance(self, done, message=""):
            if done == 5:
                raise Cancelled("training.stopped")

    with pytest.raises(Cancelled, match="stopped"):
        leave("facet", "out", progress=Stops())
    assert not [place for place in tmp_path.iterdir() if place.name.startswith("out")]
    with reading(workspace.engine) as session:
        assert session.exec(select(Export)).all() == []


def test_progress_says_what_goes_on_and_counts_to_its_end(leave, filled):
    told = []

    class Listens(Progress):
        def begin(self, total, done=0, message=""):
            told.append((message, done, total))

        def advance(self, done, message=""):
            told.append(done)

    leave("facet", "out", progress=Listens())
    (message, done, total), *steps = told
    assert (message.text(), done) == ("Writing the export", 0)
    assert steps == list(range(1, total + 1))


def test_a_run_that_was_killed_before_its_export_was_noted_takes_what_it_wrote(
    filled, workspace, dataset, author, tmp_path
):
    run_id = submit(workspace, "export", dataset_id=dataset, author_id=author, parameters={})
    with writing(workspace.engine) as session:
        run = session.get(Run, run_id)
        run.started_at, run.deaths = now(), 1

    def export():
        return export_dataset(
            workspace, dataset_id=dataset, author_id=author, run_id=run_id, format_name="coco", folder=tmp_path / "out"
        )

    first = export()
    written = (tmp_path / "out" / "manifest.json").stat()
    with writing(workspace.engine) as session:
        session.exec(delete(Export))
    assert export() == first
    assert export() == first
    assert (tmp_path / "out" / "manifest.json").stat() == written
    with reading(workspace.engine) as session:
        assert len(session.exec(select(Export)).all()) == 1


def test_what_another_run_wrote_is_not_taken_for_this_ones(leave, filled, workspace):
    leave("coco")
    with pytest.raises(BadInput, match="is not an empty folder"):
        leave("coco")


def test_rows_of_one_batch_are_held_at_a_time(workspace, dataset, author, monkeypatch):
    shelf = Shelf(workspace, dataset, author)
    for number in range(12):
        shelf.instance(shelf.image(f"{number:02d}.png"), face())
    loaded, alive = [], []

    def counted(workspace, row, *args):
        loaded.append(weakref.ref(row))
        alive.append(sum(ref() is not None for ref in loaded))
        return image(workspace, row, *args)

    image = exporting._image
    monkeypatch.setattr(exporting, "_image", counted)
    monkeypatch.setattr("db.queries.exchange._BATCH", 3)
    assert len(gather(workspace, dataset).images) == 12
    assert max(alive) <= 6  # of two batches, while the one follows the other


@pytest.mark.parametrize(
    ("points", "present", "unreviewed"), [(None, [68, 0, 0], 2), ("in_progress", [68, 1, 0], 1), ("all", [68] * 3, 0)]
)
def test_points_that_nobody_has_accepted_leave_only_if_asked_for(
    leave, workspace, dataset, author, pictures, tmp_path, points, present, unreviewed
):
    shelf = Shelf(workspace, dataset, author)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(pictures(1, size=(200, 150)))
    run_id = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
    PictureIntake(workspace, dataset_id=dataset, author_id=author, run_id=run_id).take_source(tmp_path / "in")
    with reading(workspace.engine) as session:
        image = session.exec(select(Image.id)).one()
    shelf.instance(image, face())
    touched, _ = (shelf.instance(image, face(), human=False) for _ in range(2))
    save_edit(workspace, Edit("e", touched, None, ((3, 50.0, 60.0, 2),)), author_id=author)
    counts, folder = leave("coco", **({"points": points} if points else {}))
    rows = json.loads((folder / "annotations.json").read_text())["annotations"]
    assert [row["num_keypoints"] for row in rows] == present
    assert (counts["unreviewed"], len(rows)) == (unreviewed, 3), "boxes always come along"


def test_a_choice_of_points_that_there_is_not_is_refused(leave):
    with pytest.raises(BadInput, match="there is no choice of points 'some'"):
        leave("coco", points="some")
