"""The timeline of a person: the clips, the stretches, and nothing where there is no clip."""

from __future__ import annotations

import pytest

from pages.widgets.people import appearances
from tests.builders.people_rows import own
from tests.builders.seen_in_clips import clip_of, faces_at


def timeline(person):
    from pages.widgets.people.appearances import timeline_of_person

    timeline_of_person(person)


@pytest.fixture
def lines(monkeypatch):
    """What is shown, of the last run; `clicked` is what the browser says was clicked."""
    seen = {"lines": [], "clicked": None, "opened": []}

    def show(given, **_):
        seen["lines"] = [(line.title, line.note, line.length, line.ranges) for line in given]
        return seen["clicked"]

    monkeypatch.setattr(appearances, "appearance_lines", show)
    monkeypatch.setattr(appearances, "show_in_editor", lambda *where, **more: seen["opened"].append((where, more)))
    return seen


def test_each_clip_has_a_line_and_a_click_opens_the_nearest_frame(shown, workspace, dataset, lines):
    clips = [clip_of(workspace, dataset, name, 12) for name in ("a.mp4", "b.mp4")]
    faces = faces_at(workspace, clips[0], [0, 1, 2, 9]) + faces_at(workspace, clips[1], [5])
    person = own(workspace, dataset, faces, "Ada")
    page = shown(timeline, person=person)
    assert lines["lines"] == [
        ("a.mp4", "4 frames", 3.0, [(0.0, 0.5), (2.25, 2.25)]),
        ("b.mp4", "1 frame", 3.0, [(1.25, 1.25)]),
    ]
    assert [caption.value for caption in page.caption] == ["Seen in 2 clips. Click a bar to open the clip there."]
    lines["clicked"] = (clips[0], 0.3)
    page.run()
    [((_, face), more)] = lines["opened"]
    assert (face, more) == (faces[1], {"state": None, "part": "a.mp4/", "person": None}), "in its own clip"
    lines["clicked"] = (99, 0.3)
    page.run()
    assert len(lines["opened"]) == 1, "they are not seen in that clip"


def test_who_is_in_no_clip_has_no_timeline(shown, workspace, dataset, lines):
    page = shown(timeline, person=own(workspace, dataset, [], "Ada"))
    assert not page.caption
    assert lines["lines"] == []
