"""What tells who wears the same: the cues by name, how alike is alike by each, and which can be asked here."""

from dataclasses import dataclass
from typing import Final

from core.foundation.errors import FacetError, NotFound
from core.foundation.workspace import Workspace
from core.media.clothes import ColoursAndTexture
from core.models import CLOTHES_NETWORKS, lacking, load_clothes_network
from core.models.faces.interfaces import Descriptor

COLOURS: Final = "colours"
_MARGIN: Final = 0.05


@dataclass(frozen=True)
class Cue:
    """How sure a link has to be by one cue, unless something else is asked for.

    Attributes
    ----------
    least, margin
        As in `core.clustering.second_cue.second_stage`. Those of "colours" were measured on a clip (decision 18). No
        network's could be, since no weights could be had: a least similarity that is strict on purpose, and the margin
        of colours. Measure your own weights by `python -m tests.bench.bench_clothes --cue NAME`.
    """

    least: float
    margin: float = _MARGIN


CUES: Final[dict[str, Cue]] = {
    COLOURS: Cue(0.9),
    **{name: Cue(spec.threshold) for name, spec in CLOTHES_NETWORKS.items()},
}


def cue_called(name: str) -> Cue:
    """The cue of a name; raises `NotFound` where there is none."""
    if name not in CUES:
        raise NotFound("people.no_cue", name=name, choices=list(CUES))
    return CUES[name]


def what_lacks(workspace: Workspace, name: str) -> FacetError | None:
    """What keeps a cue from being asked: that there is none of that name, or weights that are not here; None if it can
    be."""
    try:
        cue_called(name)
    except NotFound as problem:
        return problem
    return lacking(CLOTHES_NETWORKS[name], workspace.weights) if name in CLOTHES_NETWORKS else None


def cue_choices(workspace: Workspace) -> dict[str, str | None]:
    """Every cue, the one without weights first: None, or the sentence of what lacks."""
    problems = {name: what_lacks(workspace, name) for name in CUES}
    return {name: None if problem is None else str(problem) for name, problem in problems.items()}


def load_cue(workspace: Workspace, name: str) -> Descriptor:
    """What describes clothes by that cue; a network runs where the settings say.

    Raises
    ------
    NotFound
        If there is no such cue.
    MissingWeights, BadWeights
        If its weights are not here, or not what they should be.
    """
    if problem := what_lacks(workspace, name):
        raise problem
    if name == COLOURS:
        return ColoursAndTexture()
    return load_clothes_network(name, workspace.settings.device, workspace.weights)
