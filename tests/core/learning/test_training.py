"""Training from the store: a version with its parents and data, measured on what was held out, kept when cancelled."""

import shutil
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, Cancelled, FacetError, NotEnoughData, NotFound
from core.foundation.messages import Message, message, worded
from core.foundation.progress import Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.inline import run_here
from core.learning import training as module
from core.learning.labels import read_labels
from core.learning.listing import comparable, listed
from core.learning.run_folder import messages_in, training_log
from core.learning.samples import learned_from
from core.learning.training import TrainingRequest, _free_name, train_model
from core.library.exclusions import exclude, include_again
from core.library.importing import skipped
from core.library.suspects import names_set_aside, take_up_again
from core.models.weights import sha256_of
from db.engine import reading
from db.queries.library import group_parts
from db.tables import Prediction, Run, TrainedModel
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.builders.after_deaths import AfterDeaths
from tests.builders.drawn_labels import fill_with_clips
from tests.builders.learning_rows import Shelf, face

QUICK = {"epochs": "2", "input_size": "64x64", "batch": "4", "workers": "0", "sheets": "1"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, empty_store):
    """A workspace in which a model was trained on drawn clips, and the run that did it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "home").mkdir()
    shutil.copyfile(empty_store, folder / "home" / "store.db")
    workspace = Workspace.open(Settings(home=folder / "home"))
    with writing(workspace.engine) as session:
        author = ensure_user("ada", session=session)
        dataset = ensure_dataset("faces", author, session=session)
    fill_with_clips(workspace, dataset, author, folder / "clips")
    yield workspace, dataset, author, _train(workspace, dataset)
    workspace.engine.dispose()


def current_labels(workspace, dataset, points):
    with reading(workspace.engine) as session:
        return read_labels(dataset, points, session=session)


def _train(workspace, dataset, **more):
    asked = {"recipe": "quick-resnet18", "settings": QUICK, "skeleton": "face68", "split_by": "auto", **more}
    return run_here(workspace, "train", dataset, asked, Progress())


def test_a_training_gives_a_version_with_figures_data_and_recipe(trained):
    workspace, dataset, _, run = trained
    assert run.counts["model"] == "quick-resnet18-1"
    assert (run.counts["epochs"], run.counts["stopped"]) == (2, "done")
    assert set(run.counts["metrics"]["nme"]) == {"value", "low", "high"}
    row = next(row for row in listed(workspace, dataset) if row["name"] == "quick-resnet18-1")
    assert row["labels"] == run.counts["labels"]
    assert sum(row["labels"].values()) == 16
    assert row["settings"]["epochs"] == 2
    assert row["parent"] is None
    assert row["figures"] == run.counts["metrics"] | {"mean_shape": run.counts["mean_shape"]}
    assert 0 < row["figures"]["mean_shape"]["value"] < 1
    with reading(workspace.engine) as session:
        model = session.exec(select(TrainedModel).where(TrainedModel.run_id == run.id)).one()
        assert (workspace.home / model.file).is_file()
        held = current_labels(workspace, dataset, "face68").only("test")
        mine = select(Prediction.instance_id).where(Prediction.model_version_id == model.model_version_id)
        predicted = set(session.exec(mine))
    assert predicted == {label.instance.id for label in held.labels}


def test_the_weights_lie_among_the_models_once_and_what_was_learned_from_is_known(trained):
    workspace, dataset, _, run = trained
    folder = workspace.home / "training" / str(run.id)
    assert not [path for path in folder.rglob("*") if path.suffix in (".safetensors", ".pt", ".part")]
    with reading(workspace.engine) as session:
        model = session.exec(select(TrainedModel).where(TrainedModel.run_id == run.id)).one()
    assert sha256_of(workspace.home / model.file) == Path(model.file).stem
    labels = current_labels(workspace, dataset, "face68")
    learned = {label.instance.id for part in ("train", "validation") for label, _ in labels.of(part)}
    assert learned_from(model) == learned
    assert model.data["split_by"] == "auto"


def test_no_two_models_have_one_name(workspace, dataset, author):
    """Whatever was trained or removed since: the number is chosen where the model is added."""
    shelf = Shelf(workspace, dataset, author)
    for name in ("quick-1", "quick-2", "quick-3"):
        shelf.model(name)
    with writing(workspace.engine) as session:
        session.delete(session.exec(select(TrainedModel)).first())
        session.flush()
        assert _free_name("quick", session=session) == "quick-4"
        assert _free_name("other", session=session) == "other-3"


def test_curves_and_pictures_can_be_watched(trained):
    workspace, _, _, run = trained
    seen = training_log(workspace, run.id)
    assert len(seen.epochs) == 2
    assert all(np.isfinite(row["train_loss"]) for row in seen.epochs)
    assert seen.examples
    assert training_log(workspace, run.id + 1000).epochs == []


def test_what_was_held_out_is_written_down_before_anything_is_learned(trained):
    workspace, dataset, _, _ = trained
    with reading(workspace.engine) as session:
        parts = group_parts(dataset, session=session)
    assert len(parts) == 4
    assert "test" in parts.values()


def test_a_run_that_died_after_it_was_done_is_not_trained_again(trained):
    workspace, dataset, author, run = trained
    before = len(listed(workspace, dataset))
    request = TrainingRequest("face68", "quick-resnet18", QUICK)
    told = train_model(workspace, dataset_id=dataset, author_id=author, run_id=run.id, request=request)
    assert told["model_version"] == run.counts["model_version"]
    assert len(listed(workspace, dataset)) == before


def test_a_child_begins_from_its_parent_and_a_cancelled_one_keeps_its_best(trained):
    class Stopping(Progress):
        phase = None

        def begin(self, total, done=0, message=None):
            self.phase = message

        def advance(self, done):
            if self.phase == message("progress.training") and done >= 3:
                raise Cancelled("runs.this_cancelled")

    workspace, dataset, author, _ = trained
    with writing(workspace.engine) as session:
        run = Run(kind="train", dataset_id=dataset, author_id=author)
        session.add(run)
        session.flush()
        run_id = run.id
    request = TrainingRequest("face68", "quick-resnet18", QUICK, parent="quick-resnet18-1")
    with pytest.raises(Cancelled):
        train_model(
            workspace, dataset_id=dataset, author_id=author, run_id=run_id, request=request, progress=Stopping()
        )
    newest, *_ = listed(workspace, dataset)
    assert (newest["stopped"], newest["parent"]) == ("cancelled", "quick-resnet18-1")
    said = messages_in(workspace.training_folder(run_id))
    assert any(told.text().startswith("begins from quick-resnet18-1: ") for told in said)
    assert comparable(workspace, dataset, "face68") == [newest["name"], "quick-resnet18-1", "dlib-68"]


def test_picture_that_killed_a_training_is_set_aside_and_none_learns_from_it_until_somebody_asks(trained, monkeypatch):
    workspace, dataset, author, _ = trained
    labels = current_labels(workspace, dataset, "face68")
    killer = labels.of("train")[0][0]
    begun = []

    def noted(workspace, training, folder, listener):
        begun.append({sample.key for sample in module._data(workspace, training).train})
        raise Cancelled("runs.this_cancelled")

    monkeypatch.setattr(module, "_train", noted)
    request = TrainingRequest("face68", "quick-resnet18", QUICK)

    def tried(progress):
        with writing(workspace.engine) as session:
            run = Run(kind="train", dataset_id=dataset, author_id=author)
            session.add(run)
            session.flush()
            who = {"dataset_id": dataset, "author_id": author, "run_id": run.id}
        with pytest.raises(Cancelled):
            train_model(workspace, **who, request=request, progress=progress)
        return run.id

    first = tried(AfterDeaths(killers={str(killer.instance.id)}))
    assert [line["path"] for line in skipped(workspace, first)] == [killer.image.path]
    assert names_set_aside(workspace, dataset) == [killer.image.path]
    second = tried(Progress())
    assert killer.instance.id not in begun[1]
    assert len(begun[1]) == len(labels.of("train")) - 1
    assert message("trainings.set_aside", names=[killer.image.path]) in messages_in(workspace.training_folder(second))
    assert take_up_again(workspace, dataset) == 1
    tried(Progress())
    assert killer.instance.id in begun[2]


def test_name_on_the_list_that_several_pictures_have_leaves_none_out_and_is_said(trained, monkeypatch):
    workspace, dataset, author, _ = trained
    labels = current_labels(workspace, dataset, "face68").labels
    name = PurePosixPath(labels[0].image.path).name
    assert list(exclude(workspace, dataset, [name], author_id=author).unclear) == [name]

    def begun(*_):
        raise Cancelled("runs.this_cancelled")

    monkeypatch.setattr(module, "_train", begun)
    request = TrainingRequest("face68", "quick-resnet18", QUICK)
    with pytest.raises(Cancelled):
        train_model(workspace, dataset_id=dataset, author_id=author, run_id=4243, request=request)
    told = messages_in(workspace.training_folder(4243))
    assert message("trainings.unclear_exclusions", names=[name]) in told
    assert len(current_labels(workspace, dataset, "face68").labels) == len(labels)
    include_again(workspace, dataset, [name])


def test_no_label_one_label_or_one_group_is_too_little(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    request = TrainingRequest("face68", "quick-resnet18", QUICK)
    who = {"dataset_id": dataset, "author_id": author, "run_id": 1, "request": request}
    with pytest.raises(NotEnoughData, match="needs at least two instances with human points of face68"):
        train_model(workspace, **who)
    shelf.instance(shelf.image("a/1.png"), face())
    with pytest.raises(NotEnoughData, match="and there is one"):
        train_model(workspace, **who)
    shelf.instance(shelf.image("a/2.png"), np.full((68, 2), np.nan))
    with pytest.raises(NotEnoughData, match="1 labels have no point at all"):
        train_model(workspace, **who)
    shelf.instance(shelf.image("a/3.png"), face())
    with pytest.raises(NotEnoughData, match=r"one group \(folder a\), .* or person, or split by picture"):
        train_model(workspace, **who)


def test_frames_of_one_clip_are_not_offered_to_be_split(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    images = [shelf.image(f"clip.mp4/{i}.jpg") for i in range(3)]
    shelf.clip("clip.mp4", images)
    for image in images:
        shelf.instance(image, face())
    request = TrainingRequest("face68", "quick-resnet18", QUICK, split_by="picture")
    with pytest.raises(NotEnoughData, match=r"one group \(clip 1\), .* label another video or person$"):
        train_model(workspace, dataset_id=dataset, author_id=author, run_id=1, request=request)


def test_a_recipe_a_setting_or_a_parent_that_does_not_fit_is_said(workspace, dataset, author):
    def tried(**more):
        request = TrainingRequest(**({"skeleton": "face68", "recipe": "quick-resnet18", "settings": QUICK} | more))
        return train_model(workspace, dataset_id=dataset, author_id=author, run_id=1, request=request)

    with pytest.raises(BadInput, match="there is no recipe called 'magic'"):
        tried(recipe="magic")
    with pytest.raises(BadInput, match="epochs is a whole number, not 'many'"):
        tried(settings={"epochs": "many"})
    with pytest.raises(BadInput, match="dlib-68 is built in and cannot be trained further"):
        tried(parent="dlib-68")
    with pytest.raises(NotFound, match="there is no model called 'nobody'"):
        tried(parent="nobody")
    Shelf(workspace, dataset, author).model("walker", "body24")
    with pytest.raises(BadInput, match="walker locates body24, not face68"):
        tried(parent="walker")


def test_reading_pictures_is_told_and_can_be_cancelled(trained):
    class Stopping(Progress):
        said = ()

        def begin(self, total, done=0, message=""):
            self.said += ((message, total),)

        def advance(self, done, message=""):
            raise Cancelled("runs.this_cancelled")

    workspace, dataset, author, _ = trained
    progress, before = Stopping(), len(listed(workspace, dataset))
    request = TrainingRequest("face68", "quick-resnet18", QUICK)
    with pytest.raises(Cancelled):
        train_model(workspace, dataset_id=dataset, author_id=author, run_id=901, request=request, progress=progress)
    assert progress.said == (
        (message("progress.reading_pictures"), len(current_labels(workspace, dataset, "face68").of("train"))),
    )
    assert len(listed(workspace, dataset)) == before


def test_several_processes_train_together_where_the_settings_say_so(trained, monkeypatch):
    """What they do is tested beside the loop; here, that they are asked, and for the same training."""
    workspace, dataset, author, _ = trained
    asked = {}

    def launched(recipe, data, folder, **more):
        asked.update(more, recipe=recipe.name, samples=len(data.train), folder=folder.name)
        raise NotEnoughData("training.no_unlabelled")

    monkeypatch.setattr("core.training.distributed.launch", launched)
    several = replace(workspace, settings=workspace.settings.model_copy(update={"training_processes": 2}))
    request = TrainingRequest("face68", "quick-resnet18", QUICK)
    with pytest.raises(NotEnoughData, match="there are none; train without it"):
        train_model(several, dataset_id=dataset, author_id=author, run_id=900, request=request)
    learn = current_labels(workspace, dataset, "face68").of("train")
    assert (asked["processes"], asked["samples"], asked["folder"]) == (2, len(learn), "900")
    assert asked["start_from"] is None


def test_a_loss_that_is_no_number_from_the_start_leaves_no_model(trained):
    workspace, dataset, author, _ = trained
    before = len(listed(workspace, dataset))
    request = TrainingRequest("face68", "quick-resnet18", {**QUICK, "rate": "1e30", "warmup": "0", "clip": "0"})
    with pytest.raises(FacetError, match=r"nothing was learned: .*epoch 1"):
        train_model(workspace, dataset_id=dataset, author_id=author, run_id=4242, request=request)
    assert len(listed(workspace, dataset)) == before


def test_an_absurd_rate_that_stays_finite_is_said_to_have_come_to_nothing(trained):
    workspace, dataset, _, _ = trained
    run = _train(workspace, dataset, settings={**QUICK, "rate": "1e6", "warmup": "0"})
    (warning,) = run.counts["warnings"]
    assert run.counts["stopped"] == "done"
    assert "this training came to nothing: on labels that it has not learned from its NME is" in worded(warning)
    assert "another rate than 1e+06" in worded(warning)
    assert run.counts["said"].count(warning) == 1
    assert Message.from_json(warning) in training_log(workspace, run.id).messages


def test_a_recipe_that_says_how_to_learn_from_unlabelled_pictures_is_obeyed(trained):
    workspace, dataset, author, _ = trained
    request = TrainingRequest("face68", "quick-resnet18", {**QUICK, "self_training": "plain"})
    with pytest.raises(NotEnoughData, match="self-training needs unlabelled pictures"):
        train_model(workspace, dataset_id=dataset, author_id=author, run_id=4243, request=request)
