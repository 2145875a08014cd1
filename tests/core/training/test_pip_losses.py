from __future__ import annotations

import itertools

import pytest
import torch

from core.foundation.errors import BadInput
from core.models.codecs import build_codec
from core.training.losses import build_loss
from core.training.pip_losses import TASKS, task_codes
from tests.builders.loss_cases import NEIGHBOURS, POINTS, N, as_numpy, case, number, pip_by_hand, weighted


def test_pip_by_hand() -> None:
    cls = torch.zeros(1, 2, 2, 2)
    cls[0, 0, 0, 1] = cls[0, 1, 1, 0] = 1
    flat = torch.zeros(1, 2, 2, 2)
    targets = {"cls": cls, "x": flat + 0.25, "y": flat + 0.5, "nb_x": flat - 1, "nb_y": flat + 1}
    targets |= {"weight": torch.ones(1, 2), "nb_weight": torch.ones(1, 2)}
    outputs = {"cls": flat + 0.5, "x": flat.clone(), "y": flat.clone(), "nb_x": flat.clone(), "nb_y": flat.clone()}
    outputs["x"][0, 0, 0, 1] = 1.25  # the true cell of point 0: off by 1
    outputs["y"][0, 0, 1, 1] = 99.0  # no true cell
    found = build_loss("pip")(outputs, targets)
    expected = {"cls": 0.25, "x": (1 + 0.25) / 2, "y": 0.5, "nb_x": 1.0, "nb_y": 1.0}
    assert {key: number(value) for key, value in found.parts.items()} == pytest.approx(expected)
    assert number(found.total) == pytest.approx(2.5 + 0.625 + 0.5 + 1 + 1)
    weighed = build_loss("pip", cls=0, offsets=2, neighbours=0)(outputs, targets)
    assert number(weighed.total) == pytest.approx(2 * (0.625 + 0.5))


@pytest.mark.parametrize("tasks", [["std", "cls2", "cls3"], ["cls3", "cls3", "std"], ["cls2", "cls2", "cls2"]])
def test_pip_tasks_of_a_mixed_batch_are_means_over_their_own_samples(tasks: list[str]) -> None:
    outputs, targets = case("pip", 5, torch.float64)
    found = build_loss("pip")(outputs, targets | {"task": task_codes(tasks)})
    expected = pip_by_hand(as_numpy(outputs), as_numpy(targets), tasks)
    assert {key: number(value) for key, value in found.parts.items()} == pytest.approx(expected, rel=1e-6)
    assert number(found.total) == pytest.approx(weighted(expected), rel=1e-6)
    assert torch.autograd.gradcheck(
        lambda cls, coarse: (
            build_loss("pip")(outputs | {"cls": cls, "cls2": coarse}, targets | {"task": task_codes(tasks)}).total
        ),
        (outputs["cls"], outputs["cls2"]),
    )


def test_a_coarse_map_that_is_1_in_each_points_cell_by_hand_has_no_loss() -> None:
    """Of an input of 256 pixels "cls2" has cells of 64 pixels and "cls3" of 128, each from half a pixel before it."""
    codec = build_codec("pip", (256, 256), {"neighbours": NEIGHBOURS})
    points = torch.rand(N, POINTS, 2, generator=torch.Generator().manual_seed(1)) * 255
    targets = codec.encode(points, torch.ones(N, POINTS, dtype=torch.bool))
    outputs = {key: torch.zeros(N, *shape) for key, shape in codec.channels(POINTS).items()}
    for task, side in (("cls2", 64), ("cls3", 128)):
        coarse = torch.zeros(N, POINTS, 256 // side, 256 // side)
        for sample, point in itertools.product(range(N), range(POINTS)):
            column, row = ((points[sample, point] + 0.5) // side).long().tolist()
            coarse[sample, point, row, column] = 1
        found = build_loss("pip")(outputs | {task: coarse}, targets | {"task": task_codes([task] * N)})
        assert number(found.total) == 0


def test_pip_without_tasks_is_pip_of_human_labels() -> None:
    outputs, targets = case("pip")
    plain = build_loss("pip")(outputs, targets).total
    labelled = build_loss("pip")(outputs, targets | {"task": task_codes([None] * N)})
    assert number(plain) == pytest.approx(number(labelled.total))
    assert number(labelled.parts["cls2"]) == 0


def test_pip_without_neighbours_is_three_losses() -> None:
    codec = build_codec("pip", (128, 128), {"neighbours": []})
    targets = codec.encode(torch.full((1, 1, 2), 40.0), torch.ones(1, 1, dtype=torch.bool))
    outputs = {key: torch.zeros(1, *shape, requires_grad=True) for key, shape in codec.channels(1).items()}
    found = build_loss("pip")(outputs, targets)
    assert number(found.parts["nb_x"]) == 0
    # 1 cell of 16 is wrong by 1; (40 + 0.5) / 32 = 1.265625, so 0.265625 within the cell
    assert number(found.total) == pytest.approx(10 / 16 + 2 * 0.265625)


def test_a_coarse_task_without_its_map_is_refused() -> None:
    outputs, targets = case("pip")
    del outputs["cls3"]
    with pytest.raises(BadInput, match="cls3"):
        build_loss("pip")(outputs, targets | {"task": task_codes(["cls3"] * N)})


def test_task_codes_name_the_tasks() -> None:
    assert task_codes([None, "std", "cls2", "cls3"]).tolist() == [0, 0, 1, 2]
    assert TASKS[1] == "cls2"
    with pytest.raises(BadInput, match="cls1"):
        task_codes(["cls1"])
