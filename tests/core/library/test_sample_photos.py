"""The drawn photos: figures get points that are a little wrong, once."""

import numpy as np
import pytest
from sqlmodel import select

from core.drawn.body import POSES
from core.drawn.figures import draw_figure
from core.drawn.people import PEOPLE
from core.foundation.arrays import Keypoints
from core.library import sample_photos
from core.library.importing import PictureIntake
from core.library.sample_photos import add_figures, draw_sample, note_threshold
from db.engine import reading
from db.tables import Image, ImageState, Instance, KeypointRevision, Run, Source, Threshold
from db.writing import writing


@pytest.fixture
def drawn(workspace, dataset, author, monkeypatch):
    """Two pictures with whole figures and their run, imported."""
    rng = np.random.default_rng(0)
    figures = [
        draw_figure(POSES[pose], rng, PEOPLE[person], name=f"figures/{pose}.jpg", person=person, background="park")
        for pose, person in (("walk", "chidi"), ("jump", "gita"))
    ]
    monkeypatch.setattr(sample_photos, "sample", lambda: iter(figures))
    with writing(workspace.engine) as session:
        run = Run(kind="sample", dataset_id=dataset, author_id=author)
        session.add(run)
        session.flush()
        run_id = run.id
    made = draw_sample(workspace)
    PictureIntake(workspace, dataset_id=dataset, author_id=author, run_id=run_id).take_source(made.folder)
    return made, run_id


def test_figures_get_their_points_a_few_pixels_off_and_only_once(workspace, dataset, drawn):
    made, run_id = drawn
    people = [item for _, instances in made.pictures for item in instances if item.kind == "person"]
    assert add_figures(workspace, made, dataset_id=dataset, run_id=run_id) == len(people) > 0
    assert add_figures(workspace, made, dataset_id=dataset, run_id=run_id) == 0
    with reading(workspace.engine) as session:
        rows = session.exec(select(KeypointRevision).order_by(KeypointRevision.id)).all()
        heads = set(session.exec(select(Instance.revision_id).where(Instance.kind == "person")).all())
        assert set(session.exec(select(Image.state)).all()) == {ImageState.FOUND}
    assert ({row.source for row in rows}, {row.id for row in rows}) == ({Source.MODEL}, heads)
    off = np.concatenate(
        [
            Keypoints.from_bytes(row.points).points - person.keypoints.points
            for row, person in zip(rows, people, strict=True)
        ]
    )
    assert 1 < np.nanstd(off) < 8


def test_the_threshold_of_drawn_faces_is_saved_once_and_only_for_the_encoder_that_it_fits(workspace, dataset, author):
    for _ in range(2):
        note_threshold(workspace, dataset_id=dataset, author_id=author)
    with reading(workspace.engine) as session:
        assert session.exec(select(Threshold.value)).all() == [0.965]
