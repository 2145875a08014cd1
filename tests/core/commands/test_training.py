"""From labels to a promoted model on the command line: one training, and everything that can be asked of it."""

from __future__ import annotations

import json
import re
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image
from sqlmodel import select
from typer.testing import CliRunner

from core.__main__ import app
from core.commands import training
from core.commands.options import dataset_id
from core.foundation.errors import NotEnoughData
from core.foundation.messages import message
from core.foundation.settings import Settings, settings
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.jobs import tasks
from core.learning.held_out import held_out
from core.learning.verdicts import PromotionCheck
from core.library.names_in_store import annotator_id
from core.library.sample_clips import draw_clips_of_people
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.tables import Image as Picture
from db.tables import Instance, KeypointRevision, Prediction, Run, Source
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.builders.drawn_labels import fill_with_clips

SMALL = ("epochs=1", "input_size=64x64", "batch=8", "workers=0", "sheets=0")


@pytest.fixture(scope="module")
def home(tmp_path_factory, empty_store):
    """A home folder with labelled clips of four people, two of them once more without labels, and a trained model."""
    folder = tmp_path_factory.mktemp("commands")
    (folder / "home").mkdir()
    shutil.copyfile(empty_store, folder / "home" / "store.db")
    workspace = Workspace.open(Settings(home=folder / "home"))
    with writing(workspace.engine) as session:
        author = ensure_user("ada", session=session)
        dataset = ensure_dataset("faces", author, session=session)
    fill_with_clips(workspace, dataset, author, folder / "clips", frames=3)
    fill_with_clips(workspace, dataset, author, folder / "more", people=2, frames=2, seed=9, human=False, prefix="new-")
    workspace.engine.dispose()
    return folder / "home"


@pytest.fixture
def run(home, monkeypatch):
    """Runs a command with --json; gives what it told, and fails on any other exit code than 0."""
    monkeypatch.setenv("FACET_HOME", str(home))
    settings.cache_clear()

    def told(*arguments, code=0):
        done = CliRunner().invoke(app, [*map(str, arguments), "--json"])
        assert "Traceback" not in done.stderr, done.stderr
        assert done.exit_code == code, done.stderr
        return json.loads(done.stdout) if code != 2 else done.stderr.strip()

    yield told
    settings.cache_clear()


@pytest.fixture(scope="module")
def model(home):
    """The name of a model that `train` made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACET_HOME", str(home))
        settings.cache_clear()
        arguments = ["train", "--dataset", "faces", "--recipe", "quick-resnet18", "--json"]
        done = CliRunner().invoke(app, [*arguments, *(part for one in SMALL for part in ("--set", one))])
        settings.cache_clear()
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"model", "model_version", "metrics", "seconds"} <= set(found)
    assert set(found["metrics"]["nme"]) == {"value", "low", "high"}
    return found["model"]


def _revisions(home, human):
    workspace = Workspace.open(Settings(home=home))
    with reading(workspace.engine) as session:
        source = Source.HUMAN if human else Source.MODEL
        heads = select(KeypointRevision.id).join(Instance, Instance.revision_id == KeypointRevision.id)
        found = sorted(session.exec(heads.where(KeypointRevision.source == source)))
    workspace.engine.dispose()
    return found


def test_models_lists_what_was_trained(run, model):
    (row,) = run("models")["models"]
    assert (row["name"], row["dataset"], row["skeleton"], row["parent"]) == (model, "faces", "face68", None)
    assert sum(row["labels"].values()) == 12


def test_training_on_unknown_points_names_the_known_ones(run):
    said = run("train", "--dataset", "faces", "--recipe", "quick-resnet18", "--skeleton", "hand21", code=2)
    assert said == "no skeleton is called 'hand21'; there are face68, body24, coco17, mesh468"


def test_predict_looks_at_every_instance_once(run, model):
    first = run("predict", "--dataset", "faces", "--model", model)
    assert (first["instances"], first["failed"]) == (16, 0)
    assert run("predict", "--dataset", "faces", "--model", model)["predicted"] == 0


def test_flip_test_and_smoothing_are_versions_of_their_own(run, model, home):
    plain = run("predict", "--dataset", "faces", "--model", model)["model_version"]
    flipped = run("predict", "--dataset", "faces", "--model", model, "--flip-test")
    smoothed = run("predict", "--dataset", "faces", "--model", model, "--smooth", "one-euro")
    versions = {plain, flipped["model_version"], smoothed["model_version"]}
    assert len(versions) == 3
    assert smoothed["delay_frames"] > 0
    workspace = Workspace.open(Settings(home=home))
    with reading(workspace.engine) as session:
        for version in versions:
            assert len(session.exec(select(Prediction).where(Prediction.model_version_id == version)).all()) == 16
    workspace.engine.dispose()
    found = run("evaluate", "--dataset", "faces", "--model", f"{model}+flip", "--against", model)
    assert found["model"] == f"{model}+flip"


def test_the_number_that_training_told_names_the_model_in_every_command(run, model, tmp_path):
    version = next(row["version"] for row in run("models")["models"] if row["name"] == model)
    assert run("predict", "--dataset", "faces", "--model", version)["model_version"] == version
    flipped = run("predict", "--dataset", "faces", "--model", version, "--flip-test")["model_version"]
    assert run("predict", "--dataset", "faces", "--model", f"{version}+flip")["model_version"] == flipped
    found = run("evaluate", "--dataset", "faces", "--model", version, "--against", flipped)
    assert (found["model"], found["against"]) == (model, f"{model}+flip")
    assert run("stability", "--dataset", "faces", "--model", version)["model"] == model
    assert run("overlay", "--video", "p000-0", "--models", version, flipped, "--out", tmp_path / "a.mp4")["frames"] == 3
    for nobody in ("0", "999", "9" * 30):
        assert f"no model called '{nobody}'" in run("predict", "--dataset", "faces", "--model", nobody, code=2)


def test_evaluate_gives_each_metric_with_its_interval(run, model):
    alone = run("evaluate", "--dataset", "faces", "--model", model)
    assert all(set(metric) == {"value", "low", "high"} for metric in alone["metrics"].values())
    both = run("evaluate", "--dataset", "faces", "--model", model, "--against", "dlib-68")
    assert both["metrics"] == alone["metrics"]
    value = both["metrics"]["nme"]["value"] - both["against_metrics"]["nme"]["value"]
    difference = both["difference"]["nme"]
    assert difference["value"] == pytest.approx(value)
    assert (difference["groups"], difference["verdict"]) == (both["groups"], "too few groups to tell")
    assert difference["way"] == ("worse" if value > 0 else "better")
    assert 1 <= difference["same_way"] <= both["groups"]
    assert (both["unit"], both["every_label"]) == ("inter-ocular", False)


def test_evaluate_against_another_says_the_difference_in_words_too(run, model):
    run("evaluate", "--dataset", "faces", "--model", model)  # settles the home folder
    done = CliRunner().invoke(app, ["evaluate", "--dataset", "faces", "--model", model, "--against", "dlib-68"])
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "dlib-68 on the same" in lines
    assert f"{model} minus dlib-68, paired" in lines
    told = [line for line in lines if line.strip().startswith("nme ")]
    assert len(told) == 4, "the model, the other, their difference, and a guess that knows no picture"
    assert re.search(r"   (better|worse) in \d of \d groups?$", told[2])
    assert not any("groups" in line for line in told[:2])


def test_stability_of_predictions_and_of_labels(run, model):
    run("predict", "--dataset", "faces", "--model", model)
    found = run("stability", "--dataset", "faces", "--model", model)
    assert {"frames", "median_dev_x_pct", "median_dev_y_pct", "indicator"} <= set(found)


def test_promoting_changes_model_points_and_no_human_ones(run, model, home):
    before = _revisions(home, human=True)
    told = run("promote", "--dataset", "faces", "--model", model, "--anyway")
    assert told == {"model": model, "prelabelled": 4, "kept": 0, "human": 12, "untaught": []}
    assert _revisions(home, human=True) == before
    assert len(_revisions(home, human=False)) == 4
    assert "pre-labels this dataset already" in run("promote", "--dataset", "faces", "--model", model, code=2)
    assert run("models")["models"][0]["pre_labels"] is True
    back = run("rollback", "--dataset", "faces")
    assert (back["model"], back["left"], set(back) - {"left"}) == ("dlib-68", 0, set(told))
    assert run("models")["models"][0]["pre_labels"] is False
    assert "nothing is left to go back from" in run("rollback", "--dataset", "faces", code=2)


def test_a_worse_model_is_promoted_only_when_it_is_wanted_anyway_and_both_figures_are_told(run, model, home):
    """A network of two epochs is far behind dlib-68 on drawn faces."""
    refused = run("promote", "--dataset", "faces", "--model", model, code=2)
    assert refused.startswith(f"{model}: not promoted: worse than what gives the first points now: on the same ")
    assert re.search(rf"{model} has an NME of [\d.,]+%, dlib-68 of [\d.,]+% \(worse in \d of \d groups?\)", refused)
    assert refused.endswith("promote it all the same with --anyway")
    assert run("models")["models"][0]["pre_labels"] is False
    done = CliRunner().invoke(app, ["promote", "--dataset", "faces", "--model", model, "--anyway", "--json"])
    assert done.exit_code == 0, done.stderr
    assert f"{model}: worse than what gives the first points now" in done.stderr
    assert json.loads(done.stdout)["model"] == model
    run("rollback", "--dataset", "faces")


def test_onnx_gives_points_for_any_number_of_crops(run, model, tmp_path):
    out = tmp_path / "net.onnx"
    version = next(row["version"] for row in run("models")["models"] if row["name"] == model)
    told = run("onnx", "--model", version, "--out", out)
    assert told["model"] == model
    assert told["largest_difference"] <= 1e-3  # pixels; points of a hardly trained network lie far out
    session = onnxruntime.InferenceSession(out)
    points = session.run(["points"], {"images": np.zeros((2, 3, 64, 64), np.float32)})[0]
    assert points.shape == (2, 68, 2)
    assert "built in and no network" in run("onnx", "--model", "dlib-68", "--out", out, code=2)


def test_a_file_of_another_model_is_never_used(run, model, home, tmp_path):
    (file,) = (home / "models").glob("*.safetensors")
    kept = file.read_bytes()
    changed = bytearray(kept)
    changed[-1] ^= 1  # still a checkpoint that opens
    file.write_bytes(changed)
    try:
        for asked in (
            ("predict", "--dataset", "faces", "--model", model),
            ("onnx", "--model", model, "--out", tmp_path / "x"),
            ("train", "--dataset", "faces", "--recipe", "quick-resnet18", "--parent", model),
        ):
            assert f"does not hold the weights of {model}" in run(*asked, code=2)
    finally:
        file.write_bytes(kept)


def test_overlay_draws_models_over_a_clip(run, model, tmp_path):
    run("predict", "--dataset", "faces", "--model", model)
    out = tmp_path / "over.mp4"
    name = run("models")["models"][0]["dataset"]
    told = run("overlay", "--video", "p000-0", "--models", "dlib-68", model, "--out", out, code=2)
    assert "predict" in told  # dlib-68 has not looked at every frame yet
    run("predict", "--dataset", name, "--model", "dlib-68")
    found = run("overlay", "--video", "p000-0", "--models", "dlib-68", model, "--out", out)
    assert (found["frames"], Path(out).stat().st_size > 1000) == (3, True)


def test_what_cannot_be_is_one_sentence(run, model):
    assert "there is no model called 'nobody'" in run("predict", "--dataset", "faces", "--model", "nobody", code=2)
    assert "there is no recipe called 'magic'" in run("train", "--dataset", "faces", "--recipe", "magic", code=2)
    wrong = run("train", "--dataset", "faces", "--recipe", "quick-resnet18", "--set", "epochs", code=2)
    assert "--set takes key=value" in wrong
    assert "cannot be used as" in run("predict", "--dataset", "faces", "--model", f"{model}+magic", code=2)


def test_the_sample_clips_can_be_drawn_without_a_browser(run, monkeypatch):
    monkeypatch.setattr(tasks, "draw_clips_of_people", partial(draw_clips_of_people, frames=2, size=(96, 96)))
    told = run("sample", "--clips", "--dataset", "drawn")
    assert (told["dataset"], told["clips"], told["labelled"]) == ("drawn", 8, 16)


@pytest.fixture
def run_anew(tmp_path, monkeypatch):
    """Runs a command with --json in a home folder of its own; gives what it told."""
    monkeypatch.setenv("FACET_HOME", str(tmp_path / "home"))
    settings.cache_clear()

    def told(*arguments):
        done = CliRunner().invoke(app, [*map(str, arguments), "--json"])
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)

    yield told
    settings.cache_clear()


def touch(home, path):
    """Move one point of the body of a picture, as a hand does."""
    workspace = Workspace.open(Settings(home=home))
    with reading(workspace.engine) as session:
        of_picture = select(Instance).join(Picture, Picture.id == Instance.image_id)
        body = session.exec(of_picture.where(Picture.path == path)).one()
    edit = Edit(f"touch-{path}", body.id, body.revision_id, ((0, 20.0, 21.0, 2),))
    save_edit(workspace, edit, author_id=annotator_id(workspace, "ada"))
    workspace.engine.dispose()


def held_out_picture(home, model):
    """The path of the first picture that a model is measured on."""
    workspace = Workspace.open(Settings(home=home))
    path = held_out(workspace, 1, [model]).names[0]
    workspace.engine.dispose()
    return path


def test_pictures_in_one_folder_are_learned_from_singly_and_labels_in_progress_on_request(run_anew, tmp_path):
    truth = np.random.default_rng(0).uniform(8, 56, (6, 24, 2))
    rows = []
    (tmp_path / "photos").mkdir()
    for i, points in enumerate(truth):
        Image.fromarray(np.full((64, 64, 3), 40 * i, np.uint8)).save(tmp_path / "photos" / f"{i}.png")
        rows.append(",".join([f"{i}.png", *map(str, points.ravel())]))
    names = ",".join(f"{name}_{axis}" for name in find_skeleton("body24").point_names for axis in "xy")
    (tmp_path / "points.csv").write_text("\n".join([f"image,{names}", *rows]))
    run_anew("import", tmp_path / "photos", "--dataset", "bodies")
    run_anew("labels", tmp_path / "points.csv", "--dataset", "bodies", "--skeleton", "body24")
    small = [part for one in SMALL for part in ("--set", one)]
    touch(tmp_path / "home", "0.png")
    asked = ("train", "--dataset", "bodies", "--recipe", "quick-resnet18")
    told = run_anew(*asked, "--in-progress", *small)  # the only points there are
    assert (told["split_by"], told["in_progress"]) == ("picture", 1)
    assert "each was taken to be of its own" in told["said"][0]
    assert (sum(told["labels"].values()), told["labels"]["test"] > 0) == (6, True)
    found = run_anew("evaluate", "--dataset", "bodies", "--model", told["model"])
    assert (found["skeleton"], found["instances"]) == ("body24", told["labels"]["test"])
    assert (told["reason"], found["reason"], found["groups"]) == (None, None, 2)  # two of six are held out
    touch(tmp_path / "home", held_out_picture(tmp_path / "home", told["model"]))
    counts = []
    for more in ((), ("--in-progress",)):
        found = run_anew("evaluate", "--dataset", "bodies", "--model", told["model"], *more)
        counts.append((found["instances"], found["in_progress"]))
    assert counts == [(1, 0), (2, 1)]
    asked = ["evaluate", "--dataset", "bodies", "--model", told["model"], "--in-progress"]
    assert "on 2 held-out instances of 2 groups, 1 of them in progress" in CliRunner().invoke(app, asked).stdout


def test_what_a_model_was_not_taught_and_what_has_no_box_is_told_beside_a_prediction(run, model, monkeypatch):
    counts = {"predicted": 1, "instances": 1, "failed": 0, "without_box": 3, "kind": "face", "untaught": ["jaw"]}
    monkeypatch.setattr(training, "run_with_progress", lambda *_, **__: Run(id=0, kind="predict", counts=counts))
    done = CliRunner().invoke(app, ["predict", "--dataset", "faces", "--model", model])
    assert done.exit_code == 0, done.stderr
    assert "jaw" in done.stderr
    assert "3 pictures" in done.stderr
    file = {"model": model, "file": "x", "largest_difference": 0.0, "untaught": ["jaw"]}
    monkeypatch.setattr(training.delivery, "export_onnx", lambda *_: file)
    monkeypatch.setattr(training, "hand_over", lambda _: None)
    done = CliRunner().invoke(app, ["onnx", "--model", model, "--out", "x"])
    assert (done.exit_code, "jaw" in done.stderr) == (0, True), done.stderr


@pytest.mark.parametrize("anyway", [False, True])
@pytest.mark.usefixtures("run")
def test_what_is_not_predicted_yet_is_predicted_to_measure_but_not_where_it_is_wanted_anyway(
    model, monkeypatch, capsys, anyway
):
    """Too little is labelled even then, which is said: nothing speaks against the model."""
    checks = [
        PromotionCheck("dlib-68", unpredicted={model: 5}, reason=message("labels.one_waits")),
        PromotionCheck("dlib-68", reason=message("labels.one_waits")),
    ]
    predicted = []
    monkeypatch.setattr(training, "check_promotion", lambda *_: checks.pop(0))
    monkeypatch.setattr(training, "_predict_to_measure", lambda *given: predicted.append(given[2]))
    workspace = Workspace.open()
    assert training._doubts(workspace, dataset_id(workspace, "faces"), model, predict=not anyway) == []
    assert predicted == ([] if anyway else [[model, "dlib-68"]])
    assert f"{model} is not measured: " in capsys.readouterr().err


def test_a_refused_submission_lists_every_picture_without_a_line(run, model, tmp_path, monkeypatch):
    lacks = {"name": model, "count": 1, "pictures": 2, "without_box": 1, "which": ["a.png"], "how": ""}

    def refuse(*_):
        raise NotEnoughData(training.delivery.LINES_MISSING, **lacks)

    lines = [("a.png", message("labels.one_waits"))]
    monkeypatch.setattr(training.delivery, "submit_predictions", refuse)
    monkeypatch.setattr(training.delivery, "pictures_without_line", lambda *_: lines)
    refused = run("submission", "--dataset", "faces", "--model", model, "--out", tmp_path / "s.csv", code=2)
    assert refused.startswith("no line for a.png: ")
