"""What `train` takes for granted where nobody chooses, and says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from core.__main__ import app
from core.foundation.settings import settings
from core.foundation.skeletons import find_skeleton

SMALL = ("epochs=1", "input_size=64x64", "batch=4", "workers=0", "sheets=0")


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("FACET_HOME", str(tmp_path / "home"))
    settings.cache_clear()

    def told(*arguments):
        done = CliRunner().invoke(app, [*map(str, arguments), "--json"])
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    yield told
    settings.cache_clear()


def test_pictures_in_one_folder_are_learned_from_singly_and_that_is_said(run, tmp_path):
    truth = np.random.default_rng(0).uniform(8, 56, (6, 24, 2))
    rows = []
    (tmp_path / "photos").mkdir()
    for i, points in enumerate(truth):
        Image.fromarray(np.full((64, 64, 3), 40 * i, np.uint8)).save(tmp_path / "photos" / f"{i}.png")
        rows.append(",".join([f"{i}.png", *map(str, points.ravel())]))
    names = ",".join(f"{name}_{axis}" for name in find_skeleton("body24").point_names for axis in "xy")
    (tmp_path / "points.csv").write_text("\n".join([f"image,{names}", *rows]))
    run("import", tmp_path / "photos", "--dataset", "bodies")
    run("labels", tmp_path / "points.csv", "--dataset", "bodies", "--skeleton", "body24")
    small = [part for one in SMALL for part in ("--set", one)]
    told = run("train", "--dataset", "bodies", "--recipe", "quick-resnet18", *small)  # the only points there are
    assert told["split_by"] == "picture"
    assert "each was taken to be of its own" in told["said"][0]
    assert (sum(told["labels"].values()), told["labels"]["test"] > 0) == (6, True)
    found = run("evaluate", "--dataset", "bodies", "--model", told["model"])
    assert (found["skeleton"], found["instances"]) == ("body24", told["labels"]["test"])
    assert (told["reason"], found["reason"], found["groups"]) == (None, None, 2)  # two of six are held out
