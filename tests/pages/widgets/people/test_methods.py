"""Ways of grouping on the page: made by the worker when asked for, shown as a table, or said why there is none."""

from __future__ import annotations

import pytest

from core.clustering.methods import METHODS
from core.foundation.progress import Progress
from core.jobs.inline import run_here
from core.people import comparing
from core.people.cues import CUES
from db.tables import Run, RunState, now
from db.writing import writing
from pages.widgets.people.methods import _COLUMNS, _NAMES
from tests.builders.clothes_networks import publish
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def faces(workspace, dataset):
    """Five faces of two people."""
    rows = [(f"{p}/{v}.jpg", vector(p, v)) for p, n in ((0, 3), (1, 2)) for v in range(n)]
    return add_faces(workspace, dataset, rows)


def ways(dataset_id):
    from pages.widgets.people.methods import ways_of_grouping

    ways_of_grouping(dataset_id)


def said(page):
    return [text.value for text in (*page.info, *page.caption, *page.error, *page.markdown)]


def test_every_way_has_a_name_and_every_column_a_figure(workspace, dataset, faces):
    assert set(_NAMES) == {comparing.IN_FORCE, *map(comparing.with_clothes, CUES), *METHODS}
    row = comparing.compare_groupings(workspace, dataset_id=dataset)["rows"][0]
    assert set(_COLUMNS) - {"way"} == set(row) - {"method"}


def test_it_is_made_by_the_worker_and_only_when_asked_for(shown, started, dataset, faces):
    page = shown(ways, dataset_id=dataset)
    assert any(text.startswith("No ways of grouping were compared here yet") for text in said(page))
    page.segmented_control[0].set_value("folders").run()
    page.button(key="groupings-compare").click().run()
    assert started() == [
        ("groupings", {"truth": "folders", "best": False, "clothes": False, "cue": "colours", "encoder": None})
    ]
    assert page.button(key="groupings-compare").disabled, "one at a time"
    assert not page.info


def test_clothes_are_compared_by_a_cue_that_can_be_asked_here(shown, started, workspace, dataset, faces):
    publish(workspace.weights)
    page = shown(ways, dataset_id=dataset)
    assert [choice.label for choice in page.segmented_control] == ["Measured against"]
    page.toggle(key="groupings-clothes").set_value(True).run()
    (cue,) = [choice for choice in page.segmented_control if choice.label == "Clothes are told by"]
    cue.set_value("imagenet-resnet18").run()
    page.button(key="groupings-compare").click().run()
    asked = {"truth": "people", "best": False, "clothes": True, "cue": "imagenet-resnet18", "encoder": None}
    assert started() == [("groupings", asked)]


def test_the_newest_is_shown_as_a_table_with_the_way_in_force_marked(shown, workspace, dataset, faces):
    run_here(workspace, "groupings", dataset, {"truth": "folders", "best": True}, Progress())
    page = shown(ways, dataset_id=dataset)
    table = page.dataframe[0].value
    assert table["way"].tolist()[:5] == ["Average linkage, gated (in force)"] * 4 + ["Average linkage"]
    assert table["chosen_on"].tolist()[:4] == ["encoder", "best here", "other people", "other people"]
    assert len(table) == 4 * (len(METHODS) + 1)
    assert table["bcubed_f"][0] == 1
    assert any("5 of 5 faces have a known person (folders of the pictures)" in text for text in said(page))


def test_where_nobody_is_known_that_is_said_beside_the_figures(shown, workspace, dataset, faces):
    run_here(workspace, "groupings", dataset, {}, Progress())
    page = shown(ways, dataset_id=dataset)
    assert "Nobody here is known yet" in page.info[0].value
    assert len(page.dataframe[0].value) == len(METHODS) + 1


def test_what_could_not_be_done_and_what_failed_are_said(shown, workspace, dataset, author, faces):
    reason = {"code": "people.no_memory_to_group", "fields": {}}
    common = {
        "rows": [],
        "faces": 5,
        "labelled": 5,
        "truth": "people",
        "encoder": "e<b>",
        "in_force": "average-linkage",
    }
    with writing(workspace.engine) as session:
        run = Run(
            kind="groupings",
            dataset_id=dataset,
            author_id=author,
            state=RunState.DONE,
            finished_at=now(),
            counts={**common, "not_done": [{"method": "dbscan", "reason": reason}]},
        )
        session.add(run)
        session.flush()
        number = run.id
    assert "DBSCAN could not be done: it takes more memory than there is" in said(shown(ways, dataset_id=dataset))
    with writing(workspace.engine) as session:
        failed = session.get_one(Run, number)
        failed.state = RunState.FAILED
        failed.error = {"code": "people.no_such_truth", "fields": {"found": "x", "choices": []}}
    page = shown(ways, dataset_id=dataset)
    assert "is no truth to compare with" in page.error[0].value
    assert not page.dataframe


def test_a_comparison_that_failed_does_not_hide_the_one_before(shown, workspace, dataset, author, faces):
    run_here(workspace, "groupings", dataset, {"truth": "folders"}, Progress())
    error = {"code": "people.no_memory_to_group", "fields": {}}
    failed = {"state": RunState.FAILED, "finished_at": now(), "error": error}
    with writing(workspace.engine) as session:
        session.add(Run(kind="groupings", dataset_id=dataset, author_id=author, **failed))
    page = shown(ways, dataset_id=dataset)
    assert "it takes more memory than there is" in page.error[0].value
    assert len(page.dataframe[0].value) == len(METHODS) + 1
