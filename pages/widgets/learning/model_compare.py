"""Models beside one another on the same held-out instances."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import streamlit as st

from core.foundation.errors import FacetError, NotEnoughData
from core.foundation.messages import Message
from core.foundation.predictor_names import USES, PredictorName
from core.foundation.workspace import Workspace
from core.learning import listing as models
from core.learning.errors_on_held_out import (
    Breakdown,
    InstanceErrors,
    PairedDifference,
    breakdown,
    paired_difference,
    worst_instances,
)
from core.learning.evaluating import FEWEST_GROUPS, differences_as_json, guess_of, intervals_as_json, metrics
from core.learning.held_out import UNPREDICTED, HeldOutSet, held_out, unpredicted
from core.learning.labels import Supply
from core.learning.verdicts import no_better_than_mean_shape
from db.queries.learning.models import model_cache_key
from pages.widgets.learning.model_errors import difference_text, where_they_err
from pages.widgets.learning.model_versions import interval
from pages.widgets.learning.training_live import COMPARE
from pages.widgets.shared.address import among, in_address, kept, yes_or_no
from pages.widgets.shared.controls import offer_predictions, paged, show_in_editor
from pages.widgets.shared.labels_that_count import in_progress_parameter, labels_that_count
from pages.widgets.shared.picture_grid import Tile, picture_grid
from pages.widgets.shared.points_picker import choose_points, keep_points, points_name
from pages.widgets.shared.resources import read, workspace
from pages.widgets.shared.supply import counted_supply
from pages.widgets.shared.text import counted, plain, sentence
from pages.widgets.shared.words import words

MOST: Final = 3
_WORST: Final = 24
_FEW_GROUPS: Final = 20
_METRICS: Final = words("metrics")
_NO_SHARES: Final = ("mse_px2", "rmse_px")  # all other metrics are shown in percent


class MeasuredOn(NamedTuple):
    """What models are measured on together, in which state of the dataset: what figures are kept under."""

    dataset_id: int
    models: tuple[str, ...]
    split_by: str
    cache_key: int
    in_progress: bool = False

    def named(self) -> tuple[int, tuple[str, ...]]:
        """The dataset and the models."""
        return self.dataset_id, self.models

    def how(self) -> dict[str, Any]:
        """Which labels, as `core.learning.held_out.held_out` takes it."""
        return {"split_by": self.split_by, "in_progress": self.in_progress}


@dataclass(frozen=True)
class Comparison:
    """Figures of each model, of each but the first less the first, and where each errs, alone and less the first; and
    the NME of a guess that knows no picture."""

    metrics: dict[str, dict[str, dict[str, float | None]]]
    differences: dict[str, dict[str, dict[str, Any]]]
    breakdowns: dict[str, Breakdown]
    less_first: dict[str, PairedDifference]
    guess: dict[str, float | None]


def choose_models(dataset_id: int, rows: Sequence[Mapping[str, Any]]) -> tuple[str, list[str], bool]:
    """The skeleton, up to three models to look at, of which the first is what the others are compared with, and whether
    labels in progress count."""
    st.subheader("Compare on held-out labels", anchor=False)
    asked: tuple[str, str] | None = st.session_state.pop(COMPARE, None)
    if asked is not None:
        keep_points(dataset_id, asked[0])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        skeleton_name = choose_points(dataset_id, key="compare-skeleton")
        names = list(models.comparable(workspace(), dataset_id, skeleton_name))
        key = f"compare-{dataset_id}-{skeleton_name}-{len(names)}"
        if asked is not None:
            st.session_state[key] = usual(names, rows, asked[1])
        every = [name + use for name in names for use in ("", *USES)]
        held = in_address("models", among(every), usual(names, rows), key=key, most=MOST)
        shown = every if kept("uses", yes_or_no, False) else names
        chosen = st.multiselect(
            "Models (the first is what the others are compared with)",
            list(dict.fromkeys([*shown, *st.session_state[key]])),
            max_selections=MOST,
            width=560,
            **held,
        )
        st.toggle(
            "Flip test, smoothing",
            help="Offers each model also with the mirrored picture beside it (+flip) or smoothed over time (+one-euro, "
            "+savitzky-golay). Each use is predicted and measured by itself; smoothing says how late it makes points.",
            **in_address("uses", yes_or_no, False),
        )
        in_progress = labels_that_count()
    if not names:
        st.caption(f"There is no model for {plain(points_name(skeleton_name))} yet.")
    return skeleton_name, chosen, in_progress


def usual(names: Sequence[str], rows: Sequence[Mapping[str, Any]], asked: str | None = None) -> list[str]:
    """What to compare at first: the model asked for, or the newest, after the one that came before it.

    That is its parent, else the one trained before it for these points, else the one in force, else the built-in.
    `rows` are trained models, the newest first.
    """
    if not names:
        return []
    by_name = {row["name"]: row for row in rows}
    newest = asked if asked is not None and asked in names else names[0]
    trained = [row["name"] for row in rows if row["name"] in names]
    earlier = trained[trained.index(newest) + 1 :] if newest in trained else []
    parent = [by_name[newest]["parent"]] if newest in by_name else []
    others = parent + earlier[:1] + [name for name in trained if by_name[name]["pre_labels"]] + [names[-1]]
    before = next((name for name in others if name in names and name != newest), None)
    return [newest] if before is None else [before, newest]


@st.cache_data(max_entries=8, show_spinner="Comparing")
def _held(measured_on: MeasuredOn) -> HeldOutSet | Message:
    """Why there is nothing to compare is kept too: it takes as long to find."""
    try:
        return held_out(workspace(), *measured_on.named(), **measured_on.how())
    except NotEnoughData as error:
        return error.message


@st.cache_data(max_entries=8, show_spinner="Drawing groups again")
def _compare(_held_out: HeldOutSet, measured_on: MeasuredOn) -> Comparison:
    names = measured_on.models
    return Comparison(
        {name: intervals_as_json(metrics(_held_out, name)) for name in names},
        {name: differences_as_json(metrics(_held_out, name, names[0])) for name in names[1:]},
        {name: breakdown(_held_out, name) for name in names},
        {name: paired_difference(_held_out, name, names[0]) for name in names[1:]},
        intervals_as_json({"nme": guess_of(_held_out)})["nme"],
    )


def comparison(
    dataset_id: int, chosen: list[str], rows: Sequence[Mapping[str, Any]], *, in_progress: bool = False, busy: bool
) -> None:
    """Figures with intervals, curves, points and groups, and the worst instances first."""
    names = tuple(chosen)
    cache_key = read(lambda session: model_cache_key(dataset_id, session=session))
    measured_on = MeasuredOn(dataset_id, names, common_split(names, rows), cache_key, in_progress)
    try:
        held = _held(measured_on)
    except FacetError as error:
        st.error(sentence(error))
        return
    if isinstance(held, Message):
        if held.code not in UNPREDICTED:
            st.info(sentence(held.text()), icon=":material/rule:")
            return
        st.info("Each model first predicts the labelled instances that they are measured on.", icon=":material/rule:")
        _offer(measured_on, busy=busy)
        return
    st.caption(heading(len(held), len(set(held.groups.tolist())), every_label=held.every_label))
    if in_progress:
        verb = "is" if held.in_progress == 1 else "are"
        st.caption(f"{held.in_progress:,} of them {verb} in progress: of these the points count that a human has set.")
    for name in names:
        if (doubt := no_better_than_mean_shape(held, name)) is not None:
            st.warning(f"{sentence(doubt.text())}.", icon=":material/warning:")
    if held.learned:
        st.caption(
            f"{counted(held.learned, 'instance')} more would be held out now, but one of these models has learned from "
            "them: none is measured on those."
        )
    if held.left_out:
        st.warning(f"{counted(held.left_out, 'instance')} not predicted by all of them stay out.")
        _offer(measured_on, busy=busy)
    measured = _compare(held, measured_on)
    _figures(measured, names)
    where_they_err(measured.breakdowns, measured.less_first, held.skeleton, dataset_id, names)
    _worst(held, chosen)


def common_split(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """What was kept together when the first of these models that was trained learned."""
    ways = {row["name"]: str(row["split_by"]) for row in rows}
    return next((ways[name] for name in (PredictorName.parse(name).model for name in names) if name in ways), "auto")


def heading(instances: int, groups: int, *, every_label: bool = False) -> str:
    """What was measured on, and how far its intervals can be trusted."""
    ends = "intervals (95%) by drawing whole groups again" if groups > 1 else "one group gives no interval"
    ends += ", which so few groups make too narrow" if 1 < groups < _FEW_GROUPS else ""
    what = counted(instances, "instance" if every_label else "held-out instance")
    text = f"{what} of {counted(groups, 'group')}; {ends}. pp: percentage points."
    if every_label:
        text = f"Every label counts, as none of these models has learned from any: {text}"
    if groups < FEWEST_GROUPS:
        text += (
            f" With fewer than {FEWEST_GROUPS} groups none is the winner, since chance alone would make one too often: "
            "it is said in how many groups a difference points the same way. Label more videos or people."
        )
    return text


@st.cache_data(max_entries=8, show_spinner="Looking for what is predicted")
def _unpredicted(measured_on: MeasuredOn) -> dict[str, int]:
    def count(_: Workspace, dataset_id: int, skeleton: str, split_by: str, *, in_progress: bool) -> Supply:
        return counted_supply(dataset_id, skeleton, split_by, measured_on.cache_key, in_progress=in_progress)

    return unpredicted(workspace(), *measured_on.named(), **measured_on.how(), count=count)


def _offer(measured_on: MeasuredOn, *, busy: bool) -> None:
    dataset_id, names = measured_on.named()
    lacking = {name: count for name, count in _unpredicted(measured_on).items() if count}
    scope = {"held_out": True, "beside": list(names), "split_by": measured_on.split_by}
    scope |= in_progress_parameter(measured_on.in_progress)
    offer_predictions(dataset_id, lacking, names, "Predict the held-out part", "To be predicted", busy=busy, **scope)


def _figures(measured: Comparison, names: tuple[str, ...]) -> None:
    rows = []
    for key, text in _METRICS.items():
        if not any(key in measured.metrics[name] for name in names):
            continue
        row, percent = {"Metric": f"**{text['title']}**"}, key not in _NO_SHARES
        row |= {plain(name): interval(measured.metrics[name].get(key), percent=percent) for name in names}
        for name in names[1:]:
            differences_of = measured.differences[name]
            row[f"{plain(name)} − {plain(names[0])}"] = difference_text(differences_of.get(key), percent=percent)
        rows.append(row | {"What it is": text["about"]})
    with st.container(key="explained-metrics"):
        st.table(rows, hide_index=True)
    if measured.guess["value"] is not None:
        st.caption(
            "A guess that knows no picture, the mean shape of other labels in each box, has an NME of "
            f"{interval(measured.guess, percent=True)} on these."
        )


def _worst(held: HeldOutSet, chosen: list[str]) -> None:
    st.markdown("**Worst first.** Click one to open it in the editor.")
    order = chosen[-1]
    if len(chosen) > 1:
        asked = in_address("errors-of", among(chosen), chosen[-1], key="worst-of-" + "-".join(chosen))
        order = st.segmented_control("Errors of", chosen, required=True, **asked)
    worst: dict[int, InstanceErrors] = {}
    for row in worst_instances(held, [order, *(name for name in chosen if name != order)]):
        worst.setdefault(row.image_id, row)  # of several faces in a picture the worst
    grid, offset = paged(len(worst), _WORST, key=f"worst-page-{order}")
    tiles = [
        Tile(row.image_id, f"/api/thumbnail/{row.image_id}?v={row.sha256[:8]}", row.name, _errors(row.errors))
        for row in list(worst.values())[offset : offset + _WORST]
    ]
    with grid:
        picture_grid(tiles, key="worst-grid", size=128, on_open=show_in_editor)


def _errors(errors: dict[str, float]) -> str:
    return " · ".join("missed" if error == float("inf") else f"{error:.2%}" for error in errors.values())
