"""Pages opened in this process, on the workspace of the test."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.foundation.settings import settings
from tests.builders.places import ROOT

NAVIGATION = ROOT / "pages" / "navigation.py"


@pytest.fixture
def opened(workspace, dataset, monkeypatch):
    """Opens a page of the workspace's home in this process."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))

    def forget():
        settings.cache_clear()
        st.cache_resource.clear()

    def open_page(name):
        forget()
        test = AppTest.from_file(str(NAVIGATION), default_timeout=60).switch_page(name).run()
        assert not test.exception
        return test

    yield open_page
    forget()
