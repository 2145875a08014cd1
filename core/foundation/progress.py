"""How long work tells where it is and what it has in hand, and learns that it should stop, or what to beware of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from core.foundation.messages import Message


@dataclass(frozen=True)
class Suspicion:
    """What is known of the pictures (or clips) at which the process of this same work has died.

    Attributes
    ----------
    suspects
        What was in hand when it died: to be taken in hand one by one.
    killers
        At what it died again, with nothing else in hand, each with what was noted of it: to be left alone.
    sure
        Whether other pictures were finished meanwhile, so that it is the killers' fault.
    """

    suspects: Collection[str] = frozenset()
    killers: Mapping[str, str] = field(default_factory=dict)
    sure: bool = False


class Progress:
    """Told by a service while it works; this one is deaf. `core.jobs` has the one that writes into the run.

    Any call may raise `Cancelled`; a service then leaves what it has finished and passes the error on.
    """

    suspicion: Suspicion = Suspicion()

    def begin(self, total: int, done: int = 0, message: Message | None = None) -> None:
        """State the size of the work, and how much of it an earlier run has done already."""

    def advance(self, done: int) -> None:
        """State how much is done now."""

    def take(self, *names: str, note: str = "") -> None:
        """State which pictures are in hand from now on, by names that stay the same; the others are finished.

        Of what kills the process it is known then that it is one of them; `note` is kept with it.
        """


DEAF: Final = Progress()
