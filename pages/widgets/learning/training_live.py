"""A training on the screen: its curves, heatmaps beside their targets, examples, its messages."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.foundation.messages import Message
from core.jobs.kinds import kinds_shown_on
from core.learning.listing import listed, model_of_run
from core.learning.run_folder import TrainingLog, training_log
from core.learning.verdicts import CAME_TO_NOTHING
from db.engine import reading
from db.queries.jobs import count_runs, runs_page
from db.tables import Run, RunState
from pages.widgets.learning.training_charts import loss_chart, nme_chart
from pages.widgets.learning.training_rounds import rounds_card, same_data
from pages.widgets.points.picture_order import doubtful_button
from pages.widgets.shared.address import among, in_address, open_page
from pages.widgets.shared.controls import paged
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.run_status import MARKS, result
from pages.widgets.shared.text import plain, sentence, utc
from pages.widgets.shared.words import words

COMPARE: Final = "compare-model"  # what the Models page is asked to compare
_PAST: Final = 50  # a page of them
_SHEETS: Final = words("training_sheets")


def open_trainings(dataset_id: int) -> list[Run]:
    """The trainings of a dataset that work or wait; what works first."""
    kinds = kinds_shown_on("training")
    with reading(workspace().engine) as session:
        rows = runs_page(dataset_id=dataset_id, kinds=kinds, open_only=True, limit=None, session=session)
    return [run for run, *_ in rows]


@st.fragment(run_every=2.0)
def live(dataset_id: int) -> None:
    """The training that is at work, if one is."""
    run = next((run for run in open_trainings(dataset_id) if run.state == RunState.RUNNING), None)
    if run is None:
        return  # it waits, or has just ended: the card of the run says so
    st.subheader("At work", anchor=False)
    log = training_log(workspace(), run.id)
    if not log.epochs:
        st.caption("The first epoch is not over yet; curves and pictures come with it.")
    _show_messages(log.messages)
    _draw(log, dataset_id, run.id, key="live")
    for kind, sheets in (("heatmaps", log.heatmaps), ("examples", log.examples)):
        _sheet(kind, sheets[-1:])


def past_trainings(dataset_id: int) -> None:
    """Trainings that have ended, page by page: choose one to see how it went."""
    ended: dict[str, Any] = {"dataset_id": dataset_id, "kinds": kinds_shown_on("training"), "open_only": False}
    count = read(lambda session: count_runs(**ended, session=session))
    if not count:
        return
    st.subheader("Trainings so far", anchor=False)
    field, offset = paged(count, _PAST, key=f"past-trainings-{dataset_id}")
    with reading(workspace().engine) as session:
        runs = {run.id: run for run, *_ in runs_page(**ended, offset=offset, limit=_PAST, session=session)}
    newest = next(iter(runs))
    asked = in_address("run", among(runs), newest, key=f"past-training-{newest}")  # one that has just ended is shown
    run = runs[field.selectbox("Training", list(runs), format_func=lambda i: _name(runs[i]), width=480, **asked)]
    st.markdown(MARKS[RunState(run.state)])
    result(run)
    log = training_log(workspace(), run.id)
    _show_messages(log.messages)
    model = model_of_run(workspace(), run.id)
    if model is not None:
        _next(run, model, worthless=any(map(_warns, log.messages)))
    _draw(log, dataset_id, run.id, key=f"past-{run.id}")
    for kind, sheets in (("heatmaps", log.heatmaps), ("examples", log.examples)):
        _sheet(kind, _one_of(sheets, word=kind, key=f"past-{run.id}-{kind}", label=_SHEETS[kind]["title"]))


def _name(run: Run) -> str:
    model = run.counts.get("model") or run.parameters.get("recipe", "")
    state = "" if run.state == RunState.DONE else f" · {run.state}"
    return f"{model} · {utc(run.created_at)}{state}"


def _next(run: Run, model: str, *, worthless: bool) -> None:
    """The way on from a model: compare, promote, label what it doubts, train again."""
    if run.state != RunState.DONE:
        st.caption(f"Its best so far is kept as {plain(model)}.")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Compare it", icon=":material/compare_arrows:", type="secondary" if worthless else "primary"):
            st.session_state[COMPARE] = (run.parameters["skeleton"], model)
            open_page("models.py")
        doubtful_button(run.dataset_id or 0, run.parameters["skeleton"])
        if not worthless:
            st.caption(
                "Compare it on what was held out; promote it if it is better; correct what it doubts; train again.",
                width="stretch",
            )


def _show_messages(messages: Sequence[Message]) -> None:
    for note in filter(_warns, messages):
        st.warning(f"{sentence(note.text())}.", icon=":material/warning:")
    rest = [note.text() for note in messages if not _warns(note)]
    if rest:
        st.info("  \n".join(map(sentence, rest)), icon=":material/info:")


def _warns(note: Message) -> bool:
    """Whether what a training said is that nothing came of it."""
    return note.code == CAME_TO_NOTHING


def _draw(log: TrainingLog, dataset_id: int, run_id: int, *, key: str) -> None:
    if log.rounds:
        rounds_card(log.rounds, key=key, beside=same_data(listed(workspace(), dataset_id), run_id))
    if log.epochs:
        left, right = st.columns(2)
        left.plotly_chart(loss_chart(log.epochs), key=f"{key}-loss", config={"displayModeBar": False})
        right.plotly_chart(nme_chart(log.epochs), key=f"{key}-nme", config={"displayModeBar": False})


def _one_of(sheets: Sequence[Path], *, word: str, key: str, label: str) -> Sequence[Path]:
    """The sheet that was chosen; the newest at first."""
    if len(sheets) < 2:
        return sheets
    names = {sheet_name(path): path for path in sheets}
    asked = in_address(word, among(names), sheet_name(sheets[-1]), key=key)
    return [names[st.select_slider(label, list(names), **asked)]]


def _sheet(kind: str, sheets: Sequence[Path]) -> None:
    for path in sheets:
        caption = f"{_SHEETS[kind]['title']}, {sheet_name(path)}. {_SHEETS[kind]['legend']}"
        st.image(path.read_bytes(), caption=caption, width="stretch")


def sheet_name(path: Path) -> str:
    """What a sheet of pictures shows: "epoch 3", "round 1"."""
    word, number = path.stem.split("-")[:2]
    return f"{word} {int(number)}"
