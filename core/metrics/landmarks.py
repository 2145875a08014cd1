"""Errors of predicted landmarks against a human's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.errors import BadInput


def nme(
    predicted: NDArray, truth: NDArray, visibility: NDArray, normaliser_pair: tuple[int, int]
) -> NDArray[np.float64]:
    """Normalised mean error of each instance.

    The mean distance between predicted and true points, over the labelled points only, divided by the distance
    between the two true normalising points. With the outer eye corners this is the inter-ocular NME of Sagonas et
    al., "300 Faces In-the-Wild Challenge", ICCV workshops 2013.

    Parameters
    ----------
    predicted, truth
        (N, K, 2) real, x and y in pixels; `truth` may hold anything where the point is not labelled.
    visibility
        (N, K) int of `truth`: 0 not labelled, above 0 labelled (hidden points count).
    normaliser_pair
        The two point indices in [0, K) whose distance is the unit.

    Returns
    -------
    errors
        (N,) float64, a ratio (0.05 is 5 %). NaN where it is undefined: no labelled point, a normalising point that
        is not labelled, the two at the same place, or a labelled point without a finite prediction.

    Raises
    ------
    BadInput
        If the shapes disagree or an index lies outside [0, K).
    """
    found, true = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    labelled = np.asarray(visibility) > 0
    if true.ndim != 3 or true.shape[2] != 2:
        raise BadInput(f"truth should have the shape (N, K, 2), not {true.shape}")
    if found.shape != true.shape:
        raise BadInput(f"predicted should have the shape {true.shape} of truth, not {found.shape}")
    if labelled.shape != true.shape[:2]:
        raise BadInput(f"visibility should have the shape {true.shape[:2]}, not {labelled.shape}")
    first, second = normaliser_pair
    if not (0 <= first < true.shape[1] and 0 <= second < true.shape[1]):
        raise BadInput(f"normaliser_pair should lie in [0, {true.shape[1]}), not {normaliser_pair}")
    distance = np.where(labelled, np.linalg.norm(found - true, axis=2), 0.0)
    unit = np.linalg.norm(true[:, first] - true[:, second], axis=1)
    count = labelled.sum(axis=1)
    defined = labelled[:, first] & labelled[:, second] & (unit > 0)
    errors = np.full(len(true), np.nan)
    np.divide(distance.sum(axis=1), count * unit, out=errors, where=defined)
    return errors
