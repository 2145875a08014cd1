"""Small faults, planted one at a time in the source of a module: would a test see it?"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

_OTHER_WAY: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True)
class Mutant:
    """One fault.

    Attributes
    ----------
    line
        Of the source, from 1.
    before, after
        The expression or statement that was there, and what is there instead, each on one line.
    source
        The whole module with the fault in it.
    """

    line: int
    before: str
    after: str
    source: str


def mutants(source: str, lines: Collection[int] | None = None) -> list[Mutant]:
    """Every fault that is known here, in the order of the source; of these lines alone, or of all with None.

    Comparisons are turned or lose their equality, whole numbers are one more, ``and`` and ``or`` change places, ``not``
    goes, ``return`` gives None, and a statement that only calls something is left out. Annotations stay.
    """
    planted = []
    for node, other in _changes(ast.parse(source)):
        if lines is None or node.lineno in lines:
            before, after = ast.unparse(node), ast.unparse(other)
            planted.append(Mutant(node.lineno, _short(before), _short(after), _replaced(source, node, after)))
    return sorted(planted, key=lambda mutant: mutant.line)


def _changes(tree: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, ast.AST]]:
    for node in _walk(tree):
        match node:
            case ast.Compare(ops=[operator]):
                yield node, ast.Compare(node.left, [_OTHER_WAY[type(operator)]()], node.comparators)
            case ast.Constant(value=int(number)) if not isinstance(number, bool):
                yield node, ast.Constant(number + 1)
            case ast.BoolOp(op=ast.And()):
                yield node, ast.BoolOp(ast.Or(), node.values)
            case ast.BoolOp(op=ast.Or()):
                yield node, ast.BoolOp(ast.And(), node.values)
            case ast.UnaryOp(op=ast.Not()):
                yield node, node.operand
            case ast.Return(value=ast.expr() as given) if not (isinstance(given, ast.Constant) and given.value is None):
                yield node, ast.Return(ast.Constant(None))
            case ast.Expr(value=ast.Call()):
                yield node, ast.Pass()


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node but annotations and the inside of f-strings, whose places Python 3.11 does not know."""
    yield node
    for name, field in ast.iter_fields(node):
        if name not in ("annotation", "returns") and not isinstance(node, ast.JoinedStr):
            for child in field if isinstance(field, list) else [field]:
                if isinstance(child, ast.AST):
                    yield from _walk(child)


def _replaced(source: str, node: ast.expr | ast.stmt, after: str) -> str:
    """The source with other text in a node's place; an expression keeps its own brackets."""
    rows = source.encode().splitlines(keepends=True)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    start = sum(map(len, rows[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, rows[: node.end_lineno - 1])) + node.end_col_offset
    text = b"".join(rows)
    other = f"({after})" if isinstance(node, ast.expr) else after
    return (text[:start] + other.encode() + text[end:]).decode()


def _short(text: str) -> str:
    first, *more = text.splitlines()
    return f"{first[:57]}…" if more or len(first) > 60 else first
