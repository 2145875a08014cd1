"""What limits a grouping: by hand, from faces that people have decided about."""

import pytest

from core.people import deciding as people
from core.people.encoders import encoder_of
from core.people.evidence import NOBODY, Evidence
from db.engine import reading
from tests.builders.staged_people import add_faces, group, owners, vector


@pytest.fixture
def faces(workspace, dataset):
    """Two faces of each of three people, those of the first in one photo; all grouped, the first by hand."""
    views = [("both.jpg", vector(0)), ("both.jpg", vector(0, 1))]
    views += [(f"{p}/{v}.jpg", vector(p, v)) for p in (1, 2) for v in range(2)]
    return add_faces(workspace, dataset, views)


def evidence(workspace, dataset):
    return Evidence.of(workspace, dataset, encoder_of(workspace, dataset).id)


def test_of_faces_that_nobody_has_placed_only_photos_are_known(workspace, dataset, faces):
    found = evidence(workspace, dataset)
    limits = found.limits(regroup=False)
    assert found.people().tolist() == [NOBODY] * 6
    assert limits.together.tolist() == [NOBODY] * 6
    assert limits.photos[0] == limits.photos[1] != limits.photos[2]
    assert limits.apart.shape == (0, 2)


def test_everybody_stays_who_is_there_and_afresh_only_those_whom_a_human_knows(workspace, dataset, faces, author):
    group(workspace, dataset)
    people.move_faces(workspace, faces[2:4], name="Ada", author_id=author)
    ada = owners(workspace, dataset)[faces[2]][0]
    found = evidence(workspace, dataset)
    assert found.known_people() == {ada}
    onto, afresh = found.limits(regroup=False), found.limits(regroup=True)
    assert onto.together.tolist() == found.people().tolist()
    assert onto.decided == set(found.people().tolist())
    assert afresh.together.tolist() == [NOBODY, NOBODY, ada, ada, NOBODY, NOBODY]
    assert afresh.decided == {ada}


def test_who_is_not_the_same_is_kept_apart_once_for_all_faces(workspace, dataset, faces, author):
    for pair, name in ((faces[2:4], "Ada"), (faces[4:], "Bea")):
        people.move_faces(workspace, pair, name=name, author_id=author)
    ada, bea = (owners(workspace, dataset)[faces[at]][0] for at in (2, 4))
    people.keep_apart(workspace, ada, bea, author_id=author)
    assert evidence(workspace, dataset).limits(regroup=True).apart.tolist() == [[2, 4]]


def test_it_is_true_until_somebody_decides(workspace, dataset, faces, author):
    found = evidence(workspace, dataset)
    with reading(workspace.engine) as session:
        assert found.is_still_true(dataset, session=session)
    people.move_faces(workspace, faces[:1], name="Ada", author_id=author)
    with reading(workspace.engine) as session:
        assert not found.is_still_true(dataset, session=session)
    assert found.state != evidence(workspace, dataset).state
