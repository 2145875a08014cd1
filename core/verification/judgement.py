"""All that pairs say about an encoder, as plain numbers: what `verify`, a report and a table of encoders show."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from core.foundation.arrays import Floats, finite_or_none
from core.foundation.errors import BadInput, NotEnoughData
from core.metrics import operating_points
from core.metrics.calibration import cllr, min_cllr
from core.metrics.group_rates import RatesByGroup, WorstToBest, rates_by_group
from core.metrics.logistic_calibration import logistic_calibration
from core.metrics.pair_bootstrap import PairBootstrap
from core.metrics.people_bootstrap import PeopleBootstrap
from core.metrics.people_folds import HeldOutRates, held_out_rates
from core.metrics.people_sums import threshold_grid
from core.metrics.protocols import given_folds_rates, with_failures
from core.metrics.ranked_scores import RankedScores
from core.metrics.reliability import held_out_llrs
from core.metrics.resampling import Interval
from core.metrics.verification import Pairing, RateInterval, rate_intervals
from core.verification.comparisons import Comparisons

REQUESTED: Final = {"1e-2": 1e-2, "1e-3": 1e-3, "1e-4": 1e-4}
PROTOCOLS: Final = ("disjoint", "lfw")
_RATES: Final = ("accuracy", "precision", "recall", "f1", "mcc", "fmr", "fnmr")
Plain = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Judgement:
    """Figures of pairs, each found when it is asked for; undefined ones are None, and so are intervals of too few.

    Attributes
    ----------
    pairs
        What is judged.
    protocol
        How a threshold is chosen and tested: "disjoint" on people apart, "lfw" on the folds that the file gives.
    seed
        Of the draws and the folds.
    """

    pairs: Comparisons
    protocol: str = "disjoint"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise BadInput("verification.no_protocol", found=self.protocol, choices=list(PROTOCOLS))
        if self.protocol == "lfw" and self.pairs.fold is None:
            raise BadInput("verification.no_folds")
        self.pairs.ranked.require_both()

    @property
    def ranked(self) -> RankedScores:
        """The pairs as they count."""
        return self.pairs.ranked

    @cached_property
    def best(self) -> operating_points.OperatingPoint:
        """The threshold of greatest accuracy on these pairs."""
        return operating_points.best_accuracy(self.ranked)

    @cached_property
    def eer(self) -> operating_points.EqualErrorRate:
        """Where both rates are equal."""
        return operating_points.eer(self.ranked)

    @cached_property
    def drawn(self) -> PeopleBootstrap | PairBootstrap:
        """People drawn anew where they are known, else pairs as if they were of other people each."""
        pairs = self.pairs
        if pairs.pairing is None:
            return PairBootstrap.of(self.ranked, seed=self.seed)
        grid = np.union1d(threshold_grid(pairs.scores, pairs.same), [self.best.threshold])
        return PeopleBootstrap.of(pairs.scores, pairs.pairing, grid, each_once=not pairs.people_alike, seed=self.seed)

    @cached_property
    def held_out(self) -> HeldOutRates:
        """Figures at thresholds that were chosen elsewhere.

        Raises
        ------
        NotEnoughData
            If there are too few people, or nobody says who they are.
        """
        pairs = self.pairs
        if self.protocol == "lfw" and pairs.fold is not None:
            return given_folds_rates(pairs.scores, pairs.same, pairs.fold)
        if pairs.pairing is None:
            raise NotEnoughData("verification.people_unknown")
        return held_out_rates(pairs.scores, pairs.pairing, seed=self.seed, different_per_same=pairs.mixture)

    def plain(self) -> Plain:
        """All of it, ready for JSON."""
        unweighed = self.ranked.unweighed
        confusion, counts = self.best.confusion, unweighed.confusion(self.best.threshold)
        return {
            "same": int(unweighed.same_total),
            "different": int(unweighed.different_total),
            "people_alike": self.pairs.people_alike,
            "different_per_same": self.pairs.mixture,
            "threshold": self.best.threshold,
            **{name: finite_or_none(getattr(confusion, name)) for name in _RATES},
            **{name: int(getattr(counts, name)) for name in ("tp", "fp", "tn", "fn")},
            "auc": operating_points.roc_auc(self.ranked),
            "eer": self.eer.rate,
            "eer_low": self.eer.low,
            "eer_high": self.eer.high,
            "eer_threshold": self.eer.threshold,
            "d_prime": finite_or_none(operating_points.d_prime(self.ranked)),
            "zero_fmr": _point(operating_points.zero_fmr(self.ranked)),
            "min_hter": _point(operating_points.min_hter(self.ranked)),
            "fnmr_at_fmr": {name: self._at_fmr(fmr) for name, fmr in REQUESTED.items()},
            **self._calibrated(),
            "intervals": self._intervals(),
            "held_out": self._held_out(),
            **self._failures(),
        }

    def _at_fmr(self, fmr: float) -> Plain:
        point = operating_points.threshold_at_fmr(self.ranked, fmr)
        interval = self.drawn.fnmr_at_fmr(fmr).interval
        return {
            "fnmr": finite_or_none(point.confusion.fnmr),
            "low": finite_or_none(interval.low),
            "high": finite_or_none(interval.high),
            "fmr": finite_or_none(point.attained),
            "threshold": point.threshold,
            "allowed": point.allowed,
            "needed": point.needed,
            "enough": point.enough,
        }

    def _calibrated(self) -> Plain:
        calibration = logistic_calibration(self.ranked)
        sides = (self.ranked.same, self.ranked.different)
        weights = [
            None if sums is None else np.diff(sums) for sums in (self.ranked.same_sums, self.ranked.different_sums)
        ]
        cost = cllr(*(calibration.llrs(side) for side in sides), *weights)
        return {"cllr": cost, "min_cllr": min_cllr(self.ranked), "calibration": calibration.to_json()}

    def _intervals(self) -> dict[str, Plain | None]:
        """By figure its ends at 95 %, or None where these pairs can show none."""
        drawn = self.drawn
        if isinstance(drawn, PairBootstrap):
            figures = {name: figure.interval for name, figure in drawn.figures.items()}
            return {name: ends(interval) for name, interval in {**drawn.rates(self.best.threshold), **figures}.items()}
        found = {
            "auc": drawn.auc(operating_points.roc_auc(self.ranked)).interval,
            "eer": drawn.eer(self.eer.rate).interval,
            "d_prime": drawn.d_prime(operating_points.d_prime(self.ranked)).interval,
        }
        return {**self._rates_by_people(), **{name: ends(interval) for name, interval in found.items()}}

    def _rates_by_people(self) -> dict[str, Plain | None]:
        pairs, threshold, drawn = self.pairs, self.best.threshold, self.drawn
        assert pairs.pairing is not None
        assert isinstance(drawn, PeopleBootstrap)
        if pairs.people_alike:
            rates = rate_intervals(pairs.scores, pairs.pairing, threshold, pairs.mixture)
            return {name: ends(interval) for name, interval in vars(rates).items()}
        at = int(np.searchsorted(drawn.sums.thresholds, threshold))
        bands = {"fmr": drawn.fmr_band, "fnmr": drawn.fnmr_band}
        accuracy = drawn.accuracy(threshold, pairs.mixture).interval
        return {"accuracy": ends(accuracy)} | {
            name: _between(float(band.low[at]), float(band.high[at])) for name, band in bands.items()
        }

    def _held_out(self) -> Plain:
        """Figures of the protocol; where there are none, why."""
        try:
            held = self.held_out
        except NotEnoughData as error:
            return {"protocol": self.protocol, "folds": 0, "reason": error.message.to_json()}
        found = {
            "protocol": self.protocol,
            "folds": held.folds,
            "same": held.same,
            "different": held.different,
            "accuracy": held.mean,
            "std": held.std,
            "fmr": held.fmr,
            "fnmr": held.fnmr,
            "thresholds": held.thresholds.tolist(),
            "intervals": self._held_out_intervals(held.margins),
        }
        if self.pairs.pairing is not None and self.protocol == "disjoint":
            found["cllr"] = held_out_llrs(self.pairs.scores, self.pairs.pairing, seed=self.seed).cllr
        return found

    def _held_out_intervals(self, margins: Floats) -> dict[str, Plain | None]:
        pairs, tested = self.pairs, ~np.isnan(margins)
        if pairs.pairing is None:
            return dict.fromkeys(("accuracy", "fmr", "fnmr"))
        of = Pairing.of(pairs.pairing.left[tested], pairs.pairing.right[tested])
        return {name: ends(one) for name, one in vars(rate_intervals(margins[tested], of, 0.0, pairs.mixture)).items()}

    def _failures(self) -> Plain:
        """What faces that were not acquired do to the rates."""
        same, different = self.pairs.failed
        if not (same or different):
            return {}
        unweighed, confusion = self.ranked.unweighed, self.best.confusion
        shares = same / (same + unweighed.same_total), different / (different + unweighed.different_total)
        far, frr = with_failures(confusion.fmr, confusion.fnmr, *shares)
        return {"failed_to_acquire": {"same": same, "different": different, "far": far, "frr": frr}}

    def by_group(self) -> Plain:
        """FMR and FNMR of each group at the threshold of all.

        Raises
        ------
        NotEnoughData
            If no groups are known, or nobody says of which people the pairs are.
        """
        pairs = self.pairs
        if pairs.left_group is None or pairs.right_group is None or pairs.pairing is None:
            raise NotEnoughData("verification.no_groups")
        rates = rates_by_group(pairs.scores, pairs.pairing, pairs.left_group, pairs.right_group, self.best.threshold)
        return _groups(rates, pairs.groups)


def _point(point: operating_points.OperatingPoint) -> Plain:
    return {name: finite_or_none(getattr(point.confusion, name)) for name in ("fmr", "fnmr", "hter")} | {
        "threshold": point.threshold
    }


def ends(interval: Interval | RateInterval) -> Plain | None:
    """``low`` and ``high``, and of a rate whether errors of enough people were seen; None where it has no ends."""
    found = _between(interval.low, interval.high)
    if found is not None and isinstance(interval, RateInterval):
        found["two_sided"] = interval.two_sided
    return found


def _between(low: float, high: float) -> Plain | None:
    return None if math.isnan(low) or math.isnan(high) else {"low": low, "high": high}


def _groups(rates: RatesByGroup, names: tuple[str, ...]) -> Plain:
    rows = [
        {
            "group": names[one.group],
            "people": one.people,
            "same": one.same,
            "different": one.different,
            "fmr": finite_or_none(one.fmr),
            "fnmr": finite_or_none(one.fnmr),
            "intervals": {"fmr": ends(one.fmr_interval), "fnmr": ends(one.fnmr_interval)},
            "own_threshold": finite_or_none(one.own_threshold),
            "own_fmr": finite_or_none(one.own_fmr),
            "own_fnmr": finite_or_none(one.own_fnmr),
        }
        for one in rates.groups
    ]
    ratios = {"fmr": _ratio(rates.fmr_differential, names), "fnmr": _ratio(rates.fnmr_differential, names)}
    across = {"same": rates.across[0], "different": rates.across[1]}
    return {"threshold": rates.threshold, "groups": rows, "worst_to_best": ratios, "across": across}


def _ratio(found: WorstToBest, names: tuple[str, ...]) -> Mapping[str, Any]:
    return {
        "worst": None if found.worst is None else names[found.worst],
        "best": None if found.best is None else names[found.best],
        "ratio": finite_or_none(found.ratio),
        "at_least": finite_or_none(found.at_least),
    }
