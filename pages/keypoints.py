"""Correct the points of faces and bodies, picture by picture."""

import streamlit as st

from pages.widgets.library.picture_filter import all_pictures_button, choose_filter
from pages.widgets.points.box_dialog import edit_boxes
from pages.widgets.points.keypoint_editor import keypoint_editor
from pages.widgets.points.keypoint_session import current_image, editor_data, follow_choice, rested
from pages.widgets.points.picture_history import history_of
from pages.widgets.points.picture_order import EDITOR, choose_order, order_caption, ranking
from pages.widgets.shared.address import unfolded
from pages.widgets.shared.resources import dataset_or_stop, stop_at_library

dataset = dataset_or_stop("Keypoints")
bar = st.container(horizontal=True, vertical_alignment="bottom")
with bar:
    choose_order(dataset.id)
    if ranking(dataset.id) is None:
        choose_filter(dataset.id, widths=(215, 160, 150))
        all_pictures_button(dataset.id)
follow_choice()
order_caption(dataset.id)

image = current_image(dataset.id)
if image is None:
    stop_at_library("No picture fits. Choose other pictures above, or import some in the library.")

if bar.button("Boxes…", icon=":material/add_box:", help="Add a face or a person that was missed, remove a wrong one"):
    edit_boxes(image)
keypoint_editor(editor_data(image), key=EDITOR, on_rest=rested)

with st.expander("History of this picture", expanded=unfolded("history")):
    history_of(image.id)
