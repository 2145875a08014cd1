"""What a grouping would change is known before, and it changes just that."""

from __future__ import annotations

from core.people import deciding as people
from core.people.encoders import encoder_of
from core.people.what_if import PeopleTree
from tests.builders.staged_people import SAME, add_faces, group, owners, vector


def preview(workspace, dataset, threshold, *, regroup=True):
    encoder = encoder_of(workspace, dataset)
    return PeopleTree.of(workspace, dataset, encoder, least=threshold, regroup=regroup).preview(threshold)


def staged(workspace, dataset):
    return add_faces(
        workspace, dataset, [(f"{p}/{v}.jpg", vector(p, v)) for p, n in ((0, 3), (1, 2)) for v in range(n)]
    )


def test_faces_that_nobody_has_grouped_find_a_place(workspace, dataset):
    staged(workspace, dataset)
    found = preview(workspace, dataset, 0.5)
    assert (found.people_now, found.people_then, found.placed) == (0, 2, 5)
    assert (found.split, found.joined) == ({}, [])
    assert owners(workspace, dataset) == {}, "nothing is changed"


def test_grouping_again_as_before_changes_nothing(workspace, dataset):
    staged(workspace, dataset)
    group(workspace, dataset)
    assert not preview(workspace, dataset, 0.5).changes


def test_those_who_would_be_split_are_named_with_the_faces_of_each_part(workspace, dataset):
    faces = staged(workspace, dataset)
    group(workspace, dataset)
    before = owners(workspace, dataset)
    found = preview(workspace, dataset, SAME + 1e-3)
    assert found.split == {
        before[faces[0]][0]: [[face] for face in faces[:3]],
        before[faces[3]][0]: [[face] for face in faces[3:]],
    }
    assert (found.people_now, found.people_then) == (2, 5)
    assert owners(workspace, dataset) == before
    assert group(workspace, dataset, threshold=SAME + 1e-3, regroup=True)["people"] == 5


def test_those_who_would_be_joined_are_named_with_their_faces(workspace, dataset):
    faces = staged(workspace, dataset)
    group(workspace, dataset)
    before = owners(workspace, dataset)
    found = preview(workspace, dataset, -1.0)
    assert found.joined == [{before[faces[0]][0]: faces[:3], before[faces[3]][0]: faces[3:]}]
    assert not preview(workspace, dataset, -1.0, regroup=False).changes, "who exists joins no other"


def test_what_a_human_has_confirmed_would_stay(workspace, dataset, author):
    faces = staged(workspace, dataset)
    people.move_faces(workspace, faces[:3], name="Ada", author_id=author)
    people.move_faces(workspace, faces[3:], name="Bea", author_id=author)
    for threshold in (-1.0, 0.99):
        assert not preview(workspace, dataset, threshold).changes
