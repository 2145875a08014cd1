"""Questions about imported labels: what is open, how many labels wait for it, and the answers to choose from."""

import streamlit as st

from core.points.arrived_labels import answers_to
from db.queries.points import OpenLabelQuestion, open_label_questions
from pages.widgets.shared.resources import read, start_run
from pages.widgets.shared.text import counted, plain, stored
from pages.widgets.shared.words import words


def label_questions(dataset_id: int, *, busy: bool) -> None:
    """A card for each kind of question about labels that wait for its answer; nothing where there is none."""
    for row in read(lambda session: open_label_questions(dataset_id, session=session)):
        with st.container(border=True, key=f"label-question-{row.kind}"):
            _question(dataset_id, row, busy=busy)


def _question(dataset_id: int, row: OpenLabelQuestion, *, busy: bool) -> None:
    verb = "waits" if row.labels == 1 else "wait"
    st.warning(
        f"**{counted(row.labels, 'label')}** {verb} for an answer ({plain(row.picture)} in {plain(row.source)} first): "
        f"{stored(row.question)}",
        icon=":material/help:",
    )
    titles = words("label_answers")
    answer = st.radio(
        "What are they?",
        answers_to(row.kind),
        index=None,
        format_func=lambda answer: titles.get(f"{row.kind}={answer}") or titles[answer],
        key=f"label-answer-{dataset_id}-{row.kind}",
    )
    st.button(
        "Answer",
        type="primary",
        disabled=answer is None or busy,
        key=f"label-answer-button-{row.kind}",
        on_click=_answer,
        args=(dataset_id, row.kind, answer),
    )


def _answer(dataset_id: int, kind: str, answer: str) -> None:
    start_run("answers", dataset_id, answers={kind: answer})
