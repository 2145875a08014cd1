"""Publishing: one short transaction in which staged rows change their dataset; people of one name become one."""

import pytest
from sqlmodel import select

from core.exchange.publishing import publish
from core.exchange.staged_rows import Staging, begin_staging, stage
from core.foundation.progress import DEAF
from core.jobs.runs import submit
from core.library.pictures import StoredFile
from db.engine import reading
from db.tables import Assignment, Dataset, Image, ImagePath, Instance, KeypointRevision, Person
from db.writes.models import ensure_model_version
from db.writes.people import ensure_person
from db.writing import writing


@pytest.fixture
def staged(workspace, dataset, author, small_dataset):
    """The small dataset staged: a function that publishes it, and gives what became of its pictures by path."""
    labelled = small_dataset
    with writing(workspace.engine) as session:
        number = ensure_model_version("points", "landmarks", "0" * 64, {}, session=session)
    run = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
    staging = Staging(author, run, {card.name: number for card in labelled.models}, {})
    rows = begin_staging(workspace, author, run)
    files = [
        (image, StoredFile(image.path, image.sha256, 1, image.width, image.height, "PNG", f"originals/{image.path}"))
        for image in labelled.images
    ]
    stage(workspace, staging, rows, labelled, files, DEAF)

    def published():
        with writing(workspace.engine) as session:
            done = publish(labelled, dataset, staging, rows, session=session)
        return {image.path: done.outcomes[number] for number, image in rows.pictures.items()}

    return published


def test_nothing_is_of_the_dataset_before_and_everything_after(workspace, dataset, staged):
    with reading(workspace.engine) as session:
        for table in (Image, Instance, Assignment, Person):
            assert session.exec(select(table).where(table.dataset_id == dataset)).all() == []
        revision = session.get(Dataset, dataset).revision
    assert staged() == {"one.png": "added", "two.png": "added"}
    with reading(workspace.engine) as session:
        for table, count in ((Image, 2), (Instance, 2), (Assignment, 1), (Person, 1)):
            assert len(session.exec(select(table)).all()) == count
            assert {row.dataset_id for row in session.exec(select(table))} == {dataset}
        face = session.exec(select(Instance).where(Instance.kind == "face")).one()
        assert session.get(KeypointRevision, face.revision_id).instance_id == face.id
        assert session.get(Dataset, dataset).revision > revision  # whoever keeps figures of it looks again


def test_a_person_of_that_name_here_gets_the_faces_and_the_staged_one_stays_hidden(workspace, dataset, author, staged):
    with writing(workspace.engine) as session:
        here = ensure_person(dataset, "Ann", author, session=session)
    staged()
    with reading(workspace.engine) as session:
        assert session.exec(select(Assignment.person_id)).all() == [here]
        assert session.exec(select(Person.id).where(Person.dataset_id == dataset)).all() == [here]


def test_a_picture_that_is_here_without_labels_keeps_its_row_and_gets_the_labels(workspace, dataset, staged):
    with reading(workspace.engine) as session:
        one = session.exec(select(Image).where(Image.path == "one.png")).one()
    facts = one.model_dump(exclude={"id", "dataset_id", "run_id"}) | {"path": "mine.png", "faces": 0, "state": "new"}
    with writing(workspace.engine) as session:
        mine = Image(**facts, dataset_id=dataset)
        session.add(mine)
    assert staged() == {"one.png": "filled", "two.png": "added"}
    with reading(workspace.engine) as session:
        row = session.get(Image, mine.id)
        assert (row.path, row.faces) == ("mine.png", 1)
        assert {each.image_id for each in session.exec(select(Instance))} == {mine.id}
        assert session.exec(select(ImagePath.path).where(ImagePath.image_id == mine.id)).all() == ["one.png"]


def test_publishing_again_does_nothing(workspace, staged):
    staged()
    assert staged() == {"one.png": "nothing", "two.png": "nothing"}
