"""The editor's demo with its routes: `PYTHONPATH=. streamlit run tests/e2e/keypoint_editor/editor_demo.py`."""

import streamlit as st
from starlette.routing import Route

from tests.e2e.keypoint_editor.demo_store import display, frames, order, report, save

app = st.App(
    "editor_page.py",
    routes=[
        Route("/api/order", order),
        Route("/api/frames", frames),
        Route("/api/display/{number:int}", display),
        Route("/api/edits", save, methods=["POST"]),
        Route("/api/report/{name}", report),
    ],
)
