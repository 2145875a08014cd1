"""Ending in time: a server that is told to end does so within seconds, whatever browsers hold open."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ending_within(seconds: float, at_once: Callable[[], None]) -> Iterator[None]:
    """From the first Ctrl-C or SIGTERM on, end what is beside by `at_once`, and leave `seconds` later.

    Whoever handled these signals before still does; mostly it ends the process earlier. But uvicorn waits for its
    connections without a bound: for a request that never ends, and for what a browser opened in advance and uvicorn
    took in while it closed the others, which stays as long as the browser lives. Where `at_once` takes longer it is
    waited for, for twice as long at most. Signals reach the main thread alone; in any other this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told = threading.Event()
    before = {int(number): signal.getsignal(number) for number in SIGNALS}

    def end(number: int) -> None:
        last = time.monotonic() + seconds
        beside = threading.Thread(target=at_once, daemon=True)
        beside.start()
        beside.join(2 * seconds)
        time.sleep(max(0.0, last - time.monotonic()))
        os._exit(128 + number)

    def handle(number: int, frame: FrameType | None) -> None:
        if not told.is_set():
            told.set()
            threading.Thread(target=end, args=(number,), daemon=True).start()
        if callable(handler := before[number]):
            handler(number, frame)

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
