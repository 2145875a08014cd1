"""Which model pre-labels a dataset: promoting a version, rolling back, and giving its points to what no human touched.

A human's points never change: pre-labels are revisions of a model, appended to instances whose points are a model's or
nobody's yet.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from sqlmodel import Session

from core.foundation.arrays import Bools, Keypoints
from core.foundation.batching import batched
from core.foundation.errors import BadInput
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.pose_models import PoseModel, built_in_for, find_model, stored_versions
from db.engine import reading
from db.queries.learning.models import (
    heads_of,
    model_heads,
    newest_untrained,
    predictions_of,
    promotion,
    promotions,
    standing_promotions,
)
from db.queries.library import count_instances
from db.tables import PROPOSAL, Instance, KeypointRevision, ModelVersion, Promotion, Review, Source
from db.writes.points import append_revision
from db.writing import writing

_BATCH: Final = 500
_NOTE: Final = message("edits.pre_labelled").to_json()


def promote(workspace: Workspace, dataset_id: int, model: str, *, author_id: int) -> str:
    """From now on `model` pre-labels the dataset; a built-in name goes back to the built-in model. Gives the skeleton.

    Raises
    ------
    NotFound
        If there is no such model.
    BadInput
        If it is the one that pre-labels already, or a built-in one that never does, or the name says how to use it:
        what pre-labels is used plainly.
    """
    with writing(workspace.engine) as session:
        model_in_use = find_model(workspace, model, session=session)
        if model_in_use.use_name != model_in_use.name:
            raise BadInput("models.promote_itself", use=model, name=model_in_use.name)
        usual = built_in_for(workspace, model_in_use.skeleton)
        if model_in_use.version_id is None and model_in_use.name != usual:
            raise BadInput("models.gives_no_first_points", name=model, usual=usual or "none")
        newest = promotion(dataset_id, model_in_use.skeleton, session=session)
        if model_in_use.version_id == (newest.model_version_id if newest else None):
            raise BadInput("models.promoted_already", name=model)
        row = Promotion(
            dataset_id=dataset_id,
            skeleton=model_in_use.skeleton,
            model_version_id=model_in_use.version_id,
            author_id=author_id,
        )
        session.add(row)
        return model_in_use.skeleton


def roll_back(workspace: Workspace, dataset_id: int, skeleton_name: str, *, author_id: int) -> str | None:
    """Take the newest promotion back that stands; again, the one before it, down to the model that was there at first.

    Gives the name of what pre-labels now, or None for the model that was there at first.

    Raises
    ------
    BadInput
        If no promotion stands.
    """
    with writing(workspace.engine) as session:
        standing = standing_promotions(dataset_id, skeleton_name, session=session)
        if not standing:
            if promotion(dataset_id, skeleton_name, session=session):
                raise BadInput("models.all_rolled_back", skeleton=skeleton_name)
            raise BadInput("models.nothing_promoted", skeleton=skeleton_name)
        newest, *before = standing
        version_id = before[0].model_version_id if before else None
        session.add(
            Promotion(
                dataset_id=dataset_id,
                skeleton=skeleton_name,
                model_version_id=version_id,
                author_id=author_id,
                rolls_back_id=newest.id,
            )
        )
        return _name(version_id, session=session)


def steps_back(workspace: Workspace, dataset_id: int, skeleton_name: str) -> list[str | None]:
    """What each further `roll_back` brings back, the next first; None is the model that was there at first.

    Empty where nothing is left to go back from.
    """
    with reading(workspace.engine) as session:
        standing = standing_promotions(dataset_id, skeleton_name, session=session)
        return [*(_name(row.model_version_id, session=session) for row in standing[1:]), *([None] if standing else [])]


def _name(version_id: int | None, *, session: Session) -> str | None:
    version = session.get(ModelVersion, version_id) if version_id is not None else None
    return version.name if version else None


def in_force(workspace: Workspace, dataset_id: int, skeleton_name: str) -> str | None:
    """The name of the trained model that pre-labels, or None where the built-in one does."""
    with reading(workspace.engine) as session:
        newest = promotion(dataset_id, skeleton_name, session=session)
        return _name(newest.model_version_id, session=session) if newest else None


def pre_labels_now(workspace: Workspace, dataset_id: int, skeleton_name: str) -> str | None:
    """The name of what gives the first points now, trained or built in; None where nothing does."""
    return in_force(workspace, dataset_id, skeleton_name) or built_in_for(workspace, skeleton_name)


def promoted_skeletons(workspace: Workspace, dataset_id: int) -> list[str]:
    """The skeletons in which a trained model is in force: for faces, and for people, the one promoted last."""
    with reading(workspace.engine) as session:
        newest: dict[str, dict[str, object]] = {}
        for row in promotions(dataset_id, session=session):  # the newest first
            newest.setdefault(find_skeleton(str(row["skeleton"])).kind, row)
    return [str(row["skeleton"]) for row in newest.values() if row["version_id"] is not None]


def pre_label(
    workspace: Workspace, *, dataset_id: int, skeleton_name: str, progress: Progress = DEAF
) -> dict[str, Any]:
    """Give the points of the model in force to every instance that no human has corrected.

    Points that no label has taught the model are not the model's to give: they are as a built-in model found them, or
    as they were before, or absent.

    The predictions have to be stored already (`core.learning.predicting`). Instances that the model gave no points keep
    theirs. With no model in force, the newest points of a built-in model come back; where there never were any, the
    points of a model that was rolled back no longer count, and the instance has none, as before it was promoted.

    Returns
    -------
    dict
        ``model`` (what gave the points, None where nothing does), ``prelabelled`` (instances whose points are others
        now), ``kept`` (those that have them already, or got none), ``human`` (those that are left alone because a human
        set their points), ``untaught`` (names of the points that no label has taught the model).
    """
    with reading(workspace.engine) as session:
        newest = promotion(dataset_id, skeleton_name, session=session)
        version_id = newest.model_version_id if newest else None
        heads = model_heads(dataset_id, find_skeleton(skeleton_name).kind, session=session)
        versions = _versions(workspace, version_id, session=session)
        human = count_instances(dataset_id, find_skeleton(skeleton_name).kind, session=session) - len(heads)
        model = _model(workspace, version_id, session=session)
    untaught = model.untaught() if model else np.zeros(len(find_skeleton(skeleton_name)), np.bool_)
    progress.begin(len(heads), message=message("progress.pre_labelling"))
    changed = done = 0
    for batch in batched(heads, _BATCH):
        with writing(workspace.engine) as session:
            ids = [instance.id for instance, _ in batch]
            points = _points_of(ids, versions, skeleton_name, session=session)
            if untaught.any():
                points = _filled(points, untaught, skeleton_name, session=session)
            changed += sum(_append(instance.id, skeleton_name, points, session=session) for instance, _ in batch)
            if not versions:
                changed += sum(
                    _withdraw(instance.id, skeleton_name, session=session)
                    for instance, _ in batch
                    if instance.id not in points
                )
        done += len(batch)
        progress.advance(done)
    return {
        "model": pre_labels_now(workspace, dataset_id, skeleton_name),
        "prelabelled": changed,
        "kept": len(heads) - changed,
        "human": human,
        "untaught": model.untaught_names() if model else [],
    }


def _versions(workspace: Workspace, version_id: int | None, *, session: Session) -> list[int]:
    """The version in force, and its others, the newest first; none where no trained model is in force.

    A GPU and a processor compute in different precisions, so the same weights have a version for each: what the
    one has not looked at is taken from the others.
    """
    plain = _model(workspace, version_id, session=session)
    if plain is None or version_id is None:
        return []
    return [version_id, *(other for other in stored_versions(plain, session=session) if other != version_id)]


def _model(workspace: Workspace, version_id: int | None, *, session: Session) -> PoseModel | None:
    """The trained model of a version in its plain use."""
    version = session.get(ModelVersion, version_id) if version_id is not None else None
    return find_model(workspace, version.name, session=session) if version else None


def _filled(
    points: Mapping[int, tuple[bytes, int | None]], untaught: Bools, skeleton_name: str, *, session: Session
) -> dict[int, tuple[bytes, int | None]]:
    """Points of a model with those that nobody taught it taken from elsewhere: from the newest of a built-in model,
    else from what counts now."""
    others = {**heads_of([*points], skeleton_name, session=session)}
    others |= newest_untrained([*points], skeleton_name, session=session)
    return {
        instance: (Keypoints.from_bytes(blob).without(untaught, _unpacked(others.get(instance))).to_bytes(), version)
        for instance, (blob, version) in points.items()
    }


def _unpacked(revision: KeypointRevision | None) -> Keypoints | None:
    return Keypoints.from_bytes(revision.points) if revision else None


def _points_of(
    instance_ids: Sequence[int], versions: Sequence[int], skeleton_name: str, *, session: Session
) -> dict[int, tuple[bytes, int | None]]:
    """The packed points that each instance should have, and the version they are of."""
    if versions:
        stored = predictions_of(instance_ids, versions, session=session)
        return {instance: (row.points, version_id) for instance, (version_id, row) in stored.items()}
    rows = newest_untrained(instance_ids, skeleton_name, session=session)
    return {instance: (row.points, row.model_version_id) for instance, row in rows.items()}


def _append(
    instance_id: int, skeleton_name: str, points: Mapping[int, tuple[bytes, int | None]], *, session: Session
) -> bool:
    instance = session.get(Instance, instance_id)
    if instance is None or instance_id not in points:
        return False
    head = session.get(KeypointRevision, instance.revision_id) if instance.revision_id else None
    blob, version_id = points[instance_id]
    if head is not None and (head.source == Source.HUMAN or (head.model_version_id, head.points) == (version_id, blob)):
        return False  # a human was quicker, or it has these points
    append_revision(
        instance, skeleton_name, blob, Review.OPEN, model_version_id=version_id, note=_NOTE, session=session
    )
    return True


def _withdraw(instance_id: int, skeleton_name: str, *, session: Session) -> bool:
    """Take the points of a trained model off an instance that no built-in model has seen; the revision stays."""
    instance = session.get(Instance, instance_id)
    head = session.get(KeypointRevision, instance.revision_id) if instance and instance.revision_id else None
    if instance is None or head is None or head.source != Source.MODEL or head.skeleton != skeleton_name:
        return False  # a human was quicker, or the points are of another kind
    version = session.get(ModelVersion, head.model_version_id) if head.model_version_id is not None else None
    if version is None or version.kind == PROPOSAL:
        return False  # nobody promoted what gave these
    instance.revision_id = None
    return True
