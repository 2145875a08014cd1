"""On what the networks run. The only module here that is about hardware; it imports torch."""

from __future__ import annotations

import torch

from core.errors import BadInput


def pick_device(name: str = "auto") -> str:
    """"cpu" or "cuda"; "auto" takes a GPU where there is one.

    Raises
    ------
    BadInput
        If a GPU is asked for and there is none, or the name is not one of the three.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise BadInput(f"a device is auto, cpu or cuda, not {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("no GPU can be reached from here; choose the device cpu or auto")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name
