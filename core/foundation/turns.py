"""One after another where the same is asked for twice at once."""

from collections.abc import Hashable
from threading import Lock
from weakref import WeakValueDictionary


class Turns:
    """A lock for each thing that is worked on in this process, as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._alone = Lock()
        self._locks: WeakValueDictionary[Hashable, Lock] = WeakValueDictionary()

    def of(self, what: Hashable) -> Lock:
        """The lock that whoever works on `what` takes."""
        with self._alone:
            return self._locks.setdefault(what, Lock())

    def __len__(self) -> int:
        """How many things are worked on."""
        return len(self._locks)
