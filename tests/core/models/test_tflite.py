"""Squares of pictures, worked out by hand, and networks in TensorFlow Lite's form in a made-up interpreter."""

import sys
from types import ModuleType

import numpy as np
import pytest

from core.foundation.errors import BadWeights, MissingWeights
from core.models.tflite import Square, TfliteNetwork


def picture(width=8, height=6):
    """Each pixel says where it is: its column, ten times; its row, ten times; 7."""
    rows, columns = np.indices((height, width))
    return np.stack([10 * columns, 10 * rows, np.full_like(rows, 7)], axis=2).astype(np.uint8)


def test_a_square_of_the_size_of_the_cut_out_gives_the_pixels_as_they_are():
    cut = Square(np.array([3.5, 2.5]), 4.0).cut_out(picture(), 4)
    assert np.array_equal(cut, picture()[1:5, 2:6])


def test_a_square_that_is_turned_by_a_quarter_has_its_upper_side_where_the_right_one_was():
    cut = Square(np.array([3.5, 2.5]), 4.0, np.pi / 2).cut_out(picture(), 4)
    assert np.array_equal(cut, np.rot90(picture()[1:5, 2:6]))


def test_what_lies_beside_the_picture_is_black():
    cut = Square(np.array([-0.5, 2.5]), 4.0).cut_out(picture(), 4)
    assert not cut[:, :2].any()
    assert np.array_equal(cut[:, 2:], picture()[1:5, :2])
    assert not Square(np.array([100.0, 100.0]), 4.0).cut_out(picture(), 4).any()


def test_what_is_reduced_much_is_averaged_so_that_no_single_pixel_speaks_for_many():
    chequered = np.zeros((64, 64, 3), np.uint8)
    chequered[::2, ::2] = chequered[1::2, 1::2] = 200
    cut = Square(np.array([31.5, 31.5]), 64.0).cut_out(chequered, 8)
    assert np.array_equal(cut, np.full((8, 8, 3), 100))


def test_corners_of_the_cut_out_are_the_corners_of_the_square():
    corners = np.array([[0, 0], [8, 0], [8, 8], [0, 8]])
    straight = Square(np.array([10.0, 20.0]), 4.0)
    assert np.allclose(straight.back(corners, 8), [[8, 18], [12, 18], [12, 22], [8, 22]])
    turned = Square(np.array([10.0, 20.0]), 4.0, np.pi / 2)
    assert np.allclose(turned.back(corners, 8), [[12, 18], [12, 22], [8, 22], [8, 18]])


@pytest.mark.parametrize("turn", [0.0, 0.4, -2.0, np.pi])
@pytest.mark.parametrize("side", [20.0, 90.0])
def test_a_spot_of_the_picture_is_found_again_where_the_cut_out_shows_it(turn, side):
    image = np.zeros((120, 160, 3), np.uint8)
    image[56:63, 84:91] = 255  # its middle is (87, 59)
    square = Square(np.array([84.0, 62.0]), side, turn)
    cut = square.cut_out(image, 40)[..., 0].astype(float)
    rows, columns = np.indices(cut.shape) + 0.5
    middle = np.array([[(columns * cut).sum(), (rows * cut).sum()]]) / cut.sum()
    assert np.allclose(square.back(middle, 40), [[87, 59]], atol=0.2)


class Interpreter:
    """Gives the mean of each channel, and what it was asked."""

    shape = (1, 4, 4, 3)
    threads = 0

    def __init__(self, model_content, num_threads):
        if model_content != b"a network":
            raise ValueError("not a flatbuffer")
        Interpreter.threads = num_threads
        self.tensors = {}

    def allocate_tensors(self):
        pass

    def get_input_details(self):
        return [{"index": 5, "shape": np.array(self.shape)}]

    def get_output_details(self):
        return [{"index": 8}, {"index": 7}]

    def set_tensor(self, index, value):
        self.tensors[index] = value

    def invoke(self):
        given = self.tensors[5]
        assert given.dtype == np.float32
        self.tensors |= {8: given.mean(axis=(1, 2), keepdims=True), 7: given[:, :1, :1, :1]}

    def get_tensor(self, index):
        return self.tensors[index]


@pytest.fixture
def litert(monkeypatch):
    module = ModuleType("ai_edge_litert.interpreter")
    module.Interpreter = Interpreter
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", module)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "some.tflite"
    path.write_bytes(b"a network")
    return path


def test_a_network_gives_its_outputs_in_the_order_of_its_file(litert, file):
    network = TfliteNetwork(file)
    assert (network.side, len(network.weights_sha256)) == (4, 64)
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 1] = 255
    means, first = network.run(pixels)
    assert (means.tolist(), first.tolist()) == ([0, 1, 0], [0])
    assert np.allclose(network.run(pixels, black=-1)[0], [-1, 1, -1])


def test_a_file_that_is_no_network_is_named(litert, file):
    file.write_bytes(b"<html>")
    with pytest.raises(BadWeights, match=r"some\.tflite is damaged or no TensorFlow Lite network"):
        TfliteNetwork(file)


def test_a_network_that_takes_no_square_pictures_is_refused(litert, file, monkeypatch):
    monkeypatch.setattr(Interpreter, "shape", (1, 4, 5, 3))
    with pytest.raises(BadWeights, match="square pictures"):
        TfliteNetwork(file)


def test_what_runs_them_is_named_where_it_is_not_installed(file, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(MissingWeights, match="needs the Python package ai-edge-litert"):
        TfliteNetwork(file)
