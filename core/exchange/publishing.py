"""What was staged becomes a dataset's in one short transaction: rows change their dataset, none is written anew."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlmodel import Session, col, select, update

from core.exchange.clips import LocalNames, LocalPicture, publish_videos, restore_groups, restore_tracks
from core.exchange.staged_rows import StagedDataset, Staging, facts_of
from core.formats.dataset import LabelledDataset
from core.foundation.messages import message
from core.people.assigning import record, record_separations
from db.batching import id_batches
from db.queries.exchange import people_named
from db.tables import Assignment, Image, ImagePath, Instance, Person, SkippedInput, WorkKind
from db.writes.dashboard import record_work
from db.writes.library import refresh_picture
from db.writes.rows import change_rows, insert_rows

# What became of a picture: taken in, its labels given to the one here, kept back for the labels here, nothing to do.
Outcome = Literal["added", "filled", "stays", "nothing"]
_STAYS: Final = message("images.labels_stay")


@dataclass
class PublishedExport:
    """What came in: what became of each staged picture, and which picture here each path of the export is."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    images: dict[str, LocalPicture] = field(default_factory=dict)

    def of(self, *outcomes: Outcome) -> list[int]:
        """The staged pictures that came to that."""
        return [number for number, outcome in self.outcomes.items() if outcome in outcomes]


def publish(
    labelled: LabelledDataset, dataset_id: int, staging: Staging, staged: StagedDataset, *, session: Session
) -> PublishedExport:
    """Give what was staged to a dataset. A picture that is here keeps its labels; if it has none, it gets these."""
    same = _same_pictures(dataset_id, staged, session=session)
    published = _outcomes(staging, staged, same, session=session)
    _note_paths(staged, same, session=session)
    _take_facts(staging, staged, published, same)
    _move(dataset_id, staged, published, same, session=session)
    session.add_all(
        SkippedInput(run_id=staging.run_id, path=staged.pictures[number].path, reason=_STAYS.to_json())
        for number in published.of("stays")
    )
    if published.of("added", "filled"):
        people = _publish_people(labelled, dataset_id, staging, staged, session=session)
        _publish_separations(dataset_id, staging, staged, people, session=session)
        publish_videos(staged.dataset_id, dataset_id, {old: row.id for old, row in same.items()}, session=session)
        _publish_tracks(labelled, dataset_id, staged, session=session)
        arrived = LocalNames(published.images, people, staging.clips)
        restore_groups(labelled, dataset_id, staging.author_id, arrived, session=session)
    if added := len(published.of("added")):
        record_work(staging.author_id, dataset_id, WorkKind.IMAGES_IMPORTED, added, session=session)
    return published


def _same_pictures(dataset_id: int, staged: StagedDataset, *, session: Session) -> dict[int, Image]:
    """The picture here of each staged one whose content is here already."""
    staged_of = {image.sha256: number for number, image in staged.pictures.items()}
    return {
        staged_of[row.sha256]: row
        for part in id_batches(staged_of)
        for row in session.exec(select(Image).where(Image.dataset_id == dataset_id, col(Image.sha256).in_(part)))
    }


def _outcomes(staging: Staging, staged: StagedDataset, same: dict[int, Image], *, session: Session) -> PublishedExport:
    """What should become of each picture, by whose labels the one here has."""
    runs: dict[int, set[int | None]] = defaultdict(set)
    for part in id_batches([row.id for row in same.values()]):
        for here, run in session.exec(
            select(Instance.image_id, Instance.run_id).where(col(Instance.image_id).in_(part)).distinct()
        ):
            runs[here].add(run)
    published = PublishedExport()
    for number, image in staged.pictures.items():
        row = same.get(number)
        labelled_here = runs[row.id] if row else set()
        brings = bool(image.instances or image.removed)
        outcome: Outcome = "added"
        if row is not None and staging.run_id in {row.run_id, *labelled_here}:
            outcome = "nothing"  # this same run published it before it was killed
        elif row is not None and labelled_here:
            outcome = "stays" if brings else "nothing"
        elif row is not None:
            outcome = "filled" if brings or (image.identity and not row.identity) else "nothing"
        published.outcomes[number] = outcome
        published.images[image.path] = LocalPicture(row.id, row.path) if row else LocalPicture(number, image.path)
    for path, number in staged.repeated.items():
        published.images[path] = published.images[staged.pictures[number].path]
    return published


def _note_paths(staged: StagedDataset, same: dict[int, Image], *, session: Session) -> None:
    """Remember the paths under which pictures came that are here under others."""
    came = {(number, image.path) for number, image in staged.pictures.items()}
    came |= {(number, path) for path, number in staged.repeated.items()}
    wanted = {(same[number].id, path) for number, path in came if number in same}
    known = {
        (row.image_id, row.path)
        for part in id_batches({image for image, _ in wanted})
        for row in session.exec(select(ImagePath).where(col(ImagePath.image_id).in_(part)))
    }
    insert_rows([ImagePath(image_id=image, path=path) for image, path in sorted(wanted - known)], session=session)


def _take_facts(staging: Staging, staged: StagedDataset, published: PublishedExport, same: dict[int, Image]) -> None:
    """Give pictures here what is known of them there: the clip or action, and with the labels state and person."""
    for number, row in same.items():
        image = staged.pictures[number]
        if not row.sequence and image.sequence:
            row.sequence = staging.sequence(image)
        if published.outcomes[number] != "filled":
            continue
        if image.instances or image.removed:
            for name, value in facts_of(image, staging.author_id).items():
                setattr(row, name, value)
        if image.identity and not row.identity:
            row.identity, row.identity_by = image.identity, staging.author_id


def _move(
    dataset_id: int, staged: StagedDataset, published: PublishedExport, same: dict[int, Image], *, session: Session
) -> None:
    """Pictures that are new here, and all instances of these and of filled ones with whose they are, change over."""
    added, filled = published.of("added"), {number: same[number].id for number in published.of("filled")}
    change_rows(
        Instance, [{"row": number, "image_id": here} for number, here in filled.items()], by="image_id", session=session
    )
    for part in id_batches(added):
        session.exec(update(Image).where(col(Image.id).in_(part)).values(dataset_id=dataset_id))
    for part in id_batches([*added, *filled.values()]):
        moved = col(Instance.image_id).in_(part), col(Instance.dataset_id) == staged.dataset_id
        whose = select(Instance.id).where(*moved)
        session.exec(update(Assignment).where(col(Assignment.instance_id).in_(whose)).values(dataset_id=dataset_id))
        session.exec(update(Instance).where(*moved).values(dataset_id=dataset_id))
    refresh_picture(*filled.values(), session=session)


def _publish_people(
    labelled: LabelledDataset, dataset_id: int, staging: Staging, staged: StagedDataset, *, session: Session
) -> dict[str, int]:
    """The person here of each key that has a face here now, or a name and no face there either."""
    names = {person.key: person.name for person in labelled.people}
    with_face = {
        person
        for part in id_batches(set(staged.people.values()))
        for person in session.exec(
            select(Assignment.person_id)
            .where(col(Assignment.person_id).in_(part), Assignment.dataset_id == dataset_id)
            .distinct()
        )
    }
    here = people_named(dataset_id, {name for name in names.values() if name}, session=session)
    come = {key: number for key, number in staged.people.items() if number in with_face}
    known = {key: here[name] for key in come if (name := names[key]) in here}
    change_rows(
        Assignment,
        [{"row": come[key], "person_id": number} for key, number in known.items()],
        by="person_id",
        session=session,
    )
    for part in id_batches(set(come.values()) - {come[key] for key in known}):
        session.exec(update(Person).where(col(Person.id).in_(part)).values(dataset_id=dataset_id))
    here |= {name: come[key] for key in come.keys() - known.keys() if (name := names[key])}
    faces_there = {face.person for image in labelled.images for face in image.instances}
    faceless = {key: name for key, name in names.items() if name and key not in faces_there}
    fresh = sorted(set(faceless.values()) - here.keys())
    rows = [Person(dataset_id=dataset_id, name=name, created_by=staging.author_id) for name in fresh]
    here |= dict(zip(fresh, insert_rows(rows, session=session), strict=True))
    return come | known | {key: here[name] for key, name in faceless.items()}


def _publish_separations(
    dataset_id: int, staging: Staging, staged: StagedDataset, people: dict[str, int], *, session: Session
) -> None:
    """As one decision of the importing author, so that it stands in the history and can be undone."""
    come = _in_dataset(dataset_id, {face for face, _ in staged.apart}, session=session)
    pairs = [(face, people[key]) for face, key in staged.apart if face in come and key in people]
    if not pairs:
        return
    faces, apart_from = sorted({face for face, _ in pairs}), sorted({person for _, person in pairs})
    summary = message("decisions.imported_apart", faces=len(faces))
    event = record("import", summary, dataset_id, faces, apart_from, staging.author_id, session=session)
    record_separations(pairs, event, session=session)


def _publish_tracks(labelled: LabelledDataset, dataset_id: int, staged: StagedDataset, *, session: Session) -> None:
    """Of what came in; what stays here stays in its own tracks."""
    come = _in_dataset(dataset_id, [one for those in staged.tracks.values() for one in those], session=session)
    instances = {track: [one for one in those if one in come] for track, those in staged.tracks.items()}
    restore_tracks(labelled, dataset_id, instances, session=session)


def _in_dataset(dataset_id: int, instances: Iterable[int], *, session: Session) -> set[int]:
    return {
        number
        for part in id_batches(instances)
        for number in session.exec(
            select(Instance.id).where(col(Instance.id).in_(part), Instance.dataset_id == dataset_id)
        )
    }
