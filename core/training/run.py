"""One training while it runs: everything that the loop moves, how it is kept, and how it is taken up again."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import torch
from torch.optim.swa_utils import AveragedModel

from core.foundation.errors import FacetError
from core.foundation.messages import Message, message
from core.models.codecs.pip import COARSE_CELLS
from core.models.pose.checkpoint import save_checkpoint
from core.models.pose.network import PoseNetwork
from core.training.augmentation import Batch, batch
from core.training.feeding import ahead, batches_of
from core.training.listening import Listener
from core.training.losses import build_loss
from core.training.pictures import draw_sheets
from core.training.preparation import Sources, TrainingData
from core.training.ranks import Ranks
from core.training.recipe import Recipe
from core.training.schedules import average_of, decay_for, optimiser_of, rate_factor, set_rate
from core.training.stability_windows import WindowedStability
from core.training.state import TrainingProgress, load_state, save_state, write_curves
from core.training.stepping import Optimization, seed_of
from core.training.validation import Inference, figures, locate_points

_IN_PIXELS: Final = ("wing", "soft-wing")


@dataclass(frozen=True)
class StepBatch:
    """What one step learns from: this process's samples, their share of the whole batch of so many `samples`."""

    batch: Batch
    share: float
    samples: int


class Training:
    """The parts of a training, and how far it is.

    Attributes
    ----------
    done
        How far it is; with it and the tensors in ``state.pt`` it goes on exactly where it was.
    steps_an_epoch
        Batches in an epoch.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: TrainingData,
        sources: Sources,
        network: PoseNetwork,
        folder: Path,
        fingerprint: str,
        listener: Listener,
        ranks: Ranks,
    ) -> None:
        self.recipe, self.data, self.sources = recipe, data, sources
        self.folder, self.fingerprint, self.listener, self.ranks = folder, fingerprint, listener, ranks
        cuda = ranks.device.startswith("cuda")
        self.network = ranks.with_shared_statistics(network).to(ranks.device)
        if cuda:
            self.network.to(memory_format=torch.channels_last)  # what convolutions like there
        self.steps_an_epoch = len(batches_of(len(sources.train), recipe.batch, recipe.seed, 0))
        self.average: AveragedModel = average_of(self.network, decay_for(recipe, recipe.epochs * self.steps_an_epoch))
        half = recipe.amp == "on" or (recipe.amp == "auto" and cuda)
        self.runner = Inference(ranks.device, half, size=max(8, recipe.batch // ranks.world))
        self.done = TrainingProgress(part=-(-recipe.batch // ranks.world))
        self.stepper = self._stepper(half)
        self._frozen = False
        self._since, self._saved = perf_counter(), perf_counter()

    def _stepper(self, half: bool) -> Optimization:
        recipe = self.recipe
        settings = dict(recipe.loss_settings)
        if recipe.loss in _IN_PIXELS:
            settings.setdefault("input_size", self.network.config.input_size)
        tasks = {sample.pseudo for sample in self.sources.train.samples}
        steadying = WindowedStability(recipe.stability, self.sources.train) if recipe.stability is not None else None
        return Optimization(
            self.network,
            self.ranks.joined(self.network),
            optimiser_of(recipe, self.network),
            build_loss(recipe.loss, **settings),
            Inference(self.ranks.device, half),
            self.ranks,
            recipe.clip,
            self.done.part,
            tasks=recipe.loss == "pip" and tasks != {None},
            coarse=bool(tasks & COARSE_CELLS.keys()),
            steadying=steadying,
            remark=self.listener.remark,
        )

    # Learning

    @property
    def step(self) -> int:
        """Steps so far, over all epochs."""
        return self.done.epoch * self.steps_an_epoch + self.done.batch

    def begin_epoch(self) -> None:
        """Put everything into training mode, and follow the freeze plan."""
        self.network.train()
        self.network.zero_grad(set_to_none=True)
        frozen = self.done.epoch < self.recipe.freeze
        if frozen:
            self.network.backbone.eval()  # the statistics of its batch norms stay too
        if frozen != self._frozen:
            self.network.backbone.requires_grad_(not frozen)
            self.stepper.learner = self.ranks.joined(self.network)
            self._frozen = frozen

    def feed(self) -> Iterator[StepBatch]:
        """The rest of the epoch's batches, prepared ahead on threads."""
        epoch, seed = self.done.epoch, self.recipe.seed
        order = batches_of(len(self.sources.train), self.recipe.batch, seed, epoch)

        def made(number: int) -> StepBatch:
            whole = order[number].tolist()
            mine = whole[self.ranks.slice(len(whole))]
            shown = batch(
                self.sources.train, mine or whole[:1], self.recipe.augmentation, self.data.skeleton, (seed, epoch)
            )
            return StepBatch(shown, len(mine) / len(whole), len(whole))

        return ahead(made, range(self.done.batch, len(order)), self.recipe.workers)

    def _windows(self) -> Sequence[Batch]:
        steadying = self.stepper.steadying
        if steadying is None or not steadying.gate.open:
            return ()
        seeds = (self.recipe.seed, self.done.epoch, self.done.batch, self.ranks.rank)
        return steadying.pick(self.sources.train, self.recipe.augmentation, self.data.skeleton, seeds)

    def learn(self, feed: StepBatch) -> bool:
        """One step; the weights and their average change. False, and they do not, if the loss was not finite."""
        stepper = self.stepper
        set_rate(stepper.optimiser, rate_factor(self.recipe, self.step, self.steps_an_epoch))
        seed = seed_of(self.recipe.seed, self.done.epoch, self.done.batch, self.ranks.rank)
        parts = stepper.take(feed.batch, self._windows(), seed, feed.share)
        self.done.part = stepper.part
        if parts is None:
            return False
        self.average.update_parameters(self.network)
        self.done.count(parts, feed.samples)
        if stepper.steadying is not None:
            stepper.steadying.gate.step(parts["loss"])
        return True

    # Measuring

    def end_epoch(self) -> dict[str, Any]:
        """Measure, write everything down, and give the line of the curves."""
        done = self.done
        rate = self.recipe.rate * rate_factor(self.recipe, self.step - 1, self.steps_an_epoch)
        measured = self.ranks.from_first(self._measure() if self.ranks.first else None)
        self._tick()
        digests = self.ranks.digests(self.network)
        if len(set(digests)) > 1:
            raise FacetError("training.drifted")
        line: dict[str, Any] = {"epoch": done.epoch + 1, **done.means(), **measured, "rate": rate, "part": done.part}
        line |= {"seconds": done.seconds, "images_per_second": done.images / max(done.seconds, 1e-9)}
        if digests:
            line["weights"] = digests
        self._follow_gate(line)
        done.end_epoch(line)
        self._judge(line)
        self.save()
        return line

    def _measure(self) -> dict[str, Any]:
        network = self.averaged
        source = self.sources.validation
        located = locate_points(network, network.codec, source, self.data.skeleton, self.runner)
        return figures(located, source.samples, self.data.skeleton)

    def _follow_gate(self, line: dict[str, Any]) -> None:
        steadying = self.stepper.steadying
        if steadying is None:
            return
        if steadying.gate.bar == 0:
            steadying.gate.bar = steadying.term.bar * line["train_loss"]
        was_open = steadying.gate.open
        steadying.gate.validated(line["validation_nme"])
        line["stability_counts"] = was_open

    def _judge(self, line: dict[str, Any]) -> None:
        """Keep the best (without anything to measure on, the last); say when it is time to stop."""
        done, nme = self.done, line["validation_nme"]
        if not done.best or math.isnan(nme) or nme < done.best["validation_nme"]:
            done.best_sha256 = self._keep("best.safetensors", line)
            done.best, done.since_best = line, 0
        else:
            done.since_best += 1
        if done.epoch >= self.recipe.epochs:
            done.stopped = "done"
        elif self.recipe.patience and done.since_best >= self.recipe.patience:
            done.stopped = "early"
            self.listener.remark(message("trainings.stopped_early", epoch=done.epoch, count=done.since_best))

    # Keeping

    @property
    def averaged(self) -> PoseNetwork:
        """The network with the averaged weights."""
        network = self.average.module
        assert isinstance(network, PoseNetwork)
        return network

    def _keep(self, name: str, line: dict[str, Any]) -> str:
        facts = {
            "recipe": self.recipe.name,
            "epoch": str(line["epoch"]),
            "validation_nme": repr(line["validation_nme"]),
        }
        digest = save_checkpoint(self.folder / name, self.averaged, facts) if self.ranks.first else ""
        return str(self.ranks.from_first(digest))

    def save(self) -> None:
        """Write the state and the curves; after an epoch the last weights too. One that is over needs no tensors."""
        self._tick()
        if self.ranks.first:
            tensors = {} if self.done.stopped else self._tensors()
            if self.done.batch == 0 and self.done.history:
                save_checkpoint(self.folder / "last.safetensors", self.averaged, {"recipe": self.recipe.name})
            save_state(self.folder / "state.pt", tensors, self.done, self.fingerprint)
            write_curves(self.folder / "curves.jsonl", self.done.history)
        self._saved = perf_counter()

    def _tensors(self) -> dict[str, Any]:
        tensors: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.stepper.optimiser.state_dict(),
        }
        if self.stepper.steadying is not None:
            tensors["gate"] = dict(self.stepper.steadying.gate.state_dict())
        return tensors

    def save_in_time(self) -> None:
        """Write the state if the last time is long enough ago."""
        if perf_counter() - self._saved >= 60 * self.recipe.minutes:
            self.save()

    def take_up(self) -> None:
        """Go on where the folder's state was, if it is of this recipe and these labels; else say why not."""
        loaded = load_state(self.folder / "state.pt", self.fingerprint)
        if isinstance(loaded, Message):
            self.listener.remark(loaded)
        elif loaded is not None:
            content, self.done = loaded
            if not self.done.stopped:  # of a run that is over, no tensors are kept
                self._restore(content)
        self._since = perf_counter()

    def _restore(self, content: dict[str, Any]) -> None:
        self.network.load_state_dict(content["network"])
        self.average.load_state_dict(content["average"])
        self.stepper.optimiser.load_state_dict(content["optimiser"])
        self.stepper.part = self.done.part
        if self.stepper.steadying is not None:
            self.stepper.steadying.gate.load_state_dict(content["gate"])

    def keep_something(self) -> None:
        """After a stop in the first epoch: the weights as they are, so that there is a best; the state stays."""
        if self.done.best:
            return
        if not all(bool(torch.isfinite(value).all()) for value in self.averaged.state_dict().values()):
            raise FacetError("training.no_numbers")
        measured = self._measure() if self.ranks.first else {"validation_nme": math.nan}
        line = {"epoch": self.done.epoch, "train_loss": math.nan, "parts": {}, **measured}
        self.done.best_sha256 = self._keep("best.safetensors", line)
        self.done.best = line

    def _tick(self) -> None:
        now = perf_counter()
        self.done.seconds += now - self._since
        self._since = now

    # Showing

    def show(self) -> None:
        """Draw sheets of pictures, when it is their turn."""
        every, epoch = self.recipe.sheets, self.done.epoch
        if not every or not self.ranks.first or not (epoch == 1 or epoch % every == 0 or self.done.stopped):
            return
        source = self.sources.validation if len(self.sources.validation) else self.sources.train
        sheets = draw_sheets(self.averaged, source, self.data.skeleton, self.runner, self.folder / "pictures", epoch)
        for kind, sheet in sheets.items():
            self.listener.picture(kind, sheet)
