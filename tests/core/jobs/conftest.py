"""Real workers on a home folder of their own, and drawn pictures for them."""

import pytest
from worker_processes import Workers

from core.sample import many, write_pictures


@pytest.fixture
def workers(workspace, author, dataset, tmp_path):
    made = Workers(workspace, author, dataset, tmp_path / "worker.log")
    yield made
    made.end()


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A folder of 40 small portraits."""
    folder = tmp_path_factory.mktemp("drawn")
    write_pictures(many(40, 7), folder)
    (folder / "truth.json").unlink()
    return folder


@pytest.fixture(scope="session")
def few_drawn(tmp_path_factory):
    """A folder of eight small portraits."""
    folder = tmp_path_factory.mktemp("few")
    write_pictures(many(8, 8), folder)
    (folder / "truth.json").unlink()
    return folder
