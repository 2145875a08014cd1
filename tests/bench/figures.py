"""How well faces are found, grouped and verified on real photos: ``python -m tests.bench.figures FOLDER [ENCODER ..]``.

FOLDER holds one folder of photos per person. Prints two Markdown tables: the second has the groups of people on whom no
threshold was chosen, of 100 random halves of the people. Not a bench: it measures no time.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from core.foundation.geometry import most_central
from core.foundation.progress import Progress
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.jobs.inline import run_here
from core.library.names_in_store import annotator_id, create_dataset
from core.metrics.clustering import bcubed, pairwise, with_unknown_apart
from core.people.blind import BlindFaces
from core.people.comparing import NEARLY, best_thresholds, people_by_folders
from core.people.encoders import encoder_of, own_threshold
from core.verification import confirmed_pairs, evaluate_pairs
from db.engine import reading
from db.queries.people.listing import all_people
from db.tables import Image

HEAD = (
    "| encoder | photos with a face | faces | groups (people) | BCubed P / R / F | pairs | "
    "best accuracy | held-out accuracy | EER |"
)


UNSEEN_HEAD = "| encoder | pairs P / R / F, mean | P reaches 0.995, F 0.98, both |"
SPLITS = 100


def measure(photos: Path, encoder: str) -> tuple[str, str]:
    """A row of each table: groups without a human's help against the folders, then a threshold on confirmed people."""
    with tempfile.TemporaryDirectory() as home:
        workspace = Workspace.open(Settings(home=Path(home), encoder=encoder))
        blind, counts = import_and_find(workspace, photos, "blind", identities=False)
        truth, found = against_folders(workspace, blind)
        scores = bcubed(truth, found)
        unseen = unseen_people(workspace, blind)
        named, _ = import_and_find(workspace, photos, "named", identities=True)
        pairs = confirmed_pairs(workspace, named)
        report = evaluate_pairs(pairs)
    assert report.held_out is not None
    name = f"`{Path(encoder).name if encoder.startswith('onnx:') else encoder}`"
    cells = (
        name,
        f"{counts['images'] - counts['without_face']} of {counts['images']}",
        counts["faces"],
        f"{counts['people']} ({len(np.unique(truth))})",
        f"{scores.precision:.3f} / {scores.recall:.3f} / {scores.f:.3f}",
        f"{int(pairs.same.sum())} + {int((~pairs.same).sum())}",
        f"{report.best.confusion.accuracy:.2%} at {report.best.threshold:.3f}",
        f"{report.held_out.mean:.2%} ± {report.held_out.std:.2%}",
        f"{report.eer.rate:.2%}",
    )
    return f"| {' | '.join(map(str, cells))} |", f"| {name} | {unseen} |"


def import_and_find(workspace: Workspace, photos: Path, name: str, *, identities: bool) -> tuple[int, dict[str, Any]]:
    """A dataset of the photos with its faces found; its id, and the run's counts."""
    dataset = create_dataset(workspace, name, annotator_id(workspace, "figures"))
    run_here(workspace, "import", dataset, {"source": str(photos), "identities": identities}, Progress())
    return dataset, run_here(workspace, "faces", dataset, {}, Progress()).counts


def unseen_people(workspace: Workspace, dataset: int) -> str:
    """Cells of grouping each half of the people at the threshold that the other half has chosen, over random halves.

    Pairs: mean precision, recall and F, and the shares of halves in which precision, F and both reach the target.
    """
    version = encoder_of(workspace, dataset)
    faces = BlindFaces.of(workspace, dataset, version.id)
    with reading(workspace.engine) as session:
        known = people_by_folders(dataset, session=session)
    truth = np.array([known.get(face, -1) for face in faces.instances.tolist()])
    grid = np.unique(np.round(1 - (1 - own_threshold(workspace, version)) * np.linspace(0.5, 1.3, 33), 4)).tolist()
    tried = {at: with_unknown_apart(faces.grouped(at)) for at in grid}
    people, rng = np.unique(truth[truth >= 0]), np.random.default_rng(0)
    found = []
    for _ in range(SPLITS):
        first = np.isin(truth, rng.permutation(people)[: len(people) // 2])
        second = ~first & (truth >= 0)
        for chosen_by, judged in ((first, second), (second, first)):
            at = best_thresholds(truth, tried, chosen_by, NEARLY)[-1]
            pairs = pairwise(truth, tried[at], judged)
            found.append((pairs.precision, pairs.recall, pairs.f, pairs.precision >= 0.995, pairs.f >= 0.98))
    precision, recall, f, precise, enough = np.array(found).T
    means = " / ".join(f"{each.mean():.4f}" for each in (precision, recall, f))
    return f"{means} | {precise.mean():.0%}, {enough.mean():.0%}, {(precise * enough).mean():.0%}"


def against_folders(workspace: Workspace, dataset: int) -> tuple[np.ndarray, np.ndarray]:
    """For the most central face of each photo: the number of its folder, and the person that it was grouped with."""
    faces: dict[int, list[tuple[tuple[float, ...], int, str]]] = {}
    with reading(workspace.engine) as session:
        for person, _, shown in all_people(dataset, session=session):
            for face in shown:
                faces.setdefault(face.image_id, []).append((face.box, person, face.path.split("/")[0]))
        sizes = {number: session.get(Image, number) for number in faces}
    truth, found = [], []
    for number, there in faces.items():
        image = sizes[number]
        assert image is not None
        row = most_central(np.array([box for box, *_ in there], np.float32), image.width, image.height)
        found.append(there[row][1])
        truth.append(there[row][2])
    return np.unique(truth, return_inverse=True)[1], np.array(found)


def main() -> None:
    photos, encoders = Path(sys.argv[1]), sys.argv[2:] or ["dlib-resnet"]
    tables = zip(*(measure(photos, encoder) for encoder in encoders), strict=True)
    for head, rows in zip((HEAD, UNSEEN_HEAD), tables, strict=True):
        print("\n".join([head, "|" + "---|" * (head.count(" | ") + 1), *rows]), end="\n\n")


if __name__ == "__main__":
    main()
