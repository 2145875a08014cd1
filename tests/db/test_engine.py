"""The store's connection: durable, strict, and many writers without a lock error."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import func, select

from core.foundation.errors import StoreBusy, StoreFull
from db.engine import open_engine, reading
from db.tables import DailyWork, Embedding, Image, Instance, Moment, Person, User, now
from db.writes.dashboard import record_work
from db.writes.library import ensure_dataset, ensure_user, recount_faces
from db.writes.models import ensure_model_version
from db.writes.people import ensure_person
from db.writing import migrating, writing


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2), ("page_size", 16384), ("busy_timeout", 30_000)],
)
def test_every_connection_is_durable_and_strict(workspace, pragma, value):
    with workspace.engine.connect() as one, workspace.engine.connect() as other:
        for connection in (one, other):
            assert connection.execute(text(f"PRAGMA {pragma}")).scalar() == value


def test_a_new_store_has_large_pages(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (a)"))
    engine.dispose()
    with closing(sqlite3.connect(tmp_path / "new.db")) as plain:
        assert plain.execute("PRAGMA page_size").fetchone() == (16384,)


def test_writers_wait_for_one_another_also_after_reading(workspace, dataset, author):
    errors = []

    def count():
        try:
            for _ in range(25):
                with writing(workspace.engine) as session:
                    session.exec(select(func.count()).select_from(User)).one()  # a deferred transaction would fail now
                    record_work(author, dataset, "tests", session=session)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with reading(workspace.engine) as session:
        assert session.exec(select(DailyWork.count)).one() == 100


def test_a_reader_does_not_wait_for_a_writer_and_sees_only_what_is_done(workspace, author):
    with writing(workspace.engine) as session:
        ensure_user("half done", session=session)
        with reading(workspace.engine) as other:
            assert other.exec(select(User.name)).all() == ["ada"]
    with reading(workspace.engine) as other:
        assert set(other.exec(select(User.name))) == {"ada", "half done"}


def test_what_raises_is_rolled_back(workspace):
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(workspace.engine) as session:
        session.add_all([User(name="nobody"), Person(dataset_id=99)])
    with reading(workspace.engine) as session:
        assert session.exec(select(User)).all() == []


def test_rows_can_be_read_after_the_commit(workspace):
    with writing(workspace.engine) as session:
        user = User(name="eve")
        session.add(user)
    assert user.name == "eve"


def test_a_row_that_refers_to_nothing_is_refused(workspace):
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(workspace.engine) as session:
        session.add(Person(dataset_id=99, name="x"))


def test_deleting_a_picture_takes_its_faces_and_vectors_along(workspace, dataset):
    with writing(workspace.engine) as session:
        image = Image(
            dataset_id=dataset, path="a", sha256="0", size_bytes=1, width=1, height=1, format="PNG", original="a"
        )
        session.add(image)
        session.flush()
        face = Instance(dataset_id=dataset, image_id=image.id, kind="face", left=0, top=0, right=1, bottom=1)
        session.add(face)
        session.flush()
        encoder = ensure_model_version("e", "encoder", "0", {}, session=session)
        session.add(Embedding(instance_id=face.id, model_version_id=encoder, vector=bytes(8)))
        recount_faces(image.id, session=session)
        session.refresh(image)
        assert image.faces == 1
        session.delete(image)
    with reading(workspace.engine) as session:
        assert session.exec(select(Instance)).all() == []
        assert session.exec(select(Embedding)).all() == []


def test_two_active_people_of_a_dataset_cannot_share_a_name_but_unnamed_ones_may(workspace, dataset):
    with writing(workspace.engine) as session:
        session.add_all([Person(dataset_id=dataset), Person(dataset_id=dataset)])
        session.add_all([Person(dataset_id=dataset, name="Ada"), Person(dataset_id=dataset, name="Ada", active=False)])
    with pytest.raises(IntegrityError, match="UNIQUE"), writing(workspace.engine) as session:
        session.add(Person(dataset_id=dataset, name="Ada"))


def test_the_same_content_twice_in_a_dataset_is_refused(workspace, dataset):
    same = {"sha256": "0", "size_bytes": 1, "width": 1, "height": 1, "format": "PNG", "original": "a"}
    with pytest.raises(IntegrityError, match="UNIQUE"), writing(workspace.engine) as session:
        session.add_all([Image(dataset_id=dataset, path=path, **same) for path in ("a", "b")])


def test_what_is_ensured_twice_is_there_once(workspace, author):
    with writing(workspace.engine) as session:
        assert ensure_user("ada", session=session) == author
        one, other = (ensure_dataset("d", author, session=session) for _ in range(2))
        assert one == other
        first = ensure_model_version("m", "encoder", "0", {"a": 1, "b": 2}, session=session)
        assert ensure_model_version("m", "encoder", "0", {"b": 2, "a": 1}, session=session) == first
        assert ensure_model_version("m", "encoder", "0", {"a": 1, "b": 3}, session=session) != first
        assert ensure_model_version("m", "encoder", "1", {"a": 1, "b": 2}, session=session) != first
        ada, again = (ensure_person(one, "Ada", author, session=session) for _ in range(2))
        assert ada == again
        session.get(Person, ada).active = False
        session.flush()
        assert ensure_person(one, "Ada", author, session=session) != ada


def test_work_adds_up_for_each_day_person_dataset_and_kind(workspace, dataset, author):
    began = now()
    with writing(workspace.engine) as session:
        record_work(author, dataset, "edits", session=session)
        record_work(author, dataset, "edits", 4, session=session)
        record_work(author, dataset, "boxes", session=session)
    with reading(workspace.engine) as session:
        rows = session.exec(select(DailyWork.day, DailyWork.kind, DailyWork.count)).all()
    assert sorted(row[1:] for row in rows) == [("boxes", 1), ("edits", 5)]
    assert {day for day, _, _ in rows} <= {f"{began:%Y-%m-%d}", f"{now():%Y-%m-%d}"}


def test_moments_come_back_in_utc(workspace, author):
    with reading(workspace.engine) as session:
        made = session.get(User, author).created_at
    assert made.utcoffset().total_seconds() == 0
    assert abs((now() - made).total_seconds()) < 60
    assert Moment().process_bind_param(None, None) is None


def test_rebuilding_a_table_in_a_migration_does_not_delete_what_refers_to_it(workspace, dataset):
    with migrating(workspace.engine) as connection:
        connection.execute(text("CREATE TABLE copy AS SELECT * FROM user"))
        connection.execute(text("DROP TABLE user"))
        connection.execute(text("ALTER TABLE copy RENAME TO user"))
        connection.execute(text("CREATE UNIQUE INDEX user_id ON user (id)"))
        assert connection.execute(text("SELECT count(*) FROM dataset")).scalar() == 1
    with workspace.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_migration_that_leaves_loose_rows_is_rolled_back(workspace, dataset):
    loose = "1 rows refer to nothing, as in dataset"
    with pytest.raises(IntegrityError, match=loose), migrating(workspace.engine) as connection:
        connection.execute(text("DELETE FROM user"))
    with reading(workspace.engine) as session:
        assert len(session.exec(select(User)).all()) == 1


def test_a_writer_that_waits_in_vain_gets_a_sentence(workspace, author, monkeypatch):
    monkeypatch.setattr("db.engine._BUSY_MS", 50)
    workspace.engine.dispose()
    with writing(workspace.engine) as held:
        ensure_user("bo", session=held)
        busy = "other work kept the store busy for too long and nothing was saved; try again in a moment"
        with pytest.raises(StoreBusy, match=busy), writing(workspace.engine) as session:
            ensure_user("eve", session=session)
        with reading(workspace.engine) as session:
            assert session.exec(select(User.name)).all() == ["ada"]


def test_without_a_sentence_of_its_own_a_busy_store_raises_what_the_database_does(tmp_path, monkeypatch):
    monkeypatch.setattr("db.engine._BUSY_MS", 50)
    engine = open_engine(f"sqlite:///{tmp_path / 'new.db'}")
    with writing(engine) as held:
        held.connection()
        with pytest.raises(OperationalError, match="database is locked"), writing(engine) as session:
            session.connection()
    engine.dispose()


def test_a_full_disk_is_one_sentence_and_loses_nothing_that_was_saved(workspace, author):
    full = "the store cannot be written: the disk is full or damaged"
    with pytest.raises(StoreFull, match=full):
        _fill(workspace)
    workspace.engine.dispose()  # the limit is the connection's
    with reading(workspace.engine) as session:
        assert session.exec(select(User.name)).all() == ["ada"]


def _fill(workspace):
    with writing(workspace.engine) as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
        for number in range(5000):
            ensure_user(f"user {number:06d} " + "x" * 200, session=session)
