"""The backbones compute what torchvision's classifiers compute before they classify."""

import pytest
import torch
import torchvision

from core.models.pose.torchvision_maps import MOBILENET_CHANNELS, RESNET_CHANNELS, MobileNetMap, ResNetMap


@pytest.mark.parametrize("depth", [18, 50])
def test_a_resnets_map_is_what_torchvision_averages(depth):
    torch.manual_seed(0)
    ours = ResNetMap(depth).eval()
    theirs = getattr(torchvision.models, f"resnet{depth}")(weights=None).eval()
    theirs.load_state_dict(ours.state_dict(), strict=False)
    theirs.fc = torch.nn.Identity()
    images = torch.rand(1, 3, 64, 96)
    found = ours(images)
    assert found.shape == (1, RESNET_CHANNELS[depth], 2, 3)
    torch.testing.assert_close(found.mean(dim=(2, 3)), theirs(images))


def test_a_mobilenets_map_is_torchvisions():
    torch.manual_seed(0)
    ours = MobileNetMap().eval()
    theirs = torchvision.models.mobilenet_v2(weights=None).eval()
    theirs.load_state_dict(ours.state_dict(), strict=False)
    images = torch.rand(1, 3, 64, 96)
    assert ours(images).shape == (1, MOBILENET_CHANNELS, 2, 3)
    torch.testing.assert_close(ours(images), theirs.features(images))


def test_only_deep_bottlenecks_begin_as_the_identity():
    assert all((block.bn3.weight == 0).all() for block in ResNetMap(50).layer2)
    assert all((block.bn2.weight == 1).all() for block in ResNetMap(18).layer2)


@pytest.mark.parametrize("depth", sorted(RESNET_CHANNELS))
def test_the_channels_of_the_table_are_true(depth):
    with torch.device("meta"):
        made = ResNetMap(depth).eval()
        assert made(torch.empty(1, 3, 32, 32)).shape == (1, RESNET_CHANNELS[depth], 1, 1)
