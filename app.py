"""The workbench: `streamlit run app.py`. Brings the store up to date, keeps a worker beside, serves pictures."""

import gc
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any
from urllib.parse import quote

import streamlit as st
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from core.exchange.delivering import zipped_export
from core.foundation.answering import answer_at_once
from core.foundation.doors import Doors
from core.foundation.errors import BadInput, FacetError, NotFound, StoreBusy, StoreFull
from core.foundation.messages import message, templates
from core.foundation.private import mode_for_others
from core.foundation.settings import explained
from core.foundation.workspace import Workspace
from core.jobs.inference import first_points_beside
from core.jobs.sent_boxes import save_box
from core.jobs.supervisor import worker_beside
from core.learning.picture_orders import asked_order
from core.library.serving import Served, serve_crop, serve_display, serve_thumbnail
from core.motion.overlaying import overlay_file
from core.motion.sent_clip_edits import do_sent
from core.motion.timelines import asked_course, asked_fade, asked_frames, asked_tracks
from core.people.search.parcels import kept_parcel, zipped_parcel
from core.points.frames import picture_window
from core.points.sent_edits import save_sent

# The address names the content (?v=…), so what it gives never changes.
_FOREVER = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
_NEVER = {"Cache-Control": "no-store"}

_MOST_BYTES = 4 * 2**20  # of one sending of edits


def _open() -> Workspace:
    """The workspace; a setting or a folder that cannot be ends the start with one sentence."""
    try:
        return Workspace.open()
    except ValidationError as error:
        raise SystemExit(explained(error)) from None
    except (FacetError, OSError) as error:
        raise SystemExit(str(error)) from None


def _load_slow_parts() -> None:
    """Load what takes longest: what tables, then what runs, then intervals need, and every sentence. A browser that
    opens the first page finds it there.

    All that is loaded stays. Python need not look through it for garbage again and again, which is a quarter of the
    time of a page that reads 100,000 rows.
    """
    for name in ("pandas", "core.jobs.queue", "core.verification", "scipy.special"):
        import_module(name)
    templates()
    gc.collect()
    gc.freeze()


_workspace = _open()
threading.Thread(target=_load_slow_parts, name="slow parts", daemon=True).start()


@asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """The worker lives as long as the workbench."""
    answer_at_once()
    chosen = _workspace.settings
    print(f"\n  Facet is at http://{chosen.host}:{chosen.port}   (Ctrl-C stops it)\n", flush=True)
    if mode := mode_for_others(_workspace.home):
        print(message("store.open_to_others", home=_workspace.home, mode=mode).text() + "\n", flush=True)
    async with worker_beside(_workspace):
        yield


def _picture(make: Callable[[Workspace, int], Served]) -> Callable[[Request], Any]:
    async def serve(request: Request) -> Response:
        try:
            served = await run_in_threadpool(make, _workspace, request.path_params["number"])
        except NotFound as error:
            return PlainTextResponse(str(error), status_code=404)
        except FacetError as error:
            return PlainTextResponse(str(error), status_code=422)
        if isinstance(served, bytes):
            return Response(served, media_type="image/jpeg", headers=_FOREVER)
        return FileResponse(served, media_type="image/jpeg", headers=_FOREVER)

    return serve


async def _export(request: Request) -> Response:
    try:
        delivery = await run_in_threadpool(zipped_export, _workspace, request.path_params["number"])
    except FacetError as error:
        return PlainTextResponse(str(error), status_code=404)
    named = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(delivery.name)}"} | _NEVER
    return StreamingResponse(delivery.content, media_type="application/zip", headers=named)


async def _found(request: Request) -> Response:
    try:
        parcel = kept_parcel(request.path_params["ticket"])
    except FacetError as error:
        return PlainTextResponse(str(error), status_code=404)
    named = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(parcel.name)}"} | _NEVER
    return StreamingResponse(zipped_parcel(_workspace, parcel), media_type="application/zip", headers=named)


async def _overlay(request: Request) -> Response:
    try:
        file = await run_in_threadpool(overlay_file, _workspace, request.path_params["name"])
    except FacetError as error:
        return PlainTextResponse(str(error), status_code=404)
    return FileResponse(file, media_type="video/mp4", headers=_FOREVER)  # answers byte ranges: browsers seek


async def _answered(service: Callable[..., Any], *asked: Any) -> Response:
    """What a service answers: bytes as packed arrays, all else as JSON; or why it does not, as one sentence."""
    try:
        content = await run_in_threadpool(service, _workspace, *asked)
    except (StoreBusy, StoreFull) as error:
        return _refusal(error, 503)  # later it may go
    except FacetError as error:
        return _refusal(error, 422)
    if isinstance(content, bytes):
        return Response(content, media_type="application/octet-stream", headers=_NEVER)
    return JSONResponse(content, headers=_NEVER)


def _refusal(error: FacetError, status: int) -> Response:
    return JSONResponse({"error": str(error)}, status_code=status, headers=_NEVER)


def _asked(service: Callable[[Workspace, Mapping[str, str]], Any]) -> Callable[[Request], Any]:
    """A route for what an address asks."""

    async def serve(request: Request) -> Response:
        return await _answered(service, request.query_params)

    return serve


def _posted(service: Callable[[Workspace, object], Any]) -> Callable[[Request], Any]:
    """A route for what is sent to be done."""

    async def serve(request: Request) -> Response:
        try:
            sent = await _sent(request)
        except BadInput as error:
            return _refusal(error, 422)
        return await _answered(service, sent)

    return serve


def _order(workspace: Workspace, asked: Mapping[str, str]) -> bytes:
    """The pictures that an editor goes through (`core.points.orders.PictureOrder`)."""
    return asked_order(workspace, asked).to_bytes()


def _frames(workspace: Workspace, asked: Mapping[str, str]) -> dict[str, Any]:
    """A window of pictures with their points."""
    return picture_window(workspace, asked.get("ids", ""))


def _save(workspace: Workspace, sent: object) -> dict[str, Any]:
    """Edits of a tab, from whatever page it shows: each is answered with its revision, or why there is none."""
    return save_sent(workspace, sent, {"box": save_box})


async def _first_points(request: Request) -> Response:
    """Let what pre-labels look into a box now; answered with its name, or why there are no points."""
    return await _answered(_model_for, request.path_params["number"])


def _model_for(workspace: Workspace, instance_id: int) -> dict[str, str | None]:
    return {"model": first_points_beside(workspace, instance_id)}


async def _sent(request: Request) -> object:
    """What a request sends as JSON. Of any other kind a foreign page could send without being asked for leave."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _MOST_BYTES or kind != "application/json":
            raise BadInput("editor.not_json", limit=_MOST_BYTES)
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise BadInput("editor.not_json", limit=_MOST_BYTES) from None


class _Number(IntegerConvertor):
    """A number of a path that Python reads: it takes no text of more than 4,300 digits for one."""

    regex = "[0-9]{1,4000}"


register_url_convertor("int", _Number())

app = st.App(
    "pages/navigation.py",
    lifespan=lifespan,
    middleware=[Middleware(Doors, listening_on=_workspace.settings.host, also=_workspace.settings.other_hosts)],
    routes=[
        Route("/api/thumbnail/{number:int}", _picture(serve_thumbnail)),
        Route("/api/display/{number:int}", _picture(serve_display)),
        Route("/api/crop/{number:int}", _picture(serve_crop)),
        Route("/api/export/{number:int}", _export),
        Route("/api/found/{ticket}", _found),
        Route("/api/overlay/{name}", _overlay),
        Route("/api/order", _asked(_order)),
        Route("/api/frames", _asked(_frames)),
        Route("/api/first-points/{number:int}", _first_points, methods=["POST"]),
        Route("/api/edits", _posted(_save), methods=["POST"]),
        Route("/api/clip/edits", _posted(do_sent), methods=["POST"]),
        Route("/api/clip/frames", _asked(asked_frames)),
        Route("/api/clip/course", _asked(asked_course)),
        Route("/api/clip/tracks", _asked(asked_tracks)),
        Route("/api/clip/fade", _asked(asked_fade)),
    ],
)
