"""Files of tensors that others published, read without running code."""

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from core.foundation.errors import BadWeights

_DAMAGED: Final = (
    pickle.UnpicklingError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    KeyError,
    zipfile.BadZipFile,
    SafetensorError,
)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, or of a torch file read as tensors only.

    Raises
    ------
    BadWeights
        If the file is damaged or holds more than tensors.
    """
    try:
        with path.open("rb") as file:
            start = file.read(9)
        if start.endswith(b"{"):  # safetensors, after the length of its header; whatever the file is called
            return load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch remarks on old pickles, which it then reads or refuses
            content = torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGED as problem:
        raise BadWeights("weights.more_than_tensors", file=path.name) from problem
    state = content.get("state_dict", content) if isinstance(content, Mapping) else None
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise BadWeights("weights.no_state_dict", file=path.name)
    return dict(state)
