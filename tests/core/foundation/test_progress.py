"""The progress that nobody listens to: work can always tell it, and is never stopped by it."""

import inspect

from core.foundation.messages import message
from core.foundation.progress import Progress
from core.jobs.runs import RunProgress


def test_telling_a_deaf_progress_does_nothing():
    progress = Progress()
    assert progress.begin(10) is None
    assert progress.begin(10, done=3, message=message("progress.training")) is None
    assert progress.advance(4) is None
    assert vars(progress) == {}


def test_the_progress_of_a_run_can_be_told_whatever_a_deaf_one_can():
    for name in ("begin", "advance"):
        told, deaf = (inspect.signature(getattr(kind, name)) for kind in (RunProgress, Progress))
        assert list(told.parameters) == list(deaf.parameters)
    assert issubclass(RunProgress, Progress)
