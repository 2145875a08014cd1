"""Every way of grouping over the faces of one dataset, beside what people or folders say about them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import PurePosixPath
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from core.clustering.constraints import Constraints
from core.clustering.methods import AVERAGE_LINKAGE, METHODS, Method
from core.foundation.arrays import Bools, Ints, finite_or_none
from core.foundation.errors import BadInput
from core.foundation.geometry import boxes_of, most_central
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.metrics.clustering import bcubed, churn, clicks_to_cover, pairwise, same_photo_purity, with_unknown_apart
from core.people.blind import BlindFaces, WornClothes
from core.people.cues import COLOURS
from core.people.encoders import encoder_of, own_threshold, threshold_of
from db.engine import reading
from db.queries.people.ownership import confirmed_owners
from db.tables import Image, Instance

IN_FORCE: Final = "average-linkage-gated"  # what `group_people` does
WITH_CLOTHES: Final = "average-linkage-clothes"
TRUTHS: Final = ("people", "folders")
_LATER: Final = 0.1  # of the photos, the newest: those that are added to see what changes
_EQUAL: Final = 1e-9
NEARLY: Final = 0.005
"""Of the F, what a stricter threshold may cost: a wrong join costs a human more than a missing one."""

_STRICTNESS: Final = np.geomspace(0.4, 2.0, 17)  # times the own cosine distance: where the best on the truth is sought


@dataclass(frozen=True)
class MethodFigures:
    """How one way groups the faces at one threshold; a figure is None where there is nothing to measure.

    Attributes
    ----------
    method, threshold, chosen_on
        Its name, the cosine similarity, and where that comes from: the "encoder", or who has "saved" a threshold for
        the dataset, which may well be of these people; the "truth", the best BCubed F of
        several on these very people, so that the other figures flatter; or "others", the strictest that is nearly the
        best on every second person, and the figures are of the other people's faces, on whom nothing was chosen: a row
        for each half.
    precision, recall, f, bcubed_precision, bcubed_recall, bcubed_f
        Over pairs of faces, and BCubed, of the faces that are labelled. Who is in no group is a group of their own.
    purity
        `same_photo_purity`, of all faces; 1 by its making where the way keeps to photos.
    churn
        The share of the faces of older photos whose mates change when the newest tenth of the photos is added.
    clicks_50, clicks_80, clicks_95
        `clicks_to_cover` such shares of the labelled faces.
    groups, unknown
        Groups of two faces or more, and faces that the way puts into none.
    seconds
        That the grouping took.
    """

    method: str
    threshold: float
    chosen_on: str
    precision: float | None
    recall: float | None
    f: float | None
    bcubed_precision: float | None
    bcubed_recall: float | None
    bcubed_f: float | None
    purity: float | None
    churn: float | None
    clicks_50: int | None
    clicks_80: int | None
    clicks_95: int | None
    groups: int
    unknown: int
    seconds: float


def compare_groupings(
    workspace: Workspace,
    *,
    dataset_id: int,
    truth: str = "people",
    encoder: str | None = None,
    best: bool = False,
    clothes: bool = False,
    cue: str = COLOURS,
    progress: Progress = DEAF,
) -> dict[str, Any]:
    """Group a dataset's faces in every way there is, and measure each; nothing is changed.

    No way knows what humans have decided: those that keep to limits are told which faces share a photo; the one in
    force also knows tracks and poor faces, and with `clothes` there is one that then goes by these (for which every
    picture is looked at).
    Each groups at its own threshold, which follows from the one in force (`Method.own_threshold`), the encoder's own
    unless another was saved; with `best` there are rows more, of the best of several on the truth and on others.

    Parameters
    ----------
    truth
        "people": the people of the faces that a human has placed or confirmed. "folders": the folder of a picture is
        the person of the face in its middle, as an import with identities has it.
    cue
        By what clothes are told, one of `core.people.cues.CUES`.

    Returns
    -------
    dict
        ``rows``, each a `MethodFigures`; ``not_done`` [{method, reason}] with what could not be done; ``faces`` and
        ``labelled``, how many; ``truth``, ``encoder``, ``threshold``, the one in force, and ``in_force``, the method.

    Raises
    ------
    BadInput
        If there is no such truth.
    NotFound
        If no face of the dataset has an embedding of that encoder.
    NotFound, MissingWeights, BadWeights
        As `load_cue`, where clothes are asked for.
    """
    if truth not in TRUTHS:
        raise BadInput("people.no_such_truth", found=truth, choices=list(TRUTHS))
    version = encoder_of(workspace, dataset_id, encoder)
    threshold = threshold_of(workspace, dataset_id, version)
    with reading(workspace.engine) as session:
        known = (people_by_folders if truth == "folders" else confirmed_owners)(dataset_id, session=session)
    faces = BlindFaces.of(workspace, dataset_id, version.id)
    judge = _LabelledFaces(faces, known)
    chosen_on = "encoder" if threshold == own_threshold(workspace, version) else "saved"
    methods = {IN_FORCE: _method(faces)}
    if clothes:
        worn = WornClothes.of(workspace, dataset_id, faces.instances, progress, cue)
        methods[with_clothes(cue)] = _method(faces, worn)

    def rows_of(name: str, method: Method) -> Iterator[MethodFigures]:
        return judge.rows(name, method, threshold, chosen_on, best=best)

    return {
        **_each(methods | METHODS, rows_of, progress),
        "faces": len(judge.truth),
        "labelled": int((judge.truth >= 0).sum()),
        "truth": truth,
        "encoder": version.name,
        "threshold": threshold,
        "in_force": IN_FORCE,
    }


def _each(
    methods: Mapping[str, Method], rows_of: Callable[[str, Method], Iterator[MethodFigures]], progress: Progress
) -> dict[str, Any]:
    """``rows`` and ``not_done`` of one way after another."""
    progress.begin(len(methods), message=message("progress.comparing_groupings"))
    rows: list[dict[str, Any]] = []
    not_done = []
    for number, (name, method) in enumerate(methods.items()):
        try:
            rows.extend(map(asdict, rows_of(name, method)))
        except (BadInput, MemoryError) as error:
            reason = error.message if isinstance(error, BadInput) else message("people.no_memory_to_group")
            not_done.append({"method": name, "reason": reason.to_json()})
        progress.advance(number + 1)
    return {"rows": rows, "not_done": not_done}


def with_clothes(cue: str) -> str:
    """What average linkage is called that then goes by clothes as a cue tells them."""
    return WITH_CLOTHES if cue == COLOURS else f"{WITH_CLOTHES}-{cue}"


def _method(faces: BlindFaces, clothes: WornClothes | None = None) -> Method:
    """What is done by all that is known of the faces, as a way of grouping the first of them."""

    def grouped(
        embeddings: NDArray[np.float32],
        threshold: float,
        constraints: Constraints | None = None,  # noqa: ARG001 -- it knows of photos
        /,
    ) -> Ints:
        labels = faces.first(len(embeddings)).grouped(threshold)
        return labels if clothes is None else clothes.given(labels, faces.photos)

    return replace(METHODS[AVERAGE_LINKAGE], group=grouped)


def best_thresholds(truth: Ints, tried: Mapping[float, Ints], of: Bools | None, less: float) -> list[float]:
    """The thresholds, rising, of which the BCubed F of some of the (N,) faces is at most so much `less` than the best.

    `tried` has the (N,) labels at each threshold; `of` (N,) which faces count, None for all.
    """
    scores = {value: bcubed(truth, labels, of).f for value, labels in tried.items()}
    return sorted(value for value, score in scores.items() if score >= max(scores.values()) - less)


class _LabelledFaces:
    """The faces of a dataset, in the order of their pictures, and who they are."""

    def __init__(self, faces: BlindFaces, known: Mapping[int, int]) -> None:
        self.vectors, self.photos = faces.vectors, faces.photos
        self.truth = np.array([known.get(face, -1) for face in faces.instances.tolist()], np.int64)
        person = np.unique(self.truth, return_inverse=True)[1]
        self.halves = tuple((self.truth >= 0) & (person % 2 == half) for half in (0, 1))  # every second person's faces
        photos = np.unique(self.photos)
        first_new = photos[len(photos) - round(_LATER * len(photos)) :]
        self.older = int(np.searchsorted(self.photos, first_new[0])) if len(first_new) else len(self.photos)

    def rows(
        self, name: str, method: Method, in_force: float, chosen_on: str, *, best: bool
    ) -> Iterator[MethodFigures]:
        """The figures of a way at its own threshold and, if they are wanted, at the best ones."""
        own = method.own_threshold(in_force)
        yield self._row(name, method, own, chosen_on)
        if best and (self.truth >= 0).any():
            values = [float(value) for value in 1 - (1 - own) * _STRICTNESS if value > -1]
            tried = {value: with_unknown_apart(self._grouped(method, value, len(self.truth))) for value in values}
            best_ones = best_thresholds(self.truth, tried, None, _EQUAL)
            yield self._row(name, method, best_ones[len(best_ones) // 2], "truth")
            for chosen_by, judged in (self.halves, self.halves[::-1]):
                if chosen_by.any() and judged.any():
                    strictest = best_thresholds(self.truth, tried, chosen_by, NEARLY)[-1]
                    yield self._row(name, method, strictest, "others", judged)

    def _grouped(self, method: Method, threshold: float, count: int) -> Ints:
        limits = replace(Constraints.none(count), photos=self.photos[:count]) if method.constrained else None
        return method.group(self.vectors[:count], threshold, limits)

    def _row(
        self, name: str, method: Method, threshold: float, chosen_on: str, of: Bools | None = None
    ) -> MethodFigures:
        start = perf_counter()
        found = self._grouped(method, threshold, len(self.truth))
        seconds = perf_counter() - start
        labels = with_unknown_apart(found)
        before = with_unknown_apart(self._grouped(method, threshold, self.older)) if self.older < len(labels) else None
        pairs, faces = pairwise(self.truth, labels, of), bcubed(self.truth, labels, of)
        truth = self.truth if of is None else np.where(of, self.truth, -1)
        changed = np.nan if before is None else churn(before, labels[: self.older])
        half, most, nearly_all = clicks_to_cover(truth, labels, (0.5, 0.8, 0.95))
        return MethodFigures(
            method=name,
            threshold=threshold,
            chosen_on=chosen_on,
            precision=finite_or_none(pairs.precision),
            recall=finite_or_none(pairs.recall),
            f=finite_or_none(pairs.f),
            bcubed_precision=finite_or_none(faces.precision),
            bcubed_recall=finite_or_none(faces.recall),
            bcubed_f=finite_or_none(faces.f),
            purity=finite_or_none(same_photo_purity(self.photos, labels)),
            churn=finite_or_none(changed),
            clicks_50=half,
            clicks_80=most,
            clicks_95=nearly_all,
            groups=int((np.bincount(labels) > 1).sum()) if len(labels) else 0,
            unknown=int((found < 0).sum()),
            seconds=seconds,
        )


def people_by_folders(dataset_id: int, *, session: Session) -> dict[int, int]:
    """Instance to a number of its person, for the face in the middle of every picture that lies in a folder."""
    rows = session.exec(
        select(Image, Instance)
        .join(Instance, col(Instance.image_id) == col(Image.id))
        .where(Image.dataset_id == dataset_id, Instance.kind == "face", ~col(Instance.removed))
        .order_by(col(Image.id), col(Instance.id))
    )
    numbers: dict[str, int] = {}
    found = {}
    for _, shown in groupby(rows, key=lambda row: row[0].id):
        pictures, faces = zip(*shown, strict=True)
        folder = _folder(pictures[0])
        if folder:
            middle = faces[most_central(boxes_of(faces), pictures[0].width, pictures[0].height)]
            found[middle.id] = numbers.setdefault(folder, len(numbers))
    return found


def _folder(image: Image) -> str:
    """Whom a picture's folder names: as it was imported, else where the picture is no frame of anything."""
    return image.identity or (PurePosixPath(image.path).parent.name if image.sequence is None else "")
