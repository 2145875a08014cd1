"""Export: choose a format, write the dataset into a folder, and take it along as a zip."""

import streamlit as st

from core.exchange.delivering import export_folder, suggested_folder
from core.exchange.exporting import FORMATS, POINTS, USUAL_POINTS
from core.foundation.errors import FacetError
from core.jobs.kinds import must_wait
from db.engine import reading
from db.queries.exchange import count_exports, past_exports
from db.queries.library import count_instances, counts
from pages.widgets.exchange.export_card import ABOUT, EXPORT_POINTS, export_card, untouched_files
from pages.widgets.shared.address import among, end_page, in_address
from pages.widgets.shared.controls import paged
from pages.widgets.shared.resources import dataset_or_stop, read, start_run, stop_at_library, workspace
from pages.widgets.shared.run_status import latest_result, open_runs
from pages.widgets.shared.text import counted, plain, sentence

PAGE = 5

dataset = dataset_or_stop("Export")
st.title(f"Export {plain(dataset.name)}", anchor=False)
with reading(workspace().engine) as session:
    holds = counts(dataset.id, session=session)
    figures = count_instances(dataset.id, "person", session=session)
    written = count_exports(dataset.id, session=session)

if not holds.images:
    stop_at_library("This dataset has no pictures yet, so there is nothing to export.")

st.markdown(
    f"{counted(holds.images - holds.failed, 'picture')} with {counted(holds.faces, 'face')} of "
    f"{counted(holds.people, 'person', 'people')} and {counted(figures, 'figure')} will be written, each point and "
    "name with whether a human or which model it comes from."
)
if holds.failed:
    st.caption(f"{counted(holds.failed, 'picture')} that failed will be left out, listed with the reason.")
formats = list(FORMATS)
chosen = st.radio(
    "Format", formats, captions=[ABOUT[name] for name in formats], **in_address("format", among(formats), formats[0])
)
points = st.selectbox(
    "Points",
    list(POINTS),
    format_func=lambda name: EXPORT_POINTS[name]["name"],
    width=300,
    **in_address("points", among(POINTS), USUAL_POINTS.get(chosen, "accepted"), key=f"export-points-{chosen}"),
)
st.caption(EXPORT_POINTS[points]["about"])
untouched = untouched_files()
suggestion = st.session_state.setdefault(
    f"export-{dataset.id}-{chosen}-{written}", suggested_folder(dataset.name, chosen)
)
folder = st.text_input(
    "Folder", suggestion, key=f"folder-{suggestion}", help=f"A new folder in {plain(workspace().exports)}."
)

busy = must_wait("export", open_runs(dataset.id))
if st.button("Export", type="primary", disabled=busy, icon=":material/output:"):
    try:
        target = export_folder(workspace(), folder)
    except FacetError as error:
        st.error(sentence(error))
    else:
        start_run("export", dataset.id, format=chosen, folder=str(target), points=points, untouched=untouched)
        st.rerun()

latest_result(dataset.id, "export", busy=busy, troubles_only=True)

st.subheader("Exports so far", anchor=False)
if not written:
    st.caption("None yet.")
    end_page()
shown, offset = paged(written, PAGE, key=f"exports-page-{dataset.id}")
exports = read(lambda session: past_exports(dataset.id, offset=offset, limit=PAGE, session=session))
with shown:
    for export, author in exports:
        export_card(export, author)
