"""One home folder: where everything lies, and what a person reads when it cannot be used."""

import os
import shutil
from pathlib import Path

import pytest
from sqlmodel import select

from core.foundation import workspace as workspace_module
from core.foundation.errors import BadInput, FacetError
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.backups import back_up, restore_backup
from db.engine import reading
from db.tables import User


def test_opening_makes_the_folders_and_an_empty_store(tmp_path):
    workspace = Workspace.open(Settings(home=tmp_path / "new" / "home"))
    assert all(folder.is_dir() for folder in (workspace.originals, workspace.weights, workspace.uploads))
    assert not workspace.exports.exists(), "made when the first export is"
    again = Workspace.open(Settings(home=tmp_path / "new" / "home"))
    assert again.home == workspace.home
    assert workspace.engine is workspace.engine


def test_every_folder_lies_in_the_home_and_no_two_are_one(tmp_path):
    workspace = Workspace(Settings(home=tmp_path))
    folders = [
        value
        for name in vars(Workspace)
        if isinstance(getattr(Workspace, name), property) and isinstance(value := getattr(workspace, name), Path)
    ]
    folders += [workspace.training_folder(7), workspace.derived("crops", "ab" * 32, "-1"), workspace.original("a.jpg")]
    assert len(folders) > 12
    assert len(set(folders)) == len(folders)
    assert all(folder.is_relative_to(tmp_path.resolve()) for folder in folders)


def test_a_relative_home_does_not_move_with_the_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Workspace(Settings(home=Path("data"))).home == tmp_path.resolve() / "data"


def test_a_picture_that_an_import_only_refers_to_stays_where_it_is(tmp_path):
    workspace = Workspace(Settings(home=tmp_path / "home"))
    assert workspace.original("originals/ab/x.jpg") == workspace.home / "originals" / "ab" / "x.jpg"
    assert workspace.original(str(tmp_path / "nas" / "x.jpg")) == tmp_path / "nas" / "x.jpg"


def test_derived_pictures_are_spread_over_folders_by_their_digest(tmp_path):
    workspace = Workspace(Settings(home=tmp_path))
    assert workspace.derived("crops", "cd" * 32, "-0").relative_to(workspace.home) == Path(
        f"crops/cd/{'cd' * 32}-0.jpg"
    )


def test_a_home_that_is_a_file_is_said(tmp_path):
    (tmp_path / "home").write_text("")
    with pytest.raises(FacetError, match="home") as caught:
        Workspace.open(Settings(home=tmp_path / "home"))
    assert caught.value.message.code == "store.home_unusable"


def test_a_store_that_is_no_database_is_said(tmp_path):
    (tmp_path / "home").mkdir()
    settings = Settings(home=tmp_path / "home")
    Path(settings.store.removeprefix("sqlite:///")).write_bytes(b"no database at all" * 100)
    with pytest.raises(FacetError) as caught:
        Workspace.open(settings)
    assert caught.value.message.code == "store.unusable"


def test_a_store_that_cannot_be_opened_is_not_called_damaged_and_no_backup_is_offered(workspace, kept):
    store = Path(workspace.settings.store.removeprefix("sqlite:///"))
    store.rename(store.with_name("elsewhere.db"))
    store.mkdir()
    with pytest.raises(
        FacetError, match=r"can neither be opened nor written \(unable to open database file\)"
    ) as caught:
        Workspace.open(workspace.settings)
    assert "restore" not in str(caught.value)


def _damage(settings):
    """A store whose header is right and whose pages are not, as a failing disk leaves it; gives its path."""
    store = Path(settings.store.removeprefix("sqlite:///"))
    content = store.read_bytes()
    store.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    return store


@pytest.fixture
def kept(workspace, author):
    """A store that nobody has open, with a backup; gives the backup."""
    backup = back_up(workspace)
    workspace.engine.dispose()
    return backup


def test_a_damaged_store_names_its_backups_at_the_start_and_what_it_says_puts_one_back(workspace, kept):
    store = _damage(workspace.settings)
    with pytest.raises(FacetError) as caught:
        Workspace.open(workspace.settings)
    assert str(caught.value) == (
        f"the store 'sqlite:///{store}' cannot be used (database disk image is malformed); "
        f"there are backups: {kept.name}; put one back with `python -m core restore {kept}`"
    )
    restore_backup(workspace.settings, kept)
    with reading(Workspace.open(workspace.settings).engine) as session:
        assert session.exec(select(User.name)).all() == ["ada"]


def test_damage_that_is_found_later_is_the_same_sentence(workspace, kept):
    opened = Workspace(workspace.settings)
    _damage(workspace.settings)
    told = rf"cannot be used \(.*\); there are backups: {kept.name}; put one back with"
    with pytest.raises(FacetError, match=told), reading(opened.engine) as session:
        session.exec(select(User.name)).all()


def test_a_backup_is_read_through_once_however_many_requests_meet_the_damage(workspace, kept, monkeypatch):
    _damage(workspace.settings)
    read, is_store = [], workspace_module.is_store
    monkeypatch.setattr(workspace_module, "is_store", lambda path: read.append(path) or is_store(path))
    for _ in range(3):
        with pytest.raises(FacetError, match=kept.name):
            Workspace.open(workspace.settings)
    assert read == [kept]


def test_a_damaged_store_without_a_backup_says_so(workspace):
    workspace.engine.dispose()
    _damage(workspace.settings)
    with pytest.raises(
        FacetError, match=r"malformed\); there is no backup in .*backups\. To begin anew, choose another"
    ):
        Workspace.open(workspace.settings)


@pytest.fixture
def lost(tmp_path):
    """A home folder with a picture, backups, and a store that is gone."""
    settings = Settings(home=tmp_path / "home")
    workspace = Workspace.open(settings)
    picture = workspace.originals / "ab" / "a.jpg"
    picture.parent.mkdir()
    picture.write_bytes(b"a picture")
    workspace.engine.dispose()
    for path in workspace.home.glob("store.db*"):
        path.unlink()
    return settings


@pytest.mark.parametrize("empty", [False, True])
def test_a_store_that_is_gone_from_beside_pictures_is_said_with_its_backups(lost, empty, empty_store):
    store = Path(lost.store.removeprefix("sqlite:///"))
    if empty:
        store.touch()
    with pytest.raises(FacetError, match="there is no backup in") as caught:
        Workspace.open(lost)
    assert caught.value.message.code == "store.lost"
    backups = Workspace(lost).backups
    backups.mkdir()
    for age, name in enumerate(["damaged.db", "newest.db", "older.db"]):
        if name == "damaged.db":
            (backups / name).write_bytes(b"what was replaced " * 1000)
        else:
            shutil.copy(empty_store, backups / name)
        os.utime(backups / name, (0, 1000 - age))
    with pytest.raises(
        FacetError, match=r"there are backups: newest\.db, older\.db; put one back with .* restore .*newest\.db"
    ):
        Workspace.open(lost)
    assert not store.exists() or not store.stat().st_size, "nothing was made in its place"


def test_a_home_without_pictures_may_begin_anew(lost):
    (Workspace(lost).originals / "ab" / "a.jpg").unlink()
    Workspace.open(lost)


@pytest.mark.parametrize("url", ["postgresql://somewhere/facet", "no url", "sqlite://"])
def test_a_store_that_does_not_work_yet_is_refused_before_anything_is_made(tmp_path, url):
    with pytest.raises(BadInput, match="other databases do not work yet"):
        Workspace.open(Settings(home=tmp_path / "home", store_url=url))
    assert not (tmp_path / "home").exists()
