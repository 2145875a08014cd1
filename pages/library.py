"""The library: datasets and their pictures, bringing photos in, and finding the faces in them."""

import streamlit as st

from core.jobs.kinds import must_wait
from db.engine import reading
from db.queries.library import count_entries, count_filtered, page_of_entries
from db.tables import ImageState
from pages.widgets.library.entry_grid import entry_grid
from pages.widgets.library.exclusions_form import exclusions_form
from pages.widgets.library.face_finder import next_step
from pages.widgets.library.import_form import first_start, import_more
from pages.widgets.library.label_questions import label_questions
from pages.widgets.library.labels_form import labels_form
from pages.widgets.library.picture_filter import choose_filter
from pages.widgets.library.picture_tiles import without_face
from pages.widgets.library.set_aside import pictures_aside
from pages.widgets.library.totals import what_it_holds
from pages.widgets.shared.address import end_page
from pages.widgets.shared.controls import paged
from pages.widgets.shared.resources import DATASET, dataset_or_stop, workspace
from pages.widgets.shared.run_status import latest_result, open_runs
from pages.widgets.shared.text import counted, plain

PAGE = 60
engine = workspace().engine

if st.session_state.get(DATASET) is None:
    st.title("Library")
    first_start()
    end_page()

head = st.container()
busy = open_runs(dataset_or_stop("Library").id)
dataset = dataset_or_stop("Library")  # after the open runs: what one has brought in by its end is counted
by_state, total, bodies = what_it_holds(dataset.id, dataset.revision)

with head:
    st.title(plain(dataset.name), anchor=False)
with head, st.grid(min_column_width=110, gap="small"):
    st.metric("Pictures", total.images, format="localized")
    st.metric("Faces", total.faces, format="localized")
    st.metric("People", total.people, format="localized", help="Named or not, with at least one face.")
    if bodies:
        st.metric("Bodies", bodies, format="localized", help="Whole people in pictures: found, drawn or imported.")
    without_face(total)
    st.metric("Failed", total.failed, format="localized", help="Could not be looked at; the picture says why.")

latest_result(dataset.id, "library", busy=bool(busy))
if total.images:
    found = {"faces": total.faces, "people": total.people, "bodies": bodies}
    next_step(dataset.id, by_state.get(ImageState.NEW, 0), **found, busy=must_wait("faces", busy))
pictures_aside(dataset, busy=must_wait("faces", busy))
label_questions(dataset.id, busy=must_wait("answers", busy))
import_more(dataset.name, expanded=not (total.images or busy))
labels_form(dataset.id)
exclusions_form(dataset.id)
if not total.images:
    end_page()

with st.container(horizontal=True, vertical_alignment="bottom"):
    asked = choose_filter(dataset.id)
with reading(engine) as session:
    pictures = count_filtered(dataset.id, asked, session=session)
    count = count_entries(dataset.id, asked, session=session)
    grid, offset = paged(count, PAGE, key=f"library-page-{dataset.id}-{asked}")
    entries = page_of_entries(dataset.id, asked, offset=offset, limit=PAGE, session=session)

with grid:
    together = "; the frames of a clip are one tile" if count < pictures else ""
    then = ". Click one to open it." if count else ". Change or clear the filters."
    st.caption(counted(pictures, "picture") + together + then)
    entry_grid(entries, asked)
