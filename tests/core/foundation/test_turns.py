"""Turns: whoever asks for the same waits, whoever asks for something else does not, and nothing stays behind."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from core.foundation.turns import Turns


def test_the_same_waits_its_turn_and_something_else_does_not():
    turns, begun, go_on, order = Turns(), Event(), Event(), []

    def work(what, first):
        with turns.of(what):
            begun.set()
            assert not first or go_on.wait(30)
            order.append((what, first))

    with ThreadPoolExecutor(3) as threads:
        long = threads.submit(work, "a", True)
        assert begun.wait(30)
        again = threads.submit(work, "a", False)
        threads.submit(work, "b", False).result(30)
        assert order == [("b", False)]
        go_on.set()
        long.result(30), again.result(30)
    assert order == [("b", False), ("a", True), ("a", False)]
    assert len(turns) == 0
