"""The table of trained models, and which of them pre-labels."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import streamlit as st

from core.foundation.messages import Message
from core.learning import listing as models
from core.learning.delivery import onnx_file
from core.learning.pose_models import built_in_for
from core.learning.promoting import in_force, promote, roll_back, steps_back
from core.learning.verdicts import PromotionCheck, check_promotion
from db.queries.learning.models import model_cache_key, promotions
from pages.widgets.points.picture_order import doubtful_button
from pages.widgets.shared.address import among, in_address, unfolded
from pages.widgets.shared.controls import attempted, offer_predictions, page_button
from pages.widgets.shared.points_picker import points_name
from pages.widgets.shared.resources import author_id, read, start_run, workspace
from pages.widgets.shared.text import counted, lasting, plain, sentence, utc
from pages.widgets.shared.words import words

_PARTS: Final = words("labels_of_model")
_ENDINGS: Final = words("ends_of_training")
_VALUE_AND_ENDS: Final = ("value", "low", "high")


def versions_table(rows: list[dict[str, Any]]) -> None:
    """Every version in one line, and the whole of one on request."""
    st.dataframe(
        [
            {
                "Model": row["name"],
                "Points": row["skeleton"],
                "Pre-labels": "yes" if row["pre_labels"] else "",
                "NME": interval(row["figures"]["nme"], percent=True) if "nme" in row["figures"] else "not measured",
                "Mean shape": interval(row["figures"].get("mean_shape"), percent=True)
                if "mean_shape" in row["figures"]
                else "",
                "Remark": "came to nothing" if row["warnings"] else "",
                "Learned from": row["labels"]["train"],
                "Held out": row["labels"]["test"],
                "Parent": row["parent"] or "",
                "Trained in": lasting(row["seconds"]),
                "By": row["author"],
                "At": utc(datetime.fromisoformat(row["created_at"])),
            }
            for row in rows
        ],
        hide_index=True,
        key="versions",
    )
    st.caption(
        "NME: mean distance from the truth on the held-out part when it was trained, with its 95% interval. Mean "
        "shape: the same of a guess that knows no picture, the mean shape of the other labels in each box; a model "
        "that is no better came to nothing."
    )


def one_model(dataset_id: int, rows: list[dict[str, Any]], *, busy: bool) -> None:
    """The whole of one version on request: data, recipe, weights, and its ONNX file."""
    title, open_now = "All about one model", unfolded("about")
    with st.expander(title, expanded=open_now, icon=":material/info:", key="about-model", on_change="rerun"):
        names = [row["name"] for row in rows]
        chosen = st.selectbox("Model", names, width=360, **in_address("about", among(names), names[0]))
        row = rows[names.index(chosen)]
        st.markdown(about(row))
        _show_warnings(list(map(Message.from_json, row["warnings"])))
        _onnx(dataset_id, row["name"], busy=busy)
        recipe = json.dumps(row["settings"], indent=1, sort_keys=True, ensure_ascii=False)
        st.code(recipe, language="json", height=240)


def _show_warnings(warnings: Sequence[Message]) -> None:
    for warning in warnings:
        st.warning(f"{sentence(warning.text())}.", icon=":material/warning:")


def about(row: Mapping[str, Any]) -> str:
    """A version in a few words, as Markdown."""
    parts = " · ".join(f"{row['labels'][part]:,} {what}" for part, what in _PARTS.items())
    parent = f" It went on from {plain(row['parent'])}." if row["parent"] else ""
    progress = f" ({row['in_progress']:,} of those to learn from in progress)" if row["in_progress"] else ""
    taught = (
        f" It learned from unlabelled pictures in {counted(len(row['rounds']) - 1, 'round')}." if row["rounds"] else ""
    )
    return (
        f"**{plain(row['name'])}**: recipe {plain(row['recipe'])}, {counted(row['epochs'] or 0, 'epoch')}, "
        f"{_ENDINGS.get(row['stopped'], 'ended')}.{parent}{taught}  \n"
        f"Labels: {parts}{progress}; kept together: {plain(row['split_by'])}.  \n"
        f"Weights: SHA-256 {plain(row['weights_sha256'][:16])}…"
    )


def _onnx(dataset_id: int, model: str, *, busy: bool) -> None:
    """Write it with a run, then hand it out."""
    file = onnx_file(workspace(), model)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not file.is_file():
            if st.button("Write ONNX", icon=":material/output:", disabled=busy, key=f"onnx-{model}"):
                start_run("onnx", dataset_id, model=model)
                st.rerun()
            st.caption(
                "One file with the decoding inside, compared with the original before it is kept.", width="stretch"
            )
            return
        st.download_button(
            f"Download ONNX ({file.stat().st_size / 1e6:,.1f} MB)",
            file.read_bytes,
            file_name=file.name,
            mime="application/octet-stream",
            on_click="ignore",
            icon=":material/download:",
            key=f"onnx-file-{model}",
        )
        st.caption(plain(file), width="stretch")


def pre_labelling(dataset_id: int, skeleton_name: str, *, busy: bool) -> None:
    """Which model pre-labels, and changing that."""
    st.subheader("Pre-labels", anchor=False)
    now = in_force(workspace(), dataset_id, skeleton_name)
    built_in = built_in_for(workspace(), skeleton_name)
    st.markdown(
        f"**{plain(now or built_in or 'No model')}** gives the first points ({plain(points_name(skeleton_name))}) in "
        "this dataset. What humans have set or accepted never changes."
    )
    trained = models.comparable(workspace(), dataset_id, skeleton_name, built_in=False)
    names = [name for name in (*trained, *([built_in] if built_in else [])) if name not in (now, now or built_in)]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Promote", names, index=None, placeholder="a model", key=f"promote-{skeleton_name}", width=320
        )
        check = _checked(dataset_id, chosen, now or built_in) if chosen else None
        _promote(dataset_id, skeleton_name, chosen, warned=check is not None and check.asks, busy=busy)
        back = [plain(name or built_in or "no model") for name in steps_back(workspace(), dataset_id, skeleton_name)]
        if back and st.button(
            f"Roll back to {back[0]}",
            disabled=busy,
            icon=":material/undo:",
            key=f"roll-back-{skeleton_name}",
            help="Takes the newest promotion back"
            + (f"; once more would lead to {', then '.join(back[1:])}" if len(back) > 1 else "")
            + ".",
        ):
            _change(dataset_id, skeleton_name)
    if chosen and check:
        _show_check(dataset_id, chosen, check, busy=busy)
    _next_steps(dataset_id, skeleton_name)
    history = read(lambda session: promotions(dataset_id, session=session))
    if history:
        with st.expander("What pre-labelled when"):
            st.table(
                [
                    {
                        "From (UTC)": f"{row['at']:%Y-%m-%d %H:%M}",
                        "Points": row["skeleton"],
                        "Model": plain(row["model"] or built_in_for(workspace(), str(row["skeleton"])) or "none"),
                        "How": "rolled back" if row["rolled_back"] else "promoted",
                        "By": plain(row["author"]),
                    }
                    for row in history
                ],
                hide_index=True,
            )


def _checked(dataset_id: int, model: str, against: str | None) -> PromotionCheck:
    cache_key = read(lambda session: model_cache_key(dataset_id, session=session))
    return _measured(dataset_id, model, against, cache_key)


@st.cache_data(max_entries=8, show_spinner="Measuring it beside what pre-labels now")
def _measured(dataset_id: int, model: str, against: str | None, cache_key: int) -> PromotionCheck:  # noqa: ARG001
    return check_promotion(workspace(), dataset_id, model, against)


def _show_check(dataset_id: int, model: str, check: PromotionCheck, *, busy: bool) -> None:
    """What speaks against a model before it is promoted; where it is not measured, the way to that."""
    _show_warnings(check.doubts)
    if check.reason is not None:
        st.caption(f"It cannot be measured here: {sentence(check.reason.text())}.")
    if check.unpredicted:
        names = [model] if check.against is None else [model, check.against]
        offer_predictions(
            dataset_id,
            check.unpredicted,
            names,
            "Measure it first",
            "Before it is measured beside what pre-labels now, these are to be predicted",
            busy=busy,
            held_out=True,
            beside=names,
        )


def _promote(dataset_id: int, skeleton_name: str, chosen: str | None, *, warned: bool, busy: bool) -> None:
    """Promote a model with a click; one that is doubtful or not measured with a second one."""
    key = f"promote-asked-{skeleton_name}"
    asked = warned and st.session_state.get(key) == chosen
    label = "Promote it all the same" if asked else "Promote"
    if not st.button(label, disabled=busy or chosen is None, type="primary", icon=":material/upgrade:"):
        return
    if warned and not asked:
        st.session_state[key] = chosen
        st.rerun()
    st.session_state.pop(key, None)
    _change(dataset_id, skeleton_name, promoted=chosen)


def _next_steps(dataset_id: int, skeleton_name: str) -> None:
    """The way on from a promotion: correct where the model doubts, train again."""
    with st.container(horizontal=True, vertical_alignment="center"):
        doubtful_button(dataset_id, skeleton_name)
        page_button("Train again", "training.py", icon=":material/model_training:", key="train-again")
        st.caption("Promoted: correct the pictures that it doubts most, then train on them too.", width="stretch")


def _change(dataset_id: int, skeleton_name: str, *, promoted: str | None = None) -> None:
    change = (promote, promoted) if promoted is not None else (roll_back, skeleton_name)
    if attempted(change[0], workspace(), dataset_id, change[1], author_id=author_id()):
        start_run("prelabel", dataset_id, skeleton=skeleton_name)
        st.rerun()


def interval(metric: Mapping[str, float | None] | None, *, percent: bool = False, difference: bool = False) -> str:
    """A value with its interval: "3.41% (3.20 to 3.66)"; a difference has a sign, and percentage points."""
    if not metric or metric["value"] is None:
        return "undefined"
    scale, unit = (100.0, " pp" if difference else "%") if percent else (1.0, "")
    form = "+.2f" if difference else ".2f"
    numbers = (metric[key] for key in _VALUE_AND_ENDS)
    value, low, high = (None if number is None else f"{number * scale:{form}}" for number in numbers)
    text = f"{value}{unit}" if low is None or high is None else f"{value}{unit} ({low} to {high})"
    return text.replace("-", "−")
