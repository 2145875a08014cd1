"""Each contract of the house refuses what it is there to refuse: a breach is planted in a copy, and one is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.builders.places import ROOT

PLANTED = {  # (file, line): the contract that must break
    ("core/media/images.py", "from core.people import grouping"): "the floors of the house",
    ("core/people/grouping.py", "from core.points import annotating"): "the floors of the house",
    ("core/foundation/geometry.py", "from core.media import images"): "the floors of the house",
    ("core/library/exclusions.py", "from core.jobs import runs"): "the floors of the house",
    ("core/a_room_without_a_floor.py", "NOTHING = 0"): "the floors of the house",
    ("core/people/grouping.py", "from pages import navigation"): "pages above core above db",
    ("db/engine.py", "from core.foundation import errors"): "pages above core above db",
    ("core/metrics/oks.py", "from db.engine import reading"): "arrays in the middle",
    ("core/formats/coco.py", "import sqlmodel"): "arrays in the middle",
    ("core/tracks/smoothing.py", "import huey"): "arrays in the middle",
    ("core/drawn/face.py", "import torch"): "torch and dlib only in models and training",
    ("core/media/crops.py", "import dlib"): "torch and dlib only in models and training",
    ("core/people/grouping.py", "import torch"): "torch and dlib only in models and training",
    ("core/points/annotating.py", "import huey"): "huey only in jobs, typer only in commands",
    ("core/people/grouping.py", "import typer"): "huey only in jobs, typer only in commands",
    ("core/library/exclusions.py", "import streamlit"): "only pages know Streamlit",
    ("db/engine.py", "import streamlit"): "only pages know Streamlit",
    ("pages/dashboard.py", "import pages.people"): "pages do not know one another",
    ("pages/widgets/shared/text.py", "import pages.people"): "pages do not know one another",
    ("pages/dashboard.py", "from core.training import loop"): "pages use subjects, jobs and reads",
    ("pages/dashboard.py", "import torch"): "torch and dlib only in models and training",
    ("pages/dashboard.py", "import cv2"): "pages use subjects, jobs and reads",
    ("pages/dashboard.py", "from core.metrics import oks"): "pages use subjects, jobs and reads",
    ("pages/dashboard.py", "from db.writing import writing"): "pages use subjects, jobs and reads",
    ("pages/widgets/people/views.py", "from db import history"): "pages use subjects, jobs and reads",
    ("pages/dashboard.py", "from db import revisions"): "pages use subjects, jobs and reads",
    ("pages/dashboard.py", "from core.jobs import worker"): "pages use subjects, jobs and reads",
    ("pages/dashboard.py", "from core.commands import console"): "pages use subjects, jobs and reads",
    ("db/queries/library.py", "from db.writing import writing"): "reads write nothing",
    ("core/models/weights.py", "from core.models.faces import facenet"): "no circles between siblings",
    ("pages/widgets/shared/text.py", "from pages.widgets.people import views"): "widgets stand on one another",
    ("pages/widgets/a_loose_widget.py", "NOTHING = 0"): "widgets stand on one another",
    ("core/learning/labels.py", "from core.points import label_writing"): "private parts of points",
    ("core/jobs/tasks.py", "from core.people import face_models"): "private parts of people",
    ("pages/verification.py", "from core.verification import pairs"): "private parts of verification",
    ("core/jobs/tasks.py", "from core.learning import samples"): "private parts of learning",
    ("core/commands/training.py", "from core.motion import overlay"): "private parts of motion",
    ("pages/export.py", "from core.exchange import clips"): "private parts of exchange",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources and of the contracts."""
    copy = tmp_path_factory.mktemp("house")
    for room in ("core", "db", "pages"):
        shutil.copytree(
            ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__", "*.js", "*.css", "*.png")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]]


def broken(house: Path) -> list[str]:
    """The names of the contracts that do not hold."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    wide = os.environ | {"COLUMNS": "300"}  # otherwise the names are folded
    done = subprocess.run(command, cwd=house, env=wide, capture_output=True, text=True, check=False)
    said = [name for name in contracts() if f"{name} BROKEN" in done.stdout]
    assert bool(done.returncode) == bool(said), done.stdout + done.stderr
    return said


def test_no_contract_is_broken_as_the_house_stands(house):
    assert broken(house) == []


@pytest.mark.parametrize(("place", "line"), PLANTED, ids=[" <- ".join(planted) for planted in PLANTED])
def test_planted_breach_is_refused_by_its_contract(house, place, line):
    file = house / place
    before = file.read_text() if file.exists() else None
    assert (before is None) == ("/a_" in place), f"{place} has moved: plant the breach where it is now"
    try:
        file.write_text(f"{before or ''}\n{line}\n")
        assert any(name.startswith(PLANTED[place, line]) for name in broken(house))
    finally:
        file.unlink() if before is None else file.write_text(before)


def test_each_contract_has_a_planted_breach():
    assert [name for name in contracts() if not any(name.startswith(start) for start in PLANTED.values())] == []
