"""What a label file leaves open: a closed list. Some doubts are told, others are questions that have to be answered.

A label about which a question is open is put nowhere before it is answered, with one of `ANSWERS`, for the whole file.
What is told is taken as the sentence says, and nobody has to answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from core.foundation.errors import BadInput
from core.foundation.messages import Message, or_none

_CODES: Final = "label_doubts."


class DoubtKind(StrEnum):
    """Each is the code of its sentence in the table `[label_doubts]`."""

    SCALE = "scale"  # all points lie between 0 and 1: shares of the picture, or pixels?
    TURNED = "turned"  # the photo is turned by EXIF: are the points of its stored pixels, or of the upright picture?
    CORNER = "corner"  # points exactly at (0, 0) or (-1, -1), where tools put what they did not find
    SCORES = "scores"  # the third number of a point is no visibility
    NAMES = "names"  # as many names as points, and none of them is known
    SET = "set"  # another set of points, mapped by names: what it lacks and what has no place
    BOX = "box"  # the box is none: the points' own is taken
    BOX_BEYOND = "box_beyond"  # the box goes far beyond the picture: the points' own is taken
    BOX_ELSEWHERE = "box_elsewhere"  # none of the points lies in the box: the points' own is taken
    IN_PROGRESS = "in_progress"  # work in progress of an export of ours: what a human has set comes in, as that
    PLACE = "place"  # a point that is said to be there is nowhere: absent


DROP: Final = "drop"
ANSWERS: Final[Mapping[DoubtKind, tuple[str, ...]]] = {
    DoubtKind.SCALE: ("share", "pixels", DROP),
    DoubtKind.TURNED: ("stored", "upright", DROP),
    DoubtKind.CORNER: ("absent", "there", DROP),
    DoubtKind.SCORES: ("score", DROP),
    DoubtKind.NAMES: ("order", DROP),
}


@dataclass(frozen=True)
class Doubt:
    """One doubt about a label, with its sentence."""

    about: Message

    @property
    def kind(self) -> DoubtKind:
        """Which of the closed list."""
        return DoubtKind(self.about.code.removeprefix(_CODES))

    @property
    def answers(self) -> tuple[str, ...]:
        """What may be answered; nothing where it is only told."""
        return ANSWERS.get(self.kind, ())

    def to_json(self) -> dict[str, Any]:
        """What a store keeps; `from_json` reads it back."""
        return self.about.to_json()

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """The doubt that `to_json` wrote."""
        return cls(Message.from_json(written))


def answers_of(texts: Iterable[str]) -> dict[str, str]:
    """Answers by the kind of doubt, from texts like ``scale=share``.

    Raises
    ------
    BadInput
        If a text is no question's answer, with those that there are.
    """
    answers: dict[str, str] = {}
    for text in texts:
        kind, _, answer = text.partition("=")
        check_answers({kind: answer})
        answers[kind] = answer
    return answers


def check_answers(answers: Mapping[str, str]) -> None:
    """Raise BadInput if there is no such question, or no such answer to it."""
    for kind, answer in answers.items():
        if kind not in ANSWERS:
            raise BadInput("label_doubts.no_question", name=kind, choices=or_none(ANSWERS))
        choices = ANSWERS[DoubtKind(kind)]
        if answer not in choices:
            raise BadInput("label_doubts.no_answer", name=kind, value=answer, choices=list(choices))
