"""The parts of the Verification page: the data, the figures at a threshold, the wrong pairs, and what was saved."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import streamlit as st

from core import verification
from core.foundation.messages import message
from core.people.deciding import confirm_faces
from core.verification import PairSet, RateInterval, RateIntervals, VerificationReport
from db.engine import reading
from db.queries.people.ownership import unconfirmed
from db.queries.verification import count_thresholds, newest_threshold, thresholds
from db.tables import Threshold
from pages.widgets.people.actions import decide_on_click
from pages.widgets.people.group_again import group_now
from pages.widgets.people.grouping_preview import offer_preview
from pages.widgets.shared.address import among, between, chosen, in_address, kept, yes_or_no
from pages.widgets.shared.controls import attempted, paged
from pages.widgets.shared.resources import author_id, read, workspace
from pages.widgets.shared.text import counted, plain, stored, utc
from pages.widgets.shared.words import words
from pages.widgets.verification.charts import det_chart, rates_chart, roc_chart
from pages.widgets.verification.threshold_plot import threshold_plot
from pages.widgets.verification.wrong_pairs import wrong_pairs

_CHOSEN: Final = {
    "best_accuracy": message("thresholds.best_accuracy"),
    "eer": message("thresholds.eer"),
    "fmr_one_percent": message("thresholds.fmr_one_percent"),
}
_ROWS: Final = 20
_FIGURES: Final = words("verification_figures")
_NAMES: Final = words("named_thresholds")
_SHOWN: Final = words("shown_by_people")
_HISTORY: Final = words("threshold_history")
_SAVED: Final = "verification.saved"  # dataset and value of what was put in force here
_CURVES: Final = words("verification_curves")
_ALL: Final = words("every_figure")
_MIXTURES: Final = words("verification_mixtures")
_PER_SAME: Final[dict[str, float | None]] = {"equal": 1.0, "ten": 10.0, "as_they_occur": None}


@st.cache_resource(max_entries=4, show_spinner="Pairing confirmed faces")
def measured(
    dataset_id: int,
    encoder: str,
    different_per_same: float | None,
    cache_key: tuple[int, ...],  # noqa: ARG001
) -> tuple[PairSet, VerificationReport]:
    """The pairs and what does not depend on the slider; `cache_key` changes with whatever they are made of.

    Kept as they are, not copied for each run of the page: there may be a million pairs, and nobody writes to them.
    """
    pairs = verification.confirmed_pairs(workspace(), dataset_id, encoder, different_per_same=different_per_same)
    return pairs, verification.evaluate_pairs(pairs)


def mixture_of() -> float | None:
    """The mixture that is chosen (`choose_mixture`)."""
    return _PER_SAME[chosen("mixture", "equal")]


def choose_mixture() -> float | None:
    """How much pairs of different people weigh beside pairs of one person; None: as they occur."""
    return _PER_SAME[
        st.selectbox(
            "Mixture of pairs",
            list(_PER_SAME),
            format_func=_MIXTURES.__getitem__,
            help="Accuracy, precision and F1 depend on it, and are usually given for as many different pairs as same "
            "ones. FMR and FNMR do not: they are of all pairs, whatever stands here.",
            width=300,
            **in_address("mixture", among(_PER_SAME), "equal"),
        )
    ]


def data_card(pairs: PairSet) -> None:
    """What is measured on."""
    same = _taken(int(pairs.same.sum()), pairs.all_same, "one person")
    different = _taken(int((~pairs.same).sum()), pairs.all_different, "different people")
    st.markdown(
        f"**{counted(pairs.faces, 'confirmed face')}** of **{counted(pairs.people, 'person', 'people')}**, seen by "
        f"**{plain(pairs.encoder)}**: {same}, and {different}."
    )


def held_out_card(report: VerificationReport) -> None:
    """What it comes to for people who had no part in the threshold, and how all of it is weighed."""
    if report.held_out is None:
        assert report.reason is not None
        st.caption(f"No held-out accuracy: {plain(report.reason.text())}.")
    else:
        held = report.held_out
        st.markdown(
            f"Held-out accuracy **{held.mean:.1%} ± {held.std:.1%}**, FMR **{held.fmr:.2%}**, FNMR **{held.fnmr:.2%}** "
            f"over {held.folds} folds: each threshold was chosen on people outside its fold, and tested on all pairs "
            f"of people inside it, {held.same:,} of one person and {held.different:,} of different people."
        )
    st.caption(
        "Every person counts the same, however many faces they have: a pair of one person weighs 1 / that person's "
        "pairs, a pair of two people 1 / the pairs of these two."
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _unconfirmed(dataset_id: int, revision: int) -> dict[int, int]:  # noqa: ARG001
    return read(lambda session: unconfirmed(dataset_id, session=session))


def offer_to_confirm(dataset_id: int, revision: int) -> None:
    """All faces of everybody who has a name, confirmed at once: naming somebody confirms nothing by itself.

    They are read once for each `revision` of the dataset.
    """
    waiting = _unconfirmed(dataset_id, revision)
    if not waiting:
        return
    people = counted(len(set(waiting.values())), "named person", "named people")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            f"Confirm {counted(len(waiting), 'face')} of {people}",
            icon=":material/done_all:",
            on_click=decide_on_click,
            args=(dataset_id, confirm_faces, list(waiting)),
            kwargs={"shown": waiting},
        )
        st.caption("Only confirmed faces are measured. Look through them first; it is one decision, and can be undone.")


def _taken(taken: int, there: int, whose: str) -> str:
    if taken == there:
        return f"all {counted(there, 'pair')} of {whose}"
    return f"{taken:,} of {there:,} pairs of {whose}, drawn evenly over the people by a fixed seed"


def workplace(pairs: PairSet, report: VerificationReport, in_force: float) -> None:
    """The plot with the figures at its threshold, which a screen shows together, and below what they are worth."""
    key = threshold_key(pairs.dataset_id, pairs.encoder_id)
    value = kept("threshold", between(-1.0, 1.0), in_force, key=key)
    st.session_state[key] = value
    figures = verification.figures_at(pairs, value)
    threshold_plot(
        report,
        pairs.grid,
        value,
        named={name: (_NAMES[name], at) for name, at in {**_named(report), "in_force": in_force}.items()},
        figures=_FIGURES,
        intervals=_told(figures, verification.intervals_at(pairs, value)),
        logarithmic=kept("log", yes_or_no, False),
        key=f"plot-{key}",
        on_change=partial(_move, key),
    )
    st.toggle("Logarithmic density", help="Shows the tails.", **in_address("log", yes_or_no, False))
    _save(pairs, report, value, in_force)
    if value != in_force:
        offer_preview(pairs.dataset_id, pairs.encoder_id, value, regroup=True, key=f"here-{key}")
    held_out_card(report)
    left, right = st.columns(2, gap="large")
    with left:
        _operating_points(report)
    with right:
        _curve(report, value, figures)
    _every_figure(report)
    wrong_pairs(pairs, value, st.session_state.get(_before(key), value))


def threshold_key(dataset_id: int, encoder_id: int) -> str:
    """Where the session has the threshold that is looked at."""
    return f"threshold-{dataset_id}-{encoder_id}"


def _before(key: str) -> str:
    return f"{key}-before"


def _move(key: str, value: float) -> None:
    """A hand has moved the threshold: which pairs have crossed it is told from where it stood."""
    st.session_state[_before(key)], st.session_state[key] = st.session_state.get(key, value), value


def _named(report: VerificationReport) -> dict[str, float]:
    """The thresholds that have a name of their own."""
    named = {"best_accuracy": report.best.threshold, "eer": report.eer.threshold}
    at_one_percent = report.at_fmr[0]
    return named | ({"fmr_one_percent": at_one_percent.point.threshold} if at_one_percent.supported else {})


def _told(figures: dict[str, float | int | None], intervals: RateIntervals) -> dict[str, str]:
    """What is said of the intervals of the rates that are defined."""
    rates = {name: (figures[name], interval) for name, interval in vars(intervals).items()}
    return {name: interval_text(at, seen=value > 0) for name, (value, at) in rates.items() if value is not None}


def interval_text(interval: RateInterval, *, seen: bool = True) -> str:
    """What the people show of a rate beyond themselves; `seen`: whether the rate is above 0 here."""
    if not interval.known:
        return _SHOWN["too_few"]
    if interval.two_sided:
        return _SHOWN["between"].format(low=interval.low, high=interval.high)
    if interval.low > 0:
        return _SHOWN["above"].format(low=interval.low)
    return _SHOWN["below" if seen else "none_seen"].format(high=interval.high)


def _operating_points(report: VerificationReport) -> None:
    eer = report.eer
    rows = [_point("EER", f"{eer.threshold:.4f}", f"{eer.rate:.2%}", "", f"{eer.rate:.2%}")]
    for requested in report.at_fmr:
        point, name = requested.point, f"FMR {requested.point.requested:.2%}"
        if requested.supported:
            shown = interval_text(requested.interval)
            rows.append(
                _point(name, f"{point.threshold:.4f}", f"{point.attained:.3%}", shown, f"{point.confusion.fnmr:.2%}")
            )
        else:
            rows.append(_point(f":gray[{name}]", f":gray[{_SHOWN['not_enough']}]", "", "", ""))
    st.table(rows, hide_index=True)
    st.caption(f"AUC {report.auc:.4f}. {_SHOWN['requested']}")


def _curve(report: VerificationReport, value: float, figures: dict[str, float | int | None]) -> None:
    """One of the curves of the errors, with the band in which those of other people lie."""
    curve: str = st.segmented_control(
        "Curve",
        list(_CURVES),
        format_func=_CURVES.__getitem__,
        required=True,
        label_visibility="collapsed",
        **in_address("curve", among(_CURVES), "roc"),
    )
    rates = figures["fmr"], figures["fnmr"]
    if curve == "rates":
        chart = rates_chart(report, value)
    else:
        chart = (roc_chart if curve == "roc" else det_chart)(report, *rates)
    st.plotly_chart(chart, key=curve)
    st.caption(_SHOWN["band"])


def _every_figure(report: VerificationReport) -> None:
    """All that `verify` gives, for who asks: it takes a second of a million pairs."""
    if not st.toggle("Every figure", **in_address("figures", yes_or_no, False)):
        return
    found = report.figures
    rows = [
        {"Figure": text["name"], "Value": _written(value, text), "95 %, by people": _ends(found, name, text)}
        for name, text in _ALL.items()
        if (value := _found(found, name)) is not None
    ]
    st.table(rows, hide_index=True)


def _found(figures: dict[str, Any], name: str) -> float | None:
    """A figure by its name, in parts where it lies in another: ``held_out.cllr``."""
    value: Any = figures
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _written(value: float, text: dict[str, str]) -> str:
    return text["format"].format(value)


def _ends(figures: dict[str, Any], name: str, text: dict[str, str]) -> str:
    ends = figures["intervals"].get(name)
    return "" if ends is None else " to ".join(_written(ends[end], text) for end in ("low", "high"))


def _point(name: str, threshold: str, fmr: str, shown: str, fnmr: str) -> dict[str, str]:
    return {"Operating point": name, "Threshold": threshold, "FMR attained": fmr, "By people": shown, "FNMR": fnmr}


def _save(pairs: PairSet, report: VerificationReport, value: float, in_force: float) -> None:
    chosen = {at: _CHOSEN[name] for name, at in _named(report).items()}.get(value)
    st.button(
        f"Save {value:.4f} as the threshold",
        type="primary",
        icon=":material/save:",
        disabled=value == in_force,
        on_click=_put_in_force,
        args=(pairs.dataset_id, pairs.encoder_id, partial(verification.save_threshold, chosen=chosen), pairs, value),
    )
    if st.session_state.get(_SAVED) == (pairs.dataset_id, in_force):
        st.success(_HISTORY["now_in_force"].format(value=in_force), icon=":material/check:")
    else:
        st.caption(_HISTORY["what_saving_does"])


def saved_thresholds(dataset_id: int, encoder_id: int, *, busy: bool) -> None:
    """Every threshold that was in force, the newest first, with the way back to each; and grouping again."""
    with reading(workspace().engine) as session:
        count = count_thresholds(dataset_id, session=session)
        newest = newest_threshold(dataset_id, encoder_id, session=session)
        own = newest is not None and verification.is_own(workspace(), newest, session=session)
    st.subheader("Saved thresholds", anchor=False)
    if not count:
        st.caption(_HISTORY["none_yet"])
        return
    if newest is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(f"Group again at {newest.value:.4f}", disabled=busy, icon=":material/refresh:"):
                group_now(dataset_id, None, regroup=True)
            st.button(
                "Use the encoder's own again",
                disabled=own,
                icon=":material/undo:",
                on_click=_put_in_force,
                args=(dataset_id, encoder_id, verification.use_own, dataset_id, encoder_id),
            )
        st.caption(_HISTORY["what_grouping_does"])
        offer_preview(dataset_id, encoder_id, newest.value, regroup=True, key=f"threshold-{dataset_id}")
    table, offset = paged(count, _ROWS, key=f"thresholds-page-{dataset_id}", word="saved")
    rows = read(lambda session: thresholds(dataset_id, offset=offset, limit=_ROWS, session=session))
    with table:
        for row, encoder, author in rows:
            _saved(row, encoder, author, in_force=newest is not None and row.id == newest.id, here=encoder_id)


def _saved(row: Threshold, encoder: str, author: str, *, in_force: bool, here: int) -> None:
    names = {"accuracy": "accuracy", "fmr": "FMR", "fnmr": "FNMR"}
    figures = [f"{text} {row.metrics[name]:.2%}" for name, text in names.items() if row.metrics.get(name) is not None]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(" · ".join([f"**{row.value:.4f}**", stored(row.chosen), *figures]), width="stretch")
        st.caption(f"{plain(encoder)} · {plain(author)} · {utc(row.at)}")
        if in_force:
            st.badge("in force")
        elif row.model_version_id == here:
            back = (row.dataset_id, here, verification.use_again, row.id)
            st.button("Use again", key=f"use-{row.id}", icon=":material/undo:", on_click=_put_in_force, args=back)


def _put_in_force(dataset_id: int, encoder_id: int, action: Callable[..., int], *arguments: Any) -> None:
    """The callback of a button: the slider stands on what is in force then, and the answer beside the other button."""
    if attempted(action, workspace(), *arguments, author_id=author_id()):
        newest = read(lambda session: newest_threshold(dataset_id, encoder_id, session=session))
        assert newest is not None
        st.session_state[threshold_key(dataset_id, encoder_id)] = newest.value
        st.session_state[_SAVED] = (dataset_id, newest.value)
