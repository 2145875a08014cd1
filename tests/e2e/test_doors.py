"""What the running workbench answers to whom."""

import http.client
import os

import pytest


def _answer(workbench, path="/", *, method="GET", host=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", workbench.port, timeout=30)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{workbench.port}")
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def _socket(workbench, **headers):
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Version": "13"}
    key = {"Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
    connection = http.client.HTTPConnection("127.0.0.1", workbench.port, timeout=30)
    connection.putrequest("GET", "/_stcore/stream", skip_host=True)
    for name, value in ({"Host": f"127.0.0.1:{workbench.port}"} | upgrade | key | headers).items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


UPLOAD = "/_stcore/upload_file/a/b"
PATHS = [
    "/",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/bidi-components/a/b.js",
    "/component/a/index.html",
    "/media/a.png",
    "/static/a.js",
    "/api/thumbnail/1",
    "/api/display/1",
    "/api/crop/1",
    "/api/export/1",
    "/api/overlay/1-1.mp4",
    "/api/edits",
    "/api/clip/edits",
    "/api/clip/tracks",
    UPLOAD,
]


@pytest.mark.parametrize("path", PATHS)
def test_a_name_that_was_rebound_to_this_machine_is_not_answered(shared_workbench, path):
    rebound, own = _answer(shared_workbench, path, host="evil.example"), _answer(shared_workbench, path)
    assert (rebound.status, own.status != 403) == (403, True)
    for answer in (rebound, own):
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", ["thumbnail", "display", "crop", "export"])
def test_a_number_longer_than_python_reads_is_no_failure(shared_workbench, kind):
    assert _answer(shared_workbench, f"/api/{kind}/{'9' * 4000}").status == 404
    assert _answer(shared_workbench, f"/api/{kind}/{'9' * 5000}").status < 500


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path", [UPLOAD, "/api/edits", "/api/clip/edits", "/component/a/index.html", "/_stcore/bidi-components/a/b.js"]
)
def test_a_page_of_another_address_gets_no_answer(shared_workbench, path, method):
    for foreign in ("http://evil.example", "null", f"http://localhost:{shared_workbench.port}"):
        assert _answer(shared_workbench, path, method=method, Origin=foreign).status == 403


def test_the_web_socket_opens_to_our_own_page_only(shared_workbench):
    own = f"http://127.0.0.1:{shared_workbench.port}"
    assert _socket(shared_workbench, Origin=own) == 101
    assert _socket(shared_workbench, Origin="http://evil.example") == 403
    assert _socket(shared_workbench, Origin="http://localhost:1") == 403
    assert _socket(shared_workbench, Origin="http://evil.example", Host="evil.example") == 403


def test_no_other_page_may_frame_ours_and_ours_loads_nothing_from_elsewhere(shared_workbench, page):
    policy = _answer(shared_workbench).headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(shared_workbench.address)
    page.get_by_role("heading", level=1).wait_for()  # of whatever dataset is there
    assert asked
    assert not [url for url in asked if not url.startswith((shared_workbench.address, "data:", "blob:"))]


def test_the_home_folder_and_all_in_it_are_for_its_owner_only(shared_workbench):
    others = [path for path in (shared_workbench.home, *shared_workbench.home.rglob("*")) if path.stat().st_mode & 0o77]
    assert os.name != "posix" or not others
