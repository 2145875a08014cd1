"""An empty store offers clips to try training on."""

import pytest
import streamlit as st
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core.foundation.settings import settings
from core.library.sample_clips import SAMPLE_CLIPS
from db.engine import reading
from db.tables import Dataset, Run
from tests.builders.places import ROOT

NAVIGATION = ROOT / "pages" / "navigation.py"


@pytest.fixture
def library(workspace, monkeypatch):
    """The library of an empty store, in this process."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    settings.cache_clear()
    st.cache_resource.clear()
    yield AppTest.from_file(str(NAVIGATION), default_timeout=60).run()
    settings.cache_clear()
    st.cache_resource.clear()


def test_the_button_starts_the_run_in_a_dataset_of_its_own(library, workspace):
    (button,) = [button for button in library.button if button.label == "Try with drawn clips"]
    button.click().run()
    assert not library.exception
    with reading(workspace.engine) as session:
        (dataset,) = session.exec(select(Dataset)).all()
        (run,) = session.exec(select(Run)).all()
    assert (dataset.name, run.kind, run.dataset_id) == (SAMPLE_CLIPS, "sample-clips", dataset.id)
