"""Density and calibration of 50 million scores, against scipy's ``gaussian_kde`` and scikit-learn at sizes they finish.

    python -m tests.bench.bench_score_density [--scores 50000000] [--peers 10000000] [--repeats 3] [--json]

Cosine similarities in float32, one in fifty of a pair of one person. Peers get `--peers` of them, and ours the same
ones again beside them, with their sorting, which peers do not need. The bench fails where a density differs by more
than 0.01 % of its peak, a chance by more than 1e-9, or slope or offset of the logistic line by more than 1e-4.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from time import perf_counter
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gaussian_kde
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from core.metrics.calibration import min_cllr, pav_calibration
from core.metrics.logistic_calibration import logistic_calibration
from core.metrics.ranked_scores import RankedScores
from core.metrics.score_density import density, histogram
from tests.bench.machine import Row, facts, summed, table, timed

SAME: Final = 0.02
OF_PEAK: Final = 1e-4
OF_CHANCE: Final = 1e-9
OF_LINE: Final = 1e-4
BINS: Final = 60


def drawn(count: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Scores and whether each is of one person, the same at every call."""
    rng = np.random.default_rng(0)
    same = rng.random(count) < SAME
    scores = rng.standard_normal(count, np.float32)
    scores *= np.where(same, np.float32(0.13), np.float32(0.09))
    scores += np.where(same, np.float32(0.55), np.float32(0.08))
    return scores, same


def large(count: int, repeats: int) -> list[Row]:
    """Ours at full size."""
    scores, same = drawn(count)
    ranked = RankedScores.of(scores, same)
    works: dict[str, Callable[[], object]] = {
        f"sort {count:,} scores, each kind apart": lambda: RankedScores.of(scores, same),
        "their densities (FFT, Scott)": lambda: density(ranked),
        "the same by improved Sheather-Jones": lambda: density(ranked, rule="isj"),
        f"their histograms, {BINS} bins": lambda: histogram(ranked, BINS),
        "least Cllr of them (PAV)": lambda: min_cllr(ranked),
        "logistic calibration of them": lambda: logistic_calibration(ranked),
    }
    return [summed(what, timed(work, repeats)) for what, work in works.items()]


def beside(count: int, repeats: int) -> list[Row]:
    """Ours and the peers' at a size that all finish; equal figures are insisted on."""
    scores, same = drawn(count)
    double = scores.astype(np.float64)
    weight = np.where(same, 0.5 / same.sum(), 0.5 / (~same).sum()) * count
    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10)
    at = density(RankedScores.of(scores, same)).x

    def ours_densities() -> NDArray[np.float64]:
        found = density(RankedScores.of(scores, same))
        assert found.same is not None
        assert found.different is not None
        return np.stack([found.same / found.same.max(), found.different / found.different.max()])

    def peer_densities() -> NDArray[np.float64]:
        return np.stack([one / one.max() for one in (gaussian_kde(double[kind])(at) for kind in (same, ~same))])

    def ours_chances() -> NDArray[np.float64]:
        return pav_calibration(RankedScores.of(scores, same), succession=False).chances(at)

    def peer_chances() -> NDArray[np.float64]:
        return IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(double, same, weight).predict(at)

    def ours_line() -> NDArray[np.float64]:
        found = logistic_calibration(RankedScores.of(scores, same), penalised=False)
        return np.array([found.slope, found.offset])

    def peer_line() -> NDArray[np.float64]:
        found = line.fit(double[:, None], same, weight)
        return np.array([found.coef_[0, 0], found.intercept_[0]])

    sides = (
        ("densities", ours_densities, "gaussian_kde of scipy", peer_densities, OF_PEAK),
        ("PAV", ours_chances, "IsotonicRegression of scikit-learn", peer_chances, OF_CHANCE),
        ("logistic line", ours_line, "LogisticRegression of scikit-learn", peer_line, OF_LINE),
    )
    rows = []
    for what, ours, name, theirs, tolerance in sides:
        start = perf_counter()
        expected = theirs()  # once: they take minutes
        taken = 1000 * (perf_counter() - start)
        apart = float(np.abs(ours() - expected).max())
        if apart > tolerance:
            raise SystemExit(f"{name} says otherwise: {apart:.2g}")
        rows.append(summed(f"{what} of {count:,} scores, with sorting", timed(ours, repeats), peer=name, of=[taken]))
        rows.append(Row(f"largest difference of the {what}", f"of {tolerance:g}", apart / tolerance, None, name))
    return rows


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description="Density and calibration of many scores.")
    parser.add_argument("--scores", type=int, default=50_000_000)
    parser.add_argument("--peers", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    rows = [*large(options.scores, options.repeats), *beside(options.peers, options.repeats)]
    print(json.dumps([asdict(row) for row in rows]) if options.json else f"{facts()}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
