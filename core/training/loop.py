"""The loop that learns. Read `train`, then `_learn`; every part it moves is in `core.training.run`.

A run's folder holds ``best.safetensors`` and ``last.safetensors`` (averaged weights), ``state.pt`` (what it takes to
go on), ``curves.jsonl`` (one JSON object an epoch) and ``pictures/``. Whatever is random follows from the recipe's
seed, the epoch and the batch; on a CPU a run that was killed and taken up again ends with the same bits as one that
was not, given the same versions and number of threads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from core.foundation.errors import Cancelled, NotEnoughData
from core.foundation.messages import Message, message
from core.models.devices import pick_device
from core.models.pose import NetworkConfig
from core.models.pose.checkpoint import read_config
from core.models.weights import sha256_of
from core.training.listening import Listener, TrainingCancelled
from core.training.preparation import TrainingData, check_data, config_for, fresh_network, open_sources
from core.training.ranks import Ranks, ranks_here
from core.training.recipe import Recipe
from core.training.run import Training
from core.training.state import fingerprint


@dataclass(frozen=True)
class TrainingOutcome:
    """What came of a training.

    Attributes
    ----------
    file, sha256
        The best weights (averaged, by validation NME; without validation samples the last) and the file's digest.
    config
        The network.
    history
        One dict an epoch, as in ``curves.jsonl``: ``epoch``, ``train_loss``, ``parts``, ``validation_nme``,
        ``validation_unit``, ``validation_absent``, ``rate``, ``part``, ``seconds``, ``images_per_second``.
    best
        The line of the best epoch.
    epochs
        How many were finished.
    seconds, images_per_second
        Of all sittings, with measuring and saving.
    stopped
        "done", "early" (patience), "cancelled" or "nan".
    """

    file: Path
    sha256: str
    config: NetworkConfig
    history: list[dict[str, Any]]
    best: dict[str, Any]
    epochs: int
    seconds: float
    images_per_second: float
    stopped: str


def train(
    recipe: Recipe,
    data: TrainingData,
    folder: Path,
    *,
    device: str = "auto",
    listener: Listener | None = None,
    weights_folder: Path | None = None,
    start_from: Path | None = None,
    start_name: str = "",
) -> TrainingOutcome:
    """Train a network; goes on where it stopped when `folder` holds an unfinished run of the same recipe and data.

    Started by torchrun (`core.training.distributed`) it trains together with the other processes; the first one writes
    and tells. Torch's random generators are left as they were.

    Parameters
    ----------
    recipe, data
        How, and on what.
    folder
        The run's own folder; made where it is missing. A state of another recipe or other data is told, and replaced.
    device
        "auto", "cpu" or "cuda".
    listener
        Told how it goes; may raise `Cancelled`.
    weights_folder
        Where published weights are; the workspace's.
    start_from
        A checkpoint of the same network whose weights to begin from. Of another skeleton the points of the same names
        are taken over.
    start_name
        What people call the model in `start_from`; without, it is called by its file's name.

    Raises
    ------
    NotEnoughData
        If fewer than two samples are labelled or readable, none has a point, or the stability loss finds no frames.
    BadInput
        If the recipe's parts do not fit together, or `start_from` or the samples are of other points.
    MissingWeights, BadWeights
        If weights to begin from are absent, damaged or another network's.
    TrainingCancelled
        If the listener raised `Cancelled`. Best, last and state are then written.
    FacetError
        If the disk is full, memory is too small for one sample, or the GPU is gone. What was saved before is kept.
    """
    check_data(data)
    with ranks_here(pick_device(device)) as ranks, torch.random.fork_rng(devices=ranks.generators):
        run = _prepared(recipe, data, folder, ranks, listener or Listener(), weights_folder, start_from, start_name)
        try:
            _learn(run)
        except Cancelled as stopped:
            raise TrainingCancelled(stopped, _result(run, "cancelled")) from stopped
        return _result(run, run.done.stopped)


def _learn(run: Training) -> None:
    """Epochs of batches, until it is done, no longer getting better, or no longer finite."""
    total = run.recipe.epochs * run.steps_an_epoch
    while not run.done.stopped:
        run.begin_epoch()
        for feed in run.feed():
            if not run.learn(feed):
                _stop_at_nan(run)
                return
            _tell(run, partial(run.listener.batch, run.step, total))
            run.save_in_time()
        line = run.end_epoch()
        run.show()
        _tell(run, partial(run.listener.epoch, line))


def _prepared(
    recipe: Recipe,
    data: TrainingData,
    folder: Path,
    ranks: Ranks,
    listener: Listener,
    weights_folder: Path | None,
    start_from: Path | None,
    start_name: str,
) -> Training:
    listener = listener if ranks.first else Listener()
    folder.mkdir(parents=True, exist_ok=True)
    config = config_for(recipe, data.skeleton, data.train)
    sources = open_sources(recipe, data, config.input_size, listener)
    if len(sources.train) < ranks.world:
        raise NotEnoughData("training.too_many_processes", count=len(sources.train), processes=ranks.world)
    if not len(sources.validation):
        listener.remark(message("trainings.no_validation"))
    begun = sha256_of(start_from) if start_from is not None else ""
    print_of_run = fingerprint(
        recipe, data.skeleton.name, (sources.train.samples, sources.validation.samples), begun, str(ranks.world)
    )
    network = fresh_network(recipe, config, weights_folder, start_from, listener, start_name)
    run = Training(recipe, data, sources, network, folder, print_of_run, listener, ranks)
    run.take_up()
    return run


def _tell(run: Training, tell: Callable[[], None]) -> None:
    """Tell the listener; where one process is cancelled, all are. What an epoch's end has not written is written."""
    stopped: Cancelled | None = None
    try:
        tell()
    except Cancelled as cancelled:
        stopped = cancelled
    if run.ranks.any(stopped is not None):
        if run.done.batch:
            run.save()
            run.keep_something()
        raise stopped or Cancelled("training.stopped")


def _stop_at_nan(run: Training) -> None:
    """The step was not taken, so the weights are still good; stop here, and say where."""
    done = run.done
    done.stopped = "nan"
    run.save()
    best = message("trainings.best_kept", epoch=done.best["epoch"]) if done.best else message("trainings.none_kept")
    stopped = message(
        "trainings.stopped_at_nan",
        epoch=done.epoch + 1,
        batch=done.batch + 1,
        batches=run.steps_an_epoch,
        kept=best,
        advice=_against_nan(run),
    )
    run.listener.remark(stopped)
    run.keep_something()


def _against_nan(run: Training) -> Message:
    """What may help: of the first batch neither rate nor clip is the cause, as no step was taken yet."""
    if run.done.epoch == run.done.batch == 0:
        return message("trainings.nan_from_the_start")
    if run.recipe.clip > 0:
        return message("trainings.lower_clip", clip=run.recipe.clip)
    return message("trainings.clip")


def _result(run: Training, stopped: str) -> TrainingOutcome:
    file = run.folder / "best.safetensors"
    done = run.done
    return TrainingOutcome(
        file=file,
        sha256=done.best_sha256,
        config=read_config(file),
        history=done.history,
        best=done.best,
        epochs=len(done.history),
        seconds=done.seconds,
        images_per_second=done.images / max(done.seconds, 1e-9),
        stopped=stopped,
    )
