"""Looking at watched folders while the worker lives, and starting a run for what has arrived."""

import logging
from pathlib import Path
from time import time
from typing import Final

from core.foundation.workspace import Workspace
from core.jobs.launch import start
from core.library.sources import Limits
from core.library.watching import ArrivingFiles, FileMark, files_there
from db.engine import reading
from db.queries.jobs import has_open_run, newest_done_by_dataset, parameters_of_runs

WATCH: Final = "watch"
ARRIVALS: Final = "arrivals"
_log = logging.getLogger(__name__)
_AT_ONCE: Final = 64  # files of one run: what comes in ten thousands is seen to go on


class Watch:
    """What has been seen of each watched folder so far; what was taken in before is known from the runs that did it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._seen: dict[tuple[int, str], ArrivingFiles] = {}
        self._failing: set[int] = set()

    def look(self) -> None:
        """Look at every watched folder once, and start a run for the files that have arrived in it, one at a time.

        One that cannot be looked at is named in the log once, and keeps no other from it; it may be there again later.
        """
        with reading(self._workspace.engine) as session:
            watching = newest_done_by_dataset(WATCH, session=session)
        for dataset_id, run in watching.items():
            folder = run.counts.get("folder")
            try:
                if folder is not None:
                    self._look_into(dataset_id, run.author_id, str(folder))
                self._failing.discard(dataset_id)
            except Exception:
                if dataset_id not in self._failing:
                    _log.exception("the watched folder %s could not be looked at", folder)
                self._failing.add(dataset_id)

    def _look_into(self, dataset_id: int, author_id: int, folder: str) -> None:
        if (dataset_id, folder) not in self._seen:
            self._seen[dataset_id, folder] = self._known(dataset_id, folder)
        files = self._seen[dataset_id, folder]
        arrived = files.look(files_there(Path(folder), Limits.of(self._workspace.settings)))
        with reading(self._workspace.engine) as session:
            busy = has_open_run(dataset_id, ARRIVALS, session=session)
        if not arrived or busy:
            return
        taken = arrived[:_AT_ONCE]
        who = {"dataset_id": dataset_id, "author_id": author_id}
        start(self._workspace, ARRIVALS, **who, folder=folder, files=[list(mark) for mark in taken], seen=time())
        files.take(taken)

    def _known(self, dataset_id: int, folder: str) -> ArrivingFiles:
        with reading(self._workspace.engine) as session:
            runs = parameters_of_runs(dataset_id, ARRIVALS, session=session)
        marks = [FileMark(*mark) for given in runs if given["folder"] == folder for mark in given["files"]]
        return ArrivingFiles(marks)
