"""People: who the faces belong to. Name, merge and split the groups; every decision has a way back."""

import streamlit as st

from core.jobs.kinds import kinds_shown_on
from db.engine import LARGEST_ID
from db.queries.jobs import newest_ended_run
from db.queries.people.listing import PeopleView
from pages.widgets.people.actions import decision_bar
from pages.widgets.people.group_again import group_again, result_of_grouping
from pages.widgets.people.history import decisions
from pages.widgets.people.meanwhile import decided_meanwhile
from pages.widgets.people.methods import ways_of_grouping
from pages.widgets.people.questions import open_questions
from pages.widgets.people.totals import who_is_there
from pages.widgets.people.unknown import faces_of_nobody, seen_once
from pages.widgets.people.views import PERSON, one_person
from pages.widgets.people.wall import wall_of_people
from pages.widgets.shared.address import among, between, end_page, in_address, kept
from pages.widgets.shared.resources import dataset_or_stop, read, stop_at_library
from pages.widgets.shared.run_status import open_runs

dataset = dataset_or_stop("People")
person = kept(PERSON, between(1, LARGEST_ID))
last_run = read(lambda session: newest_ended_run(dataset.id, kinds_shown_on("people"), session=session))

there = None if person is not None else who_is_there(dataset.id, dataset.revision)
with st.container(horizontal=True, vertical_alignment="center"):
    st.title("People", anchor=False, width="stretch")
    if there is None or there.known or there.once or there.nobody:
        group_again(dataset.id)
newest_run = last_run.id if last_run else 0
open_runs(dataset.id)
result_of_grouping(last_run)
decision_bar(dataset.id)
decided_meanwhile(dataset.id)

if there is None:
    one_person(dataset.id, person)
    end_page()
if not any(there):
    stop_at_library("No face is found here yet. Find the faces in the library; people appear by themselves.")

VIEWS = {
    "people": f"People ({there.known:,})",
    "once": f"Seen once ({there.once:,})",
    "nobody": f"With nobody ({there.nobody:,})",
    "hidden": f"Hidden ({there.hidden:,})",
    "ask": "Same person?",
    "history": "History",
    "ways": "Ways of grouping",
}
EMPTY = {name for name in ("once", "nobody", "hidden") if not getattr(there, name)}
offered = [name for name in VIEWS if name not in EMPTY]
view = st.segmented_control(
    "View",
    offered,
    format_func=VIEWS.__getitem__,
    required=True,
    label_visibility="collapsed",
    **in_address("view", among(offered), "people"),
)
if view == "people":
    wall_of_people(dataset.id, there.known, newest_run)
elif view == "hidden":
    wall_of_people(dataset.id, there.hidden, newest_run, PeopleView.HIDDEN)
elif view == "once":
    seen_once(dataset.id, dataset.revision)
elif view == "nobody":
    faces_of_nobody(dataset.id, dataset.revision)
elif view == "ask":
    open_questions(dataset.id)
elif view == "ways":
    ways_of_grouping(dataset.id)
else:
    decisions(dataset.id)
