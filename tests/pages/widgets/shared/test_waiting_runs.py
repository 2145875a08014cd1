"""What the pages say when runs wait and nobody takes them."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.foundation.settings import settings
from core.jobs.runs import process_name, submit
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


@pytest.mark.parametrize("page", ["jobs.py", "library.py"])
def test_a_run_that_nobody_takes_says_why(opened, workspace, dataset, author, page):
    submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={"source": "/photos"})
    test = opened(page)
    (warning,) = test.warning
    assert warning.value.startswith("No worker is at work on this machine, so nothing moves.")


@pytest.mark.parametrize("page", ["jobs.py", "library.py"])
def test_nothing_is_said_while_a_worker_lives(opened, workspace, dataset, author, page):
    submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={"source": "/photos"})
    workspace.heartbeat.write_text(process_name())
    assert not opened(page).warning


def test_a_page_without_waiting_runs_needs_no_worker(opened):
    test = opened("jobs.py")
    assert not test.warning
    assert [info.value for info in test.info] == [
        "Nothing has run yet. Import photos or try the sample in the library."
    ]
