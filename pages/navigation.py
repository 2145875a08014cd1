"""The one table of pages, and what every page shares: the dataset and the name of who works."""

from pathlib import Path

import streamlit as st

from pages.widgets.shared.address import FIRST, visit
from pages.widgets.shared.outbox import tab_outbox
from pages.widgets.shared.pickers import choose_dataset, choose_name

# A file of ours: for a named icon the browser would ask a host on the internet.
ICON = str(Path(__file__).parent / "widgets" / "shared" / "facet.png")
st.set_page_config(page_title="Facet", page_icon=ICON, layout="wide")

PAGES = {
    "Data": [
        st.Page("library.py", title="Library", icon=":material/photo_library:", default=True),
        st.Page("export.py", title="Export", icon=":material/output:"),
    ],
    "Label": [
        st.Page("keypoints.py", title="Keypoints", icon=":material/scatter_plot:"),
        st.Page("people.py", title="People", icon=":material/groups:"),
    ],
    "Learn": [
        st.Page("training.py", title="Training", icon=":material/model_training:"),
        st.Page("models.py", title="Models", icon=":material/deployed_code:"),
    ],
    "Judge": [
        st.Page("verification.py", title="Verification", icon=":material/rule:"),
        st.Page("stability.py", title="Stability", icon=":material/show_chart:"),
        st.Page("search.py", title="Search", icon=":material/person_search:"),
        st.Page("dashboard.py", title="Dashboard", icon=":material/monitoring:"),
    ],
    "Run": [st.Page("jobs.py", title="Jobs", icon=":material/pending_actions:")],
}

# On a narrow screen a table with explanations scrolls, rather than being squeezed to a word a line. And a page that
# scrolls is not painted anew for each frame, as browsers do on screens of plain density unless they are told.
st.html(
    """<style>
    @media (max-width: 640px) { [class*="st-key-explained"] table { min-width: 44rem } }
    [data-testid="stMain"] { will-change: scroll-position }
    </style>"""
)
page = st.navigation(PAGES)
with visit(page.url_path or FIRST):
    with st.sidebar:
        tab_outbox()
        choose_dataset()
    if choose_name():
        page.run()
