"""Drawn pictures in a store, for the browser tests of the keypoints page: no model has to run."""

import numpy as np
from sqlmodel import select

from core.drawn.body import POSES
from core.drawn.figures import draw_figure
from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_portrait
from core.drawn.truth import write_picture
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.importing import PictureIntake
from db.tables import Image, Instance, KeypointRevision, Review, Run, RunState, Source, now
from db.writes.library import ensure_dataset, ensure_user, refresh_picture
from db.writes.models import ensure_model_version
from db.writing import writing


def stage(home):
    """A store with two portraits and a figure that have a model's points, as “find faces” would leave them."""
    workspace = Workspace.open(Settings(home=home))
    rng = np.random.default_rng(0)
    pictures = [draw_portrait(PEOPLE[name], rng, name=f"{name}.jpg", person=name) for name in ("ada", "bruno")]
    pictures.append(draw_figure(POSES["walk"], rng, PEOPLE["chidi"], name="walk.jpg", person="chidi"))
    folder = home.parent / "pictures"
    for picture in pictures:
        write_picture(picture, folder)
    with writing(workspace.engine) as session:
        author = ensure_user("stage", session=session)
        dataset = ensure_dataset("Drawn", author, session=session)
        run = Run(kind="import", dataset_id=dataset, author_id=author, state=RunState.RUNNING)
        session.add(run)
        session.flush()
    counts = PictureIntake(workspace, dataset_id=dataset, author_id=author, run_id=run.id).take_source(folder)
    with writing(workspace.engine) as session:
        ended = session.get(Run, run.id)
        ended.state, ended.counts, ended.finished_at = RunState.DONE, counts, now()
        version = ensure_model_version("staged", "landmarks", "0" * 64, {}, session=session)
        for picture in pictures:
            image = session.exec(select(Image).where(Image.path == picture.name)).one()
            for drawn in picture.instances:
                add(drawn, image, version, session)
    return workspace


def add(drawn, image, version, session):
    left, top, right, bottom = drawn.box.tolist()
    instance = Instance(
        dataset_id=image.dataset_id, image_id=image.id, kind=drawn.kind, left=left, top=top, right=right, bottom=bottom
    )
    session.add(instance)
    session.flush()
    revision = KeypointRevision(
        instance_id=instance.id,
        skeleton=drawn.skeleton,
        points=drawn.keypoints.to_bytes(),
        source=Source.MODEL,
        review=Review.OPEN,
        model_version_id=version,
    )
    session.add(revision)
    session.flush()
    instance.revision_id = revision.id
    refresh_picture(image.id, session=session)
