"""Real processes that a picture kills: it is set aside by name, the rest goes on, and nothing is done twice."""

import signal

import pytest
from sqlmodel import col, select

from core.foundation.messages import worded
from core.jobs.queue import ring
from core.jobs.runs import recover
from core.library.importing import skipped
from core.library.suspects import names_set_aside, take_up_again
from db.engine import reading
from db.queries.library import counts
from db.tables import Image, ImageState, Instance, Scan
from tests.builders.tiny_models import tiny_picture
from tests.builders.worker_processes import wait_for

WORKER = """
import os, sys
from core.jobs import tasks, worker
from core.jobs.kinds import Lane
from core.library import importing, pixels
from core.people.face_models import FaceModels
from tests.builders.tiny_models import tiny_models

bad = set(sys.argv[2].split(","))
made = tiny_models()
FaceModels.load = staticmethod(lambda workspace, encoder=None: made)
tasks.has_vectors = lambda *arguments, **options: False  # nobody to group

def kills(function, name_of):
    def killing(*arguments):
        if name_of(*arguments) in bad or "*" in bad:
            os.kill(os.getpid(), 9)  # as a decoder does that writes past its memory
        return function(*arguments)
    return killing

pixels.decode = kills(pixels.decode, lambda file, name, limit: name)
importing.store_picture = kills(importing.store_picture, lambda workspace, content, path, reference: path)
worker.main(None, Lane(sys.argv[1]))
"""
SENTENCE = "the process of a run died twice with it in hand, the second time with nothing else; no run opens it until"


@pytest.fixture
def killed(workers):
    """Starts workers that these pictures kill until a run has ended; the run, and how many have died."""

    def ended(run_id, bad, lane="long"):
        deaths = 0
        while workers.run(run_id).state in ("queued", "running"):
            assert deaths < 12, "it goes on for ever"
            if lane == "short":  # whose dead the worker of the other lane takes up
                ring(workers.workspace, *recover(workers.workspace))
            process = workers.fork(WORKER, lane, bad)
            wait_for(
                lambda process=process: (
                    process.exitcode is not None or workers.run(run_id).state not in ("queued", "running")
                ),
                "death or an end",
            )
            if process.exitcode is None:
                process.kill()
                process.join()
            else:
                assert process.exitcode == -signal.SIGKILL
                deaths += 1
                recover(workers.workspace)
        return workers.run(run_id), deaths

    return ended


@pytest.fixture
def tiny(tmp_path):
    """A folder of eight pictures with a face each, from a.png to h.png."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    for shade, name in enumerate("abcdefgh"):
        (folder / f"{name}.png").write_bytes(tiny_picture(1, 20 + shade))
    return folder


def _rows(workers, table):
    with reading(workers.workspace.engine) as session:
        return list(session.exec(select(table).order_by(col(table.image_id if table is not Image else Image.path))))


@pytest.mark.nightly
def test_pictures_that_kill_are_set_aside_by_name_and_the_rest_goes_on(workers, tiny, killed):
    workers.import_folder(tiny)
    run, deaths = killed(workers.submit("faces"), "c.png,d.png")
    assert (run.state, run.error, deaths) == ("done", None, 3), "once together, once each alone"
    listed = skipped(workers.workspace, run.id)
    assert [line["path"] for line in listed] == ["c.png", "d.png"]
    assert all(line["reason"].startswith(SENTENCE) for line in listed)
    with reading(workers.workspace.engine) as session:
        found = counts(workers.dataset, session=session)
    assert (found.images, found.faces, found.failed) == (8, 6, 2)
    assert (run.counts["faces"], run.counts["failed"], run.counts["incomplete"]) == (6, 2, 0)
    scans, faces = _rows(workers, Scan), _rows(workers, Instance)
    assert [scan.failure is not None for scan in scans] == [False, False, True, True, False, False, False, False]
    assert len({face.image_id for face in faces}) == len(faces) == 6, "nothing was done twice"
    assert not workers.workspace.in_hand(run.id).exists()

    again, deaths = killed(workers.submit("faces"), "c.png,d.png")
    assert (again.state, deaths) == ("done", 0), "the next run does not open them"
    assert [line["path"] for line in skipped(workers.workspace, again.id)] == ["c.png", "d.png"]

    assert take_up_again(workers.workspace, workers.dataset) == 2
    asked, deaths = killed(workers.submit("faces"), "nobody")
    assert (asked.state, deaths, skipped(workers.workspace, asked.id)) == ("done", 0, [])
    assert (asked.counts["faces"], names_set_aside(workers.workspace, workers.dataset)) == (8, [])


def test_deaths_at_every_picture_fail_the_run_and_accuse_none(workers, tiny, killed):
    workers.import_folder(tiny)
    run, deaths = killed(workers.submit("faces"), "*")
    assert (run.state, run.deaths, deaths) == ("failed", 3, 3)
    assert "died 3 times, the last time at 0 of 8 (Looking for faces); is there enough memory?" in worded(run.error)
    assert (skipped(workers.workspace, run.id), _rows(workers, Scan)) == ([], [])
    assert {image.state for image in _rows(workers, Image)} == {ImageState.NEW}
    assert not workers.workspace.in_hand(run.id).exists()


@pytest.mark.nightly
def test_file_that_kills_an_import_is_left_out_by_name_and_by_the_next_import_too(workers, tiny, killed):
    run, deaths = killed(workers.submit("import", source=str(tiny)), "e.png", "short")
    assert (run.state, deaths) == ("done", 2)
    assert (run.counts["added"], run.counts["duplicates"], run.counts["skipped"]) == (7, 0, 1)
    (line,) = skipped(workers.workspace, run.id)
    assert line["path"] == "e.png"
    assert line["reason"].startswith("the import's process died twice with it in hand, the second time with nothing")
    assert [image.path for image in _rows(workers, Image)] == [f"{name}.png" for name in "abcdfgh"]

    again, deaths = killed(workers.submit("import", source=str(tiny)), "e.png", "short")
    assert (again.state, deaths) == ("done", 0)
    assert (again.counts["added"], again.counts["duplicates"], again.counts["skipped"]) == (0, 7, 1)
    assert "an import's process has died of this content" in skipped(workers.workspace, again.id)[0]["reason"]

    alone, deaths = killed(workers.submit("import", source=str(tiny / "e.png")), "nobody", "short")
    assert (alone.state, alone.counts["added"], deaths) == ("done", 1, 0), "asked for by itself it is tried again"
