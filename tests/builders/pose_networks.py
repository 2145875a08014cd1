import json

import torch
from safetensors import safe_open

from core.models.pose import configure
from core.models.pose.network import build

NEAR = [[(k + step) % 68 for step in range(1, 11)] for k in range(68)]
SMALL = ["baseline-cnn", "resnet18-regression", "pipnet-r18", "pipnet-mobilenet", "hrnet-w18-small", "vitpose-s"]


def small(name, skeleton="face68", **more):
    size = (128, 96) if name == "baseline-cnn" else (64, 96)
    return configure(name, skeleton, input_size=more.pop("input_size", size), **more)


def parameters(network):
    return sum(value.numel() for value in network.parameters())


def on_meta(config):
    with torch.device("meta"):
        return build(config)


def facts_of(path):
    """What a checkpoint's header says beside the network."""
    with safe_open(path, framework="np") as file:
        return json.loads(file.metadata()["facet"])["facts"]
