"""The label files of the tests, read as their format, and what was said of the lines that cannot be."""

from __future__ import annotations

from core.formats.labels import read_labels
from tests.builders.places import DATA

LABELS = DATA / "labels"


def read(name, shape, folder=""):
    return read_labels(folder + name, (LABELS / name).read_bytes(), shape)


def reasons(file):
    return dict(file.skipped)
