"""How many threads work may take: a worker leaves a core to the hand, and what somebody set stays."""

import os

import pytest

from core.foundation import threads
from core.foundation.settings import settings
from core.foundation.threads import bound_threads, thread_count


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Nothing is set, on a machine of eight cores; what the test sets is gone with it."""
    for name in ("FACET_THREADS", *threads._LIBRARIES):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_work_takes_every_core_where_nobody_says_otherwise(monkeypatch):
    assert thread_count() == 8
    monkeypatch.setenv("FACET_THREADS", "3")
    settings.cache_clear()
    assert thread_count() == 3


@pytest.mark.parametrize(("cores", "taken"), [(8, 7), (2, 1), (1, 1), (None, 1)])
def test_a_worker_leaves_a_core(monkeypatch, cores, taken):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    bound_threads()
    settings.cache_clear()
    assert thread_count() == taken
    assert {os.environ[name] for name in threads._LIBRARIES} == {str(taken)}


def test_what_somebody_set_stays(monkeypatch):
    monkeypatch.setenv("FACET_THREADS", "2")
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    settings.cache_clear()
    bound_threads()
    assert (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("5", "2")
