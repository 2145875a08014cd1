"""Where things are found from outside: pages and what their addresses carry, routes, the environment, `make`."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import streamlit as st
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.testing.v1 import AppTest

from tests.as_before import house

NAVIGATION = house.REPOSITORY / "pages" / "navigation.py"


def told(home: Path) -> dict[str, Any]:
    """Every address of an installation whose home folder is there."""
    with house.at_home(home):
        return {
            "pages": pages(),
            "words in the addresses of pages": sorted(query_words()),
            "routes": sorted(f"{' '.join(sorted(route.methods or ()))} {route.path}" for route in routes()),
            "environment": environment(),
            "make": make_words(),
        }


def opened(page: str = "", **words: str) -> AppTest:
    """A page in this process, its address carrying these words."""
    test = AppTest.from_file(str(NAVIGATION), default_timeout=60)
    for word, value in words.items():
        test.query_params[word] = value
    return (test.switch_page(page) if page else test).run()


def pages() -> list[dict[str, Any]]:
    """Group, title and address of each page, in the order of the menu; the address of the first is empty."""
    shown: list[Any] = []
    navigation = st.navigation

    def noted(groups: Any, **options: Any) -> Any:
        shown.append(groups)
        return navigation(groups, **options)

    with patch.object(st, "navigation", noted):
        test = opened()
    assert not test.exception
    return [
        {"group": group, "title": page.title, "address": page.url_path}
        for group in shown[0]
        for page in shown[0][group]
    ]


def query_words() -> set[str]:
    """The words that some page reads from its address and writes into it."""
    trees = [ast.parse(file.read_text()) for file in sorted((house.REPOSITORY / "pages").rglob("*.py"))]
    constants = {name: value for tree in trees for name, value in _constants(tree)}
    return {word for tree in trees for node in ast.walk(tree) for word in _words(node, constants)}


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        value = getattr(node, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield target.id, value.value


def _words(node: ast.AST, constants: dict[str, str]) -> Iterator[str]:
    """What a choice of a page is called in its address."""
    asked: list[ast.expr] = []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("kept", "in_address"):
        asked = list(node.args[:1])
    for word in asked:
        if isinstance(word, ast.Constant):
            yield str(word.value)
        elif isinstance(word, ast.Name) and word.id in constants:
            yield constants[word.id]


def routes() -> list[Route]:
    """The routes that the workbench serves beside its pages, working in the home folder of now."""
    spec = importlib.util.spec_from_file_location("app_as_before", house.REPOSITORY / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with patch.object(st, "App") as made:
        spec.loader.exec_module(module)
    return list(made.call_args.kwargs["routes"])


def environment() -> dict[str, str]:
    """Every variable that is read, with its default."""
    fields = house.setting_fields()
    return {f"FACET_{name.upper()}": str(field.default) for name, field in sorted(fields.items())}


def make_words() -> list[str]:
    """The words that `make` knows."""
    (line,) = re.findall(r"^\.PHONY: (.*)$", (house.REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    return sorted(line.split())


def answers(home: Path) -> dict[str, str]:
    """What the routes answer over the dataset of `exports.fill`, of which one export was written."""
    asked = (
        "/api/thumbnail/1",
        "/api/thumbnail/999",
        "/api/thumbnail/one",
        "/api/display/1",
        "/api/crop/1",
        "/api/crop/999",
        "/api/export/1",
        "/api/export/999",
        "/api/overlay/nothing.mp4",
    )
    with house.at_home(home), TestClient(Starlette(routes=routes())) as browser:
        return {path: _answer(browser.get(path)) for path in asked}


def _answer(response: Any) -> str:
    kind = response.headers.get("content-type", "").partition(";")[0]
    named = ", ".join(sorted({"cache-control", "content-disposition"} & set(response.headers)))
    return f"{response.status_code} {kind}" + (f" with {named}" if named else "")


def followed(home: Path, dataset: str) -> dict[str, dict[str, Any]]:
    """What opens where an address says which dataset, whose name, which picture, which order, which person."""
    addresses = (
        ("", {}),
        ("", {"dataset": dataset, "name": "Zoë"}),
        ("", {"dataset": "typo"}),
        ("keypoints.py", {"dataset": dataset, "picture": "3", "order": "worth"}),
        ("keypoints.py", {"dataset": dataset, "picture": "3"}),
        ("keypoints.py", {"dataset": dataset, "picture": "x"}),
        ("people.py", {"dataset": dataset, "person": "2"}),
        ("people.py", {"dataset": dataset}),
    )
    with house.at_home(home):
        return {f"{page}?{urlencode(words)}": _state(opened(page, **words)) for page, words in addresses}


def _state(test: AppTest) -> dict[str, Any]:
    assert not test.exception, test.exception
    chosen = {box.label: box.format_func(box.value) for box in test.selectbox if box.label in ("Dataset", "Order")}
    written = {field.label: field.value for field in test.text_input if field.label in ("Your name", "Name")}
    one_person = any(button.label == "All people" for button in test.button)
    address = {word: values[-1] for word, values in test.session_state["address"].left.items()}
    return {"address": dict(sorted(address.items())), **chosen, **written, "one person": one_person}
