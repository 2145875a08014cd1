"""A search: who is wanted, what is not, when and among how many people, and the pictures that it comes to."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats, Ints
from core.foundation.errors import BadInput
from core.people.search.album import NOT_MEASURED, Album
from core.people.search.expressions import AllOf, Expression, holds, looked_for
from core.people.search.templates import JUST_BELOW, is_nearer, template

NO_FACE: Final = -1
_NONE: Final = np.zeros((0, 0), np.float32)
_ANY_PICTURE: Final = AllOf(())


@dataclass(frozen=True, eq=False)
class WantedPerson:
    """Somebody who is meant: people of the dataset who are one, faces of photos (N, D) of unit length, or both."""

    people: tuple[int, ...] = ()
    vectors: NDArray[np.float32] = field(default_factory=lambda: _NONE)


@dataclass(frozen=True, eq=False)
class PictureQuestion:
    """What is asked of a picture.

    Attributes
    ----------
    wanted, expression
        T people who may be meant, and what has to hold of them; without any, the other conditions count alone.
    threshold
        The least cosine similarity of a face to somebody whom it is not known to be.
    unwanted
        Examples of "not this": a face of the dataset, a person or a photo each.
    since, until
        First and last moment of the camera's clock, both included.
    least_people, most_people
        How many faces are in the picture.
    event
        The one event that is meant, None for any.
    by_event
        Whether the expression is asked of each event as a whole rather than of each picture.
    """

    wanted: tuple[WantedPerson, ...] = ()
    expression: Expression = _ANY_PICTURE
    threshold: float = 1.0
    unwanted: tuple[WantedPerson, ...] = ()
    since: np.datetime64 | None = None
    until: np.datetime64 | None = None
    least_people: int | None = None
    most_people: int | None = None
    event: int | None = None
    by_event: bool = False


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The M pictures that a search comes to, best first, as rows of the album.

    Attributes
    ----------
    pictures, scores, best
        (M,) rows of pictures; how similar the least similar of those looked for is, NaN where nobody was looked for or
        measured; the row of that face, -1 for none.
    faces, similarities, known
        (K,) rows of the faces that are meant; their cosine similarities, NaN where not measured; whether each belongs
        to a person who is looked for.
    just_below
        How many pictures more the threshold would let through if it were `JUST_BELOW` lower.
    undated
        How many pictures were left out since their time is not known.
    """

    pictures: Ints
    scores: Floats
    best: Ints
    faces: Ints
    similarities: Floats
    known: Bools
    just_below: int
    undated: int


def ask(album: Album, question: PictureQuestion) -> SearchResult:
    """Every picture of which all that is asked holds: no fixed number of the best.

    A face is somebody whom it belongs to, whatever its similarity; of a machine's faces only where no example of "not
    this" is nearer. Any other face is somebody if it is similar enough and nearer than to every example, unless a human
    has said that it is not, or it belongs to somebody else who has a name or whom a human gave it to.

    Raises
    ------
    BadInput
        If the threshold is no cosine similarity, or a first time or number is above the last one.
    NotEnoughData
        If the faces of somebody who is wanted, or of an example, cancel each other out.
    """
    _check(question)
    scores = _similarities(album, question.wanted)
    examples = _similarities(album, question.unwanted)
    own = _own(album, question)
    sure, possible = _candidates(album, question, own, scores, examples)
    at, below = (sure | (possible & (scores >= question.threshold - less)) for less in (0, JUST_BELOW))
    shown, loose = (_in_pictures(album, faces, question.by_event) for faces in (at, below))
    dated = _dated(album, question)
    others = _other_conditions(album, question)
    holding = holds(question.expression, shown) & others
    positive = sorted(looked_for(question.expression))
    met, more = holding & dated, holds(question.expression, loose, shown) & others & dated
    if question.by_event and positive:
        met &= np.logical_or.reduce(_in_pictures(album, at[positive]))
        more &= np.logical_or.reduce(_in_pictures(album, below[positive]))
    undated = int((holding & np.isnat(album.taken)).sum()) if _asks_for_time(question) else 0
    just_below = int((more & ~met).sum())
    return _found(album, met, at[positive], scores[positive], own[positive], just_below, undated)


def _check(question: PictureQuestion) -> None:
    since, until, least, most = question.since, question.until, question.least_people, question.most_people
    if not -1 <= question.threshold <= 1:
        raise BadInput("arrays.threshold", found=question.threshold)
    if since is not None and until is not None and since > until:
        raise BadInput("people.times_cross", since=_moment(since), until=_moment(until))
    if least is not None and most is not None and least > most:
        raise BadInput("people.counts_cross", least=least, most=most)


def _moment(time: np.datetime64) -> str:
    return str(time.astype("datetime64[s]")).replace("T", " ")


def _similarities(album: Album, wanted: tuple[WantedPerson, ...]) -> Floats:
    """(T, F) of each face to each who is wanted, NaN where either is not measured."""
    found = np.full((len(wanted), len(album.faces)), np.nan)
    templates = {number: made for number, one in enumerate(wanted) if (made := _template(album, one)) is not None}
    if not templates or not len(album.vectors):
        return found
    columns = np.stack(list(templates.values()))
    if columns.shape[1] != album.vectors.shape[1]:
        raise BadInput("people.other_encoder")
    measured = np.flatnonzero(album.measured != NOT_MEASURED)
    similar = (album.vectors @ columns.T).T.astype(np.float64)
    found[np.ix_(np.array(list(templates)), measured)] = similar[:, album.measured[measured]]
    return found


def _template(album: Album, wanted: WantedPerson) -> NDArray[np.float32] | None:
    """(D,) what stands for somebody; None of people of whom no face is measured: only what is theirs is known."""
    own = album.vectors_of(np.isin(album.owners, wanted.people))
    parts = [part for part in (own, wanted.vectors) if len(part)]
    if not parts and wanted.people:
        return None
    return template(np.concatenate(parts) if parts else _NONE)


def _own(album: Album, question: PictureQuestion) -> Bools:
    """(T, F) whether each face belongs to a person who is meant."""
    own = [np.isin(album.owners, wanted.people) for wanted in question.wanted]
    return np.array(own, bool).reshape(len(own), len(album.faces))


def _candidates(
    album: Album, question: PictureQuestion, own: Bools, scores: Floats, examples: Floats
) -> tuple[Bools, Bools]:
    """(T, F) twice: whether each face is each who is wanted whatever its score, and whether it may be by its score."""
    near = is_nearer(scores, np.nan_to_num(examples, nan=-np.inf))
    refused = np.zeros_like(own)
    for number, wanted in enumerate(question.wanted):
        if wanted.people:
            said = {face for face, person in album.refused if person in wanted.people}
            refused[number] = album.settled | np.isin(album.faces, list(said))
    return own & (album.confirmed | near | np.isnan(scores)), ~own & ~refused & near


def _in_pictures(album: Album, faces: Bools, by_event: bool = False) -> Bools:
    """(T, P) in which pictures, or in the event of which, any of the faces (T, F) is."""
    shown = np.zeros((len(faces), len(album.images)), bool)
    who, which = np.nonzero(faces)
    shown[who, album.rows[which]] = True
    if not by_event:
        return shown
    events = np.zeros((len(faces), int(album.events.max(initial=-1)) + 1), bool)
    who, rows = np.nonzero(shown)
    events[who, album.events[rows]] = True
    return events[:, album.events]


def _asks_for_time(question: PictureQuestion) -> bool:
    return question.since is not None or question.until is not None


def _dated(album: Album, question: PictureQuestion) -> Bools:
    """(P,) whether each picture is of the time that is asked for."""
    fits = np.ones(len(album.images), bool)
    if question.since is not None:
        fits &= album.taken >= question.since
    if question.until is not None:
        fits &= album.taken <= question.until
    return fits


def _other_conditions(album: Album, question: PictureQuestion) -> Bools:
    """(P,) whether as many people are in each picture as is asked for, and it is of the event."""
    people = np.bincount(album.rows, minlength=len(album.images))
    fits = people >= (question.least_people or 0)
    if question.most_people is not None:
        fits &= people <= question.most_people
    if question.event is not None:
        fits &= album.events == question.event
    return np.asarray(fits, bool)


def _found(
    album: Album, met: Bools, match: Bools, scores: Floats, own: Bools, just_below: int, undated: int
) -> SearchResult:
    """Pictures (P,) that are met, with the faces in them that are one of those looked for (L, F), best first."""
    pictures = np.flatnonzero(met)
    worst = np.full(len(met), np.inf)
    best = np.full(len(met), NO_FACE, np.int64)
    for matched, similar in zip(match, scores, strict=True):
        faces = np.flatnonzero(matched & ~np.isnan(similar))
        faces = faces[np.lexsort((faces, -similar[faces], album.rows[faces]))]
        faces = faces[np.unique(album.rows[faces], return_index=True)[1]]  # of each picture the most similar one
        faces = faces[similar[faces] < worst[album.rows[faces]]]
        worst[album.rows[faces]], best[album.rows[faces]] = similar[faces], faces
    ranking = np.where(np.isinf(worst), -np.inf, worst)[pictures]
    pictures = pictures[np.lexsort((album.images[pictures], -ranking))]
    meant = np.flatnonzero(match.any(axis=0) & met[album.rows])
    similar = np.where(match[:, meant], scores[:, meant], -np.inf).max(axis=0, initial=-np.inf)
    return SearchResult(
        pictures=pictures,
        scores=np.where(np.isinf(worst), np.nan, worst)[pictures],
        best=best[pictures],
        faces=meant,
        similarities=np.where(np.isinf(similar), np.nan, similar),
        known=np.logical_or.reduce(own[:, meant]),
        just_below=just_below,
        undated=undated,
    )
