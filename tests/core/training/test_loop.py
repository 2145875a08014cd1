"""The loop: it learns, keeps the best, stops when it should, and says what went wrong."""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, Cancelled, FacetError, MissingWeights, NotEnoughData
from core.foundation.skeletons import BODY24, COCO17, FACE68
from core.media.crops import Crop
from core.metrics.landmarks import nme
from core.models.pose import configure
from core.models.pose.checkpoint import load_checkpoint, read_facts, save_checkpoint
from core.models.pose.network import build
from core.training.averaging import average_of, decay_for
from core.training.feeding import ahead, batches_of
from core.training.loop import TrainingData, train
from core.training.losses import build_loss
from core.training.recipes import RECIPES, Recipe, StabilityTerm
from core.training.samples import CropSource, Sample
from core.training.schedules import parameter_groups, rate_factor
from core.training.stability_loss import StabilityLoss
from core.training.stability_windows import Steadied, Steadying
from core.training.stepping import Stepper
from core.training.validation import Runner, figures, locate

Tiny = Callable[..., Recipe]
PIXELS = np.zeros((40, 40, 3), np.uint8)


def sample(points: np.ndarray, box: tuple[float, ...] = (0, 0, 30, 40), picture: object = PIXELS) -> Sample:
    return Sample(picture, box, Keypoints.of(points), key=1, name="one.png", group="a")


# Learning


@pytest.mark.parametrize(
    ("name", "steps", "times", "changed"),
    [
        # Small crops leave the last batch norm of the baseline one cell of each sample: its statistics over four values
        # are not those of evaluation, and the error stops falling sooner than the loss.
        ("quick-baseline", 120, 3, {"rate": 0.02, "optimiser": "sgd", "options": {"dropout": 0.0}, "ema": 0.0}),
        ("quick-pipnet", 25, 10, {"codec_settings": {"stride": 16}}),
        ("quick-hrnet", 80, 10, {"rate": 3e-3}),
    ],
)
def test_a_network_learns_four_samples_by_heart(
    name: str, steps: int, times: int, changed: dict, faces: TrainingData, tiny: Tiny, tmp_path: Path
) -> None:
    four = list(faces.train[::3])
    data = TrainingData(FACE68, four * steps, four)
    size = (128, 72) if name == "quick-baseline" else (64, 64)
    recipe = tiny(name, **{"batch": 4, "epochs": 1, "ema": 0.9, "input_size": size, **changed})
    untrained = train(replace(recipe, rate=0.0), replace(data, train=four), tmp_path / "untrained", device="cpu")
    trained = train(recipe, data, tmp_path / "run", device="cpu")
    assert trained.best["validation_nme"] < untrained.best["validation_nme"] / times
    assert trained.stopped == "done"


def test_the_best_epoch_is_kept_and_everything_is_written(
    faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path
) -> None:
    trained = train(tiny(epochs=3), faces, tmp_path, device="cpu", listener=heard)
    lines = [json.loads(line) for line in (tmp_path / "curves.jsonl").read_text().splitlines()]
    assert lines == json.loads(json.dumps(trained.history)) == json.loads(json.dumps(heard.epochs))
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert trained.best == min(trained.history, key=lambda line: line["validation_nme"])
    assert read_facts(trained.file)["epoch"] == str(trained.best["epoch"])
    assert heard.batches == [(done, 6) for done in range(1, 7)]
    assert trained.epochs == 3
    assert load_checkpoint(tmp_path / "last.safetensors").config == trained.config

    network = load_checkpoint(trained.file)
    source = CropSource(faces.validation, trained.config.input_size)
    found = locate(network, network.codec, source, FACE68, Runner("cpu"))
    again = figures(found.points, source.samples, FACE68)["validation_nme"]
    assert again == pytest.approx(trained.best["validation_nme"], abs=1e-9)


def test_training_leaves_the_callers_random_numbers_alone(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    train(tiny(epochs=1), faces, tmp_path, device="cpu")
    assert torch.equal(torch.rand(3), expected)


def test_it_stops_once_it_no_longer_gets_better(faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path) -> None:
    trained = train(tiny(epochs=9, rate=0.0, patience=2), faces, tmp_path, device="cpu", listener=heard)
    assert (trained.stopped, trained.epochs, trained.best["epoch"]) == ("early", 3, 1)
    assert heard.sentences == ["stopped after epoch 3: no better validation NME for 2 epochs"]


def test_without_validation_samples_the_last_epoch_is_the_best(
    faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path
) -> None:
    trained = train(tiny(), replace(faces, validation=()), tmp_path, device="cpu", listener=heard)
    assert trained.best["epoch"] == 2
    assert math.isnan(trained.best["validation_nme"])
    assert json.loads((tmp_path / "curves.jsonl").read_text().splitlines()[0])["validation_nme"] is None
    assert "no samples to validate on" in heard.sentences[0]


def test_only_the_head_learns_while_the_backbone_is_frozen(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    recipe = tiny("quick-resnet18", freeze=1, epochs=1, ema=0.0)
    frozen = load_checkpoint(train(recipe, faces, tmp_path / "frozen", device="cpu").file).state_dict()
    free = load_checkpoint(train(replace(recipe, freeze=0), faces, tmp_path / "free", device="cpu").file).state_dict()
    torch.manual_seed(recipe.seed)
    fresh = build(load_checkpoint(tmp_path / "frozen" / "best.safetensors").config).state_dict()
    for name, value in fresh.items():
        assert torch.equal(frozen[name], value) == name.startswith("backbone."), name  # statistics of norms too
    assert not torch.equal(free["backbone.conv1.weight"], fresh["backbone.conv1.weight"])


def test_bfloat16_learns_on_a_cpu_when_the_recipe_asks(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    plain = train(tiny(epochs=1), faces, tmp_path / "plain", device="cpu")
    half = train(tiny(epochs=1, amp="on"), faces, tmp_path / "half", device="cpu")
    assert half.history[0]["train_loss"] != plain.history[0]["train_loss"]
    assert half.history[0]["train_loss"] == pytest.approx(plain.history[0]["train_loss"], rel=0.05)
    assert {value.dtype for value in load_checkpoint(half.file).parameters()} == {torch.float32}


def test_checkpointing_gives_the_same_loss(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    data = TrainingData(FACE68, faces.train[:2], faces.validation[:1])
    recipe = tiny("vitpose-s", epochs=1, batch=2)
    plain, again = (
        train(replace(recipe, checkpointing=flag), data, tmp_path / str(flag), device="cpu") for flag in (False, True)
    )
    assert again.config.options["checkpointing"] is True
    assert again.history[0]["train_loss"] == pytest.approx(plain.history[0]["train_loss"], rel=1e-6)


def test_a_network_that_cannot_recompute_says_which_can(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"hrnet-w18-small cannot recompute .* choose vitpose-s"):
        train(tiny(checkpointing=True), faces, tmp_path, device="cpu")


# The stability loss


def test_the_stability_loss_counts_once_the_main_loss_is_low(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    term = StabilityTerm(bar=1e6, length=4)  # under the bar from the second epoch on
    trained = train(tiny(epochs=3, stability=term), faces, tmp_path, device="cpu")
    assert ["stability" in line["parts"] for line in trained.history] == [False, True, True]
    never = train(tiny(epochs=2, stability=replace(term, bar=0.0)), faces, tmp_path / "never", device="cpu")
    assert not any("stability" in line["parts"] for line in never.history)


def test_windows_are_held_to_the_labels_too(faces: TrainingData) -> None:
    torch.manual_seed(0)
    network = build(configure("resnet18-regression", FACE68, input_size=(64, 64))).train()
    source = CropSource(faces.train, (64, 64))
    steadying = Steadying(StabilityTerm(length=4), source)
    (window,) = steadying.pick(source, None, FACE68, (0, 0))
    mse = build_loss("mse")
    steadied = steadying.of(network, network, [window], Runner("cpu"), mse)
    assert network.training
    network.eval()
    outputs, targets = network(window.images), network.codec.encode(window.points, window.present)
    torch.testing.assert_close(steadied.accuracy, mse(outputs, targets).total)
    points = network.codec.decode(outputs).points
    shifted = window.to_picture(points) + 3.0  # a constant error, which the term alone does not see
    term, truth = StabilityLoss(), window.to_picture(window.points)
    torch.testing.assert_close(term(shifted, truth), steadied.motion)


@pytest.mark.parametrize("unit", [1.0, 1e-4])
def test_the_stability_loss_weighs_the_same_whatever_the_units_are(unit: float) -> None:
    motion, accuracy = torch.tensor(0.04, requires_grad=True), torch.tensor(3.0 * unit, requires_grad=True)
    total = Steadied(motion, accuracy).total(0.25)
    assert total.item() == pytest.approx(3.75 * unit)
    total.backward()
    assert accuracy.grad.item() == 1.0
    assert motion.grad.item() == pytest.approx(0.25 * 75 * unit)


def test_a_window_that_moves_as_the_truth_does_gives_no_endless_factor() -> None:
    motion, accuracy = torch.tensor(0.0, requires_grad=True), torch.tensor(3.0, requires_grad=True)
    total = Steadied(motion, accuracy).total(0.25)
    total.backward()
    assert total.item() == 3.0
    assert motion.grad.item() == pytest.approx(0.25 * 3000)


def test_the_stability_loss_wants_frames(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    still = replace(faces, train=[replace(one, frame=None) for one in faces.train])
    with pytest.raises(NotEnoughData, match=r"no two of one clip are labelled; label a clip, or choose stability=none"):
        train(tiny(stability=StabilityTerm()), still, tmp_path, device="cpu")


# Rates, batches, averages


def test_the_rate_warms_up_and_falls() -> None:
    cosine = replace(RECIPES["quick-resnet18"], epochs=10, warmup=1.0)
    factors = [rate_factor(cosine, step, 4) for step in range(40)]
    assert factors[:4] == [0.2, 0.4, 0.6, 0.8]
    assert factors[4] == 1.0
    assert factors[22] == pytest.approx(0.5 * (1 + math.cos(math.pi * 18 / 36)))
    assert factors[39] == pytest.approx(0.5 * (1 + math.cos(math.pi * 35 / 36)))
    steps = replace(RECIPES["pipnet-r18"])
    assert [rate_factor(steps, epoch * 7, 7) for epoch in (0, 29, 30, 49, 50)] == pytest.approx([1, 1, 0.1, 0.1, 0.01])
    assert rate_factor(replace(cosine, schedule="constant"), 39, 4) == 1.0


def test_the_cosine_is_torchs() -> None:
    recipe = replace(RECIPES["quick-resnet18"], epochs=5, warmup=0.0, rate=0.3)
    optimiser = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.3)
    peer = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=15)
    for step in range(15):
        assert recipe.rate * rate_factor(recipe, step, 3) == pytest.approx(peer.get_last_lr()[0])
        optimiser.step()
        peer.step()


def test_rates_fall_by_layer_and_norms_do_not_decay() -> None:
    recipe = RECIPES["vitpose-s"]
    network = build(configure("vitpose-s", FACE68, input_size=(64, 64)))
    found = {}
    for group in parameter_groups(recipe, network):
        for parameter in group["params"]:
            found[id(parameter)] = (group["base"], group["weight_decay"])
    by_name = {name: found[id(parameter)] for name, parameter in network.named_parameters()}
    rate, fall = recipe.rate, recipe.layer_decay
    layer = "backbone.net.encoder.layer.{}.attention.output.dense.weight"
    assert by_name[layer.format(11)][0] == pytest.approx(rate * fall)
    assert by_name[layer.format(0)][0] == pytest.approx(rate * fall**12)
    assert by_name["backbone.net.embeddings.position_embeddings"][0] == pytest.approx(rate * fall**13)
    assert by_name["head.maps.heatmaps.weight"] == (rate, recipe.weight_decay)
    assert by_name["head.maps.heatmaps.bias"] == (rate, 0.0)
    assert by_name["backbone.net.layernorm.weight"] == (rate, 0.0)


def test_every_sample_is_seen_once_an_epoch_and_no_batch_is_a_single_one() -> None:
    for count, size in ((17, 16), (12, 6), (5, 2), (2, 16), (33, 16)):
        parts = batches_of(count, size, seed=3, epoch=0)
        assert sorted(np.concatenate(parts).tolist()) == list(range(count))
        assert max(map(len, parts)) <= size
        assert min(map(len, parts)) > 1 or size == 2
    assert not np.array_equal(np.concatenate(batches_of(9, 3, 0, 0)), np.concatenate(batches_of(9, 3, 0, 1)))


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_batches_made_ahead_come_in_order(threads: int) -> None:
    assert list(ahead(lambda n: n * n, range(20), threads)) == [n * n for n in range(20)]
    assert list(ahead(lambda n: n, [], threads)) == []


def test_an_error_in_a_batch_made_ahead_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda n: 1 / n, [1, 0, 1], 2))


def test_the_average_is_the_moving_mean_of_weights_and_buffers() -> None:
    network = build(configure("hrnet-w18-small", FACE68, input_size=(64, 64)))
    average = average_of(network, 0.75)
    names = ("backbone.net.conv1.weight", "backbone.net.bn1.running_mean")
    expected: dict[str, torch.Tensor] = {}
    for step in range(4):
        for name in names:
            network.state_dict()[name].add_(step + 1.0)
            now = network.state_dict()[name].clone()
            expected[name] = now if step == 0 else 0.75 * expected[name] + 0.25 * now
        average.update_parameters(network)
    for name in names:
        assert torch.allclose(average.module.state_dict()[name], expected[name], atol=1e-6)


def test_a_short_run_averages_over_a_tenth_of_itself() -> None:
    recipe = RECIPES["resnet50-regression-softwing"]
    assert decay_for(recipe, 1_000_000) == recipe.ema
    assert decay_for(recipe, 200) == pytest.approx(0.95)
    assert decay_for(recipe, 3) == 0.0


# Figures


def test_the_validation_nme_by_hand() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(5, 35, (3, 68, 2)).astype(np.float32)
    found = truth + np.array([3.0, 4.0])  # every point is 5 px off
    samples = [sample(points) for points in truth]
    got = figures(found, samples, FACE68)
    width = np.linalg.norm(truth[:, 36] - truth[:, 45], axis=1)
    assert got["validation_nme"] == pytest.approx((5 / width).mean(), rel=1e-5)
    assert got["validation_nme"] == pytest.approx(nme(found, truth, np.full((3, 68), 2), (36, 45)).mean(), rel=1e-5)
    assert (got["validation_unit"], got["validation_samples"], got["validation_absent"]) == ("inter-ocular", 3, 0.0)


def test_without_the_pair_the_unit_is_the_diagonal_of_the_box() -> None:
    points = np.full((17, 2), 10.0, np.float32)
    plain = replace(COCO17, normaliser=None)
    got = figures(points[None] + np.array([3.0, 4.0]), [sample(points)], plain)
    assert got["validation_nme"] == pytest.approx(5 / 50)  # the box is 30 by 40
    assert got["validation_unit"] == "diagonal"


def test_an_absent_prediction_counts_as_the_middle_of_the_box() -> None:
    points = np.full((17, 2), np.nan, np.float32)
    points[0] = (15.0, 24.0)
    found = np.full((1, 17, 2), np.nan)
    got = figures(found, [sample(points)], replace(COCO17, normaliser=None))
    assert got["validation_nme"] == pytest.approx(4 / 50)  # the middle is at (15, 20)
    assert got["validation_absent"] == 1.0


def test_the_figures_of_nothing_are_not_numbers() -> None:
    got = figures(np.zeros((0, 68, 2)), [], FACE68)
    assert math.isnan(got["validation_nme"])
    assert got["validation_samples"] == 0
    nothing = figures(np.zeros((1, 17, 2)), [sample(np.full((17, 2), np.nan))], COCO17)
    assert math.isnan(nothing["validation_nme"])


def test_points_come_back_to_the_picture(faces: TrainingData) -> None:
    """A network that says where the crop's own points are finds them in the picture."""

    class Knowing(nn.Module):
        def __init__(self, source: CropSource) -> None:
            super().__init__()
            size = np.array(source.output) - 1
            rows = [source.crop(i).to_crop(one.keypoints.points) / size for i, one in enumerate(source.samples)]
            self.points, self.seen = torch.tensor(np.stack(rows), dtype=torch.float32), 0

        def forward(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
            self.seen += len(images)
            return {"points": self.points[self.seen - len(images) : self.seen]}

    source = CropSource(faces.validation, (96, 64))
    codec = build(configure("baseline-cnn", FACE68, input_size=(128, 72))).codec
    codec.input_size = (96, 64)
    found = locate(Knowing(source), codec, source, FACE68, Runner("cpu", size=3))
    truth = np.stack([one.keypoints.points for one in faces.validation])
    assert np.abs(found.points - truth).max() < 1e-3
    assert isinstance(source.crop(0), Crop)


# Bad input


@pytest.mark.parametrize(("count", "said"), [(0, "no labelled sample"), (1, "only one labelled sample")])
def test_zero_or_one_sample_is_not_enough(
    count: int, said: str, faces: TrainingData, tiny: Tiny, tmp_path: Path
) -> None:
    with pytest.raises(NotEnoughData, match=f"there is {said} to learn from"):
        train(tiny(), replace(faces, train=faces.train[:count]), tmp_path, device="cpu")


def test_points_that_are_all_absent_teach_nothing(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    nothing = Keypoints.of(np.full((68, 2), np.nan))
    blank = replace(faces, train=[replace(one, keypoints=nothing) for one in faces.train])
    with pytest.raises(NotEnoughData, match="all points of all 12 samples are absent"):
        train(tiny(), blank, tmp_path, device="cpu")


def test_some_absent_points_and_samples_are_learned_around(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    points = faces.train[0].keypoints.points.copy()
    points[10:] = np.nan
    samples = [replace(faces.train[0], keypoints=Keypoints.of(points)), *faces.train[1:]]
    samples[1] = replace(samples[1], keypoints=Keypoints.of(np.full((68, 2), np.nan)))
    for name in ("quick-hrnet", "quick-pipnet"):
        trained = train(tiny(name, epochs=1, batch=2), replace(faces, train=samples), tmp_path / name, device="cpu")
        assert math.isfinite(trained.history[0]["train_loss"])


def test_samples_of_another_skeleton_are_refused(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"clip-1/0.jpg has 68 points, but body24 has 24"):
        train(tiny(), replace(faces, skeleton=BODY24), tmp_path, device="cpu")


def test_pictures_that_cannot_be_read_are_told(faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    samples = [replace(faces.train[0], picture=bad, name="bad.jpg"), *faces.train[1:]]
    train(tiny(epochs=1), replace(faces, train=samples), tmp_path / "run", device="cpu", listener=heard)
    assert heard.sentences[0].startswith("1 of 16 samples cannot be used; the first: bad.jpg")
    with pytest.raises(NotEnoughData, match=r"only 1 can be read.*bad.jpg"):
        train(tiny(), replace(faces, train=samples[:2]), tmp_path / "two", device="cpu")


def test_weights_of_other_points_or_networks_are_refused(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "body.safetensors", build(configure("resnet18-regression", BODY24, input_size=(64, 64))))
    recipe = tiny("quick-resnet18")
    with pytest.raises(BadInput, match=r"body.safetensors locates the points of body24, none of which face68 has"):
        train(recipe, faces, tmp_path / "run", device="cpu", start_from=tmp_path / "body.safetensors")
    with pytest.raises(BadInput, match=r"holds a resnet18-regression, but the recipe trains a hrnet-w18-small"):
        train(tiny(), faces, tmp_path / "run", device="cpu", start_from=tmp_path / "body.safetensors")


def test_a_training_begins_from_earlier_weights(faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path) -> None:
    recipe = tiny("quick-resnet18", epochs=1)
    parent = train(recipe, faces, tmp_path / "parent", device="cpu")
    still = replace(recipe, rate=0.0, ema=0.0)
    child = train(still, faces, tmp_path / "child", device="cpu", listener=heard, start_from=parent.file)
    one, other = (load_checkpoint(file).state_dict() for file in (parent.file, child.file))
    assert all(torch.equal(one[name], other[name]) for name in one if "running" not in name and "tracked" not in name)
    assert heard.sentences[0].startswith("begins from best.safetensors: ")
    named = {"start_from": parent.file, "start_name": "quick-resnet18-1"}
    train(still, faces, tmp_path / "other", device="cpu", listener=heard, **named)
    assert heard.sentences[-1].startswith("begins from quick-resnet18-1: ")
    with pytest.raises(BadInput, match=r"^quick-resnet18-1 holds a resnet18-regression, but"):
        train(tiny(), faces, tmp_path / "hrnet", device="cpu", **named)


def test_coco_weights_give_their_rows_to_24_points(tiny: Tiny, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    samples = [sample(rng.uniform(0, 39, (24, 2)), picture=PIXELS.copy()) for _ in range(2)]
    parent = build(configure("resnet18-regression", COCO17, input_size=(64, 64)))
    save_checkpoint(tmp_path / "coco.safetensors", parent)
    recipe = tiny("quick-resnet18", epochs=1, rate=0.0, ema=0.0)
    child = train(
        recipe, TrainingData(BODY24, samples), tmp_path / "run", device="cpu", start_from=tmp_path / "coco.safetensors"
    )
    rows = load_checkpoint(child.file).state_dict()["head.points.weight"].reshape(24, 2, -1)
    assert torch.equal(rows[:17], parent.state_dict()["head.points.weight"].reshape(17, 2, -1))


def test_missing_published_weights_say_how_to_do_without(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    recipe = tiny("quick-resnet18", pretrained="default")
    with pytest.raises(MissingWeights, match=r"or begin from random weights with pretrained=none"):
        train(recipe, faces, tmp_path / "run", device="cpu", weights_folder=tmp_path / "weights")


# Trouble on the way


def test_too_little_memory_halves_the_batch_and_goes_on(
    faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train(tiny(), faces, tmp_path / "whole", device="cpu")
    outputs = Runner.outputs

    def scarce(self: Runner, network: nn.Module, images: torch.Tensor, **options: bool) -> dict[str, torch.Tensor]:
        if torch.is_grad_enabled() and len(images) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return outputs(self, network, images, **options)

    monkeypatch.setattr(Runner, "outputs", scarce)
    trained = train(tiny(), faces, tmp_path / "scarce", device="cpu", listener=heard)
    assert trained.stopped == "done"
    assert trained.history[0]["part"] == 3
    assert len(heard.batches) == 4  # the weights still change once a batch
    assert heard.sentences == [
        "memory ran out with 6 samples at a time; the training goes on with 3 at a time, and still changes the weights "
        "once a batch"
    ]
    assert trained.history[0]["train_loss"] == pytest.approx(whole.history[0]["train_loss"], rel=0.02)


def test_the_gradient_of_parts_is_that_of_the_whole(faces: TrainingData, tiny: Tiny, tmp_path: Path) -> None:
    """Without batch norms there is no difference at all but rounding; a transformer with the simple head has none."""
    ended = []
    for batch, part in ((4, 4), (4, 1)):
        recipe = tiny("vitpose-s", batch=batch, epochs=1, ema=0.0, options={"head": "simple"}, optimiser="sgd")

        def take(self: Stepper, *arguments: object, part: int = part, original: Callable = Stepper.take) -> object:
            self.part = part
            return original(self, *arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Stepper, "take", take)
            data = TrainingData(FACE68, faces.train[:4])
            ended.append(load_checkpoint(train(recipe, data, tmp_path / str(part), device="cpu").file).state_dict())
    for name, value in ended[0].items():
        assert torch.allclose(value, ended[1][name], atol=1e-6), name


def test_no_memory_for_one_sample_ends_with_a_sentence(
    faces: TrainingData, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Runner, "outputs", none)
    with pytest.raises(FacetError, match="not enough memory on cpu to learn from a single sample"):
        train(tiny(), faces, tmp_path, device="cpu")


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_best(
    faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _spoil(monkeypatch, at=4)
    trained = train(tiny(epochs=5, clip=0.5), faces, tmp_path, device="cpu", listener=heard)
    assert (trained.stopped, trained.epochs) == ("nan", 1)
    assert heard.sentences[0] == (
        "the loss was no longer a number in epoch 2, batch 2 of 2: stopped there, and the best weights before it "
        "(epoch 1) are kept; a lower rate or a lower clip (now 0.5) may help"
    )
    assert all(bool(value.isfinite().all()) for value in load_checkpoint(trained.file).state_dict().values())
    assert read_facts(trained.file)["epoch"] == "1"


@pytest.mark.parametrize(
    ("at", "advice"),
    [
        (1, "it was so from the start: look at the pictures and labels, and at the weights that it begins from"),
        (2, "a lower rate or clipped gradients (clip=1) may help"),
    ],
)
def test_a_first_loss_that_is_no_number_keeps_the_weights_before_it_but_calls_none_the_best(
    at: int,
    advice: str,
    faces: TrainingData,
    tiny: Tiny,
    heard: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _spoil(monkeypatch, at=at)
    trained = train(tiny(clip=0.0), faces, tmp_path, device="cpu", listener=heard)
    assert (trained.stopped, trained.epochs) == ("nan", 0)
    assert heard.sentences == [
        f"the loss was no longer a number in epoch 1, batch {at} of 2: stopped there, before an epoch was over, so "
        f"there are no best weights to keep; {advice}"
    ]
    assert math.isfinite(trained.best["validation_nme"])


def _spoil(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """The output of learning step number `at` is NaN."""
    outputs, count = Runner.outputs, [0]

    def spoiled(self: Runner, network: nn.Module, images: torch.Tensor, **options: bool) -> dict[str, torch.Tensor]:
        found = outputs(self, network, images, **options)
        count[0] += torch.is_grad_enabled()
        return {name: value * math.nan for name, value in found.items()} if count[0] == at else found

    monkeypatch.setattr(Runner, "outputs", spoiled)


def test_a_full_disk_is_a_sentence_and_the_best_stays(
    faces: TrainingData, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = torch.save
    count = [0]

    def full(content: object, file: object) -> None:
        count[0] += 1
        if count[0] == 2:
            file.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        saved(content, file)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(FacetError, match=r"no space left.*make room and start the training again"):
        train(tiny(), faces, tmp_path, device="cpu")
    assert load_checkpoint(tmp_path / "best.safetensors").config.points == 68
    assert not list(tmp_path.glob("*.part"))
    assert train(tiny(), faces, tmp_path, device="cpu").epochs == 2  # and it goes on once there is room


def test_a_gpu_that_disappears_is_a_sentence_and_the_state_stays(
    faces: TrainingData, tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs, count = Runner.outputs, [0]

    def lost(self: Runner, network: nn.Module, images: torch.Tensor, **options: bool) -> dict[str, torch.Tensor]:
        count[0] += torch.is_grad_enabled()
        if count[0] == 4:
            raise RuntimeError("CUDA error: unspecified launch failure")
        return outputs(self, network, images, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Runner, "outputs", lost)
        with pytest.raises(FacetError, match="GPU"):
            train(tiny(), faces, tmp_path, device="cpu")
    assert train(tiny(), faces, tmp_path, device="cpu").epochs == 2


@pytest.mark.parametrize("when", ["first batch", "second epoch", "epoch"])
def test_a_cancelled_run_keeps_its_best(
    when: str, faces: TrainingData, tiny: Tiny, heard: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel(*told: object) -> None:
        if when == "epoch" or told[0] == {"first batch": 1, "second epoch": 3}[when]:
            raise Cancelled("training.stopped")

    monkeypatch.setattr(heard, "epoch" if when == "epoch" else "batch", cancel)
    with pytest.raises(Cancelled, match="was stopped") as stopped:
        train(tiny(), faces, tmp_path, device="cpu", listener=heard)
    kept = stopped.value.trained
    assert kept.stopped == "cancelled"
    assert kept.epochs == (0 if when == "first batch" else 1)
    assert math.isfinite(kept.best["validation_nme"])
    assert load_checkpoint(kept.file).config.points == 68
    assert (tmp_path / "state.pt").is_file()
