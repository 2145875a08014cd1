"""What many tests start from: an empty workspace with one dataset and one author, and tiny pictures."""

from __future__ import annotations

import os

# Before numpy, torch or OpenCV are there: tests run beside one another, a browser and a worker, and threads beyond the
# cores only wait for each other. The last bits of a product depend on their number.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")

import gc
import io
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from PIL import Image

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from db import engine as engines
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing

# The same examples each time; how long one takes says how busy the machine is.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
hypothesis.settings.load_profile("house")

Pictures = Callable[..., bytes]
# By the beginning of its path, the longest that fits; "" is every other file.
IN_TURN = (
    "tests/core/learning/",
    "tests/core/training/",
    "tests/core/jobs/",
    "tests/core/commands/",
    "",
    "tests/e2e/test_journey",
    "tests/e2e/test_timeline",
    "tests/e2e/test_people_page",
    "tests/e2e/keypoint_editor/test_editor_saving",
    "tests/e2e/test_models_page",
    "tests/e2e/test_training_page",
    "tests/e2e/test_outbox",
    "tests/e2e/test_keypoints_page",
    "tests/e2e/keypoint_editor/",
    "tests/e2e/test_library_page",
    "tests/e2e/",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of tests that run side by side the slowest files begin, so that no process is left alone with one at the end.

    The browser's come last: it keeps an event loop open, in which no other can be run.
    """
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: IN_TURN.index(max(filter(item.nodeid.startswith, IN_TURN), key=len)))


def pytest_collection_finish() -> None:
    """Thousands of collected tests are no garbage, and need not be looked at again and again."""
    gc.collect()
    gc.freeze()


_AS_IN_USE = engines._set_pragmas


def _set_pragmas_but_wait_for_no_disk(connection: sqlite3.Connection, record: object) -> None:
    _AS_IN_USE(connection, record)
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(autouse=True, scope="session")
def _no_power_cut() -> Iterator[None]:
    """What a test writes need not survive one: this process waits for no disk. A process that is killed loses nothing.

    Processes that tests start wait as in use, and so does what is opened under `durable`.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "_set_pragmas", _set_pragmas_but_wait_for_no_disk)
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture
def durable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stores that are opened after it wait for the disk at each commit, as in use."""
    monkeypatch.setattr(engines, "_set_pragmas", _AS_IN_USE)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that is up to date and holds nothing: copying it is quicker than migrating anew."""
    made = Workspace.open(Settings(home=tmp_path_factory.mktemp("template")))
    made.engine.dispose()
    return made.home / "store.db"


@pytest.fixture
def workspace(tmp_path: Path, empty_store: Path) -> Iterator[Workspace]:
    """An empty home folder with its store."""
    yield from _opened(tmp_path / "home", empty_store)


@pytest.fixture
def another_workspace(tmp_path: Path, empty_store: Path) -> Iterator[Workspace]:
    """A second one, for what leaves the first."""
    yield from _opened(tmp_path / "there", empty_store)


def _opened(home: Path, empty_store: Path) -> Iterator[Workspace]:
    home.mkdir()
    shutil.copyfile(empty_store, home / "store.db")
    opened = Workspace.open(Settings(home=home))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def author(workspace: Workspace) -> int:
    """The id of the person who works."""
    with writing(workspace.engine) as session:
        return ensure_user("ada", session=session)


@pytest.fixture
def dataset(workspace: Workspace, author: int) -> int:
    """The id of an empty dataset."""
    with writing(workspace.engine) as session:
        return ensure_dataset("faces", author, session=session)


@pytest.fixture
def pictures() -> Pictures:
    """Makes the bytes of tiny pictures: the same seed and size are the same pixels, another seed other content."""

    def make(seed: int = 0, size: tuple[int, int] = (32, 24), kind: str = "PNG", **options: object) -> bytes:
        width, height = size
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, kind, **options)
        return buffer.getvalue()

    return make
