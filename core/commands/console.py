"""What the command line prints, and where: results on stdout, everything else on stderr."""

import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any, Final, NoReturn

import typer

from core.foundation.messages import Message, worded
from core.foundation.progress import Progress

_LISTED: Final = 20  # lines of a list on stderr
_EVERY_SECONDS = 5.0  # between lines where stderr is not a terminal
_NOT_PRINTED: Final = ("Cc", "Zl", "Zp", "Cs")  # control characters, line and paragraph separators, lone surrogates


class ProgressLine(Progress):
    """Progress on stderr: one line that is overwritten on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._message, self._total, self._printed = "", 0, float("-inf")

    def begin(self, total: int, done: int = 0, message: Message | None = None) -> None:
        self._message, self._total = message.text() if message else self._message, total
        self.advance(done)

    def advance(self, done: int) -> None:
        if not self._total:
            return  # nothing to do needs no line
        terminal, at_end = sys.stderr.isatty(), done >= self._total
        if not at_end and time.monotonic() - self._printed < (0.1 if terminal else _EVERY_SECONDS):
            return
        self._printed = time.monotonic()
        line = f"{one_line(self._message)}: {done} of {self._total}"
        print(f"\r{line}\033[K" if terminal else line, end="\n" if at_end or not terminal else "", file=sys.stderr)


def one_line(text: str) -> str:
    """Text from outside, such as a file's name, that stays on its line: control characters become escapes."""
    return "".join(
        char.encode("unicode_escape").decode() if unicodedata.category(char) in _NOT_PRINTED else char for char in text
    )


def tell(result: dict[str, Any], as_json: bool, sentence: str = "", lines: Iterable[str] = ()) -> None:
    """Print a result on stdout: one JSON object, or a sentence filled in with its values, and lines as they are below.

    Messages in it are printed as their sentences.
    """
    result = worded(result)
    values = {key: one_line(value) if isinstance(value, str) else value for key, value in result.items()}
    words = "\n".join([*filter(None, [sentence.format(**values)]), *lines])
    text = json.dumps(result, ensure_ascii=False, allow_nan=False) if as_json else words
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()


def list_on_stderr(lines: Sequence[str]) -> None:
    """The first lines of a list on stderr, each on one line, and how many more there are."""
    for line in lines[:_LISTED]:
        print(one_line(line), file=sys.stderr)
    if len(lines) > _LISTED:
        print(f"… and {len(lines) - _LISTED} more; --json lists them all", file=sys.stderr)


def fail(sentence: str) -> NoReturn:
    """Say on one line why it could not run, and end with exit code 2."""
    print(one_line(" ".join(sentence.split())), file=sys.stderr)
    raise typer.Exit(2)
