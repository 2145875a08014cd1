"""Who may speak to the workbench: an ASGI layer in front of every route and the web socket.

A page anywhere on the internet can give its own name the address of this machine (DNS rebinding), open a web socket to
it, or show the workbench in a frame and lead a hand to its buttons. So a request must ask for a host that we are known
by, must not come from a page of somewhere else, and no other page may frame what we answer.
"""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from core.foundation.messages import Message, message

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  (what an address to listen on may say)
_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Streamlit's own page and components need all three
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-ancestors 'self'",  # a component is a frame of our own
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),
)
_NOT_KEPT: Final = (b"cache-control", b"no-store")  # an answer that says no, since it may be another the next time
_NO: Final = 400  # and all above
_REFUSED: Final = 403
_FAILED: Final = 500


class Doors:
    """The layer: refuses hosts that are not ours and pages of elsewhere, and says to browsers what our pages may do.

    Parameters
    ----------
    application
        What stands behind.
    listening_on
        The address that the workbench listens on. On a loopback address `localhost` and both loopback addresses are
        ours; on every address (``0.0.0.0``) any IP address is, since a name that was rebound is never one.
    also
        More names, as of a proxy in front. A page under one of them is not from elsewhere, even where the proxy asks
        for another host.
    """

    def __init__(self, application: Application, *, listening_on: str, also: Iterable[str] = ()) -> None:
        self._application = application
        self._any_address = listening_on in _EVERYWHERE
        self._also = frozenset(name.lower() for name in also)
        ours = {listening_on.lower()} | self._also
        self._ours = ours | _HERE if self._any_address or listening_on.lower() in _HERE else ours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        refusal = self.refusal(_said(scope, b"host"), _said(scope, b"origin"))
        send = _with_headers(send)
        if refusal is None:
            await self._behind(scope, receive, send)
        else:
            await _refuse(scope, receive, send, refusal.text())

    async def _behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What stands behind, and that its failures are answered with our headers too."""
        began = False

        async def sent(event: MutableMapping[str, Any]) -> None:
            nonlocal began
            began = True
            await send(event)

        try:
            await self._application(_of_our_own(scope), receive, sent)
        except Exception:
            if scope["type"] == "http" and not began:
                await _say(send, _FAILED, message("doors.failed").text())
            raise  # the server writes it into its log

    def refusal(self, host: str | None, origin: str | None) -> Message | None:
        """Why a request with these headers is refused; None where it may pass."""
        if not self._is_ours(_name_of(host)):
            return message("doors.host")
        if origin is not None and not self._same(origin, host):
            return message("doors.origin")
        return None

    def _is_ours(self, name: str | None) -> bool:
        return name is not None and (name in self._ours or (self._any_address and _is_address(name)))

    def _same(self, origin: str, host: str | None) -> bool:
        address = _parts(origin)
        return address is not None and (address.netloc == (host or "").lower() or address.hostname in self._also)


def _said(scope: Scope, name: bytes) -> str | None:
    """What a request says under a name; where it says two things, both, which are then nobody's."""
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ", ".join(values) if values else None


def _parts(address: str) -> SplitResult | None:
    """An address in small letters, taken apart; None where it is none."""
    try:
        return urlsplit(address.lower())
    except ValueError:
        return None


def _name_of(host: str | None) -> str | None:
    """A Host header without its port."""
    address = _parts(f"//{host}") if host else None
    return address.hostname if address is not None else None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _of_our_own(scope: Scope) -> Scope:
    """A web socket that was let in comes from its own host: of any other, Streamlit asks a host on the internet."""
    if scope["type"] != "websocket":
        return scope
    hosts = [value for name, value in scope["headers"] if name == b"host"]
    origin = b"http://" + b"".join(hosts)
    return {**scope, "headers": [(name, origin if name == b"origin" else value) for name, value in scope["headers"]]}


def _with_headers(send: Send) -> Send:
    async def sent(event: MutableMapping[str, Any]) -> None:
        if event["type"] == "http.response.start":
            given = {name.lower() for name, _ in event.get("headers", ())}
            ours = _HEADERS if event["status"] < _NO else (*_HEADERS, _NOT_KEPT)
            event["headers"] = [*event.get("headers", ()), *(pair for pair in ours if pair[0] not in given)]
        await send(event)

    return sent


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":  # before it is accepted: the server answers the handshake with 403
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason})
        return
    await _say(send, _REFUSED, reason)


async def _say(send: Send, status: int, sentence: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence.encode()})
