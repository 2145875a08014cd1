"""`labels` and `exclude` on the command line: what they print, and exit codes that a script can trust."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.foundation.settings import settings
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.learning_rows import Shelf, face

LINES = "\n".join(f"{11 + i} {21 + i / 2}" for i in range(68))
PTS = f"version: 1\nn_points: 68\n{{\n{LINES}\n}}\n".encode()


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
        "kept": 0,
        "doubts": [],
        "asked": {},
        "skipped": [],
        "pictures": 1,
    }
    code, stdout, _ = facet("labels", folder, "--dataset", "New", "--skeleton", "face68")
    assert (code, stdout) == (0, "300-W .pts: 1 labels in 1 pictures, 0 of them new; 0 wait for their pictures\n")


def test_labels_that_say_what_others_say_are_told(facet, folder):
    (folder / "labels").mkdir()
    (folder / "labels" / "one.pts").write_bytes(PTS)
    code, stdout, _ = facet("labels", folder, "--dataset", "New", "--skeleton", "face68")
    assert code == 0
    assert "1 labels in 1 pictures, 1 of them new; 0 wait for their pictures, 1 say again what another says" in stdout


def test_labels_that_wait_are_listed_and_the_exit_code_says_so(facet, folder):
    (folder / "one.png").unlink()
    code, stdout, stderr = facet("labels", folder / "one.pts", "--dataset", "New", "--skeleton", "face68", "--json")
    assert code == 1
    assert json.loads(stdout)["skipped"] == [
        {"path": "one.*", "reason": "the picture is not in the dataset; its label is kept until it comes (one.pts)"}
    ]
    assert "skipped one.*" in stderr


@pytest.fixture
def shares(tmp_path, pictures):
    """A photo and a body whose places may be shares of its sides."""
    body = [value for k in range(17) for value in (0.2 + 0.03 * k, 0.1 + 0.05 * k, 2)]
    content = {"images": [{"id": 1, "file_name": "one.png"}], "annotations": [{"image_id": 1, "keypoints": body}]}
    (tmp_path / "body").mkdir()
    (tmp_path / "body" / "one.png").write_bytes(pictures(1, (120, 100)))
    (tmp_path / "body" / "labels.json").write_text(json.dumps(content))
    return tmp_path / "body"


@pytest.mark.parametrize("command", [("labels", "--skeleton", "coco17"), ("import",)])
def test_an_open_question_is_listed_with_its_answers_and_the_exit_code_says_so(facet, shares, command):
    name, *options = command
    code, stdout, stderr = facet(name, shares, "--dataset", "New", *options, "--json")
    counts = json.loads(stdout)
    assert (code, counts.get("label_files", counts)["asked"]) == (3, {"scale": 1})
    assert "all points lie between 0 and 1" in stderr
    assert "1 wait for --answer scale=share|pixels|drop" in stderr
    code, stdout, stderr = facet(
        "labels", shares, "--dataset", "New", "--skeleton", "coco17", "--answer", "scale=share", "--json"
    )
    counts = json.loads(stdout)
    assert (code, counts["asked"], counts["added"]) == (0, {}, 1)
    assert "(answered: share)" in stderr


def test_an_answer_to_no_question_is_a_sentence(facet, shares):
    code, _, stderr = facet("labels", shares, "--dataset", "New", "--skeleton", "coco17", "--answer", "scale=maybe")
    assert (code, "no answer 'maybe'" in stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/nowhere", "--skeleton", "face68"], "/nowhere: there is no such file or folder"),
        (["SET", "--skeleton", "hand21"], "no skeleton is called 'hand21'; there are face68, body24, coco17, mesh468"),
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
    assert json.loads(stdout) == {"listed": 2, "matched": 1, "unknown": ["nobody.png"], "unclear": {}}
    assert "nobody.png: no picture here has that name" in stderr
    assert facet("exclude", tmp_path / "none.csv", "--dataset", "New")[0] == 2
    assert facet("exclude", tmp_path / "bad.csv", "--dataset", "Other")[0] == 2


def test_a_name_that_may_be_of_several_pictures_leaves_none_out_and_says_so(facet, tmp_path, pictures):
    for number, name in enumerate(("a/1.png", "b/1.png")):
        (tmp_path / "set" / name).parent.mkdir(parents=True)
        (tmp_path / "set" / name).write_bytes(pictures(number))
    facet("import", tmp_path / "set", "--dataset", "New")
    (tmp_path / "bad.txt").write_text("1.png\n")
    code, stdout, stderr = facet("exclude", tmp_path / "bad.txt", "--dataset", "New")
    assert (code, stdout) == (1, "1 names, 0 of them of pictures here\n")
    assert "1.png: none is left out, as it may be a/1.png or b/1.png" in stderr


def test_a_list_of_row_numbers_leaves_the_pictures_of_a_table_out(facet, folder, tmp_path):
    facet("labels", folder, "--dataset", "New", "--skeleton", "face68")
    (tmp_path / "bad.txt").write_text("[1]\n")
    (tmp_path / "train.csv").write_text("image,nose_x\nzero.png,1\none.png,2\n")
    assert facet("exclude", tmp_path / "bad.txt", "--dataset", "New")[0] == 2
    given = ("exclude", tmp_path / "bad.txt", "--dataset", "New", "--rows-of", tmp_path / "train.csv")
    code, stdout, _ = facet(*given, "--json")
    told = {"listed": 1, "matched": 1, "unknown": [], "unclear": {}, "first": "one.png"}
    assert (code, json.loads(stdout)) == (0, told)
    assert "the first is zero.png" in facet(*given, "--first-row", "1")[1]


def test_labels_that_wait_are_listed_put_onto_a_picture_and_dropped(facet, folder, tmp_path, pictures):
    facet("labels", folder, "--dataset", "New", "--skeleton", "face68")
    (tmp_path / "late").mkdir()
    for name in ("two", "three"):
        (tmp_path / "late" / f"{name}.pts").write_bytes(PTS)
    facet("labels", tmp_path / "late", "--dataset", "New", "--skeleton", "face68")

    def waiting(*arguments):
        code, stdout, _ = facet("waiting", "--dataset", "New", *arguments, "--json")
        return code, json.loads(stdout)

    both = [{"picture": f"{name}.*", "file": f"{name}.pts", "labels": 1} for name in ("three", "two")]
    assert waiting() == (0, {"added": 0, "dropped": 0, "refused": [], "waiting": both})
    code, told = waiting("--picture", "two.*", "--to", "one.png")
    assert (code, told["added"], told["waiting"]) == (0, 0, both[:1])  # it says what is there already
    assert waiting("--picture", "three.*", "--file", "three.pts", "--drop")[1]["dropped"] == 1
    assert waiting()[1]["waiting"] == []
    for wrong in (["--picture", "x"], ["--drop"], ["--picture", "x", "--drop"]):
        assert facet("waiting", "--dataset", "New", *wrong)[0] == 2


@pytest.fixture
def sigmas(workspace, dataset, author, monkeypatch):
    """Runs the command on one picture that two datasets label 3 and 4 px apart, all points but one."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    settings.cache_clear()
    with writing(workspace.engine) as session:
        again = ensure_dataset("again", author, session=session)
    moved = face((3.0, 4.0))
    moved[7] = np.nan
    for number, points in ((dataset, face()), (again, moved)):
        shelf = Shelf(workspace, number, author)
        shelf.instance(shelf.image("a.png"), points)  # a box of 120 x 90

    def run(*arguments):
        done = CliRunner().invoke(app, ["sigmas", "--dataset", "faces", "--skeleton", "face68", *arguments])
        return done.exit_code, done.stdout, done.stderr

    yield run
    settings.cache_clear()


def test_every_point_has_a_line_with_its_sigma_or_a_dash(sigmas):
    code, stdout, _ = sigmas("--other", "again")
    first, *lines = stdout.splitlines()
    assert (code, first, len(lines)) == (0, "face68: 1 labelled twice", 68)
    sigma = np.sqrt(25 / (0.53 * 120 * 90) / 2)
    assert sum(f" {sigma:.4f}  of 1 pairs" in line for line in lines) == 67
    assert "  -    of 0 pairs" in lines[7]


def test_json_has_the_same_figures_and_none_where_there_is_no_pair(sigmas):
    code, stdout, _ = sigmas("--other", "again", "--json")
    told = json.loads(stdout)
    assert (code, told["skeleton"], told["instances"]) == (0, "face68", 1)
    assert [row["sigma"] for row in told["points"]].count(None) == 1
    assert told["points"][0]["sigma"] == pytest.approx(np.sqrt(25 / (0.53 * 120 * 90) / 2))


@pytest.mark.parametrize(("other", "why"), [("typo", "no dataset called typo"), ("faces", "two datasets")])
def test_a_dataset_that_is_not_there_or_the_same_one_is_a_sentence_and_exit_code_2(sigmas, other, why):
    code, stdout, stderr = sigmas("--other", other)
    assert (code, stdout) == (2, "")
    assert why in stderr


def test_an_unknown_skeleton_is_refused_with_those_that_there_are(sigmas):
    code, _, stderr = sigmas("--other", "again", "--skeleton", "octopus")
    assert code == 2
    assert "'octopus'" in stderr
    assert "body24" in stderr
