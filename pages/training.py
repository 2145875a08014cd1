"""Train a model on the corrected labels: what there is to learn from, the recipe, and how it goes."""

import streamlit as st

from pages.widgets.resources import dataset_or_stop
from pages.widgets.run_status import open_runs
from pages.widgets.training_form import labels_card, recipe_form
from pages.widgets.training_live import live, past_trainings

dataset = dataset_or_stop()
st.title("Training", anchor=False)
busy = open_runs(dataset.id)

shape, labels = labels_card(dataset.id)
if labels is not None:
    recipe_form(dataset.id, shape, labels, busy=bool(busy & {"train", "selftrain"}))
live(dataset.id)
past_trainings(dataset.id)
