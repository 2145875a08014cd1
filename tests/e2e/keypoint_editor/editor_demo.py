"""A page with nothing but the keypoint editor on a drawn picture: what the tests beside it drive.

    PYTHONPATH=. streamlit run tests/e2e/keypoint_editor/editor_demo.py

Query parameters: ``label`` (the first instance's name), ``broken`` (the picture cannot be loaded), ``read_only``,
``focus`` (ask for the face), ``height``.
"""

import base64
import io
import json
from dataclasses import asdict

import numpy as np
import streamlit as st
from PIL import Image

from core.foundation.errors import NotFound
from core.foundation.skeletons import BODY24, FACE68
from pages.widgets.points.keypoint_editor import Edit, keypoint_editor

WIDTH, HEIGHT, PICTURES = 800, 600, 3
FACE, BODY = 7, 8


@st.cache_data
def picture_url(index: int) -> str:
    """A soft gradient with a grid every 50 pixels, as a data: URL."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    pixels = np.stack([80 + x / 8, 90 + y / 8, 120 + 20 * index + 0 * x], axis=-1)
    pixels[(x % 50 == 0) | (y % 50 == 0)] += 25
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def face_points() -> list[list]:
    """A plausible layout of 68 points; point 0 at (300, 200), point 5 absent, point 6 hidden, point 7 unsure."""
    angle = np.linspace(np.pi, 0, 17)
    jaw = np.stack([400 + 100 * np.cos(angle), 200 + 130 * np.sin(angle)], axis=1)
    turn = np.arange(51) / 51 * 2 * np.pi
    inner = np.stack([400 + (25 + np.arange(51)) * np.cos(turn), 220 + (20 + np.arange(51)) * np.sin(turn)], axis=1)
    rows = [[round(float(x), 2), round(float(y), 2), 2, 0.9] for x, y in np.concatenate([jaw, inner])]
    rows[5] = [None, None, 0, None]
    rows[6][2] = 1
    rows[7][3] = 0.2
    return rows


def body_points() -> list[list]:
    """24 points down two columns at the right of the picture."""
    return [[600.0 + 60 * (k % 2), 60.0 + 20 * k, 2, 1.0] for k in range(24)]


def new_store() -> dict:
    """What stands for the database: the points of each picture, and what was done with each edit."""
    faces = {f"{FACE + 10 * i}": {"points": face_points(), "revision": 31} for i in range(PICTURES)}
    bodies = {f"{BODY + 10 * i}": {"points": body_points(), "revision": 40} for i in range(PICTURES)}
    return {"index": 0, "instances": faces | bodies, "log": [], "saved": {}, "problems": {}, "theirs": {}, "went": []}


store = st.session_state.setdefault("store", new_store())


def apply_edit(edit: Edit) -> None:
    instance = store["instances"][str(edit.instance)]
    theirs = store["theirs"].get(str(edit.instance), {})
    if edit.base is not None and any(theirs.get(str(k), 0) > edit.base for k, *_ in edit.changes):
        store["problems"][edit.id] = "Mina has moved the same point."
        return
    for k, x, y, visibility in edit.changes:
        instance["points"][k] = [x, y, visibility, 1.0]
    instance["revision"] += 1
    instance["source"] = "human"
    store["saved"][edit.id] = {"instance": edit.instance, "revision": instance["revision"]}


def on_edits(edits: list[Edit]) -> None:
    store["log"].append([asdict(edit) | {"note": edit.note and edit.note.to_json()} for edit in edits])
    if st.session_state.get("withhold"):
        return
    for edit in edits:
        if edit.id not in store["saved"] and edit.id not in store["problems"]:
            apply_edit(edit)


def on_go(to: str) -> None:
    store["went"].append(to)
    beyond = store["index"] + (-1 if to == "previous" else 1)
    if to == "next_unreviewed" or not 0 <= beyond < PICTURES:
        raise NotFound("pictures.first" if to == "previous" else "pictures.none_after")
    store["index"] = beyond


def they_move() -> None:
    """Somebody else moves jaw_1 of the first face by 40 pixels."""
    face = store["instances"][str(FACE)]
    face["points"][0] = [260.0, 200.0, 2, 1.0]
    face["revision"] += 1
    store["theirs"][str(FACE)] = {"0": face["revision"]}


def instance_row(number: int, kind: str, box: list[int], skeleton: str, label: str | None) -> dict:
    kept = store["instances"][str(number)]
    source = kept.get("source", "human" if kind == "person" else "model")
    return {
        "id": number,
        "kind": kind,
        "box": box,
        "origin": "model",
        "label": label,
        "skeleton": skeleton,
        "revision": kept["revision"],
        "points": kept["points"],
        "source": source,
        "author": None,
    }


def skeleton_row(skeleton: object) -> dict:
    return {
        "names": skeleton.point_names,
        "edges": skeleton.edges,
        "flip_pairs": skeleton.flip_pairs,
        "regions": skeleton.regions,
    }


st.set_page_config(layout="wide")
asked = st.query_params
index = store["index"]
face, body = FACE + 10 * index, BODY + 10 * index
with st.container(horizontal=True):
    st.button("Rerun")
    st.button("They move", on_click=they_move)
    st.checkbox("Withhold", key="withhold")
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
            "instances": [
                instance_row(face, "face", [290, 150, 510, 340], "face68", asked.get("label")),
                instance_row(body, "person", [580, 40, 680, 540], "body24", "Björn"),
            ],
            "focus": face if "focus" in asked else None,
            "saved": store["saved"],
            "problems": store["problems"],
            "read_only": "read_only" in asked,
            "position": {"index": index + 1, "count": PICTURES},
        },
        key="editor",
        height=int(asked.get("height", "560")),
        on_edits=on_edits,
        on_go=on_go,
    )
with st.container(key="report"):
    st.code(json.dumps({"store": store, "runs": st.session_state.setdefault("runs", 0)}), language=None)
st.session_state["runs"] += 1
