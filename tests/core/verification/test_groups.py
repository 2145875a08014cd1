"""Faces fall into groups by folder, by photo or video, and by thirds of what was measured of them."""

from __future__ import annotations

import numpy as np
import pytest

from core.foundation.errors import BadInput, NotEnoughData
from core.verification import Comparisons, confirmed_pairs, with_groups
from db.tables import FaceQuality
from db.writing import writing
from tests.builders.staged_people import add_faces, group, vector


@pytest.fixture
def pairs(workspace, dataset):
    """Six confirmed faces of three people, in photos and in a clip; and in no folder at all."""
    of = {"Ada": ("a/1.png", "a/2.png"), "Bo": ("b.mp4/000001.jpg", "b.mp4/000002.jpg"), "Cy": ("c1.png", "c2.png")}
    for person, (name, paths) in enumerate(of.items()):
        add_faces(workspace, dataset, [(path, vector(person, i)) for i, path in enumerate(paths)], identity=name)
    group(workspace, dataset)
    return confirmed_pairs(workspace, dataset)


def names(workspace, pairs, column):
    """The names of the groups of the left and of the right face of each pair of one person."""
    compared = with_groups(workspace, Comparisons.of_dataset(pairs), pairs, column)
    named = np.array([*compared.groups, None], object)
    same = pairs.same
    return sorted(set(zip(named[compared.left_group[same]], named[compared.right_group[same]], strict=True)))


def test_folders_and_media(workspace, pairs):
    assert names(workspace, pairs, "folder") == [(".", "."), ("a", "a"), ("b.mp4", "b.mp4")]
    assert names(workspace, pairs, "medium") == [("photo", "photo"), ("video", "video")]


def test_measures_are_cut_into_thirds_and_turns_count_to_either_side(workspace, pairs):
    with writing(workspace.engine) as session:
        for place, face in enumerate(np.unique(pairs.left)[:3].tolist()):
            session.add(FaceQuality(instance_id=face, sharpness=1.0, size=10.0 * place, yaw=-30.0 * place))
    compared = with_groups(workspace, Comparisons.of_dataset(pairs), pairs, "yaw")
    assert compared.groups == ("yaw below 20", "yaw 20 to 40", "yaw 40 and above")
    of = dict(zip(pairs.left.tolist(), compared.left_group.tolist(), strict=True))
    assert [of[face] for face in np.unique(pairs.left)[:3].tolist()] == [0, 1, 2]


def test_what_is_no_column_or_not_measured_is_said(workspace, pairs):
    with pytest.raises(BadInput, match="no column called age"):
        names(workspace, pairs, "age")
    with pytest.raises(NotEnoughData, match="sharpness was measured of none"):
        names(workspace, pairs, "sharpness")
