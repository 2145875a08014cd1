"""Whether clothes tell people apart where their faces alone do not, in the street clip of ``../shared/data``.

``python -m tests.bench.bench_clothes [--cue NAME] [--json]``. Who is who is told by tracks, of which those of one
person were joined by looking at them (`tests.bench.street`). Pairs of one person are more than half a second apart.
Weights of face and clothes are fitted on some people and judged on others (five folds). The second stage gets the later
half of each person as faces of nobody. The peer of each figure is the same by faces alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clustering.second_cue import NOBODY, second_stage
from core.foundation.arrays import Floats, Ints
from core.foundation.progress import DEAF
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.people.clothes import clothes_of
from core.people.cues import COLOURS, CUES, load_cue
from core.people.encoders import encoder_of
from core.people.search.album import Album
from tests.bench.fused_cues import cross_validated
from tests.bench.machine import Row, facts, table, take_weights_along
from tests.bench.street import CLIP, who_is_who
from tests.builders.places import ROOT

_APART: Final = 15  # frames between two faces of a person, so that they are not one picture twice
_RATES: Final = (1e-2, 1e-3)


class Followed(NamedTuple):
    """N faces: their person, frame and scene, vectors, and what is worn below them."""

    people: Ints
    frames: Ints
    scenes: Ints
    faces: NDArray[np.float32]
    clothes: NDArray[np.float32]


def main() -> int:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Clothes beside faces, in a clip.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--cue", default=COLOURS, help=f"by what clothes are told: {', '.join(CUES)}")
    options = parser.parse_args()
    if not CLIP.exists():
        print(f"nothing was measured: no clip {CLIP}", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as home:
        take_weights_along(Path(home))
        followed = _followed(Path(home), options.cue)
    rows = [*_pairs(followed), *_second_stage(followed, options.cue)]
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")
    return 0


def _followed(home: Path, cue: str) -> Followed:
    for command in (["import", str(CLIP)], ["faces"]):
        subprocess.run(
            [sys.executable, "-m", "core", *command, "--dataset", "street"],
            cwd=ROOT,
            env={**os.environ, "FACET_HOME": str(home)},
            check=True,
            capture_output=True,
        )
    workspace = Workspace.open(Settings(home=home))
    album = Album.of(workspace, 1, encoder_of(workspace, 1).id)
    clothes = clothes_of(workspace, album.faces, load_cue(workspace, cue), DEAF)
    person_of = who_is_who(workspace, 1)
    names = sorted(set(person_of.values()))
    number = {face: names.index(name) for face, name in person_of.items()}
    people = np.array([number.get(face, NOBODY) for face in album.faces.tolist()], np.int64)
    known = np.flatnonzero((people != NOBODY) & (album.measured >= 0) & np.isfinite(clothes).all(axis=1))
    frames = album.rows[known]
    return Followed(people[known], frames, album.events[frames], album.vectors[album.measured[known]], clothes[known])


def _pairs(followed: Followed) -> list[Row]:
    """The share of pairs of one person that are told where so many of two are taken for one."""
    left, right = np.triu_indices(len(followed.people), 1)
    same = followed.people[left] == followed.people[right]
    judged = ~same | (np.abs(followed.frames[left] - followed.frames[right]) > _APART)
    left, right, same = left[judged], right[judged], same[judged]
    face = np.einsum("nd,nd->n", followed.faces[left], followed.faces[right])
    cue = np.einsum("nd,nd->n", followed.clothes[left], followed.clothes[right])
    groups = np.stack([followed.people[left], followed.people[right]], axis=1)
    fused = cross_validated(face, cue, same, groups)
    held = np.isfinite(fused)
    rows = []
    for rate in _RATES:
        alone, both, worn = (_told(score[held], same[held], rate) for score in (face, fused, cue))
        rows.append(Row(f"faces alone, pairs told at FMR {rate:g}", "%", 100 * alone))
        rows.append(Row(f"faces and clothes, pairs told at FMR {rate:g}", "%", 100 * both, None, "faces", both / alone))
        rows.append(Row(f"clothes alone, pairs told at FMR {rate:g}", "%", 100 * worn, None, "faces", worn / alone))
    return rows


def _told(scores: Floats, same: np.ndarray, rate: float) -> float:
    """The share of same pairs above the score that `rate` of the others exceed."""
    others = np.sort(scores[~same])[::-1]
    return float((scores[same] > others[int(rate * len(others))]).mean())


def _second_stage(followed: Followed, cue: str) -> list[Row]:
    least, margin = CUES[cue].least, CUES[cue].margin
    labels = followed.people.copy()
    for person in np.unique(labels):
        mine = np.flatnonzero(followed.people == person)
        labels[mine[np.argsort(followed.frames[mine])][len(mine) // 2 :]] = NOBODY
    links = second_stage(labels, followed.clothes, followed.scenes, followed.frames, least=least, margin=margin)
    right = sum(followed.people[link.face] == link.label for link in links)
    loose = int((labels == NOBODY).sum())
    precise = 100 * right / len(links) if links else float("nan")
    return [
        Row("second stage: faces of nobody linked by clothes", "%", 100 * len(links) / loose),
        Row("second stage: of these rightly", "%", precise),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
