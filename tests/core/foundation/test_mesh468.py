"""The face mesh as a set of points: regions, mirror and lines belong together."""

from core.foundation import mesh468


def test_each_side_mirrors_the_other_and_the_middle_stays():
    assert len(mesh468.MIRROR) == mesh468.COUNT == 468
    assert [mesh468.MIRROR[point] for point in mesh468.MIRROR] == list(range(468))
    assert sum(mesh468.MIRROR[point] == point for point in range(468)) == 28
    assert (mesh468.MIRROR[33], mesh468.MIRROR[61], mesh468.MIRROR[1]) == (263, 291, 1)


def test_regions_of_a_side_are_the_mirrored_ones_of_the_other():
    for name in ("eye", "brow"):
        right, left = mesh468.REGIONS[f"right_{name}"], mesh468.REGIONS[f"left_{name}"]
        assert [mesh468.MIRROR[point] for point in right] == list(left)
    assert {name: len(points) for name, points in mesh468.REGIONS.items()} == {
        **{"face_oval": 36, "lips": 40, "nose": 24, "right_eye": 16, "left_eye": 16, "right_brow": 10, "left_brow": 10},
        "skin": 316,
    }


def test_lines_are_those_of_a_surface():
    assert len(mesh468.EDGES) == 1316
    assert {(10, 338), (10, 109), (0, 11), (33, 246)} <= set(mesh468.EDGES) | {(b, a) for a, b in mesh468.EDGES}
