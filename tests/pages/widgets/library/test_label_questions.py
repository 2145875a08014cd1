"""A question about imported labels stands on the page until somebody answers it there."""

import numpy as np
import pytest

from core.formats.labels.doubts import Doubt
from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import Keypoints
from core.foundation.messages import message
from core.points.label_placing import keep_waiting
from core.points.label_writing import FileLabel
from db.engine import reading
from db.queries.jobs import runs_page
from db.writing import writing

POINTS = Keypoints.of(np.linspace(0.1, 0.9, 34).reshape(17, 2))


@pytest.fixture
def asked(workspace, dataset, author):
    labels = [FileLabel(LabelledRow(f"{i}.png", POINTS, "coco17"), "all.json", author) for i in range(3)]
    question = Doubt(message("label_doubts.scale", width=640, height=480))
    with writing(workspace.engine) as session:
        keep_waiting(dataset, labels, questions=dict.fromkeys(labels, question), session=session)


def test_a_question_is_told_with_its_answers_and_none_is_chosen_beforehand(opened, dataset, asked):
    page = opened("library.py")
    (warning,) = page.warning
    assert "3 labels" in warning.value
    assert "640 × 480 pixels" in warning.value
    (choice,) = [radio for radio in page.radio if "label-answer" in radio.key]
    assert choice.value is None
    assert choice.options == ["Shares of the picture's sides", "Pixels", "Drop these labels"]
    assert page.button(key="label-answer-button-scale").disabled


def test_an_answer_starts_the_run_that_puts_the_labels_on(opened, workspace, dataset, asked):
    page = opened("library.py")
    page.radio(key=f"label-answer-{dataset}-scale").set_value("share").run()
    page.button(key="label-answer-button-scale").click().run()
    with reading(workspace.engine) as session:
        ((run, *_),) = runs_page(dataset_id=dataset, limit=None, session=session)
    assert (run.kind, run.parameters["answers"]) == ("answers", {"scale": "share"})


def test_without_a_question_there_is_no_card(opened, dataset):
    assert not [radio for radio in opened("library.py").radio if "label-answer" in (radio.key or "")]
