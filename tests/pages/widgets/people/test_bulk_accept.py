"""Everything above a bar is confirmed at once, and what mistakes that may make is said first, or that nobody knows."""

from __future__ import annotations

import numpy as np
import pytest

from core import verification
from core.people.doubts import WaitingFaces
from pages.widgets.people.bulk_accept import said_of_mistakes
from tests.builders.people_rows import own
from tests.builders.staged_people import ENCODER, add_faces, noisy_faces, owners, vector


def choice(dataset_id):
    from core.people.encoders import encoder_of
    from pages.widgets.people.actions import decision_bar
    from pages.widgets.people.bulk_accept import _choice
    from pages.widgets.shared.resources import workspace

    decision_bar(dataset_id)
    _choice(dataset_id, encoder_of(workspace(), dataset_id))


def test_what_is_above_the_bar_is_confirmed_with_one_undo(shown, workspace, dataset):
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(2, 3), vector(2, 4)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    own(workspace, dataset, faces[:3])
    own(workspace, dataset, faces[3:])
    page = shown(choice, dataset_id=dataset)
    assert page.number_input[0].value == 0.92
    assert "2 faces of 1 person above it, of 5 that wait." in [text.value for text in page.markdown]
    assert page.info[0].value.startswith("How many of them would be mistakes nobody can say here")
    page.number_input[0].set_value(0.4).run()
    button = page.button[-1]
    assert button.label == "Confirm 4 faces"
    button.click().run()
    assert [face for face, (_, human) in owners(workspace, dataset).items() if human] == [*faces[:2], *faces[3:]]
    page.button(key="undo-last").click().run()
    assert not any(human for _, human in owners(workspace, dataset).values())


@pytest.mark.parametrize("counts", [(5, 4, 3, 2), (3,) * 14])
def test_the_most_mistakes_follow_from_the_false_match_rate(workspace, dataset, author, counts):
    noisy_faces(workspace, dataset, author, counts=counts)
    pairs = verification.confirmed_pairs(workspace, dataset, ENCODER)
    waiting = WaitingFaces(np.arange(1000), np.arange(1000) % 20, np.ones(1000), 20)
    rate = verification.figures_at(pairs, 0.15)["fmr"]
    assert 0 < rate < 1
    expected = min(1000.0, 1000 * rate * 19)
    assert said_of_mistakes(waiting, 0.15, pairs).startswith(f"At most about {expected:,.1f} of them are mistakes")
    none_seen = said_of_mistakes(waiting, 1.0, pairs)
    interval = verification.intervals_at(pairs, 1.0).fmr
    assert none_seen.startswith("Fewer than" if interval.known else "How many of them would be mistakes nobody can say")
