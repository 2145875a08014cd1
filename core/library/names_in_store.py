"""Datasets and annotators by name: what is new is added."""

import getpass

from sqlmodel import select

from core.foundation.errors import BadInput
from core.foundation.workspace import Workspace
from db.engine import reading
from db.tables import User
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing

_LONGEST = 80


def create_dataset(workspace: Workspace, name: str, author_id: int) -> int:
    """The id of the dataset of that name; made when it is new.

    Raises
    ------
    BadInput
        If the name is empty or longer than 80 characters.
    """
    clean = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())
    if not clean:
        raise BadInput("datasets.no_name")
    if len(clean) > _LONGEST:
        raise BadInput("datasets.name_too_long", limit=_LONGEST, count=len(clean))
    with writing(workspace.engine) as session:
        return ensure_dataset(clean, author_id, session=session)


def annotator_id(workspace: Workspace, name: str) -> int:
    """The id that rows of this person carry; a new name becomes a new annotator."""
    with reading(workspace.engine) as session:  # nearly always: an edit waits for no other writer here
        known = session.exec(select(User.id).where(User.name == name)).first()
    if known is not None:
        return known
    with writing(workspace.engine) as session:
        return ensure_user(name, session=session)


def operator_id(workspace: Workspace) -> int:
    """The id of who works at the command line: whom the settings name, else whose login it is.

    Raises
    ------
    BadInput
        If neither says who that is.
    """
    name = workspace.settings.user
    if not name:
        try:
            name = getpass.getuser()
        except (KeyError, OSError, ImportError):  # a user without a name, as in a container
            raise BadInput("people.nobody_runs") from None
    return annotator_id(workspace, name)
