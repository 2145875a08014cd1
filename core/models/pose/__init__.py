"""The pose and landmark networks by name. Importing this module loads no torch; `core.models.pose.network.build` does.

>>> import torch
>>> from core.models.pose.network import build
>>> network = build(configure("pipnet-r18", "face68"))  # random weights from torch's generator
>>> images = torch.zeros(1, 3, 256, 256)  # RGB in [0, 1]
>>> network.codec.decode(network(images)).points.shape  # pixels of the input
torch.Size([1, 68, 2])
"""

from core.models.pose.configuration import NetworkConfig, check, configure
from core.models.pose.registry import NETWORKS, NetworkSpec, Option, spec_of

__all__ = ["NETWORKS", "NetworkConfig", "NetworkSpec", "Option", "check", "configure", "spec_of"]
