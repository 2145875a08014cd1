"""What the command line prints, and where: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from typing import Any, Final, NoReturn

import typer

from core.foundation.messages import Message, worded
from core.foundation.progress import Progress

_EVERY_SECONDS = 5.0  # between lines where stderr is not a terminal
_NOT_PRINTED: Final = ("Cc", "Zl", "Zp", "Cs")  # control characters, line and paragraph separators, lone surrogates


class ProgressLine(Progress):
    """Progress on stderr: one line that is overwritten on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._said, self._total, self._printed = "", 0, float("-inf")

    def begin(self, total: int, done: int = 0, message: Message | None = None) -> None:
        self._said, self._total = message.text() if message else self._said, total
        self.advance(done)

    def advance(self, done: int) -> None:
        if not self._total:
            return  # nothing to do needs no line
        terminal, at_end = sys.stderr.isatty(), done >= self._total
        if not at_end and time.monotonic() - self._printed < (0.1 if terminal else _EVERY_SECONDS):
            return
        self._printed = time.monotonic()
        line = f"{one_line(self._said)}: {done} of {self._total}"
        print(f"\r{line}\033[K" if terminal else line, end="\n" if at_end or not terminal else "", file=sys.stderr)


def one_line(text: str) -> str:
    """Text from outside, such as a file's name, that stays on its line: control characters become escapes."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _NOT_PRINTED else char for char in text
    )


def tell(result: dict[str, Any], as_json: bool, sentence: str) -> None:
    """Print a result on stdout: one JSON object, or a sentence with the result's values filled in.

    Messages in it are printed as their sentences.
    """
    result = worded(result)
    values = {key: one_line(value) if isinstance(value, str) else value for key, value in result.items()}
    text = json.dumps(result, ensure_ascii=False, allow_nan=False) if as_json else sentence.format(**values)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()


def fail(sentence: str) -> NoReturn:
    """Say on one line why it could not run, and end with exit code 2."""
    print(one_line(" ".join(sentence.split())), file=sys.stderr)
    raise typer.Exit(2)
