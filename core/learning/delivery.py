"""What leaves the house: a trained model as ONNX, and the motion competition's form of its predictions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from core.formats.labels import motion_csv
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.messages import Message, message, some
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.learning.pose_models import PoseModel, ensure_own_weights, find_model, predict_command, stored_versions
from db.engine import reading
from db.queries.learning.models import box_areas, predictions
from db.queries.library import picture_paths

LINES_MISSING: Final = "models.lines_missing"
_LISTED: Final = 10  # pictures that a sentence names


def onnx_file(workspace: Workspace, model: str) -> Path:
    """Where a model's ONNX file lies, or would: its name tells the weights.

    Raises
    ------
    NotFound
        If there is no such model.
    BadInput
        If it is a built-in one, which is no network.
    """
    return workspace.exports / "onnx" / f"{model}-{_trained(workspace, model)[1].stem[:12]}.onnx"


def _trained(workspace: Workspace, model: str) -> tuple[PoseModel, Path]:
    with reading(workspace.engine) as session:
        pose_model = find_model(workspace, model, session=session)
    if pose_model.file is None:
        raise BadInput("models.built_in_no_onnx", name=model)
    return pose_model, pose_model.file


def export_onnx(workspace: Workspace, model: str, out: Path) -> dict[str, Any]:
    """Write a trained model as ONNX with its decoding inside; the file is compared with the original first.

    Returns
    -------
    dict
        ``model``, ``file``, ``largest_difference`` (pixels of the input), ``untaught`` (names of the points that no
        label has taught the model: what it says of them means nothing), and what the exporter tells.

    Raises
    ------
    NotFound
        If there is no such model.
    BadInput
        If it is a built-in one, which is no network.
    MissingWeights, BadWeights
        If its file is absent, damaged or of another model.
    """
    pose_model, file = _trained(workspace, model)
    ensure_own_weights(pose_model)
    from core.models.pose.checkpoint import load_checkpoint
    from core.models.pose.onnx_export import export

    out.parent.mkdir(parents=True, exist_ok=True)
    facts = export(load_checkpoint(file), out)
    return {"model": model, "file": str(out), "untaught": pose_model.untaught_names(), **asdict(facts)}


@dataclass(frozen=True)
class _Form:
    """What the lines of the form are made of: every (name, picture), the largest person of each picture that has one,
    how many pictures have several, and the packed points of each predicted person."""

    names: Sequence[tuple[str, int]]
    largest: Mapping[int, int]
    several: int
    points: Mapping[int, bytes]

    def refuse_same_names(self) -> None:
        """The form tells pictures by their names alone."""
        names = [name for name, _ in self.names]
        twice = next((name for name, after in pairwise(sorted(names)) if name == after), None)
        if twice is not None:
            raise BadInput("labels.picture_twice", picture=twice)

    def missing(self, model: str) -> list[tuple[str, Message]]:
        """Name and reason of each picture without a line."""
        no_box, unpredicted = message("models.picture_without_box"), message("models.picture_unpredicted", name=model)
        return [
            (name, unpredicted if image in self.largest else no_box)
            for name, image in self.names
            if self.largest.get(image) not in self.points
        ]


def _form(workspace: Workspace, dataset_id: int, model: str) -> _Form:
    with reading(workspace.engine) as session:
        pose_model = find_model(workspace, model, session=session)
        if pose_model.skeleton != "body24":
            raise BadInput("models.not_body24", name=model, skeleton=pose_model.skeleton)
        versions = stored_versions(pose_model, session=session)
        stored = predictions(dataset_id, versions[0], session=session) if versions else {}
        boxes = box_areas(dataset_id, find_skeleton(pose_model.skeleton).kind, session=session)
        paths = sorted((path, number) for number, path in picture_paths(dataset_id, session=session))
    of_picture: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for instance, image, area in boxes:
        of_picture[image].append((area, instance))
    names = dict.fromkeys((path.rpartition("/")[2], number) for path, number in paths)  # one content in two folders
    largest = {image: max(people)[1] for image, people in of_picture.items()}
    several = sum(len(people) > 1 for people in of_picture.values())
    return _Form([*names], largest, several, {instance: row.points for instance, row in stored.items()})


def pictures_without_line(workspace: Workspace, dataset_id: int, model: str) -> list[tuple[str, Message]]:
    """Name and reason of every picture of a dataset that `submit_predictions` would have no line for.

    Raises
    ------
    NotFound, BadInput
        As `submit_predictions`.
    """
    return _form(workspace, dataset_id, model).missing(model)


def submit_predictions(workspace: Workspace, dataset_id: int, model: str, out: Path) -> dict[str, Any]:
    """Write what a model predicted as the competition's CSV, pictures in the order of their paths.

    A competition wants a line for every picture: where one would have none, nothing is written.

    Returns
    -------
    dict
        ``model``, ``file``, ``pictures`` (lines), ``several`` (pictures with more than one person: the largest counts).

    Raises
    ------
    NotFound
        If there is no such model.
    BadInput
        If it does not locate the competition's 24 points, a point is missing, or two pictures have one name.
    NotEnoughData
        If a picture would have no line (`pictures_without_line` says which), or there is none.
    """
    form = _form(workspace, dataset_id, model)
    if not form.names:
        raise NotEnoughData("models.no_pictures_to_submit")
    with reading(workspace.engine) as session:
        how = predict_command(dataset_id, model, session=session)
    if form.largest and not form.points:
        raise NotEnoughData("models.nothing_here", name=model, how=how)
    form.refuse_same_names()
    missing = form.missing(model)
    if missing:
        no_box = sum(image not in form.largest for _, image in form.names)
        raise NotEnoughData(
            LINES_MISSING,
            name=model,
            count=len(missing),
            pictures=len(form.names),
            without_box=no_box,
            which=some([name for name, _ in missing], _LISTED),
            how=how,
        )
    motion_csv.write(
        [(name, Keypoints.from_bytes(form.points[form.largest[image]])) for name, image in form.names], out
    )
    return {"model": model, "file": str(out), "pictures": len(form.names), "several": form.several}
