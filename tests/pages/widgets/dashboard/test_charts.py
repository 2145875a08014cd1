from datetime import datetime

from db.queries.dashboard import InstancesByReview, Work
from pages.widgets.dashboard.charts import points_bars, review_row, state_bar, work_bars
from pages.widgets.library.picture_tiles import STATES


def test_every_state_with_pictures_is_a_part_of_the_bar():
    figure = state_bar({"found": 1200, "failed": 3, "new": 0})
    assert [(part.name, part.x) for part in figure.data] == [
        ("Found, to be reviewed: 1,200", (1200,)),
        ("Failed: 3", (3,)),
    ]
    assert figure.layout.xaxis.range == (0, 1203)
    assert len(state_bar(dict.fromkeys(STATES, 1)).data) == len(STATES)


def test_points_are_stacked_by_how_far_they_are_reviewed():
    rows = (InstancesByReview("face", 2, 7, 1, 3, 0), InstancesByReview("person", 0, 0, 0, 1, 0))
    assert [(part.name, part.y, part.x) for part in points_bars(rows).data] == [
        ("Accepted by a human", ("Faces", "Figures"), (2, 0)),
        ("Imported", ("Faces", "Figures"), (7, 0)),
        ("In progress", ("Faces", "Figures"), (1, 0)),
        ("A model's, to be reviewed", ("Faces", "Figures"), (3, 1)),
    ]
    assert list(review_row(rows[0]).values()) == ["Faces", 2, 7, 1, 3, 0]


def test_a_kind_without_instances_has_no_bar():
    figure = points_bars((InstancesByReview("face", 0, 0, 0, 0, 0), InstancesByReview("person", 0, 0, 0, 4, 1)))
    assert [(part.name, part.y, part.x) for part in figure.data] == [
        ("A model's, to be reviewed", ("Figures",), (4,)),
        ("No points yet", ("Figures",), (1,)),
    ]


def test_work_is_stacked_by_annotator_and_names_are_no_html():
    rows = [
        Work("2026-11-20", "ada", "landmark_edits", 5),
        Work("2026-11-18", "<b>bo</b>", "landmark_edits", 2),
        Work("2026-11-18", "ada", "landmark_edits", 1),
    ]
    figure = work_bars(rows)
    assert [(part.name, part.x, part.y) for part in figure.data] == [
        ("&lt;b&gt;bo&lt;/b&gt;", ("2026-11-18", "2026-11-20"), (2, 0)),
        ("ada", ("2026-11-18", "2026-11-20"), (1, 5)),
    ]
    assert figure.layout.barmode == "stack"


def test_a_single_day_does_not_fill_the_chart():
    figure = work_bars([Work("2026-11-20", "ada", "landmark_edits", 5)])
    first, last = (datetime.fromisoformat(str(end)) for end in figure.layout.xaxis.range)
    assert (last - first).days >= 13
    assert first < datetime(2026, 11, 20) < last
