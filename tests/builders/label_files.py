"""The label files of the tests, read as their format, and what was said of the lines that cannot be."""

from __future__ import annotations

from core.formats.labels import read_label_file
from tests.builders.places import DATA

LABELS = DATA / "labels"


def read(name, skeleton, folder=""):
    return read_label_file(folder + name, (LABELS / name).read_bytes(), skeleton)


def reasons(file):
    return {place: reason.text() for place, reason in file.skipped}
