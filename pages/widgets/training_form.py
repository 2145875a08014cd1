"""Choosing what to train: the labels that there are, the recipe, its settings, and whether it fits."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from core.errors import FacetError
from core.jobs.launch import start
from core.learning_data import SPLIT_BY, Labels
from core.services import models, recipes
from core.services.annotating import editor_skeletons
from core.services.training import what_there_is
from pages.widgets.resources import author_id, workspace
from pages.widgets.text import counted, plain, sentence

_PARTS: Final = {
    "train": ("To learn from", "The model's weights follow these."),
    "validation": ("To stop in time", "The best epoch is chosen on these."),
    "test": ("Held out", "Never learned from: figures and comparisons are on these."),
}
_SKELETONS: Final = {"face68": "68 face landmarks", "body24": "24 body keypoints", "coco17": "17 body keypoints (COCO)"}


def labels_card(dataset_id: int) -> tuple[str, Labels | None]:
    """Choose the skeleton and how to split, and show what there is; None where nothing can be trained yet."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shape = st.selectbox(
            "Points", list(editor_skeletons()), format_func=lambda name: _SKELETONS.get(name, name),
            key="train-skeleton", width=260,
        )  # fmt: skip
        split_by = st.selectbox(
            "Keep together", list(SPLIT_BY), key="train-split", width=420,
            format_func=lambda name: f"{name}: {SPLIT_BY[name]}",
            help="Pictures of one video, person or action never go to different parts: a model that has seen a person "
            "while it learned is not measured on that person.",
        )  # fmt: skip
    labels = what_there_is(workspace(), dataset_id, shape, split_by)
    if not labels.labels:
        st.info(
            "No human has set or accepted these points here yet. Only what people vouch for is learned from.",
            icon=":material/scatter_plot:",
        )
        left, right = st.columns(2, width=420)
        if left.button("Correct keypoints", type="primary"):
            st.switch_page("keypoints.py")
        if right.button("Import labels"):
            st.switch_page("library.py")
        return shape, None
    counts = labels.counts()
    with st.grid(min_column_width=170, gap="small"):
        for part, (name, about) in _PARTS.items():
            groups = counted(counts[f"{part}_groups"], "group")
            st.metric(name, counts[part], delta=groups, delta_color="off", delta_arrow="off", help=about)
    _left_out(labels)
    return shape, labels


def _left_out(labels: Labels) -> None:
    if labels.excluded:
        with st.expander(f"{counted(len(labels.excluded), 'picture')} left out by the list of bad pictures"):
            st.text("\n".join(labels.excluded[:200]))
    if labels.empty:
        st.caption(f"{counted(labels.empty, 'label')} without a single point cannot teach anything and stay out.")


def recipe_form(dataset_id: int, shape: str, labels: Labels, *, busy: bool) -> None:
    """Choose a recipe and start."""
    st.subheader("Recipe", anchor=False)
    known = {choice.name: choice for choice in recipes.choices()}
    parents = [name for name in models.comparable(workspace(), dataset_id, shape) if not name.startswith("dlib")]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Recipe", list(known), key="train-recipe", width=320)
        parent = st.selectbox(
            "Begin from", parents, index=None, placeholder="fresh weights", key=f"train-parent-{shape}", width=280,
            help="A model of the same network goes on from its weights; its parent is remembered.",
        )  # fmt: skip
    st.caption(plain(known[name].about))
    settings = _settings(name, dict(known[name].settings))
    teach = _self_training(known[name].settings)
    try:
        recipes.chosen(name, settings)
    except FacetError as error:
        st.error(sentence(error))
        return
    _memory(name, settings, shape)
    if not labels.of("test"):
        st.warning(
            "Everything labelled belongs to one group, so nothing can be held out. Label another video or person."
        )
    parameters = {
        "recipe": name, "settings": settings, "skeleton": shape, "split_by": st.session_state["train-split"],
        "parent": parent,
    }  # fmt: skip
    kind = "selftrain" if teach else "train"
    if teach:
        parameters["plan"] = teach
    if st.button("Train", type="primary", icon=":material/model_training:", disabled=busy or not labels.of("test")):
        start(workspace(), kind, dataset_id=dataset_id, author_id=author_id(), **parameters)
        st.rerun()
    if busy:
        st.caption("A training of this dataset is at work or waiting; the next can start when it ends.")


def _settings(name: str, defaults: dict[str, Any]) -> dict[str, str]:
    """What should differ from the recipe: the usual ones as fields, all others as key=value lines."""
    chosen: dict[str, str] = {}
    with st.expander("Settings", icon=":material/tune:"), st.container(horizontal=True, vertical_alignment="bottom"):
        for key, label in (("epochs", "Epochs"), ("batch", "Batch"), ("rate", "Learning rate"), ("seed", "Seed")):
            value = st.text_input(label, str(defaults[key]), key=f"train-{name}-{key}", width=130)
            if value != str(defaults[key]):
                chosen[key] = value
        more = st.text_area(
            "Others, one key=value a line", key=f"train-{name}-more", height=90, width=340,
            placeholder="augmentation.rotation=20", help="Keys: " + ", ".join(sorted(defaults)),
        )  # fmt: skip
    for line in more.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            chosen[key.strip()] = value.strip()
        elif line.strip():
            st.warning(f"{plain(line)} is no key=value and does not count.")
    return chosen


def _self_training(settings: Any) -> str | None:
    """Whether to learn from unlabelled pictures too, and how."""
    plans = {"curriculum": "with a curriculum (cls3, cls2, std)", "plain": "without a curriculum (std three times)"}
    if not st.toggle(
        "Learn from unlabelled pictures too", key="train-self",
        help="Several rounds: each labels the unlabelled instances by itself and learns afresh from both. It takes as "
        "many trainings as there are rounds.",
    ):  # fmt: skip
        return None
    choices = plans if str(settings.get("network", "")).startswith("pipnet") else {"plain": plans["plain"]}
    return st.segmented_control(
        "Self-training", list(choices), format_func=choices.__getitem__, default=next(iter(choices)), required=True
    )


@st.cache_data(max_entries=50, show_spinner="Measuring how much memory it takes")
def _dry_run(name: str, settings: tuple[tuple[str, str], ...], shape: str) -> tuple[bool, str]:
    found = recipes.what_fits(workspace(), name, dict(settings), shape)
    return found.fits, found.sentence


def _memory(name: str, settings: dict[str, str], shape: str) -> None:
    if st.button("Does it fit?", icon=":material/memory:", help="A dry run of the network: memory needed and free"):
        fits, said = _dry_run(name, tuple(sorted(settings.items())), shape)
        (st.success if fits else st.warning)(plain(said))
