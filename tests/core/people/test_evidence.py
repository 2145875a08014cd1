"""What limits a grouping: by hand, from faces that people have decided about."""

import pytest

from core.people import deciding as people
from core.people.encoders import encoder_of
from core.people.evidence import NOBODY, Evidence
from db.engine import reading
from tests.builders.poor_faces import judge
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


def test_poor_faces_have_no_say_unless_a_human_said_whose_they_are(workspace, dataset, faces, author):
    judge(workspace, faces, poor=faces[1:4])
    found = evidence(workspace, dataset)
    assert found.poor == set(faces[1:4])
    assert found.gate(found.limits(regroup=True), 0.5).silent.tolist() == [False, True, True, True, False, False]
    people.move_faces(workspace, faces[1:2], name="Ada", author_id=author)
    found = evidence(workspace, dataset)
    assert found.gate(found.limits(regroup=True), 0.5).silent.tolist() == [False, False, True, True, False, False]


def test_somebody_of_whom_there_are_only_poor_faces_is_told_by_those(workspace, dataset, faces, author):
    judge(workspace, faces)
    group(workspace, dataset)
    people.name_person(workspace, owners(workspace, dataset)[faces[2]][0], "Ada", author_id=author)
    judge(workspace, faces, poor=faces[1:5])
    found = evidence(workspace, dataset)
    silent = [False, True, False, False, True, False]
    assert found.gate(found.limits(regroup=True), 0).silent.tolist() == silent, "Ada has no others, and a name"
    assert found.gate(found.limits(regroup=False), 0).silent.tolist() == silent


def test_a_poor_face_that_is_all_there_is_of_somebody_is_free_until_something_is_said_of_them(
    workspace, dataset, faces, author
):
    group(workspace, dataset, threshold=0.99)
    judge(workspace, faces, poor=faces[2:4])
    one = owners(workspace, dataset)[faces[2]][0]
    assert evidence(workspace, dataset).limits(regroup=False).together[2:4].tolist() == [NOBODY, NOBODY]
    people.keep_apart(workspace, one, owners(workspace, dataset)[faces[4]][0], author_id=author)
    assert evidence(workspace, dataset).limits(regroup=False).together[2:4].tolist() == [one, NOBODY]
