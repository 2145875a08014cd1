"""What somebody wears as a network sees it: the numbers of torchvision's own, and files of other networks.

ImageNet's weights could not be had here: these are random ones of the same shapes.
"""

import numpy as np
import pytest
import torch
import torchvision

from core.foundation.errors import BadWeights, MissingWeights
from core.models import load_clothes_network
from core.models.clothes import MEAN, STD, ResnetClothes, read_resnet
from tests.builders.clothes_networks import classifier, publish


def regions(count=3, sizes=((224, 224),), seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (*sizes[i % len(sizes)], 3), np.uint8) for i in range(count)]


@pytest.fixture
def described(tmp_path):
    return ResnetClothes(18, publish(tmp_path), "cpu").describe


@pytest.mark.parametrize("depth", [18, 50])
def test_it_is_the_mean_of_the_last_map_that_torchvision_computes(depth, tmp_path):
    found = load_clothes_network(f"imagenet-resnet{depth}", "cpu", publish(tmp_path, depth).parent)
    seen = regions(2)
    normalise = torchvision.transforms.Normalize(MEAN, STD)
    pictures = torch.stack([normalise(torchvision.transforms.functional.to_tensor(region)) for region in seen])
    maps = torch.nn.Sequential(*list(classifier(depth).children())[:-2])
    with torch.inference_mode():
        expected = torch.nn.functional.normalize(maps(pictures).mean(dim=(2, 3)))
    np.testing.assert_allclose(found.describe(seen), expected.numpy(), atol=1e-5)
    assert expected.shape == (2, found.dimension)


def test_imagenet_is_normalised_as_torchvision_does_it_for_these_weights():
    preset = torchvision.models.ResNet18_Weights.IMAGENET1K_V1.transforms()
    assert (list(MEAN), list(STD), preset.crop_size) == (list(preset.mean), list(preset.std), [224])


def test_a_batch_gives_what_each_region_gives_by_itself_whatever_their_sizes(described):
    seen = regions(35, ((224, 224), (30, 47), (500, 300)))
    found = described(seen)
    np.testing.assert_allclose(found[[0, 1, 2, 34]], [described([seen[i]])[0] for i in (0, 1, 2, 34)], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert found.dtype == np.float32


def test_of_no_region_there_is_nothing(described):
    assert described([]).shape == (0, 512)


def test_the_same_clothes_larger_are_more_alike_than_others(described):
    stripes = np.zeros((60, 60, 3), np.uint8)
    stripes[::6], stripes[1::6] = 255, 255
    plain = np.full((60, 60, 3), (200, 30, 30), np.uint8)
    one, larger, other = described([stripes, stripes.repeat(3, 0).repeat(3, 1), plain])
    assert one @ larger > one @ other


def test_weights_that_are_not_here_are_said_with_their_source_and_place(tmp_path):
    with pytest.raises(
        MissingWeights,
        match=r"resnet50-0676ba61\.pth .* is not on this machine\. Fetch it with `python -m core weights fetch "
        rf"imagenet-resnet50` or download https://download\.pytorch\.org/.* put it into {tmp_path}",
    ):
        load_clothes_network("imagenet-resnet50", "cpu", tmp_path)


def test_weights_of_another_network_are_refused(tmp_path):
    with pytest.raises(BadWeights, match=r"resnet18-f37072fd\.pth does not hold a ResNet-50: \d+ tensors"):
        read_resnet(50, publish(tmp_path, 18))


def test_a_network_that_has_more_tensors_is_another_too(tmp_path):
    path = publish(tmp_path)
    torch.save({**torch.load(path, weights_only=True), "layer5.weight": torch.zeros(3)}, path)
    with pytest.raises(BadWeights, match=r"does not hold a ResNet-18: 1 tensors .* layer5\.weight among them"):
        read_resnet(18, path)


def test_a_damaged_file_is_refused(tmp_path):
    path = publish(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(BadWeights, match="damaged"):
        read_resnet(18, path)


def test_older_files_that_count_no_batches_are_as_good(tmp_path, described):
    path = publish(tmp_path)
    state = torch.load(path, weights_only=True)
    torch.save({name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}, path)
    np.testing.assert_array_equal(ResnetClothes(18, path, "cpu").describe(regions()), described(regions()))
