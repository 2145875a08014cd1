"""Ways of grouping side by side: a table of the figures of each, and a button that has a worker make it anew."""

from collections.abc import Mapping
from typing import Any, Final

import streamlit as st

from core.jobs.kinds import kinds_shown_on, must_wait
from core.people.cues import COLOURS
from db.queries.jobs import newest_done_by_dataset, newest_ended_run
from db.tables import Run, RunState
from pages.widgets.people.clothes_cue import choose_cue
from pages.widgets.shared.address import among, in_address
from pages.widgets.shared.resources import read, start_run
from pages.widgets.shared.run_status import open_kinds, result
from pages.widgets.shared.text import plain, stored, utc
from pages.widgets.shared.words import words

_KIND: Final = "groupings"
_WORDS: Final = words("grouping_methods")
_NAMES: Final = words("grouping_method_names")
_COLUMNS: Final = words("grouping_method_columns")
_THRESHOLDS: Final = words("grouping_thresholds")
_TRUTHS: Final = ("people", "folders")
_WAY_WIDTH: Final = 220  # pixels: two columns more fit beside it on a phone
_CUE_WIDTH: Final = 420  # pixels: what a network lacks is told in a few lines
_WHOLE: Final = ("clicks_50", "clicks_80", "clicks_95", "groups", "unknown")


def ways_of_grouping(dataset_id: int) -> None:
    """What was measured last, and a button to measure anew."""
    st.caption(_WORDS["about"])
    busy = must_wait(_KIND, open_kinds(dataset_id))  # asked first: what ends in between is not missed
    newest = read(lambda session: newest_ended_run(dataset_id, kinds_shown_on(_KIND), session=session))
    _compare_anew(dataset_id, busy)
    if newest is None:
        if not busy:
            st.info(_WORDS["nothing_yet"])
        return
    if newest.state != RunState.DONE:
        result(newest)
    made = read(lambda session: newest_done_by_dataset(_KIND, session=session)).get(dataset_id)
    if made is not None:
        _table(made)


def _compare_anew(dataset_id: int, busy: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        truth = st.segmented_control(
            _WORDS["truth"],
            _TRUTHS,
            format_func=_WORDS.__getitem__,
            required=True,
            **in_address("truth", among(_TRUTHS), "people"),
        )
        best = st.toggle(_WORDS["best"]["name"], key="groupings-best", help=_WORDS["best"]["about"])
        clothes = st.toggle(_WORDS["clothes"]["name"], key="groupings-clothes", help=_WORDS["clothes"]["about"])
        cue = _cue() if clothes else COLOURS
        if st.button(_WORDS["compare"], key="groupings-compare", disabled=busy, icon=":material/compare_arrows:"):
            start_run(_KIND, dataset_id, truth=truth, best=best, clothes=clothes, cue=cue, encoder=None)
            st.rerun()


def _cue() -> str:
    with st.container(width=_CUE_WIDTH):
        return choose_cue("groupings")


def _table(run: Run) -> None:
    found = run.counts
    told = {name: found[name] for name in ("labelled", "faces")}
    at = utc(run.finished_at) if run.finished_at else ""
    st.caption(_WORDS["made"].format(**told, truth=_WORDS[found["truth"]], encoder=plain(found["encoder"]), at=at))
    if not found["labelled"]:
        st.info(_WORDS["nobody_known"])
    st.dataframe(
        [_shown(row, found["in_force"]) for row in found["rows"]],
        hide_index=True,
        height="content",
        column_config={name: _column(name, text) for name, text in _COLUMNS.items()},
    )
    for item in found["not_done"]:
        st.caption(_WORDS["not_done"].format(name=plain(_name(item["method"])), reason=stored(item["reason"])))


def _column(name: str, text: Mapping[str, str]) -> Any:
    if name == "way":
        return st.column_config.TextColumn(text["name"], help=text["about"], pinned=True, width=_WAY_WIDTH)
    if name == "chosen_on":
        return st.column_config.TextColumn(text["name"], help=text["about"])
    whole = "%d" if name in _WHOLE else "%.2f" if name == "seconds" else "%.3f"
    return st.column_config.NumberColumn(text["name"], help=text["about"], format=whole)


def _shown(row: Mapping[str, Any], in_force: str) -> dict[str, Any]:
    """A row of the table: the columns in their order."""
    name = _name(row["method"])
    way = _WORDS["in_force"].format(name=name) if row["method"] == in_force else name
    told = {**row, "way": way, "chosen_on": _THRESHOLDS[row["chosen_on"]]}
    return {column: told[column] for column in _COLUMNS}


def _name(method: str) -> str:
    """A way by its name, also one that another version of Facet knows."""
    return _NAMES.get(method, method)
