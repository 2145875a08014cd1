"""Datasets and pictures by their number; each function raises NotFound where there is none."""

from sqlmodel import Session

from core.foundation.errors import NotFound
from db.engine import LARGEST_ID
from db.tables import Dataset, Image


def find_dataset(number: int, *, session: Session) -> Dataset:
    """The dataset of that number."""
    dataset = session.get(Dataset, number)
    if dataset is None or dataset.staged_by is not None:
        raise NotFound("datasets.none_numbered", number=number)
    return dataset


def find_image(number: int, *, session: Session) -> Image:
    """The picture of that number, which may be any: addresses hold it."""
    image = session.get(Image, number) if number <= LARGEST_ID else None
    if image is None:
        raise NotFound("images.none_numbered", number=number)
    return image
