"""Whether the tests see a fault in what was changed last: mutants of the changed lines, each tried on its own tests.

    python -m tests.bench.bench_mutants [--base main] [--count 20] [--seed 0] [--json]

At most `count` mutants are drawn from the lines of core, db and pages that differ from `base` (without one: from where
the branch left main, or on main itself from 20 revisions ago). Each is planted in a copy of the project, and the
module's own test file runs on it: ``tests/core/people/test_finding.py`` for ``core/people/finding.py``, without one
every test file that names the module. A mutant is killed if a test fails or the tests outlast their time. What lives is
listed: a line that no test holds. A mutant may also mean the same as the original; only a reader can tell.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.bench.machine import Row
from tests.bench.mutants import Mutant, mutants

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("core", "db", "pages")
SECONDS: Final = 300  # of the tests of one module
_COPIED: Final = (*PACKAGES, "tests", "app.py", "pyproject.toml")
_LAST: Final = 20  # revisions that are looked back over on the main branch


@dataclass(frozen=True)
class Fate:
    """What became of one mutant: killed, survived, timed out, or no tests."""

    path: str
    mutant: Mutant
    fate: str

    @property
    def seen(self) -> bool:
        """Whether something noticed it."""
        return self.fate in ("killed", "timed out")


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout


def usual_base(root: Path, last: int = _LAST) -> str:
    """Where the branch left main; on main itself or without one, a revision some time ago or the first there is."""
    head = _git(root, "rev-parse", "HEAD").strip()
    left = _git(root, "merge-base", "HEAD", "main").strip() if _git(root, "branch", "--list", "main") else head
    if left != head:
        return left
    return _git(root, "rev-list", "--first-parent", f"--max-count={last + 1}", "HEAD").split()[-1]


def changed_lines(root: Path, base: str) -> dict[str, set[int]]:
    """The lines, from 1, of each Python file of the product that are not as they were at `base`."""
    changed: dict[str, set[int]] = {}
    path = ""
    for line in _git(root, "diff", "-U0", "--no-color", "--no-renames", base, "--", *PACKAGES).splitlines():
        if line.startswith("+++ "):
            path = line.removeprefix("+++ b/")
        elif (hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line)) and path.endswith(".py"):
            start, count = int(hunk[1]), int(hunk[2] or 1)
            changed.setdefault(path, set()).update(range(start, start + count))
    return {name: lines for name, lines in changed.items() if lines and "migrations" not in name}


def own_tests(root: Path, path: str) -> list[str]:
    """The test file of a module's own name, else every one that names the module."""
    module = Path(path)
    mirrored = root / "tests" / module.with_name(f"test_{module.name}")
    if mirrored.is_file():
        return [str(mirrored.relative_to(root))]
    package, name = ".".join(module.parts[:-1]), module.stem
    named = re.compile(rf"{re.escape(package)}\.{name}\b|from {re.escape(package)} import [^\n]*\b{name}\b")
    found = (test for test in sorted((root / "tests").rglob("test_*.py")) if "e2e" not in test.parts)
    return [str(test.relative_to(root)) for test in found if named.search(test.read_text(encoding="utf-8"))]


def sample(root: Path, changed: Mapping[str, set[int]], count: int, seed: int) -> list[tuple[str, Mutant]]:
    """At most `count` mutants of the changed lines; the same seed draws the same ones of the same lines."""
    every = [
        (path, mutant)
        for path, lines in sorted(changed.items())
        for mutant in mutants((root / path).read_text(encoding="utf-8"), lines)
    ]
    drawn = random.Random(seed).sample(range(len(every)), min(count, len(every)))
    return [every[index] for index in sorted(drawn)]


def copied(root: Path, folder: Path) -> Path:
    """A copy of the project to plant faults in; the shared data stays where it is."""
    copy = folder / "project"
    copy.mkdir(parents=True)
    for name in filter(lambda name: (root / name).exists(), _COPIED):
        source = root / name
        shutil.copytree(source, copy / name) if source.is_dir() else shutil.copyfile(source, copy / name)
    if (shared := root.parent / "shared").is_dir():
        (folder / "shared").symlink_to(shared)
    return copy


def try_tests(copy: Path, tests: Sequence[str], seconds: float) -> str:
    """``survived`` if all pass, ``killed`` if one fails, ``timed out`` after so many seconds."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(command, cwd=copy, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return "timed out"
    return "survived" if done.returncode == 0 else "killed"


def tried(root: Path, planted: Sequence[tuple[str, Mutant]], seconds: float = SECONDS) -> list[Fate]:
    """Each mutant's fate, after so many seconds at most.

    Raises
    ------
    ValueError
        If the tests fail without a fault: then they say nothing.
    """
    fates, sound = [], set()
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(root, Path(folder))
        for path, mutant in planted:
            tests = own_tests(root, path)
            if not tests:
                fates.append(Fate(path, mutant, "no tests"))
                continue
            if path not in sound and try_tests(copy, tests, SECONDS) != "survived":
                raise ValueError(f"{' '.join(tests)} fails without any fault in {path}")
            sound.add(path)
            original = (copy / path).read_text(encoding="utf-8")
            (copy / path).write_text(mutant.source, encoding="utf-8")
            fates.append(Fate(path, mutant, try_tests(copy, tests, seconds)))
            (copy / path).write_text(original, encoding="utf-8")
    return fates


def table(fates: Sequence[Fate]) -> str:
    """One line a mutant, in Markdown."""
    lines = ["| where | was | is | fate |", "|---|---|---|---|"]
    for one in fates:
        was, instead = (text.replace("|", "\\|") for text in (one.mutant.before, one.mutant.after))
        lines.append(f"| {one.path}:{one.mutant.line} | `{was}` | `{instead}` | {one.fate} |")
    return "\n".join(lines)


def rows(fates: Sequence[Fate]) -> list[Row]:
    """What the table of all benches says of them."""
    if not fates:
        return []
    share = 100 * sum(one.seen for one in fates) / len(fates)
    return [Row(f"killed of {len(fates)} mutants of the changed lines", "%", share)]


def main() -> None:
    """Draw, try and print."""
    parser = argparse.ArgumentParser(description="Do the tests see faults in the changed lines?")
    parser.add_argument("--base", help="a revision; the lines that differ from it are changed")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    changed = changed_lines(ROOT, options.base or usual_base(ROOT))
    fates = tried(ROOT, sample(ROOT, changed, options.count, options.seed))
    print(table(fates), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps([asdict(row) for row in rows(fates)]))


if __name__ == "__main__":
    main()
