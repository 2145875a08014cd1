"""Pictures in batches: decoded one batch ahead of the models, and no picture may spoil the others of its batch.

Nor may one spoil a run whose process it kills: see `core.library.suspects`.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.foundation.errors import FacetError
from core.foundation.messages import Message, message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.pixels import picture_pixels
from core.library.suspects import visiting_order, with_killers
from db.tables import SET_ASIDE, Image, Instance, SkippedInput
from db.writes.jobs import forget_skipped
from db.writing import writing

_PIXELS: Final = 32_000_000  # a batch holds at most this many, or one picture
_READERS: Final = 2
_NOTHING: Final = np.zeros((0, 0, 3), np.uint8)

T = TypeVar("T")


@dataclass(frozen=True)
class OpenedPicture:
    """A picture's row with its (H, W, 3) uint8 RGB pixels, or with the reason why there are none (and no pixels)."""

    image: Image
    pixels: NDArray[np.uint8]
    failure: Message | None = None


@dataclass(frozen=True)
class PictureFailure:
    """Why there is no result for a picture, as one sentence about the picture's path."""

    reason: Message


def opened_batches(
    workspace: Workspace, images: Sequence[Image], progress: Progress = DEAF
) -> Iterator[Sequence[OpenedPicture]]:
    """The pictures in their order, at most ``FACET_BATCH`` at a time; two batches are in memory at most.

    After a death of the run's process its suspects come first, one by one, and what killed it again is not opened.
    """
    order = visiting_order(images, _name, progress)
    killers = [OpenedPicture(image, _NOTHING, message(SET_ASIDE, of=image.path)) for image in order.killers]
    others = chain(_one_by_one(workspace, order.alone, progress), _read_ahead(workspace, order.rest, progress))
    yield from with_killers(killers, others, progress)


def _one_by_one(workspace: Workspace, images: Sequence[Image], progress: Progress) -> Iterator[list[OpenedPicture]]:
    for image in images:
        progress.take(_name(image))
        yield [open_picture(workspace, image)]


def _read_ahead(workspace: Workspace, images: Sequence[Image], progress: Progress) -> Iterator[list[OpenedPicture]]:
    following: list[Image] = []
    ahead: list[Future[OpenedPicture]] = []
    with ThreadPoolExecutor(max_workers=_READERS) as pool:
        for group in [*_grouped(images, workspace.settings.batch), []]:
            here, following = following, group
            progress.take(*map(_name, (*here, *following)))
            batch = [future.result() for future in ahead]
            ahead = [pool.submit(open_picture, workspace, image) for image in following]
            if batch:
                yield batch
    progress.take()


def _name(image: Image) -> str:
    """What a picture is called in what is written down of a run."""
    return str(image.id)


def attempt(
    batch: Sequence[OpenedPicture], work: Callable[[Sequence[OpenedPicture]], Sequence[T]]
) -> list[T | PictureFailure]:
    """What `work` makes of each picture of a batch, or why it makes nothing of it.

    Pictures without pixels are not given to `work`. Where it fails on the others together, it gets each by itself.
    """
    outcomes = iter(_together_or_alone([item for item in batch if item.failure is None], work))
    return [next(outcomes) if item.failure is None else PictureFailure(item.failure) for item in batch]


def visit_instances(
    workspace: Workspace,
    waiting: Sequence[tuple[Instance, Image]],
    work: Callable[[Sequence[tuple[NDArray[np.uint8], Sequence[Instance]]]], Sequence[Sequence[T]]],
    keep: Callable[[Instance, T, Session], None],
    *,
    run_id: int,
    phase: Message,
    progress: Progress = DEAF,
) -> int:
    """Let models look at instances, a batch of pictures at a time; returns how many of them got nothing.

    A picture that cannot be read, or that `work` fails on, becomes a `SkippedInput` row of the run with the reason; its
    instances stay as they are until a later run. One that killed the run's process twice is set aside. Every batch is
    one transaction, and progress counts instances.

    Parameters
    ----------
    work
        Takes (H, W, 3) uint8 RGB pixels of pictures with their instances; gives a result for each instance.
    keep
        Stores the result of an instance that is still there; never commits.
    """
    instances: dict[int, list[Instance]] = defaultdict(list)
    for instance, image in waiting:
        instances[image.id].append(instance)
    images = {image.id: image for _, image in waiting}
    with writing(workspace.engine) as session:
        forget_skipped(run_id, {image.path for image in images.values()}, session=session)
    progress.begin(len(waiting), message=phase)
    done = failed = 0
    for batch in opened_batches(workspace, list(images.values()), progress):
        outcomes = attempt(batch, lambda pictures: work([(each.pixels, instances[each.image.id]) for each in pictures]))
        with writing(workspace.engine) as session:
            for picture, outcome in zip(batch, outcomes, strict=True):
                of_picture = instances[picture.image.id]
                done += len(of_picture)
                if isinstance(outcome, PictureFailure):
                    failed += len(of_picture)
                    note_failure(picture.image, outcome, run_id, session=session)
                    continue
                for instance, result in zip(of_picture, outcome, strict=True):
                    stored = session.get(Instance, instance.id)
                    if stored is not None:  # else deleted meanwhile
                        keep(stored, result, session)
        progress.advance(done)
    return failed


def note_failure(image: Image, failure: PictureFailure, run_id: int, *, session: Session) -> None:
    """List a picture among what a run has skipped; one that killed it is left alone by all runs from then on."""
    session.add(SkippedInput(run_id=run_id, path=image.path, reason=failure.reason.nowhere().to_json()))
    stored = session.get(Image, image.id)
    if failure.reason.code == SET_ASIDE and stored is not None:
        stored.reason = failure.reason.to_json()


def set_aside(workspace: Workspace, run_id: int, instance_ids: Collection[int]) -> None:
    """Set aside the pictures of instances of which the process of a run has died twice."""
    if not instance_ids:
        return
    with writing(workspace.engine) as session:
        for number in instance_ids:
            instance = session.get(Instance, number)
            image = session.get(Image, instance.image_id) if instance else None
            if image is not None:
                failure = PictureFailure(message(SET_ASIDE, of=image.path))
                note_failure(image, failure, run_id, session=session)


def _grouped(images: Sequence[Image], most: int) -> Iterator[list[Image]]:
    """Neighbours, limited in number and in pixels."""
    batch: list[Image] = []
    pixels = 0
    for image in images:
        size = image.width * image.height
        if batch and (len(batch) == most or pixels + size > _PIXELS):
            yield batch
            batch, pixels = [], 0
        batch.append(image)
        pixels += size
    if batch:
        yield batch


def open_picture(workspace: Workspace, image: Image) -> OpenedPicture:
    """The pixels of a picture, or why there are none; one that is set aside is not opened."""
    nothing = _NOTHING
    if image.reason is not None and image.reason["code"] == SET_ASIDE:
        return OpenedPicture(image, nothing, Message.from_json(image.reason))
    try:
        pixels = picture_pixels(workspace, image)
    except FacetError as error:
        return OpenedPicture(image, nothing, error.message)
    if pixels.shape[:2] != (image.height, image.width):
        height, width = pixels.shape[:2]
        changed = message(
            "images.size_changed",
            of=image.path,
            width=width,
            height=height,
            wanted_width=image.width,
            wanted_height=image.height,
        )
        return OpenedPicture(image, nothing, changed)
    return OpenedPicture(image, pixels)


def _together_or_alone(
    batch: Sequence[OpenedPicture], work: Callable[[Sequence[OpenedPicture]], Sequence[T]]
) -> list[T | PictureFailure]:
    if not batch:
        return []
    try:
        return list(work(batch))
    except Exception as error:  # a network, OpenCV and dlib each have their own
        if len(batch) == 1:
            kind = type(error).__name__
            return [PictureFailure(message("images.model_failed", of=batch[0].image.path, kind=kind, reason=error))]
        return [outcome for item in batch for outcome in _together_or_alone([item], work)]
