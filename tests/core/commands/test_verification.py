"""`verify` of a dataset, of a file of pairs and of a file of scores from any system."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from sklearn import metrics as reference
from sqlmodel import select

from db.engine import reading
from db.tables import Threshold
from tests.builders.people_effects import effects_pairs
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def scored(tmp_path):
    """A file of every pair of 30 people's faces, and what is in it."""
    scores, left, right = effects_pairs(np.random.default_rng(3), 30, 2)
    path = tmp_path / "scores.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["score", "same", "left_person", "right_person", "group"])
        for score, one, other in zip(scores, left, right, strict=True):
            of = ("old", "young")[one % 2] if one % 2 == other % 2 else ""
            writer.writerow([score, int(one == other), f"p{one}", f"p{other}", of])
    return path, scores, left == right


def test_scores_of_any_system_are_judged_without_a_picture(told, scored):
    path, scores, same = scored
    code, result = told("verify", "--scores", path, "--groups", "group")
    assert (code, result["file"], result["people"]) == (0, "scores.csv", 30)
    assert (result["same"], result["different"]) == (same.sum(), (~same).sum())
    assert result["auc"] == pytest.approx(reference.roc_auc_score(same, scores), abs=1e-12)
    assert result["accuracy"] == pytest.approx(reference.accuracy_score(same, scores >= result["threshold"]))
    assert set(result["fnmr_at_fmr"]) == {"1e-2", "1e-3", "1e-4"}
    assert result["intervals"]["auc"]["low"] < result["auc"] < result["intervals"]["auc"]["high"]
    assert result["held_out"]["folds"] == result["held_out_folds"] == 7
    assert [row["group"] for row in result["groups"]["groups"]] == ["old", "young"]


def test_pairs_of_a_dataset_may_be_given_and_what_has_no_face_is_listed(told, facet, people_staged, tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("Ada/0.png,Ada/1.png,1\nAda/0.png,Zoë/0.png,0\nAda/1.png,nowhere.png,0\n", encoding="utf-8")
    code, result = told("verify", "--dataset", "faces", "--pairs", path)
    assert (code, result["model"], result["same"], result["different"]) == (0, "dlib-resnet", 1, 1)
    assert result["failed_to_acquire"]["different"] == 1
    assert [row["picture"] for row in result["failures"]] == ["nowhere.png"]
    assert "nowhere.png: " in facet("verify", "--dataset", "faces", "--pairs", path)[2]


def test_the_protocol_of_lfw_takes_the_folds_of_its_file(told, refused, people_staged, workspace, tmp_path):
    names = [f"{name}/{name}_000{i}.png" for name in ("Bo", "Cy", "Di", "Ed") for i in (1, 2)]
    add_faces(workspace, people_staged, [(name, vector(i // 2, i)) for i, name in enumerate(names)])
    path = tmp_path / "pairs.txt"
    path.write_text("2\t1\nBo\t1\t2\nBo\t1\tCy\t1\nDi\t1\t2\nDi\t1\tEd\t2\n", encoding="utf-8")
    assert "needs folds" in refused("verify", "--dataset", "faces", "--protocol", "lfw")
    code, result = told("verify", "--dataset", "faces", "--pairs", path, "--protocol", "lfw")
    assert (code, result["same"], result["different"]) == (0, 2, 2)
    held = result["held_out"]
    assert (held["protocol"], held["folds"], held["accuracy"]) == ("lfw", 2, 1)


def test_groups_of_a_dataset_are_folders_media_and_measures(told, refused, people_staged):
    code, result = told("verify", "--dataset", "faces", "--groups", "folder")
    assert code == 0
    assert [row["group"] for row in result["groups"]["groups"]] == ["Ada", "Zoë"]
    assert result["groups"]["across"] == {"same": 0, "different": 4}
    _, result = told("verify", "--dataset", "faces", "--groups", "medium")
    assert [row["group"] for row in result["groups"]["groups"]] == ["photo"]
    assert "no column called age" in refused("verify", "--dataset", "faces", "--groups", "age")
    assert "size was measured of none" in refused("verify", "--dataset", "faces", "--groups", "size")


def test_one_source_is_asked_for(refused, scored):
    for given in ((), ("--dataset", "faces", "--scores", scored[0]), ("--scores", scored[0], "--pairs", scored[0])):
        assert refused("verify", *given).startswith("give a dataset")


def test_only_a_threshold_of_confirmed_people_is_kept(refused, scored, workspace):
    assert "confirmed people" in refused("verify", "--scores", scored[0], "--save")
    with reading(workspace.engine) as session:
        assert session.exec(select(Threshold)).all() == []
