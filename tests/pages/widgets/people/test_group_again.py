"""What is said of the threshold in force, and of a grouping that was started here."""

from __future__ import annotations

import pytest

from core.foundation.messages import message
from core.people.encoders import encoder_of
from db.tables import Run, RunState, Threshold
from db.writes.models import ensure_model_version
from db.writing import writing
from pages.widgets.people import group_again
from pages.widgets.shared import resources
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def saved_long_ago(workspace, dataset, author, monkeypatch):
    """The version of an encoder whose threshold was saved before sixty ones of another."""
    for module in (group_again, resources):
        monkeypatch.setattr(module, "workspace", lambda: workspace)
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    version = encoder_of(workspace, dataset, None)
    common = {"dataset_id": dataset, "chosen": message("thresholds.by_hand").to_json(), "author_id": author}
    with writing(workspace.engine) as session:
        session.add(Threshold(model_version_id=version.id, value=0.61, **common))
        session.flush()
        other = ensure_model_version("facenet-vggface2", "encoder", "1" * 64, {}, session=session)
        session.add_all(Threshold(model_version_id=other, value=0.5, **common) for _ in range(60))
    return version


def test_who_saved_the_threshold_is_said_however_many_others_came_since(workspace, dataset, saved_long_ago):
    assert group_again.origin_of_threshold(dataset, saved_long_ago, 0.61).startswith("In force: 0.610, saved by ada on")


def test_without_a_saved_one_it_is_the_encoders_own(workspace, dataset, monkeypatch):
    for module in (group_again, resources):
        monkeypatch.setattr(module, "workspace", lambda: workspace)
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    origin = group_again.origin_of_threshold(dataset, encoder_of(workspace, dataset, None), 0.9)
    assert origin == "In force: 0.900, the own threshold of dlib\\-resnet."


def test_how_a_grouping_of_ones_own_ended_is_shown_until_another_has(shown, workspace, dataset, author):
    def draw(newest):
        from pages.widgets.people.group_again import result_of_grouping

        result_of_grouping(newest)

    counts = {"faces": 2, "people": 1, "images": 1, "without_face": 0, "failed": 0}
    with writing(workspace.engine) as session:
        run = Run(kind="people", dataset_id=dataset, author_id=author, state=RunState.DONE, counts=counts)
        session.add(run)
    assert "2 faces" in shown(draw, {"people.run": run.id}, newest=run).markdown[0].value
    assert not shown(draw, {"people.run": run.id - 1}, newest=run).markdown
    assert not shown(draw, newest=None).markdown


@pytest.mark.parametrize(("label", "kind"), [("Group now", "people"), ("Ask the clothes", "clothes")])
def test_the_choice_folds_when_a_run_is_started_and_opens_again(shown, started, workspace, dataset, label, kind):
    def draw(dataset_id):
        from pages.widgets.people.group_again import group_again

        group_again(dataset_id)

    add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(0, 1))])
    key = f"group-again-{dataset}"
    page = shown(draw, {key: True}, dataset_id=dataset)
    (button,) = [button for button in page.button if button.label == label]
    button.click().run()
    assert not page.exception
    assert [name for name, _ in started()] == [kind]
    assert not page.session_state[key], "what the run says is under it"
    assert not page.button
