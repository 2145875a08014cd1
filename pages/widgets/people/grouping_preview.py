"""What grouping again would change, with pictures: who would be split, and who joined. The worker looks."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import streamlit as st

from core.jobs.kinds import kinds_shown_on, must_wait
from core.people.kept_trees import kept_tree
from db.engine import reading
from db.queries.jobs import newest_ended_run
from db.queries.people.listing import PersonSummary, ShownFace, faces_by_id, summaries
from db.queries.people.vectors import people_state
from db.tables import Run, RunState
from pages.widgets.people.face_tiles import called, face_tile
from pages.widgets.shared.picture_grid import picture_grid
from pages.widgets.shared.resources import start_run, workspace
from pages.widgets.shared.run_status import open_kinds, result
from pages.widgets.shared.text import counted, plain
from pages.widgets.shared.words import words

_KIND: Final = "preview"
_WORDS: Final = words("grouping_preview")

Part = Mapping[str, Any]  # person, count, faces


def offer_preview(dataset_id: int, encoder_id: int, threshold: float, *, regroup: bool, key: str) -> None:
    """A button that looks what grouping again so would change, and what was found where that was looked at.

    Of another threshold the counts are told at once, for as long as nobody has decided anything since.
    """
    asked = {"encoder_id": encoder_id, "threshold": threshold, "regroup": regroup}
    busy = must_wait(_KIND, open_kinds(dataset_id))  # asked first: what ends in between is not missed
    with reading(workspace().engine) as session:
        newest = newest_ended_run(dataset_id, kinds_shown_on(_KIND), session=session)
        found = newest if newest is not None and newest.parameters == asked and not busy else None
        state = people_state(dataset_id, encoder_id, session=session) if found else ()
    look = _WORDS["look"]
    if st.button(look["name"], key=f"preview-{key}", disabled=busy, icon=":material/preview:", help=look["about"]):
        start_run(_KIND, dataset_id, **asked)
        st.rerun()
    if found is not None:
        show_preview(found, state)
    elif (kept := kept_tree(workspace(), dataset_id, encoder_id, least=threshold, regroup=regroup)) is not None:
        counts = kept.what_if(threshold)
        told = _WORDS["at_once" if counts.merges or counts.splits else "at_once_nobody"]
        st.caption(told.format(threshold=threshold, **asdict(counts)))


def show_preview(run: Run, state: Sequence[int]) -> None:
    """The changes in a sentence, and the first of them with pictures; `state` is the people's now."""
    found = run.counts
    if run.state == RunState.DONE and not (found["split"] or found["joined"] or found["placed"]):
        st.info(_WORDS["nothing"])
    else:
        result(run)
    if run.state != RunState.DONE:
        return
    if list(state) != found["state"]:
        st.caption(_WORDS["changed_since"])
    _groups(found)


def _groups(found: Mapping[str, Any]) -> None:
    split, joined = found["split_people"], found["joined_people"]
    parts: list[Part] = [part for group in (*split, *joined) for part in group["first"]]
    with reading(workspace().engine) as session:
        faces = faces_by_id([face for part in parts for face in part["faces"]], session=session)
        people = summaries([part["person"] for part in parts], session=session)
    for group in split:
        title = _WORDS["split"].format(person=_name(people, group["person"]), parts=group["parts"])
        _row(title, group["first"], faces, group["parts"])
    for group in joined:
        names = _listed([_name(people, part["person"]) for part in group["first"]], group["people"])
        _row(_WORDS["joined"].format(people=names), group["first"], faces, group["people"])
    hidden = found["split"] + found["joined"] - len(split) - len(joined)
    if hidden:
        st.caption(_WORDS["more"].format(count=hidden))


def _name(people: Mapping[int, PersonSummary], person: int) -> str:
    return plain(called(people[person])) if person in people else str(person)


def _listed(names: Sequence[str], count: int) -> str:
    more = [_WORDS["parts_more"].format(count=count - len(names))] if count > len(names) else []
    return ", ".join([*names, *more])


def _row(title: str, parts: Sequence[Part], faces: Mapping[int, ShownFace], count: int) -> None:
    with st.container(border=True, gap="xsmall"):
        st.markdown(title)
        with st.grid(min_column_width=200):
            for part in parts:
                with st.container():
                    picture_grid(
                        [face_tile(faces[face]) for face in part["faces"] if face in faces],
                        key=f"preview-{title}-{part['faces'][0]}",
                        size=56,
                        label=counted(part["count"], "face"),
                    )
                    st.caption(counted(part["count"], "face"))
        if count > len(parts):
            st.caption(_WORDS["parts_more"].format(count=count - len(parts)))
