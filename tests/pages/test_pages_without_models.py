"""The process that shows pages stays small: no network and no library of networks is ever loaded there."""

import json
import os
import subprocess
import sys

import pytest

from tests.builders.learning_rows import Shelf, face
from tests.builders.places import ROOT

PAGES = sorted(path.name for path in (ROOT / "pages").glob("*.py") if path.stem not in ("__init__", "navigation"))
HEAVY = ("torch", "torchvision", "dlib", "facenet_pytorch", "timm", "transformers", "onnxruntime")
OPEN = f"""
import json, sys
from streamlit.testing.v1 import AppTest
test = AppTest.from_file({str(ROOT / "pages" / "navigation.py")!r}, default_timeout=120)
loaded = {{}}
for page in {PAGES!r}:
    test.switch_page(page).run()
    assert not test.exception, (page, test.exception)
    loaded[page] = [name for name in {HEAVY!r} if name in sys.modules]
print(json.dumps(loaded))
"""


@pytest.fixture
def filled(workspace, dataset, author):
    """A dataset with a clip, labels, people to learn from, and a model that has predicted."""
    shelf = Shelf(workspace, dataset, author)
    version = shelf.model("v-1")
    images = [shelf.image(f"clip/{i}.png", sequence="clip", identity=f"person {i % 2}") for i in range(4)]
    shelf.clip("clip.mp4", images)
    for shift, image in enumerate(images):
        instance = shelf.instance(image, face(float(shift)))
        shelf.predict(instance, version, face(shift + 0.5))
    return workspace


def test_no_page_loads_torch_or_dlib_into_the_process_that_shows_it(filled):
    environment = os.environ | {"FACET_HOME": str(filled.home), "PYTHONPATH": str(ROOT)}
    shown = subprocess.run([sys.executable, "-c", OPEN], capture_output=True, text=True, env=environment, timeout=300)
    assert shown.returncode == 0, shown.stderr[-3000:]
    assert json.loads(shown.stdout.splitlines()[-1]) == {page: [] for page in PAGES}
