"""People and machines at work on a copy of a staged store, for tests of any sequence of what they do."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine
from sqlmodel import select

from core.foundation.errors import FacetError
from core.foundation.workspace import Workspace
from db.engine import reading
from db.tables import Person


class CopiedPeople(RuleBasedStateMachine):
    """Each example has a copy of `original`; people and faces are chosen by numbers."""

    original, dataset, author, faces = None, 0, 0, ()

    def copy(self):
        self.folder = tempfile.TemporaryDirectory()
        home = Path(self.folder.name) / "home"
        shutil.copytree(self.original.home, home)
        self.workspace = Workspace.open(self.original.settings.model_copy(update={"home": home}))

    def person(self, number):
        with reading(self.workspace.engine) as session:
            people = session.exec(select(Person.id).where(Person.active)).all()
        return people[number % len(people)] if people else 0

    def chosen(self, rows):
        return [self.faces[row] for row in rows]

    def attempt(self, action, *arguments, **options):
        with suppress(FacetError):  # refused: nothing may have changed
            action(self.workspace, *arguments, author_id=self.author, **options)
