"""Training a model on the human labels of a dataset, and writing down what came of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlmodel import Session, func, select

from core.errors import BadInput, Cancelled, NotEnoughData
from core.keypoints import Keypoints
from core.learning_data import Labels, keep_parts, read_labels, read_unlabelled
from core.pose_models import PoseModel, find_model, open_predictor, version_of
from core.progress import Progress
from core.skeletons import skeleton
from core.training.listening import Listener
from core.training.recipes import RECIPES, Recipe, with_settings
from core.training.samples import Sample
from core.workspace import Workspace
from db.engine import reading, writing
from db.queries.models import Label, Unlabelled, trained_in_run
from db.tables import ModelVersion, Part, TrainedModel
from db.writes import note_model_use

if TYPE_CHECKING:
    from core.training.loop import Trained


@dataclass(frozen=True)
class Wish:
    """What somebody asks for.

    Attributes
    ----------
    skeleton
        A key of `SKELETONS`.
    recipe, settings
        A key of `RECIPES`, and what should differ from it, as ``{"epochs": "20"}``.
    split_by
        A key of `core.learning_data.SPLIT_BY`.
    parent
        The name of a trained model whose weights to begin from, or None.
    plan
        How to learn from unlabelled pictures too (a key of `core.training.self_training.PLANS`), or None.
    """

    skeleton: str
    recipe: str
    settings: Mapping[str, str]
    split_by: str = "auto"
    parent: str | None = None
    plan: str | None = None

    def chosen(self) -> Recipe:
        """The recipe with its settings.

        Raises
        ------
        BadInput
            If there is no such recipe, no such setting, or a value is not one of its kind.
        """
        if self.recipe not in RECIPES:
            raise BadInput(f"there is no recipe called {self.recipe!r}; there are {', '.join(RECIPES)}")
        return with_settings(RECIPES[self.recipe], dict(self.settings))


def what_there_is(workspace: Workspace, dataset_id: int, skeleton_name: str, split_by: str = "auto") -> Labels:
    """The labels that a training would use now, in the parts that they would go to."""
    with reading(workspace.engine) as session:
        return read_labels(dataset_id, skeleton_name, split_by=split_by, session=session)


def train_model(
    workspace: Workspace,
    *,
    dataset_id: int,
    author_id: int,
    run_id: int,
    wish: Wish,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train on the human labels, and keep the best weights as a new model version.

    A run that was killed goes on where it stopped. One that is cancelled keeps its best so far as a version too.

    Returns
    -------
    dict
        ``model`` (name), ``model_version`` (id), ``epochs``, ``stopped`` ("done", "early", "cancelled" or "nan"),
        ``seconds``, ``validation`` (the best epoch's figures), ``labels`` (counts of each part).

    Raises
    ------
    NotEnoughData
        If there is nothing to learn from, or nothing could be held out.
    BadInput
        If the recipe, a setting or the parent does not fit.
    MissingWeights, BadWeights
        If pretrained weights that the recipe asks for are absent or damaged.
    """
    with reading(workspace.engine) as session:
        known = trained_in_run(run_id, session=session)
        if known is not None:  # killed between this and the end of the run
            return _told(workspace, known)
    recipe = wish.chosen()
    parent = _parent(workspace, wish)
    with writing(workspace.engine) as session:
        labels = read_labels(dataset_id, wish.skeleton, split_by=wish.split_by, session=session)
        _enough(labels)
        keep_parts(dataset_id, labels, session=session)
    folder = training_folder(workspace, run_id)
    where = _Where(dataset_id, author_id, run_id, parent.version_id if parent else None, wish.split_by)
    listener = _Told(progress or Progress(), folder)
    try:
        trained, rounds = _learned(workspace, dataset_id, recipe, wish, labels, parent, folder, listener)
    except Cancelled as stopped:
        if (best := getattr(stopped, "trained", None)) is not None:
            _keep(workspace, best, recipe, labels, where)
        raise
    return _told(workspace, _keep(workspace, trained, recipe, labels, where, rounds))


def _learned(
    workspace: Workspace,
    dataset_id: int,
    recipe: Recipe,
    wish: Wish,
    labels: Labels,
    parent: PoseModel | None,
    folder: Path,
    listener: Listener,
) -> tuple[Trained, list[dict[str, Any]]]:
    """Train, or train in rounds; gives the rounds too (none without a plan)."""
    from core.training.loop import TrainingData, train  # torch is loaded only when something is trained

    learn, choose = labels.of(Part.TRAIN), labels.of(Part.VALIDATION) or _some(labels)
    data = TrainingData(skeleton(wish.skeleton), samples(workspace, learn), samples(workspace, choose))
    where: dict[str, Any] = {
        "device": workspace.settings.device, "listener": listener, "weights_folder": workspace.weights,
    }  # fmt: skip
    if wish.plan is None:
        return train(recipe, data, folder, start_from=parent.file if parent else None, **where), []
    from core.training.self_training import self_train

    if parent is not None:
        raise BadInput("self-training starts every round from fresh weights, so it cannot begin from another model")
    with reading(workspace.engine) as session:
        others = read_unlabelled(dataset_id, labels, split_by=wish.split_by, session=session)
    data = replace(data, unlabelled=_unlabelled(workspace, others, len(data.skeleton)))
    found = self_train(recipe, data, folder, plan=wish.plan, **where)
    return found.trained, [asdict(one) for one in found.rounds]


def _unlabelled(workspace: Workspace, rows: Sequence[tuple[Unlabelled, str]], count: int) -> list[Sample]:
    nothing = Keypoints.of(np.full((count, 2), np.nan))
    return [_sample(workspace, one, group, nothing) for one, group in rows]


def training_folder(workspace: Workspace, run_id: int) -> Path:
    """Where a run keeps its checkpoints, curves and pictures."""
    return workspace.home / "training" / str(run_id)


def samples(workspace: Workspace, labels: Sequence[tuple[Label, str]]) -> list[Sample]:
    """Labels of the store as samples to learn from; `group` is what must not be split."""
    return [_sample(workspace, label, group, Keypoints.from_bytes(label.revision.points)) for label, group in labels]


def _sample(workspace: Workspace, label: Label | Unlabelled, group: str, points: Keypoints) -> Sample:
    one, image = label.instance, label.image
    frame = (f"{label.video_id}", label.frame) if label.video_id is not None and label.frame is not None else None
    return Sample(
        picture=workspace.original(image.original), box=(one.left, one.top, one.right, one.bottom),
        keypoints=points, key=one.id, name=image.path, group=group, frame=frame,
    )  # fmt: skip


@dataclass(frozen=True)
class _Where:
    dataset_id: int
    author_id: int
    run_id: int
    parent_id: int | None
    split_by: str


class _Told(Listener):
    """Passes what the loop tells on to the run's progress; sentences go to a file beside the curves."""

    def __init__(self, progress: Progress, folder: Path) -> None:
        self._progress, self._folder, self._total = progress, folder, 0

    def batch(self, done: int, total: int) -> None:
        if total != self._total:
            self._total = total
            self._progress.begin(total, done, "Training")
        self._progress.advance(done)

    def said(self, sentence: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "said.txt").open("a", encoding="utf-8") as file:
            file.write(sentence + "\n")


def _enough(labels: Labels) -> None:
    have = len(labels.labels)
    if have < 2:
        more = f" ({labels.empty} labels have no point at all)" if labels.empty else ""
        raise NotEnoughData(
            f"training needs at least two instances with human points of {labels.skeleton}, and there "
            f"{'is one' if have else 'are none'}{more}; correct or accept some on the Keypoints page, or import labels"
        )
    if not labels.of(Part.TEST):
        raise NotEnoughData(
            f"all {have} labelled pictures belong to one group ({labels.groups[0]}), so nothing can be held out to "
            "measure on; label another video or person, or split by folder or picture"
        )


def _some(labels: Labels) -> list[tuple[Label, str]]:
    """With two groups none is left to validate on: a few training labels then choose the epoch, never the test."""
    return labels.of(Part.TRAIN)[:: max(1, len(labels.of(Part.TRAIN)) // 50)]


def _parent(workspace: Workspace, wish: Wish) -> PoseModel | None:
    if wish.parent is None:
        return None
    with reading(workspace.engine) as session:
        found = find_model(workspace, wish.parent, session=session)
    if found.file is None:
        raise BadInput(f"{found.name} is built in and cannot be trained further")
    if found.skeleton != wish.skeleton:
        raise BadInput(f"{found.name} locates {found.skeleton}, not {wish.skeleton}; begin from another model")
    return found


def _keep(
    workspace: Workspace,
    trained: Trained,
    recipe: Recipe,
    labels: Labels,
    where: _Where,
    rounds: Sequence[Mapping[str, Any]] = (),
) -> TrainedModel:
    """Move the best weights to the models and write the version down."""
    file = workspace.home / "models" / f"{trained.sha256}.safetensors"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.is_file():
        part = file.with_suffix(f".{where.run_id}.part")
        shutil.copyfile(trained.file, part)
        part.replace(file)
    with reading(workspace.engine) as session:
        name = f"{recipe.name}-{_next_number(session)}"
    predictor = open_predictor(workspace, PoseModel(name, labels.skeleton, file))
    with writing(workspace.engine) as session:
        version_id = version_of(predictor, session=session)
        note_model_use(where.dataset_id, version_id, session=session)
        model = TrainedModel(
            model_version_id=version_id, dataset_id=where.dataset_id, run_id=where.run_id, parent_id=where.parent_id,
            recipe=recipe.name, recipe_settings=recipe.as_json(), skeleton=labels.skeleton,
            file=str(file.relative_to(workspace.home)), author_id=where.author_id, seconds=trained.seconds,
            data={**labels.counts(), "labels_sha256": labels.fingerprint(), "excluded": len(labels.excluded),
                  "split_by": where.split_by,
                  "epochs": trained.epochs, "stopped": trained.stopped, "best": _finite(trained.best),
                  "images_per_second": trained.images_per_second,
                  "rounds": [_finite(one) for one in rounds]},
        )  # fmt: skip
        session.add(model)
        return model


def _next_number(session: Session) -> int:
    return session.exec(select(func.count()).select_from(TrainedModel)).one() + 1


def _finite(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures as JSON can hold them: what is not a number is null."""
    return {key: None if value != value else value for key, value in json.loads(json.dumps(dict(figures))).items()}


def _told(workspace: Workspace, model: TrainedModel) -> dict[str, Any]:
    with reading(workspace.engine) as session:
        version = session.get(ModelVersion, model.model_version_id)
    assert version is not None
    return {
        "model": version.name, "model_version": version.id, "epochs": model.data["epochs"],
        "stopped": model.data["stopped"], "seconds": round(model.seconds, 1), "validation": model.data["best"],
        "labels": {part: model.data[part] for part in Part},
    }  # fmt: skip
