"""The examples in the docstrings of core."""

import doctest
import importlib

import pytest

from tests.builders.places import ROOT

WITH_EXAMPLES = [path for path in sorted((ROOT / "core").rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_example_in_a_docstring_gives_what_it_says(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0
    assert failed == 0
