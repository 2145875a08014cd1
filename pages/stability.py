"""Stability: how much tracked points jitter, lag and jump, as a vector of figures with what each cannot see."""

import streamlit as st

from core.foundation.errors import FacetError
from core.motion.stability import Smoothing, predicted_versions
from pages.widgets.motion.figures import bad_predictors, curve_charts, figure_tables, judged
from pages.widgets.motion.opened_track import choose_smoothing, open_file, open_predictions
from pages.widgets.shared.address import among, end_page, in_address
from pages.widgets.shared.resources import DATASET, workspace
from pages.widgets.shared.text import counted, plain, sentence

st.title("Stability", anchor=False)
dataset_id = st.session_state.get(DATASET)
versions = predicted_versions(workspace(), dataset_id) if dataset_id is not None else {}
sources = {"file": "A track file", "predictions": "Predictions in this dataset’s videos"}
source = "file"
if versions:
    source = st.segmented_control(
        "What to judge",
        list(sources),
        format_func=sources.__getitem__,
        required=True,
        **in_address("source", among(sources), "predictions"),
    )
opened = open_file() if dataset_id is None or source == "file" else open_predictions(dataset_id, list(versions))
if opened is None:
    end_page()

smoothing = choose_smoothing(opened.rate)
try:
    raw = judged(opened.key, Smoothing(), opened)
    smoothed = None if smoothing.name == "none" else judged(opened.key, smoothing, opened)
except FacetError as error:
    st.error(sentence(error))
    end_page()

figures = raw.figures
st.markdown(
    f"**{plain(opened.name)}**: {counted(figures.frames, 'frame')} with points, {counted(figures.pairs, 'pair')} of "
    f"consecutive ones, {counted(opened.tracks.shape[1], 'point')}."
)
curve_charts(raw, smoothed)
figure_tables(opened, figures, None if smoothed is None else smoothed.figures)
bad_predictors(opened)
