import functools
import hashlib
import http.server
import threading
from dataclasses import replace

import pytest

import core.models.weights
from core.foundation.errors import Cancelled, MissingWeights, NotFound
from core.foundation.progress import Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.models.weights import WeightsFile
from core.people.encoders import encoder_choices, fetch_encoder


class Heard(Progress):
    def __init__(self):
        self.totals, self.done = [], []

    def begin(self, total, done=0, message=""):
        self.totals.append(total)

    def advance(self, done, message=""):
        self.done.append(done)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A workspace whose weights come from a server in this process, which serves one small file."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "w.pt").write_bytes(b"weights")
    sha256 = hashlib.sha256(b"weights").hexdigest()
    entry = WeightsFile("w.pt", "MIT", "face encoder", "https://somewhere.example/w.pt", sha256, 7)
    monkeypatch.setitem(core.models.weights.WEIGHTS, "facenet-vggface2", entry)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = Settings(home=tmp_path / "home", weights_mirror=f"http://127.0.0.1:{server.server_port}")
    opened = Workspace.open(settings)
    yield opened
    opened.engine.dispose()
    server.shutdown()
    server.server_close()


def test_the_encoder_of_the_settings_comes_first_and_says_what_is_missing(workspace):
    choices = encoder_choices(workspace)
    assert [choice.name for choice in choices] == ["dlib-resnet", "facenet-vggface2", "facenet-casia"]
    assert (choices[0].ready, choices[0].missing, choices[0].fetchable) == (True, None, False)
    assert (choices[1].ready, choices[1].fetchable) == (False, True)
    assert "is not on this machine" in choices[1].missing
    assert "non-commercial" in choices[1].licence


def test_an_onnx_file_is_a_choice(workspace):
    (workspace.weights / "mine.onnx").touch()
    (choice,) = [choice for choice in encoder_choices(workspace) if choice.name == "onnx:mine.onnx"]
    assert choice.ready


def test_what_was_fetched_is_ready_afterwards(mirror):
    workspace = mirror
    heard = Heard()
    assert fetch_encoder(workspace, "facenet-vggface2", heard) == {"files": 1, "bytes": 7}
    assert (heard.totals, heard.done) == ([7], [7])
    assert [choice.ready for choice in encoder_choices(workspace) if choice.name == "facenet-vggface2"] == [True]


def test_a_file_with_another_hash_is_not_kept(mirror, monkeypatch):
    workspace = mirror
    entry = core.models.weights.WEIGHTS["facenet-vggface2"]
    monkeypatch.setitem(core.models.weights.WEIGHTS, "facenet-vggface2", replace(entry, sha256="0" * 64))
    with pytest.raises(MissingWeights, match="its SHA-256 should be 0000"):
        fetch_encoder(workspace, "facenet-vggface2")
    assert list(workspace.weights.iterdir()) == []


def test_a_cancelled_fetch_leaves_nothing(mirror):
    workspace = mirror

    class Stopped(Progress):
        def advance(self, done, message=""):
            raise Cancelled("runs.this_cancelled")

    with pytest.raises(Cancelled, match="the run was cancelled"):
        fetch_encoder(workspace, "facenet-vggface2", Stopped())
    assert list(workspace.weights.iterdir()) == []


def test_an_unknown_encoder_cannot_be_fetched(workspace):
    with pytest.raises(NotFound, match="there is no encoder called 'none' to fetch"):
        fetch_encoder(workspace, "none")
