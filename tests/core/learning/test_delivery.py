"""A model as an ONNX file, and its predictions in the motion competition's form: a line a picture."""

import csv

import numpy as np
import pytest

from core.foundation.errors import BadInput, MissingWeights, NotEnoughData, NotFound
from core.learning.delivery import export_onnx, onnx_file, pictures_without_line, submit_predictions
from db.tables import ImagePath, Instance
from db.writing import writing
from tests.builders.learning_rows import Shelf


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def _body(shift=0.0):
    return np.stack([np.arange(24) * 3.0, np.arange(24) * 2.0], axis=1) + shift


def test_the_file_is_named_after_the_model_and_its_weights(shelf):
    shelf.model("net")
    assert onnx_file(shelf.workspace, "net") == shelf.workspace.exports / "onnx" / "net-net.onnx"


def test_what_is_no_network_is_refused(shelf, tmp_path):
    for call in (onnx_file, lambda *asked: export_onnx(*asked, tmp_path / "x.onnx")):
        with pytest.raises(BadInput, match="dlib-68 is built in and no network"):
            call(shelf.workspace, "dlib-68")
        with pytest.raises(NotFound, match="no model called 'nobody'"):
            call(shelf.workspace, "nobody")


def test_weights_that_are_gone_are_named(shelf, tmp_path):
    shelf.model("net")
    with pytest.raises(MissingWeights, match="the weights of net are gone from"):
        export_onnx(shelf.workspace, "net", tmp_path / "x.onnx")
    assert not (tmp_path / "x.onnx").exists()


def test_each_picture_is_a_line_with_48_coordinates_in_order(shelf, tmp_path):
    version = shelf.model("walker", "body24")
    for number, name in enumerate(("b/2.jpg", "a/1.jpg")):
        one = shelf.instance(shelf.image(name), kind="person")
        shelf.predict(one, version, _body(number), "body24")
    told = submit_predictions(shelf.workspace, shelf.dataset, "walker", tmp_path / "out.csv")
    assert (told["pictures"], told["several"]) == (2, 0)
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert (header[0], header[1], len(header)) == ("image", "nose_x", 49)
    assert [line[0] for line in lines] == ["1.jpg", "2.jpg"]
    assert np.allclose(np.array(lines[0][1:], float).reshape(24, 2), _body(1.0))


def test_the_largest_of_several_people_counts(shelf, tmp_path):
    version = shelf.model("walker", "body24")
    image = shelf.image("a.jpg")
    large, small = shelf.instance(image, kind="person"), shelf.instance(image, kind="person")
    with writing(shelf.workspace.engine) as session:
        session.get(Instance, small).right = 30
    shelf.predict(small, version, _body(50.0), "body24")
    shelf.predict(large, version, _body(), "body24")
    told = submit_predictions(shelf.workspace, shelf.dataset, "walker", tmp_path / "out.csv")
    assert told["several"] == 1
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        _, line = csv.reader(file)
    assert float(line[3]) == 3.0


def test_other_points_or_no_predictions_are_refused(shelf, tmp_path):
    shelf.model("looker", "face68")
    with pytest.raises(BadInput, match="the form is for body24, and looker locates face68"):
        submit_predictions(shelf.workspace, shelf.dataset, "looker", tmp_path / "out.csv")
    shelf.model("walker", "body24")
    with pytest.raises(NotEnoughData, match="there is no picture in this dataset"):
        submit_predictions(shelf.workspace, shelf.dataset, "walker", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_a_form_without_a_line_for_every_picture_is_refused_with_the_list(shelf, tmp_path):
    version = shelf.model("walker", "body24")
    done, waiting = (shelf.instance(shelf.image(name), kind="person") for name in ("a/1.jpg", "a/2.jpg"))
    shelf.predict(done, version, _body(), "body24")
    shelf.instance(shelf.image("a/3.jpg"), kind="face")
    asked = shelf.workspace, shelf.dataset, "walker"
    with pytest.raises(
        NotEnoughData, match=r"2 of 3 pictures .* \(2\.jpg, 3\.jpg\): 1 without a person's box"
    ) as refused:
        submit_predictions(*asked, tmp_path / "out.csv")
    assert "--model walker`" in str(refused.value)
    assert not (tmp_path / "out.csv").exists()
    assert [(name, reason.text()) for name, reason in pictures_without_line(*asked)] == [
        ("2.jpg", "not predicted by walker"),
        ("3.jpg", "no box of a person"),
    ]
    shelf.predict(waiting, version, _body(), "body24")
    assert [name for name, _ in pictures_without_line(*asked)] == ["3.jpg"]


def test_of_several_people_the_largest_has_to_be_predicted(shelf, tmp_path):
    version = shelf.model("walker", "body24")
    image = shelf.image("a.jpg")
    shelf.instance(image, kind="person")
    small = shelf.instance(image, kind="person")
    with writing(shelf.workspace.engine) as session:
        session.get(Instance, small).right = 30
    shelf.predict(small, version, _body(), "body24")
    assert [name for name, _ in pictures_without_line(shelf.workspace, shelf.dataset, "walker")] == ["a.jpg"]


def test_one_content_under_two_names_has_a_line_for_each_and_under_one_name_in_two_folders_one(shelf, tmp_path):
    version = shelf.model("walker", "body24")
    image = shelf.image("a/1.jpg")
    with writing(shelf.workspace.engine) as session:
        session.add_all(ImagePath(image_id=image, path=path) for path in ("a/1.jpg", "a/2.jpg", "b/1.jpg"))
    shelf.predict(shelf.instance(image, kind="person"), version, _body(), "body24")
    told = submit_predictions(shelf.workspace, shelf.dataset, "walker", tmp_path / "out.csv")
    assert told["pictures"] == 2
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        assert [line[0] for line in csv.reader(file)][1:] == ["1.jpg", "2.jpg"]
