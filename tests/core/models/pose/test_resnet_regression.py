"""ResNet with coordinates: the mean of its map through one linear layer."""

import torch

from core.models.codecs import build_codec
from core.models.pose import configure
from core.models.pose.resnet_regression import parts
from core.models.pose.torchvision_maps import RESNET_CHANNELS, ResNetMap


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
