"""Labels on a picture: which instance each goes to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sqlmodel import col, select

from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import Keypoints
from core.points.boxes import add_instances
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

    def labels(*bodies, source="a.json"):
        rows = [FileLabel(_row(*body), source, author) for body in bodies]
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


def test_points_half_of_which_lie_beside_a_box_are_of_somebody_else(workspace, write, image, author):
    add_instances(workspace, image, [(5, 5, 45, 65)], "person", author_id=author)
    write((30, 10, 2))  # from 30 to 62 across: the share that lies in the box would fill enough of it
    assert revisions_by_instance(workspace) == [0, 1]


def test_points_that_fill_enough_of_a_box_are_of_that_person(workspace, write, image, author):
    add_instances(workspace, image, [PARENT], "person", author_id=author)
    write((30, 10, 5))
    assert revisions_by_instance(workspace) == [1]


def test_the_same_label_again_is_there_already(workspace, write):
    write((20, 10, 2))
    report = write((20, 10, 2), source="b.json")
    assert (report.added, report.unchanged, report.refused) == (0, 1, [])
    assert revisions_by_instance(workspace) == [1]


def test_other_points_of_a_person_whom_a_human_has_labelled_are_refused(workspace, write):
    write((20, 10, 2, (18, 8, 58, 68)))
    report = write((21, 10, 2, (18, 8, 58, 68)), source="b.json")
    assert report.added == 0
    assert [reason.code for _, reason in report.refused] == ["labels.imported_before"]
    assert revisions_by_instance(workspace) == [1]


def test_points_of_another_skeleton_by_a_human_stay_and_the_label_gets_an_instance_of_its_own(
    workspace, write, image, author
):
    write((20, 10, 2, (18, 8, 58, 68)))
    steps = np.arange(24) * 1.3
    body = Keypoints.of(np.stack([20 + steps, 10 + 1.5 * steps], axis=1))
    row = LabelledRow("a.png", body, "body24", box=(18, 8, 58, 68))
    with writing(workspace.engine) as session:
        report = apply_labels(session.get(Image, image), [FileLabel(row, "b.csv", author)], None, session=session)
    assert (report.added, report.refused) == (1, [])
    assert revisions_by_instance(workspace) == [1, 1]


def test_what_a_human_has_taken_out_is_refused(workspace, write, image, author):
    (gone,) = add_instances(workspace, image, [(18, 8, 58, 68)], "person", author_id=author)
    with writing(workspace.engine) as session:
        session.get(Instance, gone).removed = True
    report = write((20, 10, 2, (18, 8, 58, 68)))
    assert report.added == 0
    assert [reason.code for _, reason in report.refused] == ["labels.taken_out"]


def test_a_label_that_two_files_give_counts_once(workspace, image, author):
    rows = [FileLabel(_row(20, 10, 2), source, author) for source in ("a.json", "b.json")]
    with writing(workspace.engine) as session:
        report = apply_labels(session.get(Image, image), rows, None, session=session)
    assert (report.added, report.repeated, report.unchanged) == (1, 1, 0)
    assert revisions_by_instance(workspace) == [1]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (replace(_row(20, 10, 2), size=(640, 480)), "labels.other_size"),
        (_row(500, 10, 2), "labels.point_outside"),
        (replace(_row(190, 10, 1), inside=True), "labels.point_outside"),
    ],
)
def test_a_label_that_cannot_be_of_the_picture_is_refused(workspace, image, author, row, code):
    with writing(workspace.engine) as session:
        report = apply_labels(session.get(Image, image), [FileLabel(row, "a.json", author)], None, session=session)
    assert [reason.code for _, reason in report.refused] == [code]
    assert revisions_by_instance(workspace) == []
