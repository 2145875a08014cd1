"""Drawn pictures, and ONNX files written by hand, for the tests of the models."""

from pathlib import Path

import numpy as np
import pytest

from core.drawn import PEOPLE, draw_group, draw_landscape, draw_portrait
from core.models import load_detector


@pytest.fixture(scope="session")
def detector():
    return load_detector("mtcnn", "cpu", Path("no-weights-folder-is-needed"))


@pytest.fixture(scope="session")
def portraits():
    """Two pictures of Ada and two of Bruno, (600, 480, 3)."""
    rng = np.random.default_rng(3)
    return [
        draw_portrait(PEOPLE[person], rng, (480, 600), name=f"{person}.jpg", person=person)
        for person in ("ada", "ada", "bruno", "bruno")
    ]


@pytest.fixture(scope="session")
def group():
    people = [(person, PEOPLE[person]) for person in ("ada", "chidi", "hugo")]
    return draw_group(people, np.random.default_rng(4), name="group.jpg", scene="park")


@pytest.fixture(scope="session")
def landscape():
    return draw_landscape(np.random.default_rng(5), name="landscape.jpg")


@pytest.fixture(scope="session")
def found(detector, portraits, group):
    """(picture, boxes) of the portraits and the group."""
    pictures = [picture.pixels for picture in [*portraits, group]]
    return list(zip(pictures, detector.detect(pictures), strict=True))


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _field(number, value):
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _tensor_info(name, sizes):
    shape = b"".join(_field(1, _field(1, size)) for size in sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, shape)))


def _node(kind, source, target):
    return _field(1, source) + _field(2, target) + _field(4, kind)


@pytest.fixture
def mean_colour_onnx(tmp_path):
    """An ONNX network whose vector is the mean of each normalised channel, so results can be worked out by hand."""
    graph = (
        _field(1, _node("GlobalAveragePool", "x", "pooled"))
        + _field(1, _node("Flatten", "pooled", "y"))
        + _field(2, "mean colour")
        + _field(11, _tensor_info("x", (1, 3, 112, 112)))
        + _field(12, _tensor_info("y", (1, 3)))
    )
    path = tmp_path / "mean.onnx"
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13)))
    return path
