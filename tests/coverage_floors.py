"""What the tests reach of each subject: ``python -m tests.coverage_floors``, after a run with ``--cov``.

A floor lies one or two points under what was reached when it was set: raise it when tests are added, and lower it with
a reason. Branches are counted, not lines: a test that never takes the other way out of an ``if`` shows.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import coverage

# Percent of the branches, by package; loose modules count to the package around them. What runs in processes of its own
# is not counted: the browser's server (so pages reach less), workers, and `python -m core`.
# Of few branches one weighs much: there the floor lies lower.
FLOORS: Final[dict[str, float]] = {
    "core": 75,
    "core/clustering": 96,
    "core/commands": 95,
    "core/drawn": 97,
    "core/exchange": 94,
    "core/formats": 97,
    "core/foundation": 96,
    "core/jobs": 91,
    "core/learning": 95,
    "core/library": 93,
    "core/media": 93,
    "core/metrics": 97,
    "core/models": 95,
    "core/motion": 97,
    "core/people": 94,
    "core/points": 93,
    "core/tracks": 98,
    "core/training": 90,
    "core/verification": 88,
    "db": 94,
    "pages": 76,
}


def subject_of(path: str) -> str:
    """The subject of a file such as ``core/people/finding.py``: ``core/people``, ``db`` or ``pages``."""
    package, *rest = Path(path).parts
    return f"core/{rest[0]}" if package == "core" and len(rest) > 1 else package


def by_subject(files: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Sums of coverage.py's figures of files, by subject."""
    sums: dict[str, dict[str, int]] = {}
    for path, found in sorted(files.items()):
        own = sums.setdefault(subject_of(path), {"lines": 0, "lines_run": 0, "branches": 0, "branches_taken": 0})
        figures = found["summary"]
        own["lines"] += figures["num_statements"]
        own["lines_run"] += figures["covered_lines"]
        own["branches"] += figures["num_branches"]
        own["branches_taken"] += figures["covered_branches"]
    return sums


def percent(part: int, whole: int) -> float:
    """100 where there is nothing to reach."""
    return 100 * part / whole if whole else 100.0


def shortfalls(sums: Mapping[str, Mapping[str, int]], floors: Mapping[str, float]) -> list[str]:
    """A sentence for each subject under its floor, without one, or that is not there."""
    told = [f"{subject} has no floor in tests/coverage_floors.py" for subject in sums.keys() - floors.keys()]
    told += [f"{subject} has a floor, and no file" for subject in floors.keys() - sums.keys()]
    for subject in sums.keys() & floors.keys():
        reached = percent(sums[subject]["branches_taken"], sums[subject]["branches"])
        if reached < floors[subject]:
            told.append(f"{subject}: {reached:.1f} % of the branches, and the floor is {floors[subject]:g} %")
    return sorted(told)


def table(sums: Mapping[str, Mapping[str, int]], floors: Mapping[str, float]) -> str:
    """One line a subject."""
    lines = [f"{'subject':<20}{'lines':>8}{'run':>8}{'branches':>10}{'taken':>8}{'floor':>8}"]
    for subject, own in sums.items():
        run, taken = percent(own["lines_run"], own["lines"]), percent(own["branches_taken"], own["branches"])
        floor = f"{floors[subject]:.0f} %" if subject in floors else "none"
        lines.append(f"{subject:<20}{own['lines']:>8,}{run:>6.1f} %{own['branches']:>10,}{taken:>6.1f} %{floor:>8}")
    return "\n".join(lines)


def measured(data_file: Path) -> dict[str, dict[str, int]]:
    """What one run has reached, by subject."""
    run = coverage.Coverage(data_file=data_file)
    run.load()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        run.json_report(outfile=str(report))
        return by_subject(json.loads(report.read_text(encoding="utf-8"))["files"])


def main(arguments: Iterable[str]) -> int:
    """Print the table; 1 if a subject is under its floor."""
    sums = measured(Path(next(iter(arguments), ".coverage")))
    print(table(sums, FLOORS))
    told = shortfalls(sums, FLOORS)
    for sentence in told:
        print(sentence, file=sys.stderr)
    return 1 if told else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
