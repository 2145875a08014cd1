"""What a run keeps of what a grouping would change: all counts, and the first who would change with some faces."""

from __future__ import annotations

import pytest

from core.foundation.progress import Progress
from core.people import grouping_outline
from core.people.encoders import encoder_of
from core.people.grouping_outline import outline_grouping
from db.engine import reading
from db.queries.people.vectors import people_state
from tests.builders.people_rows import own
from tests.builders.staged_people import SAME, add_faces, owners, vector


@pytest.fixture
def faces(workspace, dataset):
    """Two people of seven and three faces."""
    rows = [(f"{p}/{v}.jpg", vector(p, v)) for p, n in ((0, 7), (1, 3)) for v in range(n)]
    made = add_faces(workspace, dataset, rows)
    own(workspace, dataset, made[:7])
    own(workspace, dataset, made[7:])
    return made


def outline(workspace, dataset, threshold, **options):
    return outline_grouping(workspace, dataset, encoder_of(workspace, dataset).id, threshold, regroup=True, **options)


def test_of_many_parts_the_first_are_kept_and_all_are_counted(workspace, dataset, faces):
    found = outline(workspace, dataset, SAME + 1e-3)
    first = owners(workspace, dataset)[faces[0]][0]
    assert (found["people_now"], found["people_then"], found["placed"]) == (2, 10, 0)
    assert (found["split"], found["joined"], found["joined_people"]) == (2, 0, [])
    assert found["split_people"][0] == {
        "person": first,
        "parts": 7,
        "first": [{"person": first, "count": 1, "faces": [face]} for face in faces[:6]],
    }


def test_of_large_parts_some_faces_are_kept_and_all_are_counted(workspace, dataset, faces):
    whose = owners(workspace, dataset)
    (group,) = outline(workspace, dataset, -1.0)["joined_people"]
    one, other = whose[faces[0]][0], whose[faces[7]][0]
    assert group == {
        "people": 2,
        "first": [{"person": one, "count": 7, "faces": faces[:5]}, {"person": other, "count": 3, "faces": faces[7:]}],
    }


def test_of_many_people_the_first_are_kept(workspace, dataset, faces, monkeypatch):
    monkeypatch.setattr(grouping_outline, "_PEOPLE", 1)
    found = outline(workspace, dataset, SAME + 1e-3)
    assert (found["split"], len(found["split_people"])) == (2, 1)


def test_it_says_how_far_it_is_and_what_it_has_looked_at(workspace, dataset, faces):
    seen = []

    class Watched(Progress):
        def begin(self, total, done=0, message=None):
            seen.append((total, message.code))

        def advance(self, done):
            seen.append(done)

    encoder = encoder_of(workspace, dataset).id
    with reading(workspace.engine) as session:
        state = people_state(dataset, encoder, session=session)
    assert outline(workspace, dataset, 0.5, progress=Watched())["state"] == list(state)
    assert seen[0] == (10, "progress.looking_at_grouping")
    assert seen[-1] == 10
