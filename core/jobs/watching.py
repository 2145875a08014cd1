"""Looking at watched folders while the worker lives, and starting a run for what has arrived."""

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, time
from typing import Final

from core.foundation.workspace import Workspace
from core.jobs.launch import start
from core.library.sources import Limits
from core.library.watching import ArrivingFiles, FileMark, files_there
from db.engine import reading
from db.queries.jobs import failed_runs, has_open_run, newest_done_by_dataset, parameters_of_runs
from db.tables import now

WATCH: Final = "watch"
ARRIVALS: Final = "arrivals"
_log = logging.getLogger(__name__)
_AT_ONCE: Final = 64  # files of one run: what comes in ten thousands is seen to go on
_REST: Final = 9  # times as long as a look took there is none: of a folder with very many files it takes seconds
_PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=10))  # before a second try of what failed, and a third


@dataclass
class _Arrivals:
    """The files of a watched folder, up to which run it is known what was taken in, and the runs that tried each."""

    arriving: ArrivingFiles = field(default_factory=ArrivingFiles)
    newest_run: int = 0
    runs_of: dict[FileMark, list[int]] = field(default_factory=lambda: defaultdict(list))
    files_of: dict[int, list[FileMark]] = field(default_factory=dict)

    def tried(self, run: int, files: list[FileMark]) -> None:
        """A run has these in hand, or had them."""
        self.arriving.take(files)
        self.files_of[run] = files
        for file in files:
            self.runs_of[file].append(run)

    def try_again(self, failed: Mapping[int, datetime]) -> None:
        """Let files arrive once more whose last run has failed, some time after its end and not for ever."""
        for run, ended in failed.items():
            for file in self.files_of.get(run, ()):
                times = len(self.runs_of[file])
                if self.runs_of[file][-1] == run and times <= len(_PAUSES) and now() - ended >= _PAUSES[times - 1]:
                    self.arriving.forget(file)


class Watch:
    """What has been seen of each watched folder so far; what was taken in before is known from the runs that did it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._seen: dict[tuple[int, str], _Arrivals] = {}
        self._failing: set[int] = set()
        self._rests_until = 0.0

    def look(self) -> None:
        """Look at every watched folder once, and start a run for the files that have arrived in it, one at a time.

        One that cannot be looked at is named in the log once, and keeps no other from it; it may be there again later.
        """
        began = monotonic()
        if began < self._rests_until:
            return
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
        ended = monotonic()
        self._rests_until = ended + _REST * (ended - began)

    def _look_into(self, dataset_id: int, author_id: int, folder: str) -> None:
        files = self._seen.setdefault((dataset_id, folder), _Arrivals())
        self._learn(files, dataset_id, folder)
        arrived = files.arriving.look(files_there(Path(folder), Limits.of(self._workspace.settings)))
        with reading(self._workspace.engine) as session:
            busy = has_open_run(dataset_id, ARRIVALS, session=session)
        if not arrived or busy:
            return
        taken = arrived[:_AT_ONCE]
        who = {"dataset_id": dataset_id, "author_id": author_id}
        start(self._workspace, ARRIVALS, **who, folder=folder, files=[list(mark) for mark in taken], seen=time())

    def _learn(self, files: _Arrivals, dataset_id: int, folder: str) -> None:
        """What runs are to take in, or have, is known: those of this worker, of others, and of earlier ones."""
        with reading(self._workspace.engine) as session:
            runs = parameters_of_runs(dataset_id, ARRIVALS, after=files.newest_run, session=session)
            failed = failed_runs(dataset_id, ARRIVALS, session=session)
        for number, given in runs:
            files.newest_run = number
            if given["folder"] == folder:
                files.tried(number, [FileMark(*mark) for mark in given["files"]])
        files.try_again(failed)
