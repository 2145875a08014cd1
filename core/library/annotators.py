"""Who works here: a name is enough."""

from __future__ import annotations

from sqlmodel import select

from core.foundation.workspace import Workspace
from db.engine import reading
from db.tables import User
from db.writes.library import ensure_user
from db.writing import writing


def annotator_id(workspace: Workspace, name: str) -> int:
    """The id that rows of this person carry; a new name becomes a new annotator."""
    with reading(workspace.engine) as session:  # nearly always: an edit waits for no other writer here
        known = session.exec(select(User.id).where(User.name == name)).first()
    if known is not None:
        return known
    with writing(workspace.engine) as session:
        return ensure_user(name, session=session)
