"""What tests of the library start from besides an empty workspace: a clip that was taken in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import col, select

from core.foundation.workspace import Workspace
from core.library.clip_importing import ClipIntake
from core.library.intake import ImportOptions
from db.engine import reading
from db.tables import Image, Run
from db.writing import writing


@pytest.fixture
def taken_clip(workspace: Workspace, dataset: int, author: int) -> Callable[..., list[Image]]:
    """Takes a clip in; gives the pictures of its frames in their order."""

    def take(file: Path, **options: bool) -> list[Image]:
        with writing(workspace.engine) as session:
            run = Run(kind="import", dataset_id=dataset, author_id=author)
            session.add(run)
            session.flush()
        who = {"dataset_id": dataset, "author_id": author, "run_id": run.id}
        ClipIntake(workspace, **who, options=ImportOptions(**options)).take_source(file)
        with reading(workspace.engine) as session:
            return list(session.exec(select(Image).where(Image.run_id == run.id).order_by(col(Image.id))))

    return take
