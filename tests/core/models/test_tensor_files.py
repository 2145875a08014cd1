"""Published files of tensors: safetensors and torch files alike, and never code."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from core.foundation.errors import BadWeights
from core.models.tensor_files import read_tensors

TENSORS = {"conv1.weight": torch.arange(6.0).reshape(2, 3), "fc.bias": torch.ones(2)}


class Payload:
    def __reduce__(self):
        return (print, ("code in the weights ran",))


@pytest.mark.parametrize(
    ("name", "save"),
    [
        ("any.safetensors", save_file),
        ("any.pth", save_file),
        ("any.pth", torch.save),
        ("any.pth", lambda tensors, path: torch.save({"state_dict": tensors, "meta": {"epoch": 1}}, path)),
    ],
)
def test_tensors_of_both_kinds_of_files_are_read(name, save, tmp_path):
    save(TENSORS, tmp_path / name)
    read = read_tensors(tmp_path / name)
    assert read.keys() == TENSORS.keys()
    assert all(torch.equal(read[key], value) for key, value in TENSORS.items())


@pytest.mark.parametrize("name", ["resnet18.pth", "resnet18.safetensors"])
@pytest.mark.parametrize(
    "save",
    [
        lambda path: torch.save({"conv1.weight": Payload()}, path),
        lambda path: path.write_bytes(pickle.dumps(Payload())),
        lambda path: path.write_bytes(b"<html>"),
    ],
)
def test_code_in_a_file_is_refused_and_does_not_run(save, name, tmp_path, capfd):
    save(tmp_path / name)
    with pytest.raises(BadWeights, match=r"resnet18\.\w+ is damaged or holds more than tensors"):
        read_tensors(tmp_path / name)
    assert "ran" not in capfd.readouterr().out


@pytest.mark.parametrize("content", [[1, 2], {"conv1.weight": 3}, {"state_dict": None}])
def test_what_holds_no_tensors_is_refused(content, tmp_path):
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(BadWeights, match=r"w\.pth"):
        read_tensors(tmp_path / "w.pth")
