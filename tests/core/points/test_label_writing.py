"""Labels on a picture: which instance each goes to."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import col, select

from core.formats.labels import LabelledRow
from core.foundation.arrays import Keypoints
from core.points.annotating import add_instances
from core.points.label_writing import FileLabel, apply_labels
from db.engine import reading
from db.tables import Image, Instance, KeypointRevision
from db.writing import writing
from tests.builders.learning_rows import Shelf

PARENT = (5.0, 5.0, 195.0, 145.0)


@pytest.fixture
def image(workspace, dataset, author):
    return Shelf(workspace, dataset, author).image("a.png")


@pytest.fixture
def write(workspace, image, author):
    """Writes bodies of 17 points (by left, top, spread and box) from one file; gives what became of them."""

    def labels(*bodies):
        rows = [FileLabel(_row(*body), "a.json", author) for body in bodies]
        with writing(workspace.engine) as session:
            return apply_labels(session.get(Image, image), rows, None, session=session)

    return labels


def _row(left, top, spread, box=None):
    steps = np.arange(17) * spread
    points = np.stack([left + steps, top + 1.5 * steps], axis=1)
    return LabelledRow("a.png", Keypoints.of(points), "coco17", box=box)


def revisions_by_instance(workspace):
    with reading(workspace.engine) as session:
        instances = session.exec(select(Instance.id).order_by(col(Instance.id))).all()
        owners = session.exec(select(KeypointRevision.instance_id)).all()
    return [owners.count(instance) for instance in instances]


def test_two_people_of_one_file_never_share_an_instance(workspace, write, image, author):
    add_instances(workspace, image, [(15, 5, 60, 70)], "person", author_id=author)
    report = write((20, 10, 2, (18, 8, 58, 68)), (22, 11, 2, (19, 9, 59, 69)))
    assert (report.added, report.refused) == (2, [])
    assert revisions_by_instance(workspace) == [1, 1]


def test_the_better_fitting_of_two_labels_gets_the_instance_and_the_other_one_of_its_own(
    workspace, write, image, author
):
    (drawn,) = add_instances(workspace, image, [(18, 8, 58, 68)], "person", author_id=author)
    write((22, 11, 2, (23, 13, 63, 73)), (20, 10, 2, (18, 8, 58, 68)))
    with reading(workspace.engine) as session:
        head = session.get(KeypointRevision, session.get(Instance, drawn).revision_id)
    assert Keypoints.from_bytes(head.points).points[0].tolist() == [20, 10]


def test_one_label_is_written_once_though_two_instances_would_fit_it(workspace, write, image, author):
    add_instances(workspace, image, [(18, 8, 58, 68), (16, 6, 60, 70)], "person", author_id=author)
    assert write((20, 10, 2, (18, 8, 58, 68))).added == 1
    assert revisions_by_instance(workspace) == [1, 0]


def test_a_child_on_a_parents_arm_is_not_the_parent(workspace, write, image, author):
    add_instances(workspace, image, [PARENT], "person", author_id=author)
    write((60, 60, 1))  # all its points lie in the parent's box, but fill a fiftieth of it
    assert revisions_by_instance(workspace) == [0, 1]


def test_points_that_fill_enough_of_a_box_are_of_that_person(workspace, write, image, author):
    add_instances(workspace, image, [PARENT], "person", author_id=author)
    write((30, 10, 5))
    assert revisions_by_instance(workspace) == [1]
