"""Calls of the command line in one home folder, in the order in which somebody would make them.

Every input is made here: pictures of coloured noise, clips of a moving square, tracks, lists of names, and four drawn
photos of two people. Of each call the exit code is told, and the names and JSON types of what it prints, or the one
line of why it could not run.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from tests.as_before import house

SIDE, FRAMES, CLIPS = 96, 3, 6
LABELS = house.REPOSITORY / "tests" / "data" / "labels"
SMALL = tuple(
    part for one in ("epochs=1", "input_size=64x64", "batch=8", "workers=0", "sheets=0") for part in ("--set", one)
)
_PROGRESS = re.compile(r": \d+ of \d+$")


def kinds(value: Any) -> Any:
    """The names and JSON types of a value; in a list each kind of item once, objects that differ in types as one."""
    if isinstance(value, dict):
        return {name: kinds(inner) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return _distinct([kinds(inner) for inner in value])
    names = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
    return names[type(value)]


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in items:
        for number, known in enumerate(found):
            joined = _joined(known, item)
            if joined is not None:
                found[number] = joined
                break
        else:
            found.append(item)
    return sorted(found, key=partial(json.dumps, sort_keys=True))


def _joined(known: Any, item: Any) -> Any:
    """Both in one, where they are alike but for the types of some names, such as "null or string"; else None."""
    if known == item:
        return known
    if not isinstance(known, dict) or not isinstance(item, dict) or known.keys() != item.keys():
        return None
    if any(
        known[name] != item[name] and not (isinstance(known[name], str) and isinstance(item[name], str))
        for name in known
    ):
        return None
    return {name: _either(known[name], item[name]) for name in known}


def _either(known: Any, item: Any) -> Any:
    return known if known == item else " or ".join(sorted({*known.split(" or "), *item.split(" or ")}))


def told(place: Path) -> list[dict[str, Any]]:
    """Every call in its turn, with what came of it; the folder of the inputs and the results is HERE."""
    inputs(place)
    with house.at_home(place / "home"), house.small_samples():
        return [_told(place, words) for words in script(place)]


def _told(place: Path, words: tuple[object, ...]) -> dict[str, Any]:
    return {"call": _masked(" ".join(map(str, words)), place), **_outcome(place, words)}


def _masked(text: str, place: Path) -> str:
    """Without what is of this machine, and without the lists of what there is, which may grow."""
    masked = text.replace(str(place), "HERE").replace(str(house.REPOSITORY), "REPOSITORY")
    return re.sub(r"; there are .*", "; there are …", masked)


def _outcome(place: Path, words: tuple[object, ...]) -> dict[str, Any]:
    done = house.facet(*words, "--json")
    assert "Traceback" not in done.stderr, done.stderr
    if done.exit_code != 2:
        assert done.stdout.count("\n") == 1, done.stdout
        return {"exit": done.exit_code, "json": kinds(json.loads(done.stdout))}
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not _PROGRESS.search(line)]
    if lines[0].startswith("Usage:"):
        return {"exit": 2, "stderr": "usage"}
    return {"exit": 2, "stderr": _masked(lines[-1], place)}  # warnings may stand before


def inputs(place: Path) -> None:
    """Everything that the calls read, below `place`."""
    photos = place / "photos"
    for name, seed in (("Ada/1.png", 1), ("Ada/2.png", 2), ("copy.png", 1)):
        _picture(photos / name, _noise(seed))
    (photos / "notes.txt").write_text("hello")
    for person in ("ada", "bruno"):
        for number in range(2):
            _picture(place / "people" / person / f"{number}.png", house.portrait(person, number))
    _picture(place / "wanted" / "who.png", house.portrait("ada", 5))
    (place / "bad.zip").write_bytes(b"PK\x03\x04 not a zip")
    with zipfile.ZipFile(place / "good.zip", "w") as archive:
        archive.write(photos / "Ada" / "1.png", "1.png")
    (place / "names.csv").write_text("image,why\n1.png,blurred\nnobody.png,gone\n")
    _pts(place)
    _clips(place)


def _noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (100, 120, 3), dtype=np.uint8)


def _picture(file: Path, pixels: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)


def _pts(place: Path) -> None:
    """A picture with its 68 points beside it, and the points alone."""
    lines = "\n".join(f"{11 + i} {21 + i / 2}" for i in range(68))
    text = f"version: 1\nn_points: 68\n{{\n{lines}\n}}\n"
    _picture(place / "set" / "one.png", _noise(3))
    for folder in ("set", "alone"):
        (place / folder).mkdir(exist_ok=True)
        (place / folder / "one.pts").write_text(text)


def _clips(place: Path) -> None:
    """Clips of a square that moves a pixel a frame, with tracks of 68 and of 24 points that move with it."""
    for number in range(CLIPS):
        grid = np.stack(np.meshgrid(np.linspace(20, 70, 10), np.linspace(20, 70, 7)), axis=-1).reshape(-1, 2)
        track = np.stack([grid[:68] + frame + number for frame in range(FRAMES)])
        for folder, points in (("face-tracks", 68), ("body-tracks", 24), ("body-again", 24)):
            (place / folder).mkdir(exist_ok=True)
            shift = 0.5 if folder == "body-again" else 0.0
            np.save(place / folder / f"clip{number}.npy", track[:, :points] + shift)
        _clip(place / "clips" / f"clip{number}.mp4", number)
    np.save(place / "track.npy", np.repeat(track, 4, axis=0) + np.random.default_rng(0).normal(0, 1, (12, 68, 2)))
    np.save(place / "truth.npy", np.repeat(track, 4, axis=0))
    np.save(place / "flat.npy", np.zeros(4))


def _clip(file: Path, number: int) -> None:
    file.parent.mkdir(exist_ok=True)
    with av.open(str(file), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "yuv420p"
        for frame in range(FRAMES):
            pixels = np.full((SIDE, SIDE, 3), 60 + 15 * number, np.uint8)
            pixels[20 + frame : 60 + frame, 20 + frame : 60 + frame] = 220
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(stream.encode())


def script(place: Path) -> Iterator[tuple[object, ...]]:
    """The words of every call."""
    yield from _pictures(place)
    yield from _labels(place)
    yield from _people(place)
    yield from _learning(place)
    yield from _tracks(place)
    yield from _leaving(place)


def _pictures(place: Path) -> Iterator[tuple[object, ...]]:
    yield ("runs",)
    yield "import", place / "photos", "--dataset", "d"
    yield "import", place / "photos" / "Ada", "--dataset", "d", "--identities", "--reference"
    yield "import", place / "good.zip", "--dataset", "d"
    yield "import", place / "nowhere", "--dataset", "d"
    yield "import", place / "bad.zip", "--dataset", "d"
    yield "import", LABELS / "faces.xml", "--dataset", "d"
    yield ("import",)
    yield ("unheard-of",)
    yield ("sample",)
    yield "sample", "--clips", "--dataset", "drawn"


def _labels(place: Path) -> Iterator[tuple[object, ...]]:
    yield "labels", place / "set", "--dataset", "set", "--skeleton", "face68"
    yield "labels", place / "alone" / "one.pts", "--dataset", "later", "--skeleton", "face68"
    yield "import", place / "set", "--dataset", "later"
    yield "labels", LABELS / "coco_people.json", "--dataset", "coco", "--skeleton", "coco17"
    yield "labels", place / "set", "--dataset", "set", "--skeleton", "hand21"
    yield "labels", place / "set", "--dataset", "set", "--skeleton", "coco17"
    yield "labels", place / "nowhere", "--dataset", "set", "--skeleton", "face68"
    yield "labels", LABELS / "letters.npy", "--dataset", "set", "--skeleton", "face68"
    yield "exclude", place / "names.csv", "--dataset", "d", "--reason", "blurred"
    yield "exclude", place / "nowhere.csv", "--dataset", "d"
    yield "exclude", place / "names.csv", "--dataset", "typo"


def _people(place: Path) -> Iterator[tuple[object, ...]]:
    photo = place / "wanted" / "who.png"
    yield "import", place / "people", "--dataset", "people", "--identities"
    yield "verify", "--dataset", "people"
    yield "people", "--dataset", "people"
    yield "faces", "--dataset", "people"
    yield "people", "--dataset", "people"
    yield "people", "--dataset", "people", "--regroup"
    yield "people", "--dataset", "people", "--threshold", "0.9"
    yield "verify", "--dataset", "people"
    yield "verify", "--dataset", "people", "--save"
    yield "search", "--dataset", "people", "--photo", photo
    yield "search", "--dataset", "people", "--photo", photo, "--threshold", "0.99999"
    yield "search", "--dataset", "people", "--photo", place / "photos" / "notes.txt"
    yield "search", "--dataset", "people", "--photo", place / "photos" / "copy.png"
    yield "search", "--dataset", "people", "--photo", place / "nowhere.jpg"
    for command in ("faces", "people", "verify"):
        yield command, "--dataset", "typo"
    for command in ("faces", "verify"):
        yield command, "--dataset", "people", "--encoder", "magic"


def _learning(place: Path) -> Iterator[tuple[object, ...]]:
    model, of = "quick-resnet18-1", ("--dataset", "clips")
    yield ("models",)
    yield "import", place / "clips", *of
    yield "import", place / "clips", "--dataset", "clips again"
    yield "labels", place / "face-tracks", *of, "--skeleton", "face68"
    yield "train", *of, "--recipe", "quick-resnet18", *SMALL
    yield "train", *of, "--recipe", "magic"
    yield "train", *of, "--recipe", "quick-resnet18", "--set", "epochs"
    yield "train", *of, "--recipe", "quick-resnet18", "--set", "epochs=many"
    yield "train", *of, "--recipe", "quick-resnet18", "--skeleton", "hand21"
    yield "train", "--dataset", "d", "--recipe", "quick-resnet18"
    yield "train", *of, "--recipe", "quick-resnet18", "--split-by", "colour"
    yield ("models",)
    yield "predict", *of, "--model", model
    yield "predict", *of, "--model", model, "--flip-test"
    yield "predict", *of, "--model", model, "--smooth", "one-euro"
    yield "predict", *of, "--model", f"{model}+magic"
    yield "predict", *of, "--model", "nobody"
    yield "evaluate", *of, "--model", model
    yield "evaluate", *of, "--model", f"{model}+flip", "--against", model
    yield "evaluate", *of, "--model", "nobody"
    yield "stability", *of, "--model", model
    yield (
        "overlay",
        "--video",
        "clip0",
        "--dataset",
        "clips",
        "--models",
        model,
        f"{model}+flip",
        "--out",
        (place / "over.mp4"),
    )
    yield "overlay", "--video", "clip0", "--models", model, "--out", place / "over.mp4"
    yield "overlay", "--video", "clip9", "--dataset", "clips", "--models", model, "--out", place / "over.mp4"
    yield "overlay", "--video", "clip0", "--dataset", "clips", "--models", model, "--out", place / "over.avi"
    yield "overlay", "--video", "clip0", "--dataset", "clips", "--models", "dlib-68", "--out", place / "over.mp4"
    yield "rollback", *of
    yield "promote", *of, "--model", model, "--anyway"  # it is worse than dlib-68, so it is refused without
    yield "promote", *of, "--model", model, "--anyway"
    yield "rollback", *of
    yield "rollback", *of, "--skeleton", "hand21"
    yield "onnx", "--model", model, "--out", place / "net.onnx"
    yield "onnx", "--model", "dlib-68", "--out", place / "other.onnx"
    yield from _bodies(place, model)


def _bodies(place: Path, face_model: str) -> Iterator[tuple[object, ...]]:
    model, out = "quick-resnet18-2", place / "form.csv"
    yield "labels", place / "body-tracks", "--dataset", "clips", "--skeleton", "body24"
    yield "sigmas", "--dataset", "clips", "--other", "clips again"
    yield "labels", place / "body-again", "--dataset", "clips again", "--skeleton", "body24"
    yield "sigmas", "--dataset", "clips", "--other", "clips again"
    yield "sigmas", "--dataset", "clips", "--other", "clips"
    yield "sigmas", "--dataset", "clips", "--other", "typo"
    yield "train", "--dataset", "clips", "--recipe", "quick-resnet18", "--skeleton", "body24", *SMALL
    yield "submission", "--dataset", "clips again", "--model", model, "--out", out
    yield "submission", "--dataset", "clips", "--model", model, "--out", out
    yield "import", place / "clips" / "clip0.mp4", "--dataset", "one"
    yield "labels", place / "body-tracks" / "clip0.npy", "--dataset", "one", "--skeleton", "body24"
    yield "predict", "--dataset", "one", "--model", model
    yield "submission", "--dataset", "one", "--model", model, "--out", out
    yield "submission", "--dataset", "clips", "--model", face_model, "--out", out


def _tracks(place: Path) -> Iterator[tuple[object, ...]]:
    yield "stability", "--tracks", place / "track.npy"
    yield "stability", "--tracks", place / "track.npy", "--truth", place / "truth.npy", "--cuts", "4,8"
    yield "stability", "--tracks", place / "track.npy", "--smooth", "one-euro", "--fps", "25"
    yield "stability", "--tracks", place / "track.npy", "--smooth", "magic"
    yield "stability", "--tracks", place / "track.npy", "--cuts", "a,b"
    yield "stability", "--tracks", place / "flat.npy"
    yield "stability", "--tracks", place / "nowhere.npy"
    yield ("stability",)


def _leaving(place: Path) -> Iterator[tuple[object, ...]]:
    for name in ("coco", "identities", "facet"):
        yield "export", "--dataset", "people", "--out", place / f"out-{name}", "--format", name
        yield "import", place / f"out-{name}", "--dataset", f"back from {name}"
    yield "export", "--dataset", "clips", "--out", place / "out-clips"
    yield "export", "--dataset", "clips", "--out", place / "out-clips"
    yield "export", "--dataset", "people", "--out", place / "out", "--format", "yolo"
    yield "export", "--dataset", "typo", "--out", place / "out"
    yield ("runs",)
    yield "weights", "list"
    yield "weights", "fetch", "magic"
    yield ("backup",)
    yield "backup", "--out", place / "copy.db"
    yield "backup", "--out", place / "copy.db"
