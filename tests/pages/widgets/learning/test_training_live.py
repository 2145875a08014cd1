"""Trainings on the screen."""

from pathlib import Path

import pytest

from core.foundation.messages import message, verbatim
from core.learning.verdicts import CAME_TO_NOTHING
from db.tables import Run, RunState
from db.writing import writing
from pages.widgets.learning import training_live
from pages.widgets.learning.training_live import _warns, sheet_name
from pages.widgets.shared import resources


def test_open_trainings_are_listed_however_many_other_runs_came_since(workspace, dataset, author, monkeypatch):
    for module in (training_live, resources):
        monkeypatch.setattr(module, "workspace", lambda: workspace)

    def run(kind, state):
        return Run(kind=kind, dataset_id=dataset, author_id=author, state=state)

    with writing(workspace.engine) as session:
        session.add_all([run("train", RunState.DONE), run("selftrain", RunState.QUEUED)])
        session.flush()
        session.add_all([run("predict", RunState.QUEUED) for _ in range(600)])
        session.add_all([run("train", RunState.QUEUED) for _ in range(60)])
    assert [training.kind for training in training_live.open_trainings(dataset)] == [*["train"] * 60, "selftrain"]


def past(dataset_id):
    from pages.widgets.learning.training_live import past_trainings

    past_trainings(dataset_id)


def test_every_training_that_has_ended_can_be_chosen(shown, workspace, dataset, author):
    with writing(workspace.engine) as session:
        for number in range(51):
            counts = {"model": f"model {number}"}
            session.add(Run(kind="train", dataset_id=dataset, author_id=author, state=RunState.FAILED, counts=counts))
    newest = shown(past, dataset_id=dataset).selectbox[0].options
    assert (len(newest), newest[0].split(" · ")[0]) == (50, "model 50")
    (oldest,) = shown(past, {f"past-trainings-{dataset}": 2}, dataset_id=dataset).selectbox[0].options
    assert oldest.startswith("model 0 · ")


def test_a_training_that_came_to_nothing_warns():
    assert _warns(message(CAME_TO_NOTHING, reached="40%", guess="5%", rate=1e-3))
    assert not _warns(verbatim("this training came to nothing"))


@pytest.mark.parametrize(
    ("name", "said"), [("epoch-0003-heatmaps.png", "epoch 3"), ("round-2-examples.png", "round 2")]
)
def test_a_sheet_is_called_by_its_epoch_or_round(name, said):
    assert sheet_name(Path(name)) == said
