"""What a page asks of models is answered by a process of its own, so that the workbench itself never loads one.

``python -m core.jobs.inference`` takes questions from its standard input and gives answers on its standard output:
the faces of a photo to search with, the points in a box, and whether a training fits into memory. It keeps the models
for the next one, and ends when nobody asks for ten minutes or the workbench is gone. It is no run: a search goes on
while the worker trains, and the photo is never written to the disk.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock
from typing import IO, Any, Final

from core.foundation.errors import FacetError
from core.foundation.workspace import Workspace
from core.jobs.supervisor import child_environment
from core.learning.first_points import first_points
from core.learning.recipes import MemoryFit, what_fits
from core.people.searching import PhotoQuery, photo_query

_COMMAND: Final = [sys.executable, "-m", "core.jobs.inference"]
_ANSWERS: Final[Mapping[str, Callable[..., object]]] = {"query": photo_query, "fits": what_fits, "points": first_points}
_IDLE_SECONDS: Final = 600.0
_ATTEMPTS: Final = 2  # it may end, being idle, at the moment that it is asked


def query_beside(workspace: Workspace, content: bytes, name: str, encoder: str | None = None) -> PhotoQuery:
    """`photo_query` in the inference process, which is started where there is none. Raises as that does.

    Raises
    ------
    FacetError
        If the process died while it read the photo.
    """
    found: PhotoQuery = _inference(workspace)("query", name, content, name, encoder)
    return found


def what_fits_beside(workspace: Workspace, recipe: str, settings: Mapping[str, str], skeleton_name: str) -> MemoryFit:
    """`what_fits` in the inference process, as `query_beside`."""
    fit: MemoryFit = _inference(workspace)("fits", recipe, recipe, dict(settings), skeleton_name)
    return fit


def first_points_beside(workspace: Workspace, instance_id: int) -> str | None:
    """`first_points` in the inference process, as `query_beside`."""
    model: str | None = _inference(workspace)("points", str(instance_id), instance_id)
    return model


@cache
def _inference(workspace: Workspace) -> _Inference:
    return _Inference(workspace)


class _Inference:
    """The process, asked one question at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._environment = child_environment() | {"FACET_HOME": str(workspace.home)}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def __call__(self, question: str, of: str, *arguments: object) -> Any:
        with self._lock:
            for _ in range(_ATTEMPTS):
                try:
                    answer = self._answer((question, arguments))
                except (EOFError, BrokenPipeError, pickle.UnpicklingError):
                    self._end()
                except BaseException:
                    self._end()  # what it still answers must not be taken for the answer to the next question
                    raise
                else:
                    if isinstance(answer, Exception):
                        raise answer
                    return answer
        raise FacetError("runs.inference_died", of=of)

    def _answer(self, question: tuple[str, tuple[object, ...]]) -> object:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(  # noqa: S603  (a fixed command)
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C reaches the workbench alone; then the pipe closes
                env=self._environment,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        _send(question, self._process.stdin)
        answer: object = pickle.load(self._process.stdout)  # noqa: S301  (from our own process)
        return answer

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _send(message: object, pipe: IO[bytes]) -> None:
    pickle.dump(message, pipe)
    pipe.flush()


def main() -> None:
    """Answer until the pipe closes or nobody asks any more."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not get between the answers
    workspace = Workspace.open()
    while select.select([sys.stdin.buffer], [], [], _IDLE_SECONDS)[0]:
        try:
            question, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301  (from the workbench)
        except EOFError:
            return
        try:
            answer: object = _ANSWERS[question](workspace, *arguments)
        except FacetError as error:
            answer = error
        except Exception:  # it may not survive the pipe, its traceback does
            answer = RuntimeError(traceback.format_exc())
        _send(answer, answers)


if __name__ == "__main__":
    main()
