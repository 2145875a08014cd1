"""How fast faces are found and encoded, against the plain facenet-pytorch loop on the same pictures.

    python tests/bench/bench_faces.py [--rounds 3] [--drawn] [--json]

Each side runs in a process of its own, holds the decoded pictures in memory, warms up once, and is then timed in turns
with the other: peer, ours, peer, ours. The peer takes one picture at a time through `MTCNN(keep_all=True)` and one face
at a time through `InceptionResnetV1` in eval mode without gradients, with torch's default threads. Ours is
`core.models`: the detector with all pictures, the crops, the encoder with all crops; its own filter of weak faces and
its second look at tight crops are off, so that both sides answer the same question. Both encoders read the same file of
seeded weights, because the published one may be out of reach; the sums take as long with any numbers.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT: Final = Path(__file__).resolve().parents[2]
SHARED: Final = ROOT / "../shared/data"
sys.path.insert(0, str(ROOT))

Picture = NDArray[np.uint8]
SearchResult = list[tuple[NDArray, NDArray]]  # boxes (N, 4) and embeddings (N, 512) of each picture


@dataclass(frozen=True)
class Result:
    """What the table shows; rates are pictures a second, memory is the peak of the whole process in MiB."""

    pictures: int
    faces: int
    peer_rate: float
    our_rate: float
    ratio: float
    least_iou: float
    least_cosine: float
    least_centred_cosine: float
    peer_memory: float
    our_memory: float


def _rgb(image: NDArray) -> Picture:
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)


def real_pictures() -> Iterator[Picture]:
    """Group photos and LFW portraits as they are, and every tenth frame of a street at 1280 x 720."""
    files = sorted((SHARED / "group_photos").glob("*.jpg"))
    for folder in sorted((SHARED / "identities").glob("lfw_*/")):
        files += sorted(folder.glob("*.jpg"))[:5]
    for file in files:
        image = cv2.imread(str(file))
        if image is not None and max(image.shape) <= 1920:
            yield _rgb(image)
    video = cv2.VideoCapture(str(SHARED / "video/facenet_pytorch_street.mp4"))
    for index in range(100):
        read, frame = video.read()
        if read and index % 10 == 0:
            yield _rgb(cv2.resize(frame, (1280, 720), interpolation=cv2.INTER_AREA))


def drawn_pictures() -> Iterator[Picture]:
    """The sample that Facet draws by itself."""
    from core.drawn import sample

    for picture in sample(seed=0):
        yield picture.pixels


def write_weights(folder: Path, pictures: list[Picture]) -> None:
    """Seeded weights in the published file's layout, with batch statistics of real patches: faces then differ."""
    import torch
    from facenet_pytorch import InceptionResnetV1

    from core.models.weights import WEIGHTS

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    network = InceptionResnetV1(classify=True, num_classes=2).train()
    with torch.no_grad():
        for _ in range(20):
            chosen = [pictures[index] for index in rng.integers(0, len(pictures), 16)]
            patches = np.stack([cv2.resize(_patch(picture, rng), (160, 160)) for picture in chosen])
            network((torch.from_numpy(patches).permute(0, 3, 1, 2) - 127.5) / 128)
    torch.save(network.state_dict(), folder / WEIGHTS["facenet-vggface2"].file)


def _patch(picture: Picture, rng: np.random.Generator) -> Picture:
    side = min(picture.shape[:2]) // 2
    top, left = (int(rng.integers(0, length - side + 1)) for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def peer_side(pictures: list[Picture], folder: Path) -> Iterator[SearchResult]:
    """facenet-pytorch as its readme shows it."""
    import torch
    from facenet_pytorch import MTCNN, InceptionResnetV1, extract_face, fixed_image_standardization

    from core.models.weights import WEIGHTS

    detector, network = MTCNN(keep_all=True), InceptionResnetV1().eval()
    state = torch.load(folder / WEIGHTS["facenet-vggface2"].file, weights_only=True)
    network.load_state_dict({key: value for key, value in state.items() if not key.startswith("logits.")})
    while True:
        found: SearchResult = []
        with torch.no_grad():
            for picture in pictures:
                boxes, _ = detector.detect(picture)
                faces = [] if boxes is None else [extract_face(picture, box) for box in boxes]
                vectors = [network(fixed_image_standardization(face)[None])[0].numpy() for face in faces]
                corners = np.zeros((0, 4)) if boxes is None else boxes.astype(float)
                found.append((corners, np.array(vectors).reshape(-1, 512)))
        yield found


def our_side(pictures: list[Picture], folder: Path) -> Iterator[SearchResult]:
    """The find-faces path of core.models."""
    from core.models import DETECTORS, load_encoder, weights
    from core.models.faces.mtcnn import MtcnnDetector

    files = [weights.locate(name, folder) for name in DETECTORS["mtcnn"].weights]
    detector = MtcnnDetector(files, "cpu", {"minimum_score": 0.0, "border": 0.0})
    encoder = load_encoder("facenet-vggface2", "cpu", folder)
    while True:
        every = detector.detect(pictures)
        crops = [
            encoder.crop(picture, corners, points)
            for picture, boxes in zip(pictures, every, strict=True)
            for corners, points in zip(boxes.corners, boxes.five_points, strict=True)
        ]
        ends = np.cumsum([len(boxes) for boxes in every])
        vectors = np.split(encoder.embed(crops), ends[:-1])
        yield [(boxes.corners, part) for boxes, part in zip(every, vectors, strict=True)]


def run_side(side: str, drawn: bool, folder: Path, parent: Connection) -> None:
    """In a process of its own: one timed round for each request, then the answer and the peak memory."""
    pictures = list(drawn_pictures() if drawn else real_pictures())
    rounds = (our_side if side == "ours" else peer_side)(pictures, folder)
    found = next(rounds)
    parent.send(len(pictures))
    while parent.recv() == "again":
        start = time.perf_counter()
        found = next(rounds)
        parent.send(time.perf_counter() - start)
    parent.send((found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def compare(peer: SearchResult, ours: SearchResult) -> tuple[int, float, float, float]:
    """Faces, least IoU of matched boxes, least cosine of their embeddings, and that cosine without the common mean.

    With seeded weights all faces point almost the same way, so only the last would notice faces that were mixed up.
    """
    from core.foundation.geometry import iou

    overlaps, theirs, mine = [1.0], [np.zeros((0, 512))], [np.zeros((0, 512))]
    for (boxes, vectors), (our_boxes, our_vectors) in zip(peer, ours, strict=True):
        if len(boxes) != len(our_boxes):
            raise SystemExit(f"the sides disagree: {len(boxes)} and {len(our_boxes)} faces in one picture")
        if len(boxes):
            table = iou(boxes, our_boxes)
            overlaps.append(float(table.max(axis=1).min()))
            theirs.append(vectors.astype(float))
            mine.append(our_vectors[table.argmax(axis=1)].astype(float))
    a, b = np.concatenate(theirs), np.concatenate(mine)
    mean = a.mean(axis=0)
    return len(a), min(overlaps), _least_cosine(a, b), _least_cosine(a - mean, b - mean)


def _least_cosine(a: NDArray, b: NDArray) -> float:
    return float(np.min((a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))))


def measure(rounds: int, drawn: bool) -> Result:
    """Start both sides, time them in turns, compare their answers."""
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        write_weights(Path(name), list(drawn_pictures() if drawn else real_pictures()))
        pipes: dict[str, Connection] = {}
        for side in ("peer", "ours"):
            pipes[side], child = context.Pipe()
            context.Process(target=run_side, args=(side, drawn, Path(name), child), daemon=True).start()
            child.close()  # so that a side that dies ends the wait
            count = pipes[side].recv()
        seconds: dict[str, list[float]] = {"peer": [], "ours": []}
        for _ in range(rounds):
            for side, pipe in pipes.items():
                pipe.send("again")
                seconds[side].append(pipe.recv())
        answers: dict[str, Any] = {}
        for side, pipe in pipes.items():
            pipe.send("done")
            answers[side] = pipe.recv()
    faces, least_iou, least_cosine, centred = compare(answers["peer"][0], answers["ours"][0])
    peer, ours = (statistics.median(seconds[side]) for side in ("peer", "ours"))
    rates = (count / peer, count / ours, peer / ours)
    memory = (answers["peer"][1], answers["ours"][1])
    return Result(count, faces, *rates, least_iou, least_cosine, centred, *memory)


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Faces found and encoded each second, against facenet-pytorch.")
    parser.add_argument("--rounds", type=int, default=3, help="timed rounds of each side; the median counts")
    parser.add_argument("--drawn", action="store_true", help="the drawn sample even where the real photos are")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    drawn = options.drawn or not SHARED.is_dir()
    result = measure(options.rounds, drawn)
    if options.json:
        print(json.dumps({"pictures_are": "drawn" if drawn else "real", "weights": "seeded"} | asdict(result)))
        return
    kind = "drawn pictures" if drawn else "photos and video frames"
    print(f"{result.pictures} {kind}, {result.faces} faces; seeded encoder weights on both sides.\n")
    print("| find and encode faces | pictures/s | peak memory |\n|---|---|---|")
    print(f"| facenet-pytorch, plain loop | {result.peer_rate:.2f} | {result.peer_memory:.0f} MiB |")
    print(f"| core.models | {result.our_rate:.2f} | {result.our_memory:.0f} MiB |")
    print(f"\n{result.ratio:.2f} times as fast; least IoU of matched boxes {result.least_iou:.4f} (must be > 0.99),")
    print(f"least cosine of matched embeddings {result.least_cosine:.6f} and")
    print(f"{result.least_centred_cosine:.6f} without their common mean (both must be > 0.999).")
    if result.least_iou <= 0.99 or min(result.least_cosine, result.least_centred_cosine) <= 0.999:
        raise SystemExit("the answers differ")


if __name__ == "__main__":
    main()
