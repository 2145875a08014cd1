"""ResNet with coordinates: the mean of its map through one linear layer."""

import pytest
import torch
import torchvision

from core.models.codecs import build_codec
from core.models.pose import configure
from core.models.pose.resnet_regression import RESNET_CHANNELS, ResNetMap, parts


def test_the_points_are_one_linear_layer_on_the_mean_of_the_map():
    config = configure("resnet18-regression", "body24", input_size=(64, 96))
    torch.manual_seed(0)
    backbone, head = parts(config, build_codec("regression", config.input_size))
    features = torch.rand(2, RESNET_CHANNELS[18], 3, 2)
    linear = head.eval().points
    by_hand = features.mean(dim=(2, 3)) @ linear.weight.T + linear.bias
    torch.testing.assert_close(head(features)["points"], by_hand.reshape(2, 24, 2))
    assert isinstance(backbone, ResNetMap)
    assert linear.in_features == 512


def test_the_depth_is_that_of_the_name():
    with torch.device("meta"):
        backbone, head = parts(configure("resnet50-regression", "face68"), build_codec("regression", (256, 256)))
    assert len(backbone.layer3) == 6
    assert head.points.in_features == RESNET_CHANNELS[50]


def test_dropout_acts_while_training_only():
    config = configure("resnet18-regression", "face68", options={"dropout": 0.5}, input_size=(64, 64))
    _, head = parts(config, build_codec("regression", config.input_size))
    features = torch.rand(1, 512, 2, 2) * 100
    assert torch.equal(head.eval()(features)["points"], head(features)["points"])
    head.train()
    assert not torch.equal(head(features)["points"], head(features)["points"])


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


def test_only_deep_bottlenecks_begin_as_the_identity():
    assert all((block.bn3.weight == 0).all() for block in ResNetMap(50).layer2)
    assert all((block.bn2.weight == 1).all() for block in ResNetMap(18).layer2)


@pytest.mark.parametrize("depth", sorted(RESNET_CHANNELS))
def test_the_channels_of_the_table_are_true(depth):
    with torch.device("meta"):
        made = ResNetMap(depth).eval()
        assert made(torch.empty(1, 3, 32, 32)).shape == (1, RESNET_CHANNELS[depth], 1, 1)
