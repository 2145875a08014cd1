"""Encoders beside one another on the pairs that all of them have seen."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.foundation.errors import FacetError
from core.verification import EncoderRow, side_by_side
from db.engine import reading
from db.queries.people.vectors import encoder_versions, vector_state
from pages.widgets.shared.address import in_address, yes_or_no
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import plain, sentence
from pages.widgets.shared.words import words
from pages.widgets.verification.workplace import mixture_of

_TEXT: Final = words("encoder_table")
_RATES: Final = ("accuracy", "recall", "f1", "precision")


@st.cache_resource(max_entries=2, show_spinner="Comparing encoders")
def _compared(
    dataset_id: int,
    encoders: tuple[str, ...],
    different_per_same: float | None,
    cache_key: tuple[object, ...],  # noqa: ARG001
) -> list[EncoderRow]:
    return side_by_side(workspace(), dataset_id, encoders, different_per_same=different_per_same)


def encoder_table(dataset_id: int, encoders: Sequence[str], revision: int) -> None:
    """The table of the encoders that have seen faces here, for who asks."""
    if len(encoders) < 2 or not st.toggle(_TEXT["ask"], **in_address("encoders", yes_or_no, False)):
        return
    try:
        rows = _compared(dataset_id, tuple(encoders), mixture_of(), (revision, *_state(dataset_id, encoders)))
    except FacetError as error:
        st.info(f"{sentence(error)}.")
        return
    st.table([_row(row) for row in rows], hide_index=True)
    st.caption(_TEXT["about"].format(pairs=len(rows[0].judgement.pairs.scores)))


def _state(dataset_id: int, encoders: Sequence[str]) -> list[object]:
    """What changes with the vectors of the encoders."""
    with reading(workspace().engine) as session:
        versions = {version.name: version.id for version in reversed(encoder_versions(dataset_id, session=session))}
        return [(versions[name], vector_state(versions[name], session=session)) for name in encoders]


def _row(row: EncoderRow) -> dict[str, str]:
    found, told = row.judgement.plain(), {_TEXT["encoder"]: plain(row.encoder)}
    for name in _RATES:
        told[_TEXT[name]] = _with_ends(found[name], found["intervals"].get(name))
    told[_TEXT["auc"]] = f"{found['auc']:.4f}"
    told[_TEXT["eer"]] = _with_ends(found["eer"], found["intervals"]["eer"])
    told[_TEXT["behind"]] = _behind(row)
    return told


def _with_ends(value: float | None, ends: dict[str, float] | None) -> str:
    if value is None:
        return "undefined"
    return f"{value:.2%}" if ends is None else f"{value:.2%} ({ends['low']:.2%} to {ends['high']:.2%})"


def _behind(row: EncoderRow) -> str:
    if row.behind is None:
        return _TEXT["first"]
    by = row.behind["accuracy"].difference
    if by.low != by.low:  # NaN: too few people
        return _TEXT["too_few"].format(by=-by.value)
    return _TEXT["by"].format(by=-by.value, low=-by.high, high=-by.low)
