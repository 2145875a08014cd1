"""An export comes back: out, in and out again is the same to the byte."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from dataclasses import replace

import pytest
from sqlmodel import col, func, select

from core.exchange import restoring, staged_rows
from core.exchange.exporting import FORMATS, export_dataset
from core.exchange.restoring import is_export, restore_export
from core.formats import WRITERS
from core.formats.dataset import LabelledImage
from core.foundation.errors import BadInput, Cancelled, UnreadableLabels
from core.foundation.messages import worded
from core.foundation.progress import Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.runs import submit
from core.library import pictures as picture_store
from core.library.importing import PictureIntake, skipped
from core.people.deciding import name_person, release_faces, undo
from core.people.naming_by_folder import confirm_identities
from db.engine import reading
from db.queries.dashboard import overview
from db.queries.library import all_clips, counts, datasets
from db.queries.people.decisions import history
from db.tables import Assignment, BoxSource, DailyWork, Dataset, Image, ImagePath, Instance, ModelVersion, Person
from db.writes.library import ensure_dataset, ensure_user, refresh_picture
from db.writing import writing
from tests.builders.after_deaths import AfterDeaths
from tests.builders.labelled_rows import fill, summary


class Place:
    """A store with one dataset, that exports and restores."""

    def __init__(self, workspace):
        self.workspace = workspace
        with writing(workspace.engine) as session:
            self.author = ensure_user("ada", session=session)
            self.dataset = ensure_dataset("faces", self.author, session=session)
        self.last_run = 0

    def _who(self, kind):
        self.last_run = submit(self.workspace, kind, dataset_id=self.dataset, author_id=self.author, parameters={})
        return {"dataset_id": self.dataset, "author_id": self.author, "run_id": self.last_run}

    def export(self, format_name, folder, points="all"):
        export_dataset(self.workspace, **self._who("export"), format_name=format_name, folder=folder, points=points)
        return folder

    def restore(self, folder, **options):
        """Gives the counts; those of labels are told apart, in `restored`."""
        counts = restore_export(self.workspace, folder, **{**self._who("import"), **options})
        self.restored = counts.pop("restored")
        return counts

    def skipped(self):
        return {row["path"]: row["reason"] for row in skipped(self.workspace, self.last_run)}

    def count(self, table):
        with reading(self.workspace.engine) as session:
            return session.exec(select(func.count()).select_from(table)).one()


@pytest.fixture
def here(workspace, tmp_path, pictures):
    place = Place(workspace)
    fill(workspace, place.dataset, place.author, tmp_path / "photos", pictures)
    return place


@pytest.fixture
def there(another_workspace):
    return Place(another_workspace)


def contents(folder):
    """Every file's bytes; the manifest without its time."""
    files = {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest.pop("exported_at")
    files["manifest.json"] = json.dumps(manifest, sort_keys=True).encode()
    return files


@pytest.mark.parametrize("format_name", FORMATS)
def test_out_in_and_out_again_is_the_same_to_the_byte(here, there, tmp_path, format_name):
    first = here.export(format_name, tmp_path / "first")
    there.restore(first)
    second = there.export(format_name, tmp_path / "second")
    one, other = contents(first), contents(second)
    assert one.keys() == other.keys()
    assert [path for path in one if one[path] != other[path]] == []


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_third_journey_changes_nothing_either(here, there, tmp_path, format_name, empty_store):
    there.restore(here.export(format_name, tmp_path / "first"))
    second = there.export(format_name, tmp_path / "second")
    (tmp_path / "third home").mkdir()
    shutil.copyfile(empty_store, tmp_path / "third home" / "store.db")
    third = Place(Workspace.open(Settings(home=tmp_path / "third home")))
    third.restore(second)
    assert contents(third.export(format_name, tmp_path / "third")) == contents(second)
    third.workspace.engine.dispose()


@pytest.mark.parametrize("format_name", ["facet", "coco"])
def test_the_rows_come_back_with_corrections_and_people(here, there, tmp_path, format_name):
    there.restore(here.export(format_name, tmp_path / "out"))
    before, after = summary(here.workspace), summary(there.workspace)
    for part in before:
        assert after[part] == before[part], part


def test_human_labels_count_as_the_importing_authors(here, there, tmp_path):
    there.restore(here.export("facet", tmp_path / "out"))
    with reading(there.workspace.engine) as session:
        drawn = session.exec(select(Instance.author_id).where(Instance.origin == "human")).all()
        found = session.exec(select(Instance.author_id).where(Instance.origin == "model")).all()
        work = session.exec(select(DailyWork.kind, DailyWork.count)).all()
    assert set(drawn) == {there.author}
    assert set(found) == {None}
    assert sorted(work) == [("images_imported", 12), ("people_decisions", 1)]


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_face_that_is_not_the_folders_person_is_not_confirmed_after_a_journey(here, there, tmp_path, format_name):
    with writing(here.workspace.engine) as session:
        image = session.exec(select(Image).where(Image.path == "Ada/1.png").order_by(Image.id)).first()
        faces = select(Instance.id).where(Instance.image_id == image.id, Instance.kind == "face")
        assigned = select(Assignment.instance_id).where(col(Assignment.instance_id).in_(faces))
        (face,) = session.exec(assigned).all()
    release_faces(here.workspace, [face], author_id=here.author)
    there.restore(here.export(format_name, tmp_path / "out"))
    with reading(there.workspace.engine) as session:
        there_image = session.exec(select(Image).where(Image.sha256 == image.sha256)).one()
    place = (8.0, 8.0, 40.0, 40.0)  # where a detector finds the face again that a table of people has not brought along
    with writing(there.workspace.engine) as session:
        if format_name == "identities":
            session.add(_found(there.dataset, there_image.id, place))
            session.flush()
            refresh_picture(there_image.id, session=session)
    confirm_identities(there.workspace, dataset_id=there.dataset, run_id=there.last_run)
    with reading(there.workspace.engine) as session:
        rows = select(Assignment).join(Instance, Instance.id == Assignment.instance_id)
        assert session.exec(rows.where(Instance.image_id == there_image.id)).all() == []


def _found(dataset, image_id, box):
    left, top, right, bottom = box
    return Instance(dataset_id=dataset, image_id=image_id, kind="face", left=left, top=top, right=right, bottom=bottom)


def test_imported_separations_are_one_decision_that_can_be_undone(here, there, tmp_path):
    there.restore(here.export("facet", tmp_path / "out"))
    before = summary(there.workspace)
    assert len(before["apart"]) == 3
    with reading(there.workspace.engine) as session:
        (event, name, *_), *others = history(there.dataset, session=session)
    assert (worded(event.summary), name, others) == ("Imported what is known of 1 face: not these people", "ada", [])
    undo(there.workspace, event.id, author_id=there.author)
    assert summary(there.workspace) == before | {"apart": []}


def test_a_removed_face_stays_removed_after_a_journey(here, there, tmp_path):
    there.restore(here.export("facet", tmp_path / "out"))
    with reading(there.workspace.engine) as session:
        (gone,) = session.exec(select(Instance).where(Instance.removed)).all()
        image = session.get_one(Image, gone.image_id)
        kept = select(Instance.id).where(Instance.image_id == image.id, Instance.kind == "face", ~col(Instance.removed))
        assert image.faces == len(session.exec(kept).all())
    assert (gone.kind, gone.left, gone.top, gone.right, gone.bottom) == ("face", 3, 4, 12, 9)


def test_people_renamed_here_are_not_made_again_by_pictures_that_are_here(here, tmp_path):
    out = here.export("facet", tmp_path / "out")
    with reading(here.workspace.engine) as session:
        ada = session.exec(select(Person.id).where(Person.name == "Ada")).one()
    renamed = name_person(here.workspace, ada, "Ada Lovelace", author_id=here.author)
    before = here.count(Person)
    here.restore(out)
    assert here.count(Person) == before
    undo(here.workspace, renamed, author_id=here.author)


def test_the_counts_are_those_of_an_import(here, there, tmp_path):
    out = here.export("facet", tmp_path / "out")
    assert there.restore(out) == {"images": 12, "added": 12, "duplicates": 0, "skipped": 1}
    assert there.skipped() == {"broken.jpg": "not a picture but text"}
    before = summary(here.workspace)
    points, people = sum(bool(row[9]) for row in before["instances"]), {row[-1] for row in before["instances"]}
    assert (there.restored["instances"], there.restored["points"]) == (len(before["instances"]), points)
    assert (there.restored["people"] >= len(people - {""}), there.restored["kept"]) == (True, 0)
    assert there.restore(out) == {"images": 12, "added": 0, "duplicates": 12, "skipped": 13}
    assert there.restored == {"instances": 0, "points": 0, "people": 0, "kept": 12}
    own = "the picture is here already with labels of its own, which stay"
    assert sorted(set(there.skipped().values())) == ["not a picture but text", own]


def test_restoring_twice_adds_nothing_not_even_unnamed_people(here, there, tmp_path):
    out = here.export("facet", tmp_path / "out")
    there.restore(out)
    before = summary(there.workspace), there.count(Person), there.count(ModelVersion), there.count(ImagePath)
    there.restore(out)
    assert (summary(there.workspace), there.count(Person), there.count(ModelVersion), there.count(ImagePath)) == before


def test_restoring_where_it_came_from_changes_nothing(here, tmp_path):
    out = here.export("facet", tmp_path / "out")
    before = summary(here.workspace), here.count(Person), here.count(ModelVersion)
    here.restore(out)
    assert (summary(here.workspace), here.count(Person), here.count(ModelVersion)) == before


def _photos_only(place, out, folder, pattern):
    """Import pictures of an export as plain photos, without any label."""
    for file in (out / "images").rglob(pattern):
        folder.mkdir(exist_ok=True)
        shutil.copyfile(file, folder / f"mine {file.name}")
    PictureIntake(place.workspace, **place._who("import")).take_source(folder)


def test_photos_without_labels_that_are_here_already_get_those_of_the_export(here, there, tmp_path):
    out = here.export("facet", tmp_path / "out")
    _photos_only(there, out, tmp_path / "mine", "*.png")
    photos = there.count(Image)
    assert photos > 5
    assert there.restore(out) == {"images": 12, "added": 12 - photos, "duplicates": photos, "skipped": 1}
    assert summary(there.workspace) == summary(here.workspace)
    run_id = there.last_run
    assert there.restore(out, run_id=run_id)["skipped"] == 1  # repeated, a run does not list its own
    assert [row["path"] for row in skipped(there.workspace, run_id)] == ["broken.jpg"]
    assert summary(there.workspace) == summary(here.workspace)


def test_photos_that_get_labels_do_not_count_as_imported_again(here, there, tmp_path):
    out = here.export("facet", tmp_path / "out")
    _photos_only(there, out, tmp_path / "mine", "z.png")
    there.restore(out)
    with reading(there.workspace.engine) as session:
        work = session.exec(select(DailyWork.count).where(DailyWork.kind == "images_imported")).all()
    assert sum(work) == 12


@pytest.mark.parametrize("removed", [False, True])
def test_labels_that_are_here_already_win_and_are_listed(here, there, tmp_path, removed):
    out = here.export("facet", tmp_path / "out")
    _photos_only(there, out, tmp_path / "mine", "z.png")
    with writing(there.workspace.engine) as session:
        mine = session.exec(select(Image).where(Image.path == "mine z.png")).one()
        face = _found(there.dataset, mine.id, (1, 2, 3, 4))
        face.removed = removed
        session.add(face)
        session.flush()
        face_id = face.id
    assert there.restore(out) == {"images": 12, "added": 11, "duplicates": 1, "skipped": 2}
    assert there.skipped()["z.png"] == "the picture is here already with labels of its own, which stay"
    with reading(there.workspace.engine) as session:
        assert session.exec(select(Instance.id).where(Instance.image_id == mine.id)).all() == [face_id]
        paths = session.exec(select(ImagePath.path).where(ImagePath.image_id == mine.id)).all()
    assert sorted(paths) == ["mine z.png", "z.png"]


class Stops(Progress):
    def advance(self, done, message=""):
        if done == 5:
            raise Cancelled("training.stopped")


def test_an_interrupted_restore_leaves_no_half_and_can_be_repeated(here, there, tmp_path):
    out = here.export("facet", tmp_path / "out")
    with pytest.raises(Cancelled, match="stopped"):
        there.restore(out, progress=Stops())
    assert there.count(Image) == there.count(Person) == there.count(Instance) == 0
    run_id = there.last_run
    assert there.restore(out, run_id=run_id)["added"] == 12
    assert there.restore(out, run_id=run_id) == {"images": 12, "added": 12, "duplicates": 0, "skipped": 1}
    assert summary(there.workspace) == summary(here.workspace)


def test_picture_that_killed_the_restore_is_left_out_by_name(here, there, tmp_path):
    out = here.export("facet", tmp_path / "out")
    counts = there.restore(out, progress=AfterDeaths(killers={"z.png"}))
    assert (counts["images"], counts["skipped"]) == (11, 2)
    assert there.skipped()["z.png"].startswith("the process died twice with it in hand")


class Staging(Progress):
    """Does something after each batch of labels that was staged."""

    def __init__(self, after):
        self.after, self.staging = after, False

    def begin(self, total, done=0, message=None):
        self.staging = message is not None and message.code == "progress.staging"

    def advance(self, done):
        if self.staging:
            self.after()


def _all_there_is(place):
    """What pages of all kinds would show: datasets, pictures, faces, people, clips."""
    with reading(place.workspace.engine) as session:
        shown = overview(None, session=session)
        return (
            [row.name for row in datasets(session=session)],
            shown,
            counts(place.dataset, session=session),
            all_clips(None, session=session),
        )


def test_while_labels_are_staged_nobody_sees_them_and_everybody_can_save(here, there, tmp_path, monkeypatch):
    monkeypatch.setattr(staged_rows, "_BATCH", 2)
    out = here.export("facet", tmp_path / "out")
    before, seen = _all_there_is(there), []

    def look():
        seen.append(_all_there_is(there))
        with writing(there.workspace.engine) as session:  # at once: no transaction is open
            ensure_user(f"visitor {len(seen)}", session=session)

    there.restore(out, progress=Staging(look))
    assert len(seen) == 6
    assert seen == [before] * 6
    assert summary(there.workspace) == summary(here.workspace)
    assert there.count(Dataset) == 1  # the hidden one is gone


@pytest.mark.parametrize("batches", [0, 1, 3])
def test_a_restore_that_dies_while_staging_leaves_nothing_visible_and_is_swept_by_the_next(
    here, there, tmp_path, monkeypatch, batches
):
    monkeypatch.setattr(staged_rows, "_BATCH", 2)
    out = here.export("facet", tmp_path / "out")
    before, left = _all_there_is(there), [batches]

    def die():
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(restoring, "sweep_staged", lambda *_: None)  # a process that was killed sweeps nothing
        with pytest.raises(KeyboardInterrupt):
            there.restore(out, progress=Staging(die))
    assert _all_there_is(there) == before
    assert there.count(Dataset) == 2
    assert there.restore(out, run_id=there.last_run) == {"images": 12, "added": 12, "duplicates": 0, "skipped": 1}
    assert summary(there.workspace) == summary(here.workspace)
    assert there.count(Dataset) == 1
    assert there.count(Instance) == here.count(Instance)


def test_a_content_that_an_export_has_twice_is_one_picture_with_both_paths(there, small_dataset, tmp_path):
    one, two = small_dataset.images
    again = LabelledImage(**(one.__dict__ | {"path": "again.png", "instances": ()}))
    twice = replace(small_dataset, images=(one, two, again))
    WRITERS["coco"](twice, tmp_path / "out", exported_at="now")
    assert there.restore(tmp_path / "out") == {"images": 3, "added": 2, "duplicates": 1, "skipped": 0}
    with reading(there.workspace.engine) as session:
        paths = session.exec(select(ImagePath.path)).all()
    assert sorted(paths) == ["again.png", "one.png", "two.png"]


@pytest.mark.parametrize("format_name", ["facet", "coco"])
def test_where_a_box_comes_from_makes_the_journey(here, there, tmp_path, format_name):
    with writing(here.workspace.engine) as session:
        for number, row in enumerate(session.exec(select(Instance).where(~col(Instance.removed)))):
            row.box_source = list(BoxSource)[number % len(BoxSource)]
    there.restore(here.export(format_name, tmp_path / "out"))

    def sources(place):
        with reading(place.workspace.engine) as session:
            rows = select(Image.sha256, Instance.left, Instance.box_source).join(Image)
            return sorted(session.exec(rows.where(~col(Instance.removed))))

    assert len({source for *_, source in sources(here)}) == len(BoxSource)
    assert sources(there) == sources(here)


def test_an_export_of_before_tells_a_box_by_who_found_it(there, small_dataset, tmp_path):
    WRITERS["coco"](small_dataset, tmp_path / "out", exported_at="now")
    there.restore(tmp_path / "out")
    with reading(there.workspace.engine) as session:
        rows = session.exec(select(Instance.origin, Instance.box_source)).all()
    assert sorted(rows) == [("human", BoxSource.DRAWN), ("model", BoxSource.DETECTOR)]


def test_a_missing_picture_is_listed_once_and_the_rest_comes_in(here, there, tmp_path):
    out = here.export("facet", tmp_path / "out")
    (out / "images" / "z.png").unlink()
    counts = there.restore(out)
    assert counts == {"images": 11, "added": 11, "duplicates": 0, "skipped": 2}
    assert there.skipped()["z.png"] == "the file is missing"
    assert len(skipped(there.workspace, there.last_run)) == 2


def test_a_picture_that_was_changed_does_not_get_old_points(here, there, tmp_path, pictures):
    out = here.export("facet", tmp_path / "out")
    (out / "images" / "z.png").write_bytes(pictures(999, size=(120, 90)))
    there.restore(out)
    assert "was changed after the export" in there.skipped()["z.png"]
    with reading(there.workspace.engine) as session:
        assert session.exec(select(Image).where(col(Image.path) == "z.png")).all() == []


def test_a_full_disk_skips_what_it_hits(here, there, tmp_path, monkeypatch, pictures):
    out = here.export("facet", tmp_path / "out")
    large = (out / "images" / "z.png").read_bytes()
    real = picture_store.write_atomically

    def nearly_full(target, content, *, durable=False):
        if content == large:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(target, content, durable=durable)

    monkeypatch.setattr(picture_store, "write_atomically", nearly_full)
    assert there.restore(out)["added"] == 11
    assert there.skipped()["z.png"] == "could not be read or kept (No space left on device)"


def test_only_our_own_folders_are_exports(here, tmp_path):
    assert is_export(here.export("coco", tmp_path / "out"))
    assert not is_export(tmp_path / "photos")
    assert not is_export(tmp_path / "nowhere")
    for number, text in enumerate(("{}", "not json", "[]", '{"generator": "other", "version": 1, "format": "coco"}')):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "manifest.json").write_text(text)
        assert not is_export(tmp_path / str(number))


def test_damage_is_a_sentence_and_nothing_comes_in(here, there, tmp_path):
    with pytest.raises(BadInput, match="photos: this is no export of Facet"):
        there.restore(tmp_path / "photos")
    out = here.export("coco", tmp_path / "out")
    annotations = out / "annotations.json"
    annotations.write_text(annotations.read_text(encoding="utf-8").replace('"bbox"', '"bpox"'), encoding="utf-8")
    with pytest.raises(UnreadableLabels, match=r"annotations\.json was changed after the export"):
        there.restore(out)
    assert there.count(Image) == 0


@pytest.mark.parametrize("lacking", ["points_source", "keypoints"])
def test_points_that_are_not_whole_name_the_file_and_the_row_and_nothing_comes_in(here, there, tmp_path, lacking):
    out = here.export("coco", tmp_path / "out")
    annotations, manifest = out / "annotations.json", out / "manifest.json"
    content = json.loads(annotations.read_text(encoding="utf-8"))
    row = next(number for number, item in enumerate(content["annotations"]) if "points_source" in item)
    del content["annotations"][row][lacking]
    annotations.write_text(json.dumps(content), encoding="utf-8")
    listed = json.loads(manifest.read_text(encoding="utf-8"))
    written = annotations.read_bytes()
    listed["files"]["annotations.json"] = {"sha256": hashlib.sha256(written).hexdigest(), "size": len(written)}
    manifest.write_text(json.dumps(listed), encoding="utf-8")
    with pytest.raises(UnreadableLabels, match=rf"annotations\.json: annotations\[{row}\]"):
        there.restore(out)
    assert there.count(Image) == 0


def test_the_format_of_a_later_version_is_a_sentence(here, there, tmp_path):
    out = here.export("coco", tmp_path / "out")
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    (out / "manifest.json").write_text(json.dumps(manifest | {"format": "tracks"}), encoding="utf-8")
    with pytest.raises(BadInput, match=r"reads no exports of the format 'tracks', only coco, identities, facet"):
        there.restore(out)


def test_a_state_that_does_not_exist_is_refused(here, there, tmp_path):
    with writing(here.workspace.engine) as session:
        session.exec(select(Image)).first().state = "dreamt"
    out = here.export("coco", tmp_path / "out")
    with pytest.raises(UnreadableLabels, match="has the state 'dreamt', which does not exist"):
        there.restore(out)
