"""The page of overlay_demo.py. Query parameter: ``dataset``, its id."""

import streamlit as st

from pages.widgets.overlay_player import overlay_player
from pages.widgets.run_status import open_runs

dataset = int(st.query_params.get("dataset", 1))
open_runs(dataset)
overlay_player(dataset, ["rough-1", "fine-2"])
