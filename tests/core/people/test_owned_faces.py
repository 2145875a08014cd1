"""Whose faces are, as columns: those of nobody and of other datasets are told apart from the rest."""

from __future__ import annotations

import numpy as np

from core.people.owned_faces import OF_NOBODY, OwnedFaces
from db.engine import reading
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector


def test_each_face_is_told_its_person_and_whether_a_human_said_so(workspace, dataset):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(n)) for n in range(5)])
    late, early = own(workspace, dataset, faces[3:]), own(workspace, dataset, faces[:2], confirmed=faces[1:2])
    with reading(workspace.engine) as session:
        owned = OwnedFaces.of(dataset, session=session)
        elsewhere = OwnedFaces.of(dataset + 1, session=session)
    asked = np.array([faces[4], faces[2], faces[1], faces[0], faces[4] + 1, 0])
    assert owned.instances.tolist() == [*faces[:2], *faces[3:]]
    assert owned.person_of(asked).tolist() == [late, OF_NOBODY, early, early, OF_NOBODY, OF_NOBODY]
    assert owned.confirmed(asked).tolist() == [False, False, True, False, False, False]
    assert elsewhere.person_of(asked).tolist() == [OF_NOBODY] * 6
    assert not elsewhere.confirmed(asked).any()
