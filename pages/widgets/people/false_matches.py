"""How often two different people are as alike as two faces are: from the confirmed pairs, where there are enough."""

from typing import Final

import streamlit as st

from core import verification
from core.foundation.errors import NotEnoughData
from core.verification import PairSet
from db.tables import ModelVersion
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.words import words

_WORDS: Final = words("false_matches")


@st.cache_resource(ttl="5m", max_entries=2, show_spinner=False)
def _pairs(dataset_id: int, encoder: str) -> PairSet:
    return verification.confirmed_pairs(workspace(), dataset_id, encoder)


def pairs_to_judge_by(dataset_id: int, version: ModelVersion) -> PairSet | None:
    """The confirmed pairs of the last five minutes as verification takes them; None where there are too few people."""
    try:
        return _pairs(dataset_id, version.name)
    except NotEnoughData:
        return None


def said_of_likeness(pairs: PairSet | None, score: float, *, bounds: bool = False) -> str:
    """How often two different people are as alike as that, in words; with `bounds` what that shows of other people."""
    rate = verification.figures_at(pairs, score)["fmr"] if pairs else None
    if pairs is None or rate is None:
        return str(_WORDS["unknown"])
    said = str(_WORDS["rate" if rate else "none"].format(rate=rate, score=score, people=pairs.people))
    interval = verification.intervals_at(pairs, score).fmr if bounds else None
    if interval is None or not interval.known:
        return said
    return said + str(_WORDS["between" if interval.two_sided else "below"].format(low=interval.low, high=interval.high))
