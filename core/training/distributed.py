"""Training with several processes, one for each GPU: `launch` starts them through torchrun and passes on what they say.

Each process of ``python -m torch.distributed.run -m core.training.distributed JOB`` reads the job that `launch` wrote,
and calls `core.training.loop.train`, which finds the others. The first one tells, as one JSON object a line.
"""

import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

import core.foundation.errors
from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, Cancelled, FacetError
from core.foundation.messages import Message
from core.foundation.skeletons import find_skeleton
from core.media.clip_reading import FramePlace
from core.models.pose import NetworkConfig
from core.training.listening import Listener, TrainingCancelled
from core.training.loop import TrainingOutcome, train
from core.training.preparation import TrainingData
from core.training.recipe import Recipe, from_json
from core.training.samples import Sample

_ROOT: Final = Path(__file__).resolve().parents[2]
_ERRORS: Final = "errors.txt"
_CANCEL: Final = "cancel"  # a file of this name beside the job asks the processes to stop
_PARTS: Final = ("train", "validation")


def trainer(processes: int) -> Callable[..., TrainingOutcome]:
    """What trains with so many processes: `train` in this one, or `launch`; both take the same arguments."""
    return train if processes == 1 else partial(launch, processes=processes)


def launch(
    recipe: Recipe,
    data: TrainingData,
    folder: Path,
    *,
    processes: int,
    device: str = "auto",
    listener: Listener | None = None,
    weights_folder: Path | None = None,
    start_from: Path | None = None,
    start_name: str = "",
) -> TrainingOutcome:
    """As `core.training.loop.train`, with `processes` processes on this machine; ``recipe.batch`` is shared by them.

    Pictures are not passed on to the listener: they are in the folder.

    Raises
    ------
    BadInput
        If there is not at least one process.
    FacetError
        As `train`, or if the processes cannot be started or end without a word.
    """
    if processes < 1:
        raise BadInput("training.processes", count=processes)
    job = folder / "job"
    paths = {"folder": folder, "weights_folder": weights_folder, "start_from": start_from}
    resolved = {name: str(path.resolve()) if path else None for name, path in paths.items()}
    _write_job(job, data, recipe=recipe.as_json(), device=device, start_name=start_name, **resolved)
    command = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--standalone",
        f"--nproc-per-node={processes}",
        "-m",
        "core.training.distributed",
        str(job),
    ]
    with (
        (job / _ERRORS).open("w", encoding="utf-8") as errors,
        subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as started,  # noqa: S603
    ):
        try:
            outcome = _follow(started, job, listener or Listener())
        except BaseException:
            started.terminate()
            raise
    return _outcome(outcome, started.returncode, job / _ERRORS)


def _follow(started: subprocess.Popen[str], job: Path, listener: Listener) -> dict[str, Any]:
    """Pass on what is told until the processes end; the last word."""
    last: dict[str, Any] = {}
    assert started.stdout is not None
    for line in started.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            continue  # a library's word
        try:
            _pass_on(event, listener)
        except Cancelled:
            (job / _CANCEL).touch()
        if "trained" in event or "error" in event:
            last = event
    return last


def _pass_on(event: Mapping[str, Any], listener: Listener) -> None:
    if "batch" in event:
        listener.batch(*event["batch"])
    elif "epoch" in event:
        listener.epoch(event["epoch"])
    elif "remark" in event:
        listener.remark(Message.from_json(event["remark"]))


def _outcome(event: Mapping[str, Any], code: int, errors: Path) -> TrainingOutcome:
    trained = _trained(event["trained"]) if "trained" in event else None
    if "error" in event:
        kind = getattr(core.foundation.errors, event["error"], FacetError)
        problem: FacetError = kind.saying(Message.from_json(event["message"]))
        raise problem if trained is None else TrainingCancelled(problem, trained)
    if trained is None:
        raise FacetError("training.processes_ended", code=code, file=errors)
    return trained


def _write_job(job: Path, data: TrainingData, **more: object) -> None:
    job.mkdir(parents=True, exist_ok=True)
    (job / _CANCEL).unlink(missing_ok=True)
    parts = {part: [_plain(sample, job) for sample in getattr(data, part)] for part in _PARTS}
    content = json.dumps({"skeleton": data.skeleton.name, **more, **parts})
    (job / "job.json").write_text(content, encoding="utf-8")


def _plain(sample: Sample, job: Path) -> dict[str, Any]:
    box = [float(side) for side in sample.box]
    picture = _plain_picture(sample.picture, job)
    return vars(sample) | {"picture": picture, "box": box, "keypoints": sample.keypoints.to_bytes().hex()}


def _plain_picture(picture: Path | FramePlace | NDArray[np.uint8], job: Path) -> str | list[Any]:
    if isinstance(picture, FramePlace):
        return [str(picture.clip.resolve()), str(picture.index.resolve()), picture.number, picture.name]
    if isinstance(picture, Path):
        return str(picture.resolve())
    # samples of one picture share its file
    file = job / f"picture-{zlib.crc32(picture.tobytes()):08x}-{picture.size}.npy"
    if not file.is_file():
        np.save(file, picture)
    return str(file.resolve())


def _picture(plain: str | list[Any]) -> Path | FramePlace | NDArray[np.uint8]:
    if isinstance(plain, list):
        clip, index, number, name = plain
        return FramePlace(Path(clip), Path(index), number, name)
    path = Path(plain)
    return np.load(path) if path.suffix == ".npy" else path


def _sample(plain: dict[str, Any]) -> Sample:
    return Sample(
        **plain
        | {
            "picture": _picture(plain["picture"]),
            "box": tuple(plain["box"]),
            "keypoints": Keypoints.from_bytes(bytes.fromhex(plain["keypoints"])),
            "frame": tuple(plain["frame"]) if plain["frame"] else None,
        }
    )


def _trained(plain: Mapping[str, Any]) -> TrainingOutcome:
    config = NetworkConfig.from_json(plain["config"])
    return TrainingOutcome(**{**plain, "file": Path(plain["file"]), "config": config})


class _JobListener(Listener):
    """Tells the process that launched this one, and looks whether it wants an end."""

    def __init__(self, job: Path) -> None:
        self._cancel = job / _CANCEL

    def batch(self, done: int, total: int) -> None:
        _tell({"batch": [done, total]})
        if self._cancel.exists():
            raise Cancelled("training.stopped")

    def epoch(self, figures: Mapping[str, Any]) -> None:
        _tell({"epoch": dict(figures)})

    def remark(self, message: Message) -> None:
        _tell({"remark": message.to_json()})


def _tell(word: Mapping[str, Any]) -> None:
    print(json.dumps(word), flush=True)


def _plain_result(trained: TrainingOutcome | None) -> dict[str, Any]:
    if trained is None:
        return {}
    return {"trained": {**asdict(trained), "file": str(trained.file), "config": trained.config.to_json()}}


def main(arguments: Sequence[str]) -> int:
    """One of the processes; the argument is the job's folder."""
    import os

    job = Path(arguments[0])
    content = json.loads((job / "job.json").read_text(encoding="utf-8"))
    parts = [[_sample(plain) for plain in content[part]] for part in _PARTS]
    first = os.environ.get("RANK", "0") == "0"
    optional = {name: Path(content[name]) if content[name] else None for name in ("weights_folder", "start_from")}
    try:
        trained = train(
            from_json(content["recipe"]),
            TrainingData(find_skeleton(content["skeleton"]), *parts),
            Path(content["folder"]),
            device=content["device"],
            listener=_JobListener(job),
            start_name=content["start_name"],
            **optional,
        )
    except FacetError as problem:
        if first:
            result = _plain_result(problem.trained if isinstance(problem, TrainingCancelled) else None)
            _tell({"error": type(problem).__name__, "message": problem.message.to_json(), **result})
        return 0 if isinstance(problem, Cancelled) else 1
    if first:
        _tell(_plain_result(trained))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
