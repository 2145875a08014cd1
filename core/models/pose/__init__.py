"""The pose and landmark networks by name. Importing this module loads no torch; `core.models.pose.network.build` does.

>>> config = configure("pipnet-r18", "face68", codec_settings={"neighbours": nearest_neighbours(mean_shape, 10)})
>>> network = build(config)                  # core.models.pose.network: random weights from torch's generator
>>> outputs = network(images)                # (N, 3, H, W) float32 RGB in [0, 1] -> {name: tensor}
>>> network.codec.decode(outputs).points     # (N, K, 2) pixels of the input
"""

from __future__ import annotations

from core.models.pose.configuration import NetworkConfig, check, configure
from core.models.pose.options import Option
from core.models.pose.registry import NETWORKS, NetworkSpec, spec_of

__all__ = ["NETWORKS", "NetworkConfig", "NetworkSpec", "Option", "check", "configure", "spec_of"]
