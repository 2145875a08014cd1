"""Questions about faces, one on the screen at a time, answered by keys at the speed of a hand.

The browser shows the next question at once and tells the page of every answer with a number that rises; the page says
up to which number it has heard. So answers given faster than the page runs are neither lost nor given twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NamedTuple

import streamlit as st

from core.foundation.errors import BadInput
from pages.widgets.shared.picture_grid import Tile

ANSWERS: Final = ("same", "different", "unsure", "skip", "undo")

_HERE: Final = Path(__file__).parent


@dataclass(frozen=True)
class Side:
    """One of the two groups of faces: whose they are, what is known of them, and some of the faces."""

    person: int
    title: str
    about: str
    tiles: Sequence[Tile]


@dataclass(frozen=True)
class Answer:
    """What can be answered: its label, and what it will do."""

    label: str
    does: str


@dataclass(frozen=True)
class FaceQuestion:
    """Whether two groups of faces are one person. `answers` are by kind; one of `ends` closes what else asks about
    the same people until the page has looked again."""

    id: str
    title: str
    sides: tuple[Side, Side]
    facts: Sequence[str]
    answers: dict[str, Answer]
    ends: str


class GivenAnswer(NamedTuple):
    """An answer as the browser tells it: its number, the question's id, and which answer."""

    number: int
    question: str
    answer: str


_mount: Final = st.components.v2.component(
    "facet_question_deck",
    css=(_HERE / "deck.css").read_text(encoding="utf-8"),
    js=(_HERE / "deck.js").read_text(encoding="utf-8"),
)


def question_deck(
    questions: Sequence[FaceQuestion],
    *,
    key: str,
    left: int,
    heard: int,
    undo: Answer | None,
    on_answer: Callable[[], None],
) -> int | None:
    """Show the first of these questions; gives the person whom somebody wants to look at, if so.

    Parameters
    ----------
    questions
        The next ones, in their order.
    key
        The widget's key.
    left
        How many there are, with those that are not among `questions`.
    heard
        The number of the last answer that the page has dealt with.
    undo
        What taking back would do; None where there is nothing to take back.
    on_answer
        Called when there are new ones (`answers_given`).
    """
    data = {
        "questions": [asdict(question) for question in questions],
        "left": left,
        "heard": heard,
        "undo": asdict(undo) if undo else None,
    }
    result = _mount(
        key=key,
        data=data,
        height="content",
        default={"answers": []},
        on_answers_change=on_answer,
        on_open_change=lambda: None,
    )
    opened = result.open
    return opened if isinstance(opened, int) and not isinstance(opened, bool) else None


def answers_given(key: str, heard: int) -> list[GivenAnswer]:
    """What has been answered after the answer of that number, in its order.

    Raises
    ------
    BadInput
        If the browser sends anything but answers.
    """
    state = st.session_state.get(key)
    answers = state["answers"] if state else []
    if not isinstance(answers, list):
        raise BadInput("deck.no_answer", value=repr(answers))
    found = [_checked(item) for item in answers]
    return sorted(given for given in found if given.number > heard)


def _checked(item: object) -> GivenAnswer:
    match item:
        case [int(number), str(question), str(answer)] if answer in ANSWERS and not isinstance(number, bool):
            return GivenAnswer(number, question, answer)
    raise BadInput("deck.no_answer", value=repr(item))
