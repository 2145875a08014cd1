"""The Search page: its process loads no model."""

from __future__ import annotations

import os
import subprocess
import sys

from core.people.encoders import encoder_of, threshold_of
from tests.builders.people_rows import own
from tests.builders.places import ROOT
from tests.builders.staged_people import add_faces, vector
from tests.builders.tiny_models import tiny_picture

SEARCH = f"""
import sys
from streamlit.testing.v1 import AppTest
from core.jobs import inference
inference._COMMAND = [sys.executable, "-m", "tests.builders.tiny_inference"]
test = AppTest.from_file({str(ROOT / "pages" / "navigation.py")!r}, default_timeout=60)
test = test.switch_page("search.py").run()
test.file_uploader[0].set_value([("photo.png", open("photo.png", "rb").read(), "image/png")]).run()
assert not test.exception, test.exception
print([text.value for text in [*test.info, *test.error, *test.subheader]])
print([name for name in ("torch", "dlib", "facenet_pytorch", "onnxruntime") if name in sys.modules])
"""


def test_a_search_loads_no_model_into_the_workbench(workspace, dataset, tmp_path):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    (tmp_path / "photo.png").write_bytes(tiny_picture(0))
    environment = os.environ | {"FACET_HOME": str(workspace.home), "FACET_USER": "ada", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SEARCH]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told, loaded = done.stdout.splitlines()
    assert "no face is found in this photo" in told
    assert loaded == "[]"


def test_the_least_similarity_stands_on_the_page_before_any_photo(opened, workspace, dataset):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    page = opened("search.py")
    assert [slider.label for slider in page.slider] == ["Least similarity"]
    assert page.slider[0].value == threshold_of(workspace, dataset, encoder_of(workspace, dataset))


def test_people_are_searched_for_without_any_photo(opened, workspace, dataset):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(1)), ("c.jpg", vector(0, 1))])
    ada = own(workspace, dataset, [faces[0], faces[2]], "Ada")
    page = opened("search.py")
    assert page.caption[-1].value.startswith("Choose people, a time or a number of people, or upload photos")
    page = opened("search.py", all=str(ada), **{"not": str(faces[2])})
    assert [heading.value for heading in page.subheader] == ["1 picture of 1 event"]
    page = opened("search.py", none=str(ada))
    assert [heading.value for heading in page.subheader] == ["1 picture of 1 event"]


def test_a_dataset_without_faces_leads_to_the_library(opened):
    page = opened("search.py")
    assert page.info[0].value.startswith("No face is found here yet")
