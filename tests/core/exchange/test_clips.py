"""A restored dataset has its clips, and learns from and is measured on the same labels as the one that left."""

from __future__ import annotations

import json
from hashlib import sha256

import numpy as np
import pytest
from sqlmodel import col, select

from core.exchange.exporting import export_dataset
from core.exchange.restoring import restore_export
from core.foundation.arrays import Keypoints
from core.jobs.runs import submit
from core.learning.labels import keep_parts, read_labels
from core.library.clip_importing import ClipIntake
from core.library.importing import PictureIntake
from core.media.videos import VideoWriter
from core.motion.tracklets import cut_track, link_clips, name_track, tracks_of_clip
from db.engine import reading
from db.queries.exchange import exclusions
from db.queries.library import group_parts, videos
from db.queries.motion.seen import clip_frames, frame_pictures
from db.queries.motion.tracks import tracks_in_clip
from db.tables import Assignment, Exclusion, GroupPart, Image, Instance, KeypointRevision, Person, Track, Video
from db.writes.library import ensure_dataset, ensure_user, refresh_picture
from db.writing import writing
from tests.builders.learning_rows import face


class Place:
    """A store with one dataset."""

    def __init__(self, workspace):
        self.workspace = workspace
        with writing(workspace.engine) as session:
            self.author = ensure_user("ada", session=session)
            self.dataset = ensure_dataset("clips", self.author, session=session)

    def _who(self, kind):
        run = submit(self.workspace, kind, dataset_id=self.dataset, author_id=self.author, parameters={})
        return {"dataset_id": self.dataset, "author_id": self.author, "run_id": run}

    def take(self, folder):
        return ClipIntake(self.workspace, **self._who("import")).take_source(folder)

    def photos(self, folder):
        return PictureIntake(self.workspace, **self._who("import")).take_source(folder)

    def export(self, folder, name="facet"):
        export_dataset(self.workspace, **self._who("export"), format_name=name, folder=folder)
        return folder

    def restore(self, folder):
        return restore_export(self.workspace, folder, **self._who("import"))

    def label(self, path, person=None):
        """A human's points on every picture of a path's beginning, of a person by name ("": unnamed) or of nobody."""
        with writing(self.workspace.engine) as session:
            owner = None
            if person is not None:
                owner = Person(dataset_id=self.dataset, name=person or None)
                session.add(owner)
                session.flush()
            for image in session.exec(select(Image).where(col(Image.path).startswith(path))).all():
                one = Instance(
                    dataset_id=self.dataset, image_id=image.id, kind="face", left=0, top=0, right=60, bottom=40
                )
                session.add(one)
                session.flush()
                points = Keypoints.of(face() / 3).to_bytes()
                row = KeypointRevision(
                    instance_id=one.id,
                    skeleton="face68",
                    points=points,
                    source="human",
                    review="accepted",
                    author_id=self.author,
                )
                session.add(row)
                session.flush()
                one.revision_id = row.id
                refresh_picture(image.id, session=session)
                if owner is not None:
                    session.add(
                        Assignment(
                            instance_id=one.id,
                            dataset_id=self.dataset,
                            person_id=owner.id,
                            source="human",
                            author_id=self.author,
                        )
                    )

    def parts(self, split_by="auto", keep=False):
        """The part of each labelled picture."""
        with writing(self.workspace.engine) as session:
            labels = read_labels(self.dataset, "face68", split_by=split_by, session=session)
            if keep:
                keep_parts(self.dataset, labels, session=session)
        return {one.image.sha256: part for one, part in zip(labels.labels, labels.parts, strict=True)}

    def clips(self):
        """Everything about the clips, without ids."""
        with reading(self.workspace.engine) as session:
            return {
                clip.path: (
                    clip.sha256,
                    clip.width,
                    clip.height,
                    clip.frames,
                    clip.frames_per_second,
                    [
                        (one.index, one.seconds, one.image and one.image.sha256)
                        for one in frame_pictures(clip.id, session=session)
                    ],
                    [row.scene for row in clip_frames(clip.id, set(), session=session)],
                )
                for clip in videos(self.dataset, session=session)
            }


def draw(file, seed, rate=10.0, repeat=()):
    """A clip of five frames of noise; the frames of `repeat` are the first one again."""
    rng = np.random.default_rng(seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    first = rng.integers(0, 255, (48, 64, 3), np.uint8)
    with VideoWriter(file, 64, 48, rate) as writer:
        for i in range(5):
            writer.write(first if i == 0 or i in repeat else rng.integers(0, 255, (48, 64, 3), np.uint8))


@pytest.fixture
def here(workspace, tmp_path, pictures):
    place = Place(workspace)
    for seed, name in enumerate(("ada/1.mp4", "ada/2.mp4", "bob/1.mp4", "eve/1.mp4")):
        draw(tmp_path / "clips" / name, seed, rate=29.97 if seed else 10.0)
        place.take(tmp_path / "clips")
        place.label(f"{name}/", person={"ada": "Ada", "bob": "Bob"}.get(name[:3]) if seed != 1 else None)
    for seed in range(6):
        file = tmp_path / "photos" / f"{seed % 3}" / f"{seed}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(pictures(seed, size=(120, 90)))
    place.photos(tmp_path / "photos")
    place.label("0/", person="")
    place.label("1/")
    place.label("2/", person="Zoë")
    with writing(workspace.engine) as session:
        image = session.exec(select(Image).where(Image.path == "1/1.png")).one()
        image.sequence = "squat-03"
        session.add(Exclusion(dataset_id=place.dataset, name="4.png", reason="blurred", author_id=place.author))
    return place


@pytest.fixture
def there(another_workspace):
    return Place(another_workspace)


def followed(place):
    """The kind, name and frames of each track, by its clip."""
    with reading(place.workspace.engine) as session:
        return {
            video.path: [row[2:7] for row in tracks_in_clip(video.id, session=session)]
            for video in videos(place.dataset, session=session)
        }


@pytest.fixture
def tracked(here):
    """One track of a clip is cut in two, and in another a body has a name."""
    with writing(here.workspace.engine) as session:
        image = session.exec(select(Image.id).where(Image.path == "bob/1.mp4/000000.jpg")).one()
        session.add(Instance(dataset_id=here.dataset, image_id=image, kind="person", left=0, top=0, right=9, bottom=40))
    link_clips(here.workspace)
    with reading(here.workspace.engine) as session:
        clips = {video.path: video.id for video in videos(here.dataset, session=session)}
    (face,) = tracks_of_clip(here.workspace, clips["ada/1.mp4"])
    cut_track(here.workspace, face.id, 2, author_id=here.author)
    body = next(row for row in tracks_of_clip(here.workspace, clips["bob/1.mp4"]) if row.kind == "person")
    name_track(here.workspace, body.id, "Bea", author_id=here.author)
    return here


def test_of_two_in_one_track_in_a_picture_the_first_is_exported_in_it(tracked, there, tmp_path):
    before = followed(tracked)
    with writing(tracked.workspace.engine) as session:
        first = session.exec(select(Instance).where(col(Instance.track_id).is_not(None))).first()
        session.add(Instance(**first.model_dump(exclude={"id", "revision_id"})))
    there.restore(tracked.export(tmp_path / "out", "facet"))
    assert {path: [row for row in rows if row[4] > 1] for path, rows in followed(there).items()} == {
        path: [row for row in rows if row[4] > 1] for path, rows in before.items()
    }


@pytest.mark.parametrize("name", ["facet", "coco"])
@pytest.mark.parametrize("clips_are_there", [False, True])
def test_tracks_come_back_as_they_were_cut_and_named(tracked, there, tmp_path, name, clips_are_there):
    if clips_are_there:
        there.take(tmp_path / "clips")
    before = followed(tracked)
    assert [row[2:] for row in before["ada/1.mp4"]] == [(0, 1, 2), (2, 4, 3)]
    assert ("person", "Bea", 0, 0, 1) in before["bob/1.mp4"]
    out = tracked.export(tmp_path / "out", name)
    there.restore(out)
    assert followed(there) == before
    there.restore(out)
    assert followed(there) == before, "what is here keeps its tracks"
    with reading(there.workspace.engine) as session:
        assert len(session.exec(select(Track)).all()) == sum(map(len, before.values()))


@pytest.mark.parametrize("split_by", ["auto", "person", "folder", "picture"])
def test_a_restored_dataset_splits_as_the_one_that_left(here, there, tmp_path, split_by):
    before = here.parts(split_by, keep=True)
    assert set(before.values()) == {"train", "validation", "test"}
    # ids there differ, and so would a split that began anew
    with writing(there.workspace.engine) as session:
        session.add(Person(dataset_id=there.dataset, name="somebody"))
        session.add(
            Video(
                dataset_id=there.dataset,
                path="x",
                sha256="x",
                width=1,
                height=1,
                frames=0,
                frames_per_second=1,
                original="x",
            )
        )
    there.restore(here.export(tmp_path / "out"))
    assert there.parts(split_by) == before


def test_parts_that_a_new_split_would_not_give_come_back(here, there, tmp_path):
    here.parts("person", keep=True)
    with writing(here.workspace.engine) as session:
        for row in session.exec(select(GroupPart)).all():
            row.part = {"train": "test", "test": "validation", "validation": "train"}[row.part]
    before = here.parts("person")
    there.restore(here.export(tmp_path / "out", "coco"))
    assert there.parts("person") == before


def test_the_rate_of_a_clip_that_comes_back_is_that_of_its_frames_whatever_the_export_says(here, there, tmp_path):
    with writing(here.workspace.engine) as session:
        session.exec(select(Video).where(Video.path == "bob/1.mp4")).one().frames_per_second = 600
    there.restore(here.export(tmp_path / "out"))
    with reading(there.workspace.engine) as session:
        rates = dict(session.exec(select(Video.path, Video.frames_per_second)).all())
    assert rates["bob/1.mp4"] == pytest.approx(rates["ada/2.mp4"], abs=0.1)


def test_clips_come_back_frame_by_frame_and_out_again_is_equal(here, there, tmp_path):
    here.parts(keep=True)
    first = here.export(tmp_path / "out")
    there.restore(first)
    assert there.clips() == here.clips()
    assert len(there.clips()["ada/1.mp4"][-1]) == 5
    with reading(there.workspace.engine) as session:
        assert [(row.name, row.reason) for row in exclusions(there.dataset, session=session)] == [("4.png", "blurred")]
        sequences = set(session.exec(select(Image.sequence)))
    assert sequences == {None, "ada/1.mp4", "ada/2.mp4", "bob/1.mp4", "eve/1.mp4", "squat-03"}
    again = there.export(tmp_path / "again")
    for file in ("annotations.json", "images.csv", "identities.csv"):
        assert (again / file).read_bytes() == (first / file).read_bytes()


def test_restoring_twice_adds_no_clip_and_changes_no_part(here, there, tmp_path):
    here.parts(keep=True)
    out = here.export(tmp_path / "out")
    there.restore(out)
    before = there.clips(), there.parts()
    there.restore(out)
    assert (there.clips(), there.parts()) == before
    with reading(there.workspace.engine) as session:
        assert len(session.exec(select(Video)).all()) == 4


def test_frames_that_are_read_from_a_clip_here_get_no_file_from_an_export(here, tmp_path):
    out = here.export(tmp_path / "out")
    home = here.workspace.home
    before, clips = {path for path in home.rglob("*.*") if "store.db" not in path.name}, here.clips()
    assert here.restore(out)["added"] == 0
    assert {path for path in home.rglob("*.*") if "store.db" not in path.name} == before
    assert here.clips() == clips


def test_the_clip_itself_can_be_imported_after_its_export_was_restored(here, there, tmp_path):
    there.restore(here.export(tmp_path / "out"))
    before = there.clips()
    counts = there.take(tmp_path / "clips")
    assert counts.pop("bytes_kept") > 0
    assert counts == {"clips": 4, "frames": 20, "skipped": 0}
    assert there.clips() == before
    with reading(there.workspace.engine) as session:
        assert all(there.workspace.original(clip.original).is_file() for clip in session.exec(select(Video)))


def test_a_clip_of_another_content_keeps_its_name_and_the_restored_one_gets_another(here, there, tmp_path):
    draw(tmp_path / "other" / "ada" / "1.mp4", 99)
    there.take(tmp_path / "other")
    there.restore(here.export(tmp_path / "out"))
    assert there.clips()["ada/1-2.mp4"] == here.clips()["ada/1.mp4"]
    with reading(there.workspace.engine) as session:
        frame = here.clips()["ada/1.mp4"][-2][0][2]
        assert session.exec(select(Image.sequence).where(Image.sha256 == frame)).one() == "ada/1-2.mp4"


def test_an_export_without_clips_and_split_is_restored_as_before(here, there, tmp_path):
    out = here.export(tmp_path / "out")
    content = json.loads((out / "annotations.json").read_text(encoding="utf-8"))
    for key in ("videos", "split", "excluded"):
        del content[key]
    for image in content["images"]:
        for key in ("video", "video_id", "frame_id"):
            image.pop(key, None)
    text = json.dumps(content).encode()
    (out / "annotations.json").write_bytes(text)
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["annotations.json"] = {"sha256": sha256(text).hexdigest(), "size": len(text)}
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert there.restore(out)["added"] == 26
    assert there.clips() == {}


def test_what_was_held_out_there_is_held_out_here_and_what_is_held_out_here_stays_so(here, there, tmp_path, pictures):
    for part, place in (("test", here), ("train", there)):
        with writing(place.workspace.engine) as session:
            session.add(GroupPart(dataset_id=place.dataset, group="person Zoë", part=part))
            other = {"test": "train", "train": "test"}[part]
            session.add(GroupPart(dataset_id=place.dataset, group="person Bob", part=other))
    there.restore(here.export(tmp_path / "out"))
    with reading(there.workspace.engine) as session:
        parts = group_parts(there.dataset, session=session)
    assert (parts["person Zoë"], parts["person Bob"]) == ("test", "test")


def test_groups_that_nothing_here_is_of_are_not_told(here, tmp_path):
    with writing(here.workspace.engine) as session:
        for group in ("person A name of before", "person-id 999", "clip 999", "folder gone", "sequence gone"):
            session.add(GroupPart(dataset_id=here.dataset, group=group, part="test"))
    out = here.export(tmp_path / "out")
    assert json.loads((out / "annotations.json").read_text(encoding="utf-8"))["split"] == []
