from core.models.pose import configure
from core.models.pose.head_rows import head_output, matching_rows


def test_only_the_last_layer_s_tensors_have_rows_for_points():
    assert head_output("head.points.weight") == "points"
    assert head_output("head.maps.nb_x.bias") == "nb_x"
    assert [head_output(name) for name in ("head.hidden.weight", "head.before.0.weight", "backbone.x.weight")] == [
        None,
        None,
        None,
    ]


def config(name="pipnet-r18", skeleton="body24", neighbours=()):
    return configure(name, skeleton, codec_settings={"neighbours": neighbours} if neighbours else {})


def test_rows_of_coordinates_come_in_pairs_by_hand():
    """Point 0 is the old point 2: its x and y are the old rows 4 and 5; point 1 has no source."""
    pairs = matching_rows("head.points.weight", config("resnet18-regression"), None, {0: 2}, 34)
    assert pairs == [(0, 4), (1, 5)]


def test_rows_of_maps_are_the_points_themselves():
    body = config("hrnet-w18-small")
    assert matching_rows("head.maps.heatmaps.weight", body, None, {3: 1, 5: 0}, 17) == [(3, 1), (5, 0)]
    assert matching_rows("head.maps.heatmaps.bias", body, body, None, 24) == [(row, row) for row in range(24)]


def test_a_row_beyond_the_old_tensor_is_not_taken():
    assert matching_rows("head.maps.heatmaps.weight", config("hrnet-w18-small"), None, {0: 40}, 17) == []


def test_a_neighbours_row_needs_both_points_and_the_same_neighbour():
    new = config(neighbours=[[(point + 1) % 24] for point in range(24)])
    old = config(neighbours=[[(point + 1) % 24] if point % 2 else [(point + 2) % 24] for point in range(24)])
    same = matching_rows("head.maps.nb_x.weight", new, old, None, 24)
    assert same == [(row, row) for row in range(1, 24, 2)]
    assert matching_rows("head.maps.nb_x.weight", new, old, {1: 1}, 24) == [], "its neighbour is new"
    assert matching_rows("head.maps.nb_x.weight", new, None, None, 24) == [], "what the old rows mean is unknown"
