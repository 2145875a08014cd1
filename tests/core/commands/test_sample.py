"""`sample` on the command line: which dataset is made, and which kind of run draws into it."""

from __future__ import annotations

import json

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from core.__main__ import app
from core.foundation.errors import NotEnoughData
from core.foundation.settings import settings
from core.jobs.kinds import RUN_KINDS
from core.library.sample_clips import SAMPLE_CLIPS
from core.library.sample_photos import SAMPLE
from db.engine import reading
from db.tables import Dataset, Run, RunState
from tests.builders.run_kinds import run_kind


@pytest.fixture
def sample(workspace, monkeypatch):
    """Runs the command with drawing that only counts."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    settings.cache_clear()
    for kind in ("sample", "sample-clips"):
        monkeypatch.setitem(RUN_KINDS, kind, run_kind(lambda *_: {"images": 3}))

    def run(*arguments):
        done = CliRunner().invoke(app, ["sample", *arguments])
        return done.exit_code, done.stdout, done.stderr

    yield run
    settings.cache_clear()


def runs(workspace):
    """(kind, dataset's name) of all runs, which are done."""
    with reading(workspace.engine) as session:
        rows = session.exec(select(Run, Dataset.name).join(Dataset).order_by(Run.id)).all()
    assert {run.state for run, _ in rows} <= {RunState.DONE}
    return [(run.kind, name) for run, name in rows]


@pytest.mark.parametrize(
    ("arguments", "kind", "name"),
    [((), "sample", SAMPLE), (("--clips",), "sample-clips", SAMPLE_CLIPS), (("--dataset", "mine"), "sample", "mine")],
)
def test_the_sample_is_drawn_into_the_dataset_that_is_asked_for(workspace, sample, arguments, kind, name):
    assert sample(*arguments)[:2] == (0, f"drawn into the dataset {name}\n")
    assert runs(workspace) == [(kind, name)]


def test_json_has_the_dataset_and_the_counts(sample):
    code, stdout, _ = sample("--json")
    assert (code, json.loads(stdout)) == (0, {"dataset": SAMPLE, "images": 3})


def test_a_second_sample_goes_into_the_same_dataset(workspace, sample):
    assert [sample()[0], sample()[0]] == [0, 0]
    with reading(workspace.engine) as session:
        assert session.exec(select(Dataset.name)).all() == [SAMPLE]


def test_drawing_that_fails_is_one_line_and_exit_code_2(sample, monkeypatch):
    def fails(*_):
        raise NotEnoughData("store.full")

    monkeypatch.setitem(RUN_KINDS, "sample", run_kind(fails))
    code, stdout, stderr = sample()
    assert (code, stdout) == (2, "")
    assert str(NotEnoughData("store.full")) in stderr
