"""Migrations: up, down, no drift, a copy before, and several processes at once."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import SQLModel, select

from core.foundation.arrays import Keypoints
from core.foundation.errors import FacetError
from core.foundation.messages import worded
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.clip_frames import frame_identity
from db import migrate
from db.engine import open_engine, reading
from db.migrate import StoreNotCopied, UnknownRevision, backup, config, upgrade
from db.queries.library import pictures_without_capture_time
from db.queries.people.ownership import separations
from db.queries.people.quality import unmeasured_faces
from db.queries.store import store_id
from db.tables import (
    Dataset,
    Exclusion,
    FaceQuality,
    Image,
    Instance,
    KeypointRevision,
    PeopleEvent,
    Run,
    Scan,
    Separation,
    SkippedInput,
    Threshold,
    TrainedModel,
    User,
    WaitingLabel,
)
from db.writes.library import ensure_user
from db.writing import migrating, writing
from tests.builders.places import ROOT


@pytest.fixture
def engine(tmp_path):
    made = open_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
    yield made
    made.dispose()


def run(engine, what, *arguments):
    with migrating(engine) as connection:
        made = config()
        made.attributes["connection"] = connection
        what(made, *arguments)


def test_a_new_store_gets_every_table_and_no_backup(engine, tmp_path):
    assert upgrade(engine, tmp_path / "backups") is None
    assert set(inspect(engine).get_table_names()) == {*SQLModel.metadata.tables, "alembic_version"}
    assert not (tmp_path / "backups").exists()
    assert upgrade(engine, tmp_path / "backups") is None


def test_the_tables_and_the_migrations_agree(engine, tmp_path):
    upgrade(engine, tmp_path)
    run(engine, command.check)


def test_every_migration_can_be_taken_back_and_applied_again(engine, tmp_path):
    upgrade(engine, tmp_path)
    run(engine, command.downgrade, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    run(engine, command.upgrade, "head")
    run(engine, command.check)


def test_migrations_are_one_line_from_the_first_to_the_last():
    scripts = ScriptDirectory.from_config(config())
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    known = {script.revision for script in scripts.walk_revisions()}
    assert migrate._revisions(migrate._SCRIPTS) == (known, scripts.get_current_head())


def test_a_store_that_is_up_to_date_is_opened_without_alembic(workspace):
    code = (
        "import sys; from core.foundation.workspace import Workspace; Workspace.open(); print('alembic' in sys.modules)"
    )
    environment = os.environ | {"FACET_HOME": str(workspace.home)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.stdout == "False\n", done.stderr


@pytest.fixture
def one_more(monkeypatch, tmp_path):
    """A pending migration that adds a column by rebuilding the table."""
    scripts = tmp_path / "migrations"
    shutil.copytree(Path(migrate.__file__).parent / "migrations", scripts, ignore=shutil.ignore_patterns("__pycache__"))
    head = ScriptDirectory.from_config(config()).get_current_head()

    def write(body):
        (scripts / "versions" / "next.py").write_text(
            f"import sqlalchemy as sa\nfrom alembic import op\nrevision = 'next'\ndown_revision = {head!r}\n"
            f"def upgrade():\n{body}\n"
        )
        monkeypatch.setattr(migrate, "_SCRIPTS", scripts)
        return head

    return write


REBUILD = """    with op.batch_alter_table("user", recreate="always") as batch:
        batch.add_column(sa.Column("email", sa.String()))
"""


def test_a_pending_migration_copies_the_store_first_and_loses_nothing(workspace, dataset, author, one_more):
    head = one_more(REBUILD)
    copy = upgrade(workspace.engine, workspace.home / "backups")
    assert copy.name.startswith(f"store-{head}-")
    with closing(sqlite3.connect(copy)) as before:
        assert before.execute("SELECT version_num FROM alembic_version").fetchone() == (head,)
        assert before.execute("SELECT name FROM user").fetchall() == [("ada",)]
        assert before.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with workspace.engine.connect() as now:
        assert now.execute(text("SELECT name, email FROM user")).fetchall() == [("ada", None)]
        assert now.execute(text("SELECT name FROM dataset")).fetchall() == [("faces",)]


def test_a_migration_that_fails_changes_nothing(workspace, dataset, one_more):
    head = one_more(REBUILD + "    raise RuntimeError('broken')")
    with pytest.raises(RuntimeError, match="broken"):
        upgrade(workspace.engine, workspace.home / "backups")
    with workspace.engine.connect() as now:
        assert now.execute(text("SELECT version_num FROM alembic_version")).scalar() == head
        assert "email" not in {column["name"] for column in inspect(now).get_columns("user")}
    assert len(list((workspace.home / "backups").glob("*.db"))) == 1


def test_a_store_from_before_datasets_counted_their_changes_begins_to_count_at_nothing(engine, tmp_path):
    run(engine, command.upgrade, "0005")
    with migrating(engine) as connection:
        connection.execute(text("INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01')"))
        connection.execute(text("INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1)"))
    assert upgrade(engine, tmp_path / "backups").exists()
    with writing(engine) as session:
        session.add(Exclusion(dataset_id=1, name="a.png", author_id=1))
    with reading(engine) as session:
        counted = session.exec(select(Dataset.name, Dataset.revision, Dataset.ranking_revision)).all()
    assert counted == [("a", 1, 1)]


ROWS_BEFORE = """
INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01');
INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1);
INSERT INTO dailywork VALUES (1, 1, '2026-01-01', 'landmark edits', 3), (1, 1, '2026-01-01', 'boxes drawn', 2);
INSERT INTO modelversion VALUES (1, 'net', 'landmarks', '1', '{}', '', '2026-01-01');
INSERT INTO image VALUES
    (1, 1, 'a.png', '0', 1, 1, 1, 'PNG', 'o', NULL, NULL, 'new', NULL, 0, NULL, '2026-01-01', NULL);
INSERT INTO instance (dataset_id, image_id, kind, left, top, right, bottom, origin, removed, created_at)
    VALUES (1, 1, 'face', 0, 0, 1, 1, 'human', 0, '2026-01-01');
INSERT INTO prediction VALUES (1, 1, 1, 'face68', x'01', x'02', '2026-01-01')"""


def test_words_of_work_become_codes_and_come_back_and_predictions_keep_their_uncertainty(engine, tmp_path):
    run(engine, command.upgrade, "0007")
    with migrating(engine) as connection:
        for statement in ROWS_BEFORE.split(";\n"):
            connection.exec_driver_sql(statement)
    kinds = "SELECT kind, count FROM dailywork ORDER BY count"
    assert upgrade(engine, tmp_path / "backups").exists()
    with engine.connect() as now:
        assert now.execute(text(kinds)).all() == [("boxes_drawn", 2), ("landmark_edits", 3)]
        assert now.execute(text("SELECT uncertainty FROM prediction")).scalar() == b"\x02"
    run(engine, command.downgrade, "0007")
    with engine.connect() as now:
        assert now.execute(text(kinds)).all() == [("boxes drawn", 2), ("landmark edits", 3)]
        assert now.execute(text("SELECT doubt FROM prediction")).scalar() == b"\x02"


SENTENCES_BEFORE = """
INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01');
INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1);
INSERT INTO run (id, kind, dataset_id, author_id, parameters, state, done, total, done_at_start, counts, message, error,
    deaths, cancel_requested, created_at)
    VALUES (1, 'train', 1, 1, '{}', 'failed', 1, 2, 0,
    '{"epochs": 3, "reason": null, "said": ["stopped after \\"2\\""], "warnings": []}', 'Training', 'it "broke"\n— so',
    0, 0, '2026-01-01'), (2, 'import', 1, 1, '{}', 'done', 1, 2, 0, '{"added": 1}', '', NULL, 0, 0, '2026-01-01');
INSERT INTO skipped (run_id, path, reason) VALUES (1, 'a.txt', 'not a picture but text');
INSERT INTO image (id, dataset_id, path, sha256, size_bytes, width, height, format, original, state, reason, faces,
    imported_at) VALUES (1, 1, 'a.png', 'a', 1, 1, 1, 'PNG', 'a', 'failed', 'it is damaged', 0, '2026-01-01'),
    (2, 1, 'b.png', 'b', 1, 1, 1, 'PNG', 'b', 'new', NULL, 0, '2026-01-01');
INSERT INTO modelversion (id, name, kind, weights_sha256, settings, settings_key, created_at)
    VALUES (1, 'm', 'encoder', 'a', '{}', '', '2026-01-01');
INSERT INTO scan (image_id, model_version_id, faces, failure, at) VALUES (1, 1, 0, 'it is damaged', '2026-01-01'),
    (2, 1, 0, NULL, '2026-01-01');
INSERT INTO peopleevent (dataset_id, kind, summary, payload, author_id, undone, at)
    VALUES (1, 'name', 'Named unnamed person 3 Bo', '{}', 1, 0, '2026-01-01');
INSERT INTO instance (id, dataset_id, image_id, kind, "left", top, "right", bottom, origin, removed, created_at)
    VALUES (1, 1, 1, 'face', 0, 0, 1, 1, 'human', 0, '2026-01-01');
INSERT INTO keypointrevision (instance_id, skeleton, points, source, note, created_at) VALUES
    (1, 'face68', x'', 'human', 'Undo: Move nose_4', '2026-01-01'), (1, 'face68', x'', 'human', '', '2026-01-01'),
    (1, 'face68', x'', 'human', 'Imported from "b".csv', '2026-01-01'),
    (1, 'face68', x'', 'model', 'Pre-labelled', '2026-01-01');
INSERT INTO threshold (dataset_id, model_version_id, value, chosen, metrics, author_id, at)
    VALUES (1, 1, 0.5, 'eer', '{}', 1, '2026-01-01');
INSERT INTO trainedmodel (model_version_id, dataset_id, recipe, recipe_settings, skeleton, file, data, figures, seconds,
    author_id, created_at) VALUES (1, 1, 'r', '{}', 'face68', 'f', '{"warnings": ["this came to nothing"]}', '{}', 0, 1,
    '2026-01-01');
"""
MESSAGES = [
    ("run", "message"),
    ("run", "error"),
    ("skipped", "reason"),
    ("image", "reason"),
    ("scan", "failure"),
    ("peopleevent", "summary"),
    ("keypointrevision", "note"),
    ("threshold", "chosen"),
    ("run", "counts"),
    ("trainedmodel", "data"),
]


def _stored(engine):
    with engine.connect() as now:
        return {
            (table, column): now.execute(text(f'SELECT "{column}" FROM "{table}" ORDER BY rowid')).scalars().all()
            for table, column in MESSAGES
        }


def test_sentences_from_before_codes_are_kept_word_for_word_and_known_ones_get_their_codes(engine, tmp_path):
    run(engine, command.upgrade, "0006")
    with migrating(engine) as connection:
        for statement in filter(str.strip, SENTENCES_BEFORE.split(";\n")):
            connection.exec_driver_sql(statement)
    before = _stored(engine)
    assert upgrade(engine, tmp_path / "backups").exists()
    with reading(engine) as session:
        notes = session.exec(select(KeypointRevision.note).order_by(KeypointRevision.id)).all()
        runs = session.exec(select(Run).order_by(Run.id)).all()
        rows = [session.exec(select(kind).order_by(text("rowid"))).all() for kind in (Image, Scan, SkippedInput)]
        others = [session.exec(select(kind)).one() for kind in (PeopleEvent, Threshold, TrainedModel)]
    assert [note and note["code"] for note in notes] == [
        "words.verbatim",
        None,
        "edits.imported_from",
        "edits.pre_labelled",
    ]
    assert worded(list(notes)) == ["Undo: Move nose_4", None, 'Imported from "b".csv', "Pre-labelled"]
    assert [(worded(one.message), worded(one.error)) for one in runs] == [
        ("Training", 'it "broke"\n— so'),
        (None, None),
    ]
    assert worded(runs[0].counts) == {"epochs": 3, "reason": None, "said": ['stopped after "2"'], "warnings": []}
    assert runs[0].counts["said"][0]["code"] == "words.verbatim"
    assert [worded(one.reason) for one in rows[0]] == ["it is damaged", None]
    assert [worded(one.failure) for one in rows[1]] == ["it is damaged", None]
    assert [worded(one.reason) for one in rows[2]] == ["not a picture but text"]
    assert (worded(others[0].summary), others[1].chosen["code"]) == ("Named unnamed person 3 Bo", "thresholds.eer")
    assert worded(others[2].data) == {"warnings": ["this came to nothing"]}
    run(engine, command.downgrade, "0006")
    after = _stored(engine)
    assert {key: rows for key, rows in after.items() if rows != before[key]} == {}


def test_a_message_survives_the_way_back_and_forward(engine):
    run(engine, command.upgrade, "head")
    told = {"code": "runs.broke", "fields": {"kind": "ValueError", "reason": "it — “broke”"}, "of": "a.png"}
    with writing(engine) as session:
        author = ensure_user("ada", session=session)
        session.add(Run(kind="import", author_id=author, error=told))
    run(engine, command.downgrade, "0006")
    run(engine, command.upgrade, "head")
    with reading(engine) as session:
        assert session.exec(select(Run.error)).one() == told


@pytest.mark.parametrize("sentence", ["it is damaged", {"text": "it is damaged"}, {"code": "a.b"}])
def test_a_sentence_is_refused_where_a_message_belongs(workspace, author, sentence):
    with pytest.raises(StatementError, match="a message has a code and fields"), writing(workspace.engine) as session:
        session.add(Run(kind="import", author_id=author, error=sentence))


def _decision(number, apart, undone):
    payload = {"instances": [], "people": [], "before": {"assignments": [], "separations": apart}}
    return (
        "INSERT INTO peopleevent (id, dataset_id, kind, summary, payload, author_id, undone, at) VALUES "
        f"({number}, 1, 'move', '{{}}', '{json.dumps(payload)}', 1, {undone}, '2026-01-01')"
    )


def test_separations_of_decisions_that_stand_count_and_those_that_lay_in_snapshots_alone_come_back(engine, tmp_path):
    run(engine, command.upgrade, "0010")
    statements = [
        *ROWS_BEFORE.replace("'landmark edits'", "'a'").replace("'boxes drawn'", "'b'").split(";\n")[:5],
        "INSERT INTO instance (id, dataset_id, image_id, kind, left, top, right, bottom, origin, removed, created_at) "
        "VALUES (1, 1, 1, 'face', 0, 0, 1, 1, 'human', 0, '2026-01-01')",
        "INSERT INTO person (id, dataset_id, active, created_at) VALUES (1, 1, 1, '2026-01-01'), "
        "(2, 1, 1, '2026-01-01'), (3, 1, 1, '2026-01-01'), (4, 1, 1, '2026-01-01')",
        _decision(1, [], 0),
        _decision(2, [[1, 4, 1]], 1),  # undone: what it said was brought back by mistake
        _decision(3, [[1, 1, 1], [1, 3, 2], [1, 99, 1]], 0),  # the face was moved to person 1 of whom it was kept apart
        "INSERT INTO separation (instance_id, person_id, event_id) VALUES (1, 2, 1), (1, 3, 2)",
        "INSERT INTO assignment (instance_id, dataset_id, person_id, source, at) "
        "VALUES (1, 1, 1, 'human', '2026-01-01')",
    ]
    with migrating(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    assert upgrade(engine, tmp_path / "backups").exists()
    with reading(engine) as session:
        assert sorted(separations(1, session=session)) == [(1, 2), (1, 4)]
        rows = session.exec(select(Separation.person_id, Separation.event_id).order_by(Separation.person_id)).all()
    assert rows == [(1, 1), (2, 1), (3, 2), (4, 1)]
    run(engine, command.downgrade, "0010")
    with engine.connect() as now:
        assert now.execute(text("SELECT person_id, event_id FROM separation ORDER BY 1")).all() == [(2, 1), (4, 1)]


def test_many_who_open_a_new_home_at_once_all_get_the_store(tmp_path):
    opened, errors, barrier = [], [], threading.Barrier(6)

    def open_it():
        barrier.wait()
        try:
            opened.append(Workspace.open(Settings(home=tmp_path / "home")))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for workspace in opened:
        workspace.engine.dispose()
    assert errors == []
    assert not (tmp_path / "home" / "backups").exists()


def test_a_store_from_a_newer_version_is_not_touched(workspace, author):
    with writing(workspace.engine) as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = 'f00d'"))
    with pytest.raises(FacetError, match=r"written by a newer version of Facet \(revision f00d\)"):
        Workspace.open(workspace.settings)
    with reading(workspace.engine) as session:
        assert session.exec(select(User.name)).all() == ["ada"]
    assert not (workspace.home / "backups").exists()


def test_a_revision_that_is_not_known_here_is_named_and_nothing_is_copied(workspace, tmp_path):
    with writing(workspace.engine) as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = 'f00d'"))
    with pytest.raises(UnknownRevision, match=r"^f00d$"):
        upgrade(workspace.engine, tmp_path / "copies")
    assert not (tmp_path / "copies").exists()


def test_a_file_that_is_no_store_is_a_sentence(tmp_path):
    (tmp_path / "store.db").write_bytes(b"this is not a database, and long enough to tell" * 10)
    with pytest.raises(FacetError, match=r"store\.db' cannot be used \(file is not a database\)"):
        Workspace.open(Settings(home=tmp_path))


def test_a_home_that_cannot_be_a_folder_is_a_sentence(tmp_path):
    (tmp_path / "home").write_bytes(b"")
    with pytest.raises(FacetError, match=r"home cannot be used \(File exists\); choose one with FACET_HOME"):
        Workspace.open(Settings(home=tmp_path / "home"))


def test_a_backup_is_whole_while_somebody_writes(workspace, author, tmp_path):
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            with writing(workspace.engine) as session:
                ensure_user(f"user {number}", session=session)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = [backup(workspace.engine, tmp_path / f"{i}.db") for i in range(5)]
    finally:
        stop.set()
        writer.join()
    for copy in copies:
        with closing(sqlite3.connect(copy)) as opened:
            assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert opened.execute("SELECT count(*) FROM user WHERE name = 'ada'").fetchone() == (1,)


def test_a_backup_can_be_used_as_a_store(workspace, author, tmp_path):
    backup(workspace.engine, tmp_path / "second" / "store.db")
    second = Workspace.open(Settings(home=tmp_path / "second"))
    with writing(second.engine) as session:
        assert ensure_user("ada", session=session) == author
        assert session.connection().execute(text("PRAGMA page_size")).scalar() == 4096
    second.engine.dispose()


def test_a_store_from_before_ids_gets_one_and_so_does_a_copy_of_it(engine, tmp_path):
    run(engine, command.upgrade, "0009")
    copy = upgrade(engine, tmp_path / "backups")
    second = open_engine(f"sqlite:///{copy}")
    upgrade(second, tmp_path / "backups")
    ids = set()
    for each in (engine, second):
        with reading(each) as session:
            ids.add(store_id(session=session))
    second.dispose()
    assert len(ids) == 2
    run(engine, command.downgrade, "0009")
    assert "store" not in inspect(engine).get_table_names()


def test_a_backup_overwrites_nothing(workspace, tmp_path):
    (tmp_path / "there.db").write_bytes(b"precious")
    with pytest.raises(FileExistsError, match=r"there\.db is there already"):
        backup(workspace.engine, tmp_path / "there.db")
    assert (tmp_path / "there.db").read_bytes() == b"precious"


def test_a_backup_that_fails_leaves_nothing_behind(workspace, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(StoreNotCopied, match="No space left"):
        backup(workspace.engine, tmp_path / "copies" / "a.db")
    assert list((tmp_path / "copies").iterdir()) == []


CLIPS_BEFORE = """
INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01');
INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1);
INSERT INTO video (id, dataset_id, path, sha256, width, height, frames, frames_per_second, original, imported_at) VALUES
    (1, 1, 'lies.avi', '1', 1, 1, 3, 600, 'o', '2026-01-01'),
    (2, 1, 'says.mp4', '2', 1, 1, 3, 29.97, 'o', '2026-01-01'),
    (3, 1, 'still.mp4', '3', 1, 1, 1, 7, 'o', '2026-01-01');
INSERT INTO frame (video_id, "index", seconds) VALUES
    (1, 0, 0.0), (1, 1, 0.04), (1, 2, 0.08), (2, 0, 0.0), (2, 2, 0.0667), (3, 0, 0.0)"""


def test_the_rate_of_a_clip_whose_header_lied_becomes_that_of_its_frames_times(engine, tmp_path):
    scripts = ScriptDirectory.from_config(config())
    (rates,) = (script for script in scripts.walk_revisions() if script.path.endswith("_rates_by_times.py"))
    run(engine, command.upgrade, rates.down_revision)
    with migrating(engine) as connection:
        for statement in CLIPS_BEFORE.split(";\n"):
            connection.exec_driver_sql(statement)
    stored = text("SELECT frames_per_second FROM video ORDER BY id")
    run(engine, command.upgrade, rates.revision)
    with engine.connect() as now:
        assert now.execute(stored).scalars().all() == [pytest.approx(25), 29.97, 7]
    run(engine, command.downgrade, rates.down_revision)
    with engine.connect() as now:
        assert now.execute(stored).scalars().all() == [pytest.approx(25), 29.97, 7]


BOXES_BEFORE = """
INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01');
INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1);
INSERT INTO image (id, dataset_id, path, sha256, size_bytes, width, height, format, original, state, faces, imported_at)
    VALUES (1, 1, 'a.png', 'a', 1, 99, 99, 'PNG', 'a', 'new', 0, '2026-01-01');
INSERT INTO run (id, kind, dataset_id, author_id, parameters, state, done, total, done_at_start, counts, message,
    deaths, cancel_requested, created_at)
    VALUES (1, 'labels', 1, 1, '{}', 'done', 0, 0, 0, '{}', '', 0, 0, '2026-01-01');
INSERT INTO instance (id, dataset_id, image_id, kind, "left", top, "right", bottom, origin, run_id, removed, created_at)
    VALUES (1, 1, 1, 'face', 0, 0, 9, 9, 'model', 1, 0, '2026-01-01'),
    (2, 1, 1, 'face', 0, 0, 9, 9, 'human', NULL, 0, '2026-01-01'),
    (3, 1, 1, 'face', 1, 2, 3, 4, 'human', 1, 0, '2026-01-01'),
    (4, 1, 1, 'face', 0, 0, 9, 9, 'human', 1, 0, '2026-01-01'),
    (5, 1, 1, 'face', 0, 0, 9, 9, 'human', NULL, 0, '2026-01-01'),
    (6, 1, 1, 'face', 0, 0, 9, 9, 'import', 1, 0, '2026-01-01'),
    (7, 1, 1, 'face', 0, 0, 9, 9, 'human', NULL, 0, '2026-01-01'),
    (8, 1, 1, 'face', 0, 0, 9, 9, 'human', 1, 0, '2026-01-01');
INSERT INTO modelversion (id, name, kind, weights_sha256, settings, settings_key, created_at)
    VALUES (1, 'm', 'landmarks', 'a', '{}', '', '2026-01-01');
INSERT INTO trainedmodel (model_version_id, dataset_id, recipe, recipe_settings, skeleton, file, data, figures, seconds,
    author_id, created_at) VALUES (1, 1, 'r', '{}', 'face68', 'f', '{"learned": [[3, 4]], "epochs": 3}', '{}', 0, 1,
    '2026-01-01');
"""
FROM_A_FILE, RESTORED, DRAWN = (
    f'{{"code": "edits.{code}", "fields": {{}}}}' for code in ("imported_from", "imported", "drawn")
)


def test_boxes_and_models_of_before_are_told_by_their_history(engine, tmp_path):
    scripts = ScriptDirectory.from_config(config())
    (boxes,) = (script for script in scripts.walk_revisions() if script.path.endswith("_boxes_and_staging.py"))
    run(engine, command.upgrade, boxes.down_revision)
    tight = Keypoints.of([[1, 2], [3, 4], [np.nan, np.nan]]).to_bytes()
    first = {
        2: (FROM_A_FILE, tight),  # a box that was drawn before a file gave it its points
        3: (FROM_A_FILE, tight),
        4: (FROM_A_FILE, tight),
        5: (DRAWN, tight),
        8: (RESTORED, tight),
    }
    with migrating(engine) as connection:
        for statement in BOXES_BEFORE.split(";\n"):
            connection.exec_driver_sql(statement) if statement.strip() else None
        for instance, (note, points) in first.items():
            connection.exec_driver_sql(
                "INSERT INTO keypointrevision (instance_id, skeleton, points, source, note, created_at)"
                " VALUES (?, 'face68', ?, 'human', ?, '2026-01-01')",
                (instance, points, note),
            )
    assert upgrade(engine, tmp_path / "backups").exists()
    with reading(engine) as session:
        found = dict(session.exec(select(Instance.id, Instance.box_source)).all())
        data = session.get(TrainedModel, 1).data
        assert session.get(Dataset, 1).staged_by is None
    known = {1: "detector", 2: "drawn", 3: "points", 4: "file", 5: "detector", 6: "file", 7: "drawn", 8: "drawn"}
    assert found == known
    assert data == {"learned": [[3, 4]], "epochs": 3, "taught": [0, 1]}
    run(engine, command.downgrade, boxes.down_revision)
    with engine.connect() as now:
        assert now.execute(text("SELECT data FROM trainedmodel")).scalar() == '{"learned": [[3, 4]], "epochs": 3}'
        assert "box_source" not in {column["name"] for column in inspect(engine).get_columns("instance")}


def _blob(*places, seen=2, confidence=0.5):
    """Points at x = y, as `KeypointRevision.points`; None is absent."""
    rows = [(place, place, seen, confidence) if place is not None else (np.nan, np.nan, 0, 1) for place in places]
    return np.array(rows, "<f4").tobytes()


GUESS, MOVED, FURTHER, NOTHING = _blob(1, 2), _blob(1, 9), _blob(8, 9), _blob(None, None)
BACK = _blob(1, 2, confidence=1)  # where the model had put them, in an edit of a human
# by instance: what became of its points (source, note, points), the newest last, and how far each is reviewed then
HISTORIES = [
    ([("model", None, GUESS)], ["open"]),
    ([("model", None, GUESS), ("human", "edits.move", MOVED)], ["open", "in_progress"]),
    (
        [("model", None, GUESS), ("human", "edits.move", MOVED), ("human", "edits.undo", BACK)],
        ["open", "in_progress", "open"],
    ),
    ([("model", None, GUESS), ("human", "edits.accepted", BACK)], ["open", "accepted"]),
    (
        [
            *[("model", None, GUESS), ("human", "edits.accepted", BACK), ("human", "edits.move", MOVED)],
            *[("human", "edits.move", FURTHER), ("human", "edits.undo", BACK)],
        ],
        ["open", "accepted", "in_progress", "in_progress", "accepted"],
    ),
    ([("human", "edits.imported_from", GUESS)], ["imported"]),
    ([("human", "edits.imported", GUESS), ("human", "edits.nudge", MOVED)], ["imported", "in_progress"]),
    ([("model", "edits.imported", GUESS)], ["open"]),
    ([("human", "edits.place", _blob(1, None)), ("human", "edits.place", GUESS)], ["in_progress", "accepted"]),
    ([("human", "edits.place", _blob(1, None)), ("human", "edits.undo", NOTHING)], ["in_progress", "open"]),
]


def _before_reviews():
    return _before("_reviews.py")


def _before(ending):
    """The revision under the one whose file ends so."""
    scripts = ScriptDirectory.from_config(config())
    (found,) = (script for script in scripts.walk_revisions() if script.path.endswith(ending))
    return found.down_revision


def _write_histories(connection):
    statements = ROWS_BEFORE.replace("'landmark edits'", "'landmark_edits'").split(";\n")[:2]
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql("INSERT INTO modelversion VALUES (1, 'net', 'landmarks', '1', '{}', '', '2026-01-01')")
    for number, (history, _) in enumerate(HISTORIES, start=1):
        _write_picture(connection, number, number, history, "corrected")


def _write_picture(connection, image, instance, history, state, at=1):
    """A picture with an instance and its revisions; a picture that is there already gets one more instance."""
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO image (id, dataset_id, path, sha256, size_bytes, width, height, format, original, state,"
        " faces, imported_at) VALUES (?, 1, ?, ?, 1, 1, 1, 'PNG', 'o', ?, 1, '2026-01-01')",
        (image, f"{image}.png", str(image), state),
    )
    base = None
    connection.exec_driver_sql(
        'INSERT INTO instance (id, dataset_id, image_id, kind, "left", top, "right", bottom, origin, removed,'
        " created_at) VALUES (?, 1, ?, 'face', 0, 0, 1, 1, 'model', 0, '2026-01-01')",
        (instance, image),
    )
    for source, code, points in history:
        note = json.dumps({"code": code, "fields": {}}) if code else ""
        made = connection.exec_driver_sql(
            "INSERT INTO keypointrevision (instance_id, skeleton, points, source, author_id, model_version_id, base_id,"
            " note, created_at) VALUES (?, 'face68', ?, ?, ?, ?, ?, ?, ?)",
            (instance, points, source, *((1, None) if source == "human" else (None, 1)), base, note, f"2026-01-0{at}"),
        )
        base = made.lastrowid
    connection.exec_driver_sql("UPDATE instance SET revision_id = ? WHERE id = ?", (base, instance))


def _reviews(engine):
    """Of each instance: how far each revision is reviewed, whose points they are, and the points."""
    rows: dict[int, list] = {}
    with engine.connect() as now:
        for instance, *row in now.execute(
            text("SELECT instance_id, review, source, points FROM keypointrevision ORDER BY id")
        ).all():
            rows.setdefault(instance, []).append(tuple(row))
    return rows


def test_old_revisions_are_reviewed_as_far_as_their_history_says(engine, tmp_path):
    run(engine, command.upgrade, _before_reviews())
    with migrating(engine) as connection:
        _write_histories(connection)
    upgrade(engine, tmp_path / "backups")
    found = _reviews(engine)
    assert [[review for review, *_ in found[number]] for number in sorted(found)] == [said for _, said in HISTORIES]
    assert found[3][-1][1:] == ("model", GUESS), "what was undone is the model's again, with its confidence"
    assert found[5][-1][1:] == ("human", BACK)
    with reading(engine) as session:
        states = session.exec(select(Image.state).order_by(Image.id)).all()
        started = session.exec(select(KeypointRevision.start_id).where(KeypointRevision.review == "in_progress")).all()
        heads = session.exec(select(Instance.revision_id).order_by(Instance.id)).all()
    assert states == [
        *("found", "in_progress", "found", "accepted", "accepted"),
        *("imported", "in_progress", "found", "accepted", "found"),
    ]
    assert started == [2, 4, 10, 10, 15, None, None], "each knows what its work began from"
    assert (heads[9], heads[8]) == (None, 19), "where all was taken away again there are no points, as at first"


def test_what_was_corrected_before_its_picture_was_accepted_was_accepted_with_it(engine, tmp_path):
    run(engine, command.upgrade, _before_reviews())
    touched, accepted = HISTORIES[1][0], HISTORIES[3][0]
    with migrating(engine) as connection:
        _write_histories(connection)
        for image, later in ((21, 3), (22, 1)):
            _write_picture(connection, image, image, touched, "corrected", at=2)
            _write_picture(connection, image, 100 + image, accepted, "corrected", at=later)
    upgrade(engine, tmp_path / "backups")
    found = _reviews(engine)
    assert (found[21][-1][0], found[22][-1][0]) == ("accepted", "in_progress"), "the other was touched after that"


def test_reviews_can_be_taken_back_and_the_index_of_edits_stays_one_of_edits(engine, tmp_path):
    run(engine, command.upgrade, _before_reviews())
    with migrating(engine) as connection:
        _write_histories(connection)
        _write_picture(connection, 30, 30, HISTORIES[0][0], "failed")
        connection.exec_driver_sql('UPDATE image SET reason = \'{"code": "x", "fields": {}}\' WHERE id = 30')
    index = "SELECT sql FROM sqlite_master WHERE name = 'uq_keypointrevision_edit_id'"
    upgrade(engine, tmp_path / "backups")
    with engine.connect() as now:
        assert "WHERE edit_id IS NOT NULL" in now.execute(text(index)).scalar()
        assert now.execute(text("SELECT state FROM image WHERE id = 30")).scalar() == "failed"
    run(engine, command.downgrade, _before_reviews())
    with engine.connect() as now:
        sources = now.execute(text("SELECT source FROM keypointrevision ORDER BY id")).scalars().all()
        states = now.execute(text("SELECT state FROM image ORDER BY id")).scalars().all()
        assert "WHERE edit_id IS NOT NULL" in now.execute(text(index)).scalar()
    assert sources == [source for history, _ in [*HISTORIES, HISTORIES[0]] for source, *_ in history]
    assert states[:4] == ["found", "corrected", "found", "corrected"]


def test_labels_that_waited_before_questions_wait_on_without_one(engine, tmp_path):
    run(engine, command.upgrade, "0013")
    with migrating(engine) as connection:
        connection.execute(text("INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01')"))
        faces = "INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1)"
        connection.execute(text(faces))
        columns = "dataset_id, digest, picture, skeleton, points, inside, source, author_id, created_at"
        values = "1, 'x', 'a.png', 'coco17', x'', 0, 'l.json', 1, '2026-01-01'"
        connection.execute(text(f"INSERT INTO waitinglabel ({columns}) VALUES ({values})"))
    run(engine, command.upgrade, "0015")
    with reading(engine) as session:
        (row,) = session.exec(select(WaitingLabel)).all()
        assert (row.picture, row.doubts, row.answers, row.asked, row.question) == ("a.png", [], {}, None, None)
        assert row.frames is None
    with migrating(engine) as connection:
        connection.execute(text("UPDATE waitinglabel SET asked = 'scale', frames = 7"))
    run(engine, command.downgrade, "0014")
    with engine.connect() as connection:
        assert "frames" not in [column["name"] for column in inspect(connection).get_columns("waitinglabel")]
        assert connection.execute(text("SELECT asked FROM waitinglabel")).scalar() == "scale"
    run(engine, command.downgrade, "0013")
    with engine.connect() as connection:
        assert "asked" not in [column["name"] for column in inspect(connection).get_columns("waitinglabel")]
        assert connection.execute(text("SELECT count(*) FROM waitinglabel")).scalar() == 0  # nobody was asked there


def test_instances_of_before_are_in_no_track_and_lose_theirs_again(engine, tmp_path):
    run(engine, command.upgrade, _before("0017_tracks.py"))
    with migrating(engine) as connection:
        connection.execute(text("INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01')"))
        connection.execute(text("INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1)"))
        columns = "dataset_id, path, sha256, size_bytes, width, height, format, original, state, faces, imported_at"
        values = "1, 'a.png', 'x', 1, 9, 9, 'PNG', 'a.png', 'found', 1, '2026-01-01'"
        connection.execute(text(f"INSERT INTO image ({columns}) VALUES ({values})"))
        columns = 'dataset_id, image_id, kind, "left", top, "right", bottom, origin, removed, created_at'
        values = "1, 1, 'face', 1, 2, 3, 4, 'model', 0, '2026-01-01'"
        connection.execute(text(f"INSERT INTO instance ({columns}) VALUES ({values})"))
    run(engine, command.upgrade, "0017")
    with reading(engine) as session:
        (row,) = session.exec(select(Instance)).all()
        assert (row.box, row.track_id, row.box_source) == ((1, 2, 3, 4), None, "detector")
    run(engine, command.downgrade, _before("0017_tracks.py"))
    with engine.connect() as connection:
        assert "track_id" not in [column["name"] for column in inspect(connection).get_columns("instance")]
        assert connection.execute(text("SELECT box_source FROM instance")).scalar() == "detector"
        assert not {"track", "clipedit"} & set(inspect(connection).get_table_names())


def test_boxes_of_before_have_no_states_and_stay_as_they_are_when_those_go(engine, tmp_path):
    run(engine, command.upgrade, _before("0018_boxes_by_hand.py"))
    with migrating(engine) as connection:
        for statement in FACE_BEFORE.strip().split(";\n"):
            connection.execute(text(statement))
    run(engine, command.upgrade, "0018")
    with migrating(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM boxrevision")).scalar() == 0
        columns = 'instance_id, "left", top, "right", bottom, box_source, author_id, edit_id, at'
        values = "1, 1, 2, 3, 4, 'drawn', 1, 'w.1', '2026-01-01'"
        connection.execute(text(f"INSERT INTO boxrevision ({columns}) VALUES ({values})"))
        with pytest.raises(IntegrityError):
            connection.execute(text(f"INSERT INTO boxrevision ({columns}) VALUES ({values})"))
    run(engine, command.downgrade, _before("0018_boxes_by_hand.py"))
    with engine.connect() as connection:
        assert connection.execute(text('SELECT "left", bottom FROM instance')).one() == (1, 4)
        assert "boxrevision" not in inspect(connection).get_table_names()


def test_nobody_has_looked_when_pictures_of_before_were_taken_and_a_downgrade_forgets_it_again(engine, tmp_path):
    run(engine, command.upgrade, _before("0020_capture_times.py"))
    with migrating(engine) as connection:
        for statement in FACE_BEFORE.strip().split(";\n"):
            connection.execute(text(statement))
    run(engine, command.upgrade, "0020")
    with reading(engine) as session:
        assert pictures_without_capture_time(1, session=session) == [(1, "a.png", "a.png")]
    with migrating(engine) as connection:
        connection.execute(text("INSERT INTO capturetime (image_id, at) VALUES (1, NULL)"))
    with reading(engine) as session:
        assert pictures_without_capture_time(1, session=session) == []
    run(engine, command.downgrade, _before("0020_capture_times.py"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT path FROM image")).scalar() == "a.png"
        assert "capturetime" not in inspect(connection).get_table_names()


def test_people_of_before_are_in_sight_without_a_chosen_face_and_stay_when_that_goes(engine, tmp_path):
    run(engine, command.upgrade, _before("0021_shown_people.py"))
    with migrating(engine) as connection:
        for statement in FACE_BEFORE.strip().split(";\n"):
            connection.execute(text(statement))
        connection.execute(
            text("INSERT INTO person (dataset_id, name, active, created_at) VALUES (1, 'Ada', 1, '2026-01-01')")
        )
    run(engine, command.upgrade, "0021")
    with migrating(engine) as connection:
        assert connection.execute(text("SELECT name, hidden, cover_id FROM person")).one() == ("Ada", 0, None)
        connection.execute(text("UPDATE person SET hidden = 1, cover_id = 1"))
    run(engine, command.downgrade, _before("0021_shown_people.py"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name, active FROM person")).one() == ("Ada", 1)
        assert not {"hidden", "cover_id"} & {column["name"] for column in inspect(connection).get_columns("person")}
        assert "uq_person_dataset_id_name" in [row["name"] for row in inspect(connection).get_indexes("person")]


FACE_BEFORE = """
INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01');
INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1);
INSERT INTO image (dataset_id, path, sha256, size_bytes, width, height, format, original, state, faces, imported_at)
    VALUES (1, 'a.png', 'x', 1, 9, 9, 'PNG', 'a.png', 'found', 1, '2026-01-01');
INSERT INTO instance (dataset_id, image_id, kind, "left", top, "right", bottom, origin, removed, created_at)
    VALUES (1, 1, 'face', 1, 2, 3, 4, 'model', 0, '2026-01-01')
"""

FRAMES_BEFORE = """
INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01');
INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1), ('b', '2026-01-01', 1);
INSERT INTO video (id, dataset_id, path, sha256, width, height, frames, frames_per_second, original, imported_at)
    VALUES (1, 1, 'x.mp4', 'aa', 9, 9, 3, 25, 'o', '2026-01-01'), (2, 2, 'x.mp4', 'aa', 9, 9, 3, 25, 'o', '2026-01-01'),
    (3, 1, 'y.mp4', 'bb', 9, 9, 1, 25, 'o', '2026-01-01');
INSERT INTO image (id, dataset_id, path, sha256, size_bytes, width, height, format, original, sequence, state, faces,
    imported_at) VALUES
    (1, 1, 'x.mp4/0.jpg', '{0}', 1, 9, 9, 'JPEG', 'originals/{0:.2}/{0}.jpg', 'x.mp4', 'new', 0, '2026-01-01'),
    (2, 1, 'x.mp4/2.jpg', '{1}', 1, 9, 9, 'JPEG', 'originals/{1:.2}/{1}.jpg', 'x.mp4', 'new', 0, '2026-01-01'),
    (3, 2, 'x.mp4/0.jpg', '{0}', 1, 9, 9, 'JPEG', 'originals/{0:.2}/{0}.jpg', 'x.mp4', 'new', 0, '2026-01-01'),
    (4, 1, 'photo.jpg', '{2}', 1, 9, 9, 'JPEG', 'originals/{2:.2}/{2}.jpg', NULL, 'new', 0, '2026-01-01');
INSERT INTO frame (video_id, "index", seconds, image_id)
    VALUES (1, 0, 0, 1), (1, 1, 0.04, 1), (1, 2, 0.08, 2), (2, 0, 0, 3), (2, 1, 0.04, NULL), (3, 0, 0, 4)"""


def test_frames_of_before_are_known_by_their_clip_and_number_and_go_back(engine, tmp_path):
    before = [character * 64 for character in "123"]
    run(engine, command.upgrade, "0015")
    with migrating(engine) as connection:
        for statement in FRAMES_BEFORE.format(*before).split(";\n"):
            connection.exec_driver_sql(statement)
    known = text("SELECT sha256 FROM image ORDER BY id")
    run(engine, command.upgrade, "0016")
    zero, two = frame_identity("aa", 0), frame_identity("aa", 2)
    with engine.connect() as now:  # a photo that a clip shows too stays what it is
        assert now.execute(known).scalars().all() == [zero, two, zero, before[2]]
    run(engine, command.downgrade, "0015")
    with engine.connect() as now:
        assert now.execute(known).scalars().all() == [before[0], before[1], before[0], before[2]]


def test_a_frame_without_a_file_keeps_its_name_on_the_way_back(engine, tmp_path):
    run(engine, command.upgrade, "0016")
    with migrating(engine) as connection:
        for statement in FRAMES_BEFORE.format(*(character * 64 for character in "123")).split(";\n"):
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql("UPDATE image SET original = 'clip:aa:2' WHERE id = 2")
    run(engine, command.downgrade, "0015")
    with engine.connect() as now:
        assert now.execute(text("SELECT sha256 FROM image WHERE id = 2")).scalar() == "2" * 64


UNMEASURED_BEFORE = """
INSERT INTO user (name, created_at) VALUES ('ada', '2026-01-01');
INSERT INTO dataset (name, created_at, created_by) VALUES ('a', '2026-01-01', 1);
INSERT INTO image (id, dataset_id, path, sha256, size_bytes, width, height, format, original, state, faces, imported_at)
    VALUES (1, 1, 'a.png', 'a', 1, 9, 9, 'PNG', 'a', 'found', 1, '2026-01-01');
INSERT INTO instance (id, dataset_id, image_id, kind, "left", top, "right", bottom, origin, removed, created_at)
    VALUES (1, 1, 1, 'face', 0, 0, 8, 8, 'model', 0, '2026-01-01')"""


def test_faces_of_an_older_store_are_there_unmeasured_and_going_back_takes_nothing_but_their_quality(engine, tmp_path):
    run(engine, command.upgrade, "0018")
    with migrating(engine) as connection:
        for statement in UNMEASURED_BEFORE.split(";\n"):
            connection.exec_driver_sql(statement)
    assert upgrade(engine, tmp_path / "backups").exists()
    with writing(engine) as session:
        assert [face.id for face, _ in unmeasured_faces(1, session=session)] == [1]
        session.add(FaceQuality(instance_id=1, sharpness=2.5, size=8))
    run(engine, command.downgrade, "0018")
    with engine.connect() as now:
        assert now.execute(text("SELECT id, image_id FROM instance")).all() == [(1, 1)]
        assert "facequality" not in inspect(now).get_table_names()
    run(engine, command.upgrade, "head")
