"""A process that is told to end does so in time, whatever it waits for."""

import os
import signal
import threading
import time

import pytest

from core.foundation import ending
from core.foundation.ending import ending_within


@pytest.fixture
def left(monkeypatch):
    """The exit codes with which this process would have been left, and when."""
    codes = []
    monkeypatch.setattr(ending.os, "_exit", lambda code: codes.append((code, time.monotonic())))
    return codes


@pytest.fixture
def heard():
    """What whoever handled signals before still hears."""
    numbers, before = [], {number: signal.getsignal(number) for number in ending.SIGNALS}
    for number in before:
        signal.signal(number, lambda number, _: numbers.append(number))
    yield numbers
    for number, handler in before.items():
        signal.signal(number, handler)


def _until(condition):
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_process_that_goes_on_waiting_is_left_when_its_seconds_are_over(left, heard, number, code):
    called = threading.Event()
    began = time.monotonic()
    with ending_within(0.3, called.set):
        os.kill(os.getpid(), number)
        assert called.wait(0.2), "what is beside is ended at once"
        assert (heard, left) == ([number], [])
        _until(lambda: left)
    ((told, at),) = left
    assert told == code
    assert at - began >= 0.3


def test_what_is_beside_has_twice_the_time_and_no_more(left, heard):
    began = time.monotonic()
    with ending_within(0.1, threading.Event().wait):
        os.kill(os.getpid(), signal.SIGTERM)
        _until(lambda: left)
    assert 0.2 <= left[0][1] - began < 5


def test_what_is_beside_is_waited_for(left, heard):
    ended = []
    with ending_within(0.3, lambda: (time.sleep(0.4), ended.append(1))):
        os.kill(os.getpid(), signal.SIGTERM)
        _until(lambda: left)
        assert ended


def test_it_is_left_even_where_what_is_beside_cannot_be_ended(left, heard, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    with ending_within(0.0, lambda: 1 / 0):
        os.kill(os.getpid(), signal.SIGTERM)
        _until(lambda: left)


def test_a_second_signal_reaches_whoever_handled_it_before_and_ends_nothing_twice(left, heard):
    calls = []
    with ending_within(0.1, lambda: calls.append(1)):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        _until(lambda: left)
        time.sleep(0.2)
    assert (heard, calls, len(left)) == ([signal.SIGINT] * 2, [1], 1)


def test_nothing_happens_without_a_signal_and_afterwards_all_is_as_before(left, heard):
    before = signal.getsignal(signal.SIGTERM)
    with ending_within(0.0, lambda: pytest.fail("nobody asked")):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
    assert left == []


def test_in_another_thread_signals_stay_with_whoever_has_them(heard):
    before, seen = signal.getsignal(signal.SIGTERM), []

    def enter():
        with ending_within(0.0, lambda: None):
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [before]
