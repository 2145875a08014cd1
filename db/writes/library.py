"""Small writes about users, datasets and pictures. Each takes the caller's session and never commits."""

from sqlalchemy import func
from sqlmodel import Session, col, select, update

from db.batching import id_batches
from db.tables import Dataset, Image, Instance, User


def ensure_user(name: str, *, session: Session) -> int:
    """The id of the user of that name; added when new."""
    user_id = session.exec(select(User.id).where(User.name == name)).first()
    if user_id is None:
        user = User(name=name)
        session.add(user)
        session.flush()
        return user.id
    return user_id


def ensure_dataset(name: str, author_id: int, *, session: Session) -> int:
    """The id of the dataset of that name; added when new."""
    dataset_id = session.exec(select(Dataset.id).where(Dataset.name == name)).first()
    if dataset_id is None:
        dataset = Dataset(name=name, created_by=author_id)
        session.add(dataset)
        session.flush()
        return dataset.id
    return dataset_id


def recount_faces(*image_ids: int, session: Session) -> None:
    """Bring `Image.faces` of pictures in line with their instances."""
    count = (
        select(func.count())
        .select_from(Instance)
        .where(Instance.image_id == Image.id, Instance.kind == "face", ~col(Instance.removed))
        .correlate(Image)
        .scalar_subquery()
    )
    for part in id_batches(image_ids):
        session.exec(update(Image).where(col(Image.id).in_(part)).values(faces=count))
