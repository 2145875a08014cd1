"""The points of one face or body at once: what a box that was just drawn or moved gets, without a run."""

from functools import lru_cache

import numpy as np

from core.foundation.errors import FacetError, MissingWeights, NotFound
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.pose_models import PoseModel, Predictor, find_model, open_predictor
from core.learning.promoting import pre_labels_now, promoted_skeletons
from core.library.batches import open_picture
from core.library.lookup import find_image
from db.engine import LARGEST_ID, reading
from db.queries.learning.models import StoredPrediction
from db.tables import Image, Instance, KeypointRevision, Review, Source
from db.writes.library import refresh_picture
from db.writes.models import ensure_model_version, note_model_use, replace_predictions
from db.writes.points import append_revision
from db.writing import writing

_USUAL = {"face": "face68", "person": "body24"}


def first_points(workspace: Workspace, instance_id: int) -> str | None:
    """Let what pre-labels look into the box of an instance; returns its name, or None where a human has set points.

    Raises
    ------
    NotFound
        If it is not there any more.
    MissingWeights, BadWeights
        If nothing pre-labels such instances on this machine, or its file is damaged.
    BadInput
        If its picture cannot be read.
    """
    with reading(workspace.engine) as session:
        instance = session.get(Instance, instance_id) if instance_id <= LARGEST_ID else None
        if instance is None or instance.removed:
            raise NotFound("points.instance_gone")
        image = find_image(instance.image_id, session=session)
        head = session.get(KeypointRevision, instance.revision_id) if instance.revision_id else None
    if head is not None and head.source == Source.HUMAN:
        return None
    model = _what_pre_labels(workspace, instance)
    _give(workspace, instance, image, model)
    return model.name


def _what_pre_labels(workspace: Workspace, instance: Instance) -> PoseModel:
    promoted = promoted_skeletons(workspace, instance.dataset_id)
    skeleton = next((name for name in promoted if find_skeleton(name).kind == instance.kind), _USUAL[instance.kind])
    name = pre_labels_now(workspace, instance.dataset_id, skeleton)
    if name is None:
        raise MissingWeights("points.nothing_pre_labels", skeleton=skeleton)
    with reading(workspace.engine) as session:
        return find_model(workspace, name, session=session)


def _give(workspace: Workspace, instance: Instance, image: Image, model: PoseModel) -> None:
    predictor = _loaded(workspace, model.use_name)
    opened = open_picture(workspace, image)
    if opened.failure is not None:
        raise FacetError.saying(opened.failure)
    corners = np.asarray([instance.box], np.float32)
    [[(found, doubt)]] = predictor.estimate([opened.pixels], [corners], [[instance.box_source]])
    with writing(workspace.engine) as session:
        stored = session.get(Instance, instance.id)
        if stored is None or stored.revision_id != instance.revision_id:
            return  # somebody was quicker
        version = ensure_model_version(
            predictor.name, "landmarks", predictor.weights_sha256, dict(predictor.settings), session=session
        )
        note_model_use(instance.dataset_id, version, session=session)
        points, doubt = found.without(model.untaught()), doubt.without(model.untaught())
        packed = points.to_bytes()
        append_revision(stored, model.skeleton, packed, Review.OPEN, model_version_id=version, session=session)
        if doubt.stated:
            rows = {stored.id: StoredPrediction(model.skeleton, packed, doubt.to_bytes())}
            replace_predictions(version, rows, session=session)
        refresh_picture(image.id, session=session)


@lru_cache(maxsize=4)
def _loaded(workspace: Workspace, use_name: str) -> Predictor:
    with reading(workspace.engine) as session:
        return open_predictor(workspace, find_model(workspace, use_name, session=session))
