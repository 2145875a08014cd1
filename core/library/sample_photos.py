"""The sample: photos that Facet draws itself, so that everything can be tried with nothing at hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from sqlmodel import Session, select

from core.drawn import sample
from core.drawn.truth import DrawnInstance, write_picture
from core.foundation.arrays import Keypoints
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.models import load_encoder
from db.queries.verification import newest_threshold
from db.tables import Image, Instance, Review, Threshold, sides
from db.writes.library import refresh_picture
from db.writes.models import ensure_model_version, note_model_use
from db.writes.points import append_revision
from db.writing import writing

SAMPLE: Final = "Sample"
_PICTURES: Final = 50
_DRAWN_THRESHOLD: Final = 0.965  # cosine similarity
_NOISE: Final = 4.0  # pixels: the figures' first labels are a little wrong, so that there is something to correct


@dataclass(frozen=True)
class DrawnSample:
    """The sample on disk: its folder, and what is known about its pictures."""

    folder: Path
    pictures: Sequence[tuple[str, tuple[DrawnInstance, ...]]]


def draw_sample(workspace: Workspace, progress: Progress = DEAF) -> DrawnSample:
    """Draw the sample into the home folder."""
    progress.begin(_PICTURES, message=message("progress.drawing_sample"))
    folder = workspace.samples
    known: list[tuple[str, tuple[DrawnInstance, ...]]] = []
    for picture in sample():
        write_picture(picture, folder)
        known.append((picture.name, picture.instances))
        progress.advance(len(known))
    return DrawnSample(folder, known)


def add_figures(workspace: Workspace, drawn: DrawnSample, *, dataset_id: int, run_id: int) -> int:
    """Label the drawn people with 24 points a few pixels off, as a model's first guess would be; returns how many."""
    rng = np.random.default_rng(0)
    added = 0
    with writing(workspace.engine) as session:
        settings = {"noise_px": _NOISE}
        version = ensure_model_version("drawn-sample", "landmarks", "0" * 64, settings, session=session)
        note_model_use(dataset_id, version, session=session)
        for name, instances in drawn.pictures:
            people = [item for item in instances if item.kind == "person"]
            image = session.exec(select(Image).where(Image.dataset_id == dataset_id, Image.path == name)).first()
            if image is None or not people or _has_people(image.id, session=session):
                continue
            for person in people:
                _add_person(image, person, rng, version, run_id, session=session)
                added += 1
            refresh_picture(image.id, session=session)
    return added


def note_threshold(workspace: Workspace, *, dataset_id: int, author_id: int) -> None:
    """Save the threshold that fits drawn faces, which look more alike to `dlib-resnet` than photos do.

    Measured on the sample's own truth: average linkage gives its eight people at any similarity from 0.950 to 0.980.
    """
    chosen = workspace.settings
    if chosen.encoder != "dlib-resnet":
        return  # other encoders keep their own
    encoder = load_encoder(chosen.encoder, chosen.device, workspace.weights)
    with writing(workspace.engine) as session:
        version = ensure_model_version(
            encoder.name, "encoder", encoder.weights_sha256, dict(encoder.settings), session=session
        )
        if newest_threshold(dataset_id, version, session=session) is None:
            row = Threshold(
                dataset_id=dataset_id,
                model_version_id=version,
                value=_DRAWN_THRESHOLD,
                author_id=author_id,
                chosen=message("thresholds.fits_the_sample").to_json(),
            )
            session.add(row)


def _has_people(image_id: int, *, session: Session) -> bool:
    known = select(Instance.id).where(Instance.image_id == image_id, Instance.kind == "person")
    return session.exec(known).first() is not None


def _add_person(
    image: Image, person: DrawnInstance, rng: np.random.Generator, version: int, run_id: int, *, session: Session
) -> None:
    instance = Instance(
        dataset_id=image.dataset_id,
        image_id=image.id,
        kind="person",
        **sides(person.box.tolist()),
        model_version_id=version,
        run_id=run_id,
    )
    session.add(instance)
    session.flush()
    truth = person.keypoints
    noisy = truth.points + rng.normal(0, _NOISE, truth.points.shape)
    guess = Keypoints.of(noisy, truth.visibility, np.full(len(truth), np.nan))
    points = guess.to_bytes()
    append_revision(instance, person.skeleton, points, Review.OPEN, model_version_id=version, session=session)
