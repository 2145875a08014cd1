"""Exact curves and operating points of 50 million scores, against scikit-learn; all pairs of 10,000 faces.

    python -m tests.bench.bench_operating_points [--scores 50000000] [--peers 50000000] [--faces 10000] [--json]

Cosine similarities in float32, one in fifty of a pair of one person. The peer is ``roc_curve`` of scikit-learn on
`--peers` of them, with every figure read off its curve; ours, with the sorting, on the very same. Both read off AUC,
EER, ZeroFMR, FNMR at three FMRs, best accuracy, least HTER and least cost. The bench fails where one differs by more
than 1e-12. The peer runs once and no more: give `--peers` fewer where its memory (100 bytes a score) does not fit.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import auc, roc_curve

from core.metrics.all_pairs import every_pair
from core.metrics.operating_points import (
    best_accuracy,
    eer,
    least_cost,
    min_hter,
    roc,
    roc_auc,
    threshold_at_fmr,
    zero_fmr,
)
from core.metrics.ranked_scores import RankedScores
from tests.bench.bench_grouping import invented_faces
from tests.bench.bench_score_density import drawn
from tests.bench.machine import Row, facts, summed, table, timed

TOLERANCE: Final = 1e-12
FMRS: Final = (1e-2, 1e-3, 1e-4)
COSTS: Final = (10.0, 1.0, 0.01)  # a false match, a false non-match, prior
FACES_A_PERSON: Final = 10

Figures = list[float]


def our_figures(ranked: RankedScores) -> Figures:
    """AUC, EER, ZeroFMR, FNMR at each FMR, best accuracy, least HTER, least cost."""
    return [
        roc_auc(ranked),
        eer(ranked).rate,
        zero_fmr(ranked).confusion.fnmr,
        *(threshold_at_fmr(ranked, fmr).confusion.fnmr for fmr in FMRS),
        best_accuracy(ranked).confusion.accuracy,
        min_hter(ranked).confusion.hter,
        least_cost(ranked, *COSTS).cost,
    ]


def peer_figures(scores: NDArray[np.float32], same: NDArray[np.bool_]) -> Figures:
    """The same off scikit-learn's curve."""
    fmr, tmr, _ = roc_curve(same, scores, drop_intermediate=False)
    after = int(np.argmax(fmr >= 1 - tmr))
    around = slice(after - 1, after + 1)
    share = float(same.mean())
    false_match, false_non_match, prior = COSTS
    return [
        float(auc(fmr, tmr)),
        float(np.interp(0, (fmr - (1 - tmr))[around], fmr[around])),
        1 - float(tmr[np.searchsorted(fmr, 0, "right") - 1]),
        *(1 - float(tmr[np.searchsorted(fmr, wanted, "right") - 1]) for wanted in FMRS),
        float((share * tmr + (1 - share) * (1 - fmr)).max()),
        float((fmr + 1 - tmr).min()) / 2,
        float((prior * false_non_match * (1 - tmr) + (1 - prior) * false_match * fmr).min()),
    ]


def large(count: int, repeats: int) -> list[Row]:
    """Ours at full size, step by step."""
    scores, same = drawn(count)
    ranked = RankedScores.of(scores, same)
    works: dict[str, Callable[[], object]] = {
        f"sort {count:,} scores, each kind apart": lambda: RankedScores.of(scores, same),
        "the corners of their exact ROC": lambda: roc(ranked),
        "AUC, EER and seven operating points of them": lambda: our_figures(ranked),
        "figures at another threshold": lambda: ranked.confusion(0.3),
    }
    return [summed(what, timed(work, repeats)) for what, work in works.items()]


def beside(count: int, repeats: int) -> list[Row]:
    """Ours and scikit-learn's of the same scores; equal figures are insisted on."""
    scores, same = drawn(count)

    def ours() -> Figures:
        ranked = RankedScores.of(scores, same)
        roc(ranked)
        return our_figures(ranked)

    taken = timed(ours, repeats)
    start = perf_counter()
    theirs = peer_figures(scores, same)
    peer_taken = [1000 * (perf_counter() - start)]
    apart = float(np.abs(np.array(ours()) - theirs).max())
    if not apart <= TOLERANCE:
        raise SystemExit(f"a figure differs from that off scikit-learn's curve by {apart:.2g}")
    peer = "roc_curve of scikit-learn, and the figures off it"
    what = f"ROC and all figures of {count:,} scores, sorting and all"
    return [
        summed(what, taken, peer=peer, of=peer_taken),
        summed("the same, scikit-learn", peer_taken),
        Row("largest difference of nine figures", "of 1e-12", apart / TOLERANCE, None, peer),
    ]


def faces(count: int, repeats: int) -> list[Row]:
    """Scoring and ranking every pair, and the most memory that this process ever took, first of all."""
    vectors, people = invented_faces(count, max(2, count // FACES_A_PERSON))
    before = peak()
    taken = timed(lambda: every_pair(vectors, people), repeats)
    exact = peak() - before
    return [
        summed(f"all {count * (count - 1) // 2:,} pairs of {count:,} faces scored and ranked", taken),
        Row("the same, memory beside the faces", "MiB", exact),
        summed("the same, counted in steps", timed(lambda: every_pair(vectors, people, most=0), repeats)),
    ]


def peak() -> float:
    """The most memory that this process has taken so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Curves and operating points of many scores.")
    parser.add_argument("--scores", type=int, default=50_000_000)
    parser.add_argument("--peers", type=int, default=50_000_000)
    parser.add_argument("--faces", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    rows = faces(options.faces, options.repeats)  # first, while the memory is its own
    rows += [*large(options.scores, options.repeats), *beside(options.peers, options.repeats)]
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
