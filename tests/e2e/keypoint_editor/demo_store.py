"""The stores of the editor's demo, one for each test by its id, and the routes that give and save what is in them.

The page's address names the store (``?store=...``), and what else is wanted of it; a request names the page.
"""

from __future__ import annotations

import io
from dataclasses import asdict
from functools import cache
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from core.points.orders import STATES, PictureOrder
from core.points.sent_edits import parse_edit, parse_verdict, sent_rows

PICTURES = 3
WIDTH, HEIGHT = 800, 600
FACE, BODY = 7, 8
STORES: dict[str, dict] = {}


def face_points() -> list[list]:
    """A plausible layout of 68 points; point 0 at (300, 200), point 5 absent, point 6 hidden, point 7 unsure."""
    angle = np.linspace(np.pi, 0, 17)
    jaw = np.stack([400 + 100 * np.cos(angle), 200 + 130 * np.sin(angle)], axis=1)
    turn = np.arange(51) / 51 * 2 * np.pi
    inner = np.stack([400 + (25 + np.arange(51)) * np.cos(turn), 220 + (20 + np.arange(51)) * np.sin(turn)], axis=1)
    rows = [[round(float(x), 2), round(float(y), 2), 2, 0.9] for x, y in np.concatenate([jaw, inner])]
    rows[5] = [None, None, 0, None]
    rows[6][2] = 1
    rows[7][3] = 0.2
    return rows


def body_points() -> list[list]:
    """24 points down two columns at the right of the picture."""
    return [[600.0 + 60 * (k % 2), 60.0 + 20 * k, 2, 1.0] for k in range(24)]


def store_of(name: str) -> dict:
    """The points of each picture, and what was sent; made when it is asked for first."""
    if name not in STORES:
        faces = {f"{FACE + 10 * i}": {"points": face_points(), "revision": 31} for i in range(PICTURES)}
        bodies = {f"{BODY + 10 * i}": {"points": body_points(), "revision": 40} for i in range(PICTURES)}
        STORES[name] = {
            "index": 0,
            "instances": faces | bodies,
            "log": [],
            "saved": {},
            "theirs": {},
            "states": ["found"] * PICTURES,
            "rested": [],
            "withhold": False,
            "runs": 0,
        }
    return STORES[name]


def instance_row(number: int, store: dict, label: str | None = None) -> dict:
    """An instance as the editor is given it."""
    kept, face = store["instances"][str(number)], number % 10 == FACE
    source = kept.get("source", "model" if face else "human")
    return {
        "id": number,
        "kind": "face" if face else "person",
        "box": [290, 150, 510, 340] if face else [580, 40, 680, 540],
        "origin": "model",
        "label": label,
        "track": None,
        "skeleton": "face68" if face else "body24",
        "revision": kept["revision"],
        "points": kept["points"],
        "source": source,
        "review": "open" if source == "model" else "in_progress",
        "vouched": [source == "human" and confidence == 1 for *_, confidence in kept["points"]],
        "predicted": face_points() if face and source == "human" else None,
        "author": None,
    }


def they_move(store: dict) -> None:
    """Somebody else moves jaw_1 of the first face by 40 pixels."""
    face = store["instances"][str(FACE)]
    face["points"][0] = [260.0, 200.0, 2, 1.0]
    face["revision"] += 1
    store["theirs"][str(FACE)] = {"0": face["revision"]}


def asked_of(request: Request) -> dict[str, str]:
    """What the address of the page asks for that sends this."""
    return {word: values[0] for word, values in parse_qs(urlsplit(request.headers["referer"]).query).items()}


async def order(request: Request) -> Response:
    """What ``/api/order`` does: all pictures."""
    store = store_of(asked_of(request).get("store", "demo"))
    states = np.array([STATES.index(state) for state in store["states"]], np.uint8)
    none = np.zeros(PICTURES, np.int32)
    return Response(PictureOrder(np.arange(PICTURES, dtype=np.int32), none, none, states).to_bytes())


async def frames(request: Request) -> JSONResponse:
    """What ``/api/frames`` does."""
    asked = asked_of(request)
    name = asked.get("store", "demo")
    store = store_of(name)
    found = [
        {
            "id": number,
            "version": "broken" if "broken" in asked else "1",
            "width": WIDTH,
            "height": HEIGHT,
            "name": f"drawn/{number}.png",
            "state": store["states"][number],
            "clip": None,
            "instances": [
                instance_row(FACE + 10 * number, store, asked.get("label")),
                instance_row(BODY + 10 * number, store, "Björn"),
            ],
        }
        for number in map(int, request.query_params["ids"].split(","))
        if number < PICTURES
    ]
    return JSONResponse({"store": name, "frames": found})


async def display(request: Request) -> Response:
    """What ``/api/display`` does."""
    if request.query_params["v"] == "broken":
        return PlainTextResponse("the file is not there", status_code=404)
    return Response(picture(request.path_params["number"]), media_type="image/png")


@cache
def picture(number: int) -> bytes:
    """A PNG: a soft gradient with a grid every 50 pixels."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    pixels = np.stack([80 + x / 8, 90 + y / 8, 120 + 20 * number + 0 * x], axis=-1)
    pixels[(x % 50 == 0) | (y % 50 == 0)] += 25
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


async def save(request: Request) -> JSONResponse:
    """What ``/api/edits`` does, on one of these stores."""
    rows = sent_rows(await request.json())
    verdicts = [parse_verdict(row) for row in rows if "verdict" in row]
    edits = [parse_edit(row).edit for row in rows if "verdict" not in row]
    name = next((sent.store for sent in [*verdicts, *edits]), asked_of(request)["store"])
    store = store_of(name)
    if rows:
        store["log"].append([asdict(edit) | {"note": edit.note.to_json()} for edit in edits])
    if store["withhold"]:
        return JSONResponse({"error": "the demo withholds it"}, status_code=503)
    for verdict in verdicts:
        store["states"][verdict.image] = "accepted" if verdict.verdict == "accept" else "in_progress"
        store["saved"][verdict.id] = 0
    refused = {edit.id: "Mina has moved the same point" for edit in edits if not _apply(edit, store)}
    saved = {sent.id: store["saved"][sent.id] for sent in (*verdicts, *edits) if sent.id not in refused}
    instances = [instance_row(number, store) for number in sorted({edit.instance for edit in edits})]
    answer = {"store": name, "saved": saved, "refused": refused, "foreign": [], "instances": instances}
    return JSONResponse(answer | {"pictures": {verdict.image: store["states"][verdict.image] for verdict in verdicts}})


def _apply(edit, store: dict) -> bool:
    if edit.id in store["saved"]:
        return True
    instance, theirs = store["instances"][str(edit.instance)], store["theirs"].get(str(edit.instance), {})
    if edit.base is not None and any(theirs.get(str(k), 0) > edit.base for k, *_ in edit.changes):
        return False
    for k, x, y, visibility in edit.changes:
        instance["points"][k] = [x, y, visibility, 1.0]
    instance["revision"] += 1
    instance["source"] = "human"
    store["saved"][edit.id] = instance["revision"]
    return True


async def report(request: Request) -> JSONResponse:
    """All that a store holds."""
    return JSONResponse(store_of(request.path_params["name"]))
