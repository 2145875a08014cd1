"""`sigmas` on the command line: each point with its sigma, and a dash where nobody labelled it twice."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.foundation.settings import settings
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def sigmas(workspace, dataset, author, monkeypatch):
    """Runs the command on one picture that two datasets label 3 and 4 px apart, all points but one."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    settings.cache_clear()
    with writing(workspace.engine) as session:
        again = ensure_dataset("again", author, session=session)
    moved = face((3.0, 4.0))
    moved[7] = np.nan
    for number, points in ((dataset, face()), (again, moved)):
        shelf = Shelf(workspace, number, author)
        shelf.instance(shelf.image("a.png"), points)  # a box of 120 x 90

    def run(*arguments):
        done = CliRunner().invoke(app, ["sigmas", "--dataset", "faces", "--skeleton", "face68", *arguments])
        return done.exit_code, done.stdout, done.stderr

    yield run
    settings.cache_clear()


def test_every_point_has_a_line_with_its_sigma_or_a_dash(sigmas):
    code, stdout, _ = sigmas("--other", "again")
    first, *lines = stdout.splitlines()
    assert (code, first, len(lines)) == (0, "face68: 1 labelled twice", 68)
    sigma = np.sqrt(25 / (0.53 * 120 * 90) / 2)
    assert sum(f" {sigma:.4f}  of 1 pairs" in line for line in lines) == 67
    assert "  -    of 0 pairs" in lines[7]


def test_json_has_the_same_figures_and_none_where_there_is_no_pair(sigmas):
    code, stdout, _ = sigmas("--other", "again", "--json")
    told = json.loads(stdout)
    assert (code, told["skeleton"], told["instances"]) == (0, "face68", 1)
    assert [row["sigma"] for row in told["points"]].count(None) == 1
    assert told["points"][0]["sigma"] == pytest.approx(np.sqrt(25 / (0.53 * 120 * 90) / 2))


@pytest.mark.parametrize(("other", "why"), [("typo", "no dataset called typo"), ("faces", "two datasets")])
def test_a_dataset_that_is_not_there_or_the_same_one_is_a_sentence_and_exit_code_2(sigmas, other, why):
    code, stdout, stderr = sigmas("--other", other)
    assert (code, stdout) == (2, "")
    assert why in stderr


def test_an_unknown_skeleton_is_refused_with_those_that_there_are(sigmas):
    code, _, stderr = sigmas("--other", "again", "--skeleton", "octopus")
    assert code == 2
    assert "'octopus'" in stderr
    assert "body24" in stderr
