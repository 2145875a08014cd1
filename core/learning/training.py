"""Training a model on the human labels of a dataset, and writing down what came of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, func, select

from core.foundation.errors import BadInput, Cancelled, FacetError, NotEnoughData
from core.foundation.messages import message
from core.foundation.predictor_names import PredictorName
from core.foundation.progress import Progress
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.labels import Labels, keep_parts, read_labels, read_unlabelled
from core.learning.learned import KEY, as_ranges, learned_from
from core.learning.pose_models import PoseModel, ensure_own_weights, find_model, open_predictor
from core.learning.recipes import find_recipe
from core.learning.run_folders import keep_file, resume_from, tidy
from core.learning.samples import samples, unlabelled_samples
from core.learning.training_listener import RunListener, said_in
from core.learning.training_verdict import warnings_about
from core.library.split_groups import group_name
from core.training.listening import Listener
from core.training.recipes import Recipe
from core.training.splits import remark
from db.engine import reading
from db.queries.learning.labels import HumanLabel
from db.queries.learning.models import model_versions, trained_by_name, trained_in_run
from db.tables import ModelVersion, Part, TrainedModel
from db.writes.models import ensure_model_version, note_model_use
from db.writing import writing

if TYPE_CHECKING:
    from core.training.loop import Trained


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
        A key of `core.learning.labels.SPLIT_BY`.
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


def current_labels(workspace: Workspace, dataset_id: int, skeleton_name: str, split_by: str = "auto") -> Labels:
    """The labels that a training would use now, in the parts that they would go to."""
    with reading(workspace.engine) as session:
        return read_labels(dataset_id, skeleton_name, split_by=split_by, session=session)


def train_model(
    workspace: Workspace,
    *,
    dataset_id: int,
    author_id: int,
    run_id: int,
    request: TrainingRequest,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train on the human labels, and keep the best weights as a new model version.

    A run that was killed goes on where it stopped. One that is cancelled keeps its best so far as a version too.

    Returns
    -------
    dict
        ``model`` (name), ``model_version`` (id), ``epochs``, ``stopped`` ("done", "early", "cancelled" or "nan"),
        ``seconds``, ``validation`` (the best epoch's figures), ``labels`` (counts of each part), ``said`` (what
        a person should know: a halved batch, a loss that was no number), ``warnings`` (those of it that speak against
        the model: its best is no better than the mean shape).

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
        known = trained_in_run(run_id, session=session)
        if known is not None:  # killed between this and the end of the run
            return _told(workspace, known)
    recipe = find_recipe(request.recipe, request.settings)
    parent = _parent(workspace, request)
    with writing(workspace.engine) as session:
        labels = read_labels(dataset_id, request.skeleton, split_by=request.split_by, session=session)
        _enough(labels)
        keep_parts(dataset_id, labels, session=session)
    resume_from(workspace, run_id)
    folder = workspace.training_folder(run_id)
    seen = _seen(workspace, labels, parent)
    where = _Where(dataset_id, author_id, run_id, parent.version_id if parent else None, request.split_by, seen)
    listener = RunListener(progress or Progress(), folder)
    try:
        trained, rounds = _learned(workspace, where, recipe, request, labels, parent, folder, listener)
    except Cancelled as stopped:
        if (best := getattr(stopped, "trained", None)) is not None:
            _keep(workspace, best, recipe, labels, where)
            tidy(folder)
        raise
    if not trained.epochs:
        raise FacetError("training.nothing_learned", reason="; ".join(said_in(folder)) or message("training.no_epoch"))
    doubts = warnings_about(workspace, labels, labels.of(Part.VALIDATION) or _some(labels), trained.best, recipe.rate)
    for sentence in doubts:
        if sentence not in said_in(folder):  # before it was killed
            listener.said(sentence)
    model = _keep(workspace, trained, recipe, labels, where, rounds, doubts)
    tidy(folder)
    return _told(workspace, model)


def _seen(workspace: Workspace, labels: Labels, parent: PoseModel | None) -> set[int]:
    """Ids of the instances that the weights or the choice of an epoch will depend on, the parent's among them."""
    with reading(workspace.engine) as session:
        before = trained_by_name(parent.name, session=session) if parent else None
    now = {label.instance.id for part in (Part.TRAIN, Part.VALIDATION) for label, _ in labels.of(part)}
    return now | (learned_from(before.data) if before else set())


def _learned(
    workspace: Workspace,
    asked: _Where,
    recipe: Recipe,
    request: TrainingRequest,
    labels: Labels,
    parent: PoseModel | None,
    folder: Path,
    listener: Listener,
) -> tuple[Trained, list[dict[str, Any]]]:
    """Train, or train in rounds; gives the rounds too (none without a plan)."""
    from core.training.distributed import trainer  # torch is loaded only when something is trained
    from core.training.loop import TrainingData

    learn, choose = labels.of(Part.TRAIN), labels.of(Part.VALIDATION) or _some(labels)
    if (missing := remark(dict(zip(labels.groups, labels.parts, strict=True)))) is not None:
        listener.said(missing)
    data = TrainingData(find_skeleton(request.skeleton), samples(workspace, learn), samples(workspace, choose))
    where: dict[str, Any] = {
        "device": workspace.settings.device,
        "listener": listener,
        "weights_folder": workspace.weights,
    }
    plan = request.plan or (recipe.self_training if recipe.self_training != "none" else None)
    together = workspace.settings.training_processes
    if plan is None:
        start = {"start_from": parent.file, "start_name": parent.name} if parent else {"start_from": None}
        return trainer(together)(recipe, data, folder, **start, **where), []
    from core.training.self_training import self_train

    if parent is not None:
        raise BadInput("training.self_training_begins_fresh")
    with reading(workspace.engine) as session:
        others = read_unlabelled(asked.dataset_id, labels, split_by=request.split_by, session=session)
    asked.seen.update(one.instance.id for one, _ in others)
    data = replace(data, unlabelled=unlabelled_samples(workspace, others, len(data.skeleton)))
    found = self_train(recipe, data, folder, plan=plan, processes=together, **where)
    return found.trained, [asdict(replace(one, file="")) for one in found.rounds]  # their weights go with the run


@dataclass(frozen=True)
class _Where:
    dataset_id: int
    author_id: int
    run_id: int
    parent_id: int | None
    split_by: str
    seen: set[int]  # ids of instances


def _enough(labels: Labels) -> None:
    have = len(labels.labels)
    if have < 2:
        there = message("training.one_instance" if have else "training.no_instance")
        if labels.empty:
            there = message("training.and_empty_labels", there=there, count=labels.empty)
        raise NotEnoughData("training.two_instances", skeleton=labels.skeleton, there=there)
    if not labels.of(Part.TEST):
        clip = labels.groups[0].startswith(group_name("clip", ""))  # its frames stay together whatever is chosen
        raise NotEnoughData(
            "training.one_group_of_clip" if clip else "training.one_group", count=have, group=labels.groups[0].strip()
        )


def _some(labels: Labels) -> list[tuple[HumanLabel, str]]:
    """With two groups none is left to validate on: a few training labels then choose the epoch, never the test."""
    return labels.of(Part.TRAIN)[:: max(1, len(labels.of(Part.TRAIN)) // 50)]


def _parent(workspace: Workspace, request: TrainingRequest) -> PoseModel | None:
    if request.parent is None:
        return None
    with reading(workspace.engine) as session:
        found = find_model(workspace, request.parent, session=session)
    if found.file is None:
        raise BadInput("training.built_in", name=found.name)
    if found.skeleton != request.skeleton:
        raise BadInput("training.begins_elsewhere", name=found.name, skeleton=found.skeleton, wanted=request.skeleton)
    ensure_own_weights(found)
    return found


def _keep(
    workspace: Workspace,
    trained: Trained,
    recipe: Recipe,
    labels: Labels,
    where: _Where,
    rounds: Sequence[Mapping[str, Any]] = (),
    warnings: Sequence[str] = (),
) -> TrainedModel:
    """Give the best weights a place among the models and write the version down."""
    file = workspace.trained_models / f"{trained.sha256}.safetensors"
    keep_file(trained.file, file)
    predictor = open_predictor(workspace, PoseModel(PredictorName(recipe.name), labels.skeleton, file))
    with writing(workspace.engine) as session:
        name = _free_name(recipe.name, session)
        sha256, settings = predictor.weights_sha256, predictor.settings
        version_id = ensure_model_version(name, "landmarks", sha256, settings, session=session)
        note_model_use(where.dataset_id, version_id, session=session)
        model = TrainedModel(
            model_version_id=version_id,
            dataset_id=where.dataset_id,
            run_id=where.run_id,
            parent_id=where.parent_id,
            recipe=recipe.name,
            recipe_settings=recipe.as_json(),
            skeleton=labels.skeleton,
            file=str(file.relative_to(workspace.home)),
            author_id=where.author_id,
            seconds=trained.seconds,
            data={
                **labels.counts(),
                "labels_sha256": labels.fingerprint(),
                "excluded": len(labels.excluded),
                "split_by": where.split_by,
                KEY: as_ranges(where.seen),
                "epochs": trained.epochs,
                "stopped": trained.stopped,
                "best": _finite(trained.best),
                "images_per_second": trained.images_per_second,
                "rounds": [_finite(one) for one in rounds],
                "warnings": list(warnings),
            },
        )
        session.add(model)
        return model


def _free_name(recipe: str, session: Session) -> str:
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


def _told(workspace: Workspace, model: TrainedModel) -> dict[str, Any]:
    with reading(workspace.engine) as session:
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
        "said": said_in(workspace.training_folder(model.run_id)) if model.run_id is not None else [],
        "warnings": model.data.get("warnings") or [],
    }
