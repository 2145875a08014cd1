"""What a threshold would do: counted by hand, against a real grouping, of nobody, and kept for the next threshold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clustering.linkage import merge_tree
from core.people import deciding as people
from core.people.encoders import encoder_of
from core.people.kept_trees import people_tree
from core.people.what_if import PeopleTree, WhatIf
from tests.builders.staged_people import SAME, add_faces, group, owners, vector


def tree(workspace, dataset, least=0.5, **options):
    return people_tree(workspace, dataset, encoder_of(workspace, dataset), least=least, regroup=True, **options)


def tree_preview(workspace, dataset, threshold, *, regroup=True):
    encoder = encoder_of(workspace, dataset)
    return people_tree(workspace, dataset, encoder, least=threshold, regroup=regroup).preview(threshold)


def staged(workspace, dataset):
    """Three faces of one person and two of another, one after the other."""
    views = [(f"{p}/{v}.jpg", vector(p, v)) for p, n in ((0, 3), (1, 2)) for v in range(n)]
    return add_faces(workspace, dataset, views)


@pytest.fixture
def faces(workspace, dataset):
    """The same, grouped."""
    added = staged(workspace, dataset)
    group(workspace, dataset)
    return added


def test_who_would_be_split_or_joined_is_counted_and_who_of_them_is_known(workspace, dataset, faces, author):
    kept = tree(workspace, dataset, least=-1.0)
    assert kept.what_if(0.5) == WhatIf(people=2, merges=0, splits=0, named_touched=0)
    assert kept.what_if(SAME + 1e-3) == WhatIf(people=5, merges=0, splits=2, named_touched=0)
    assert kept.what_if(-1.0) == WhatIf(people=1, merges=1, splits=0, named_touched=0)
    people.move_faces(workspace, faces[:3], name="Ada", author_id=author)
    assert tree(workspace, dataset, least=-1.0).what_if(-1.0) == WhatIf(1, 1, 0, named_touched=1)


def test_it_is_what_a_grouping_then_does(workspace, dataset, faces):
    then = tree(workspace, dataset).what_if(SAME + 1e-3)
    before = owners(workspace, dataset)
    assert group(workspace, dataset, threshold=SAME + 1e-3, regroup=True)["people"] == then.people
    assert {person for person, *_ in before.values()} <= {person for person, *_ in owners(workspace, dataset).values()}


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.integers(0, 20))
def test_the_counts_are_those_of_the_preview(seed, count):
    rng = np.random.default_rng(seed)
    faces = rng.normal(size=(count, 4))
    unit = (faces / np.linalg.norm(faces, axis=1, keepdims=True)).astype(np.float32)
    whose = rng.integers(-1, 5, count)
    found = PeopleTree(merge_tree(unit, -1.0), np.arange(count) + 10, whose, np.array([0, 3]))
    for threshold in rng.uniform(-1, 1, 3):
        counted, preview = found.what_if(threshold), found.preview(threshold)
        touched = set(preview.split) | {person for group in preview.joined for person in group}
        assert counted.people == preview.people_then
        assert (counted.merges, counted.splits) == (len(preview.joined), len(preview.split))
        assert counted.named_touched == len(touched & {0, 3})


def test_faces_that_nobody_has_grouped_find_a_place(workspace, dataset):
    staged(workspace, dataset)
    found = tree_preview(workspace, dataset, 0.5)
    assert (found.people_now, found.people_then, found.placed) == (0, 2, 5)
    assert (found.split, found.joined) == ({}, [])
    assert owners(workspace, dataset) == {}, "nothing is changed"


def test_grouping_again_as_before_changes_nothing(workspace, dataset):
    staged(workspace, dataset)
    group(workspace, dataset)
    assert not tree_preview(workspace, dataset, 0.5).changes


def test_those_who_would_be_split_are_named_with_the_faces_of_each_part(workspace, dataset):
    faces = staged(workspace, dataset)
    group(workspace, dataset)
    before = owners(workspace, dataset)
    found = tree_preview(workspace, dataset, SAME + 1e-3)
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
    found = tree_preview(workspace, dataset, -1.0)
    assert found.joined == [{before[faces[0]][0]: faces[:3], before[faces[3]][0]: faces[3:]}]
    assert not tree_preview(workspace, dataset, -1.0, regroup=False).changes, "who exists joins no other"


def test_what_a_human_has_confirmed_would_stay(workspace, dataset, author):
    faces = staged(workspace, dataset)
    people.move_faces(workspace, faces[:3], name="Ada", author_id=author)
    people.move_faces(workspace, faces[3:], name="Bea", author_id=author)
    for threshold in (-1.0, 0.99):
        assert not tree_preview(workspace, dataset, threshold).changes
