"""Small writes about users, datasets and pictures. Each takes the caller's session and never commits."""

from collections import defaultdict
from collections.abc import Sequence, Set
from functools import cache

from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from db.batching import id_batches
from db.tables import SET_ASIDE, TRUTH, Dataset, Image, ImageState, Instance, KeypointRevision, Review, Scan, User


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


def refresh_picture(*image_ids: int, session: Session) -> None:
    """Bring what pictures repeat in line with their instances: how many faces they have, and where they stand.

    This is the one place that says where a picture stands, but for a scan that failed, which stays so until another
    does not or a human reviews it: whoever changes an instance or its points calls it afterwards.
    """
    for part in id_batches(image_ids):
        instances: dict[int, list[tuple[str, str | None]]] = defaultdict(list)
        for image_id, kind, review in session.exec(_reviews(), params={"images": part}):
            instances[image_id].append((kind, review))
        one = [session.get(Image, part[0])] if len(part) == 1 else []  # which the caller has at hand
        for image in filter(None, one or session.exec(select(Image).where(col(Image.id).in_(part))).all()):
            _refresh(image, instances[image.id], session=session)
    session.flush()


@cache
def _reviews() -> Select[int, str, str]:
    """Each instance of `images` with its kind and how far it is reviewed; put together once, as that takes long."""
    return (
        select(Instance.image_id, Instance.kind, KeypointRevision.review)
        .join(KeypointRevision, col(KeypointRevision.id) == col(Instance.revision_id), isouter=True)
        .where(col(Instance.image_id).in_(bindparam("images", expanding=True)), ~col(Instance.removed))
    )


def _refresh(image: Image, instances: Sequence[tuple[str, str | None]], *, session: Session) -> None:
    image.faces = sum(kind == "face" for kind, _ in instances)
    reviews = {review or Review.OPEN for _, review in instances}
    if image.state == ImageState.FAILED and (reviews - {Review.OPEN} or image.empty_by is not None):
        image.state = ImageState.NEW
        if image.reason is None or image.reason["code"] != SET_ASIDE:
            image.reason = None
    if image.state == ImageState.FAILED:
        return
    if reviews:
        image.state = state_of(reviews)
    elif image.empty_by is not None:
        image.state = ImageState.ACCEPTED
    elif image.state not in (ImageState.NEW, ImageState.EMPTY):
        image.state = ImageState.EMPTY if _was_scanned(image.id, session=session) else ImageState.NEW


def state_of(reviews: Set[str]) -> ImageState:
    """Where a picture stands whose instances, at least one, are reviewed so far."""
    if reviews == {Review.OPEN}:
        return ImageState.FOUND
    if not reviews <= set(TRUTH):
        return ImageState.IN_PROGRESS
    return ImageState.IMPORTED if Review.IMPORTED in reviews else ImageState.ACCEPTED


def _was_scanned(image_id: int, *, session: Session) -> bool:
    scans = select(Scan.image_id).where(Scan.image_id == image_id, col(Scan.failure).is_(None))
    return session.exec(scans).first() is not None
