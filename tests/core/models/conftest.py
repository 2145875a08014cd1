"""Drawn pictures for the tests of the models, and a mirror of their weights."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from core.drawn import draw_landscape
from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_group, draw_portrait
from core.models.weights import WEIGHTS
from tests.builders.places import ROOT


@pytest.fixture(scope="session")
def portraits():
    """Two pictures of Ada and two of Bruno, (600, 480, 3)."""
    rng = np.random.default_rng(3)
    return [
        draw_portrait(PEOPLE[person], rng, (480, 600), name=f"{person}.jpg", person=person)
        for person in ("ada", "ada", "bruno", "bruno")
    ]


@pytest.fixture(scope="session")
def group():
    people = [(person, PEOPLE[person]) for person in ("ada", "chidi", "hugo")]
    return draw_group(people, np.random.default_rng(4), name="group.jpg", background="park")


@pytest.fixture(scope="session")
def landscape():
    return draw_landscape(np.random.default_rng(5), name="landscape.jpg")


@pytest.fixture(scope="session")
def found(detector, portraits, group):
    """(picture, boxes) of the portraits and the group."""
    pictures = [picture.pixels for picture in [*portraits, group]]
    return list(zip(pictures, detector.detect(pictures), strict=True))


@pytest.fixture(scope="session")
def guess_weights():
    """The folder with the networks of people and of the face mesh, where they were fetched for this checkout."""
    folder = ROOT / "data" / "weights"
    if not all((folder / entry.file).is_file() for entry in WEIGHTS.values() if entry.wheel):
        pytest.skip("the networks of first guesses are not here: `python -m core weights fetch face-mesh`")
    return folder


class Server(ThreadingHTTPServer):
    body = b""
    stated = None  # Content-Length to claim instead of the true one
    asked: tuple[str, ...] = ()


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked += (self.path,)
        if not self.server.body:
            self.send_error(404)
            return
        self.send_response(200)
        if self.server.stated != 0:
            self.send_header("Content-Length", str(self.server.stated or len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror():
    """Answers every request with its `body`, or 404 where it has none."""
    server = Server(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
