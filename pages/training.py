"""Train a model on the corrected labels: how it goes, what there is to learn from, the recipe, and what came of it."""

import streamlit as st

from pages.widgets.learning.training_form import labels_card, recipe_form
from pages.widgets.learning.training_live import live, open_trainings, past_trainings
from pages.widgets.shared.resources import dataset_or_stop
from pages.widgets.shared.run_status import open_runs

dataset = dataset_or_stop("Training")
st.title("Training", anchor=False)
open_runs(dataset.id)
unfinished = open_trainings(dataset.id)
if unfinished:
    live(dataset.id)

labels, supply = labels_card(dataset.id)
if supply.groups:
    recipe_form(dataset.id, labels, supply, unfinished)
past_trainings(dataset.id)
