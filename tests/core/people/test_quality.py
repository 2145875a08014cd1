"""Measuring faces that are there: what is found out, what changes meanwhile, what cannot be read, and nothing twice."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.metrics.face_quality import FaceFigures
from core.people import quality
from core.people.quality import measure_faces
from db.engine import reading
from db.tables import FaceQuality, Image, Instance
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.staged_people import add_faces, vector


def measured(workspace):
    with reading(workspace.engine) as session:
        return {row.instance_id: row for row in session.exec(select(FaceQuality))}


@pytest.fixture
def faces(workspace, dataset):
    return add_faces(workspace, dataset, [("a.jpg", vector(0)), ("a.jpg", vector(1)), ("b.jpg", vector(2))])


def test_an_empty_dataset_has_nothing_to_measure(workspace, dataset):
    assert measure_faces(workspace, dataset_id=dataset) == 0


def test_every_face_that_is_there_is_measured_once(workspace, dataset, faces, monkeypatch):
    assert measure_faces(workspace, dataset_id=dataset) == 0
    rows = measured(workspace)
    assert sorted(rows) == faces
    assert {row.size for row in rows.values()} == {48}
    assert rows[faces[0]].sharpness > 0
    assert rows[faces[0]].yaw is None
    monkeypatch.setattr(quality, "opened_batches", None)
    assert measure_faces(workspace, dataset_id=dataset) == 0


def test_points_of_a_model_tell_the_pose_and_those_of_the_detector_come_first(workspace, dataset, faces):
    points = np.zeros((68, 2), np.float32)
    points[36:42], points[42:48], points[30], points[48], points[54] = (16, 20), (40, 20), (28, 30), (20, 40), (36, 40)
    five = np.array([[16, 20], [40, 20], [28 + 0.52 * 24, 30], [20, 40], [36, 40]], "<f4")
    with writing(workspace.engine) as session:
        landmarks = Keypoints(points, np.full(68, 2, np.uint8), np.ones(68, np.float32)).to_bytes()
        for face in faces[:2]:
            append_revision(session.get(Instance, face), "face68", landmarks, "open", session=session)
        session.get(Instance, faces[1]).five_points = five.tobytes()
    measure_faces(workspace, dataset_id=dataset)
    rows = measured(workspace)
    assert (rows[faces[0]].yaw, rows[faces[0]].disagreement) == (pytest.approx(0), None)
    assert rows[faces[1]].yaw == pytest.approx(45, abs=1e-4)
    assert rows[faces[1]].disagreement == pytest.approx(0.52 / 5, abs=1e-4)


def test_faces_of_a_picture_that_cannot_be_read_stay_without_and_the_others_do_not(workspace, dataset, faces):
    with reading(workspace.engine) as session:
        broken = session.exec(select(Image).where(Image.path == "a.jpg")).one()
    (workspace.home / broken.original).write_bytes(b"no picture")
    assert measure_faces(workspace, dataset_id=dataset) == 2
    assert sorted(measured(workspace)) == faces[2:]


def test_a_face_whose_box_was_moved_meanwhile_is_left_to_the_next_time(workspace, dataset, faces, monkeypatch):
    def move(*arguments):
        with writing(workspace.engine) as session:
            session.get(Instance, faces[0]).left = 1.0
        return FaceFigures(1, 1)

    monkeypatch.setattr(quality, "face_figures", move)
    measure_faces(workspace, dataset_id=dataset)
    assert sorted(measured(workspace)) == faces[1:]
