"""Every sentence that an error or a message can say is in the English catalogue, and no program reads one."""

import ast
from functools import cache
from pathlib import Path
from string import Formatter

from core.foundation.errors import FacetError
from core.foundation.messages import templates

ROOT = Path(__file__).parents[3]


@cache
def _nodes() -> list[tuple[str, ast.AST]]:
    """(file:line, node) of everything in the product but migrations, which keep the words of their time."""
    rooms = [path for room in ("core", "db", "pages") for path in sorted((ROOT / room).rglob("*.py"))]
    files = [ROOT / "app.py", *(path for path in rooms if "migrations" not in path.parts)]
    return [
        (f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", node)
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


def _makers() -> set[str]:
    """Names of what takes a code in the first place: every error class, `message`, and readers' `wrong`."""

    def below(kind: type) -> set[str]:
        return {kind.__name__}.union(*(below(child) for child in kind.__subclasses__()))

    return below(FacetError) | {node.name for _, node in _nodes() if _is_error(node)} | {"message", "wrong"}


def _is_error(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any(
        isinstance(base, ast.Name) and base.id == "FacetError" for base in node.bases
    )


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _texts(argument: ast.expr) -> list[str]:
    """The texts that an argument may be: itself, or either arm of a condition."""
    if isinstance(argument, ast.IfExp):
        return [*_texts(argument.body), *_texts(argument.orelse)]
    return [argument.value] if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else []


def _given() -> list[tuple[str, str, set[str]]]:
    """(file:line, code, names of the fields) of every call that gives a code: to a maker in the first place, or a known
    code anywhere."""
    makers, known = _makers(), templates("en")
    return [
        (where, code, {word.arg or "**" for word in node.keywords} - {"of", "decoded"})
        for where, node in _nodes()
        if isinstance(node, ast.Call)
        for place, argument in enumerate(node.args)
        for code in _texts(argument)
        if (place == 0 and _called(node) in makers) or code in known
    ]


def test_every_code_that_is_given_has_an_english_sentence():
    known = templates("en")
    assert [(where, code) for where, code, _ in _given() if code not in known] == []


def test_every_english_sentence_is_said_somewhere():
    constants = {node.value for _, node in _nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert sorted(templates("en").keys() - constants) == []


def test_every_sentence_names_the_fields_that_its_code_is_given_with():
    known = templates("en")
    wrong = [
        (where, code, sorted(fields ^ named))
        for where, code, fields in _given()
        if code in known
        for named in [{name for _, name, _, _ in Formatter().parse(known[code]) if name is not None}]
        if fields != named
    ]
    assert wrong == []


def _is_sentence_of_error(node: ast.AST) -> bool:
    """Whether it is `str(error)` or `error.reason`, by the names that this code gives to what it catches."""
    caught = {"error", "problem", "stopped"}
    if isinstance(node, ast.Call) and _called(node) == "str" and node.args:
        return isinstance(node.args[0], ast.Name) and node.args[0].id in caught
    return isinstance(node, ast.Attribute) and node.attr == "reason" and getattr(node.value, "id", "") in caught


def test_no_program_reads_the_sentence_of_an_error():
    readers = {"startswith", "endswith", "removeprefix", "removesuffix", "partition", "split", "replace"}
    reads = [
        where
        for where, node in _nodes()
        if (
            isinstance(node, ast.Compare)
            and any(_is_sentence_of_error(side) for side in (node.left, *node.comparators))
        )
        or (isinstance(node, ast.Attribute) and node.attr in readers and _is_sentence_of_error(node.value))
    ]
    foreign = ("core/models/devices.py", "core/training/state.py")  # what torch says is all that it gives
    assert [where for where in reads if not where.startswith(foreign)] == []


def test_no_error_is_given_a_sentence_that_is_put_together():
    makers = _makers()
    calls = [(where, node) for where, node in _nodes() if isinstance(node, ast.Call) and node.args]
    built = [
        where
        for where, call in calls
        if _called(call) in makers and isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
    ]
    assert built == []
