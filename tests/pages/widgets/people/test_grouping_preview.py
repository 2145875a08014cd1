"""What grouping again would change is said before, with the people by name."""

from __future__ import annotations

import pytest

from core.foundation.progress import Progress
from core.jobs.inline import run_here
from core.people import grouping_outline
from core.people.deciding import move_faces
from core.people.encoders import encoder_of
from db.tables import RunState
from pages.widgets.people import grouping_preview
from tests.builders.staged_people import SAME, add_faces, group, owners, vector


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


@pytest.fixture
def looked(workspace, dataset, author, encoder):
    """Lets a worker look what grouping again at a threshold would change."""

    def look(threshold):
        asked = {"encoder_id": encoder, "threshold": threshold, "regroup": True}
        run = run_here(workspace, "preview", dataset, asked, Progress())
        assert (run.state, run.error) == (RunState.DONE, None)

    return look


def said(page):
    return [text.value for text in (*page.markdown, *page.info, *page.caption)]


def test_it_is_looked_at_by_the_worker_and_only_when_asked_for(shown, started, dataset, encoder):
    page = shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=0.5)
    assert said(page) == []
    page.button(key="preview-here").click().run()
    assert started() == [("people", {}), ("preview", {"encoder_id": encoder, "threshold": 0.5, "regroup": True})]
    assert page.button(key="preview-here").disabled, "one at a time"


def test_another_threshold_is_counted_at_once_until_somebody_decides(
    shown, workspace, dataset, author, encoder, looked
):
    looked(0.5)
    told = said(shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=SAME + 1e-3))
    assert told == [
        "At 0.963: 5 people. 0 would be made of several who are there, 2 who are there would be taken apart; "
        "0 of all these have a name or a confirmed face."
    ]
    faces = list(owners(workspace, dataset))
    move_faces(workspace, faces[:1], name="Ada", author_id=author)
    assert said(shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=SAME + 1e-3)) == []


def test_a_higher_threshold_names_whom_it_would_split(shown, dataset, encoder, looked):
    looked(SAME + 1e-3)
    told = said(shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=SAME + 1e-3))
    assert told[0].startswith("2 people would be split\\, 0 groups of several people")
    assert told[0].endswith("2 people now\\, 5 then")
    assert [text for text in told if "would fall into 3" in text]


def test_a_lower_one_names_whom_it_would_join(shown, dataset, encoder, looked):
    looked(-1.0)
    told = said(shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=-1.0))
    assert "1 group of several people would become one each" in told[0]
    assert told[1].endswith("would be one**") or told[1].endswith("would be one")
    assert told[-2:] == ["3 faces", "2 faces"]


def test_what_was_looked_at_is_not_shown_for_another_threshold(shown, dataset, encoder, looked):
    looked(0.5)
    assert said(shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=0.5)) == ["Nothing would change."]
    assert said(shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=0.6)) == [
        "At 0.600: 2 people. Nobody who is there would be joined with others or taken apart."
    ]


def test_what_has_changed_since_is_said(shown, workspace, dataset, author, encoder, looked):
    looked(0.5)
    faces = add_faces(workspace, dataset, [("late.jpg", vector(3))])
    move_faces(workspace, faces, author_id=author)
    told = said(shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=0.5))
    assert told == [
        "Nothing would change.",
        "Something has changed in this dataset since; look again to see what that makes of it.",
    ]


def test_of_many_people_and_parts_the_first_are_shown_and_the_others_counted(
    shown, workspace, dataset, encoder, looked, monkeypatch
):
    monkeypatch.setattr(grouping_outline, "_PEOPLE", 1)
    monkeypatch.setattr(grouping_outline, "_PARTS", 2)
    looked(SAME + 1e-3)
    told = said(shown(offered, dataset_id=dataset, encoder_id=encoder, threshold=SAME + 1e-3))
    assert "and 1 more" in told
    assert told[-1] == "And 1 more, not shown here."
