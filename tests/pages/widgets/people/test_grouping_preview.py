"""What grouping again would change is said before, with the people by name."""

from __future__ import annotations

import pytest

from core.people.encoders import encoder_of
from pages.widgets.people import grouping_preview
from tests.builders.staged_people import SAME, add_faces, group, vector


@pytest.fixture
def encoder(workspace, dataset, monkeypatch):
    """Three faces of one person and two of another, grouped; grids draw nothing."""
    monkeypatch.setattr(grouping_preview, "picture_grid", lambda tiles, **_: [])
    add_faces(workspace, dataset, [(f"{p}/{v}.jpg", vector(p, v)) for p, n in ((0, 3), (1, 2)) for v in range(n)])
    group(workspace, dataset)
    return encoder_of(workspace, dataset).id


def offered(dataset_id, encoder_id, threshold):
    from pages.widgets.people.grouping_preview import offer_preview

    offer_preview(dataset_id, encoder_id, threshold, regroup=True, key="here")


def said(shown, dataset, encoder, threshold):
    page = shown(offered, {"preview-here": True}, dataset_id=dataset, encoder_id=encoder, threshold=threshold)
    return [text.value for text in (*page.markdown, *page.info, *page.caption)]


def test_nothing_is_looked_at_until_it_is_asked_for(shown, dataset, encoder):
    page = shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=0.5)
    assert not page.markdown


def test_a_higher_threshold_names_whom_it_would_split(shown, dataset, encoder):
    told = said(shown, dataset, encoder, SAME + 1e-3)
    assert told[0].startswith("**2 people** would be split, **0 groups** of several people")
    assert told[0].endswith("2 people now, 5 then.")
    assert [text for text in told if "would fall into 3" in text]


def test_a_lower_one_names_whom_it_would_join(shown, dataset, encoder):
    told = said(shown, dataset, encoder, -1.0)
    assert "**1 group** of several people would become one each" in told[0]
    assert told[1].endswith("would be one")
    assert told[-2:] == ["3 faces", "2 faces"]


def test_the_same_one_changes_nothing_and_very_many_faces_are_not_looked_at(shown, dataset, encoder, monkeypatch):
    assert said(shown, dataset, encoder, 0.5) == ["Nothing would change."]
    monkeypatch.setattr(grouping_preview, "MOST_FACES", 4)
    assert said(shown, dataset, encoder, 0.5)[0].startswith("There are more than 4 faces")
