"""The Search page: what it finds is never older than the faces, and its process loads no model."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import streamlit as st
from sqlmodel import select

from core.people import deciding
from core.people.encoders import encoder_of
from core.people.searching import PhotoQuery
from db.tables import Embedding
from db.writing import writing
from pages.widgets.people import photo_search
from tests.builders.places import ROOT
from tests.builders.staged_people import ENCODER, add_faces, vector
from tests.builders.tiny_models import tiny_picture

SEARCH = f"""
import sys
from streamlit.testing.v1 import AppTest
from core.jobs import inference
inference._COMMAND = [sys.executable, "-m", "tests.builders.tiny_inference"]
test = AppTest.from_file({str(ROOT / "pages" / "navigation.py")!r}, default_timeout=60)
test = test.switch_page("search.py").run()
test.file_uploader[0].set_value(("photo.png", open("photo.png", "rb").read(), "image/png")).run()
assert not test.exception, test.exception
print([text.value for text in [*test.info, *test.error, *test.subheader]])
print([name for name in ("torch", "dlib", "facenet_pytorch", "onnxruntime") if name in sys.modules])
"""


def test_a_search_loads_no_model_into_the_workbench(workspace, dataset, tmp_path):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    (tmp_path / "photo.png").write_bytes(tiny_picture(0))
    environment = os.environ | {"FACET_HOME": str(workspace.home), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SEARCH]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told, loaded = done.stdout.splitlines()
    assert "no face is found in this photo" in told
    assert loaded == "[]"


def test_a_face_that_is_embedded_or_removed_after_a_search_changes_what_the_next_one_finds(
    workspace, dataset, author, monkeypatch
):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0, 0)), ("b.jpg", vector(0, 1))])
    encoder_id = encoder_of(workspace, dataset, None).id
    with writing(workspace.engine) as session:
        late = session.exec(select(Embedding).where(Embedding.instance_id == faces[1])).one()
        kept = late.vector
        session.delete(late)
    st.cache_data.clear()
    monkeypatch.setattr(photo_search, "workspace", lambda: workspace)
    query = PhotoQuery(np.stack([vector(0, 0)]), (b"",), 0, encoder_id, ENCODER, 0.5)

    def pictures():
        return [match.image for match in photo_search.ranked(b"photo", query, dataset, 0)]

    assert pictures() == ["a.jpg"]
    with writing(workspace.engine) as session:
        session.add(Embedding(instance_id=faces[1], model_version_id=encoder_id, vector=kept))
    assert pictures() == ["a.jpg", "b.jpg"]
    removed = deciding.remove_faces(workspace, faces[:1], author_id=author)
    assert pictures() == ["b.jpg"]
    deciding.undo(workspace, removed, author_id=author)
    assert pictures() == ["a.jpg", "b.jpg"]
