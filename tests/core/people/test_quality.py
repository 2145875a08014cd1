"""Measuring faces that are there: what is found out, what changes meanwhile, what cannot be read; and what is poor."""

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.arrays import Keypoints
from core.foundation.settings import Settings
from core.metrics.face_quality import FaceFigures
from core.people import quality
from core.people.quality import Reason, measure_faces, reason_of, standing
from db.engine import reading
from db.tables import FaceQuality, Image, Instance
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.poor_faces import quality as row
from tests.builders.staged_people import add_faces, vector


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({}, None),
        ({"size": 24.0, "sharpness": 35.0, "yaw": -50.0, "disagreement": 0.15}, None),
        ({"size": 23.9}, "small"),
        ({"sharpness": 34.9}, "blurred"),
        ({"yaw": -50.1}, "profile"),
        ({"pitch": 51.0}, "profile"),
        ({"disagreement": 0.16}, "covered"),
        ({"disagreement": 0.9, "yaw": 40.0}, None),
        ({"disagreement": 0.9, "yaw": 60.0}, "profile"),
        ({"size": 1.0, "sharpness": 1.0, "yaw": 90.0}, "small"),
        ({"yaw": None, "pitch": None, "disagreement": None}, None),
    ],
)
def test_the_first_reason_that_holds_is_why_a_face_is_a_poor_one(figures, reason):
    assert reason_of(row(**figures), Settings()) == reason


def test_who_stands_for_others_is_sharp_large_and_looks_straight():
    assert standing(row(size=300.0)) == 1
    assert standing(row(size=300.0, yaw=60.0)) == pytest.approx(0.5)
    assert standing(row(size=56.0, sharpness=200.0)) == pytest.approx(0.25)
    assert standing(row(yaw=90.0)) == pytest.approx(0)
    assert standing(row(size=300.0, yaw=None, pitch=None)) == 1


def test_what_is_poor_is_a_setting():
    assert reason_of(row(sharpness=10.0), Settings(least_sharpness=10)) is None
    assert reason_of(row(), Settings(least_face=91)) == Reason.SMALL


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
