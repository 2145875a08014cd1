"""What a run has in hand, in a file of the home folder: whatever kills its process, the next one knows of what.

A picture is to blame where the process died while it had that one alone in hand, and had died with it in hand before.
Such a death does not count against the run where other pictures were finished meanwhile; all others do.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from core.foundation.progress import Suspicion
from core.foundation.workspace import Workspace
from core.media.files import write_atomically


@dataclass
class InHand:
    """The pictures that a run has `taken` in hand with a `note` of them, and those at which its processes died.

    `well`: a picture was finished since a process died with anything else in hand than what it had died of before.
    """

    file: Path
    taken: list[str] = field(default_factory=list)
    note: str = ""
    suspects: list[str] = field(default_factory=list)
    killers: dict[str, str] = field(default_factory=dict)
    well: bool = False

    @classmethod
    def of(cls, workspace: Workspace, run_id: int) -> Self:
        """What is written down of a run; nothing where the file is gone or damaged, as after a power failure."""
        record = cls(workspace.in_hand(run_id))
        with suppress(OSError, ValueError, TypeError):
            return cls(record.file, **json.loads(record.file.read_bytes()))
        return record

    @property
    def suspicion(self) -> Suspicion:
        """What whoever goes on has to beware of."""
        return Suspicion(frozenset(self.suspects), dict(self.killers), self.well)

    def take(self, names: Sequence[str], note: str = "") -> None:
        """Write down what is in hand now; what was and is no longer is finished."""
        if not names and not self.taken:
            return
        if finished := set(self.taken) - set(names):
            self.suspects = [name for name in self.suspects if name not in finished]
            self.well = True
        self.taken, self.note = list(names), note
        self._write()

    def let_go(self) -> None:
        """Nothing is in hand: the process stops in order, and another goes on."""
        if self.file.is_file():
            self.taken = []
            self._write()

    def forget(self) -> None:
        """The run has ended."""
        self.file.unlink(missing_ok=True)

    def process_died(self) -> bool:
        """Put what was in hand under suspicion; whether the death is the fault of a picture and does not count."""
        alone = self.taken[0] if len(self.taken) == 1 and self.taken[0] in self.suspects else None
        if alone is not None:
            self.suspects.remove(alone)
            self.killers[alone] = self.note
            blamed = self.well
        else:
            self.suspects += [name for name in self.taken if name not in self.suspects]
            self.well = self.well and not self.taken
            blamed = False
        self.let_go()
        return blamed

    def _write(self) -> None:
        content = {name: value for name, value in asdict(self).items() if name != "file"}
        try:
            write_atomically(self.file, json.dumps(content).encode())
        except OSError:  # a full disk: the run goes on, and nobody is suspected of what it may die of
            with suppress(OSError):
                self.forget()
