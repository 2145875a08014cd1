"""Search: the pictures that show somebody, by name or by photos; with whom, without whom, and when."""

from dataclasses import replace
from functools import partial

import streamlit as st

from core.foundation.errors import FacetError
from core.people.encoders import encoder_of
from core.people.search.asking import ask
from pages.widgets.people.arrivals import arrivals
from pages.widgets.people.photo_search import choose_least, faces_of_photos, lower_least
from pages.widgets.people.search_fields import choose_conditions, choose_people, choose_unwanted_people
from pages.widgets.people.search_parcel import take_along
from pages.widgets.people.search_question import not_this, question_of
from pages.widgets.people.search_results import marked_faces, show_found
from pages.widgets.people.searched_album import searched_album
from pages.widgets.shared.address import end_page, unfolded
from pages.widgets.shared.resources import dataset_or_stop, stop_at_library, workspace
from pages.widgets.shared.text import sentence

dataset = dataset_or_stop("Search")
st.title("Search", anchor=False)
try:
    encoder = encoder_of(workspace(), dataset.id)
except FacetError:
    stop_at_library("No face is found here yet, so there is nothing to search. Find the faces in the library first.")

people = choose_people(dataset.id, dataset.revision)
photos = faces_of_photos(encoder, "photos")
with st.expander("Not this", expanded=unfolded("not-people"), icon=":material/person_off:"):
    unwanted_people = choose_unwanted_people(dataset.id, dataset.revision)
    unwanted_photos = faces_of_photos(encoder, "not_photos")
conditions = choose_conditions()
least = choose_least(dataset.id, encoder)  # before any photo: a slider that comes and goes with each stands at 0
marked = marked_faces()

results = st.container()
arrivals(dataset.id)

question = question_of(people, photos, conditions, least)
if question is None:
    results.caption("Choose people, a time or a number of people, or upload photos of somebody. Photos are not stored.")
    end_page()
album = searched_album(dataset.id, encoder.id)
question = replace(question, unwanted=not_this(album, unwanted_photos, unwanted_people, marked))
try:
    found = ask(album, question)
except FacetError as error:
    results.error(sentence(error))
    end_page()
with results:
    take_along(dataset, album, found)
    show_found(album, found, question, str(dataset.id), partial(lower_least, dataset.id, encoder))
