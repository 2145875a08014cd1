import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.formats.clips import LabelledClip, LabelledFrame, LabelledTrack, SplitPart
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson, LeftOut
from core.foundation.arrays import Keypoints
from core.foundation.settings import settings
from core.models import load_detector
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.builders.labelled_examples import CARDS, picture, random_dataset
from tests.builders.onnx_bytes import mean_colour_network
from tests.builders.staged_people import add_faces, group, vector


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[[int], LabelledDataset]:
    return lambda seed: random_dataset(tmp_path / f"originals-{seed}", seed)


@pytest.fixture
def small_dataset(tmp_path: Path) -> LabelledDataset:
    """One picture of 100 × 80 with a named, labelled face and a body; a second one without anything."""
    rng = np.random.default_rng(1)
    face = LabelledInstance(
        kind="face",
        box=(20, 20, 40, 40),
        origin="model",
        score=0.5,
        skeleton="face68",
        keypoints=Keypoints.of(rng.random((68, 2)) * 20 + 20, confidence=rng.random(68)),
        points_source="model",
        points_model="points",
        person="person-0001",
        person_source="human",
        five_points=np.full((5, 2), 30),
    )
    body = LabelledInstance(kind="person", box=(0, 0, 50, 79), origin="human")
    first = picture(tmp_path / "originals" / "one.png", rng, 100, 80)
    second = picture(tmp_path / "originals" / "two.png", rng, 60, 50)
    images = (LabelledImage(**(first.__dict__ | {"instances": (face, body)})), second)
    return LabelledDataset("Small", images, (LabelledPerson("person-0001", "Ann"),), CARDS)


@pytest.fixture
def clipped(small_dataset):
    """The small dataset: one.png is frames 0 and 2 of a clip, whose frame 1 was removed; two.png is of an action."""
    one, two = small_dataset.images
    face, body = one.instances
    frames = (LabelledFrame(0, 0.0, "one.png"), LabelledFrame(1, 0.04, None), LabelledFrame(2, 0.08, "one.png", 1))
    clip = LabelledClip("day/ada.mp4", "a" * 64, 100, 80, 5, 25.0, frames)
    face = replace(face, points_source="human", points_model=None, track=1)
    tracks = (LabelledTrack(1, clip.path, "face"), LabelledTrack(2, clip.path, "person", "=Eve"))
    return replace(
        small_dataset,
        images=(
            replace(one, sequence="day/ada.mp4", instances=(face, replace(body, track=2))),
            replace(two, sequence="squat"),
        ),
        clips=(clip,),
        split=(SplitPart("clip", "day/ada.mp4", "test"), SplitPart("person-id", "person-0001", "train")),
        excluded=(LeftOut("two.png", "blurred"),),
        tracks=tracks,
    )


@pytest.fixture(scope="session")
def detector():
    return load_detector("mtcnn", "cpu", Path("no-weights-folder-is-needed"))


@pytest.fixture
def mean_colour_onnx(tmp_path):
    path = tmp_path / "mean.onnx"
    path.write_bytes(mean_colour_network())
    return path


@pytest.fixture
def home(workspace, monkeypatch):
    """The command line works in the same home folder as `workspace`."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    settings.cache_clear()
    yield workspace.home
    settings.cache_clear()


@pytest.fixture
def facet(home):
    """Runs a command; returns exit code, stdout and stderr, and knows what has to hold for every one."""

    def run(*arguments):
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert "Traceback" not in done.stderr, done.stderr
        assert done.exit_code in (0, 1, 2, 3)  # 3: labels wait for an answer
        if done.exit_code == 2:
            assert done.stdout == ""
            assert done.stderr.strip()
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def told(facet):
    """Runs a command with --json; returns exit code and the one object."""

    def run(*arguments):
        code, stdout, _ = facet(*arguments, "--json")
        assert stdout.count("\n") == 1
        return code, json.loads(stdout)

    return run


@pytest.fixture
def refused(facet):
    """Runs a command that cannot run; returns its sentence."""

    def run(*arguments):
        code, _, stderr = facet(*arguments)
        assert code == 2
        lines = [line for line in stderr.splitlines() if not re.search(r": \d+ of \d+$", line)]
        assert len(lines) == 1, stderr
        return lines[0]

    return run


@pytest.fixture
def photos(tmp_path, pictures):
    """A folder with two pictures, a copy and a text."""
    root = tmp_path / "photos"
    (root / "Ada").mkdir(parents=True)
    for name, seed in (("Ada/1.png", 1), ("Ada/2 {x}.png", 2), ("copy.png", 1)):
        (root / name).write_bytes(pictures(seed))
    (root / "notes.txt").write_text("hello")
    return root


@pytest.fixture
def people_staged(workspace, home):
    """A dataset of five faces: two confirmed people of two faces each, and a stranger."""
    with writing(workspace.engine) as session:
        dataset = ensure_dataset("faces", ensure_user("ada", session=session), session=session)
    for person, name in enumerate(("Ada", "Zoë")):
        add_faces(workspace, dataset, [(f"{name}/{i}.png", vector(person, i)) for i in range(2)], identity=name)
    add_faces(workspace, dataset, [("stranger.png", vector(9))])
    group(workspace, dataset)
    return dataset
