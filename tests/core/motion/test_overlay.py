"""What is drawn lies where the points are, in the colours and shapes that were promised."""

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.foundation.skeletons import FACE68
from core.motion.overlay import BASELINE, COMPARED, STATIC_POINTS, THIRD, TRUTH, Layer, Overlay, layers, mark

GREY = (90, 90, 90)


def frame(width=800, height=720):
    return np.full((height, width, 3), GREY, np.uint8)


def near(picture, colour, tolerance=30):
    """Where a picture has about a colour: (N, 2) x, y."""
    rows, columns = np.nonzero(np.abs(picture.astype(int) - colour).max(axis=2) <= tolerance)
    return np.stack([columns, rows], axis=1)


def centroid(picture, ground=GREY):
    """The middle of everything that differs from the ground, weighted by how much it does."""
    weight = np.abs(picture.astype(float) - ground).sum(axis=2)
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


def one(layer, point, size=(800, 720)):
    overlay = Overlay(size, [layer], frames=1)
    return overlay.draw(frame(*size), [[point]], 0)[: overlay.height]


@pytest.mark.parametrize("shape", ["dot", "cross", "ring", "square"])
@pytest.mark.parametrize("at", [(400.0, 300.0), (400.25, 300.5), (123.75, 99.125)])
def test_a_mark_lies_on_its_point_to_an_eighth_of_a_pixel(shape, at):
    np.testing.assert_allclose(centroid(one(Layer("m", COMPARED, shape), at)), at, atol=0.125)


@pytest.mark.parametrize("shape", ["dot", "cross", "ring"])
def test_a_mark_on_an_enlarged_frame_lies_on_the_same_place_of_the_frame(shape):
    overlay = Overlay((160, 120), [Layer("m", COMPARED, shape)], frames=1)
    assert overlay.scale == 4
    drawn = overlay.draw(frame(160, 120), [[(50.25, 60.5)]], 0)[: overlay.height]
    assert drawn.shape == (480, 640, 3)
    np.testing.assert_allclose((centroid(drawn) + 0.5) / 4 - 0.5, (50.25, 60.5), atol=0.05)


def test_marks_are_anti_aliased():
    drawn = one(Layer("m", (255, 255, 255), "dot"), (400.5, 300.5))
    levels = np.unique(drawn[..., 0])
    assert len(levels) > 4


def test_shapes_differ_without_colour():
    marks = {}
    for shape in ("dot", "cross", "ring", "square"):
        picture = np.zeros((21, 21, 3), np.uint8)
        mark(picture, (10, 10), shape, (255, 255, 255), 4)
        marks[shape] = picture[..., 0] > 127
    assert marks["dot"][10, 10]
    assert marks["cross"][10, 10]
    assert not marks["ring"][10, 10]
    assert not marks["square"][10, 10]
    assert marks["dot"][10, 13] and not marks["cross"][10, 13]  # noqa: PT018 - one thought
    assert marks["square"][2:4, 2:4].any() and not marks["ring"][2:4, 2:4].any()  # noqa: PT018


def test_truth_is_red_baseline_green_compared_blue():
    looks = [(layer.label, layer.colour, layer.marker) for layer in layers("truth", ["v", "w", "x"])]
    assert looks == [
        ("truth", (220, 50, 47), "dot"),
        ("v", (42, 157, 60), "cross"),
        ("w", (38, 110, 220), "ring"),
        ("x", THIRD, "square"),
    ]
    assert [layer.colour for layer in layers(None, ["v"])] == [BASELINE]
    assert layers("truth", []) == [Layer("truth", TRUTH, "dot")]
    with pytest.raises(BadInput, match="up to 3 models, not 4"):
        layers("truth", ["a", "b", "c", "d"])
    with pytest.raises(BadInput, match="a mark is one of"):
        Layer("a", TRUTH, "star")


def test_each_source_is_drawn_at_its_own_points():
    overlay = Overlay((800, 720), layers("truth", ["v", "w"]), frames=1)
    drawn = overlay.draw(frame(), [[(100, 100)], [(300, 100)], [(500, 100)]], 0)[: overlay.height]
    for x, colour in ((100, TRUTH), (300, BASELINE), (500, COMPARED)):
        np.testing.assert_allclose(near(drawn, colour).mean(axis=0), (x, 100), atol=0.6)


def test_absent_points_and_absent_sources_are_not_drawn():
    overlay = Overlay((800, 720), layers("truth", ["v"]), frames=1)
    points = np.full((68, 2), np.nan)
    drawn = overlay.draw(frame(), [points, np.zeros((0, 68, 2))], 0)[: overlay.height]
    assert (drawn == GREY).all()
    assert (overlay.draw(frame(), [[], []], 0)[: overlay.height] == GREY).all()


def test_several_faces_of_a_frame_are_drawn():
    overlay = Overlay((800, 720), layers("truth", []), frames=1)
    drawn = overlay.draw(frame(), [np.array([[[100, 100]], [[500, 400]]])], 0)[: overlay.height]
    found = near(drawn, TRUTH)
    assert {tuple(row) for row in np.round(found, -2)} == {(100, 100), (500, 400)}


def test_a_point_outside_of_the_frame_stays_out_of_the_legend():
    overlay = Overlay((800, 720), layers("truth", []), frames=1)
    empty = overlay.draw(frame(), [[]], 0)
    drawn = overlay.draw(frame(), [[(400, 725), (-300, 9), (1e12, 1e12)]], 0)
    np.testing.assert_array_equal(drawn[720 + 10 :], empty[720 + 10 :])


def test_static_points_are_blue_and_moving_ones_red():
    static = STATIC_POINTS["face68"]
    assert static == (36, 45, 27, 33)
    assert FACE68.normaliser == (36, 45)
    track = np.stack([20 + 11.0 * np.arange(68), np.full(68, 200.0)], axis=1)
    overlay = Overlay((800, 720), layers("truth", ["v"]), frames=1, static=static)
    drawn = overlay.draw(frame(), [track, track + np.array([0, 300])], 0)[: overlay.height]
    blue = near(drawn, COMPARED)
    for y in (200, 500):
        columns = blue[np.abs(blue[:, 1] - y) < 20, 0]
        assert {round((x - 20) / 11) for x in columns} == set(static)
    assert len(near(drawn, TRUTH)) > 64
    assert not len(near(drawn, BASELINE))


def test_curves_say_whose_they_are_where_the_points_have_other_colours():
    curves = [np.zeros(5), np.ones(5)]
    plain = Overlay((800, 720), layers("truth", ["v"]), frames=5, curves=curves)
    named = Overlay((800, 720), layers("truth", ["v"]), frames=5, curves=curves, static=(36,))
    assert named.size[1] > plain.size[1]
    strip = named.draw(frame(), [[], []], 0)[-(named.size[1] - 720 - 20) :]  # before any piece of a curve
    red, green = near(strip, TRUTH), near(strip, BASELINE)
    assert len(red) > 10
    assert len(green) > 10
    assert red[:, 0].max() < green[:, 0].min(), "side by side, in the sources' order"
    beside = strip[green[:, 1].min() : green[:, 1].max() + 1, green[:, 0].max() + 1 :]
    assert (beside.min(axis=2) > 120).sum() > 3, "the name beside its colour"
    many = [f"a-model-with-a-long-name-{i}" * 2 for i in range(3)]
    tall = Overlay((800, 720), layers("truth", many), frames=5, curves=[np.ones(5)] * 4, static=(36,))
    assert tall.draw(frame(), [[], [], [], []], 4).shape[:2] == (tall.size[1], tall.size[0])


def test_the_legend_names_every_source_and_grows_when_names_are_long():
    short = Overlay((800, 720), layers("truth", ["v"]), frames=1)
    tall = Overlay((800, 720), layers("truth", ["a-very-long-model-name-" * 3, "another-model-name-" * 3]), frames=1)
    assert tall.size[1] > short.size[1]
    drawn = short.draw(frame(), [[], []], 0)[720:]
    assert len(near(drawn, TRUTH)) > 3
    assert len(near(drawn, BASELINE)) > 3
    assert len(near(drawn, (232, 234, 237))) > 20  # the words
    noted = short.draw(frame(), [[], []], 0, "frame 0")[720:]
    assert (noted[:, 600:] != drawn[:, 600:]).any()


def test_the_curve_grows_with_time_and_is_where_its_values_are():
    values = np.linspace(0, 10, 11)
    overlay = Overlay((800, 720), layers(None, ["v"]), frames=11, curves=[values], curve_title="Deviation, %")
    reach = [near(overlay.draw(frame(), [[]], i)[760:], BASELINE)[:, 0].max(initial=-1) for i in range(11)]
    assert reach[0] == -1
    assert all(np.diff(reach[1:]) > 20)
    strip = overlay.draw(frame(), [[]], 10)[760:]
    found = near(strip, BASELINE)
    slope, _ = np.polyfit(found[:, 0], found[:, 1], 1)
    assert slope < -0.05  # up to the right
    # stepping back shows less again
    assert near(overlay.draw(frame(), [[]], 5)[760:], BASELINE)[:, 0].max() == reach[5]


def test_ratios_lie_on_a_logarithmic_axis_with_a_line_at_one_and_are_clipped_at_a_quarter_and_four():
    def row(value):
        overlay = Overlay((800, 720), layers(None, ["v"]), frames=4, curves=[np.full(4, value)], ratios=True)
        return near(overlay.draw(frame(), [[]], 3)[720:], BASELINE)[:, 1]

    plain = Overlay((800, 720), layers(None, ["v"]), frames=4, curves=[np.full(4, np.nan)], ratios=True)
    axes = plain.draw(frame(), [[]], 0)[720:]
    light = np.median(axes[:, 100:700].min(axis=2), axis=1)
    assert np.sort(light)[-1] > 90, "the line at 1 is lighter than the others, and is one"
    assert (light > 90).sum() <= 2
    below = len(plain._legend)
    middle = {value: np.median(row(value)[row(value) > below]) for value in (0.25, 0.5, 1.0, 2.0, 4.0)}
    assert middle[1.0] == pytest.approx(np.argmax(light), abs=1.5)
    np.testing.assert_allclose(-np.diff(list(middle.values())), (middle[0.25] - middle[4.0]) / 4, atol=1.0)
    for far, end in ((1e-9, 0.25), (0.0, 0.25), (400.0, 4.0)):
        assert np.median(row(far)[row(far) > below]) == middle[end]


def test_a_curve_has_gaps_where_nothing_is_known():
    values = np.array([1.0, 1, np.nan, np.nan, 1, 1])
    overlay = Overlay((800, 720), layers(None, ["v"]), frames=6, curves=[values])
    columns = np.unique(near(overlay.draw(frame(), [[]], 5)[760:], BASELINE)[:, 0])
    assert np.diff(columns).max() > 300


def test_one_wild_frame_does_not_flatten_the_curve():
    values = np.ones(300)
    values[100] = 1e6
    overlay = Overlay((800, 720), layers(None, ["v"]), frames=300, curves=[values])
    strip = overlay.draw(frame(), [[]], 299)[760:]
    rows = near(strip, BASELINE)[:, 1]
    assert np.median(rows) < 0.6 * strip.shape[0]  # not squeezed onto the axis


@pytest.mark.parametrize("values", [np.full(4, np.nan), np.zeros(4)])
def test_curves_of_nothing_draw_their_axes(values):
    overlay = Overlay((800, 720), layers(None, ["v"]), frames=4, curves=[values])
    assert overlay.draw(frame(), [[]], 3).shape == (overlay.size[1], 800, 3)


def test_the_frame_itself_is_not_changed():
    original = frame()
    Overlay((800, 720), layers("truth", []), frames=1).draw(original, [[(100, 100)]], 0)
    assert (original == GREY).all()


def test_what_does_not_fit_is_refused():
    overlay = Overlay((800, 720), layers("truth", []), frames=2)
    with pytest.raises(BadInput, match="has the shape"):
        overlay.draw(frame(400, 720), [[]], 0)
    with pytest.raises(BadInput, match="2 lists of points"):
        overlay.draw(frame(), [[], []], 0)
    with pytest.raises(BadInput, match="the curves should be 1 of 2 values"):
        Overlay((800, 720), layers("truth", []), frames=2, curves=[np.zeros(3)])
    with pytest.raises(BadInput, match="needs frames"):
        Overlay((800, 720), layers("truth", []), frames=0)


@pytest.mark.parametrize(("size", "scale"), [((320, 240), 3), ((1280, 720), 1), ((64, 48), 4), ((721, 2000), 1)])
def test_small_frames_are_enlarged(size, scale):
    assert Overlay(size, [], frames=1).scale == scale
