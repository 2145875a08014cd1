"""The closed list of doubts and their answers."""

import pytest

from core.formats.labels.doubts import ANSWERS, DROP, Doubt, DoubtKind, answers_of
from core.foundation.errors import BadInput
from core.foundation.messages import message, templates
from pages.widgets.shared.words import words


def test_every_kind_has_a_sentence_and_every_answer_words_on_the_page():
    assert {f"label_doubts.{kind}" for kind in DoubtKind} <= templates("en").keys()
    answers = {f"{kind}={answer}" for kind in ANSWERS for answer in ANSWERS[kind] if answer != DROP}
    assert words("label_answers").keys() == {*answers, DROP}
    assert all(choices[-1] == DROP for choices in ANSWERS.values())


def test_a_doubt_comes_back_from_the_store_as_it_was():
    doubt = Doubt(message("label_doubts.scores", value=0.5))
    assert Doubt.from_json(doubt.to_json()) == doubt
    assert (doubt.kind, doubt.answers) == (DoubtKind.SCORES, ("score", "drop"))
    assert Doubt(message("label_doubts.place", count=2)).answers == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("size=share", "no question 'size' about labels; there are scale, turned, corner, scores, names"),
        ("scale=percent", "the question scale has no answer 'percent'; it has share or pixels or drop"),
        ("scale", "no answer ''"),
    ],
)
def test_an_answer_to_no_question_is_refused_with_those_that_there_are(text, sentence):
    assert answers_of(["scale=share", "turned=stored"]) == {"scale": "share", "turned": "stored"}
    with pytest.raises(BadInput) as caught:
        answers_of([text])
    assert sentence in str(caught.value)
