"""The table of what the tests reach, and its floors."""

from pathlib import Path

from tests.builders.places import ROOT
from tests.coverage_floors import FLOORS, by_subject, main, shortfalls, subject_of, table


def reached(lines, lines_run, branches, taken):
    return {
        "summary": {
            "num_statements": lines,
            "covered_lines": lines_run,
            "num_branches": branches,
            "covered_branches": taken,
        }
    }


def test_files_count_to_their_subject_and_loose_modules_to_the_package():
    assert subject_of("core/people/finding.py") == subject_of("core/people/inner/other.py") == "core/people"
    assert subject_of("core/__main__.py") == "core"
    assert subject_of("db/queries/people.py") == "db"
    assert subject_of("pages/widgets/people/tiles.py") == "pages"


def test_figures_of_a_subject_are_sums_over_its_files():
    files = {"db/a.py": reached(10, 5, 4, 1), "db/b.py": reached(2, 2, 0, 0), "core/jobs/a.py": reached(1, 0, 2, 0)}
    sums = by_subject(files)
    assert sums["db"] == {"lines": 12, "lines_run": 7, "branches": 4, "branches_taken": 1}
    assert list(sums) == ["core/jobs", "db"]


def test_a_subject_under_its_floor_without_one_or_gone_is_told():
    sums = by_subject({"db/a.py": reached(10, 9, 8, 6), "pages/a.py": reached(1, 1, 0, 0)})
    assert shortfalls(sums, {"db": 75, "pages": 100}) == []
    assert shortfalls(sums, {"db": 75.1, "core/gone": 1}) == [
        "core/gone has a floor, and no file",
        "db: 75.0 % of the branches, and the floor is 75.1 %",
        "pages has no floor in tests/coverage_floors.py",
    ]


def test_the_table_shows_branches_beside_the_floor():
    line = table(by_subject({"db/a.py": reached(1000, 900, 8, 6)}), {"db": 70}).splitlines()[1]
    assert line.split() == ["db", "1,000", "90.0", "%", "8", "75.0", "%", "70", "%"]


def test_every_subject_has_a_floor_and_every_floor_a_subject():
    paths = [path.relative_to(ROOT) for package in ("core", "db", "pages") for path in (ROOT / package).rglob("*.py")]
    assert {subject_of(str(path)) for path in paths} == set(FLOORS)


def test_a_run_that_reached_little_fails(tmp_path, monkeypatch, capsys):
    import coverage

    data = coverage.CoverageData(basename=str(tmp_path / "data"))
    data.add_arcs({str(ROOT / "db" / "history.py"): [(-1, 1), (1, -1)]})
    data.write()
    monkeypatch.chdir(ROOT)
    assert main([str(tmp_path / "data")]) == 1
    told = capsys.readouterr()
    assert "db: " in told.err
    assert Path("db").name in told.out
