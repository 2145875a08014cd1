"""The table of rooms in docs/architecture.md, made from the import contracts and the rooms' own docstrings.

``python -m tests.house.rooms`` writes it; a test refuses a page that is not what this makes.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Final

from tests.builders.places import ROOT

PAGE: Final = ROOT / "docs" / "architecture.md"
_BEGIN: Final = "<!-- rooms: written by `python -m tests.house.rooms` -->"
_END: Final = "<!-- end of rooms -->"


def floors(container: str) -> list[list[str]]:
    """The rooms of each floor of a container of the layers contract, the top floor first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c.get("containers") == [container])
    return [[room.strip() for room in floor.split("|")] for floor in layers]


def purpose(room: Path) -> str:
    """The first paragraph of a package's or module's docstring, on one line."""
    file = room / "__init__.py" if room.is_dir() else room.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text())) or ""
    return " ".join(text.partition("\n\n")[0].split())


def table() -> str:
    """The rooms of `core`, floor by floor, as Markdown."""
    rows = ["| floor | room | what it holds |", "|---:|---|---|"]
    top = floors("core")
    for number, rooms in enumerate(top):
        for room in rooms:
            path = ROOT / "core" / room
            name = f"`core/{room}/`" if path.is_dir() else f"`core/{room}.py`"
            rows.append(f"| {len(top) - number} | {name} | {purpose(path)} |")
    return "\n".join(rows)


def with_table(page: str) -> str:
    """The page with the table as it is now."""
    before, _, rest = page.partition(_BEGIN)
    return f"{before}{_BEGIN}\n{table()}\n{_END}{rest.partition(_END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
