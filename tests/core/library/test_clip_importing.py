"""Clips become frames: each with its place, once, and nothing is lost without a word."""

import shutil
import zipfile

import av
import numpy as np
import pytest
from sqlmodel import col, select

from core.foundation.errors import Cancelled, NotFound
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.clip_frames import FrameOriginal, frame_identity
from core.library.clip_importing import ClipIntake, free_clip_path
from core.library.importing import PictureIntake, skipped
from core.library.intake import ImportOptions
from core.library.pixels import picture_pixels
from core.library.serving import serve_thumbnail
from core.media.videos import VideoWriter, frames, probe
from db.engine import reading
from db.queries.library import all_clips, clips_named, videos
from db.queries.motion.seen import clip_frames, frame_pictures
from db.tables import Dataset, Frame, Image, ImagePath, Run, RunState, Video
from db.writing import writing
from tests.builders.after_deaths import AfterDeaths
from tests.builders.lying_clips import lying_clip
from tests.builders.odd_clips import encoded, of_changing_size, with_header_of, without_frames
from tests.builders.old_clips import frames_as_files


@pytest.fixture
def run_id(workspace, dataset, author):
    with writing(workspace.engine) as session:
        run = Run(kind="import", state=RunState.RUNNING, dataset_id=dataset, author_id=author)
        session.add(run)
        session.flush()
        return run.id


@pytest.fixture
def take(workspace, dataset, author, run_id):
    def call(source, where=workspace, progress=DEAF, **options):
        chosen = ImportOptions(**options)
        intake = ClipIntake(
            where, dataset_id=dataset, author_id=author, run_id=run_id, options=chosen, progress=progress
        )
        counts = intake.take_source(source)
        call.bytes_kept = counts.pop("bytes_kept")
        return counts

    return call


def pixels(value, width=64, height=48):
    y, x = np.mgrid[:height, :width]
    made = np.stack([x * 2 + value, y * 3, np.full_like(x, value * 5 % 256)], axis=2)
    return (made % 256).astype(np.uint8)


def clip(path, values=range(5), rate=10.0):
    with VideoWriter(path, 64, 48, rate) as writer:
        for value in values:
            writer.write(pixels(10 * value))
    return path


def stored(workspace, table=Image):
    with reading(workspace.engine) as session:
        return list(session.exec(select(table).order_by(col(table.id))))


def test_each_frame_is_a_picture_that_knows_its_place(workspace, dataset, take, tmp_path):
    source = tmp_path / "videos" / "day" / "ada.mp4"
    clip(source)
    assert take(tmp_path / "videos") == {"clips": 1, "frames": 5, "skipped": 0}
    (video,) = stored(workspace, Video)
    assert (video.path, video.width, video.height, video.frames, video.frames_per_second) == (
        "day/ada.mp4",
        64,
        48,
        5,
        10,
    )
    with reading(workspace.engine) as session:
        shown = frame_pictures(video.id, session=session)
    assert [frame.index for frame in shown] == [0, 1, 2, 3, 4]
    assert [frame.seconds for frame in shown] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    for frame, (index, _, decoded) in zip(shown, frames(source), strict=True):
        assert frame.image.path == f"day/ada.mp4/{index:06d}.jpg"
        assert frame.image.sequence == "day/ada.mp4"
        assert (frame.image.width, frame.image.height, frame.image.format) == (64, 48, "JPEG")
        np.testing.assert_array_equal(picture_pixels(workspace, frame.image), decoded)
    assert workspace.original(video.original).read_bytes() == source.read_bytes()


def test_a_clip_is_kept_once_and_no_file_of_any_frame(workspace, take, tmp_path):
    source = clip(tmp_path / "a.mp4", range(12))
    take(source)
    kept = {path for path in workspace.home.rglob("*") if path.is_file() and not path.name.startswith("store.db")}
    (index,) = (workspace.home / "clips").iterdir()
    assert kept == {workspace.original(stored(workspace, Video)[0].original), index}
    assert take.bytes_kept == source.stat().st_size + index.stat().st_size
    take(source)
    assert take.bytes_kept == source.stat().st_size + index.stat().st_size
    take(clip(tmp_path / "b.mp4", range(20, 30)), reference=True)
    assert (
        take.bytes_kept
        == sum(path.stat().st_size for path in (workspace.home / "clips").iterdir()) - index.stat().st_size
    )


def test_frames_know_the_scene_that_they_are_of(workspace, take, tmp_path):
    with VideoWriter(tmp_path / "cut.mp4", 64, 48, 10.0) as writer:
        for value in (0, 2, 4, 6, 200, 202, 204):
            writer.write(np.full((48, 64, 3), value, np.uint8))
    take(tmp_path / "cut.mp4")
    with reading(workspace.engine) as session:
        (video,) = session.exec(select(Video)).all()
        assert [row.scene for row in clip_frames(video.id, set(), session=session)] == [0, 0, 0, 0, 1, 1, 1]


def test_again_under_another_name_adds_nothing(workspace, take, tmp_path):
    clip(tmp_path / "one" / "a.mp4")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    (tmp_path / "two" / "a.mp4").rename(tmp_path / "two" / "b.mp4")
    first = take(tmp_path / "one")
    before = len(stored(workspace)), len(stored(workspace, Frame)), len(stored(workspace, Video))
    assert take(tmp_path / "one") == take(tmp_path / "two") == first
    assert (len(stored(workspace)), len(stored(workspace, Frame)), len(stored(workspace, Video))) == before == (5, 5, 1)


def test_equal_frames_are_pictures_of_their_own(workspace, take, tmp_path):
    # the encoder repeats a still exactly, but a person may hold another view of each
    clip(tmp_path / "a.mp4", [3] * 12)
    assert take(tmp_path / "a.mp4")["frames"] == 12
    images, places = stored(workspace), stored(workspace, Frame)
    assert [place.image_id for place in places] == [image.id for image in images]
    (video,) = stored(workspace, Video)
    assert [image.sha256 for image in images] == [frame_identity(video.sha256, number) for number in range(12)]
    with reading(workspace.engine) as session:
        assert len(session.exec(select(ImagePath)).all()) == len(images)


@pytest.mark.parametrize("after", [0, 2, 4])
def test_an_import_that_was_cut_off_goes_on_without_doubles(workspace, take, tmp_path, monkeypatch, after):
    monkeypatch.setattr("core.library.clip_importing._BATCH", 2)
    clip(tmp_path / "a.mp4", range(7))
    left, plain = after, ClipIntake.record

    def record(self, added, *, session):
        nonlocal left
        plain(self, added, session=session)
        left -= added
        if left < 0:
            raise Cancelled("training.stopped")  # the batch does not come in

    monkeypatch.setattr(ClipIntake, "record", record)
    with pytest.raises(Cancelled):
        take(tmp_path / "a.mp4")
    monkeypatch.undo()
    before = stored(workspace)
    assert len(before) == after
    assert all(picture_pixels(workspace, image).shape == (48, 64, 3) for image in before)
    assert take(tmp_path / "a.mp4") == {"clips": 1, "frames": 7, "skipped": 0}
    assert stored(workspace)[:after] == before
    assert [image.path for image in stored(workspace)] == [f"a.mp4/{i:06d}.jpg" for i in range(7)]
    assert [frame.index for frame in stored(workspace, Frame)] == list(range(7))


def test_an_import_that_is_stopped_while_it_decodes_leaves_no_picture(workspace, take, tmp_path, monkeypatch):
    monkeypatch.setattr("core.library.clip_importing._TOLD", 2)

    class Stop(Progress):
        def begin(self, total, done=0, message=""):
            self.taking = message.code == "progress.taking_frames"

        def advance(self, done, message=""):
            if self.taking and done >= 4:
                raise Cancelled("training.stopped")

    with pytest.raises(Cancelled):
        take(clip(tmp_path / "a.mp4", range(7)), progress=Stop())
    assert stored(workspace) == stored(workspace, Video) == []


def test_what_is_gone_from_the_disk_comes_back(workspace, take, tmp_path):
    take(clip(tmp_path / "a.mp4"))
    (video,), (index,) = stored(workspace, Video), (workspace.home / "clips").iterdir()
    for lost in (workspace.original(video.original), index):
        lost.unlink()
        take(tmp_path / "a.mp4")
        assert lost.is_file()
    assert (len(stored(workspace)), len(stored(workspace, Video))) == (5, 1)


def test_frames_of_before_stay_files_until_these_are_gone(workspace, take, tmp_path):
    take(clip(tmp_path / "a.mp4"))
    before = frames_as_files(workspace)
    take(tmp_path / "a.mp4")
    assert [image.original for image in stored(workspace)] == before
    workspace.original(before[2]).unlink()
    take(tmp_path / "a.mp4")
    (video,) = stored(workspace, Video)
    before[2] = str(FrameOriginal.of(video.sha256, 2))
    assert [image.original for image in stored(workspace)] == before


def test_pictures_and_clips_of_one_folder_are_counted_apart(
    workspace, take, dataset, author, run_id, tmp_path, pictures
):
    folder = tmp_path / "mixed"
    clip(folder / "a.mp4")
    (folder / "b.png").write_bytes(pictures(1))
    who = {"dataset_id": dataset, "author_id": author, "run_id": run_id}
    assert PictureIntake(workspace, **who).take_source(folder) == {
        "images": 1,
        "added": 1,
        "duplicates": 0,
        "skipped": 0,
    }
    assert take(folder) == {"clips": 1, "frames": 5, "skipped": 0}
    # the same run once more, as after a crash: the frames do not become pictures of it
    assert PictureIntake(workspace, **who).take_source(folder) == {
        "images": 1,
        "added": 1,
        "duplicates": 0,
        "skipped": 0,
    }


def test_a_zip_with_clips_is_read(workspace, take, tmp_path):
    clip(tmp_path / "a.mp4")
    with zipfile.ZipFile(tmp_path / "clips.zip", "w") as archive:
        archive.write(tmp_path / "a.mp4", "in/a.MP4")
    assert take(tmp_path / "clips.zip") == {"clips": 1, "frames": 5, "skipped": 0}
    assert stored(workspace, Video)[0].path == "in/a.MP4"


def test_two_clips_of_one_name_keep_apart(workspace, dataset, take, tmp_path):
    for folder, values in (("one", range(3)), ("two", range(5, 8)), ("three", range(9, 12))):
        clip(tmp_path / folder / "a.mp4", values)
        take(tmp_path / folder)
    assert [video.path for video in stored(workspace, Video)] == ["a.mp4", "a-2.mp4", "a-3.mp4"]
    assert {image.sequence for image in stored(workspace)} == {"a.mp4", "a-2.mp4", "a-3.mp4"}
    with reading(workspace.engine) as session:
        assert free_clip_path(dataset, "b.mp4", "0" * 64, session=session) == "b.mp4"
        assert [video.path for video in videos(dataset, session=session)] == ["a-2.mp4", "a-3.mp4", "a.mp4"]


def test_a_clip_is_found_by_path_by_file_and_without_its_ending(workspace, dataset, take, tmp_path):
    clip(tmp_path / "all" / "x" / "a.mp4", range(2))
    clip(tmp_path / "all" / "y" / "a.mp4", range(4, 6))
    clip(tmp_path / "all" / "y" / "b.mp4", range(7, 9))
    take(tmp_path / "all")
    with reading(workspace.engine) as session:
        for said, meant in (
            ("y/a.mp4", ["y/a.mp4"]),
            ("b.mp4", ["y/b.mp4"]),
            ("b", ["y/b.mp4"]),
            ("nothing", []),
            ("a.mp4", ["x/a.mp4", "y/a.mp4"]),
            ("a", ["x/a.mp4", "y/a.mp4"]),  # two have that name
        ):
            for where in (dataset, None):
                assert [video.path for video in clips_named(said, where, session=session)] == meant
        assert clips_named("b", dataset + 1, session=session) == []
        assert [video.path for video in all_clips(session=session)] == ["x/a.mp4", "y/a.mp4", "y/b.mp4"]


def test_folder_names_are_people_where_that_is_asked_for(workspace, take, author, tmp_path):
    clip(tmp_path / "all" / "Ada" / "a.mp4", range(2))
    take(tmp_path / "all", identities=True)
    assert {(image.identity, image.identity_by) for image in stored(workspace)} == {("Ada", author)}


def test_a_reference_leaves_the_clip_where_it_is(workspace, take, tmp_path):
    source = clip(tmp_path / "a.mp4")
    take(source, reference=True)
    (video,) = stored(workspace, Video)
    assert video.original == str(source)
    assert not list(workspace.originals.rglob("*.mp4"))
    assert all(picture_pixels(workspace, image).shape == (48, 64, 3) for image in stored(workspace))
    shutil.move(source, tmp_path / "b.mp4")
    with pytest.raises(NotFound, match=r"a\.mp4/000000\.jpg: the original is gone from"):
        picture_pixels(workspace, stored(workspace)[0])
    take(tmp_path / "b.mp4", reference=True)
    assert all(picture_pixels(workspace, image).shape == (48, 64, 3) for image in stored(workspace))


def test_what_is_no_clip_is_listed_and_not_kept(workspace, take, run_id, tmp_path):
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / "empty.mp4").write_bytes(b"")
    (folder / "text.mov").write_text("not a clip")
    encoded(folder / "tape.ts", 4)  # whole, of a kind whose frames cannot be found one by one
    clip(folder / "good.mp4", range(2))
    assert take(folder) == {"clips": 1, "frames": 2, "skipped": 3}
    listed = {row["path"]: row["reason"] for row in skipped(workspace, run_id)}
    assert set(listed) == {"empty.mp4", "text.mov", "tape.ts"}
    assert all(reason.startswith("not a video of a kind that can be read") for reason in listed.values())
    assert len([file for file in workspace.originals.rglob("*") if file.suffix in (".mp4", ".mov")]) == 1


def test_a_truncated_clip_gives_what_decodes_and_says_so_every_time(workspace, take, run_id, tmp_path):
    source = clip(tmp_path / "a.mp4", range(40))
    content = source.read_bytes()
    source.write_bytes(content[: len(content) * 2 // 3])  # the index comes first, so the beginning decodes
    counts = take(source)
    assert 5 < counts["frames"] < 40
    assert len(stored(workspace, Frame)) == counts["frames"] == stored(workspace, Video)[0].frames
    take(source)
    reasons = [row["reason"] for row in skipped(workspace, run_id)]
    assert len(reasons) == 2
    assert reasons[0] == reasons[1]
    assert "came in" in reasons[0]


def test_a_clip_over_the_limits_is_refused_whole(workspace, take, run_id, tmp_path):
    source = clip(tmp_path / "a.mp4", range(6))
    few = Workspace(replace_settings(workspace, max_clip_frames=5))
    small = Workspace(replace_settings(workspace, max_pixels=1000))
    for limited, reason in ((few, "FACET_MAX_CLIP_FRAMES"), (small, "FACET_MAX_PIXELS")):
        assert take(source, limited)["frames"] == 0
        assert reason in skipped(workspace, run_id)[-1]["reason"]
    assert not stored(workspace)
    enough = Workspace(replace_settings(workspace, max_clip_frames=6))
    assert take(source, enough)["frames"] == 6
    for opened in (few, small, enough):
        opened.engine.dispose()


def replace_settings(workspace, **changes):
    return workspace.settings.model_copy(update=changes)


def odd_clips(folder):
    """A clip for each thing that can be wrong, and a good one; gives what is said of each."""
    folder.mkdir()
    good = encoded(folder / "good.mp4", 30).read_bytes()
    (folder / "zero.mp4").write_bytes(without_frames(good))
    (folder / "cut.mkv").write_bytes((content := encoded(folder / "cut.mkv", 60).read_bytes())[: len(content) // 2])
    with_header_of(folder / "promises.mp4", encoded(folder / "long.mp4", 60))
    (folder / "long.mp4").unlink()
    of_changing_size(folder / "sizes.webm")
    encoded(folder / "wide.mp4", 2, options={"preset": "ultrafast"}, size=(16000, 64))
    encoded(folder / "tall.mp4", 2, options={"preset": "ultrafast"}, size=(64, 16000))
    with av.open(str(folder / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    return {
        "zero.mp4": "no frame of it can be decoded",
        "promises.mp4": "its header promises 60 frames, but",
        "sizes.webm": "from frame 6 on it is 96 × 32 pixels, not 64 × 48; its frames came in as they are",
        "sound.mp4": "there is no picture in it, only sound or text",
        "wide.mp4": "16000 × 64 pixels are more than the limit of 1,000,000 (FACET_MAX_PIXELS)",
        "tall.mp4": "64 × 16000 pixels are more than the limit of 1,000,000 (FACET_MAX_PIXELS)",
    }


def test_each_clip_that_is_not_as_it_should_be_is_named_with_the_reason_and_the_others_come_in(
    workspace, take, run_id, tmp_path
):
    said = odd_clips(tmp_path / "odd")
    limited = Workspace(replace_settings(workspace, max_pixels=1_000_000))
    counts = take(tmp_path / "odd", limited)
    limited.engine.dispose()
    listed = {row["path"]: row["reason"] for row in skipped(workspace, run_id)}
    assert {path: listed.get(path, "")[: len(reason)] for path, reason in said.items()} == said
    assert set(listed) - set(said) <= {"cut.mkv"}  # which ends between two frames: that is its end
    came = {video.path: video.frames for video in stored(workspace, Video)}
    assert set(came) == {"good.mp4", "cut.mkv", "promises.mp4", "sizes.webm"}
    assert (came["good.mp4"], came["sizes.webm"]) == (30, 10)
    assert 10 <= came["promises.mp4"] < 60 > came["cut.mkv"] >= 10
    assert counts["frames"] == sum(came.values()) == len(stored(workspace))
    for image in stored(workspace):
        assert picture_pixels(workspace, image).shape == (image.height, image.width, 3)


def test_a_clip_may_be_very_wide_and_very_quick(workspace, take, tmp_path):
    encoded(tmp_path / "in" / "wide.mp4", 2, options={"preset": "ultrafast"}, size=(16000, 64))
    clip(tmp_path / "in" / "quick.mp4", range(24), rate=120.0)
    assert take(tmp_path / "in") == {"clips": 2, "frames": 26, "skipped": 0}
    quick, wide = stored(workspace, Video)
    assert (quick.frames_per_second, wide.width) == (120, 16000)
    seconds = [frame.seconds for frame in stored(workspace, Frame) if frame.video_id == quick.id]
    assert seconds == pytest.approx([number / 120 for number in range(24)])
    assert serve_thumbnail(workspace, stored(workspace)[-1].id)


def test_a_clip_that_is_refused_in_one_dataset_stays_where_another_has_it(workspace, take, author, run_id, tmp_path):
    take(clip(tmp_path / "a.mp4", range(6)))
    with writing(workspace.engine) as session:
        other = Dataset(name="other", created_by=author)
        session.add(other)
        session.flush()
        number = other.id
    few = Workspace(replace_settings(workspace, max_clip_frames=5))
    assert (
        ClipIntake(few, dataset_id=number, author_id=author, run_id=run_id).take_source(tmp_path / "a.mp4")["frames"]
        == 0
    )
    few.engine.dispose()
    assert picture_pixels(workspace, stored(workspace)[5]).shape == (48, 64, 3)


def test_an_unknown_dataset_is_refused(workspace, author, run_id, tmp_path):
    with pytest.raises(NotFound):
        ClipIntake(workspace, dataset_id=99, author_id=author, run_id=run_id).take_source(clip(tmp_path / "a.mp4"))


def test_a_folder_without_clips_is_no_work(take, tmp_path):
    assert take(tmp_path) == {"clips": 0, "frames": 0, "skipped": 0}


def test_the_rate_of_a_clip_is_that_of_its_presentation_times_whatever_its_header_says(workspace, take, tmp_path):
    lying_clip(tmp_path / "cam.avi")
    assert probe(tmp_path / "cam.avi").frames_per_second == 600
    take(tmp_path / "cam.avi")
    (video,) = stored(workspace, Video)
    assert (video.frames, video.frames_per_second) == (10, pytest.approx(25))


@pytest.mark.parametrize("killer", ["a.mp4", "frames of a.mp4"])
def test_clip_that_killed_the_import_is_left_out_by_name_and_the_others_come_in(
    workspace, take, run_id, tmp_path, killer
):
    for name in "ab":
        clip(tmp_path / f"{name}.mp4", range(ord(name), ord(name) + 3))
    progress = AfterDeaths(killers={killer})
    assert take(tmp_path, progress=progress) == {"clips": 1, "frames": 3, "skipped": 1}
    (line,) = skipped(workspace, run_id)
    assert line["path"] == "a.mp4"
    assert "died twice with it in hand" in line["reason"]
    assert (killer,) not in progress.taken
    assert ("frames of b.mp4",) in progress.taken
