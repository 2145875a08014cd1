"""Models that locate points, by the name that people know: the built-in one, and those that were trained here."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.foundation.arrays import Bools
from core.foundation.errors import BadWeights, MissingWeights, NotEnoughData, NotFound
from core.foundation.predictor_names import PredictorName
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.samples import TAUGHT
from core.models import LANDMARKERS, lacking, load_landmarker, usual_landmarker
from core.models.faces.interfaces import Landmarker, LocatedPoints, Model, located
from core.models.weights import sha256_of
from core.training.taught import point_list
from db.queries.learning.models import model_versions, trained_by_name, trained_models
from db.tables import Dataset, ModelVersion

# Landmarkers that need no training, with their skeleton.
BUILT_IN: Final = {
    "dlib-68": "face68",
    "dlib-mesh": "face68",
    "face-mesh": "face68",
    "blazepose": "body24",
    "blazepose-17": "coco17",
    "face-mesh-468": "mesh468",
}

DOUBTING: Final = "dlib-mesh"  # the built-in one that says how unsure it is: its two models disagree

_LONGEST_ID: Final = 18  # digits that the store can hold


class Predictor(Model, Protocol):
    """Locates the points of instances that were found, and says how unsure it is."""

    def estimate(
        self,
        images: Sequence[NDArray[np.uint8]],
        corners: Sequence[NDArray],
        sources: Sequence[Sequence[str]] | None = None,
    ) -> list[list[LocatedPoints]]:
        """Points and doubt of every instance of every (H, W, 3) uint8 RGB picture; `corners` are (N, 4) pixels each.

        `sources` says where each box comes from, as `core.models.faces.interfaces.Landmarker.locate` takes it.
        """
        ...


@dataclass(frozen=True)
class PoseModel:
    """A model in one use; `file` and `version_id` (of its plain use) are None for a built-in one.

    `taught` are the rows of the points that labels have taught it, None for all: of a built-in one, or where nobody
    knows.
    """

    use: PredictorName
    skeleton: str
    file: Path | None = None
    version_id: int | None = None
    taught: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        """Its name, whatever its use."""
        return self.use.model

    @property
    def use_name(self) -> str:
        """Its name with how it is used."""
        return str(self.use)

    def untaught(self) -> Bools:
        """(K,) bool: the points of its skeleton that no label ever taught it."""
        rows = np.zeros(len(find_skeleton(self.skeleton)), np.bool_)
        if self.taught is not None:
            rows[:] = True
            rows[list(self.taught)] = False
        return rows

    def untaught_names(self) -> list[str]:
        """The same by name, whole regions by theirs."""
        return point_list(find_skeleton(self.skeleton), np.flatnonzero(self.untaught()).tolist())


class BuiltIn:
    """A built-in landmarker as a `Predictor`."""

    def __init__(self, landmarker: Landmarker) -> None:
        self._landmarker = landmarker
        self.name, self.weights_sha256, self.settings = landmarker.name, landmarker.weights_sha256, landmarker.settings

    def estimate(
        self,
        images: Sequence[NDArray[np.uint8]],
        corners: Sequence[NDArray],
        sources: Sequence[Sequence[str]] | None = None,
    ) -> list[list[LocatedPoints]]:
        told = sources if sources is not None else [None] * len(images)
        return [located(self._landmarker, *each) for each in zip(images, corners, told, strict=True)]


def find_model(workspace: Workspace, use_name: str, *, session: Session) -> PoseModel:
    """The model of that name, used as the name says.

    Raises
    ------
    NotFound
        If there is none; the sentence names those that there are.
    BadInput
        If it cannot be used that way.
    """
    use = PredictorName.parse(use_name)
    if use.model in BUILT_IN:
        if use.flip_test:
            raise use.refusal(use_name)
        return PoseModel(use, BUILT_IN[use.model])
    trained = trained_by_name(use.model, session=session)
    if trained is None:
        names = [*built_in_here(workspace), *(row.version.name for row in trained_models(session=session))]
        raise NotFound("models.none_called", name=use.model, choices=names)
    taught = trained.data.get(TAUGHT)
    return PoseModel(
        use,
        trained.skeleton,
        workspace.home / trained.file,
        trained.model_version_id,
        None if taught is None else tuple(taught),
    )


def built_in_here(workspace: Workspace) -> dict[str, str]:
    """The built-in models whose files are on this machine, with their skeletons."""
    folder = workspace.weights
    return {name: skeleton for name, skeleton in BUILT_IN.items() if lacking(LANDMARKERS[name], folder) is None}


def built_in_for(workspace: Workspace, skeleton_name: str) -> str | None:
    """The built-in model that gives the first points of a skeleton on this machine, if there is one."""
    if skeleton_name == "face68":
        return usual_landmarker(workspace.settings.landmarker, workspace.weights)
    return "blazepose" if skeleton_name == "body24" and "blazepose" in built_in_here(workspace) else None


def find_use_name(text: str, *, session: Session) -> str:
    """The name of the model of a ``model_version`` (a number, as commands give it); names stay as they are.

    A version that looks at mirrored instances too, or smooths, gives the name of that use. What follows the number may
    say the use, as after a name: ``3+flip``. Whether there is such a model is for `find_model` to say.
    """
    number, plus, uses = text.partition("+")
    if not (number.isascii() and number.isdigit()) or trained_by_name(number, session=session) is not None:
        return text
    version = session.get(ModelVersion, int(number)) if len(number) < _LONGEST_ID else None
    if version is None or version.kind != "landmarks":
        return text
    return f"{PredictorName.of_version(version.name, version.settings)}{plus}{uses}"


def stored_version(model: PoseModel, *, session: Session) -> int:
    """The id under which a model's output of this use is stored; no model is loaded.

    Raises
    ------
    NotEnoughData
        If it has never been used that way.
    """
    for version_id in stored_versions(model, session=session):
        return version_id
    raise NotEnoughData("models.nothing_predicted", name=model.use_name)


def stored_versions(model: PoseModel, *, session: Session) -> list[int]:
    """The ids of all versions of a model in this use, the newest first: another precision is another version.

    Versions of the name with other weights than were trained do not count: a file was swapped then.
    """
    own = session.get(ModelVersion, model.version_id) if model.version_id is not None else None
    return [
        version.id
        for version in model_versions(model.name, session=session)
        if (own is None or version.weights_sha256 == own.weights_sha256)
        and PredictorName.of_version(version.name, version.settings) == model.use
    ]


def predict_command(dataset_id: int, use_name: str, *, session: Session) -> str:
    """What to type so that a model predicts every instance of a dataset, in backticks."""
    dataset = session.get(Dataset, dataset_id)
    assert dataset is not None
    return f"`python -m core predict --dataset {quote(dataset.name)} --model {quote(use_name)}`"


def ensure_own_weights(model: PoseModel) -> None:
    """Make sure that a trained model's file is the one that was trained: it is named by its own hash.

    Raises
    ------
    MissingWeights, BadWeights
        If it is gone, or holds anything else.
    """
    assert model.file is not None
    if not model.file.is_file():
        raise MissingWeights("models.weights_gone", name=model.name, file=model.file)
    if sha256_of(model.file) != model.file.stem:
        raise BadWeights("models.weights_of_other", file=model.file, name=model.name)


def open_predictor(workspace: Workspace, model: PoseModel) -> Predictor:
    """Load a model for its use (but for the smoothing, which comes after it).

    Raises
    ------
    MissingWeights, BadWeights
        If its file is absent, damaged or of another model.
    """
    settings = workspace.settings
    if model.file is None:
        assert model.name in LANDMARKERS
        return BuiltIn(load_landmarker(model.name, settings.device, workspace.weights))
    from core.models.pose.estimator import PoseEstimator  # torch is loaded only when a model is

    ensure_own_weights(model)
    return PoseEstimator.load(
        model.file, model.name, device=settings.device, flip_test=model.use.flip_test, batch=settings.batch
    )
