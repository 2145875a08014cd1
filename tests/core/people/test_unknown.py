"""Who is unknown and why: by hand, of nobody, and with what a human has said."""

import pytest

from core.people import deciding as people
from core.people.quality import Reason
from core.people.showing import hide_people
from core.people.unknown import counted_reasons, unknown_faces
from db.writes.quality import set_quality
from db.writing import writing
from tests.builders.poor_faces import quality
from tests.builders.staged_people import add_faces, group, owners, vector

FIGURES = [{}, {}, {"sharpness": 1.0}, {"size": 9.0}, {"yaw": 70.0}, {"disagreement": 0.9}, {}]


@pytest.fixture
def faces(workspace, dataset):
    """Two of one person, and five of others, of whom the last is not measured."""
    added = add_faces(workspace, dataset, [(f"{n}.jpg", vector(max(n - 1, 0), n)) for n in range(8)])
    with writing(workspace.engine) as session:
        for face, figures in zip(added, FIGURES, strict=False):
            set_quality(quality(face, **figures), session=session)
    return added


def why(workspace, dataset):
    return {face.instance_id: str(face.reason) for face in unknown_faces(workspace, dataset)}


def test_an_empty_dataset_has_nobody_unknown(workspace, dataset):
    assert unknown_faces(workspace, dataset) == []
    assert set(counted_reasons([]).values()) == {0}


def test_faces_of_nobody_and_of_those_seen_once_are_unknown_for_a_reason(workspace, dataset, faces):
    reasons = ["nobody near", "nobody near", "blurred", "small", "profile", "covered", "nobody near", "nobody near"]
    assert why(workspace, dataset) == dict(zip(faces, reasons, strict=True)), "nobody is grouped yet"
    group(workspace, dataset)
    assert why(workspace, dataset) == dict(zip(faces[2:], reasons[2:], strict=True))
    found = unknown_faces(workspace, dataset)
    assert [face.person_id for face in found] == [owners(workspace, dataset)[face][0] for face in faces[2:]]
    assert counted_reasons(found) == {
        Reason.SMALL: 1,
        Reason.BLURRED: 1,
        Reason.PROFILE: 1,
        Reason.COVERED: 1,
        Reason.ALONE: 2,
    }
    assert (found[2].turned, found[2].score, found[-1].sharpness) == (70.0, 0.99, None)


def test_who_has_a_name_is_known_and_who_was_taken_out_is_no_face(workspace, dataset, author, faces):
    group(workspace, dataset)
    people.name_person(workspace, owners(workspace, dataset)[faces[2]][0], "Ada", author_id=author)
    people.remove_faces(workspace, faces[3:4], author_id=author)
    assert sorted(why(workspace, dataset)) == faces[4:]


def test_who_is_hidden_is_not_among_them(workspace, dataset, author, faces):
    group(workspace, dataset)
    hide_people(workspace, [owners(workspace, dataset)[faces[2]][0]], author_id=author)
    assert set(why(workspace, dataset)) == set(faces[3:])
