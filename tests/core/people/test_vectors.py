"""The matrix cache of embeddings: always what the store says, read again only where the store has more."""

import shutil

import numpy as np
import pytest
from sqlmodel import col, delete

import core.people.vectors
from core.people.vectors import face_vectors
from db.engine import reading
from db.migrate import backup
from db.tables import Embedding, Image, Instance
from db.writes.library import ensure_dataset
from db.writes.models import ensure_model_version
from db.writing import writing

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
    rows = core.people.vectors.vector_rows
    monkeypatch.setattr(
        core.people.vectors,
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

    monkeypatch.setattr(core.people.vectors, "vector_rows", breaks)
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


def test_cache_that_another_process_forgets_while_it_is_opened_is_made_again(load, embed, monkeypatch, workspace):
    ids, _ = embed(2)
    load()
    real = np.fromfile

    def late(*arguments, **options):
        monkeypatch.setattr(np, "fromfile", real)
        for path in (workspace.home / "vectors").iterdir():
            path.unlink()
        return real(*arguments, **options)

    monkeypatch.setattr(np, "fromfile", late)
    assert load().instances.tolist() == ids


def test_cache_that_another_process_forgets_while_it_is_copied_is_read_from_the_store(
    load, embed, monkeypatch, workspace
):
    ids, vectors = embed(2)
    load()
    more, others = embed(1)
    real = shutil.copyfileobj

    def late(source, target):
        monkeypatch.setattr(shutil, "copyfileobj", real)
        for path in (workspace.home / "vectors").glob("*-*"):
            if not path.name.startswith("."):
                path.unlink()
        real(source, target)

    monkeypatch.setattr(shutil, "copyfileobj", late)
    found = load()
    assert found.instances.tolist() == ids + more
    np.testing.assert_array_equal(found.vectors, np.concatenate([vectors, others]))
    assert not list((workspace.home / "vectors").glob(".partial-*"))


def test_one_older_generation_stays_for_those_who_are_about_to_open_it(load, embed, workspace):
    for _ in range(4):
        embed(1)
        load()
    rows = sorted(path.name.split("-")[1] + path.suffix for path in (workspace.home / "vectors").iterdir())
    assert rows == ["3.faces", "3.vectors", "4.faces", "4.vectors"]


def test_cache_of_what_came_after_a_backup_is_not_taken_for_what_came_after_it_was_put_back(
    embed, load, workspace, dataset, encoder, tmp_path
):
    embed(1)
    copy = backup(workspace.engine, tmp_path / "backup.db")
    embed(1)
    assert len(load().vectors) == 2
    workspace.engine.dispose()
    for ending in ("-wal", "-shm"):
        (workspace.home / f"store.db{ending}").unlink(missing_ok=True)
    shutil.copyfile(copy, workspace.home / "store.db")
    ids, vectors = embed(1)  # another face under the ids of the one that is no more
    found = load()
    assert found.instances[1] == ids[0]
    np.testing.assert_array_equal(found.vectors[1:], vectors)


@pytest.mark.parametrize("kind", ["faces", "vectors"])
@pytest.mark.parametrize("left", [0, 0.5])
def test_file_that_a_power_cut_left_short_is_made_again(load, embed, workspace, kind, left):
    ids, vectors = embed(4)
    load()
    (short,) = (workspace.home / "vectors").glob(f"*.{kind}")
    content = short.read_bytes()
    short.write_bytes(content[: int(left * len(content))])
    found = load()
    assert found.instances.tolist() == ids
    np.testing.assert_array_equal(found.vectors, vectors)
