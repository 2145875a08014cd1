"""What the house did before its rooms were moved, and its comparison with what it does now.

Recorded at revision e5c8003, the last before the move, by ``python -m tests.as_before.recorded``. It is never recorded
again to make a test pass: what differs is a change for somebody's script, data or bookmark, and is mended in the
product, or is in the list of what somebody asked for. New commands, options, fields, pages and words are no difference.

The exports alone are of a later revision: since then they say how far points are reviewed, a COCO export leaves out
points that nobody has accepted, and the manifest says which photos were turned upright and what a bare name excludes.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.as_before import addresses, calls, command_line, exports, house

FOLDER = house.REPOSITORY / "tests" / "data" / "as_before"


def read(name: str) -> Any:
    """One of the records: calls, command_line, exports, addresses, run_kinds."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def through_json(value: Any) -> Any:
    """As it would be read back."""
    return json.loads(json.dumps(value))


def missing(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """One line for whatever was there before and is gone or another now; what is new is none."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name, value in before.items():
            if name in now:
                yield from missing(value, now[name], f"{place}/{name}")
            else:
                yield f"{place}/{name} is gone"
    elif isinstance(before, list) and isinstance(now, list):
        for value in before:
            if not any(not list(missing(value, other)) for other in now):
                yield f"{place}: nothing is as {json.dumps(value, ensure_ascii=False)} among {now}"
    elif before != now:
        yield f"{place} was {before!r} and is {now!r}"


def record(folder: Path) -> None:
    """Write down what this revision does."""
    with tempfile.TemporaryDirectory() as place:
        told = everything(Path(place))
    for name, value in told.items():
        text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


def everything(place: Path) -> dict[str, Any]:
    """All records as of now."""
    (place / "exports" / "home").mkdir(parents=True)
    (place / "calls").mkdir()
    written = exports.told(place / "exports")
    home = place / "exports" / "home"
    found = addresses.told(home)
    found["answers"] = addresses.answers(home)
    found["what opens"] = addresses.followed(home, exports.DATASET)
    return {
        "calls": calls.told(place / "calls"),
        "command_line": command_line.told(),
        "exports": written,
        "addresses": found,
        "run_kinds": house.run_kinds(),
    }


if __name__ == "__main__":
    record(Path(sys.argv[1]))
