from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.foundation.arrays import Keypoints
from core.training.augmentation import batch
from core.training.samples import CropSource, Sample
from tests.builders.augmented import BOX, OFF, PAIRED, PIXELS, POINTS, pixels, source_of
from tests.builders.blob_pictures import centroid


@pytest.mark.parametrize("name", [*PIXELS, "all"])
def test_colour_grey_blur_and_occlusion_move_nothing(name: str) -> None:
    chosen = replace(OFF, **(PIXELS if name == "all" else {name: PIXELS[name]}))
    source = source_of()
    still = batch(source, [0], None, PAIRED)
    before = pixels(still)
    whole = 0
    for epoch in range(12):
        made = batch(source, [0], chosen, PAIRED, (5, epoch))
        assert torch.equal(made.points, still.points)
        assert torch.equal(made.present, still.present)  # a covered point is hidden, not absent
        image = pixels(made)
        for point in still.points[0].numpy():
            left, top = np.round(point).astype(int) - 12
            patch = image[top : top + 25, left : left + 25]
            border = np.concatenate([patch[[0, -1]].reshape(-1, 3), patch[:, [0, -1]].reshape(-1, 3)])
            uncovered = np.ptp(border, axis=0).max() < 8 and patch.max() > border.max() + 60
            if uncovered:
                found = centroid(image - border.mean(axis=0), point)
                assert np.abs(found - centroid(before, point)).max() < 0.1
                whole += 1
    assert whole > 12


@pytest.mark.parametrize("name", ["colour", "blur", "occlusion"])
def test_each_change_of_pixels_does_change_them(name: str) -> None:
    source = source_of()
    plain = batch(source, [0], None, PAIRED).images
    made = batch(source, [0], replace(OFF, **{name: PIXELS[name]}), PAIRED, (5, 1)).images
    assert not torch.equal(plain, made)


def test_grey_makes_the_three_colours_equal() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (170, 180, 3), dtype=np.uint8)
    source = CropSource([Sample(picture, BOX, Keypoints.of(POINTS), 1, "a", "g")], (64, 64))
    image = batch(source, [0], replace(OFF, grey=1), PAIRED, (0, 0)).images[0]
    assert torch.equal(image[0], image[1])
    assert torch.equal(image[0], image[2])
