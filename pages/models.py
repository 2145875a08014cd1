"""Models: versions with their parents, data and figures; two or three compared on the same held-out data; promotion."""

import streamlit as st

from core.services import models
from pages.widgets.model_compare import choose_models, comparison
from pages.widgets.model_versions import pre_labelling, versions_table
from pages.widgets.overlay_player import overlay_player
from pages.widgets.resources import dataset_or_stop, workspace
from pages.widgets.run_status import open_runs

dataset = dataset_or_stop()
st.title("Models", anchor=False)
busy = open_runs(dataset.id)
rows = models.listed(workspace(), dataset.id)
if not rows:
    st.info(
        "No model was trained on this dataset yet. Built-in models can be measured below once labels are held out.",
        icon=":material/model_training:",
    )
    if st.button("Train one", type="primary"):
        st.switch_page("training.py")
else:
    versions_table(rows)

shape, chosen = choose_models(dataset.id)
if chosen:
    comparison(dataset.id, chosen, busy=bool(busy & {"predict"}))
    overlay_player(dataset.id, chosen)
pre_labelling(dataset.id, shape, busy=bool(busy & {"predict", "prelabel"}))
