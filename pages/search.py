"""Search: upload a photo of a person, and find the pictures of the dataset that show them."""

import hashlib

import streamlit as st

from core.foundation.errors import FacetError
from core.people.encoders import encoder_of
from pages.widgets.people.photo_search import choose_face, choose_least, ranked, read_photo, show_matches
from pages.widgets.shared.address import end_page
from pages.widgets.shared.resources import dataset_or_stop, stop_at_library, workspace
from pages.widgets.shared.text import sentence

dataset = dataset_or_stop("Search")
st.title("Search", anchor=False)
try:
    encoder = encoder_of(workspace(), dataset.id)
except FacetError:
    stop_at_library("No face is found here yet, so there is nothing to search. Find the faces in the library first.")

photo = st.file_uploader(
    "A photo of the person to look for",
    type=["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"],
    max_upload_size=max(1, workspace().settings.max_file_bytes >> 20),
    help="It is not stored: only the face is measured.",
)
least = choose_least(dataset.id, encoder)  # before any photo: a slider that comes and goes with each stands at 0
if photo is None:
    st.caption("Upload a photo in which the person's face can be seen well. The photo is not stored.")
    end_page()

content = photo.getvalue()
key = hashlib.sha256(content).hexdigest()[:12]
try:
    query = read_photo(content, photo.name, encoder.name)
    face = choose_face(query, key)
    matched = ranked(query, dataset.id, face)
except FacetError as error:
    st.error(sentence(error))
    end_page()
show_matches(matched, least, f"{key}-{face}")
