"""Drawing the box of a face or a person that the models missed, and taking away one that is none."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from core.foundation.arrays import Box
from core.foundation.errors import FacetError
from core.foundation.skeletons import find_skeleton
from core.jobs.sent_boxes import ask_for_points
from core.learning.promoting import promoted_skeletons
from core.library.serving import display_file
from core.people.bodies import what_is_missing
from core.people.deciding import remove_faces
from core.points.annotating import editor_instances
from core.points.boxes import add_instances
from core.points.whole_pictures import whole_picture
from db.tables import BoxSource, Image
from pages.widgets.points.box_picture import with_boxes
from pages.widgets.points.instance_names import instance_names
from pages.widgets.shared.controls import attempted
from pages.widgets.shared.resources import author_id, workspace
from pages.widgets.shared.text import sentence
from pages.widgets.shared.words import words

_WIDTH: Final = 680
_TALLEST: Final = 560
KINDS: Final = words("kinds_of_box")


@st.dialog("Boxes of this picture", width="large")
def edit_boxes(image: Image) -> None:
    """Draw what is missing, remove what is wrong."""
    from streamlit_drawable_canvas import st_canvas

    kind = st.segmented_control("What is missing", KINDS, format_func=KINDS.__getitem__, default="face", required=True)
    try:
        picture = display_file(workspace(), image.id)
    except FacetError as error:
        st.error(sentence(error))
        return
    scale = min(_WIDTH / image.width, _TALLEST / image.height)
    instances = editor_instances(workspace(), image.id)
    names = instance_names(instances)
    drawn = st_canvas(
        background_image=with_boxes(picture, instances, names, scale),
        drawing_mode="labeled_rect",
        stroke_width=2,
        stroke_color="#e9a03b",
        fill_color="rgba(233, 160, 59, 0.15)",
        width=round(image.width * scale),
        height=round(image.height * scale),
        key=f"boxes_{image.id}",
    )
    boxes = drawn.boxes_in_image_space or []
    follow = bool(_promoted(image)) or kind == "face" or what_is_missing(workspace()) is None
    st.caption(
        "Drag on the picture to draw a box. Its points follow by themselves."
        if follow
        else "Drag on the picture to draw a box. A person starts without points: no model of bodies is here."
    )
    if st.button(f"Add {len(boxes) or 'the'} box{'es' if len(boxes) != 1 else ''}", type="primary", disabled=not boxes):
        _add(image, boxes, kind)
    known = [item for item in instances if item["kind"] == kind]
    if not known and st.button("Take the whole picture", help=f"{KINDS[kind]} fills it: no box has to be drawn."):
        _added(image, [whole_picture(image)], kind, BoxSource.PICTURE)
    _existing(instances, names)


def _add(image: Image, boxes: list[dict], kind: str) -> None:
    # the canvas measures from the picture's edge, we from the centre of its first pixel
    corners = [
        (box["left"] - 0.5, box["top"] - 0.5, box["left"] + box["width"] - 0.5, box["top"] + box["height"] - 0.5)
        for box in boxes
    ]
    _added(image, corners, kind, BoxSource.DRAWN)


def _added(image: Image, corners: list[Box], kind: str, source: BoxSource) -> None:
    """Keep boxes, and let what finds points look at them."""
    if attempted(add_instances, workspace(), image.id, corners, kind, source, author_id=author_id()):
        ask_for_points(workspace(), image.id, kind, author_id=author_id())
        st.rerun()


def _promoted(image: Image) -> list[str]:
    """The skeletons of people in which a trained model is in force."""
    promoted = promoted_skeletons(workspace(), image.dataset_id)
    return [name for name in promoted if find_skeleton(name).kind == "person"]


def _existing(instances: Sequence[Mapping[str, Any]], names: Mapping[int, str]) -> None:
    for item in instances:
        left, top, right, bottom = item["box"]
        row = st.container(horizontal=True, vertical_alignment="center")
        row.text(f"{names[item['id']]}: {right - left:.0f} × {bottom - top:.0f} px at {left:.0f}, {top:.0f}")
        remove = row.button("Remove", key=f"remove_{item['id']}", help="Nobody is here. Undo is on the People page.")
        if remove and attempted(remove_faces, workspace(), [item["id"]], author_id=author_id()):
            st.rerun()
