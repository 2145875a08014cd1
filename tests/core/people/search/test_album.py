"""What a search looks through, read from the store."""

from __future__ import annotations

import numpy as np
from sqlmodel import select

from core.people import deciding
from core.people.encoders import encoder_of
from core.people.owned_faces import OF_NOBODY
from core.people.search.album import NOT_MEASURED, Album
from db.tables import Embedding
from db.writing import writing
from tests.builders.people_rows import own, remove
from tests.builders.staged_people import add_faces, vector


def test_faces_come_with_their_picture_vector_and_whose_they_are(workspace, dataset, author):
    faces = add_faces(
        workspace, dataset, [("b.jpg", vector(0)), ("b.jpg", vector(1)), ("a.jpg", vector(2)), ("c.jpg", vector(3))]
    )
    ada = own(workspace, dataset, faces[:2], "Ada", confirmed=faces[:1])
    unnamed = own(workspace, dataset, faces[2:3])
    remove(workspace, faces[3])
    deciding.release_faces(workspace, faces[1:2], author_id=author)
    album = Album.of(workspace, dataset, encoder_of(workspace, dataset).id)
    assert [album.paths[row] for row in album.rows] == ["b.jpg", "b.jpg", "a.jpg"]
    assert album.faces.tolist() == faces[:3]
    assert album.owners.tolist() == [ada, OF_NOBODY, unnamed]
    assert (album.settled.tolist(), album.confirmed.tolist()) == ([True, False, False], [True, False, False])
    assert (faces[1], ada) in album.refused
    np.testing.assert_array_equal(album.vectors_of(album.rows == album.rows[0]), [vector(0), vector(1)])


def test_a_face_without_a_vector_is_there_and_not_measured(workspace, dataset):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(1)), ("c.jpg", vector(2))])
    encoder = encoder_of(workspace, dataset).id
    with writing(workspace.engine) as session:
        session.delete(session.exec(select(Embedding).where(Embedding.instance_id == faces[1])).one())
    album = Album.of(workspace, dataset, encoder)
    assert album.measured.tolist()[1] == NOT_MEASURED
    np.testing.assert_array_equal(album.vectors[album.measured[[0, 2]]], [vector(0), vector(2)])
    without = Album.of(workspace, dataset, None)
    assert (without.measured.tolist(), without.vectors.shape) == ([NOT_MEASURED] * 3, (0, 0))


def test_an_empty_dataset_is_an_empty_album(workspace, dataset):
    album = Album.of(workspace, dataset, None)
    assert (len(album.images), len(album.faces), album.paths, len(album.events)) == (0, 0, (), 0)
    assert album.vectors_of(np.zeros(0, bool)).shape == (0, 0)
