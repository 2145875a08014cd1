"""The pictures that an editor goes through, in their order, as a browser keeps them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.foundation.workspace import Workspace
from db.engine import reading
from db.queries.library import ImageFilter
from db.queries.points import picture_states, pictures_in_order, scenes_of_dataset
from db.tables import ImageState

STATES: Final = tuple(ImageState)  # a state travels as its number among these


class PictureOrder(NamedTuple):
    """N pictures in the order in which they are gone through.

    Attributes
    ----------
    images
        (N,) int32, their ids.
    videos
        (N,) int32, the clip that each is a frame of; 0 where it is none.
    scenes
        (N,) int32, the scene of that clip, from 0.
    states
        (N,) uint8, where each stands, as a number among `STATES`.
    """

    images: NDArray[np.int32]
    videos: NDArray[np.int32]
    scenes: NDArray[np.int32]
    states: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """The arrays one after another, little-endian: 13 bytes for each picture."""
        return b"".join(array.astype(array.dtype.newbyteorder("<")).tobytes() for array in self)


def order_by_path(workspace: Workspace, dataset_id: int, chosen: ImageFilter) -> PictureOrder:
    """The pictures of a filter by their paths."""
    with reading(workspace.engine) as session:
        rows = pictures_in_order(dataset_id, chosen, session=session)
        return _order(rows, scenes_of_dataset(dataset_id, session=session))


def order_of(workspace: Workspace, dataset_id: int, images: Sequence[int]) -> PictureOrder:
    """These pictures of a dataset as they come; those that are gone are left out."""
    with reading(workspace.engine) as session:
        states = picture_states(images, session=session)
        rows = [(image, states[image]) for image in images if image in states]
        return _order(rows, scenes_of_dataset(dataset_id, session=session))


def _order(rows: Iterable[tuple[int, str]], scenes: Mapping[int, tuple[int, int]]) -> PictureOrder:
    numbers = {state: number for number, state in enumerate(STATES)}
    places = [(image, *scenes.get(image, (0, 0)), numbers[ImageState(state)]) for image, state in rows]
    images, videos, scene, states = np.array(places, np.int32).reshape(-1, 4).T
    return PictureOrder(images, videos, scene, states.astype(np.uint8))
