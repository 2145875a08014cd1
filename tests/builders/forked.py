"""Processes forked from one that has imported what a worker needs: each starts at once, and dies as any other does.

The one that they are forked from is made when the first is asked for, has no threads, and ends with the tests' process.
"""

import multiprocessing
import os
import sys

from core.foundation.settings import settings

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["core.jobs.worker", "tests.builders.tiny_models"])


def forked(code, *arguments, environment, log):
    """Starts a process that does what `python -c CODE ARGUMENTS >> LOG 2>&1` would in that environment."""
    process = _FORKS.Process(target=_do, args=(code, list(map(str, arguments)), environment, log))
    process.start()
    return process


def _do(code, arguments, environment, log):
    with log.open("a") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["-c", *arguments]
    settings.cache_clear()
    exec(compile(code, "<forked>", "exec"), {"__name__": "__main__"})
