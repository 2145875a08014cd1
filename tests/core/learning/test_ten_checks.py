"""What an expert checks first, where it crosses modules; each test is named after its check in the list of ten.

The rest is beside its module: codecs and flips in core/models/codecs, figures in core/metrics, resuming in
core/training/test_resume.py, surgery and published weights in core/models/pose, all networks against the mean shape in
tests/bench.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from core.foundation.arrays import Keypoints
from core.foundation.skeletons import FACE68
from core.learning.evaluating import evaluate
from core.learning.labels import keep_parts, read_labels, read_unlabelled
from core.learning.samples import LEARNED, as_ranges
from core.media.crops import Crop
from core.metrics.intervals import paired
from core.metrics.landmarks import applicable, errors, units
from core.models.codecs import build_codec
from core.models.pose import configure
from core.models.pose.estimator import PoseEstimator
from core.models.pose.network import build
from core.training.samples import CropSource, Sample
from db.engine import reading
from db.queries.learning.labels import human_labels
from db.tables import Part, TrainedModel
from db.writing import writing
from tests.bench.learning.arms import Place, fit, mean_face, settle
from tests.bench.learning.data import Drawn, Size, draw, people
from tests.bench.learning.plans import arm
from tests.bench.learning.report import nme
from tests.builders.learning_rows import Shelf, face

SIGMA = 5.0  # pixels of the crop


def _spots(places: np.ndarray, shape: tuple[int, int], sigma: float) -> list[np.ndarray]:
    """One picture for each place, with a Gaussian spot there."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    maps = [255 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * sigma**2)) for px, py in places]
    return [np.repeat(one.round().astype(np.uint8)[..., None], 3, axis=2) for one in maps]


@pytest.mark.parametrize(("rotation", "mirrored"), [(0.0, False), (28.0, False), (-113.0, True)])
def test_1_a_spot_in_the_picture_is_cut_decoded_and_found_again_where_it_was(rotation, mirrored):
    """The whole way by pixels: picture, turned crop, its pixels as a map of stride 1, peak, picture.

    Eight bits and the interpolation are all that errs: a tenth of a pixel for one spot, a hundredth for their mean. A
    crop or codec of another convention is off by 0.4 pixels and more.
    """
    crop = Crop((120.3, 101.8), (88.0, 118.0), (96, 128), rotation, mirrored)
    inside = np.random.default_rng(3).uniform(12, (83, 115), (40, 2))
    places = crop.to_picture(inside)
    pictures = _spots(places, (220, 260), SIGMA * crop.picture_scale())
    maps = np.stack([crop.cut(picture)[..., 1] for picture in pictures]).astype(np.float32) / 255
    codec = build_codec("udp", (96, 128), {"stride": 1, "sigma": SIGMA})
    found = codec.decode({"heatmaps": torch.from_numpy(maps)[None]}).points[0].numpy()
    off = crop.to_picture(found) - places
    assert np.abs(off).max() < 0.1
    assert np.abs(off.mean(axis=0)).max() < 0.01


def test_2_a_picture_and_its_mirror_image_give_mirrored_points():
    """Mirror the picture and the box, and what the flip test says is mirrored too, left and right exchanged."""
    torch.manual_seed(0)
    network = build(configure("hrnet-w18-small", "face68", input_size=(64, 64), codec="udp"))
    estimator = PoseEstimator(network, "net", "0" * 64, FACE68, flip_test=True)
    picture = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)
    box = np.array([[20.0, 10.0, 90.0, 80.0]])
    other = np.array([[119 - 90.0, 10.0, 119 - 20.0, 80.0]])
    plain = estimator.locate(picture, box)[0].points
    flipped = estimator.locate(np.ascontiguousarray(picture[:, ::-1]), other)[0].points
    order = np.arange(68)
    for one, two in FACE68.flip_pairs:
        order[one], order[two] = two, one
    assert sorted(order.tolist()) == list(range(68))
    back = flipped[order] * (-1, 1) + (119, 0)
    apart = np.hypot(*(back - plain).T)
    # two cells of an untrained map may be equally high; a shift, or sides in each other's place, would move all
    assert np.isfinite(apart).sum() > 50
    assert np.mean(apart[np.isfinite(apart)] < 0.05) > 0.95
    assert np.nanmax(np.hypot(*(flipped * (-1, 1) + (119, 0) - plain).T)) > 1


def test_3_every_error_is_a_number_nothing_or_a_failure_whatever_comes_in():
    """NaN, infinite and absent points, boxes and eyes without extent: no warning, nothing between the three."""
    rng = np.random.default_rng(1)
    truth, found = rng.normal(50, 20, (2, 40, 68, 2))
    seen = rng.integers(0, 3, (40, 68))
    boxes = np.tile([10.0, 10.0, 90.0, 90.0], (40, 1))
    truth[0], found[1], seen[2], boxes[3] = np.nan, np.inf, 0, [5, 5, 5, 5]
    truth[4, 36] = truth[4, 45]
    boxes[5], found[6] = np.nan, np.nan
    seen[[0, 1, 3, 4, 5, 6]] = 2
    for name in applicable(FACE68):
        unit = units(name, truth, seen, boxes, FACE68)
        each = errors(found, truth, seen, unit)
        assert np.isnan(each[[0, 2]]).all()
        assert np.isinf(each[[1, 6]]).all()
        assert not (each < 0).any()
        finite = np.isfinite(each)
        wanted = [
            np.mean([np.hypot(*(found[i, k] - truth[i, k])) for k in range(68) if seen[i, k]]) / unit[i]
            for i in np.flatnonzero(finite)
        ]
        np.testing.assert_allclose(each[finite], wanted)
        assert np.isnan(each[3]) == np.isnan(each[5]) == (name in ("box", "diagonal"))
        assert np.isnan(each[4]) == (name == "inter-ocular")


@pytest.fixture(scope="module")
def drawn_people() -> Drawn:
    with ThreadPoolExecutor(1) as pool:
        return draw(Size(train=30, validation=4, test=24, frames=4), pool)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [0, 1])
def test_5_two_seeds_beat_the_mean_shape_on_sequences_of_people_nobody_has_seen(drawn_people, tmp_path, seed):
    """With an interval over the people; the curve of the validation people falls on the way there.

    A few frames of a person show no more than that: other people, not other cameras or poses, are what is held out.
    Another processor rounds otherwise, and a training makes another network of it: so there are many people and steps
    enough that the interval ends well below zero, and how far below is measured in tests/bench alone.
    """
    settle(Place(drawn_people, tmp_path, "cpu"), 1)
    (fitted,) = fit(arm("learning", "resnet18-regression", 64, "soft-wing", 8, batch=8, ema=0.9), seed)
    lines = (tmp_path / f"learning-{seed}" / "curves.jsonl").read_text().splitlines()
    curve = [json.loads(line)["validation_nme"] for line in lines]
    assert len(curve) == 8
    assert min(curve) == fitted.validation_nme < curve[0] / 2
    known, found = nme(mean_face(drawn_people), drawn_people), nme(fitted.points, drawn_people)
    change = paired(known, found, people(drawn_people.test))
    assert change.groups == 24
    assert change.high < 0, change


def test_6_nothing_that_is_measured_on_was_learned_from_by_picture_clip_person_action_or_pseudo_label(
    workspace, dataset, author
):
    """Clips, actions seen by five cameras, people and folders together, half of them unlabelled, two bad pictures."""
    shelf = Shelf(workspace, dataset, author)
    version = shelf.model("net")
    for clip in range(6):
        images = [shelf.image(f"clip{clip}.mp4/{i}.jpg", sequence=f"clip{clip}.mp4") for i in range(4)]
        shelf.clip(f"clip{clip}.mp4", images)
        for i, image in enumerate(images):
            shelf.instance(image, face() if i % 2 else None)
    for action in range(5):
        for camera in "ABCDE":
            image = shelf.image(f"m/{action}_{camera}-0000001.jpg", sequence=f"action-{action}")
            shelf.instance(image, face() if camera < "D" else None)
    for person in range(7):
        for i in range(3):
            image = shelf.image(f"photos/{person}-{i}.jpg", identity=f"p{person}")
            shelf.instance(image, face() if i else None)
    with writing(workspace.engine) as session:
        labels = read_labels(dataset, "face68", session=session)
        keep_parts(dataset, labels, session=session)
        others = read_unlabelled(dataset, labels, session=session)
    learned = [label for part in (Part.TRAIN, Part.VALIDATION) for label, _ in labels.of(part)]
    learned += [one for one, _ in others]
    test = [label for label, _ in labels.of(Part.TEST)]
    assert test
    assert others
    for trait in (
        lambda one: one.image.id,
        lambda one: one.video_id,
        lambda one: one.image.sequence,
        lambda one: one.image.identity,
    ):
        known = {trait(one) for one in learned} - {None}
        assert known.isdisjoint({trait(one) for one in test} - {None})
    validation = {group for _, group in labels.of(Part.VALIDATION)}
    assert validation.isdisjoint({group for _, group in others} | {group for _, group in labels.of(Part.TRAIN)})
    _measured_apart(shelf, version, [one.instance.id for one in learned], [one.instance.id for one in test])


def _measured_apart(shelf: Shelf, version: int, learned: list[int], test: list[int]) -> None:
    """A way to split that the model was not trained with brings nothing of it back."""
    with writing(shelf.workspace.engine) as session:
        model = session.get(TrainedModel, version)
        model.data = {LEARNED: as_ranges(learned)}
        session.add(model)
    with reading(shelf.workspace.engine) as session:
        everybody = [label.instance.id for label in human_labels(shelf.dataset, "face68", session=session)]
    for instance in everybody:
        shelf.predict(instance, version, face(1.0))
    for split_by in ("auto", "person", "folder", "picture"):
        told = evaluate(shelf.workspace, shelf.dataset, "net", split_by=split_by)
        assert 0 < told["instances"] <= len(test)
        json.dumps(told, allow_nan=False)
    assert evaluate(shelf.workspace, shelf.dataset, "net")["instances"] == len(test)


def test_9_the_pixels_that_are_learned_from_are_those_that_are_predicted_from(tmp_path):
    """A photo that lies on its side in its file: training and prediction cut the same upright pixels, as colour."""
    path = tmp_path / "turned.jpg"
    stored = np.zeros((60, 100), np.uint8)
    stored[:, :30] = 255  # grey and turned: once upright, the bright end is at the top
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(stored).save(path, exif=exif, quality=100)
    box = (5.0, 5.0, 55.0, 95.0)
    source = CropSource([Sample(path, box, Keypoints.of(np.full((68, 2), 10.0)), 1, "turned.jpg", "g")], (32, 32))
    taken = source.take(0)
    upright = np.repeat(np.rot90(stored, -1)[..., None], 3, axis=2)
    wanted = Crop.around(box, (32, 32), 1.25).cut(np.ascontiguousarray(upright))
    assert np.abs(taken.image.astype(int) - wanted).max() <= 3
    assert taken.image[6, 16].min() > 250
    assert taken.image[25, 16].max() < 5
