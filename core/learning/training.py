"""Training a model on the true labels of a dataset, and writing down what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sqlmodel import Session, func, select

from core.foundation.errors import BadInput, FacetError, NotEnoughData
from core.foundation.messages import Message, joined, message, some
from core.foundation.predictor_names import PredictorName
from core.foundation.progress import DEAF, Progress
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.labels import Labels, keep_parts, read_labels, read_unlabelled
from core.learning.pose_models import PoseModel, ensure_own_weights, find_model, open_predictor
from core.learning.recipes import find_recipe
from core.learning.run_folder import RunListener, keep_file, messages_in, resume_from, tidy
from core.learning.samples import LEARNED, TAUGHT, as_ranges, learned_from, samples, taught_by, unlabelled_samples
from core.library.batches import set_aside
from core.library.exclusions import excluded_pictures
from core.library.split_groups import group_name
from core.training.listening import Listener, TrainingCancelled
from core.training.recipe import Recipe
from core.training.splits import remark
from db.engine import reading
from db.queries.learning.labels import HumanLabel, UnlabelledInstance
from db.queries.learning.models import model_versions, trained_by_name, trained_in_run
from db.queries.library import pictures_set_aside
from db.tables import ModelVersion, Part, TrainedModel
from db.writes.models import ensure_model_version, note_model_use
from db.writing import writing

if TYPE_CHECKING:
    from core.training.loop import TrainingOutcome
    from core.training.preparation import TrainingData

_NAMED: Final = 5  # pictures that a sentence names


@dataclass(frozen=True)
class TrainingRequest:
    """What somebody asks for.

    Attributes
    ----------
    skeleton
        A key of `SKELETONS`.
    recipe, settings
        A key of `RECIPES`, and what should differ from it, as ``{"epochs": "20"}``.
    split_by
        One of `core.learning.labels.SPLIT_BY`.
    parent
        The name of a trained model whose weights to begin from, or None.
    plan
        How to learn from unlabelled pictures too (a key of `core.training.self_training.PLANS`), or None.
    in_progress
        Whether to learn from what a human is working on too: from the points that a human has set.
    """

    skeleton: str
    recipe: str
    settings: Mapping[str, str]
    split_by: str = "auto"
    parent: str | None = None
    plan: str | None = None
    in_progress: bool = False


@dataclass(frozen=True)
class TrainingRun:
    """A training as it begins: who asked for it in which run, its recipe, what to begin from and what to learn from.

    `unlabelled` are the instances that it labels itself, with their groups; none without a plan for that. Pictures that
    are `set_aside`, by their ids, are not opened.
    """

    dataset_id: int
    author_id: int
    run_id: int
    split_by: str
    recipe: Recipe
    plan: str | None
    parent: PoseModel | None
    labels: Labels
    unlabelled: Sequence[tuple[UnlabelledInstance, str]]
    set_aside: Set[int] = frozenset()

    def choosing(self) -> list[tuple[HumanLabel, str]]:
        """The labels that the best epoch is chosen by, with their groups.

        With two groups none is left to validate on: a few training labels then choose the epoch, never the test.
        """
        learning = self.labels.of(Part.TRAIN)
        return self.labels.of(Part.VALIDATION) or learning[:: max(1, len(learning) // 50)]

    def taught(self) -> tuple[int, ...]:
        """Rows of the points that labels teach, here or before in the parent."""
        skeleton, augmentation = find_skeleton(self.labels.skeleton), self.recipe.augmentation
        mirrored = augmentation is not None and augmentation.mirror > 0
        rows = taught_by(self.labels.of(Part.TRAIN), skeleton, mirrored=mirrored)
        if self.parent is not None:
            rows |= ~self.parent.untaught()
        return tuple(np.flatnonzero(rows).tolist())

    def model(self, file: Path | None = None) -> PoseModel:
        """The model that it makes, without a version yet."""
        return PoseModel(PredictorName(self.recipe.name), self.labels.skeleton, file, taught=self.taught())

    def seen(self, *, session: Session) -> set[int]:
        """Ids of the instances that the weights or the choice of an epoch depend on, the parent's among them."""
        before = trained_by_name(self.parent.name, session=session) if self.parent else None
        labelled = {label.instance.id for part in (Part.TRAIN, Part.VALIDATION) for label, _ in self.labels.of(part)}
        self_labelled = {row.instance.id for row, _ in self.unlabelled}
        return labelled | self_labelled | learned_from(before)


def train_model(
    workspace: Workspace,
    *,
    dataset_id: int,
    author_id: int,
    run_id: int,
    request: TrainingRequest,
    progress: Progress = DEAF,
) -> dict[str, Any]:
    """Train on the true labels, and keep the best weights as a new model version.

    A run that was killed goes on where it stopped. One that is cancelled keeps its best so far as a version too.

    Returns
    -------
    dict
        ``model`` (name), ``model_version`` (id), ``epochs``, ``stopped`` ("done", "early", "cancelled" or "nan"),
        ``seconds``, ``validation`` (the best epoch's figures), ``labels`` (counts of each part), ``in_progress`` (how
        many of those learned from nobody has accepted), ``said`` (what a person should know: a halved batch, a loss
        that was no number).

    Raises
    ------
    NotEnoughData
        If there is nothing to learn from, or nothing could be held out.
    BadInput
        If the recipe, a setting or the parent does not fit.
    MissingWeights, BadWeights
        If pretrained weights that the recipe asks for are absent or damaged.
    FacetError
        If the loss is no number before the first epoch is over: there is nothing good to keep.
    """
    with reading(workspace.engine) as session:
        kept_model = trained_in_run(run_id, session=session)
        if kept_model is not None:  # killed between this and the end of the run
            return _report(workspace, kept_model, session=session)
    training = _begun(workspace, dataset_id, author_id, run_id, request)
    resume_from(workspace, run_id)
    folder = workspace.training_folder(run_id)
    listener = RunListener(progress, folder)
    for told in _cautions(workspace, training):
        if told not in messages_in(folder):  # else it was told before the run was killed
            listener.remark(told)
    try:
        trained, rounds = _train(workspace, training, folder, listener)
    except TrainingCancelled as stopped:
        _keep(workspace, training, stopped.trained)
        tidy(folder)
        raise
    finally:
        set_aside(workspace, run_id, [int(key) for key in progress.suspicion.killers])
    if not trained.epochs:
        reason = joined(messages_in(folder)) or message("training.no_epoch")
        raise FacetError("training.nothing_learned", reason=reason)
    model = _keep(workspace, training, trained, rounds)
    tidy(folder)
    with reading(workspace.engine) as session:
        return _report(workspace, model, session=session)


def _cautions(workspace: Workspace, training: TrainingRun) -> Iterator[Message]:
    """What whoever trains should know of the labels before anything is learned."""
    if untaught := training.model().untaught_names():
        yield message("trainings.untaught", points=untaught)
    with reading(workspace.engine) as session:
        unclear = excluded_pictures(training.dataset_id, session=session).unclear
    if unclear:
        yield message("trainings.unclear_exclusions", names=some(sorted(unclear), _NAMED))
    if aside := sorted({label.image.path for label in training.labels.labels if label.image.id in training.set_aside}):
        yield message("trainings.set_aside", names=some(aside, _NAMED))


def _begun(workspace: Workspace, dataset_id: int, author_id: int, run_id: int, request: TrainingRequest) -> TrainingRun:
    """Check what was asked, and write down which group is in which part from now on."""
    recipe = find_recipe(request.recipe, request.settings)
    plan = request.plan or (recipe.self_training if recipe.self_training != "none" else None)
    parent = _parent(workspace, request)
    if plan and parent:
        raise BadInput("training.self_training_begins_fresh")
    with writing(workspace.engine) as session:
        labels = read_labels(
            dataset_id, request.skeleton, split_by=request.split_by, in_progress=request.in_progress, session=session
        )
        _enough(labels)
        keep_parts(dataset_id, labels, session=session)
    with reading(workspace.engine) as session:
        rows = read_unlabelled(dataset_id, labels, split_by=request.split_by, session=session) if plan else []
        aside = frozenset(image.id for image in pictures_set_aside(dataset_id, session=session))
    return TrainingRun(dataset_id, author_id, run_id, request.split_by, recipe, plan, parent, labels, rows, aside)


def _train(
    workspace: Workspace, training: TrainingRun, folder: Path, listener: Listener
) -> tuple[TrainingOutcome, list[dict[str, Any]]]:
    """Train, or train in rounds; gives the rounds too (none without a plan)."""
    from core.training.distributed import trainer  # torch is loaded only when something is trained
    from core.training.self_training import self_train

    labels, parent = training.labels, training.parent
    if (missing := remark(dict(zip(labels.groups, labels.parts, strict=True)))) is not None:
        listener.remark(missing)
    data = _data(workspace, training)
    processes = workspace.settings.training_processes
    here: dict[str, Any] = {
        "device": workspace.settings.device,
        "listener": listener,
        "weights_folder": workspace.weights,
    }
    if training.plan is None:
        start = {"start_from": parent.file, "start_name": parent.name} if parent else {"start_from": None}
        return trainer(processes)(training.recipe, data, folder, **start, **here), []
    result = self_train(training.recipe, data, folder, plan=training.plan, processes=processes, **here)
    return result.trained, [asdict(replace(each, file="")) for each in result.rounds]  # their weights go with the run


def _data(workspace: Workspace, training: TrainingRun) -> TrainingData:
    from core.training.preparation import TrainingData

    points = find_skeleton(training.labels.skeleton)
    learning = [row for row in training.labels.of(Part.TRAIN) if row[0].image.id not in training.set_aside]
    choosing = [row for row in training.choosing() if row[0].image.id not in training.set_aside]
    rows = [row for row in training.unlabelled if row[0].image.id not in training.set_aside]
    unlabelled = unlabelled_samples(workspace, rows, len(points))
    return TrainingData(points, samples(workspace, learning), samples(workspace, choosing), unlabelled)


def _enough(labels: Labels) -> None:
    have = len(labels.labels)
    if have < 2:
        instances = message("training.one_instance" if have else "training.no_instance")
        if labels.empty:
            instances = message("training.and_empty_labels", there=instances, count=labels.empty)
        raise NotEnoughData("training.two_instances", skeleton=labels.skeleton, there=instances)
    if not labels.of(Part.TEST):
        if labels.in_progress == have:
            raise NotEnoughData("training.none_accepted", count=have)
        clip = labels.groups[0].startswith(group_name("clip", ""))  # its frames stay together whatever is chosen
        raise NotEnoughData(
            "training.one_group_of_clip" if clip else "training.one_group", count=have, group=labels.groups[0].strip()
        )


def _parent(workspace: Workspace, request: TrainingRequest) -> PoseModel | None:
    if request.parent is None:
        return None
    with reading(workspace.engine) as session:
        parent = find_model(workspace, request.parent, session=session)
    if parent.file is None:
        raise BadInput("training.built_in", name=parent.name)
    if parent.skeleton != request.skeleton:
        raise BadInput("training.begins_elsewhere", name=parent.name, skeleton=parent.skeleton, wanted=request.skeleton)
    ensure_own_weights(parent)
    return parent


def _keep(
    workspace: Workspace, training: TrainingRun, trained: TrainingOutcome, rounds: Sequence[Mapping[str, Any]] = ()
) -> TrainedModel:
    """Give the best weights a place among the models and write the version down."""
    recipe, labels = training.recipe, training.labels
    file = workspace.trained_models / f"{trained.sha256}.safetensors"
    keep_file(trained.file, file)
    predictor = open_predictor(workspace, training.model(file))
    with writing(workspace.engine) as session:
        name = _free_name(recipe.name, session=session)
        sha256, settings = predictor.weights_sha256, predictor.settings
        version_id = ensure_model_version(name, "landmarks", sha256, settings, session=session)
        note_model_use(training.dataset_id, version_id, session=session)
        model = TrainedModel(
            model_version_id=version_id,
            dataset_id=training.dataset_id,
            run_id=training.run_id,
            parent_id=training.parent.version_id if training.parent else None,
            recipe=recipe.name,
            recipe_settings=recipe.as_json(),
            skeleton=labels.skeleton,
            file=str(file.relative_to(workspace.home)),
            author_id=training.author_id,
            seconds=trained.seconds,
            data={
                **labels.counts(),
                "labels_sha256": labels.fingerprint(),
                "excluded": len(labels.excluded),
                "in_progress": labels.in_progress,
                "split_by": training.split_by,
                TAUGHT: list(training.taught()),
                LEARNED: as_ranges(training.seen(session=session)),
                "epochs": trained.epochs,
                "stopped": trained.stopped,
                "best": _finite(trained.best),
                "images_per_second": trained.images_per_second,
                "rounds": [_finite(each) for each in rounds],
            },
        )
        session.add(model)
        return model


def _free_name(recipe: str, *, session: Session) -> str:
    """The recipe's name and a number that no model has had; inside the transaction that adds the model."""
    number = session.exec(select(func.count()).select_from(TrainedModel)).one() + 1
    while model_versions(f"{recipe}-{number}", session=session):
        number += 1
    return f"{recipe}-{number}"


def _finite(value: Any) -> Any:
    """Figures as JSON can hold them: what is not a finite number is null."""
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _report(workspace: Workspace, model: TrainedModel, *, session: Session) -> dict[str, Any]:
    version = session.get(ModelVersion, model.model_version_id)
    assert version is not None
    return {
        "model": version.name,
        "model_version": version.id,
        "epochs": model.data["epochs"],
        "stopped": model.data["stopped"],
        "seconds": round(model.seconds, 1),
        "validation": model.data["best"],
        "labels": {part: model.data[part] for part in Part},
        "in_progress": model.data.get("in_progress", 0),
        "said": [each.to_json() for each in messages_in(workspace.training_folder(model.run_id or 0))],
    }
