"""The dashboard: how far the work has come, and who did how much of it."""

import streamlit as st

from db.queries.dashboard import daily_work
from pages.widgets.dashboard.charts import points_bars, review_row, state_bar
from pages.widgets.dashboard.progress import progress_of
from pages.widgets.dashboard.work_by_day import work_by_day
from pages.widgets.library.picture_tiles import without_face
from pages.widgets.shared.address import among, in_address
from pages.widgets.shared.resources import dataset_or_stop, read, stop_at_library
from pages.widgets.shared.text import plain

dataset = dataset_or_stop("Dashboard")
st.title("Dashboard", anchor=False)
scopes = {"dataset": plain(dataset.name), "all": "All datasets"}
scope = st.segmented_control(
    "What to count",
    list(scopes),
    format_func=scopes.__getitem__,
    required=True,
    **in_address("scope", among(scopes), "dataset"),
)
chosen = dataset.id if scope == "dataset" else None
found = progress_of(chosen)
work = read(lambda session: daily_work(chosen, session=session))

totals = found.totals
if not totals.images:
    stop_at_library("There are no pictures here yet. Import photos in the library.")

with st.grid(min_column_width=150, gap="small"):
    st.metric("Pictures", totals.images, format="localized")
    st.metric("Faces", totals.faces, format="localized")
    st.metric("Named people", found.named, format="localized", help="With at least one face.")
    unnamed = totals.people - found.named
    st.metric("Unnamed people", unnamed, format="localized", help="Grouped by the encoder, not named by anybody.")
    st.metric("Confirmed faces", found.confirmed, format="localized", help="A human said whose face it is.")
    st.metric(
        "Grouped faces",
        found.assigned - found.confirmed,
        format="localized",
        help="Assigned to a person by the encoder; no human has confirmed them.",
    )
    without_face(totals)

st.subheader("Pictures by state", anchor=False)
st.plotly_chart(
    state_bar(found.states), key="states", config={"displayModeBar": False}, alt=f"{totals.images} pictures by state"
)

st.subheader("Points by review", anchor=False)
if any(row.total for row in found.points):
    st.caption(
        "Only accepted and imported points are learned from and measured on. A picture is accepted once all that is in "
        "it is."
    )
    st.plotly_chart(points_bars(found.points), key="points", config={"displayModeBar": False}, alt="Points by review")
    st.table([review_row(row) for row in found.points], hide_index=True)
else:
    st.caption("No face or figure has been found yet. Find faces in the library.")

st.subheader("Work by day and annotator", anchor=False)
work_by_day(work, key=str(chosen))
