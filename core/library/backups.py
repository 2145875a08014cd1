"""Copies of the store, and the way back to one."""

from datetime import UTC, datetime
from pathlib import Path

from core.foundation.errors import BadInput, FacetError
from core.foundation.private import keep_private
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from db import migrate
from db.engine import store_file


def back_up(workspace: Workspace, target: Path | None = None) -> Path:
    """Copy the store while it is in use, to a new file under ``backups`` where no target is given.

    Raises
    ------
    FacetError
        If it cannot be written, as on a full disk; nothing stays behind then.
    """
    target = target or workspace.backups / f"store-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.db"
    try:
        return migrate.backup(workspace.engine, target)
    except migrate.StoreNotCopied as error:
        raise FacetError("store.not_copied", target=target, reason=error) from error


def restore_backup(chosen: Settings, backup: Path) -> tuple[Path, Path | None]:
    """Put a backup in the place of the store and bring it up to date.

    Returns the store, and where the one that was replaced is kept (None where there was none).

    Raises
    ------
    BadInput
        If the file is not a store, or damaged; nothing was changed then.
    FacetError
        If another process has the store open, or nothing can be written.
    """
    workspace, store = Workspace(chosen), store_file(chosen.store)
    if store is None:
        raise BadInput("store.not_sqlite")
    keep_private()
    try:
        replaced = migrate.put_back(backup, store, workspace.backups)
    except migrate.NoStore as error:
        raise BadInput("store.no_store", file=backup, reason=error) from error
    except migrate.StoreInUse as error:
        raise FacetError("store.in_use", store=store) from error
    except migrate.StoreNotCopied as error:
        raise FacetError("store.not_copied", target=store, reason=error) from error
    Workspace.open(chosen).engine.dispose()
    return store, replaced
