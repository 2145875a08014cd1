"""Who may speak to the workbench: hosts that are ours, pages of our own, no frame of anybody else's."""

import asyncio
from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from streamlit import config
from streamlit.web import bootstrap
from streamlit.web.server.starlette.starlette_websocket import _is_origin_allowed

from core.foundation.doors import Doors
from tests.builders.places import ROOT


async def _nothing(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-content-type-options", b"nosniff")]})
    await send({"type": "http.response.body", "body": b"ok"})


def _doors(listening_on="127.0.0.1", also=()):
    return Doors(_nothing, listening_on=listening_on, also=also)


def _asked(doors, kind="http", error=None, **headers):
    """What is sent in answer to one request, also where what stands behind fails."""
    events = []

    async def send(event):
        events.append(event)

    async def receive():
        return {"type": f"{kind}.connect"}

    named = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    with pytest.raises(error) if error else nullcontext():
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


@pytest.mark.parametrize("twice", [b"origin", b"host"])
def test_a_request_that_says_two_origins_or_hosts_is_refused_whichever_comes_last(twice):
    own = {b"host": b"127.0.0.1:8501", b"origin": b"http://127.0.0.1:8501"}
    foreign = {b"host": b"evil.example", b"origin": b"http://evil.example"}[twice]
    events = []

    async def send(event):
        events.append(event)

    for headers in ([(twice, foreign), *own.items()], [*own.items(), (twice, foreign)], list(own.items())):
        asyncio.run(_doors()({"type": "http", "headers": headers}, None, send))
    assert [event["status"] for event in events if "status" in event] == [403, 403, 200]


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


def test_whatever_says_no_may_not_be_framed_or_kept_either():
    async def missing(scope, receive, send):
        await send({"type": "http.response.start", "status": 404, "headers": []})

    async def failing(scope, receive, send):
        raise RuntimeError("what the log says")

    refused, _ = _asked(_doors(), host="evil.example")
    (gone,) = _asked(Doors(missing, listening_on="127.0.0.1"), host="localhost")
    failed, body = _asked(Doors(failing, listening_on="127.0.0.1"), error=RuntimeError, host="localhost")
    assert [event["status"] for event in (refused, gone, failed)] == [403, 404, 500]
    assert b"the log of the workbench says why" in body["body"]
    for event in (refused, gone, failed):
        headers = dict(event["headers"])
        assert b"frame-ancestors 'self'" in headers[b"content-security-policy"]
        assert headers[b"cache-control"] == b"no-store"


def test_a_failure_in_the_midst_of_an_answer_is_not_answered_twice():
    async def half(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("what the log says")

    (start,) = _asked(Doors(half, listening_on="127.0.0.1"), error=RuntimeError, host="localhost")
    assert start["status"] == 200


@pytest.mark.parametrize("listening_on", ["127.0.0.1", "0.0.0.0"])
def test_behind_a_proxy_that_asks_for_another_host_streamlit_opens_the_socket_and_asks_nobody(
    listening_on, monkeypatch
):
    def asked_the_internet():
        raise AssertionError("asked for its own address")

    monkeypatch.setattr("streamlit.net_util.get_external_ip", asked_the_internet)
    opened = []

    async def streamlit(scope, receive, send):
        headers = Headers(scope=scope)
        opened.append(_is_origin_allowed(headers.get("origin"), headers.get("host")))

    doors = Doors(streamlit, listening_on=listening_on, also=["facet.example"])
    for host, origin in (
        ("127.0.0.1:8501", "https://facet.example"),
        ("facet.example", "https://facet.example"),
        ("LOCALHOST:8501", "http://localhost:8501"),
    ):
        _asked(doors, "websocket", host=host, origin=origin)
    assert opened == [True, True, True]


def test_a_start_on_every_address_asks_nobody_for_its_own(monkeypatch, capsys):
    def asked(*_):
        raise AssertionError("asked for its own address")

    monkeypatch.chdir(ROOT)
    for name in ("get_external_ip", "get_internal_ip"):
        monkeypatch.setattr(f"streamlit.net_util.{name}", asked)
    config.get_config_options(force_reparse=True, options_from_flags={"server.address": "0.0.0.0"})
    bootstrap._print_url(is_running_hello=False)
    config.get_config_options(force_reparse=True, options_from_flags={})
    assert "localhost" in capsys.readouterr().out


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
