"""The library: datasets and their pictures, bringing photos in, and finding the faces in them."""

import streamlit as st

from core.jobs.kinds import must_wait
from db.engine import reading
from db.queries.library import ImageFilter, count_filtered, counts, page_of_images, states
from db.queries.people.listing import person_names
from db.tables import ImageState
from pages.widgets.library.exclusions_form import exclusions_form
from pages.widgets.library.face_finder import next_step
from pages.widgets.library.import_form import first_start, import_more
from pages.widgets.library.label_questions import label_questions
from pages.widgets.library.labels_form import labels_form
from pages.widgets.library.picture_tiles import STATES, tile, without_face
from pages.widgets.library.set_aside import pictures_aside
from pages.widgets.shared.controls import paged, show_in_editor
from pages.widgets.shared.picture_grid import picture_grid
from pages.widgets.shared.resources import DATASET, dataset_or_stop, workspace
from pages.widgets.shared.run_status import latest_result, open_runs
from pages.widgets.shared.text import counted, plain

PAGE = 60
engine = workspace().engine

if st.session_state.get(DATASET) is None:
    st.title("Library")
    first_start()
    st.stop()

dataset = dataset_or_stop()
st.title(plain(dataset.name), anchor=False)
with reading(engine) as session:
    total = counts(dataset.id, session=session)
    waiting = states(dataset.id, session=session).get(ImageState.NEW, 0)
    people = dict(person_names(dataset.id, session=session))

with st.grid(min_column_width=110, gap="small"):
    st.metric("Pictures", total.images, format="localized")
    st.metric("Faces", total.faces, format="localized")
    st.metric("People", total.people, format="localized", help="Named or not, with at least one face.")
    without_face(total)
    st.metric("Failed", total.failed, format="localized", help="Could not be looked at; the picture says why.")

busy = open_runs(dataset.id)
latest_result(dataset.id, "library", busy=bool(busy))
if total.images:
    next_step(dataset.id, waiting, faces=total.faces, people=total.people, busy=must_wait("faces", busy))
pictures_aside(dataset, busy=must_wait("faces", busy))
label_questions(dataset.id, busy=must_wait("answers", busy))
import_more(dataset.name, expanded=not (total.images or busy))
labels_form(dataset.id)
exclusions_form(dataset.id)
if not total.images:
    st.stop()

with st.container(horizontal=True, vertical_alignment="bottom"):
    state = st.selectbox(
        "State", list(STATES), index=None, format_func=STATES.__getitem__, placeholder="Any", width=200
    )
    part = st.text_input("Part of the path", placeholder="holiday/", width=220)
    person = st.selectbox(
        "Person", list(people), index=None, format_func=people.__getitem__, placeholder="Anybody", width=220
    )
chosen = ImageFilter(state, part.strip(), person)
with reading(engine) as session:
    count = count_filtered(dataset.id, chosen, session=session)
    grid, offset = paged(count, PAGE, key=f"library-page-{dataset.id}")
    images = page_of_images(dataset.id, chosen, offset=offset, limit=PAGE, session=session)


with grid:
    st.caption(counted(count, "picture") + (". Click one to open it." if count else ". Change or clear the filters."))
    picture_grid([tile(image) for image in images], key="library-grid", size=128, on_open=show_in_editor)
