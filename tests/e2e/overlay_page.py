"""The page of overlay_demo.py. Query parameters: ``dataset``, its id; ``models``, with commas."""

import streamlit as st

from pages.widgets.motion.overlay_player import overlay_player
from pages.widgets.shared.run_status import open_runs

dataset = int(st.query_params.get("dataset", 1))
overlay_player(dataset, st.query_params.get("models", "rough-1,fine-2").split(","), open_runs(dataset))
