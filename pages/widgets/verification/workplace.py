"""The parts of the Verification page: the data, the figures at a threshold, the wrong pairs, and what was saved."""

from functools import partial
from typing import Final

import streamlit as st

from core import verification
from core.foundation.messages import message
from core.verification import PairSet, VerificationReport
from db.engine import reading
from db.queries.people.listing import faces_by_id, summaries
from db.queries.verification import count_thresholds, newest_threshold, thresholds
from pages.widgets.people.face_tiles import called, face_tile
from pages.widgets.people.group_again import group_now
from pages.widgets.shared.controls import attempted, paged
from pages.widgets.shared.picture_grid import picture_grid
from pages.widgets.shared.resources import author_id, read, workspace
from pages.widgets.shared.text import counted, plain, stored, utc
from pages.widgets.shared.words import words
from pages.widgets.verification.charts import roc_chart, score_chart

_CHOSEN: Final = {
    "best_accuracy": message("thresholds.best_accuracy"),
    "eer": message("thresholds.eer"),
    "fmr_one_percent": message("thresholds.fmr_one_percent"),
}
_WRONG_PAIRS: Final = 6  # a page of them
_ROWS: Final = 20
_FIGURES: Final = words("verification_figures")
_NAMES: Final = words("named_thresholds")
_RATIOS: Final = {1.0: "As many as of one person", 10.0: "Ten times as many", 1e6: "As many as possible"}


@st.cache_data(max_entries=4, show_spinner="Pairing confirmed faces")
def measured(
    dataset_id: int,
    encoder: str,
    ratio: float,
    cache_key: tuple[int, ...],  # noqa: ARG001
) -> tuple[PairSet, VerificationReport]:
    """The pairs and what does not depend on the slider; `cache_key` says which faces and people there are."""
    pairs = verification.confirmed_pairs(workspace(), dataset_id, encoder, different_per_same=ratio)
    return pairs, verification.evaluate_pairs(pairs)


def choose_ratio() -> float:
    """How many pairs of different people to draw."""
    return st.selectbox(
        "Pairs of different people",
        list(_RATIOS),
        format_func=_RATIOS.__getitem__,
        key="verification-ratio",
        help="Accuracy, precision and F1 depend on the mixture, and are usually given for equal numbers. FMR and FNMR "
        "do not; more pairs of different people are needed to measure a small FMR.",
        width=300,
    )


@st.cache_data(max_entries=200, show_spinner=False)
def _intervals(
    _pairs: PairSet,
    *cache_key: int | str,  # noqa: ARG001 - dataset, encoder, number of pairs, which faces and people there are
    threshold: float,
) -> dict[str, tuple[float, float]]:
    return verification.intervals_at(_pairs, threshold)


def data_card(pairs: PairSet, report: VerificationReport) -> None:
    """What was measured on."""
    same, different = int(pairs.same.sum()), int((~pairs.same).sum())
    st.markdown(
        f"**{counted(pairs.faces, 'confirmed face')}** of **{counted(pairs.people, 'person', 'people')}**, seen by "
        f"**{plain(pairs.encoder)}**: {same:,} of {pairs.all_same:,} pairs of one person and {different:,} of "
        f"{pairs.all_different:,} pairs of different people, drawn at random by a fixed seed, at most "
        f"{verification.MOST_PAIRS:,} of each kind."
    )
    if report.held_out is None:
        assert report.reason is not None
        st.caption(f"No held-out accuracy: {plain(report.reason.text())}.")
        return
    held = report.held_out
    st.markdown(
        f"Held-out accuracy **{held.mean:.1%} ± {held.std:.1%}** over {held.folds} folds: each threshold was chosen on "
        f"people outside its fold, and tested on the {held.pairs_used:,} pairs of people inside one."
    )


@st.fragment
def workplace(pairs: PairSet, report: VerificationReport, in_force: float, cache_key: tuple[int, ...]) -> None:
    """Chart, slider and figures; moves without the rest of the page."""
    key = f"threshold-{pairs.dataset_id}-{pairs.encoder_id}"
    st.session_state.setdefault(key, in_force)
    chart = st.container()
    lowest, highest = float(pairs.scores.min()), float(pairs.scores.max())
    value = st.slider(
        "Threshold",
        min(lowest, in_force, st.session_state[key]),
        max(highest, in_force, st.session_state[key]),
        step=0.0001,
        format="%.4f",
        key=key,
        help="Two faces count as one person from this cosine similarity on.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, at in {**_named(report), "in_force": in_force}.items():
            st.button(_NAMES[name], on_click=st.session_state.__setitem__, args=(key, at), disabled=value == at)
        logarithmic = st.toggle("Logarithmic density", key="verification-log", help="Shows the tails.")
    chart.plotly_chart(score_chart(report, value, logarithmic=logarithmic), key="scores")
    figures = verification.figures_at(pairs, value)
    _figures(figures, _intervals(pairs, pairs.dataset_id, len(pairs.scores), *cache_key, threshold=value))
    _save(pairs, report, value)
    left, right = st.columns(2, gap="large")
    with left:
        _confusion(figures)
        _operating_points(report)
    right.plotly_chart(roc_chart(report, figures["fmr"], figures["fnmr"]), key="roc")
    _wrong_pairs(pairs, value, {"false_matches": int(figures["fp"] or 0), "false_non_matches": int(figures["fn"] or 0)})


def _named(report: VerificationReport) -> dict[str, float]:
    """The thresholds that have a name of their own."""
    named = {"best_accuracy": report.best.threshold, "eer": report.eer.threshold}
    at_one_percent = report.at_fmr[0]
    return named | ({"fmr_one_percent": at_one_percent.threshold} if at_one_percent.supported else {})


def _figures(figures: dict[str, float | int | None], intervals: dict[str, tuple[float, float]]) -> None:
    with st.grid(min_column_width=165, gap="small"):
        for name, text in _FIGURES.items():
            value = figures[name]
            st.metric(
                text["name"],
                "undefined" if value is None else f"{value:.2%}",
                delta=_range(name, figures, intervals),
                delta_color="off",
                delta_arrow="off",
                help=text["about"],
            )


def _range(name: str, figures: dict[str, float | int | None], intervals: dict[str, tuple[float, float]]) -> str | None:
    """The 95 % interval; where no error is seen, the rule of three (Hanley & Lippman-Hand, JAMA 1983)."""
    if name == "fmr" and figures["fp"] == 0 and figures["tn"]:
        return f"none seen: below {min(1.0, 3 / figures['tn']):.2%}"
    if name == "fnmr" and figures["fn"] == 0 and figures["tp"]:
        return f"none seen: below {min(1.0, 3 / figures['tp']):.2%}"
    if name not in intervals or intervals[name][0] == intervals[name][1]:
        return None
    low, high = intervals[name]
    return f"95 %: {low:.1%} to {high:.1%}"


def _confusion(figures: dict[str, float | int | None]) -> None:
    st.table(
        [
            {"Pairs": "Same person", "Accepted": f"{figures['tp']:,}", "Rejected": f"{figures['fn']:,}"},
            {"Pairs": "Different people", "Accepted": f"{figures['fp']:,}", "Rejected": f"{figures['tn']:,}"},
        ],
        hide_index=True,
    )


def _operating_points(report: VerificationReport) -> None:
    eer = report.eer
    rows = [_point("EER", f"{eer.threshold:.4f}", f"{eer.rate:.2%}", f"{eer.rate:.2%}")]
    for point in report.at_fmr:
        name = f"FMR {point.requested:.2%}"
        if point.supported:
            attained, missed = f"{point.attained:.2%}", f"{point.confusion.fnmr:.2%}"
            rows.append(_point(name, f"{point.threshold:.4f}", attained, missed))
        else:
            rows.append(_point(f":gray[{name}]", ":gray[not enough pairs]", "", ""))
    st.table(rows, hide_index=True)
    st.caption(f"AUC {report.auc:.4f}. An FMR needs at least one different pair that it lets through.")


def _point(name: str, threshold: str, fmr: str, fnmr: str) -> dict[str, str]:
    return {"Operating point": name, "Threshold": threshold, "FMR": fmr, "FNMR": fnmr}


def _save(pairs: PairSet, report: VerificationReport, value: float) -> None:
    named = {at: _CHOSEN[name] for name, at in _named(report).items()}
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"Save {value:.4f} as the threshold", type="primary", icon=":material/save:"):
            options = {"author_id": author_id(), "chosen": named.get(value)}
            if attempted(verification.save_threshold, workspace(), pairs, value, **options):
                st.rerun()
        st.caption("It is saved with your name, these figures and the pairs behind them. The next grouping uses it.")


def _wrong_pairs(pairs: PairSet, value: float, counts: dict[str, int]) -> None:
    labels = {"false_matches": "False matches", "false_non_matches": "False non-matches"}
    st.subheader("The pairs it gets most wrong", anchor=False)
    kind: str = st.segmented_control(
        "Kind",
        list(labels),
        format_func=labels.__getitem__,
        default="false_matches",
        required=True,
        label_visibility="collapsed",
        key="wrong-kind",
    )
    if not counts[kind]:
        st.caption("None at this threshold.")
        return
    st.caption("Look whether the label is wrong before you blame the model: click a face to see the person.")
    grid, offset = paged(counts[kind], _WRONG_PAIRS, key=f"wrong-page-{kind}")
    hardest = verification.hardest_pairs(pairs, value, most=offset + _WRONG_PAIRS)[kind][offset:]
    with reading(workspace().engine) as session:
        faces = faces_by_id([number for left, right, _ in hardest for number in (left, right)], session=session)
        people = summaries([face.person_id for face in faces.values() if face.person_id], session=session)
    with grid, st.grid(min_column_width=230):
        for left, right, score in hardest:
            pair = [faces[number] for number in (left, right) if number in faces]
            tiles = [
                face_tile(face, caption=called(people[face.person_id]), marked=False)
                for face in pair
                if face.person_id in people
            ]
            with st.container(border=True):
                picture_grid(
                    tiles,
                    key=f"wrong-{kind}-{left}-{right}",
                    size=92,
                    label=f"Similarity {score:.3f}",
                    on_open=partial(_open_owner, {f.instance_id: f.person_id for f in pair}),
                )
                st.caption(f"similarity {score:.4f}")


def _open_owner(owners: dict[int, int | None], face: int) -> None:
    st.switch_page("people.py", query_params={"person": str(owners[face])})


def saved_thresholds(dataset_id: int, encoder_id: int, *, busy: bool) -> None:
    """What was saved, by whom and when, and grouping again with the newest."""
    with reading(workspace().engine) as session:
        count = count_thresholds(dataset_id, session=session)
        newest = newest_threshold(dataset_id, encoder_id, session=session)
    st.subheader("Saved thresholds", anchor=False)
    if not count:
        st.caption("None yet: the encoder's own threshold is in force.")
        return
    if newest is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(f"Group again at {newest.value:.4f}", disabled=busy, icon=":material/refresh:"):
                group_now(dataset_id, None, regroup=True)
            st.caption(
                "Takes apart what only a machine has grouped, and groups it at this threshold. "
                "Names, confirmed faces and everything else that a human has decided stay as they are."
            )
    table, offset = paged(count, _ROWS, key=f"thresholds-page-{dataset_id}")
    rows = read(lambda session: thresholds(dataset_id, offset=offset, limit=_ROWS, session=session))
    table.table(
        [
            {
                "Threshold": f"{row.value:.4f}",
                "Chosen": stored(row.chosen),
                "Accuracy": _percent(row.metrics.get("accuracy")),
                "FMR": _percent(row.metrics.get("fmr")),
                "FNMR": _percent(row.metrics.get("fnmr")),
                "Encoder": plain(encoder),
                "By": plain(author),
                "When": utc(row.at),
            }
            for row, encoder, author in rows
        ],
        hide_index=True,
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"
