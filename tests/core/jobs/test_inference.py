"""What pages ask of models is answered beside the workbench, whose own process never loads one."""

from __future__ import annotations

import os
import shutil
import signal
import sys

import numpy as np
import pytest

from core.foundation.errors import FacetError, NotEnoughData, UnreadableImage
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs import inference
from core.jobs.inference import query_beside, what_fits_beside
from core.learning.recipes import what_fits
from core.people import searching
from tests.builders.tiny_models import tiny_models, tiny_picture


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, empty_store):
    """One home for the file: a process that one test has started answers the next."""
    home = tmp_path_factory.mktemp("beside")
    shutil.copyfile(empty_store, home / "store.db")
    opened = Workspace.open(Settings(home=home))
    yield opened
    inference._inference(opened)._end()
    inference._inference.cache_clear()
    opened.engine.dispose()


@pytest.fixture
def beside(monkeypatch, workspace):
    """Inference processes with tiny models; gives the one of the workspace, which may have been started before."""
    monkeypatch.setattr(inference, "_COMMAND", [sys.executable, "-m", "tests.builders.tiny_inference"])
    return inference._inference(workspace)


def test_the_answer_is_that_of_this_process(beside, workspace, monkeypatch):
    monkeypatch.setattr(searching, "_models", lambda *_: tiny_models())
    here = searching.photo_query(workspace, tiny_picture(2, 90), "two.png")
    there = query_beside(workspace, tiny_picture(2, 90), "two.png")
    np.testing.assert_array_equal(there.vectors, here.vectors)
    assert (there.crops, there.chosen, there.encoder) == (here.crops, here.chosen, here.encoder)
    assert (there.encoder_id, there.own_threshold) == (here.encoder_id, here.own_threshold)


@pytest.mark.nightly
def test_whether_a_training_fits_is_answered_there_too(beside, workspace):
    here = what_fits(workspace, "quick-hrnet", {"batch": "4"}, "face68")
    assert what_fits_beside(workspace, "quick-hrnet", {"batch": "4"}, "face68").needed == here.needed > 0
    with pytest.raises(FacetError, match="a recipe has no setting 'epoch'"):
        what_fits_beside(workspace, "quick-hrnet", {"epoch": "4"}, "face68")


def test_errors_come_back_as_they_are_and_the_process_stays(beside, workspace):
    with pytest.raises(UnreadableImage) as raised:
        query_beside(workspace, b"plain text", "notes.jpg")
    process = beside._process
    with pytest.raises(NotEnoughData):
        query_beside(workspace, tiny_picture(0), "wall.png")
    with pytest.raises(RuntimeError, match="out of tiny memory"):
        query_beside(workspace, tiny_picture(1, broken=True), "broken.png")
    assert len(query_beside(workspace, tiny_picture(1), "one.png").crops) == 1
    assert beside._process is process
    assert process.poll() is None
    assert isinstance(raised.value, FacetError)


def test_an_answer_that_was_not_read_is_not_given_to_the_next_question(beside, workspace, monkeypatch):
    query_beside(workspace, tiny_picture(1), "one.png")

    def no_memory(pipe):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(inference.pickle, "load", no_memory)
        with pytest.raises(MemoryError):
            query_beside(workspace, tiny_picture(2, 90), "two.png")
    assert len(query_beside(workspace, tiny_picture(3), "three.png").crops) == 3


def test_a_process_that_died_is_started_again(beside, workspace):
    query_beside(workspace, tiny_picture(1), "one.png")
    first = beside._process
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert len(query_beside(workspace, tiny_picture(3), "three.png").crops) == 3
    assert beside._process.pid != first.pid


def test_a_process_that_dies_on_the_photo_is_an_error_and_not_a_wait(beside, workspace, monkeypatch):
    beside._end()
    monkeypatch.setattr(inference, "_COMMAND", [sys.executable, "-c", "import sys; sys.stdin.buffer.read(1)"])
    with pytest.raises(FacetError) as raised:
        query_beside(workspace, tiny_picture(1), "one.png")
    assert raised.value.code == "runs.inference_died"
    assert "one.png" in str(raised.value)


def test_it_ends_when_nobody_asks_any_more(beside, workspace, monkeypatch):
    command = "from core.jobs import inference; inference._IDLE_SECONDS = 0.2; inference.main()"
    beside._end()
    monkeypatch.setattr(inference, "_COMMAND", [sys.executable, "-c", command])
    with pytest.raises(UnreadableImage):
        query_beside(workspace, b"plain text", "notes.jpg")
    assert beside._process.wait(20) == 0
    with pytest.raises(UnreadableImage):
        query_beside(workspace, b"plain text", "notes.jpg")
    beside._end()


def test_it_ends_with_the_workbench(beside, workspace):
    query_beside(workspace, tiny_picture(1), "one.png")
    beside._process.stdin.close()
    assert beside._process.wait(20) == 0
    beside._process.stdout.close()
    beside._process = None


def test_nothing_of_the_photo_is_written(beside, workspace):
    def files():
        return {path for path in workspace.home.rglob("*") if path.is_file() and "store.db" not in path.name}

    before = files()
    query_beside(workspace, tiny_picture(2), "two.png")
    assert files() == before
