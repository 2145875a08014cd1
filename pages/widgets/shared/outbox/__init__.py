"""The outbox of a tab: edits that wait for the server, whatever page the tab shows, and what there is to say of them.

The browser's part stands by itself: the first script that asks makes the tab's one outbox, and those that come later
find it. It sends to ``/api/edits`` (`core.points.sent_edits`) and, what is done to many frames of a clip, to
``/api/clip/edits`` (`core.motion.sent_clip_edits`).
"""

from pathlib import Path
from typing import Final

import streamlit as st

from db.queries.store import store_id
from pages.widgets.shared.modules import one_module
from pages.widgets.shared.resources import read

_HERE: Final = Path(__file__).parent
SCRIPTS: Final = (_HERE / "shelf.js", _HERE / "outbox.js")

_mount: Final = st.components.v2.component(
    "facet_outbox", css=(_HERE / "notice.css").read_text(encoding="utf-8"), js=one_module(*SCRIPTS, _HERE / "notice.js")
)


def tab_outbox() -> None:
    """Say what waits, was refused or belongs to another store; nothing where all is saved. Once on every page."""
    _mount(key="outbox", data={"store": read(lambda session: store_id(session=session))}, height="content")
