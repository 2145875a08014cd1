"""Who may speak to the workbench: hosts that are ours, pages of our own, no frame of anybody else's."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.foundation.doors import Doors


async def _nothing(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-content-type-options", b"nosniff")]})
    await send({"type": "http.response.body", "body": b"ok"})


def _doors(listening_on="127.0.0.1", also=()):
    return Doors(_nothing, listening_on=listening_on, also=also)


def _asked(doors, kind="http", **headers):
    """What is sent in answer to one request."""
    events = []

    async def send(event):
        events.append(event)

    async def receive():
        return {"type": f"{kind}.connect"}

    named = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    asyncio.run(doors({"type": kind, "headers": named}, receive, send))
    return events


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "LOCALHOST", "[::1]:8501", "localhost:9000"])
def test_on_a_loopback_address_every_name_of_this_machine_is_ours(host):
    assert _doors().refusal(host, None) is None


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8501", "10.0.0.3:8501", "", None, "[bad", "a@b"]
)
def test_on_a_loopback_address_no_other_host_is_answered(host):
    refusal = _doors().refusal(host, None)
    assert refusal is not None
    assert refusal.code == "doors.host"


def test_on_one_address_only_that_one_is_ours():
    doors = _doors("192.168.1.5")
    assert doors.refusal("192.168.1.5:8501", None) is None
    assert doors.refusal("192.168.1.6:8501", None).code == "doors.host"
    assert doors.refusal("localhost", None).code == "doors.host"


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "::", ""])
def test_on_every_address_an_address_is_ours_and_a_name_is_not(everywhere):
    doors = _doors(everywhere)
    for host in ("10.0.0.3:8501", "[2001:db8::1]:8501", "localhost:8501"):
        assert doors.refusal(host, None) is None
    assert doors.refusal("evil.example:8501", None).code == "doors.host"


def test_more_names_can_be_ours_and_so_are_pages_under_them():
    doors = _doors(also=["Facet.example"])
    assert doors.refusal("facet.example", "https://facet.example") is None
    assert doors.refusal("127.0.0.1:8501", "https://facet.example") is None, "a proxy that asks for its own host"
    assert doors.refusal("other.example", None).code == "doors.host"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "http://localhost:3000", "null", "", "http://[bad", "file://"]
)
def test_a_page_of_another_address_is_refused(origin):
    assert _doors().refusal("localhost:8501", origin).code == "doors.origin"


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_request_says_it_gets_an_answer_and_only_ours_passes(host, origin):
    refusal = _doors().refusal(host, origin)
    if refusal is None:
        assert host.lower().split(":")[0].strip("[]") in ("localhost", "127.0.0.1", "", "::1")
        assert origin.lower().endswith("//" + host.lower())


def test_a_refused_request_reaches_nothing_and_says_why():
    start, body = _asked(_doors(), host="evil.example")
    assert start["status"] == 403
    assert b"FACET_HOSTS" in body["body"]


def test_a_refused_web_socket_is_closed_before_it_is_accepted():
    (closed,) = _asked(_doors(), "websocket", host="localhost:8501", origin="http://evil.example")
    assert closed["type"] == "websocket.close"


def test_an_answer_says_that_no_other_page_may_frame_it_and_keeps_its_own_headers():
    start, _ = _asked(_doors(), host="localhost:8501", origin="http://localhost:8501")
    headers = dict(start["headers"])
    assert b"frame-ancestors 'self'" in headers[b"content-security-policy"]
    assert b"connect-src 'self'" in headers[b"content-security-policy"]
    assert [name for name, _ in start["headers"]].count(b"x-content-type-options") == 1


def test_what_is_no_request_passes():
    passed = []

    async def lifespan(scope, receive, send):
        passed.append(scope["type"])

    asyncio.run(Doors(lifespan, listening_on="127.0.0.1")({"type": "lifespan"}, None, None))
    assert passed == ["lifespan"]
