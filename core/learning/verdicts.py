"""What speaks against a model: it is no better than a guess without a picture, or worse than what pre-labels now.

Figures are NME in the skeleton's usual unit, on the same labels. A point that a model did not give counts as if it had
said the middle of the box, so that absence is never an advantage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from core.foundation.arrays import Floats
from core.foundation.errors import NotEnoughData
from core.foundation.messages import Message, message
from core.foundation.workspace import Workspace
from core.learning.errors_on_held_out import errors_of, unit
from core.learning.held_out import MEAN_SHAPE, HeldOutSet, held_out, unpredicted
from core.learning.listing import warnings_of
from core.metrics import intervals, landmarks, resampling
from core.metrics.mean_shape import lay_into

CAME_TO_NOTHING: Final = "trainings.came_to_nothing"


def no_better_than_mean_shape(held: HeldOutSet, model: str) -> Message | None:
    """That a model errs as much as the mean shape of other labels, with both figures; None where it errs less, or
    where there is no other label to guess from."""
    reached, guess = (_mean(whole_errors(held, name)) for name in (model, MEAN_SHAPE))
    if np.isnan(guess) or reached < guess:
        return None
    return message(
        "evaluations.no_better_than_mean_shape",
        name=model,
        reached=as_percent(reached),
        guess=as_percent(guess),
        count=len(held),
    )


def came_to_nothing(held: HeldOutSet, model: str, rate: float) -> Message | None:
    """The same of a model that was trained just now, with what to do about it; `rate` is its learning rate."""
    found = no_better_than_mean_shape(held, model)
    if found is None:
        return None
    return message(CAME_TO_NOTHING, reached=found.fields["reached"], guess=found.fields["guess"], rate=rate)


def worse_than(held: HeldOutSet, model: str, against: str) -> Message | None:
    """That a model errs more than another on the same labels, with both figures and how sure that is; None where it
    does not."""
    first, second = whole_errors(held, against), whole_errors(held, model)
    difference = intervals.paired(first, second, held.groups)
    if not difference.value > 0:
        return None
    both = ~np.isnan(first + second)
    return message(
        "evaluations.worse_than_now",
        name=model,
        against=against,
        reached=as_percent(_mean(second[both])),
        now=as_percent(_mean(first[both])),
        count=int(both.sum()),
        verdict=verdict_message(
            {
                "verdict": resampling.verdict(difference, upward=False),
                "way": resampling.way(difference, upward=False),
                "groups": difference.groups,
                "same_way": difference.same_way,
            }
        ),
    )


def verdict_message(difference: Mapping[str, Any]) -> Message:
    """A paired difference, as `core.learning.evaluating.differences_as_json` has it, in a few words.

    Where groups are too few for a verdict: in how many of them it points the same way.
    """
    if difference["verdict"] != resampling.TOO_FEW_GROUPS:
        return message("evaluations.verdict", verdict=difference["verdict"])
    if difference["same_way"] is None or difference["way"] == "the same":
        return message("evaluations.few_groups", way=difference["way"], groups=difference["groups"])
    return message(
        "evaluations.in_groups", way=difference["way"], same=difference["same_way"], groups=difference["groups"]
    )


def whole_errors(held: HeldOutSet, model: str) -> Floats:
    """(N,) as `errors_of`, an absent point taken to be in the middle of the box; NaN where it is undefined."""
    points = held.predicted[model]
    if model == MEAN_SHAPE:
        return errors_of(held, model)
    nothing = np.full(points.shape[1:], np.nan)
    given = np.where(np.isfinite(points), points, lay_into(nothing, held.boxes))
    return landmarks.errors(given, held.truth, held.visibility, unit(held))


def _mean(errors: Floats) -> float:
    defined = errors[np.isfinite(errors)]
    return float(defined.mean()) if len(defined) else float("nan")


def as_percent(share: float) -> Message:
    """An error in percent, or that it is no number."""
    if not np.isfinite(share):
        return message("trainings.no_number")
    return message("trainings.percent", nme=100 * share)


@dataclass(frozen=True)
class PromotionCheck:
    """What was measured before a model pre-labels a dataset.

    Attributes
    ----------
    against
        What pre-labels now, None where nothing does.
    doubts
        What speaks against the model: each is a reason to ask before it is promoted. Where it cannot be measured now,
        what its training warned of.
    unpredicted
        The instances that each of the two has to predict before they can be measured.
    reason
        Why nothing can be measured here, None where it can.
    """

    against: str | None
    doubts: list[Message] = field(default_factory=list)
    unpredicted: dict[str, int] = field(default_factory=dict)
    reason: Message | None = None

    @property
    def asks(self) -> bool:
        """Whether somebody has to say that it is meant: the model is doubtful, or not measured although it could be."""
        return bool(self.doubts or self.unpredicted)


def check_promotion(workspace: Workspace, dataset_id: int, model: str, against: str | None) -> PromotionCheck:
    """Measure a model beside what pre-labels now (or nothing does), on the same labels, from stored predictions.

    Raises
    ------
    NotFound, BadInput
        As `core.learning.held_out.held_out`.
    """
    names = [model] if against is None else [model, against]
    try:
        missing = {name: count for name, count in unpredicted(workspace, dataset_id, names).items() if count}
        if missing:
            return PromotionCheck(against, warnings_of(workspace, model), missing)
        held = held_out(workspace, dataset_id, names)
    except NotEnoughData as error:
        return PromotionCheck(against, warnings_of(workspace, model), reason=error.message)
    found = [worse_than(held, model, against) if against else None, no_better_than_mean_shape(held, model)]
    return PromotionCheck(against, [doubt for doubt in found if doubt is not None])
