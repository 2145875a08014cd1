import json
import struct
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from core.foundation.errors import BadWeights
from core.models.pose.checkpoint import load_checkpoint, read_config, read_facts
from core.models.pose.header import described


def test_the_header_alone_says_what_the_network_is(network, saved):
    assert read_config(saved) == network.config
    assert read_facts(saved) == {"run": "7"}
    code = f"""
import sys
from pathlib import Path
from core.models.pose.header import read_config
print(read_config(Path({str(saved)!r})).network, "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["resnet18-regression", "False"]


def test_a_header_whose_length_looks_like_a_pickle_is_read(network, tmp_path):
    path = tmp_path / "best.safetensors"
    for length in range(130):
        save_file({"a": torch.zeros(1)}, path, described(network.config, {"note": "x" * length}))
        if path.read_bytes().startswith(b"\x80"):
            break
    assert path.read_bytes().startswith(b"\x80")
    assert read_config(path) == network.config


def test_a_header_that_claims_to_be_huge_is_refused(saved):
    saved.write_bytes(struct.pack("<Q", 2**62) + saved.read_bytes()[8:])
    with pytest.raises(BadWeights, match="is damaged"):
        read_config(saved)


@pytest.mark.parametrize("header", ["{", "[]", json.dumps({"network": "{}", "facts": {}}), json.dumps({"network": 3})])
def test_a_damaged_description_is_refused(tmp_path, header):
    path = tmp_path / "best.safetensors"
    save_file({"a": torch.zeros(1)}, path, {"facet": header})
    with pytest.raises(BadWeights, match=r"best\.safetensors"):
        load_checkpoint(path)
