"""Whether a training came to anything: its best figure beside that of a shape that knows nothing of the picture."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from core.foundation.messages import Message, message
from core.foundation.skeletons import Skeleton, find_skeleton
from core.foundation.workspace import Workspace
from core.learning.labels import Labels
from core.learning.samples import samples
from core.metrics.resampling import FEWEST_GROUPS
from core.training.samples import Sample
from db.queries.learning.labels import HumanLabel
from db.tables import Part

CAME_TO_NOTHING: Final = "trainings.came_to_nothing"
_CLEARLY: Final = 2.0


def mean_shape_nme(train: Sequence[Sample], validation: Sequence[Sample], skeleton: Skeleton) -> float:
    """Validation NME (as `core.training.validation.figures`) of the mean shape of the training labels in each box.

    A point that no training label has counts as the middle of the box. NaN where there is nothing to measure on.
    """
    from core.training.preparation import mean_shape  # torch is loaded only when something was trained
    from core.training.validation import figures

    if not train or not validation:
        return math.nan
    boxes = np.array([sample.box for sample in validation], np.float64)
    middles, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    guessed = middles[:, None] + mean_shape(train) * sides[:, None, None]
    return float(figures(guessed, validation, skeleton)["validation_nme"])


def warnings_about(
    workspace: Workspace,
    labels: Labels,
    chosen_by: Sequence[tuple[HumanLabel, str]],
    best: Mapping[str, Any],
    rate: float,
) -> list[Message]:
    """What speaks against a training whose best weights are no better than the mean shape; none where they are.

    A few people cannot tell (`core.metrics.resampling.verdict`): where epochs were chosen by fewer groups than that
    takes, only a figure twice as bad as the mean shape's says that nothing was learned.

    Parameters
    ----------
    labels, chosen_by
        What was learned from, and the labels (with their groups) that the best epoch was chosen by.
    best
        The line of that epoch, with its ``validation_nme``.
    rate
        The recipe's learning rate.
    """
    learned, skeleton = samples(workspace, labels.of(Part.TRAIN)), find_skeleton(labels.skeleton)
    reached, guess = best.get("validation_nme"), mean_shape_nme(learned, samples(workspace, chosen_by), skeleton)
    groups = len({group for _, group in chosen_by})
    if reached is None or math.isnan(guess) or reached < guess * (1 if groups >= FEWEST_GROUPS else _CLEARLY):
        return []
    return [message(CAME_TO_NOTHING, reached=_percent(reached), guess=_percent(guess), rate=rate)]


def _percent(nme: float) -> Message:
    return message("trainings.percent", nme=100 * nme) if math.isfinite(nme) else message("trainings.no_number")
