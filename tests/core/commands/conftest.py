"""The command line in the home folder of a test."""

import pytest
from typer.testing import CliRunner

from core.__main__ import app
from core.foundation.settings import settings


@pytest.fixture
def facet(workspace, monkeypatch):
    """Runs a command in the home of `workspace`; gives exit code, stdout and stderr."""
    monkeypatch.setenv("FACET_HOME", str(workspace.home))
    settings.cache_clear()

    def run(*arguments):
        done = CliRunner().invoke(app, [str(argument) for argument in arguments])
        assert "Traceback" not in done.stderr, done.stderr
        return done.exit_code, done.stdout, done.stderr

    yield run
    settings.cache_clear()
