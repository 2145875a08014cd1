"""How much memory finding faces takes in large pictures, with the detector that looks at their pixels."""

import subprocess
import sys

import pytest
from PIL import Image as Picture

from core.jobs.runs import submit
from db.tables import Image
from db.writing import writing
from tests.builders.places import ROOT

COUNT, SIZE = 4, (16_400, 2_000)  # more than a batch of several may have together
MEASURED = """
import sys
from pathlib import Path
import numpy as np
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.models import load_detector
from core.people.face_models import FaceModels
from core.people.finding import find_faces
from tests.builders.tiny_models import TinyEncoder, TinyLandmarker

home, dataset, run, pixels = Path(sys.argv[1]), *map(int, sys.argv[2:])
workspace = Workspace.open(Settings(home=home))
models = FaceModels(load_detector("mtcnn", "cpu", workspace.weights), TinyLandmarker(), TinyEncoder())
models.analyse([np.zeros((236, 1920, 3), np.uint8)])
FaceModels.load = staticmethod(lambda *_: models)
peak = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
before = peak()
find_faces(workspace, dataset_id=dataset, run_id=run)
print((peak() - before) / pixels)
"""


@pytest.fixture
def large(workspace, dataset):
    """Pictures that are large and quick to unpack."""
    with writing(workspace.engine) as session:
        for number in range(COUNT):
            original, sha256 = f"originals/{number}.jpg", f"{number:064}"
            Picture.new("RGB", SIZE, (9 * number, 8, 7)).save(workspace.original(original))
            size = {"width": SIZE[0], "height": SIZE[1], "size_bytes": 1, "format": "JPEG"}
            session.add(Image(dataset_id=dataset, path=f"{number}.jpg", sha256=sha256, original=original, **size))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says the peak of a process since its start")
@pytest.mark.nightly
def test_of_many_large_pictures_one_is_looked_at_while_the_next_is_unpacked(workspace, dataset, author, large):
    run_id = submit(workspace, "faces", dataset_id=dataset, author_id=author, parameters={})
    numbers = map(str, (workspace.home, dataset, run_id, SIZE[0] * SIZE[1]))
    done = subprocess.run([sys.executable, "-c", MEASURED, *numbers], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 6 < float(done.stdout) < 18, "bytes a pixel of one picture; of all of them it would be 20"
