"""Track files: what is read, and what is refused by name."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from core.foundation.errors import BadInput
from core.tracks import files
from core.tracks.files import read_tracks
from tests.builders.staged_tracks import drifting_face


@pytest.mark.parametrize("kind", ["<f4", "<f8", ">f4", "<f2", "<i4", "<u2"])
def test_a_track_file_is_read_whatever_numbers_it_holds(tmp_path, kind):
    tracks = np.round(drifting_face(5)).astype(kind)
    np.save(tmp_path / "a.npy", tracks)
    np.save(tmp_path / "f.npy", np.asfortranarray(tracks))
    assert read_tracks(tmp_path / "a.npy").tolist() == tracks.astype(float).tolist()
    assert read_tracks(tmp_path / "f.npy").tolist() == tracks.astype(float).tolist()
    assert read_tracks((tmp_path / "a.npy").read_bytes()).tolist() == tracks.astype(float).tolist()


def test_a_point_without_one_coordinate_is_absent(tmp_path):
    tracks = drifting_face(3)
    tracks[1, 4, 0] = np.nan
    np.save(tmp_path / "a.npy", tracks)
    assert np.isnan(read_tracks(tmp_path / "a.npy")[1, 4]).all()


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("/tmp/facet-evil"),))


def whole(tmp_path):
    np.save(tmp_path / "whole.npy", drifting_face(9))
    return (tmp_path / "whole.npy").read_bytes()


def saved(array):
    def make(tmp_path):
        np.save(tmp_path / "made.npy", array, allow_pickle=True)
        return (tmp_path / "made.npy").read_bytes()

    return make


def zipped(tmp_path):
    np.savez(tmp_path / "made.npz", a=drifting_face(3))
    return (tmp_path / "made.npz").read_bytes()


def announced(shape):
    return lambda tmp_path: whole(tmp_path).replace(b"(9, 68, 2)", shape.ljust(10), 1)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: b"", "no .npy file"),
        (lambda _: b"frame,x,y\n1,2,3\n", "no .npy file"),
        (lambda _: pickle.dumps(Evil()), "no .npy file"),
        (zipped, "no .npy file"),
        (lambda t: whole(t)[:40], "no .npy file"),
        (lambda t: whole(t)[:-8], "cut off: 9 frames"),
        (announced(b"(10**9,2,2)"), "no .npy file"),
        (announced(b"(99,68,2)"), "cut off: 99 frames"),
        (announced(b"(9e9,68,2)"), "no .npy file"),
        (announced(b"(-9,68,2)"), "no point in it"),
        (announced(b"(9**9,9,2)"), "no .npy file"),
        (saved(np.array([Evil()], dtype=object)), "pickled Python objects"),
        (saved(np.zeros((4, 68, 2), complex)), "complex128 values"),
        (saved(np.zeros((4, 68, 2), "U3")), "<U3 values"),
        (saved(np.zeros((4, 136))), r"its shape is \(4, 136\)"),
        (saved(np.zeros((4, 68, 3))), r"its shape is \(4, 68, 3\)"),
        (saved(np.zeros((0, 68, 2))), "no point in it"),
        (saved(np.zeros((4, 0, 2))), "no point in it"),
        (saved(np.full((4, 68, 2), np.nan)), "every point of every frame is absent"),
        (saved(np.full((4, 68, 2), np.inf)), r"point 1 of frame 0 \(from 0\) is infinite"),
        (saved(np.full((4, 68, 2), 1e300)), "is in no picture"),
    ],
)
def test_a_file_that_is_no_track_is_refused_by_name(tmp_path, make, said):
    bad = tmp_path / "bad track.npy"
    bad.write_bytes(make(tmp_path))
    with pytest.raises(BadInput, match=said) as caught:
        read_tracks(bad)
    assert str(caught.value).startswith("bad track.npy: ")
    with pytest.raises(BadInput, match=r"^mine\.npy: "):
        read_tracks(bad.read_bytes(), "mine.npy")
    assert not Path("/tmp/facet-evil").exists()


def test_a_track_that_is_too_large_for_memory_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    content = whole(tmp_path)
    monkeypatch.setattr(files, "_MOST_BYTES", 9 * 68 * 2 * 8)
    assert read_tracks(content).shape == (9, 68, 2)
    monkeypatch.setattr(files, "_MOST_BYTES", 9 * 68 * 2 * 8 - 1)
    with pytest.raises(BadInput, match="9 frames of 68 points are more than fit"):
        read_tracks(content)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"gone\.npy: No such file"):
        read_tracks(tmp_path / "gone.npy")
    with pytest.raises(BadInput, match="directory"):
        read_tracks(tmp_path)
