"""People are found in photos in the browser; where the networks are not here, why not, and why they do not come."""

import re
import shutil
import sqlite3
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import expect

from core.models.weights import WEIGHTS
from tests.builders.places import ROOT, SHARED
from tests.e2e.conftest import Workbench, chromium_path
from tests.e2e.hands import comes_to, view

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]

SLOW = 180_000
PHOTOS = SHARED / "body" / "coco"
NETWORKS = [ROOT / "data" / "weights" / entry.file for entry in WEIGHTS.values() if entry.wheel]


class Door(BaseHTTPRequestHandler):
    """Where wheels are fetched from: what it gives is none."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"not a wheel")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def door():
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def photos(tmp_path_factory, door):
    """A workbench with two photos of people and without the networks; what is fetched comes from a door nearby."""
    chromium_path()
    bench = Workbench(tmp_path_factory.mktemp("people") / "home", FACET_WEIGHTS_MIRROR=door).start()
    folder = bench.home.parent / "photos"
    shutil.copytree(PHOTOS, folder, ignore=shutil.ignore_patterns("*.json"))
    done = bench.command("import", folder, "--dataset", "Street", "--json")
    assert done.returncode == 0, done.stderr
    yield bench
    bench.stop()


def metric(page, name):
    return page.get_by_test_id("stMetric").filter(has_text=name).get_by_test_id("stMetricValue")


@pytest.mark.shared
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not here")
def test_without_the_networks_it_is_said_and_so_is_why_they_do_not_come(page, photos):
    page.goto(f"{photos.address}?name=Mina&dataset=Street")
    expect(page.get_by_role("button", name="Find people")).to_be_disabled(timeout=60_000)
    expect(page.get_by_role("button", name="Find faces")).to_be_enabled()
    page.get_by_role("button", name="Fetch").first.click()
    expect(page.get_by_text("mediapipe-0.10.21").first).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("button", name="Find people")).to_be_disabled()


@pytest.mark.shared
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not here")
@pytest.mark.skipif(
    not all(map(Path.is_file, NETWORKS)),
    reason="the networks of first guesses are not here: `python -m core weights fetch face-mesh`",
)
def test_people_are_found_and_their_points_are_corrected(page, photos):
    (photos.home / "weights").mkdir(exist_ok=True)
    for network in NETWORKS:
        shutil.copy(network, photos.home / "weights" / network.name)
    page.goto(f"{photos.address}?name=Mina&dataset=Street")
    page.get_by_role("button", name="Find people").click(timeout=60_000)
    told = page.get_by_text(re.compile(r"\d+ bodies in 2 pictures")).first
    expect(told).to_be_visible(timeout=SLOW)
    expect(metric(page, "Bodies")).to_have_text(re.search(r"(\d+) bodies", told.inner_text())[1])
    page.get_by_role("button", name="Correct keypoints").click()
    body = page.get_by_role("group", name="Faces and bodies").get_by_role("button").first
    expect(body).to_be_visible(timeout=60_000)
    comes_to(lambda: (view(page) or {}).get("instance") is not None, True)
    expect(page.get_by_role("row", name="left_ankle is visible")).to_be_visible()
    page.locator("canvas[data-view]").focus()
    for key in ("Tab", "ArrowRight"):
        page.keyboard.press(key)
    with closing(sqlite3.connect(photos.home / "store.db")) as store:
        corrected = "SELECT skeleton, review FROM keypointrevision WHERE source = 'human'"
        comes_to(lambda: store.execute(corrected).fetchall(), [("body24", "in_progress")])
