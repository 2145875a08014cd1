"""A page with nothing but the keypoint editor on a drawn picture: what the tests beside it drive.

Query parameters: ``store`` (the id of the demo's store), ``label`` (the first instance's name), ``broken`` (the picture
cannot be loaded), ``read_only``, ``focus`` (ask for the face), ``height``.
"""

import base64
import io

import numpy as np
import streamlit as st
from PIL import Image

from core.foundation.errors import NotFound
from core.foundation.skeletons import BODY24, FACE68
from pages.widgets.points.keypoint_editor import keypoint_editor
from tests.e2e.keypoint_editor.demo_store import BODY, FACE, PICTURES, instance_row, store_of, they_move

WIDTH, HEIGHT = 800, 600


@st.cache_data
def picture_url(index: int) -> str:
    """A soft gradient with a grid every 50 pixels, as a data: URL."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    pixels = np.stack([80 + x / 8, 90 + y / 8, 120 + 20 * index + 0 * x], axis=-1)
    pixels[(x % 50 == 0) | (y % 50 == 0)] += 25
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def on_go(to: str) -> None:
    store["went"].append(to)
    beyond = store["index"] + (-1 if to == "previous" else 1)
    if to == "next_unreviewed" or not 0 <= beyond < PICTURES:
        raise NotFound("pictures.first" if to == "previous" else "pictures.all_reviewed")
    store["index"] = beyond


def skeleton_row(skeleton: object) -> dict:
    return {
        "names": skeleton.point_names,
        "edges": skeleton.edges,
        "flip_pairs": skeleton.flip_pairs,
        "regions": skeleton.regions,
    }


st.set_page_config(layout="wide")
asked = st.query_params
name = asked.get("store", "demo")
store = store_of(name)
index = store["index"]
face, body = FACE + 10 * index, BODY + 10 * index
with st.container(horizontal=True):
    st.button("Rerun")
    st.button("They move", on_click=they_move, args=(store,))
    store["withhold"] = st.checkbox("Withhold")
    hide = st.checkbox("Hide")
    st.text_input("Note")
if not hide:
    keypoint_editor(
        {
            "image": {
                "id": index,
                "url": "data:image/png;base64,AAAA" if "broken" in asked else picture_url(index),
                "width": WIDTH,
                "height": HEIGHT,
                "name": f"drawn/{index}.png",
            },
            "prefetch": [picture_url(index + 1)] if index + 1 < PICTURES else [],
            "skeletons": {"face68": skeleton_row(FACE68), "body24": skeleton_row(BODY24)},
            "instances": [instance_row(face, store, asked.get("label")), instance_row(body, store, "Björn")],
            "focus": face if "focus" in asked else None,
            "store": name,
            "author": "Mina",
            "window": "demo",
            "read_only": "read_only" in asked,
            "position": {"index": index + 1, "count": PICTURES},
        },
        key="editor",
        height=int(asked.get("height", "560")),
        on_go=on_go,
    )
store["runs"] += 1
