"""The trees of joins that are kept in the home folder: a cache, made anew wherever it does not fit the store.

One file for each dataset, encoder and way of grouping, of the state of the people that it was made of.
"""

import logging
import os
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlmodel import Session

from core.clustering.gate import QualityGate
from core.clustering.linkage import MergeTree, merge_tree
from core.clustering.reach import Reach
from core.foundation.errors import BadInput
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.media.files import open_partial
from core.models import pair_finder
from core.people.encoders import own_threshold
from core.people.evidence import Evidence, grouping_state
from core.people.vectors import face_vectors
from core.people.what_if import PeopleTree
from db.engine import reading
from db.queries.store import store_id
from db.tables import ModelVersion

_FORMAT: Final = 5  # of the files: raise it with what is in them, or with how joins are made
_LOOSER: Final = 0.1  # than the encoder's own threshold: where joins end, if nobody asks for looser ones
_JOINS: Final = 0.9  # of the work, where there are thousands of poor faces
_HELD: Final = ("photos", "firm")
_REACH: Final = tuple(f"reach_{field.name}" for field in fields(Reach))
_log = logging.getLogger(__name__)


def people_tree(
    workspace: Workspace,
    dataset_id: int,
    encoder: ModelVersion,
    *,
    least: float,
    regroup: bool,
    progress: Progress = DEAF,
) -> PeopleTree:
    """The tree of a dataset down to a threshold or below: the kept one, else one that is made and kept.

    Raises
    ------
    BadInput
        If the threshold lies outside [-1, 1].
    """
    if not -1 <= least <= 1:
        raise BadInput("arrays.threshold", found=least)
    kept = kept_tree(workspace, dataset_id, encoder.id, least=least, regroup=regroup)
    if kept is not None:
        return kept
    evidence = Evidence.of(workspace, dataset_id, encoder.id)
    count = len(evidence.faces.instances)
    progress.begin(count, message=message("progress.looking_at_grouping"))
    floor = max(-1.0, min(least, own_threshold(workspace, encoder) - _LOOSER))
    limits = evidence.limits(regroup=regroup)
    gate = evidence.gate(limits, workspace.settings.attach_margin)
    tree = merge_tree(
        evidence.faces.vectors,
        floor,
        limits,
        lambda share: progress.advance(round(_JOINS * share * count)),
        gate,
        pair_finder(workspace.settings.device, count),
    ).reaching(lambda share: progress.advance(round((_JOINS + (1 - _JOINS) * share) * count)))
    known = np.array(sorted(evidence.known_people()), np.int64)
    made = PeopleTree(tree, evidence.faces.instances, evidence.people(), known)
    with reading(workspace.engine) as session:
        mark = _mark(workspace.settings, evidence.state, session=session)
    _keep(made, _file(workspace, dataset_id, encoder.id, regroup), mark)
    return made


def kept_tree(
    workspace: Workspace, dataset_id: int, encoder_id: int, *, least: float, regroup: bool
) -> PeopleTree | None:
    """The tree that is kept, where it is of the present state of the people and reaches down to a threshold."""
    try:
        with _file(workspace, dataset_id, encoder_id, regroup).open("rb") as source, np.load(source) as kept:
            arrays = {name: kept[name] for name in kept.files}
        mark, floor = str(arrays.pop("mark")), float(arrays.pop("floor"))
    except (OSError, zipfile.BadZipFile, ValueError, EOFError, KeyError):
        return None
    with reading(workspace.engine) as session:
        state = grouping_state(dataset_id, encoder_id, session=session)
        if floor > least or mark != _mark(workspace.settings, state, session=session):
            return None
        faces = face_vectors(workspace, dataset_id, encoder_id, session=session)
    whose = {name: arrays.pop(name) for name in ("people", "known")}
    held: dict[str, Any] = {name: (arrays.pop(f"{name}_holders"), arrays.pop(name)) for name in _HELD}
    gate = QualityGate(arrays.pop("silent"), workspace.settings.attach_margin)
    reach = Reach(*(arrays.pop(name) for name in _REACH)) if _REACH[0] in arrays else None
    tree = MergeTree(floor=floor, faces=faces.vectors, gate=gate, reach=reach, **held, **arrays)
    return PeopleTree(tree, faces.instances, **whose)


def _file(workspace: Workspace, dataset_id: int, encoder_id: int, regroup: bool) -> Path:
    return workspace.home / "trees" / f"{dataset_id}-{encoder_id}-{'afresh' if regroup else 'onto'}.npz"


def _mark(chosen: Settings, state: tuple[int, ...], *, session: Session) -> str:
    """What a tree is of: the format, the store (a copy goes its own way), the state of the people in it, the gate."""
    gate = (chosen.least_face, chosen.least_sharpness, chosen.most_turned, chosen.most_disagreement)
    return f"{_FORMAT} {store_id(session=session)} {state} {gate} {chosen.attach_margin}"


def _keep(made: PeopleTree, file: Path, mark: str) -> None:
    """Keep a tree; where that cannot be, what was looked for is answered all the same."""
    tree = made.tree
    arrays: dict[str, Any] = {
        name: getattr(tree, name) for name in ("units", "joins", "similarity", "sizes", "decided")
    }
    for name in _HELD:
        arrays[f"{name}_holders"], arrays[name] = getattr(tree, name)
    arrays |= {"silent": tree.gate.silent, "people": made.people, "known": made.known}
    if tree.reach is not None:
        arrays |= zip(_REACH, vars(tree.reach).values(), strict=True)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, partial = open_partial(file.parent)
        try:
            with os.fdopen(descriptor, "wb") as target:
                np.savez(target, mark=mark, floor=tree.floor, **arrays)
            os.replace(partial, file)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
    except OSError as error:
        _log.warning("%s is not kept, so the next look takes as long as this one: %s", file.name, error)
