"""What the folders of an import say about faces: the face in the middle of a picture is the folder's person."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from typing import Final

from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from core.foundation.geometry import boxes_of, most_central
from core.foundation.workspace import Workspace
from db.queries.people.ownership import separations_that_count
from db.tables import Assignment, Image, Instance, Person, Source
from db.writes.people import ensure_person
from db.writing import writing

_AT_ONCE: Final = 1000


def confirm_identities(workspace: Workspace, *, dataset_id: int, run_id: int) -> int:
    """Confirm the face of every picture whose folder named the person, where no human has said otherwise since.

    The person is the face in the middle, not always the largest. Where nobody has the folder's name any more, the
    person is whoever the folder's confirmed faces belong to now: renamed or merged people stay one. Returns how many
    were confirmed.
    """
    confirmed = 0
    while True:  # in parts, so that nobody waits long for the store
        with writing(workspace.engine) as session:
            images = session.exec(_unconfirmed(dataset_id).limit(_AT_ONCE)).all()
            people = _people(dataset_id, {image.identity for image in images if image.identity}, session=session)
            for image in images:
                _confirm(image, people, run_id, session=session)
        confirmed += len(images)
        if len(images) < _AT_ONCE:
            return confirmed


def _unconfirmed(dataset_id: int) -> SelectOfScalar[Image]:
    of_image = Instance.image_id == Image.id
    human = (
        select(Assignment.instance_id)
        .join(Instance, col(Instance.id) == col(Assignment.instance_id))
        .where(of_image, Assignment.source == Source.HUMAN)
        .exists()
    )
    apart = separations_that_count(dataset_id).subquery()
    separated = select(Instance.id).where(of_image, col(Instance.id).in_(select(apart.c.instance_id))).exists()
    return select(Image).where(
        Image.dataset_id == dataset_id, col(Image.identity).is_not(None), Image.faces > 0, ~human, ~separated
    )


def _people(dataset_id: int, names: Collection[str], *, session: Session) -> dict[str, int]:
    """Folder name to the person who has that name, else to whoever most of the folder's faces are now."""
    called = select(Person.id, Person.name).where(
        Person.dataset_id == dataset_id, col(Person.active), col(Person.name).in_(names)
    )
    people = {name: person_id for person_id, name in session.exec(called) if name is not None}
    heirs: dict[str, Counter[int]] = defaultdict(Counter)
    for image, faces in _pictures(dataset_id, [name for name in names if name not in people], session=session):
        owner = session.get(Assignment, _middle(image, faces).id)
        if owner is not None and owner.source == Source.HUMAN:
            heirs[image.identity or ""][owner.person_id] += 1
    return people | {name: min(owners, key=lambda person: (-owners[person], person)) for name, owners in heirs.items()}


def _pictures(dataset_id: int, names: Sequence[str], *, session: Session) -> list[tuple[Image, list[Instance]]]:
    """Pictures of those folders that a human has decided about, with their faces."""
    confirmed = (
        select(Instance.image_id)
        .join(Assignment, col(Assignment.instance_id) == col(Instance.id))
        .where(Assignment.dataset_id == dataset_id, Assignment.source == Source.HUMAN)
    )
    rows = session.exec(
        select(Image, Instance)
        .join(Instance, col(Instance.image_id) == col(Image.id))
        .where(
            Image.dataset_id == dataset_id,
            col(Image.identity).in_(names),
            col(Image.id).in_(confirmed),
            Instance.kind == "face",
            ~col(Instance.removed),
        )
    )
    pictures: dict[int, tuple[Image, list[Instance]]] = {}
    for image, face in rows:
        pictures.setdefault(image.id, (image, []))[1].append(face)
    return list(pictures.values())


def _middle(image: Image, faces: Sequence[Instance]) -> Instance:
    return faces[most_central(boxes_of(faces), image.width, image.height)]


def _confirm(image: Image, people: dict[str, int], run_id: int, *, session: Session) -> None:
    assert image.identity is not None
    faces = session.exec(
        select(Instance).where(Instance.image_id == image.id, Instance.kind == "face", ~col(Instance.removed))
    ).all()
    face = _middle(image, faces)
    if image.identity not in people:
        people[image.identity] = ensure_person(image.dataset_id, image.identity, image.identity_by, session=session)
    session.exec(delete(Assignment).where(col(Assignment.instance_id) == face.id))
    session.add(
        Assignment(
            instance_id=face.id,
            dataset_id=image.dataset_id,
            person_id=people[image.identity],
            source=Source.HUMAN,
            author_id=image.identity_by,
            run_id=run_id,
        )
    )
