"""Sheets: of a bounded size, the same samples each time, and what they show is where it should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from core.training.loop import train
from core.training.pictures import FOUND, TRUTH, example_sheet, heatmap_sheet
from core.training.preparation import TrainingData
from core.training.recipe import Recipe

Tiny = Callable[..., Recipe]
GREY = np.full((97, 65, 3), 128, np.uint8)


def like(image: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """(n, 2) x, y of the pixels of a colour."""
    return np.argwhere((image == np.array(colour)).all(axis=2))[:, ::-1]


def test_points_are_drawn_where_they_are() -> None:
    truth, found = np.array([[[20.0, 30.0], [np.nan, np.nan]]]), np.array([[[40.0, 70.0], [10.0, 10.0]]])
    sheet = example_sheet([GREY], truth, found, [(0, 1)])
    assert sheet.shape == (97 + 4 + 97, 65, 3)
    assert np.abs(like(sheet[:97], TRUTH).mean(axis=0) - (20, 30)).max() < 0.5
    below = like(sheet[101:], FOUND)
    assert below.min(axis=0).tolist() <= [10, 10]
    assert np.abs(below.max(axis=0) - (41, 71)).max() <= 1


def test_points_that_are_not_numbers_or_far_away_are_no_trouble() -> None:
    away = np.array([[[1e12, -1e12], [np.nan, 3.0], [-np.inf, 0.0]]])
    assert example_sheet([GREY], away, away, [(0, 1)]).dtype == np.uint8


def test_large_crops_are_shown_small_with_their_points_in_place() -> None:
    large = np.full((768, 576, 3), 128, np.uint8)
    corner = np.array([[[575.0, 767.0]]])
    sheet = example_sheet([large] * 3, np.tile(corner, (3, 1, 1)), np.tile(corner, (3, 1, 1)), [])
    assert sheet.shape == (192 * 2 + 4, 144 * 3 + 8, 3)
    assert like(sheet[:192, :144], TRUTH).max(axis=0).tolist() == [143, 191]


def test_heatmaps_glow_where_they_are_high() -> None:
    wanted, found = np.zeros((1, 2, 24, 16)), np.full((1, 2, 24, 16), -3.0)
    wanted[0, 1, 6, 12] = 1.0
    sheet = heatmap_sheet([GREY], wanted, found)
    assert sheet.shape == (3 * 97 + 8, 65, 3)
    middle, last = sheet[101:198].sum(axis=2), sheet[202:].sum(axis=2)
    y, x = np.unravel_index(middle.argmax(), middle.shape)
    assert (y * 24 // 97, x * 16 // 65) == (6, 12)
    assert np.ptp(last) == 0


def test_maps_that_are_not_numbers_are_dark() -> None:
    assert heatmap_sheet([GREY], np.full((1, 1, 4, 4), np.nan), np.full((1, 1, 4, 4), np.inf)).dtype == np.uint8


def test_a_training_leaves_sheets_every_few_epochs(
    faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path
) -> None:
    train(tiny(epochs=5, sheets=2), faces, tmp_path, device="cpu", listener=heard)
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    epochs = (1, 2, 4, 5)
    assert names == [f"epoch-{epoch:04d}-{kind}.png" for epoch in epochs for kind in ("examples", "heatmaps")]
    assert heard.sheets == [(kind, shape) for _ in epochs for kind, shape in heard.sheets[:2]]
    shown = cv2.imread(str(tmp_path / "pictures" / names[0]))
    assert shown.shape == (64 * 2 + 4, 64 * 4 + 12, 3)


def test_a_network_without_maps_has_examples_only(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    train(tiny("quick-resnet18", epochs=1, sheets=1), faces, tmp_path, device="cpu")
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["epoch-0001-examples.png"]
