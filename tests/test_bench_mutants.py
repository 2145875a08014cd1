"""The mutation sample: which faults are planted, in which lines, and which of them tests see."""

import ast
import subprocess
from textwrap import dedent

import pytest

from tests.bench.bench_mutants import changed_lines, own_tests, rows, sample, table, tried, usual_base
from tests.bench.mutants import mutants

MODULE = dedent(
    '''
    """A tiny module."""


    def clipped(value: int, low: int = 0) -> int:
        if value < low:
            return low
        return value


    def told(names, known=()):
        if names and not known:
            names.sort()
        return f"{len(names) + 1} names"
    '''
).lstrip()
TESTS = dedent(
    """
    from core.tiny import clipped, told


    def test_it_clips():
        assert clipped(-5) == 0
        assert clipped(5) == 5


    def test_it_tells():
        names = ["b", "a"]
        assert told(names) == "3 names"
        assert names == ["a", "b"]
    """
).lstrip()


@pytest.fixture
def project(tmp_path):
    """A repository whose last revision changed the body of `clipped`."""
    root = tmp_path / "project"
    for name, text in {"core/tiny.py": MODULE.replace("value < low", "low > value"), "core/__init__.py": ""}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "tests" / "core").mkdir(parents=True)
    (root / "tests" / "core" / "test_tiny.py").write_text(TESTS)
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    git(root, "init", "-q", "-b", "main")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    (root / "core" / "tiny.py").write_text(MODULE)
    git(root, "commit", "-q", "-a", "-m", "second")
    return root


def git(root, *arguments):
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=root, check=True, capture_output=True, text=True
    ).stdout.strip()


def changes(source):
    return [(one.before, one.after) for one in mutants(source)]


@pytest.mark.parametrize(
    ("source", "planted"),
    [
        ("a < b", [("a < b", "a <= b")]),
        ("a is not b", [("a is not b", "a is b")]),
        ("a in b", [("a in b", "a not in b")]),
        ("a or b", [("a or b", "a and b")]),
        ("not a", [("not a", "a")]),
        ("a = 7", [("7", "8")]),
        ("send(a)", [("send(a)", "pass")]),
        ("def f(): return a", [("return a", "return None")]),
    ],
)
def test_a_fault_of_each_kind_is_planted(source, planted):
    assert changes(source) == planted


@pytest.mark.parametrize(
    "source", ["a = True", "a = 'text'", "x: Literal[3]", "def f(): return None", "a = f'{b:3}'", "a < b < c"]
)
def test_what_is_no_fault_or_could_not_be_placed_stays(source):
    assert changes(source) == []


def test_the_rest_of_the_module_stays_as_it_is_written():
    source = "# größer\nif (a\n        == b):  # why\n    send('ß', 1)\n"
    turned, number = mutants(source, lines={2})[0], mutants(source, lines={4})[-1]
    assert turned.source == "# größer\nif ((a != b)):  # why\n    send('ß', 1)\n"
    assert number.source == "# größer\nif (a\n        == b):  # why\n    send('ß', (2))\n"


def test_every_mutant_is_python():
    for mutant in mutants(MODULE):
        assert ast.dump(ast.parse(mutant.source)) != ast.dump(ast.parse(MODULE))


def test_only_changed_lines_are_drawn_from_and_at_most_so_many(project):
    base = usual_base(project, last=1)
    assert base == git(project, "rev-parse", "HEAD~1")
    changed = changed_lines(project, base)
    assert changed == {"core/tiny.py": {5}}
    (drawn,) = sample(project, changed, 20, seed=0)
    assert (drawn[0], drawn[1].before) == ("core/tiny.py", "value < low")
    every = sample(project, {"core/tiny.py": set(range(99))}, 3, seed=1)
    assert len(every) == 3
    assert every == sample(project, {"core/tiny.py": set(range(99))}, 3, seed=1)


def test_on_a_branch_everything_since_it_left_main_is_changed(project):
    left = git(project, "rev-parse", "HEAD")
    git(project, "switch", "-q", "-c", "work")
    for number in range(2):
        git(project, "commit", "-q", "--allow-empty", "-m", f"step {number}")
    assert usual_base(project, last=1) == left
    git(project, "branch", "-q", "-D", "main")
    assert usual_base(project, last=1) == git(project, "rev-parse", "HEAD~1")


def test_tests_are_those_of_the_modules_own_name_or_else_those_that_name_it(project):
    assert own_tests(project, "core/tiny.py") == ["tests/core/test_tiny.py"]
    (project / "tests" / "core" / "test_tiny.py").rename(project / "tests" / "core" / "test_others.py")
    assert own_tests(project, "core/tiny.py") == ["tests/core/test_others.py"]
    assert own_tests(project, "core/tin.py") == []


@pytest.mark.nightly
def test_what_no_test_holds_survives_and_the_project_is_left_alone(project):
    planted = [("core/tiny.py", mutant) for mutant in mutants(MODULE, {5, 6, 11})]
    fates = {(one.mutant.before, one.mutant.after): one.fate for one in tried(project, planted)}
    assert fates == {
        ("value < low", "value <= low"): "survived",  # the same function: nobody can see it
        ("return low", "return None"): "killed",
        ("names and (not known)", "names or not known"): "survived",
        ("not known", "known"): "killed",
    }
    assert (project / "core" / "tiny.py").read_text() == MODULE


@pytest.mark.nightly
def test_tests_that_outlast_their_time_have_seen_the_fault(project):
    source = MODULE.replace("    if value < low:", "    while value < low:\n        value += 1\n    if value < low:")
    (project / "core" / "tiny.py").write_text(source)
    planted = [("core/tiny.py", one) for one in mutants(source, {6}) if one.before == "1"]
    endless = [(path, type(one)(one.line, "1", "0", source.replace("+= 1", "+= 0"))) for path, one in planted]
    (fate,) = tried(project, endless, seconds=6)
    assert (fate.fate, fate.seen) == ("timed out", True)


def test_without_a_test_a_fault_is_not_seen(project):
    (project / "tests" / "core" / "test_tiny.py").unlink()
    (fate, *_) = fates = tried(project, [("core/tiny.py", mutants(MODULE)[0])])
    assert (fate.fate, fate.seen) == ("no tests", False)
    assert rows(fates)[0].median == 0
    assert "| core/tiny.py:4 | `0` | `1` | no tests |" in table(fates)


def test_tests_that_fail_anyway_say_nothing(project):
    (project / "tests" / "core" / "test_tiny.py").write_text("def test_no():\n    assert False\n")
    with pytest.raises(ValueError, match=r"tests/core/test_tiny\.py fails without any fault in core/tiny\.py"):
        tried(project, [("core/tiny.py", mutants(MODULE)[0])])
