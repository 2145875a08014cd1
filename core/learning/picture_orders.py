"""The order in which an editor goes through pictures, as its address asks for it."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from core.foundation.errors import BadInput, FacetError, NotEnoughData, NotFound
from core.foundation.skeletons import SKELETONS
from core.foundation.turns import Turns
from core.foundation.workspace import Workspace
from core.learning.next_pictures import NextPictures, next_pictures
from core.points.orders import PictureOrder, order_by_path, order_of
from core.points.sent_values import number_in
from db.engine import reading
from db.queries.learning.models import ranking_cache_key
from db.queries.library import ImageFilter
from db.tables import ImageState

_turns: Final = Turns()


def kept_ranking(workspace: Workspace, dataset_id: int, skeleton: str) -> NextPictures:
    """As `next_pictures`, worked out once as long as nothing that it depends on changes; raises the same."""
    with reading(workspace.engine) as session:
        as_of = ranking_cache_key(dataset_id, session=session)
    with _turns.of((workspace.home, dataset_id)):  # of a dataset one after another, others' beside it
        found = _ranked(workspace, dataset_id, skeleton, as_of)
    if isinstance(found, FacetError):
        raise found
    return found


@lru_cache(maxsize=8)
def _ranked(workspace: Workspace, dataset_id: int, skeleton: str, as_of: int) -> NextPictures | FacetError:  # noqa: ARG001
    try:
        return next_pictures(workspace, dataset_id, skeleton)
    except (NotFound, NotEnoughData) as error:  # kept too, until something changes
        return error


def asked_order(workspace: Workspace, asked: Mapping[str, str]) -> PictureOrder:
    """The pictures that an address asks for: ``dataset`` (a number), and ``state``, ``part`` of the path and
    ``person`` (a number) that they have to fit, or ``points``: the most worthwhile first for that skeleton.

    Raises
    ------
    BadInput
        If it asks for anything else.
    NotFound, NotEnoughData
        If nothing can be ranked.
    """
    dataset, person = _number(asked.get("dataset", "")), asked.get("person")
    state, points = asked.get("state"), asked.get("points")
    if (state and state not in list(ImageState)) or (points and points not in SKELETONS):
        raise BadInput("editor.no_order")
    if points:
        return order_of(workspace, dataset, kept_ranking(workspace, dataset, points).images)
    chosen = ImageFilter(state or None, asked.get("part", ""), _number(person) if person else None)
    return order_by_path(workspace, dataset, chosen)


def _number(text: str) -> int:
    number = number_in(text)
    if number is None:
        raise BadInput("editor.no_order")
    return number
