"""The overlay player alone, with the workbench's route and worker: what tests/e2e/test_overlay_playing.py drives."""

import streamlit as st
from starlette.routing import Route

import app as workbench

app = st.App("overlay_page.py", lifespan=workbench.lifespan, routes=[Route("/api/overlay/{name}", workbench._overlay)])
