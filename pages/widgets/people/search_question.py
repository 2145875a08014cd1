"""From what is chosen on the page to what is asked of the album."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.people.search.album import NOT_MEASURED, Album
from core.people.search.asking import PictureQuestion, WantedPerson
from core.people.search.expressions import AllOf, AnyOf, Expression, NotSo, Shows
from pages.widgets.people.search_fields import ChosenPeople


def question_of(
    people: ChosenPeople, photos: Sequence[NDArray[np.float32]], conditions: dict[str, Any], threshold: float
) -> PictureQuestion | None:
    """What is asked, with the faces (D,) of photos as one person more who must be there; None where nothing is."""
    in_photos = (WantedPerson(vectors=np.stack(photos)),) if photos else ()
    asked = {name: value for name, value in conditions.items() if name != "by_event" and value is not None}
    if not (in_photos or people.anybody or asked):
        return None
    every, either, never = (*in_photos, *_each(people.all_of)), _each(people.any_of), _each(people.none_of)
    expression = _expression(len(every), len(either), len(never))
    return PictureQuestion((*every, *either, *never), expression, threshold, **conditions)


def not_this(
    album: Album, photos: Sequence[NDArray[np.float32]], people: Sequence[int], faces: Sequence[int]
) -> tuple[WantedPerson, ...]:
    """Examples of who is not meant: faces of photos, people, and faces of the album that are still measured."""
    marked = album.vectors_of(np.isin(album.faces, list(faces)) & (album.measured != NOT_MEASURED))
    return (*(WantedPerson(vectors=vector[None]) for vector in (*photos, *marked)), *_each(people))


def _each(people: Sequence[int]) -> tuple[WantedPerson, ...]:
    return tuple(WantedPerson((person,)) for person in people)


def _expression(every: int, either: int, never: int) -> Expression:
    """Of so many who are numbered in this order: all of the first, any of the next, none of the last."""
    numbered = tuple(map(Shows, range(every + either + never)))
    any_of = (AnyOf(numbered[every : every + either]),) if either else ()
    return AllOf((*numbered[:every], *any_of, *map(NotSo, numbered[every + either :])))
