"""How often two different people are as alike is said from confirmed pairs, or that it is not known."""

from __future__ import annotations

import pytest

from core import verification
from core.people.encoders import encoder_of
from pages.widgets.people import false_matches
from pages.widgets.people.false_matches import pairs_to_judge_by, said_of_likeness
from tests.builders.staged_people import ENCODER, add_faces, noisy_faces, vector


@pytest.fixture(autouse=True)
def here(workspace, monkeypatch):
    monkeypatch.setattr(false_matches, "workspace", lambda: workspace)
    false_matches._pairs.clear()
    yield
    false_matches._pairs.clear()


def test_without_confirmed_people_nobody_can_say(workspace, dataset):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    assert pairs_to_judge_by(dataset, encoder_of(workspace, dataset)) is None
    assert said_of_likeness(None, 0.9).startswith("How often two different people are as alike is not known here")


def test_the_rate_is_that_of_the_verification_page(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    pairs = pairs_to_judge_by(dataset, encoder_of(workspace, dataset))
    rate = verification.figures_at(verification.confirmed_pairs(workspace, dataset, ENCODER), 0.1)["fmr"]
    said = said_of_likeness(pairs, 0.1)
    assert said == (
        f"Of the pairs of two different people who are confirmed here (4 people), {rate:.2%} are 0.100 alike or more."
    )
    assert 0 < rate < 1
    assert said_of_likeness(pairs, 1.0).endswith("none is 1.000 alike or more.")


def test_bounds_say_what_so_few_people_show_of_others(workspace, dataset, author):
    noisy_faces(workspace, dataset, author, counts=(3,) * 14, noise=0.5)
    pairs = pairs_to_judge_by(dataset, encoder_of(workspace, dataset))
    assert " Among all people like them: below " in said_of_likeness(pairs, 1.0, bounds=True)
    assert said_of_likeness(pairs, -1.0, bounds=True) != said_of_likeness(pairs, -1.0)
