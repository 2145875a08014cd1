"""Real workers killed again and again within one import or one export: nothing is lost, and nothing is done twice."""

import hashlib
import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image as Picture
from sqlmodel import col, select

from core.formats.export import open_export
from core.jobs.queue import ring
from core.jobs.runs import recover
from core.library.importing import skipped
from core.library.pixels import picture_pixels
from core.media.videos import VideoWriter
from db.engine import reading
from db.tables import DailyWork, Export, Frame, Image, Video
from tests.builders.worker_processes import wait_for

FRAMES = 24
# A worker of the short lane that dies as often as it is told at one place, by `kill -9`.
WORKER = """
import os, sys
from core.exchange import exporting
from core.formats import staging
from core.jobs import runs, worker
from core.jobs.kinds import Lane
from core.library import importing
from core.library.clip_importing import ClipIntake
from core.library.importing import PictureIntake
from core.media import files

importing._BATCH = 8
place, left = sys.argv[1], int(sys.argv[2])
PLACES = {
    "a picture's part": (files.os, "replace", lambda _, target: "/originals/" in str(target)),
    "pictures without rows": (PictureIntake, "_store", lambda _, batch: len(batch) > 1),
    "rows that are not committed": (PictureIntake, "record", lambda _, added, session: added > 1),
    "a clip without its frames": (ClipIntake, "_store", lambda *_: True),
    "a clip that is not counted": (ClipIntake, "_count", lambda *_: True),
    "half a picture's copy": (staging.HashedFile, "write_bytes", lambda *_: True),
    "a folder without its name": (staging.os, "replace", lambda source, _: str(source).endswith(".partial")),
    "a folder with its mark": (staging, "sync_folder", lambda path: path.name == "out"),
    "an export without its row": (exporting, "writing", lambda *_: True),
    "all but the end": (runs, "_end", lambda *_, **__: True),
}
owner, name, meant = PLACES[place]
original = getattr(owner, name)

def killing(*arguments, **named):
    global left
    if meant(*arguments, **named):
        left -= 1
        if not left:
            os.kill(os.getpid(), 9)
    return original(*arguments, **named)

setattr(owner, name, killing)
worker.main(None, Lane.SHORT)
"""
LIVING = "from core.jobs.worker import serve; serve()"
LIVING_SHORT = "from core.jobs import worker; worker.main(None, worker.Lane.SHORT)"


@pytest.fixture
def killed_at(workers):
    """Lets a worker of the short lane die at the n-th time that it comes to a place."""

    def kill(place, count=1):
        ring(workers.workspace, *recover(workers.workspace))
        process = workers.fork(WORKER, place, count)
        process.join(60)
        assert process.exitcode == -signal.SIGKILL

    return kill


def _pictures(folder, count):
    """A folder of small pictures of noise."""
    folder.mkdir()
    rng = np.random.default_rng(count)
    for number in range(count):
        pixels = rng.integers(0, 256, (60, 80, 3), np.uint8)
        Picture.fromarray(pixels).save(folder / f"{number:03}.png")
    return folder


def _clip(file):
    with VideoWriter(file, 64, 48, 25) as writer:
        for number in range(FRAMES):
            writer.write(np.full((48, 64, 3), 10 * number, np.uint8))


def _rows(workers, table, *order):
    with reading(workers.workspace.engine) as session:
        return list(session.exec(select(table).order_by(*map(col, order))))


def _assert_whole(workers, names, frames=0):
    """Each picture and frame is in the store once, can be read, and is its author's work; no part of a file is left."""
    images = _rows(workers, Image, Image.path)
    assert [image.path for image in images if image.sequence is None] == names
    for image in images:
        assert picture_pixels(workers.workspace, image).shape[:2] == (image.height, image.width)
        if image.sequence is not None:
            continue  # a frame is read from its clip
        content = workers.workspace.original(image.original).read_bytes()
        assert hashlib.sha256(content).hexdigest() == image.sha256
        assert workers.workspace.derived("thumbnails", image.sha256).is_file()
    assert sum(day.count for day in _rows(workers, DailyWork) if day.kind == "images_imported") == len(images)
    assert len(images) == len(names) + frames
    assert not list(workers.workspace.home.rglob(".partial-*"))


def _assert_exported(workers, folder, names):
    """The export holds what its manifest says and nothing else, and is written down once; gives what was left out."""
    opened = open_export(folder, "facet", [])
    left = {row.path: row.reason for row in opened.left_out}
    assert opened.damaged == {}
    assert sorted([*left, *(file.name for file in (folder / "images").iterdir())]) == names
    assert [file.name for file in folder.parent.iterdir() if file.name.startswith("out")] == ["out"]
    (row,) = _rows(workers, Export)
    assert row.manifest_sha256 == hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    return left


def test_an_import_killed_at_each_of_its_steps_loses_nothing_and_does_nothing_twice(workers, killed_at, tmp_path):
    source = _pictures(tmp_path / "source", 20)
    _clip(source / "z.mp4")
    run_id = workers.submit("import", source=str(source))
    killed_at("a picture's part", 5)
    assert list(workers.workspace.originals.rglob(".partial-*")), "a part is left behind"
    killed_at("rows that are not committed")
    killed_at("a clip without its frames")
    killed_at("a clip that is not counted")
    workers.fork(LIVING)
    run = workers.wait(run_id, "done")
    _assert_whole(workers, [f"{number:03}.png" for number in range(20)], FRAMES)
    assert (run.counts["added"], run.counts["duplicates"], run.counts["skipped"]) == (20, 0, 0)
    assert (run.counts["clips"], run.counts["frames"], len(_rows(workers, Video))) == (1, FRAMES, 1)
    assert [frame.index for frame in _rows(workers, Frame, Frame.index)] == list(range(FRAMES))
    assert not workers.workspace.in_hand(run_id).exists()


@pytest.mark.parametrize(
    "ends",
    [
        ["a folder without its name", "an export without its row"],
        pytest.param(["a folder with its mark", "all but the end"], marks=pytest.mark.nightly),
    ],
)
def test_an_export_killed_at_each_of_its_steps_is_one_whole_export(workers, killed_at, tmp_path, ends):
    workers.import_folder(_pictures(tmp_path / "source", 12))
    run_id = workers.submit("export", format="facet", folder=str(tmp_path / "out"))
    killed_at("half a picture's copy", 4)
    for place in ends:
        killed_at(place)
    ring(workers.workspace, *recover(workers.workspace))
    workers.fork(LIVING_SHORT)
    run = workers.wait(run_id, "done")
    assert not _assert_exported(workers, tmp_path / "out", [f"{number:03}.png" for number in range(12)])
    assert (run.counts["images"], run.counts["left_out"], run.counts["not_exported"]) == (12, 0, 0)
    assert not workers.workspace.in_hand(run_id).exists()


def _count_since(folder, moment):
    """How many pictures were written below a folder since then, whatever is removed meanwhile."""
    count = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                count += name.endswith(".png") and Path(parent, name).stat().st_mtime > moment
    return count


def _kill_after(workers, run_id, folder, count):
    """Start a real worker, and kill it with its lanes as soon as it has written so many pictures below a folder."""
    moment, worker = time.time(), workers.start()
    lanes = lambda: [worker, *psutil.Process(worker.pid).children(recursive=True)]  # noqa: E731
    held = lambda run: run.worker and int(run.worker.split(":")[1]) in {lane.pid for lane in lanes()}  # noqa: E731
    wait_for(lambda: held(workers.run(run_id)), "its start")
    open_still = lambda: workers.run(run_id).state == "running"  # noqa: E731
    wait_for(lambda: _count_since(folder, moment) >= count or not open_still(), f"{count} pictures")
    for lane in reversed(lanes()):
        lane.kill()
        lane.wait()
    assert open_still(), "it was killed in the middle"


@pytest.mark.nightly
def test_an_import_killed_twelve_times_anywhere_loses_nothing(workers, tmp_path):
    """A picture that was alone in hand when the process died again is left out by name, and comes in when asked for."""
    source = _pictures(tmp_path / "source", 480)
    run_id = workers.submit("import", source=str(source))
    rng = random.Random(8)
    for _ in range(12):
        _kill_after(workers, run_id, workers.workspace.originals, rng.randrange(1, 35))
    workers.start()
    workers.wait(run_id, "done")
    listed = skipped(workers.workspace, run_id)
    assert len(listed) < 12
    assert all("died twice with it in hand" in line["reason"] for line in listed)
    for line in listed:
        workers.wait(workers.submit("import", source=str(source / line["path"])), "done")
    _assert_whole(workers, [f"{number:03}.png" for number in range(480)])


@pytest.mark.nightly
def test_an_export_killed_eighteen_times_anywhere_is_one_whole_export(workers, tmp_path):
    """A picture that was alone in hand when the process died again is left out by name."""
    workers.import_folder(_pictures(tmp_path / "source", 400))
    run_id = workers.submit("export", format="facet", folder=str(tmp_path / "out"))
    rng = random.Random(8)
    for kill in range(18):
        _kill_after(workers, run_id, tmp_path / "out.partial", 20 * kill + rng.randrange(1, 20))
    workers.start()
    workers.wait(run_id, "done")
    left = _assert_exported(workers, tmp_path / "out", [f"{number:03}.png" for number in range(400)])
    assert len(left) < 18
    assert all("died twice with it in hand" in reason for reason in left.values())
