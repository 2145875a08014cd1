"""The matrix cache of embeddings: always what the store says, read again only where the store has more."""

import numpy as np
import pytest
from sqlmodel import col, delete

import core.vectors
from core.vectors import face_vectors
from db.engine import reading, writing
from db.tables import Embedding, Image, Instance
from db.writes import ensure_dataset, ensure_model_version

D = 8


@pytest.fixture
def encoder(workspace):
    with writing(workspace.engine) as session:
        return ensure_model_version("staged", "encoder", "0" * 64, {}, session=session)


@pytest.fixture
def embed(workspace, dataset, encoder):
    """Adds faces with random unit vectors to a dataset; returns their instance ids and vectors."""
    rng = np.random.default_rng(0)

    def add(count, into=dataset):
        vectors = rng.normal(size=(count, D)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        ids = []
        with writing(workspace.engine) as session:
            for vector in vectors:
                name = rng.bytes(16).hex()
                image = Image(
                    dataset_id=into, path=name, sha256=name, size_bytes=1, width=1, height=1, format="PNG", original=""
                )
                session.add(image)
                session.flush()
                face = Instance(dataset_id=into, image_id=image.id, kind="face", left=0, top=0, right=1, bottom=1)
                session.add(face)
                session.flush()
                session.add(Embedding(instance_id=face.id, model_version_id=encoder, vector=vector.tobytes()))
                ids.append(face.id)
        return ids, vectors

    return add


@pytest.fixture
def load(workspace, dataset, encoder):
    def read(wanted=dataset):
        with reading(workspace.engine) as session:
            return face_vectors(workspace, wanted, encoder, session=session)

    return read


def test_no_embedding_gives_no_face(load):
    assert len(load().instances) == 0
    assert len(load().vectors) == 0


def test_matrix_holds_what_the_store_holds(load, embed):
    ids, vectors = embed(5)
    found = load()
    assert found.instances.tolist() == ids
    np.testing.assert_array_equal(found.vectors, vectors)


def test_new_faces_are_appended_and_only_they_are_read(load, embed, monkeypatch):
    ids, vectors = embed(5)
    load()
    asked = []
    rows = core.vectors.vector_rows
    monkeypatch.setattr(
        core.vectors,
        "vector_rows",
        lambda encoder, after, session: asked.append(after) or rows(encoder, after, session=session),
    )
    more, others = embed(3)
    found = load()
    load()
    assert asked == [5], "the first five come from the last generation, and nothing is read a third time"
    assert found.instances.tolist() == ids + more
    np.testing.assert_array_equal(found.vectors, np.concatenate([vectors, others]))


def test_deleted_embedding_is_gone_even_when_as_many_new_ones_came(load, embed, workspace):
    ids, _ = embed(3)
    load()
    with writing(workspace.engine) as session:
        session.exec(delete(Embedding).where(col(Embedding.instance_id) == ids[2]))
    more, _ = embed(1)
    assert load().instances.tolist() == ids[:2] + more


def test_removed_face_and_other_datasets_are_left_out(load, embed, workspace, author):
    ids, vectors = embed(3)
    with writing(workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
        session.get(Instance, ids[1]).removed = True
    theirs, _ = embed(2, into=other)
    found = load()
    assert found.instances.tolist() == [ids[0], ids[2]]
    np.testing.assert_array_equal(found.vectors, vectors[[0, 2]])
    assert load(other).instances.tolist() == theirs


def test_failed_write_leaves_no_half_of_a_matrix(load, embed, monkeypatch, workspace):
    embed(2)

    def breaks(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(core.vectors, "vector_rows", breaks)
    with pytest.raises(OSError, match="disk is full"):
        load()
    assert list((workspace.home / "vectors").iterdir()) == []
    monkeypatch.undo()
    assert len(load().instances) == 2


def test_lost_cache_is_made_again(load, embed, workspace):
    ids, _ = embed(2)
    load()
    for path in (workspace.home / "vectors").iterdir():
        path.unlink()
    assert load().instances.tolist() == ids
