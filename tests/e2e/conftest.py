"""A running workbench on a folder of its own, and a real Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.builders.places import ROOT

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",
]


# Machines that do other things too are slow now and then; what never comes is told no later than that.
PATIENCE = 30_000  # milliseconds
expect.set_options(timeout=PATIENCE)

# Below the ports that a system gives to outgoing connections; processes side by side begin at other ones.
_ports = count(20_000 + 97 * os.getpid() % 10_000)


def find_chromium():
    """Where a Chromium is, or None."""
    return os.environ.get("FACET_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)


def chromium_path():
    """Where a Chromium is; without one the browser tests are skipped, and say so."""
    found = find_chromium()
    if found is None:
        pytest.skip(f"NO BROWSER: none of {', '.join(CHROMIUMS)} is in PATH and FACET_CHROMIUM is not set")
    return found


def free_port():
    """A port that nobody has, and that nobody gets by chance before a server has started there."""
    for port in _ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port


class Workbench:
    """`streamlit run app.py` on a home folder, as `make run` starts it."""

    def __init__(self, home, script="app.py", **settings):
        self.home, self.script, self.port = Path(home), script, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = (
            os.environ
            | {"FACET_HOME": str(home), "FACET_PORT": str(self.port), "FACET_USER": "ada", "PYTHONPATH": str(ROOT)}
            | settings
        )
        self.log = self.home.parent / f"{self.home.name}.log"

    def start(self):
        command = [sys.executable, "-m", "streamlit", "run", self.script, "--server.address", "127.0.0.1"]
        command += ["--server.port", str(self.port), "--server.fileWatcherType", "none"]
        with self.log.open("a") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=out, stderr=subprocess.STDOUT
            )
        for _ in range(300):
            assert self.process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1):
                    return self
            except OSError:
                time.sleep(0.2)
        raise AssertionError(f"the workbench did not start:\n{self.log.read_text()}")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)

    def command(self, *arguments):
        """`python -m core ...` on the same home folder."""
        return subprocess.run(
            [sys.executable, "-m", "core", *map(str, arguments)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def workbench(workbench_of):
    """A running workbench on an empty home folder; one for each test module."""
    with workbench_of() as running:
        yield running


@pytest.fixture(scope="session")
def shared_workbench(workbench_of):
    """One for all test modules that keep to datasets of their own."""
    with workbench_of() as running:
        yield running


@pytest.fixture(scope="session")
def workbench_of(tmp_path_factory):
    """Runs the workbench, or another script as one, on an empty home folder."""

    @contextmanager
    def run(script="app.py"):
        chromium_path()
        running = Workbench(tmp_path_factory.mktemp("facet") / "home", script)
        yield running.start()
        running.stop()

    return run


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call":
        item.failed = report.failed
    return report


@pytest.fixture(scope="session")
def visitor(browser):
    """Whose browser fetches and compiles Streamlit's scripts once for all tabs; each tab has a session of its own.

    One tab stays open, so that the process of them all lives on with what it has compiled: half the cost of a tab.
    """
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    stays = context.new_page()
    stays.route("**/*", lambda route: route.fulfill(body="stays"))
    stays.goto("http://127.0.0.1")
    yield context
    context.close()


@pytest.fixture
def page(visitor, request):
    """A tab of 1400 x 900. An error of a script fails the test; of a failed test the last sight is kept."""
    opened = visitor.new_page()
    opened.set_default_timeout(PATIENCE)
    problems = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda said: "Content Security Policy" in said.text and problems.append(said.text))
    yield opened
    if getattr(request.node, "failed", False):
        opened.screenshot(path=ROOT / "test-results" / f"{request.node.name}.png", full_page=True)
    opened.close()
    assert not problems, problems
