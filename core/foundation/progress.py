"""How long work tells where it is and learns that it should stop."""

from typing import Final

from core.foundation.messages import Message


class Progress:
    """Told by a service while it works; this one is deaf. `core.jobs` has the one that writes into the run.

    Any call may raise `Cancelled`; a service then leaves what it has finished and passes the error on.
    """

    def begin(self, total: int, done: int = 0, message: Message | None = None) -> None:
        """State the size of the work, and how much of it an earlier run has done already."""

    def advance(self, done: int) -> None:
        """State how much is done now."""


DEAF: Final = Progress()
