"""The history: decisions and thresholds, each with a way back."""

from __future__ import annotations

from core.foundation.messages import verbatim
from core.people.encoders import encoder_of, threshold_of
from db.tables import PeopleEvent
from db.writing import writing
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import add_faces, vector


def history(dataset_id):
    from pages.widgets.people.history import decisions

    decisions(dataset_id)


def test_every_decision_can_be_taken_back_however_many_came_since(shown, workspace, dataset, author):
    with writing(workspace.engine) as session:
        for number in range(51):
            summary = verbatim(f"decision {number}").to_json()
            session.add(PeopleEvent(dataset_id=dataset, author_id=author, kind="name", summary=summary, payload={}))
    assert len(shown(history, dataset_id=dataset).button) == 50
    page = shown(history, {f"people-history-{dataset}": 2}, dataset_id=dataset)
    assert [text.value for text in page.markdown] == ["decision 0"]
    assert [button.label for button in page.button] == ["Undo"]


def test_a_threshold_is_a_line_of_the_history_and_can_be_undone_and_used_again(shown, workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    version = encoder_of(workspace, dataset)
    own = threshold_of(workspace, dataset, version)
    for value in (0.5, 0.61):
        save(workspace, dataset, version.id, faces, value, author_id=author)

    def undo_or_use(line):
        page = shown(history, dataset_id=dataset)
        page.button[line].click().run()
        return threshold_of(workspace, dataset, version)

    page = shown(history, dataset_id=dataset)
    assert [text.value for text in page.markdown if text.value.startswith("Threshold")] == [
        "Threshold **0.6100** of dlib\\-resnet: by hand",
        "Threshold **0.5000** of dlib\\-resnet: by hand",
    ]
    assert [button.label for button in page.button] == ["Undo", "Use again"]
    assert undo_or_use(0) == 0.5
    assert undo_or_use(1) == 0.61
    assert undo_or_use(3) == 0.5
    assert undo_or_use(0) == 0.61
    assert len(shown(history, dataset_id=dataset).button) == 6
    assert own not in (0.5, 0.61)


def test_a_threshold_that_somebody_has_replaced_meanwhile_is_not_undone_and_that_is_told(
    shown, workspace, dataset, author
):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    version = encoder_of(workspace, dataset)
    save(workspace, dataset, version.id, faces, 0.5, author_id=author)
    page = shown(history, dataset_id=dataset)
    save(workspace, dataset, version.id, faces, 0.61, author_id=author)
    page.button[0].click().run()
    assert threshold_of(workspace, dataset, version) == 0.61
    assert "0.6100 is in force by now" in page.session_state["people.problem"]
