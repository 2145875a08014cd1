"""Verification: from which similarity on two faces count as one person, measured on faces that humans confirmed."""

import streamlit as st

from core.foundation.errors import FacetError
from core.jobs.kinds import kinds_shown_on
from core.people.encoders import encoder_of, threshold_of
from db.engine import reading
from db.queries.jobs import newest_ended_run
from db.queries.people.vectors import encoder_versions, vector_state
from pages.widgets.people.actions import decision_bar
from pages.widgets.people.group_again import origin_of_threshold, result_of_grouping
from pages.widgets.shared.address import among, end_page, in_address
from pages.widgets.shared.controls import page_button
from pages.widgets.shared.resources import dataset_or_stop, read, stop_at_library, workspace
from pages.widgets.shared.run_status import open_runs
from pages.widgets.shared.text import sentence
from pages.widgets.verification.encoder_table import encoder_table
from pages.widgets.verification.workplace import (
    choose_mixture,
    data_card,
    measured,
    offer_to_confirm,
    saved_thresholds,
    workplace,
)

dataset = dataset_or_stop("Verification")
st.title("Verification", anchor=False)
with reading(workspace().engine) as session:
    names = list(dict.fromkeys(version.name for version in encoder_versions(dataset.id, session=session)))
    last_run = newest_ended_run(dataset.id, kinds_shown_on("verification"), session=session)
busy = bool(open_runs(dataset.id))
result_of_grouping(last_run)

if not names:
    stop_at_library("No face is found here yet. Find the faces in the library first.")
encoder = encoder_of(workspace(), dataset.id)
if len(names) > 1:
    name = st.selectbox("Encoder", names, width=300, **in_address("encoder", among(names), encoder.name))
    encoder = encoder_of(workspace(), dataset.id, name)
in_force = threshold_of(workspace(), dataset.id, encoder)
st.caption(origin_of_threshold(dataset.id, encoder, in_force))

decision_bar(dataset.id)
offer_to_confirm(dataset.id, dataset.revision)
mixture = choose_mixture()
vectors = read(lambda session: vector_state(encoder.id, session=session))
try:
    pairs, report = measured(dataset.id, encoder.name, mixture, (encoder.id, *vectors, dataset.revision))
except FacetError as error:
    st.info(
        f"{sentence(error)}. Groups that a threshold has made cannot judge that threshold: only faces that a human has "
        "confirmed, named by a folder or merged count here."
    )
    page_button("Confirm faces on the People page", "people.py", type="primary")
    saved_thresholds(dataset.id, encoder.id, busy=busy)
    end_page()

data_card(pairs)
workplace(pairs, report, in_force)
encoder_table(dataset.id, names, dataset.revision)
saved_thresholds(dataset.id, encoder.id, busy=busy)
