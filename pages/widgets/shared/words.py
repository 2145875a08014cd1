"""What tables and choices of the pages say, from `en.toml` beside this: another language is another such file."""

import tomllib
from pathlib import Path
from typing import Any, Final

_CATALOGUE: Final = tomllib.loads(Path(__file__).with_name("en.toml").read_text(encoding="utf-8"))


def words(table: str) -> dict[str, Any]:
    """A table of the catalogue in its order: of each entry its text, or several texts by name."""
    return dict(_CATALOGUE[table])
