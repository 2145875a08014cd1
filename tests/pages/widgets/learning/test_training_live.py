"""Trainings on the screen."""

from db.tables import Run, RunState
from db.writing import writing
from pages.widgets.learning import training_live


def test_trainings_are_listed_however_many_other_runs_came_since(workspace, dataset, author, monkeypatch):
    monkeypatch.setattr(training_live, "workspace", lambda: workspace)

    def run(kind, state):
        return Run(kind=kind, dataset_id=dataset, author_id=author, state=state)

    with writing(workspace.engine) as session:
        session.add_all([run("train", RunState.DONE), run("selftrain", RunState.QUEUED)])
        session.flush()
        session.add_all([run("predict", RunState.DONE) for _ in range(600)])
    assert [found.kind for found in training_live.trainings(dataset, open_only=False)] == ["train"]
    assert [found.kind for found in training_live.trainings(dataset, open_only=True)] == ["selftrain"]
