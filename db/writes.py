"""Small writes that several services share. Each takes the caller's session and never commits."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, func
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session, col, select, update

from db.tables import DailyWork, Dataset, Image, Instance, ModelUse, ModelVersion, Person, User, now


def ensure_user(name: str, *, session: Session) -> int:
    """The id of the user of that name; added when new."""
    found = session.exec(select(User.id).where(User.name == name)).first()
    if found is None:
        user = User(name=name)
        session.add(user)
        session.flush()
        return user.id
    return found


def ensure_dataset(name: str, author_id: int, *, session: Session) -> int:
    """The id of the dataset of that name; added when new."""
    found = session.exec(select(Dataset.id).where(Dataset.name == name)).first()
    if found is None:
        dataset = Dataset(name=name, created_by=author_id)
        session.add(dataset)
        session.flush()
        return dataset.id
    return found


def ensure_model_version(
    name: str, kind: str, weights_sha256: str, settings: dict[str, Any], *, session: Session
) -> int:
    """The id of a model as it runs now: the same name, weights and settings are one version."""
    key = json.dumps(settings, sort_keys=True)
    found = session.exec(
        select(ModelVersion.id).where(
            ModelVersion.name == name, ModelVersion.weights_sha256 == weights_sha256, ModelVersion.settings_key == key
        )
    ).first()
    if found is None:
        version = ModelVersion(name=name, kind=kind, weights_sha256=weights_sha256, settings=settings, settings_key=key)
        session.add(version)
        session.flush()
        return version.id
    return found


def note_model_use(dataset_id: int, model_version_id: int, *, session: Session) -> None:
    """Remember that a dataset holds output of a model."""
    session.merge(ModelUse(dataset_id=dataset_id, model_version_id=model_version_id))


def ensure_person(dataset_id: int, name: str, author_id: int | None, *, session: Session) -> int:
    """The id of the active person of that name in a dataset; added when new."""
    found = session.exec(
        select(Person.id).where(Person.dataset_id == dataset_id, Person.name == name, col(Person.active))
    ).first()
    if found is None:
        person = Person(dataset_id=dataset_id, name=name, created_by=author_id)
        session.add(person)
        session.flush()
        return person.id
    return found


def count_work(author_id: int, dataset_id: int, kind: str, amount: int = 1, *, session: Session) -> None:
    """Add to what somebody did today (UTC)."""
    row = {"author_id": author_id, "dataset_id": dataset_id, "day": f"{now():%Y-%m-%d}", "kind": kind, "count": amount}
    statement = insert(DailyWork).values(**row)
    connection: Connection = session.connection()
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["author_id", "dataset_id", "day", "kind"], set_={"count": col(DailyWork.count) + amount}
        )
    )


def recount_faces(image_id: int, *, session: Session) -> None:
    """Bring `Image.faces` in line with the instances of the picture."""
    count = (
        select(func.count())
        .select_from(Instance)
        .where(Instance.image_id == image_id, Instance.kind == "face", ~col(Instance.removed))
        .scalar_subquery()
    )
    session.exec(update(Image).where(col(Image.id) == image_id).values(faces=count))
