"""Drawn clips with true points as labels in a store, for the browser tests of training and models."""

from sqlmodel import select

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id, create_dataset
from db.tables import Instance, KeypointRevision, Run, RunState, now
from db.writes.library import refresh_picture
from db.writing import writing
from tests.builders.drawn_labels import fill_with_clips

NAME = "Mina"
QUICK = {"epochs": "2", "input_size": "64x64", "batch": "4", "workers": "0", "sheets": "1"}


def open_store(home):
    """The workspace of a workbench, and the id of who works."""
    workspace = Workspace.open(Settings(home=home))
    return workspace, annotator_id(workspace, NAME)


def add_clips(workspace, author, name, **asked):
    """A dataset of drawn clips; gives its id. The keywords are those of `fill_with_clips`."""
    dataset = create_dataset(workspace, name, author)
    fill_with_clips(workspace, dataset, author, workspace.home.parent / name, **asked)
    with writing(workspace.engine) as session:  # a queued import would be taken up by the worker
        for run in session.exec(select(Run).where(Run.dataset_id == dataset, Run.state == RunState.QUEUED)):
            run.state, run.finished_at = RunState.DONE, now()
            run.counts = {"images": 0, "added": 0, "duplicates": 0, "skipped": 0}
    return dataset


def unlabel(workspace, instances):
    """Take the human's points away from some instances, as if nobody had looked at them yet."""
    with writing(workspace.engine) as session:
        for number in instances:
            one = session.get(Instance, number)
            one.revision_id = None
            session.flush()
            for revision in session.exec(select(KeypointRevision).where(KeypointRevision.instance_id == number)):
                session.delete(revision)
            refresh_picture(one.image_id, session=session)
