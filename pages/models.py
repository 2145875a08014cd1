"""Models: versions with their parents, data and figures; two or three compared on the same held-out data; promotion."""

import streamlit as st

from core.jobs.kinds import must_wait
from core.learning import listing as models
from pages.widgets.learning.model_compare import choose_models, comparison
from pages.widgets.learning.model_versions import one_model, pre_labelling, versions_table
from pages.widgets.motion.overlay_player import overlay_player
from pages.widgets.shared.controls import page_button
from pages.widgets.shared.resources import dataset_or_stop, workspace
from pages.widgets.shared.run_status import latest_result, open_runs

dataset = dataset_or_stop("Models")
st.title("Models", anchor=False)
busy = open_runs(dataset.id)
latest_result(dataset.id, "models", busy=bool(busy))

rows = models.listed(workspace(), dataset.id)
if not rows:
    st.info(
        "No model was trained on this dataset yet. Built-in models can be measured below once labels are held out.",
        icon=":material/model_training:",
    )
    page_button("Train one", "training.py", type="primary")
else:
    versions_table(rows)
    one_model(dataset.id, rows, busy=must_wait("onnx", busy))

skeleton, chosen, in_progress = choose_models(dataset.id, rows)
if chosen:
    comparison(dataset.id, chosen, rows, in_progress=in_progress, busy=must_wait("predict", busy))
pre_labelling(dataset.id, skeleton, busy=must_wait("prelabel", busy))
if chosen:
    overlay_player(dataset.id, chosen, busy)
