"""The one table of pages, and what every page shares: the dataset and the name of who works."""

import streamlit as st

from pages.widgets.pickers import choose_dataset, choose_name

st.set_page_config(page_title="Facet", page_icon=":material/face:", layout="wide")

PAGES = {
    "Data": [
        st.Page("library.py", title="Library", icon=":material/photo_library:", default=True),
        st.Page("export.py", title="Export", icon=":material/output:"),
    ],
    "Label": [
        st.Page("keypoints.py", title="Keypoints", icon=":material/scatter_plot:"),
        st.Page("people.py", title="People", icon=":material/groups:"),
    ],
    "Judge": [
        st.Page("verification.py", title="Verification", icon=":material/rule:"),
        st.Page("search.py", title="Search", icon=":material/person_search:"),
        st.Page("dashboard.py", title="Dashboard", icon=":material/monitoring:"),
    ],
    "Run": [st.Page("jobs.py", title="Jobs", icon=":material/pending_actions:")],
}

page = st.navigation(PAGES)
with st.sidebar:
    choose_dataset()
    choose_name()
page.run()
