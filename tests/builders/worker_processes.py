"""Starting real worker processes and watching the store for what they do."""

import os
import subprocess
import sys
import time

from core.jobs.launch import start
from core.jobs.runs import cancel, submit
from core.library.importing import PictureIntake
from db.engine import reading
from db.tables import Run
from tests.builders.forked import forked
from tests.builders.places import ROOT


def wait_for(condition, what, seconds=120):
    """Poll until a condition holds; its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen within {seconds} s")


class Workers:
    """Starts `python -m core.jobs.worker` and reads what it writes into the store."""

    def __init__(self, workspace, author, dataset, log):
        self.workspace, self.author, self.dataset, self._log = workspace, author, dataset, log
        self.environment = os.environ | {"FACET_HOME": str(workspace.home), "FACET_BATCH": "2", "PYTHONPATH": str(ROOT)}
        self._processes, self._forked = [], []

    def start(self, *arguments, cwd=ROOT):
        with self._log.open("a") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.jobs.worker", *map(str, arguments)],
                cwd=cwd,
                env=self.environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        return process

    def fork(self, code, *arguments):
        """A worker made by `code`, with nothing left to import: for tests that start many."""
        process = forked(code, *arguments, environment=self.environment, log=self._log)
        self._forked.append(process)
        return process

    @property
    def log(self):
        return self._log.read_text()

    def submit(self, kind, **parameters):
        return start(self.workspace, kind, dataset_id=self.dataset, author_id=self.author, **parameters)

    def run(self, run_id):
        with reading(self.workspace.engine) as session:
            return session.get(Run, run_id)

    def wait(self, run_id, state, seconds=600):
        def reached():
            run = self.run(run_id)
            assert run.state in ("queued", "running", state), (run.state, run.error, run.log, self.log)
            return run if run.state == state else None

        return wait_for(reached, f"{state}: {self.run(run_id)} {self.log}", seconds)

    def import_folder(self, folder):
        run_id = submit(
            self.workspace, "import", dataset_id=self.dataset, author_id=self.author, parameters={"source": str(folder)}
        )
        PictureIntake(self.workspace, dataset_id=self.dataset, author_id=self.author, run_id=run_id).take_source(folder)
        cancel(self.workspace, run_id)  # it is done already; no worker needs to see it

    def end(self):
        for process in self._processes:
            process.kill()
            process.wait()
        for process in self._forked:
            process.kill()
            process.join()
