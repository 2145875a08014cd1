"""Weights files: fetched whole and checked, or not at all."""

import hashlib
from dataclasses import replace

import pytest
import torch
from facenet_pytorch import InceptionResnetV1

from core.foundation.errors import MissingWeights
from core.models.fetching import fetch
from core.models.weights import WEIGHTS, locate

CASIA = WEIGHTS["facenet-casia"].file
VGG = WEIGHTS["facenet-vggface2"].file


@pytest.fixture(scope="module")
def state_dict_file(tmp_path_factory):
    """A file with the tensors that the published ones have, classifier included; the numbers are arbitrary."""
    torch.manual_seed(0)
    state = InceptionResnetV1(classify=True, num_classes=7).state_dict()
    path = tmp_path_factory.mktemp("published") / CASIA
    torch.save(state, path)
    return path


def test_file_without_published_hash_is_fetched_and_its_tensors_checked(mirror, state_dict_file, tmp_path):
    mirror.body = state_dict_file.read_bytes()
    steps = []
    folder = tmp_path / "new" / "folder"
    path = fetch("facenet-casia", folder, lambda done, total: steps.append((done, total)), mirror.url)
    assert path == folder / CASIA
    assert path.read_bytes() == mirror.body
    assert mirror.asked == (f"/timesler/facenet-pytorch/releases/download/v2.2.9/{CASIA}",)
    assert steps[-1] == (len(mirror.body), len(mirror.body))
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})
    assert list(folder.iterdir()) == [path]


def test_file_that_is_there_is_not_fetched_again(mirror, tmp_path):
    (tmp_path / VGG).write_bytes(b"here")
    assert fetch("facenet-vggface2", tmp_path, base_url=mirror.url) == tmp_path / VGG
    assert mirror.asked == ()


def test_hash_and_size_of_the_table_are_what_is_checked(mirror, tmp_path, monkeypatch):
    mirror.body = b"right bytes"
    digest = hashlib.sha256(mirror.body).hexdigest()
    entry = replace(WEIGHTS["facenet-vggface2"], sha256=digest, size=len(mirror.body))
    monkeypatch.setitem(WEIGHTS, "facenet-vggface2", entry)
    assert fetch("facenet-vggface2", tmp_path, base_url=mirror.url).read_bytes() == b"right bytes"


def test_server_that_states_no_length_is_reported_as_none(mirror, tmp_path, monkeypatch):
    mirror.body, mirror.stated = b"right bytes", 0
    digest = hashlib.sha256(mirror.body).hexdigest()
    monkeypatch.setitem(WEIGHTS, "facenet-vggface2", replace(WEIGHTS["facenet-vggface2"], sha256=digest, size=None))
    steps = []
    fetch("facenet-vggface2", tmp_path, lambda *step: steps.append(step), mirror.url)
    assert steps == [(11, None)]


def test_wrong_hash_leaves_nothing_behind(mirror, tmp_path, monkeypatch):
    mirror.body = b"tampered wi"
    monkeypatch.setitem(WEIGHTS, "facenet-vggface2", replace(WEIGHTS["facenet-vggface2"], size=11))
    with pytest.raises(MissingWeights, match=rf"its SHA-256 should be 281cebca.* put it into {tmp_path}"):
        fetch("facenet-vggface2", tmp_path, base_url=mirror.url)
    assert list(tmp_path.iterdir()) == []


def test_wrong_size_leaves_nothing_behind(mirror, tmp_path):
    mirror.body = b"<html>Sign in to the network</html>"
    with pytest.raises(MissingWeights, match="should have 111898327 bytes, but 35 came"):
        fetch("facenet-vggface2", tmp_path, base_url=mirror.url)
    assert list(tmp_path.iterdir()) == []


def test_wrong_content_leaves_nothing_behind(mirror, tmp_path):
    mirror.body = b"<html>Sign in to the network</html>"
    with pytest.raises(MissingWeights, match=r"casia-webface\.pt could not be fetched from http://127.*damaged"):
        fetch("facenet-casia", tmp_path, base_url=mirror.url)
    assert list(tmp_path.iterdir()) == []


def test_broken_connection_leaves_nothing_behind(mirror, tmp_path):
    mirror.body, mirror.stated = b"half", 8
    with pytest.raises(MissingWeights, match="broke off after 4 of 8 bytes"):
        fetch("facenet-casia", tmp_path, base_url=mirror.url)
    assert list(tmp_path.iterdir()) == []


def test_person_who_stops_the_download_leaves_nothing_behind(mirror, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    mirror.body = b"anything"
    with pytest.raises(KeyboardInterrupt):
        fetch("facenet-casia", tmp_path, stop, mirror.url)
    assert list(tmp_path.iterdir()) == []


def test_page_that_is_not_there_is_said_with_address_and_folder(mirror, tmp_path):
    with pytest.raises(MissingWeights, match=rf"fetched from {mirror.url}/.*404.*put it into {tmp_path}"):
        fetch("facenet-casia", tmp_path, base_url=mirror.url)
    assert list(tmp_path.iterdir()) == []


def test_server_that_does_not_answer_is_said(tmp_path):
    with pytest.raises(MissingWeights, match=r"could not be fetched from http://127\.0\.0\.1:9/"):
        fetch("facenet-casia", tmp_path, base_url="http://127.0.0.1:9")


def test_files_of_this_machine_are_not_a_mirror(tmp_path):
    with pytest.raises(MissingWeights, match="over http or https, not from file:"):
        fetch("facenet-casia", tmp_path, base_url="file:///etc")


def test_file_of_an_installed_package_needs_no_fetching(tmp_path):
    assert fetch("dlib-68", tmp_path) == locate("dlib-68", tmp_path)


@pytest.mark.parametrize("stated", [0, 10**12])
def test_a_body_that_does_not_end_is_left_at_the_size_that_the_table_states(mirror, tmp_path, monkeypatch, stated):
    monkeypatch.setitem(WEIGHTS, "facenet-vggface2", replace(WEIGHTS["facenet-vggface2"], size=3_000_000))
    mirror.body, mirror.stated = bytes(9_000_000), stated
    most = []
    with pytest.raises(MissingWeights, match="more than its 3,000,000 bytes"):
        fetch("facenet-vggface2", tmp_path, lambda done, _: most.append(done), mirror.url)
    assert max(most) <= 3_000_000
    assert not list(tmp_path.iterdir())


def test_a_file_of_unknown_size_has_a_bound_too(mirror, tmp_path, monkeypatch):
    monkeypatch.setitem(WEIGHTS, "facenet-vggface2", replace(WEIGHTS["facenet-vggface2"], size=None))
    monkeypatch.setattr("core.models.fetching._MOST_BYTES", 2_000_000)
    mirror.body, mirror.stated = bytes(4_000_000), 10**12
    with pytest.raises(MissingWeights, match="more than its 2,000,000 bytes"):
        fetch("facenet-vggface2", tmp_path, base_url=mirror.url)
    assert not list(tmp_path.iterdir())
