"""Reads of a whole dataset for an export."""

import pytest

from db.engine import reading
from db.queries import exchange
from db.queries.exchange import assigned_people, picture_order, pictures_with_instances
from db.tables import Assignment, Person, Source
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def test_pictures_come_by_path_in_batches_with_all_their_instances(workspace, dataset, shelf, monkeypatch):
    monkeypatch.setattr(exchange, "_BATCH", 2)
    names = ["c.png", "a.png", "e.png", "b.png", "d.png"]
    images = {name: shelf.image(name) for name in names}
    faces = {name: [shelf.instance(images[name], face()) for _ in range(2)] for name in names}
    with reading(workspace.engine) as session:
        order = picture_order(dataset, session=session)
        rows = [
            (image.path, [row.instance.id for row in instances])
            for image, instances in pictures_with_instances(dataset, session=session)
        ]
    assert order == [(images[name], name) for name in sorted(names)]
    assert rows == [(name, faces[name]) for name in sorted(names)]


def test_people_are_listed_as_their_faces_were_found(workspace, dataset, shelf):
    image = shelf.image("a.png")
    faces = [shelf.instance(image, face()) for _ in range(2)]
    with writing(workspace.engine) as session:
        people = [Person(dataset_id=dataset), Person(dataset_id=dataset)]
        session.add_all(people)
        session.flush()
        pairs = list(zip(faces, [people[1].id, people[0].id], strict=True))
        for instance, person in pairs:
            session.add(Assignment(instance_id=instance, dataset_id=dataset, person_id=person, source=Source.MODEL))
    with reading(workspace.engine) as session:
        assert assigned_people(dataset, session=session) == [(image, person) for _, person in pairs]
