"""Kinds of run that a test makes up."""

from core.foundation.messages import message
from core.jobs.kinds import RunKind


def run_kind(task, **values):
    """A kind that is done by `task`, and else like an import."""
    words = {
        "title": message("run_kinds.import"),
        "result": lambda counts: message("run_results.fetched", megabytes=counts["mb"]),
    }
    return RunKind(**{"task": task, **words, **values})
