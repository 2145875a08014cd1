import pytest
import torch

from core.models.pose import configure
from core.models.pose.checkpoint import save_checkpoint
from core.models.pose.network import build
from tests.builders.pose_networks import SMALL, small


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    made = build(configure("resnet18-regression", "face68", input_size=(64, 64)))
    made(torch.rand(4, 3, 64, 64))  # moves the statistics of the batch normalisation
    return made.eval()


@pytest.fixture
def saved(network, tmp_path):
    path = tmp_path / "folder" / "best.safetensors"
    save_checkpoint(path, network, {"run": "7"})
    return path


@pytest.fixture(scope="session")
def networks():
    torch.manual_seed(0)
    return {name: build(small(name)) for name in SMALL}
