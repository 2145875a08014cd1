"""A public name means one thing in the whole house, and each module's tests lie under its name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.builders.places import ROOT

SHARED_NAMES = {  # one meaning, in several modules
    "read": "every format's reader",
    "write": "every format's writer",
    "parts": "backbone and head of every network",
    "main": "what a process does that is started by its module",
}
COMMANDS = ("core/__main__.py", "core/commands/")  # a command is called after what it calls
MIGRATIONS = "db/migrations/"


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ("core", "db", "pages"):
        for path in sorted((ROOT / room).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if not place.startswith(MIGRATIONS):
                yield place, ast.parse(path.read_text())


def public(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def test_public_name_stands_in_one_module():
    places = defaultdict(list)
    for place, tree in modules():
        if not place.startswith(COMMANDS):
            for name in public(tree):
                places[name].append(place)
    assert {name: there for name, there in places.items() if len(there) > 1 and name not in SHARED_NAMES} == {}


def test_shared_names_are_used_more_than_once():
    names = [name for _, tree in modules() for name in public(tree)]
    assert [name for name in SHARED_NAMES if names.count(name) < 2] == []


def test_each_module_has_its_test_file():
    missing = []
    for place, tree in modules():
        path = Path(place)
        if path.name != "__init__.py":
            expected = Path("tests") / path.parent / f"test_{path.stem}.py"
        elif any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body):
            expected = Path("tests") / path.parent.parent / f"test_{path.parent.name}.py"
        else:
            continue
        if not (ROOT / expected).exists():
            missing.append(f"{place} -> {expected}")
    assert missing == []


def test_core_has_no_loose_modules_and_widgets_neither():
    for folder, most in (("core", 8), ("pages/widgets", 12)):
        loose = [path.name for path in (ROOT / folder).glob("*.py") if not path.name.startswith("__")]
        assert len(loose) <= most
