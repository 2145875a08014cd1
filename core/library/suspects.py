"""Pictures at which the process of a run has died: in which order they are taken up again, and what is set aside."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from sqlmodel import Session

from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from db.engine import reading
from db.queries.jobs import reasons_of_skipping
from db.queries.library import pictures_set_aside
from db.tables import ImageState
from db.writes.library import refresh_picture
from db.writing import writing

T = TypeVar("T")

FILE_SET_ASIDE: Final = "files.set_aside"  # the code of why an import has left a file alone


@dataclass(frozen=True)
class VisitingOrder(Generic[T]):
    """What is left alone, what is taken in hand one by one, and then the rest as usual.

    Attributes
    ----------
    killers
        At what the process has died with nothing else in hand.
    alone
        First one that nobody suspects: if the process dies even there, it is not the fault of a picture. Then what was
        in hand when it died.
    rest
        All others.
    """

    killers: Sequence[T]
    alone: Sequence[T]
    rest: Sequence[T]


def visiting_order(items: Sequence[T], name: Callable[[T], str], progress: Progress) -> VisitingOrder[T]:
    """The order in which items come whose names are those that the run has told its progress."""
    known = progress.suspicion
    killers = [item for item in items if name(item) in known.killers]
    suspects = [item for item in items if name(item) in known.suspects]
    others = [item for item in items if name(item) not in known.killers and name(item) not in known.suspects]
    if not suspects or not others:
        return VisitingOrder(killers, suspects, others)
    probe = _far_from(items, suspects[-1], others)
    return VisitingOrder(killers, [probe, *suspects], [item for item in others if item is not probe])


def with_killers(killers: Sequence[T], batches: Iterable[Sequence[T]], progress: Progress) -> Iterator[Sequence[T]]:
    """Batches, and among them what is left alone: as soon as it is sure to be its own fault, else at the end."""
    for batch in batches:
        if killers and progress.suspicion.sure:
            yield killers
            killers = ()
        yield batch
        del batch  # pixels: what comes next is being read meanwhile
    if killers:
        yield killers


def _far_from(items: Sequence[T], last: T, others: Sequence[T]) -> T:
    """The middle of what comes after the suspects, for neighbours are alike; where nothing does, of all others."""
    ids = {id(item) for item in others}
    at = next(row for row, item in enumerate(items) if item is last)
    after = [item for item in items[at + 1 :] if id(item) in ids] or others
    return after[len(after) // 2]


def contents_set_aside(dataset_id: int, *, session: Session) -> set[str]:
    """The contents of which imports into a dataset have died, by the first digits of their SHA-256."""
    return {reason["fields"]["content"] for reason in reasons_of_skipping(dataset_id, FILE_SET_ASIDE, session=session)}


def names_set_aside(workspace: Workspace, dataset_id: int) -> list[str]:
    """The paths of the pictures of a dataset that no run opens, as the process of one has died of them twice."""
    with reading(workspace.engine) as session:
        return [image.path for image in pictures_set_aside(dataset_id, session=session)]


def take_up_again(workspace: Workspace, dataset_id: int) -> int:
    """Let runs open what was set aside; returns how many pictures that are. The next ones try each of them."""
    with writing(workspace.engine) as session:
        images = pictures_set_aside(dataset_id, session=session)
        for image in images:
            image.reason = None
            if image.state == ImageState.FAILED:
                image.state = ImageState.NEW
        refresh_picture(*(image.id for image in images), session=session)
    return len(images)
