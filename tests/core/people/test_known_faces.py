"""What is known of faces is read once for each state of the store, and follows every decision."""

from __future__ import annotations

import numpy as np
import pytest

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.people import known_faces as module
from core.people.deciding import confirm_faces, keep_apart, leave_unsure, move_faces
from core.people.encoders import encoder_of
from core.people.known_faces import known_faces
from core.people.owned_faces import OF_NOBODY
from core.people.showing import hide_people
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.builders.people_rows import own, remove
from tests.builders.staged_people import add_faces, vector


@pytest.fixture
def reads(monkeypatch):
    """How often vectors were read."""
    done = []
    read = module.face_vectors
    monkeypatch.setattr(module, "face_vectors", lambda *args, **options: done.append(1) or read(*args, **options))
    return done


@pytest.fixture
def six(workspace, dataset):
    """Three faces of one person, two of another, one of nobody."""
    rows = [vector(0, 0), vector(0, 1), vector(1, 2), vector(2, 3), vector(2, 4), vector(3, 5)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", row) for n, row in enumerate(rows)])
    return faces, own(workspace, dataset, faces[:3], confirmed=faces[1:2]), own(workspace, dataset, faces[3:5])


def known(workspace, dataset):
    return known_faces(workspace, dataset, encoder_of(workspace, dataset).id)


def test_everybody_is_known_by_the_mean_of_their_faces(workspace, dataset, six):
    faces, one, other = six
    found = known(workspace, dataset)
    assert found.faces.instances.tolist() == faces
    assert found.of.tolist() == [one] * 3 + [other] * 2 + [OF_NOBODY]
    assert found.confirmed.tolist() == [False, True, False, False, False, False]
    assert found.people.tolist() == [one, other]
    means = [np.mean([vector(0, 0), vector(0, 1), vector(1, 2)], 0), np.mean([vector(2, 3), vector(2, 4)], 0)]
    np.testing.assert_allclose(found.means, means, atol=1e-6)


def test_it_is_read_again_after_a_decision_only(workspace, dataset, author, six, reads):
    faces, one, other = six
    assert known(workspace, dataset) is known(workspace, dataset)
    assert len(reads) == 1
    confirm_faces(workspace, faces[:1], author_id=author)
    assert known(workspace, dataset).confirmed.tolist()[:2] == [True, True]
    move_faces(workspace, faces[3:4], person_id=one, author_id=author)
    assert known(workspace, dataset).of.tolist()[3] == one
    keep_apart(workspace, one, other, author_id=author)
    assert len(known(workspace, dataset).apart) > 0
    leave_unsure(workspace, [one], author_id=author)
    assert known(workspace, dataset).unsure == {(one,)}
    hide_people(workspace, [other], author_id=author)
    assert known(workspace, dataset).hidden == [other]
    (new,) = add_faces(workspace, dataset, [("new.jpg", vector(5))])
    assert known(workspace, dataset).faces.instances.tolist()[-1] == new
    remove(workspace, faces[0])
    assert faces[0] not in known(workspace, dataset).owned.instances.tolist()
    assert len(reads) == 8


def test_datasets_and_stores_are_not_mixed_and_few_are_kept(workspace, dataset, tmp_path, six, reads):
    author = ensured(workspace)
    with writing(workspace.engine) as session:
        datasets = [ensure_dataset(name, author, session=session) for name in ("second", "third")]
    for number in datasets:
        add_faces(workspace, number, [("a.jpg", vector(number))])
    assert [len(known(workspace, number).of) for number in (dataset, *datasets)] == [6, 1, 1]
    assert len(module._kept) == module._MOST_KEPT
    elsewhere = Workspace.open(Settings(home=tmp_path / "elsewhere"))
    with writing(elsewhere.engine) as session:
        same = ensure_dataset("same", ensured(elsewhere), session=session)
    add_faces(elsewhere, same, [("a.jpg", vector(0)), ("b.jpg", vector(1))])
    assert len(known(elsewhere, same).of) == 2
    elsewhere.engine.dispose()


def ensured(workspace):
    with writing(workspace.engine) as session:
        return ensure_user("ada", session=session)


def test_where_nobody_is_known_there_are_no_means(workspace, dataset):
    add_faces(workspace, dataset, [("a.jpg", vector(0))])
    found = known(workspace, dataset)
    assert (found.of.tolist(), found.people.tolist(), found.means.shape) == ([OF_NOBODY], [], (0, 64))
