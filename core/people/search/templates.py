"""The one vector that stands for several faces of somebody, and what is pushed away from it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Bools, Floats
from core.foundation.errors import NotEnoughData

JUST_BELOW: Final = 0.05  # cosine similarity: so far below the threshold a picture counts as just below


def template(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of faces, of unit length.

    Parameters
    ----------
    vectors
        (N, D) float32 of unit length, N at least 1.

    Returns
    -------
    NDArray
        (D,) float32. How similar a face is to it is how similar it is to the faces on average, over the length of
        their mean, which is shorter than 1: of those who are alike at all, more.

    Raises
    ------
    NotEnoughData
        If there is no face, or the faces cancel each other out.
    """
    mean = np.asarray(vectors, np.float64).sum(axis=0) if len(vectors) else np.zeros(0)
    length = float(np.linalg.norm(mean))
    if not np.isfinite(length) or length < 1e-6 * max(1, len(vectors)):
        raise NotEnoughData("people.no_template")
    return np.asarray(mean / length, np.float32)


def is_nearer(scores: Floats, unwanted: Floats) -> Bools:
    """(..., F) whether each face is more similar to who is wanted than to every example of "not this".

    Parameters
    ----------
    scores
        (..., F) cosine similarities to who is wanted.
    unwanted
        (U, F) to each example; of none, every face is.
    """
    return np.asarray(scores > unwanted.max(axis=0, initial=-np.inf))
