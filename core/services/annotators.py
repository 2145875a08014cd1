"""Who works here: a name is enough."""

from __future__ import annotations

from core.workspace import Workspace
from db.engine import writing
from db.writes import ensure_user


def annotator_id(workspace: Workspace, name: str) -> int:
    """The id that rows of this person carry; a new name becomes a new annotator."""
    with writing(workspace.engine) as session:
        return ensure_user(name, session=session)
