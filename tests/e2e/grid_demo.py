"""A page with nothing but a picture grid on drawn pictures: what tests/e2e/test_picture_grid.py drives.

    PYTHONPATH=. streamlit run tests/e2e/grid_demo.py

Query parameter: ``select`` (none, single or multi).
"""

import base64
import io
import json

import streamlit as st
from PIL import Image

from pages.widgets.shared.picture_grid import Tile, picture_grid


@st.cache_data
def picture_url(number: int) -> str:
    file = io.BytesIO()
    Image.new("RGB", (96, 96), (number * 20 % 256, 120, 200)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


TITLES = {3: "<img src=x onerror=\"document.title='pwned'\">", 4: "**bold** [link](javascript:1)"}
first = 5 if st.toggle("Other tiles") else 1
tiles = [
    Tile(
        number,
        "data:image/png;base64,broken" if number == 3 else picture_url(number),
        TITLES.get(number, f"face {number}"),
        caption=TITLES.get(number, f"0.{number}"),
        badge="confirmed" if number == 2 else "",
    )
    for number in range(first, 13)
]
opened = st.session_state.setdefault("opened", [])
chosen = picture_grid(tiles, key="grid", select=st.query_params.get("select", "multi"), on_open=opened.append)
st.button("Rerun")
st.code(json.dumps({"selected": chosen, "opened": opened}))
