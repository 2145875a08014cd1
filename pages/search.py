"""Search: upload a photo of a person, and find the pictures of the dataset that show them."""

import hashlib

import streamlit as st

from core.foundation.errors import FacetError
from core.people.encoders import encoder_of
from db.engine import reading
from db.queries.library import count_instances
from pages.widgets.people.photo_search import asked, choose_face, choose_least, ranked, show_matches
from pages.widgets.shared.resources import dataset_or_stop, stop_at_library, workspace
from pages.widgets.shared.text import sentence

dataset = dataset_or_stop()
st.title("Search", anchor=False)
try:
    encoder = encoder_of(workspace(), dataset.id, None)
except FacetError:
    stop_at_library("No face is found here yet, so there is nothing to search. Find the faces in the library first.")

photo = st.file_uploader(
    "A photo of the person to look for",
    type=["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"],
    help="It is not stored: only the face is measured.",
)
if photo is None:
    st.caption("Upload a photo in which the person's face can be seen well. The photo is not stored.")
    st.stop()

content = photo.getvalue()
key = hashlib.sha256(content).hexdigest()[:12]
with reading(workspace().engine) as session:
    newness = count_instances(dataset.id, "face", session=session)
try:
    question = asked(content, photo.name, encoder.name)
    with st.container(horizontal=True, vertical_alignment="top", gap="large"):
        with st.container(width=380):
            face = choose_face(question, key)
        with st.container(width="stretch"):
            least = choose_least(dataset.id, question)
    found = ranked(content, question, dataset.id, face, encoder.name, newness)
except FacetError as error:
    st.error(sentence(error))
    st.stop()
show_matches(found, least, f"{key}-{face}")
