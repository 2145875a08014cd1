"""What each round of a self-training bought, and a curriculum beside plain rounds on the same data."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from pages.widgets.learning.training_charts import rounds_chart
from pages.widgets.shared.text import counted, lasting, plain
from pages.widgets.shared.words import words

_TASKS: Final = words("rounds")
Rows = Sequence[Mapping[str, Any]]


def rounds_card(rounds: Rows, *, key: str, beside: Mapping[str, Rows] | None = None) -> None:
    """A table and a chart; `beside` holds the rounds of other self-trainings on the same data, by name."""
    st.markdown("**What each round bought**")
    left, right = st.columns([3, 2])
    left.table(round_rows(rounds), hide_index=True)
    right.plotly_chart(
        rounds_chart({plan_of(rounds): rounds} | dict(beside or {})),
        key=f"{key}-rounds",
        config={"displayModeBar": False},
    )
    for name, others in (beside or {}).items():
        st.markdown(against(rounds, name, others))
    st.caption(
        "On the validation part, which also chose each round's best epoch: what was held out decides, on the Models "
        "page. The last round is the result, whichever came out best: choosing among rounds would flatter it."
    )


def round_rows(rounds: Rows) -> list[dict[str, str]]:
    """The rounds as cells."""
    return [
        {
            "Round": str(row["round"]),
            "Asked of a pseudo-label": _TASKS.get(row["task"], plain(row["task"])),
            "Pseudo-labels": f"{row['pseudo_labels']:,}",
            "Validation NME": percent(row["validation_nme"]),
            "Change": percent(row["change"], change=True) if row["round"] else "",
            "Took": lasting(row["seconds"]),
        }
        for row in rounds
    ]


def plan_of(rounds: Rows) -> str:
    """Which plan rounds followed: "curriculum" or "plain"."""
    return "curriculum" if any(row["task"].startswith("cls") for row in rounds) else "plain"


def same_data(rows: Sequence[Mapping[str, Any]], run_id: int) -> dict[str, Rows]:
    """Rounds of other plans on the labels, unlabelled pictures and recipe of a run, by plan and model.

    `rows` are those of `core.learning.listing.listed`.
    """
    mine = next((row for row in rows if row["run"] == run_id and row["rounds"]), None)
    if mine is None:
        return {}
    return {
        f"{plan_of(row['rounds'])} ({row['name']})": row["rounds"]
        for row in rows
        if row["rounds"] and plan_of(row["rounds"]) != plan_of(mine["rounds"]) and _of(row) == _of(mine)
    }


def _of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["labels_sha256"], row["settings"], [first["pseudo_labels"] for first in row["rounds"][1:2]]


def against(rounds: Rows, name: str, others: Rows) -> str:
    """How two self-trainings on the same data ended, as one sentence of Markdown."""
    mine, theirs = (plan[-1]["validation_nme"] for plan in (rounds, others))
    if mine != mine or theirs != theirs:
        return f"Beside **{plain(name)}** nothing can be said: an NME is undefined."
    how = (
        "the same" if mine == theirs else f"{100 * abs(mine - theirs):.2f} pp {'better' if mine < theirs else 'worse'}"
    )
    after = counted(rounds[-1]["round"], "round")
    return (
        f"**{plan_of(rounds).capitalize()}** ended at {mine:.2%} after {after}, **{plain(name)}** at {theirs:.2%} "
        f"after {counted(others[-1]['round'], 'round')}: {how}."
    )


def percent(value: float | None, *, change: bool = False) -> str:
    """A share in percent, or a change of one in percentage points; "undefined" for what is no number."""
    if value is None or value != value:
        return "undefined"
    return f"{100 * value:+.2f} pp".replace("-", "−") if change else f"{value:.2%}"
