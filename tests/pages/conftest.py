"""Pages opened in this process, on the workspace of the test."""

import pytest
import streamlit as st
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core.foundation.settings import settings
from db.engine import reading
from db.tables import Run
from tests.builders.learning_rows import Shelf, face
from tests.builders.places import ROOT

NAVIGATION = ROOT / "pages" / "navigation.py"


def forget():
    """Nothing is left of a workspace that was open before."""
    settings.cache_clear()
    st.cache_resource.clear()
    st.cache_data.clear()


def labelled(widgets, label):
    """The one of a page's widgets of a kind that says so."""
    (found,) = [widget for widget in widgets if widget.label.startswith(label)]
    return found


@pytest.fixture
def opened_without_data(workspace, monkeypatch):
    """Opens a page of the workspace's home in this process, under an address; nobody has made a dataset."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    monkeypatch.setenv("FACET_USER", "ada")

    def open_page(name, **address):
        forget()
        test = AppTest.from_file(str(NAVIGATION), default_timeout=60).switch_page(name)
        for word, value in address.items():
            test.query_params[word] = value
        test.run()
        assert not test.exception
        return test

    yield open_page
    forget()


@pytest.fixture
def opened(opened_without_data, dataset):
    """Opens a page of the workspace's home in this process; there is a dataset."""
    return opened_without_data


@pytest.fixture
def shown(workspace, dataset, monkeypatch):
    """Shows what a function draws, as a page of its own; `state` and `address` are what the session has before."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    monkeypatch.setenv("FACET_USER", "ada")

    def show(draw, state=None, address=None, **arguments):
        forget()
        test = AppTest.from_function(draw, default_timeout=60, kwargs=arguments)
        for key, value in (state or {}).items():
            test.session_state[key] = value
        for key, value in (address or {}).items():
            test.query_params[key] = value
        test.run()
        assert not test.exception
        return test

    yield show
    forget()


@pytest.fixture
def started(workspace):
    """Reads the runs that wait: kind and parameters, in their order."""

    def read():
        with reading(workspace.engine) as session:
            return session.exec(select(Run.kind, Run.parameters).order_by(Run.id)).all()

    return read


@pytest.fixture
def switched(monkeypatch):
    """The pages that were switched to, instead of going there."""
    pages = []
    monkeypatch.setattr(st, "switch_page", lambda page, **options: pages.append(page))
    return pages


def written(page):
    """The address that a page has given to the browser."""
    return page.session_state["address"].left


@pytest.fixture
def small_dataset(workspace, dataset, author):
    """A clip of four frames of two people, each with a face that a human has labelled and a model has predicted."""
    shelf = Shelf(workspace, dataset, author)
    version = shelf.model("v-1")
    images = [shelf.image(f"clip/{i}.png", sequence="clip", identity=f"person {i % 2}") for i in range(4)]
    shelf.clip("clip.mp4", images)
    instances = [shelf.instance(image, face(float(shift))) for shift, image in enumerate(images)]
    for shift, instance in enumerate(instances):
        shelf.predict(instance, version, face(shift + 0.5))
    return instances
