"""The only place where the tests of what was before name rooms of today's house: after a move, mend the names here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from sqlmodel import SQLModel
from typer.main import get_command
from typer.testing import CliRunner, Result

from core.__main__ import app
from core.drawn import sample as drawn_pictures
from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_portrait
from core.foundation.settings import Settings, settings
from core.jobs import tasks
from core.jobs.kinds import RUN_KINDS
from core.library import sample_photos
from core.library.sample_clips import draw_clips_of_people
from db import tables

REPOSITORY = Path(__file__).resolve().parents[2]


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Within it this process works in that home folder, and in no other that a developer has set."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(f"FACET_{name.upper()}", raising=False)
        patch.setenv("FACET_HOME", str(home))
        patch.setenv("FACET_USER", "annotator")  # as nobody has to say any more
        _forget()
        yield
    _forget()


def _forget() -> None:
    settings.cache_clear()
    st.cache_resource.clear()


def facet(*arguments: object) -> Result:
    """What `python -m core` does with these words, in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def commands() -> Any:
    """The command line as a tree of Click's commands (Typer may bring a Click of its own)."""
    return get_command(app)


def run_kinds() -> list[str]:
    """The names under which runs are stored and asked for."""
    return sorted(RUN_KINDS)


def setting_fields() -> dict[str, Any]:
    """Every setting's field as pydantic has it."""
    return dict(Settings.model_fields)


def table(name: str) -> type[SQLModel]:
    """A table's class by the name that it had before, for rows that a test writes itself."""
    found: type[SQLModel] = getattr(tables, {"Skipped": "SkippedInput"}.get(name, name))
    return found


def portrait(person: str, number: int) -> np.ndarray:
    """(600, 480, 3) uint8: a drawn photo in which the detector finds one face."""
    rng = np.random.default_rng((list(PEOPLE).index(person), number))
    return draw_portrait(PEOPLE[person], rng, (480, 600), name=f"{person}-{number}.jpg", person=person).pixels


@contextmanager
def small_samples() -> Iterator[None]:
    """Within it the sample has three pictures and the sample clips two frames each: the same rooms, less paint."""
    few: Callable[..., Any] = partial(draw_clips_of_people, frames=2, size=(96, 96))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample_photos, "sample", lambda: islice(drawn_pictures(), 3))
        patch.setattr(tasks, "draw_clips_of_people", few)
        yield
