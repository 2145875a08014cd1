"""`labels` and `exclude` on the command line: what they print, and exit codes that a script can trust."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.foundation.settings import settings

LINES = "\n".join(f"{11 + i} {21 + i / 2}" for i in range(68))
PTS = f"version: 1\nn_points: 68\n{{\n{LINES}\n}}\n".encode()


@pytest.fixture
def facet(workspace, monkeypatch):
    """Runs a command in the same home folder; returns exit code, stdout and stderr."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    settings.cache_clear()

    def run(*arguments):
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert "Traceback" not in done.stderr
        return done.exit_code, done.stdout, done.stderr

    yield run
    settings.cache_clear()


@pytest.fixture
def folder(tmp_path, pictures):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "one.png").write_bytes(pictures(1, (120, 100)))
    (tmp_path / "set" / "one.pts").write_bytes(PTS)
    return tmp_path / "set"


def test_one_command_takes_a_folder_of_labels_and_pictures(facet, folder):
    code, stdout, _ = facet("labels", folder, "--dataset", "New", "--skeleton", "face68", "--json")
    assert code == 0
    assert json.loads(stdout) == {
        "format": "300-W .pts",
        "files": 1,
        "images": 1,
        "instances": 1,
        "added": 1,
        "waiting": 0,
        "repeated": 0,
        "left_out": 0,
        "skipped": [],
        "pictures": 1,
    }
    code, stdout, _ = facet("labels", folder, "--dataset", "New", "--skeleton", "face68")
    assert (code, stdout) == (0, "300-W .pts: 1 labels in 1 pictures, 0 of them new; 0 wait for their pictures\n")


def test_labels_that_wait_are_listed_and_the_exit_code_says_so(facet, folder):
    (folder / "one.png").unlink()
    code, stdout, stderr = facet("labels", folder / "one.pts", "--dataset", "New", "--skeleton", "face68", "--json")
    assert code == 1
    assert json.loads(stdout)["skipped"] == [
        {"path": "one.*", "reason": "the picture is not in the dataset; its label is kept until it comes (one.pts)"}
    ]
    assert "skipped one.*" in stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/nowhere", "--skeleton", "face68"], "/nowhere: there is no such file or folder"),
        (["SET", "--skeleton", "hand21"], "no skeleton is called 'hand21'; there are face68, body24, coco17"),
        (["SET", "--skeleton", "coco17"], "one.pts: it has 68 points, but coco17 has 17"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(facet, folder, arguments, sentence):
    given = [folder if argument == "SET" else argument for argument in arguments]
    code, stdout, stderr = facet("labels", *given, "--dataset", "New", "--json")
    assert (code, stdout) == (2, "")
    assert sentence in stderr.splitlines()[-1]


def test_tracks_with_pickled_code_are_refused(facet, tmp_path):
    np.save(tmp_path / "clip.npy", np.array([{}], dtype=object), allow_pickle=True)
    code, _, stderr = facet("labels", tmp_path / "clip.npy", "--dataset", "New", "--skeleton", "face68")
    assert code == 2
    assert "it holds pickled Python objects, which could run code" in stderr


def test_a_list_of_names_leaves_pictures_out(facet, folder, tmp_path):
    facet("labels", folder, "--dataset", "New", "--skeleton", "face68")
    (tmp_path / "bad.csv").write_text("image,why\none.png,blurred\nnobody.png,gone\n")
    code, stdout, stderr = facet("exclude", tmp_path / "bad.csv", "--dataset", "New", "--json")
    assert code == 0
    assert json.loads(stdout) == {"listed": 2, "matched": 1, "unknown": ["nobody.png"]}
    assert "nobody.png: no picture here has that name" in stderr
    assert facet("exclude", tmp_path / "none.csv", "--dataset", "New")[0] == 2
    assert facet("exclude", tmp_path / "bad.csv", "--dataset", "Other")[0] == 2
