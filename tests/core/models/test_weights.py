"""Weights files: fetched whole and checked, or not at all."""

import hashlib
import pickle
from dataclasses import replace

import pytest
import torch

from core.foundation.errors import BadWeights, MissingWeights, NotFound
from core.models import load_encoder, weights
from core.models.faces.facenet import read_state_dict
from core.models.weights import WEIGHTS, locate, sha256_of, sha256_of_all

VGG = WEIGHTS["facenet-vggface2"].file


def test_package_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(WEIGHTS, "dlib-68", replace(WEIGHTS["dlib-68"], package="no_such_package"))
    with pytest.raises(MissingWeights, match="part of the Python package no_such_package"):
        locate("dlib-68", tmp_path)


def test_unknown_name_is_said(tmp_path):
    with pytest.raises(NotFound, match="no weights called 'x'; there are facenet-vggface2"):
        locate("x", tmp_path)


def test_hash_is_of_the_content_and_follows_a_change(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    assert sha256_of(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1
    file.write_bytes(b"abcd")
    assert sha256_of(file) == hashlib.sha256(b"abcd").hexdigest()


def test_hash_is_computed_once(tmp_path):
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    before = weights._sha256.cache_info().hits
    sha256_of(file)
    sha256_of(file)
    assert weights._sha256.cache_info().hits == before + 1


def test_hash_of_several_files_depends_on_their_order(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    assert sha256_of_all([tmp_path / "a", tmp_path / "b"]) != sha256_of_all([tmp_path / "b", tmp_path / "a"])


class Payload:
    def __reduce__(self):
        return (print, ("code in the weights file ran",))


def test_file_with_code_in_it_is_refused_and_the_code_does_not_run(tmp_path, capfd):
    for path, save in (
        (tmp_path / "zip.pt", torch.save),
        (tmp_path / VGG, lambda x, p: p.write_bytes(pickle.dumps(x, protocol=2))),
    ):
        save({"last_bn.weight": Payload()}, path)
        with pytest.raises(BadWeights, match="holds more than tensors"):
            read_state_dict(path)
    with pytest.raises(BadWeights, match="holds more than tensors"):
        load_encoder("facenet-vggface2", "cpu", tmp_path)
    assert "ran" not in capfd.readouterr().out


def test_tensors_of_another_network_are_refused(tmp_path):
    path = tmp_path / VGG
    torch.save(torch.nn.Linear(3, 2).state_dict(), path)
    with pytest.raises(BadWeights, match=r"is not InceptionResnetV1: \d+ tensors are missing"):
        load_encoder("facenet-vggface2", "cpu", tmp_path)


def test_list_is_not_a_state_dict(tmp_path):
    path = tmp_path / "list.pt"
    torch.save([torch.zeros(1)], path)
    with pytest.raises(BadWeights, match="not a state_dict"):
        read_state_dict(path)
