"""Real workers on a home folder of their own, and drawn pictures for them."""

import pytest
from PIL import Image

from core.jobs import runs
from core.jobs.kinds import RUN_KINDS
from core.jobs.runs import perform, recover, submit
from db.engine import reading
from db.tables import Run
from db.writing import writing
from tests.builders.invented_people import many
from tests.builders.run_kinds import run_kind
from tests.builders.worker_processes import Workers


@pytest.fixture
def workers(workspace, author, dataset, tmp_path):
    made = Workers(workspace, author, dataset, tmp_path / "worker.log")
    yield made
    made.end()


def _draw(folder, count, seed):
    """Small portraits made large: quickly drawn, and looked at slowly enough to be interrupted."""
    for number, picture in enumerate(many(count, seed)):
        Image.fromarray(picture.pixels).resize((800, 800)).save(folder / f"{number:02d}.jpg", quality=90)
    return folder


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    """A folder of twelve portraits."""
    return _draw(tmp_path_factory.mktemp("drawn"), 12, 7)


@pytest.fixture(scope="session")
def many_drawn(tmp_path_factory, few_drawn):
    """A folder of 40 portraits, each of the few in five qualities: more work than anybody waits for."""
    folder = tmp_path_factory.mktemp("many")
    for file in few_drawn.iterdir():
        for quality in range(60, 85, 5):
            Image.open(file).save(folder / f"{quality}-{file.name}", quality=quality)
    return folder


@pytest.fixture(scope="session")
def few_drawn(tmp_path_factory):
    """A folder of eight portraits."""
    return _draw(tmp_path_factory.mktemp("few"), 8, 8)


@pytest.fixture
def echo(monkeypatch):
    """The ids and parameters of the runs of a kind that only notes them."""
    seen = []

    def task(workspace, run, progress):
        seen.append((run.id, run.parameters))
        return {"seen": len(seen)}

    monkeypatch.setitem(RUN_KINDS, "echo", run_kind(task))
    return seen


class Killed(BaseException):
    """Stands for kill -9: nothing is written any more."""


@pytest.fixture
def do(workspace, dataset, author):
    """Submits a run and does it in this process; `killed` is just before its end would be written."""

    def done(kind, *, killed=False, run_id=None, **parameters):
        run_id = run_id or submit(workspace, kind, dataset_id=dataset, author_id=author, parameters=parameters)
        with pytest.MonkeyPatch.context() as patch:
            if killed:
                patch.setattr(runs, "_end", lambda *_, **__: (_ for _ in ()).throw(Killed))
                with pytest.raises(Killed):
                    perform(workspace, run_id, RUN_KINDS[kind].task, afterwards=RUN_KINDS[kind].afterwards)
                with writing(workspace.engine) as session:
                    session.get(Run, run_id).worker = "this-host:999999:1"
                assert recover(workspace) == [run_id]
            else:
                perform(workspace, run_id, RUN_KINDS[kind].task, afterwards=RUN_KINDS[kind].afterwards)
        with reading(workspace.engine) as session:
            return session.get(Run, run_id)

    return done
