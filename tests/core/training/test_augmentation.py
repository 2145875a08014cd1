"""Augmentation moves points exactly where it moves pixels, and nothing else does."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput
from core.foundation.skeletons import BODY24, FACE68, Skeleton
from core.media.crops import Crop, mirror_order
from core.training.augmentation import Augmentation, Batch, batch
from core.training.samples import CropSource, Sample
from tests.builders.augmented import BOX, OFF, PAIRED, POINTS, pixels, source_of
from tests.builders.blob_pictures import blobs, centroid

GEOMETRY = {"rotation": 30.0, "scale": 0.25, "shift": 0.15, "mirror": 1.0}


def worst(made: Batch, index: int = 0) -> float:
    """The greatest distance on an axis between a point and its blob, of the points whose blob is whole."""
    image, far = pixels(made, index), [0.0]
    for point in made.points[index].numpy():
        if (point >= 9).all() and (point < np.array(image.shape[1::-1]) - 10).all():
            far.append(float(np.abs(centroid(image, point) - point).max()))
    assert len(far) > 2, "too few blobs inside to say anything"
    return max(far)


@pytest.mark.parametrize("name", [*GEOMETRY, "all"])
@pytest.mark.parametrize("output", [(128, 128), (96, 128)])
def test_geometry_moves_points_exactly_where_it_moves_pixels(name: str, output: tuple[int, int]) -> None:
    chosen = replace(OFF, **(GEOMETRY if name == "all" else {name: GEOMETRY[name]}))
    source = source_of(output=output)
    still = batch(source, [0], None, PAIRED).points
    for epoch in range(12):
        made = batch(source, [0], chosen, PAIRED, (5, epoch))
        assert not torch.equal(made.points, still)
        assert worst(made) < 0.1


def test_all_changes_at_once_on_shrunk_pictures_keep_points_on_pixels() -> None:
    points = POINTS * 6
    picture = blobs(points, (1080, 1020), sigma=15)
    box = tuple(6 * value for value in BOX)
    samples = [Sample(picture, box, Keypoints.of(points), 1, "a", "g")]
    chosen = replace(Augmentation(), occlusion=0, blur=0, mirror=0.5)
    source = CropSource(samples, (128, 128), margin=chosen.margin((128, 128)))
    for epoch in range(10):
        assert worst(batch(source, [0], chosen, PAIRED, (1, epoch))) < 0.1


def test_points_that_leave_the_crop_are_not_present_and_not_clipped() -> None:
    source = source_of()
    chosen = replace(OFF, shift=1.0)
    seen = set()
    for epoch in range(20):
        made = batch(source, [0], chosen, PAIRED, (2, epoch))
        expected = made.crops[0].to_crop(POINTS)
        np.testing.assert_allclose(made.points[0].numpy(), expected, atol=1e-3)
        within = ((expected >= -0.5) & (expected <= 127.5)).all(axis=1)
        assert made.present[0].tolist() == within.tolist()
        seen.update(within.tolist())
    assert seen == {True, False}


def test_labels_are_not_rounded() -> None:
    made = batch(source_of(), [0], None, PAIRED)
    assert (made.points[0] % 1).abs().min() > 1e-3


def test_mirroring_exchanges_the_names_of_left_and_right() -> None:
    coloured = np.zeros((170, 180, 3), np.uint8)
    for point, colour in zip(POINTS, ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)), strict=True):
        x, y = np.round(point).astype(int)
        coloured[y - 4 : y + 5, x - 4 : x + 5] = colour
    source = CropSource([Sample(coloured, BOX, Keypoints.of(POINTS), 1, "a", "g")], (128, 128))

    def colours(made: Batch) -> list[list[int]]:
        places = made.points[0].round().int().tolist()
        return [(made.images[0][:, y, x] > 0.5).int().tolist() for x, y in places]

    plain = batch(source, [0], None, PAIRED)
    mirrored = batch(source, [0], replace(OFF, mirror=1), PAIRED, (0, 0))
    assert colours(plain) == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]
    assert colours(mirrored) == [[0, 1, 0], [1, 0, 0], [0, 0, 1], [1, 1, 1]]  # the left eye is now the other one
    assert plain.points[0, 0, 0] < plain.points[0, 1, 0]
    assert mirrored.points[0, 0, 0] < mirrored.points[0, 1, 0]  # left stays left in the image
    torch.testing.assert_close(mirrored.images, plain.images.flip(-1))  # no shift


def test_presence_goes_with_its_point_when_mirrored() -> None:
    points = POINTS.copy()
    points[0] = np.nan
    source = source_of(points[1:])
    one = replace_points(source.samples[0], points)
    mirrored = batch(CropSource([one], (128, 128)), [0], replace(OFF, mirror=1), PAIRED, (0, 0))
    assert mirrored.present[0].tolist() == [True, False, True, True]
    assert torch.isnan(mirrored.points[0, 1]).all()


def replace_points(sample: Sample, points: np.ndarray) -> Sample:
    return replace(sample, keypoints=Keypoints.of(points))


@pytest.mark.parametrize("skeleton", [FACE68, BODY24])
def test_mirroring_twice_is_the_identity(skeleton: Skeleton) -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(45, 125, (len(skeleton), 2)).astype(np.float32)
    picture = rng.integers(0, 256, (170, 180, 3), dtype=np.uint8)
    source = CropSource([Sample(picture, BOX, Keypoints.of(points), 1, "a", "g")], (97, 97))
    plain = batch(source, [0], None, skeleton)
    once = batch(source, [0], replace(OFF, mirror=1), skeleton, (0, 0))
    twice_points = torch.stack([96 - once.points[0, :, 0], once.points[0, :, 1]], dim=1)[once.order]
    torch.testing.assert_close(twice_points, plain.points[0], atol=1e-3, rtol=0)
    torch.testing.assert_close(once.images.flip(-1), plain.images, atol=1.01 / 255, rtol=0)
    order = mirror_order(len(skeleton), skeleton.flip_pairs)
    assert np.array_equal(order[order], np.arange(len(skeleton)))


def test_the_way_back_to_the_picture_undoes_everything_and_has_gradients() -> None:
    source = source_of(count=8)
    made = batch(source, range(8), Augmentation(), PAIRED, (3, 4))
    assert {crop.mirrored for crop in made.crops} == {True, False}
    inputs = made.points.clone().requires_grad_()
    back = made.to_picture(inputs)
    np.testing.assert_allclose(back.detach().numpy(), np.broadcast_to(POINTS, (8, 4, 2)), atol=1e-3)
    back.sum().backward()
    assert inputs.grad is not None
    assert inputs.grad.isfinite().all()


def test_a_sample_is_changed_alike_in_any_batch_and_otherwise_in_another_epoch() -> None:
    source = source_of(count=5)
    whole = batch(source, [0, 1, 2, 3, 4], Augmentation(), PAIRED, (7, 1))
    alone = batch(source, [3], Augmentation(), PAIRED, (7, 1))
    torch.manual_seed(99)
    again = batch(source, [4, 3], Augmentation(), PAIRED, (7, 1))
    for other, place in ((alone, 0), (again, 1)):
        assert torch.equal(whole.images[3], other.images[place])
        assert torch.equal(whole.points[3], other.points[place])
    for rng in ((7, 2), (8, 1)):
        assert not torch.equal(batch(source, [3], Augmentation(), PAIRED, rng).points, alone.points)
    assert not torch.equal(whole.points[0], whole.points[1])


def test_nothing_is_drawn_from_the_generators_of_the_process() -> None:
    state = torch.get_rng_state()
    batch(source_of(), [0], Augmentation(blur=1, grey=1, occlusion=1), PAIRED, (7, 1))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_window_is_changed_as_one() -> None:
    source = source_of(count=3)
    made = batch(source, [2, 0, 1], Augmentation(), PAIRED, (7, 1), together=True)
    assert len(set(made.crops)) == 1
    assert torch.equal(made.points[0], made.points[2])
    assert torch.equal(made.images[0], made.images[1])


def test_without_augmentation_the_crop_is_the_plain_one() -> None:
    made = batch(source_of(), [0], None, PAIRED)
    assert made.crops == (Crop.around(BOX, (128, 128), 1.25),)
    assert worst(made) < 0.1
    nothing = batch(source_of(), [0], OFF, PAIRED, (0, 0))
    assert torch.equal(nothing.images, made.images)


def test_a_batch_has_the_shapes_that_networks_take() -> None:
    source = source_of(count=3, output=(96, 128))
    source.samples[1] = replace(source.samples[1], pseudo="cls2")
    made = batch(source, [2, 1], Augmentation(), PAIRED, (0, 0))
    assert made.images.shape == (2, 3, 128, 96)
    assert made.images.dtype == torch.float32
    assert 0 <= made.images.min() <= made.images.max() <= 1
    assert made.points.shape == (2, 4, 2)
    assert made.present.dtype == torch.bool
    assert made.pseudo == (None, "cls2")
    assert len(made) == 2


@pytest.mark.parametrize("output", [(128, 128), (96, 128), (192, 64)])
def test_the_margin_covers_every_crop_that_can_be_drawn(output: tuple[int, int]) -> None:
    chosen = Augmentation(rotation=40, scale=0.3, shift=0.2)
    plain = Crop.around(BOX, output)
    reach = np.array(plain.size) * chosen.margin(output) / 2
    rng = np.random.default_rng(0)
    corners = np.array([[0, 0], [output[0] - 1, 0], [0, output[1] - 1], [output[0] - 1, output[1] - 1]])
    furthest = np.zeros(2)
    for _ in range(3000):
        away = np.abs(chosen.draw(BOX, output, rng).to_picture(corners) - plain.centre)
        furthest = np.maximum(furthest, away.max(axis=0))
    assert (furthest <= reach).all()
    assert (furthest / reach).max() > 0.8  # and not by much too wide


def test_draws_stay_within_their_extents_and_fill_them() -> None:
    chosen, rng = Augmentation(), np.random.default_rng(0)
    crops = [chosen.draw(BOX, (128, 128), rng) for _ in range(2000)]
    plain = Crop.around(BOX, (128, 128))
    zoom = np.array([crop.size[0] / plain.size[0] for crop in crops])
    turn = np.array([crop.rotation for crop in crops])
    moved = np.array([(np.array(crop.centre) - plain.centre) / plain.size for crop in crops])
    assert 0.8 <= zoom.min() < 0.81
    assert 1.24 < zoom.max() <= 1.25
    assert -30 <= turn.min() < -29.5
    assert 29.5 < turn.max() <= 30
    assert 0.098 < np.abs(moved).max() <= 0.1
    assert np.mean([crop.mirrored for crop in crops]) == pytest.approx(0.5, abs=0.04)


@pytest.mark.parametrize(
    "wrong", [{"mirror": 1.5}, {"rotation": -1}, {"rotation": float("nan")}, {"scale": -0.1}, {"colour": -1}]
)
def test_impossible_extents_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput, match=next(iter(wrong))):
        Augmentation(**wrong)


def test_an_empty_batch_and_a_foreign_skeleton_are_refused() -> None:
    with pytest.raises(BadInput, match="at least one"):
        batch(source_of(), [], None, PAIRED)
    with pytest.raises(BadInput, match=r"0\.png: 4 points are labelled, but face68 has 68"):
        batch(source_of(), [0], None, FACE68)


def test_importing_the_settings_loads_no_torch() -> None:
    code = "import sys, core.training.augmentation; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
