"""Weights of the networks for clothes: seeded random numbers of the right shapes, in a file like torchvision's."""

from __future__ import annotations

from pathlib import Path

import torch
import torchvision

from core.models.weights import WEIGHTS


def classifier(depth: int = 18, seed: int = 0) -> torch.nn.Module:
    """torchvision's own network; its statistics are not the ones that it begins with."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = getattr(torchvision.models, f"resnet{depth}")(weights=None)
        for name, value in network.named_buffers():
            if value.is_floating_point():
                value.uniform_(0.5, 1.5) if name.endswith("var") else value.normal_(0, 0.1)
    return network.eval()


def publish(folder: Path, depth: int = 18, seed: int = 0) -> Path:
    """Put such weights where ImageNet's belong."""
    path = folder / WEIGHTS[f"imagenet-resnet{depth}"].file
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(classifier(depth, seed).state_dict(), path)
    return path
