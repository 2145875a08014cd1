"""The one table of what can run: how each kind is done, what it is called, and what its end says to whom."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core.foundation.messages import Message, message
from core.jobs import model_tasks, results, tasks, watch_tasks
from core.jobs.runs import Afterwards, Task
from db.tables import Run

_AFTER_A_PICTURE: Final = message("runs.stopping_after_picture")
_AFTER_A_BATCH: Final = message("runs.stopping_after_batch")
_PAGES_OF_PICTURES: Final = frozenset({"library", "verification"})
_PAGES_OF_FACES: Final = frozenset({"library", "people", "verification"})
_PREDICTING: Final = frozenset({"predict", "prelabel"})


class Lane(StrEnum):
    """Which process of a worker does a run: what is computed for long, or what somebody waits for."""

    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True)
class RunKind:
    """One kind of run.

    Attributes
    ----------
    task, afterwards
        What does it, and what clears away once it is written down that it is done.
    title, stopping
        What it is called, and what is shown from when somebody cancelled it until it stops.
    result
        From the counts that the task gave: what it came to.
    shown_on
        Pages that show how the newest of these ended, and look again at what it may have changed.
    waits_for
        Kinds of which none may be open when a page starts this one.
    in_bytes
        Whether its progress counts bytes.
    lane
        Which process of a worker does it.
    """

    task: Task
    title: Message
    result: Callable[[Mapping[str, Any]], Message]
    afterwards: Afterwards | None = None
    stopping: Message = _AFTER_A_PICTURE
    shown_on: Set[str] = frozenset()
    waits_for: Set[str] = frozenset()
    in_bytes: bool = False
    lane: Lane = Lane.LONG


RUN_KINDS: Final[dict[str, RunKind]] = {
    "import": RunKind(
        tasks.import_task,
        message("run_kinds.import"),
        results.imported,
        afterwards=tasks.discard_source,
        shown_on=_PAGES_OF_PICTURES,
        lane=Lane.SHORT,
    ),
    "sample": RunKind(tasks.sample_task, message("run_kinds.sample"), results.sample_drawn, shown_on=_PAGES_OF_FACES),
    "sample-clips": RunKind(
        tasks.sample_clips_task,
        message("run_kinds.sample_clips"),
        results.sample_clips_drawn,
        shown_on=_PAGES_OF_PICTURES,
    ),
    "labels": RunKind(
        tasks.labels_task,
        message("run_kinds.labels"),
        results.labelled,
        afterwards=tasks.discard_source,
        shown_on={"library"},
        lane=Lane.SHORT,
    ),
    "answers": RunKind(
        tasks.answers_task,
        message("run_kinds.answers"),
        results.answered,
        shown_on={"library"},
        waits_for={"answers"},
        lane=Lane.SHORT,
    ),
    "faces": RunKind(
        tasks.faces_task,
        message("run_kinds.faces"),
        results.grouped,
        shown_on=_PAGES_OF_FACES,
        waits_for={"import", "sample", "faces", "bodies"},
    ),
    "watch": RunKind(
        watch_tasks.watch_task, message("run_kinds.watch"), results.watched, shown_on={"jobs"}, lane=Lane.SHORT
    ),
    "arrivals": RunKind(
        watch_tasks.arrivals_task, message("run_kinds.arrivals"), results.arrived, shown_on=_PAGES_OF_FACES
    ),
    "bodies": RunKind(
        tasks.bodies_task,
        message("run_kinds.bodies"),
        results.bodies_found,
        shown_on={"library"},
        waits_for={"import", "sample", "faces", "bodies"},
    ),
    "people": RunKind(
        tasks.people_task, message("run_kinds.people"), results.grouped, shown_on=_PAGES_OF_FACES, lane=Lane.SHORT
    ),
    "clothes": RunKind(
        tasks.clothes_task,
        message("run_kinds.clothes"),
        results.linked_by_clothes,
        shown_on=_PAGES_OF_FACES,
        waits_for={"clothes", "faces", "people"},
    ),
    "preview": RunKind(
        tasks.preview_task,
        message("run_kinds.preview"),
        results.looked_at_grouping,
        shown_on={"preview"},
        waits_for={"preview"},
        lane=Lane.SHORT,
    ),
    "groupings": RunKind(
        tasks.groupings_task,
        message("run_kinds.groupings"),
        results.compared_groupings,
        shown_on={"groupings"},
        waits_for={"groupings"},
    ),
    "weights": RunKind(
        tasks.weights_task,
        message("run_kinds.weights"),
        results.fetched,
        shown_on={"library"},
        in_bytes=True,
        lane=Lane.SHORT,
    ),
    "train": RunKind(
        model_tasks.training_task,
        message("run_kinds.train"),
        results.trained,
        stopping=_AFTER_A_BATCH,
        shown_on={"training"},
    ),
    "selftrain": RunKind(
        model_tasks.training_task,
        message("run_kinds.selftrain"),
        results.trained,
        stopping=_AFTER_A_BATCH,
        shown_on={"training"},
    ),
    "predict": RunKind(
        model_tasks.prediction_task,
        message("run_kinds.predict"),
        results.predicted,
        shown_on={"models"},
        waits_for=_PREDICTING,
    ),
    "prelabel": RunKind(
        model_tasks.pre_labelling_task,
        message("run_kinds.prelabel"),
        results.pre_labelled,
        shown_on={"models"},
        waits_for=_PREDICTING,
    ),
    "onnx": RunKind(
        model_tasks.onnx_task,
        message("run_kinds.onnx"),
        results.written_as_onnx,
        shown_on={"models"},
        waits_for={"onnx"},
        lane=Lane.SHORT,
    ),
    "track": RunKind(
        tasks.track_task,
        message("run_kinds.track"),
        results.tracked,
        shown_on={"keypoints"},
        waits_for={"track"},
        lane=Lane.SHORT,
    ),
    "overlay": RunKind(
        tasks.overlay_task, message("run_kinds.overlay"), results.overlaid, shown_on={"overlay"}, waits_for={"overlay"}
    ),
    "export": RunKind(
        tasks.export_task,
        message("run_kinds.export"),
        results.exported,
        shown_on={"export"},
        waits_for={"export"},
        lane=Lane.SHORT,
    ),
}


def lane_of(kind: str) -> Lane:
    """The lane of a kind; the long one of a kind that another version of Facet knows."""
    return RUN_KINDS[kind].lane if kind in RUN_KINDS else Lane.LONG


def models_of(run: Run) -> list[str]:
    """The models, or the recipe of one, that a run is about, as it was asked for or as it wrote down."""
    asked = (run.parameters.get(name) for name in ("model", "models", "recipe", "encoder", "weights"))
    about = next((value for value in asked if value), None) or run.counts.get("model") or []
    return [about] if isinstance(about, str) else list(about)


def kinds_shown_on(page: str) -> tuple[str, ...]:
    """The kinds of run whose end a page shows."""
    return tuple(name for name, kind in RUN_KINDS.items() if page in kind.shown_on)


def must_wait(kind: str, open_kinds: Set[str]) -> bool:
    """Whether a run that is open keeps a page from starting one of this kind."""
    return bool(RUN_KINDS[kind].waits_for & open_kinds)
