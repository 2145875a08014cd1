"""Same person?: questions answered by keys, the most useful first, until nothing is left that is worth asking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Final

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.foundation.errors import FacetError, NotFound
from core.people.chances import PEOPLE_NEEDED
from core.people.deciding import confirm_faces, keep_apart, leave_unsure, merge_people, move_faces, undo
from core.people.encoders import encoder_of, threshold_of
from core.people.likely_pairs import LikelyPair, Questions, likely_same
from core.people.mixed_people import ProposedCut, mixed_people
from core.verification import PairSet
from db.engine import reading
from db.queries.people.listing import PersonSummary, ShownFace, faces_by_id, strips, summaries
from db.queries.people.vectors import people_state
from db.tables import ModelVersion
from pages.widgets.people.actions import merge_dialog, newest_of, tell_decided
from pages.widgets.people.face_tiles import called, face_tile, how_many
from pages.widgets.people.false_matches import pairs_to_judge_by, said_of_likeness
from pages.widgets.people.question_deck import Answer, FaceQuestion, GivenAnswer, Side, answers_given, question_deck
from pages.widgets.people.views import open_person
from pages.widgets.shared.resources import author_id, read, workspace
from pages.widgets.shared.text import counted, sentence
from pages.widgets.shared.words import words

DECK: Final = "same-person"
_AHEAD: Final = 12  # questions that the browser has
_STRIP: Final = 8
_QUEUE: Final = "people.queue"
_WORDS: Final = words("same_person")

Asked = dict[str, LikelyPair | ProposedCut]


@dataclass
class _Queue:
    """What this session has answered.

    `heard` is the number of the last answer that was dealt with; `skipped` are ids of questions in the order in which
    they come again; `taken` is what undo takes back: decisions by id, skipped questions by theirs. `names`: two people
    with a name each who are said to be one, so that it is to be asked whose stays. `problems`: what is to be told.
    """

    heard: int = 0
    skipped: list[str] = field(default_factory=list)
    taken: list[int | str] = field(default_factory=list)
    names: list[int] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    one_at_a_time: Lock = field(default_factory=Lock)

    def skip(self, question: str) -> None:
        """Ask it again after the others."""
        self.skipped = [*(name for name in self.skipped if name != question), question]
        self.taken.append(question)

    def take_back(self, author: int) -> None:
        """Undo the last answer."""
        last = self.taken.pop() if self.taken else None
        if isinstance(last, int):
            undo(workspace(), last, author_id=author)
        elif last is not None:
            self.skipped = [name for name in self.skipped if name != last]


def _queue() -> _Queue:
    found: _Queue = st.session_state.setdefault(_QUEUE, _Queue())
    return found


@st.cache_data(max_entries=8, show_spinner="Comparing people")
def _found(
    dataset_id: int,
    _version: ModelVersion,
    limit: int,
    cache_key: tuple[float, ...],  # noqa: ARG001 - changes with whatever they are made of
) -> tuple[Questions, list[ProposedCut]]:
    opened = workspace()
    return likely_same(opened, dataset_id, _version, limit=limit), mixed_people(opened, dataset_id, _version)


def open_questions(dataset_id: int) -> None:
    """One question on the screen, by keys; what is decided is never asked for again."""
    try:
        version = encoder_of(workspace(), dataset_id)
    except NotFound as error:
        st.info(sentence(error))
        return
    threshold, queue = threshold_of(workspace(), dataset_id, version), _queue()
    above = st.container()  # whatever appears in it, what is below keeps its place, and the focus
    with above:
        state = read(lambda session: people_state(dataset_id, version.id, session=session))
        pairs, cuts = _found(dataset_id, version, _AHEAD + len(queue.skipped), (*state, threshold))
    asked, people = _in_order(pairs, cuts, queue.skipped)
    hear = partial(_hear, dataset_id, asked, people)
    if answers_given(DECK, queue.heard):
        hear()
        st.rerun()
    left = pairs.left + len(cuts)
    opened = question_deck(
        _worded(asked, people, threshold, pairs_to_judge_by(dataset_id, version)),
        key=DECK,
        left=left,
        heard=queue.heard,
        undo=Answer(**_WORDS["undo"]) if queue.taken else None,
        on_answer=hear,
    )
    _tell(pairs, left, threshold, above)
    if opened in people:
        open_person(opened)
    if queue.names:
        both, queue.names = queue.names, []
        merge_dialog(dataset_id, both)


def _tell(pairs: Questions, left: int, threshold: float, above: DeltaGenerator) -> None:
    """In which order is asked, or that nothing is left to ask, and who is not asked about."""
    if left:
        order = _WORDS["order_learned" if pairs.learned else "order"]
        st.caption(order.format(floor=pairs.floor, threshold=threshold, needed=PEOPLE_NEEDED))
    else:
        above.info(_WORDS["nothing_left"].format(floor=pairs.floor, threshold=threshold))
    if pairs.compared < pairs.people:
        st.caption(_WORDS["largest"].format(compared=pairs.compared, people=pairs.people))


def _in_order(
    pairs: Questions, cuts: Sequence[ProposedCut], skipped: Sequence[str]
) -> tuple[Asked, dict[int, PersonSummary]]:
    """The next questions, the most useful first, two names last, and what was skipped after them; and who they are."""
    found: list[LikelyPair | ProposedCut] = [*pairs.pairs, *cuts]
    numbers = {number for row in found for number in _people(row)}
    people = read(lambda session: summaries(sorted(numbers), session=session))
    asked = {_name(row): row for row in found if all(number in people for number in _people(row))}

    def place(name: str) -> tuple[int, bool, float]:
        row = asked[name]
        both_named = isinstance(row, LikelyPair) and all(people[number].name for number in _people(row))
        return (skipped.index(name) + 1 if name in skipped else 0, both_named, -row.gain)

    return {name: asked[name] for name in sorted(asked, key=place)[:_AHEAD]}, people


def _people(row: LikelyPair | ProposedCut) -> tuple[int, ...]:
    return (row.first, row.second) if isinstance(row, LikelyPair) else (row.person,)


def _name(row: LikelyPair | ProposedCut) -> str:
    if isinstance(row, LikelyPair):
        return f"pair-{row.first}-{row.second}"
    return f"cut-{row.person}-{len(row.staying)}-{len(row.leaving)}"


# What is said.


def _worded(
    asked: Asked, people: Mapping[int, PersonSummary], threshold: float, judged: PairSet | None
) -> list[FaceQuestion]:
    cuts = [row for row in asked.values() if isinstance(row, ProposedCut)]
    numbers = {number for row in asked.values() for number in _people(row)}
    shown = [face for cut in cuts for side in (cut.staying, cut.leaving) for face in side[:_STRIP]]
    with reading(workspace().engine) as session:
        strip = strips(sorted(numbers), each=_STRIP, session=session)
        faces = faces_by_id(shown, session=session)
    return [
        _pair(name, row, people, strip, threshold, said_of_likeness(judged, row.least))
        if isinstance(row, LikelyPair)
        else _cut(name, row, people[row.person], faces, threshold)
        for name, row in asked.items()
    ]


def _pair(
    name: str,
    pair: LikelyPair,
    people: Mapping[int, PersonSummary],
    strip: Mapping[int, Sequence[ShownFace]],
    threshold: float,
    rate: str,
) -> FaceQuestion:
    larger, smaller = _who_stays(pair, people)
    both = bool(larger.name and smaller.name)
    same = _WORDS["same_ask" if both else "same"]
    does = same["does"].format(
        smaller=called(smaller), larger=called(larger), faces=counted(larger.faces + smaller.faces, "face")
    )
    why = _WORDS["below" if pair.score < threshold else "above"]
    facts = [_WORDS["alike"].format(score=pair.score, threshold=threshold), why]
    facts += [_WORDS["chance"].format(chance=float(np.clip(pair.chance, 0.01, 0.99)))] * pair.learned
    facts += [f"{_WORDS['worst'].format(score=pair.least)} {rate}", *[_WORDS["both_named"]] * both]
    return FaceQuestion(
        name,
        _WORDS["pair"],
        (_side(larger, strip[larger.id]), _side(smaller, strip[smaller.id])),
        facts,
        {"same": Answer(same["label"], does), **_answers("different", "unsure", "skip")},
        "same",
    )


def _who_stays(pair: LikelyPair, people: Mapping[int, PersonSummary]) -> tuple[PersonSummary, PersonSummary]:
    """Who is named before who is not, then who has more faces."""
    first, second = sorted((people[pair.first], people[pair.second]), key=lambda person: person.name is None)
    return first, second


def _cut(
    name: str, cut: ProposedCut, person: PersonSummary, faces: Mapping[int, ShownFace], threshold: float
) -> FaceQuestion:
    sides = []
    for title, side in ((_WORDS["side_stays"], cut.staying), (_WORDS["side_leaves"], cut.leaving)):
        tiles = [face_tile(faces[face], marked=False) for face in side[:_STRIP] if face in faces]
        sides.append(Side(person.id, f"{called(person)} · {title}", counted(len(side), "face"), tiles))
    facts = [_WORDS["alike"].format(score=cut.score, threshold=threshold)]
    facts += [_WORDS["cut_below" if cut.score < threshold else "cut_above"]]
    facts += [_WORDS["cut_confirmed"]] * bool(person.confirmed)
    one, two = (
        Answer(_WORDS[kind]["label"], _WORDS[kind]["does"].format(faces=counted(count, "face")))
        for kind, count in (("one", person.faces), ("two", len(cut.leaving)))
    )
    return FaceQuestion(
        name,
        _WORDS["cut"],
        (sides[0], sides[1]),
        facts,
        {"same": one, "different": two, **_answers("unsure", "skip")},
        "different",
    )


def _side(person: PersonSummary, strip: Sequence[ShownFace]) -> Side:
    return Side(person.id, called(person), how_many(person), [face_tile(face, marked=False) for face in strip])


def _answers(*kinds: str) -> dict[str, Answer]:
    return {kind: Answer(**_WORDS[kind]) for kind in kinds}


# What is done. Streamlit runs a callback beside one of the same session that has not ended, and may end one wherever it
# looks into the session: so one answer is dealt with at a time, and with no look into the session before it is noted;
# and the page deals with what an ended callback has left, for it is not called again.


def _hear(dataset_id: int, asked: Asked, people: Mapping[int, PersonSummary]) -> None:
    """Do what was answered since, each answer once; one to a question that is not asked any more is asked anew."""
    queue, author = _queue(), author_id()
    for given in answers_given(DECK, queue.heard):
        with queue.one_at_a_time:
            if given.number > queue.heard:
                _deal_with(dataset_id, given, asked, people, queue, author)
                queue.heard = given.number
    tell_decided(newest_of(dataset_id, author), queue.problems)
    queue.problems = []


def _deal_with(
    dataset_id: int, given: GivenAnswer, asked: Asked, people: Mapping[int, PersonSummary], queue: _Queue, author: int
) -> None:
    try:
        if given.answer == "undo":
            queue.take_back(author)
        elif given.question in asked:
            _answer(dataset_id, given, asked[given.question], people, queue, author)
    except FacetError as error:
        queue.problems.append(str(error))


def _answer(
    dataset_id: int,
    given: GivenAnswer,
    row: LikelyPair | ProposedCut,
    people: Mapping[int, PersonSummary],
    queue: _Queue,
    author: int,
) -> None:
    if given.answer == "skip":
        queue.skip(given.question)
        return
    if isinstance(row, LikelyPair) and given.answer == "same":
        larger, smaller = _who_stays(row, people)
        if larger.name and smaller.name:  # a name would be given up: ask which
            queue.names = [larger.id, smaller.id]
            return
    _decide(given.answer, row, people, author)
    queue.taken.append(newest_of(dataset_id, author))


def _decide(answer: str, row: LikelyPair | ProposedCut, people: Mapping[int, PersonSummary], author: int) -> None:
    opened = workspace()
    if answer == "unsure":
        leave_unsure(opened, _people(row), author_id=author)
    elif isinstance(row, ProposedCut):
        faces = row.leaving if answer == "different" else [*row.staying, *row.leaving]
        action = move_faces if answer == "different" else confirm_faces
        action(opened, faces, author_id=author, shown=dict.fromkeys(faces, row.person))
    elif answer == "different":
        keep_apart(opened, row.first, row.second, author_id=author)
    else:
        larger, smaller = _who_stays(row, people)
        shown = {larger.id: larger.name, smaller.id: smaller.name}
        merge_people(opened, larger.id, [smaller.id], author_id=author, shown=shown)
