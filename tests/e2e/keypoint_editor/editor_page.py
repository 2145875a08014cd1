"""A page with nothing but the keypoint editor on drawn pictures: what the tests beside it drive.

Query parameters: ``store`` (the id of the demo's store), ``label`` (the first instance's name), ``broken`` (the picture
cannot be loaded), ``read_only``, ``focus`` (ask for the face).
"""

import streamlit as st

from core.foundation.skeletons import BODY24, FACE68
from core.points.orders import STATES
from db.tables import TO_REVIEW
from pages.widgets.points.keypoint_editor import keypoint_editor
from tests.e2e.keypoint_editor.demo_store import FACE, store_of, they_move


def on_rest(image: int) -> None:
    store["rested"].append(image)
    store["index"] = image


def skeleton_row(skeleton: object) -> dict:
    return {
        "names": skeleton.point_names,
        "edges": skeleton.edges,
        "flip_pairs": skeleton.flip_pairs,
        "regions": skeleton.regions,
        "normaliser": skeleton.normaliser,
        "unit": skeleton.unit,
    }


st.set_page_config(layout="wide")
asked = st.query_params
name = asked.get("store", "demo")
store = store_of(name)
with st.container(horizontal=True):
    st.button("Rerun")
    st.button("They move", on_click=they_move, args=(store,))
    store["withhold"] = st.checkbox("Withhold")
    hide = st.checkbox("Hide")
    st.text_input("Note")
store["runs"] += 1
if not hide:
    first = "focus" in asked and "focused" not in st.session_state
    st.session_state["focused"] = True
    keypoint_editor(
        {
            "open": {"image": store["index"], "focus": FACE + 10 * store["index"] if first else None},
            "order": f"dataset=1&of={name}",
            "states": list(STATES),
            "to_review": list(TO_REVIEW),
            "nothing": {},
            "changed": store["runs"],
            "skeletons": {"face68": skeleton_row(FACE68), "body24": skeleton_row(BODY24)},
            "store": name,
            "author": "Mina",
            "window": "demo",
            "read_only": "read_only" in asked,
        },
        key="editor",
        on_rest=on_rest,
    )
