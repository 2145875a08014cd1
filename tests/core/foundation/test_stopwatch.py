"""How long parts of work take."""

from __future__ import annotations

import threading

import pytest

from core.foundation import stopwatch as module
from core.foundation.stopwatch import spent_on, stopwatch


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by a second each time it is looked at."""
    times = iter(range(100))
    monkeypatch.setattr(module, "perf_counter", lambda: float(next(times)))


def test_parts_are_added_up_also_where_one_ends_in_an_error(clock):
    with stopwatch() as spent:
        with spent_on("a"), pytest.raises(ZeroDivisionError), spent_on("b"):
            1 / 0  # noqa: B018
        with spent_on("a"):
            pass
    assert dict(spent) == {"b": 1.0, "a": 4.0}
    assert spent["nothing"] == 0


def test_where_nobody_asks_nothing_is_kept_and_another_thread_has_its_own(clock):
    with spent_on("a"):
        pass
    with stopwatch() as spent:
        thread = threading.Thread(target=lambda: spent_on("a").__enter__())
        thread.start()
        thread.join()
    assert dict(spent) == {}
