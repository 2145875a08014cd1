"""Ways of grouping faces, to be compared on the same data: one function each, and the one table of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from core.clustering.constraints import Constraints
from core.clustering.linkage import group
from core.clustering.methods.connected import connected_faces
from core.clustering.methods.density import dbscan
from core.clustering.methods.first_neighbours import finch
from core.clustering.methods.hierarchy import hdbscan
from core.clustering.methods.online import running_mean
from core.clustering.methods.whispers import chinese_whispers
from core.foundation.arrays import Ints

_LINK: Final = (0.5 / 0.6) ** 2  # of the squared distance: dlib clusters at 0.5 what it takes for one person at 0.6


class GroupFaces(Protocol):
    """Group (N, D) float32 faces of length 1 at a cosine similarity; (N,) int64 labels, -1 = unknown."""

    def __call__(
        self, embeddings: NDArray[np.float32], threshold: float, constraints: Constraints | None = None, /
    ) -> Ints: ...


@dataclass(frozen=True)
class Method:
    """A way of grouping.

    Attributes
    ----------
    group
        Does it; one that takes no constraints leaves them unread.
    own_threshold
        From the cosine similarity at which an encoder takes two faces for one person, the one to group at.
    constrained
        Whether it keeps to constraints.
    """

    group: GroupFaces
    own_threshold: Callable[[float], float]
    constrained: bool


def _same(encoder: float) -> float:
    return encoder


def link_threshold(encoder: float) -> float:
    """Where one pair joins two whole groups: as much stricter than the encoder's as dlib's example of clustering is.

    dlib takes faces within an L2 distance of 0.6 for one person, and groups faces (`face_clustering.py`) at 0.5.
    """
    return 1 - (1 - encoder) * _LINK


def _at_distance(distance: float) -> Callable[[float], float]:
    """The video project's own L2 distance, whatever the encoder."""
    return lambda _: 1 - distance**2 / 2


def _free(method: Callable[[NDArray[np.float32], float], Ints]) -> GroupFaces:
    def grouped(
        embeddings: NDArray[np.float32],
        threshold: float,
        constraints: Constraints | None = None,  # noqa: ARG001 -- it knows none
        /,
    ) -> Ints:
        return method(embeddings, threshold)

    return grouped


AVERAGE_LINKAGE: Final = "average-linkage"
METHODS: Final[dict[str, Method]] = {
    AVERAGE_LINKAGE: Method(group, _same, constrained=True),
    "running-mean-cosine": Method(partial(running_mean, directions=True), _same, constrained=True),
    "running-mean-l2-0.44": Method(running_mean, _at_distance(0.44), constrained=True),
    "running-mean-l2-0.36": Method(running_mean, _at_distance(0.36), constrained=True),
    "components": Method(connected_faces, link_threshold, constrained=True),
    "components-guarded": Method(partial(connected_faces, guard=True), link_threshold, constrained=True),
    "dbscan": Method(_free(dbscan), link_threshold, constrained=False),
    "hdbscan": Method(hdbscan, _same, constrained=True),
    "chinese-whispers": Method(_free(chinese_whispers), link_threshold, constrained=False),
    "finch": Method(_free(finch), _same, constrained=False),
}
