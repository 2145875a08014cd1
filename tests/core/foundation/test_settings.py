"""Settings come from the environment, and the README lists every one of them."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.foundation.settings import Settings, settings
from core.foundation.workspace import Workspace
from db.engine import store_file
from tests.builders.places import ROOT

README = ROOT / "README.md"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(f"FACET_{name.upper()}", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_everything_has_a_default():
    assert Settings().home == Path("data")
    assert Settings().store == f"sqlite:///{Path('data/store.db').resolve()}"


def test_the_environment_wins(monkeypatch, tmp_path):
    monkeypatch.setenv("FACET_HOME", str(tmp_path))
    monkeypatch.setenv("FACET_MAX_PIXELS", "1000")
    monkeypatch.setenv("FACET_STORE_URL", "postgresql://somewhere/facet")
    chosen = settings()
    assert (chosen.home, chosen.max_pixels, chosen.store) == (tmp_path, 1000, "postgresql://somewhere/facet")
    assert settings() is chosen


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "70000"), ("PORT", "web"), ("DEVICE", "tpu"), ("BATCH", "0"), ("MAX_PIXELS", "-1")]
)
def test_a_value_that_cannot_be_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(f"FACET_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_settings_cannot_be_changed_on_the_way():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1


def test_every_setting_says_what_it_is():
    assert all(field.description for field in Settings.model_fields.values())


def test_the_readme_lists_every_setting_and_no_other():
    listed = re.findall(r"^\| *`(FACET_[A-Z_]+)`", README.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted(f"FACET_{name.upper()}" for name in Settings.model_fields)


@pytest.mark.parametrize("name", ["a?b", "a?mode=memory", "My%20Data", "100%", "%3F", "a#b", 'O\'Neill "x"', "ä ;&"])
def test_the_store_lies_in_the_home_folder_whatever_that_is_called(tmp_path, name):
    opened = Workspace.open(Settings(home=tmp_path / name))
    opened.engine.dispose()
    assert (tmp_path / name / "store.db").stat().st_size
    assert store_file(opened.settings.store) == tmp_path / name / "store.db"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["HOME", "HOST", "PORT", "STORE_URL", "MAX_PIXELS"])
def test_what_is_set_to_nothing_is_as_if_it_were_not_set(monkeypatch, name):
    monkeypatch.setenv(f"FACET_{name}", "")
    assert Settings() == Settings.model_construct()
