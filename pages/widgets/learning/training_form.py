"""Choosing what to train: the labels that there are, the recipe, its settings, and whether it fits."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import streamlit as st

from core.foundation.errors import FacetError
from core.jobs.inference import what_fits_beside
from core.learning import listing as models
from core.learning import recipes
from core.learning.labels import SPLIT_BY, Supply
from core.learning.recipes import RecipeChoice
from db.queries.learning.models import model_cache_key
from db.tables import Run
from pages.widgets.shared.address import among, in_address, kept, key_of, text, unfolded, yes_or_no
from pages.widgets.shared.controls import page_button, paged
from pages.widgets.shared.labels_that_count import in_progress_parameter, labels_that_count
from pages.widgets.shared.points_picker import choose_points, points_name
from pages.widgets.shared.resources import read, start_run, workspace
from pages.widgets.shared.supply import counted_supply
from pages.widgets.shared.text import counted, plain, sentence
from pages.widgets.shared.words import words

_PARTS: Final = words("parts_of_labels")
_SPLITS: Final = words("splits")
KEPT_TOGETHER: Final[dict[str, str]] = words("kept_together")
_FIELDS: Final[dict[str, str]] = words("training_fields")
_NAMES: Final = 50  # a page of file names
_PLANS: Final = words("training_plans")


class ChosenLabels(NamedTuple):
    """Which labels are learned from: of which points, what is kept together, whether those in progress count."""

    skeleton: str
    split_by: str
    in_progress: bool = False

    def parameters(self) -> dict[str, Any]:
        """As a run takes them."""
        return {"skeleton": self.skeleton, "split_by": self.split_by} | in_progress_parameter(self.in_progress)


def labels_card(dataset_id: int) -> tuple[ChosenLabels, Supply]:
    """Choose the labels, and show what there is of them."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        skeleton_name = choose_points(dataset_id, key="train-skeleton")
        split_by = st.selectbox(
            "Keep together",
            list(SPLIT_BY),
            width=300,
            format_func=_SPLITS.__getitem__,
            help="What is kept together goes to one part as a whole: to learn from, to stop in time, or held out. Once "
            "trained on, it stays there.",
            **in_address("split", among(SPLIT_BY), next(iter(SPLIT_BY))),
        )
        in_progress = labels_that_count()
    st.caption(KEPT_TOGETHER[split_by])
    cache_key = read(lambda session: model_cache_key(dataset_id, session=session))
    supply = counted_supply(dataset_id, skeleton_name, split_by, cache_key, in_progress=in_progress)
    chosen = ChosenLabels(skeleton_name, split_by, in_progress)
    if not supply.groups:
        _nothing_yet(supply, skeleton_name)
        return chosen, supply
    with st.grid(min_column_width=150, gap="small"):
        for part, text in _PARTS.items():
            groups = counted(supply.labels[f"{part}_groups"], "group")
            count = supply.labels[part]
            st.metric(text["name"], count, delta=groups, delta_color="off", delta_arrow="off", help=text["about"])
    _left_out(supply)
    _progress(supply, in_progress=in_progress)
    return chosen, supply


def _nothing_yet(supply: Supply, skeleton_name: str) -> None:
    count = supply.unlabelled
    waiting = f" {counted(count, 'instance')} {'waits' if count == 1 else 'wait'} for it." if count else ""
    st.info(
        f"No human has set or accepted {points_name(skeleton_name)} here yet. Only what people vouch for is learned "
        "from." + waiting,
        icon=":material/scatter_plot:",
    )
    _left_out(supply)
    _progress(supply, in_progress=False)
    with st.container(horizontal=True):
        page_button("Correct keypoints", "keypoints.py", type="primary", key="to-keypoints")
        page_button("Import labels", "library.py", key="to-library")


def _left_out(supply: Supply) -> None:
    if supply.excluded:
        title = f"{counted(len(supply.excluded), 'picture')} on the list of those to leave out of learning"
        with st.expander(title, expanded=unfolded("left-out")):
            names, offset = paged(len(supply.excluded), _NAMES, key="train-left-out", word="left-out")
            names.text("\n".join(supply.excluded[offset : offset + _NAMES]))
    if supply.empty:
        st.caption(f"{counted(supply.empty, 'label')} without a single point cannot teach anything and stay out.")


def _progress(supply: Supply, *, in_progress: bool) -> None:
    """How many labels are in progress, and whether they count."""
    if in_progress:
        verb = "is" if supply.counted == 1 else "are"
        st.caption(
            f"{supply.counted:,} of those to learn from {verb} in progress, with the points that a human has set. "
            "Nothing in progress is held out."
        )
    elif supply.in_progress:
        verb = "stays" if supply.in_progress == 1 else "stay"
        st.caption(f"{counted(supply.in_progress, 'label')} in progress {verb} out.")


def recipe_form(dataset_id: int, labels: ChosenLabels, supply: Supply, open_runs: Sequence[Run]) -> None:
    """Choose a recipe and start; `open_runs` are the trainings that wait or work."""
    st.subheader("Recipe", anchor=False)
    skeleton_name = labels.skeleton
    choices = {choice.name: choice for choice in recipes.recipe_choices()}
    parents = models.comparable(workspace(), dataset_id, skeleton_name, built_in=False)
    teaching = kept("unlabelled", yes_or_no, False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Recipe", list(choices), width=320, **in_address("recipe", among(choices), next(iter(choices)))
        )
        parent = st.selectbox(
            "Begin from",
            parents,
            index=None,
            placeholder="fresh weights",
            width=280,
            disabled=teaching,
            help="A model of the same network goes on from its weights; its parent is remembered. "
            "Learning from unlabelled pictures begins every round afresh.",
            **in_address("parent", among(parents), key=key_of(f"parent-{skeleton_name}")),
        )
    st.caption(plain(choices[name].about))
    settings = _settings(choices[name])
    plan = _self_training(choices[name], supply.unlabelled)
    parent = None if plan else parent
    parameters = {"recipe": name, "settings": settings, "parent": parent} | labels.parameters()
    parameters |= {"plan": plan} if plan else {}
    reason, missing = _obstacle(name, settings, skeleton_name, supply), None
    if reason is not None:
        st.warning(plain(reason), icon=":material/warning:")
    elif parent is None and (missing := recipes.missing_weights(workspace(), recipes.find_recipe(name, settings))):
        st.warning("The weights that this recipe begins from are not on this machine.", icon=":material/warning:")
        st.code(missing.text(), language=None, wrap_lines=True)  # its address and folder can be copied
    same = any(run.parameters == parameters for run in open_runs)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Train", type="primary", icon=":material/model_training:", disabled=bool(reason or missing) or same
        ):
            start_run("selftrain" if plan else "train", dataset_id, **parameters)
            st.rerun()
        asked = st.button("Does it fit?", icon=":material/memory:", help="A dry run: memory needed, and free here")
        if open_runs:
            note = "This very training is at work or waiting." if same else "It waits for the one that is at work."
            st.caption(note, width="stretch")
    if asked:
        _memory(name, settings, skeleton_name)


def _obstacle(name: str, settings: Mapping[str, str], skeleton_name: str, supply: Supply) -> str | None:
    """Why this cannot be trained, or None."""
    try:
        recipes.check_recipe(name, settings, skeleton_name)
    except FacetError as error:
        return str(error)
    if supply.labels["test"]:
        return None
    if supply.counted == supply.labels["train"]:
        return "Nobody has accepted a label yet, so nothing can be held out: accept some, or import labels."
    return (
        f"Everything labelled belongs to one group ({supply.groups[0]}), so nothing can be held out: label another "
        "video or person, or keep less together."
    )


def _settings(choice: RecipeChoice) -> dict[str, str]:
    """What should differ from the recipe: the usual ones as fields, all others as key=value lines."""
    name, defaults = choice.name, choice.settings
    chosen: dict[str, str] = {}
    section = st.expander("Settings", expanded=unfolded(*_FIELDS, "weights", "others"), icon=":material/tune:")
    with section, st.container(horizontal=True, vertical_alignment="bottom"):
        for key, label in _FIELDS.items():
            asked = in_address(key, text, str(defaults[key]), key=key_of(f"{name}-{key}"))
            value = st.text_input(label, width=110, **asked)
            if value.strip() != str(defaults[key]):
                chosen[key] = value.strip()
        weights = st.selectbox(
            "Weights",
            choice.weights,
            width=190,
            help="What a fresh network begins from: random weights (none), or published "
            "ones (default: the first of them).",
            **in_address("weights", among(choice.weights), str(defaults["pretrained"]), key=key_of(f"{name}-weights")),
        )
        if weights != defaults["pretrained"]:
            chosen["pretrained"] = weights
        more = st.text_area(
            "Others, one key=value a line",
            height=90,
            width=300,
            placeholder="augmentation.rotation=20",
            help="Keys: " + ", ".join(map(plain, sorted(defaults))),
            **in_address("others", text, "", key=key_of(f"{name}-others")),
        )
    for line in more.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            chosen[key.strip()] = value.strip()
        elif line.strip():
            st.warning(f"“{plain(line)}” is no key=value and does not count.")
    return chosen


def _self_training(choice: RecipeChoice, unlabelled: int) -> str | None:
    """Whether to learn from unlabelled pictures too, and how."""
    wanted = st.toggle(
        f"Learn from unlabelled pictures too ({counted(unlabelled, 'instance')})",
        disabled=not unlabelled,
        help="Several rounds: each labels the unlabelled instances by itself and learns afresh from both. It takes as "
        "many trainings as there are rounds. Those of held-out videos and people stay out.",
        **in_address("unlabelled", yes_or_no, False),
    )
    if not wanted or not unlabelled:
        return None
    able = choice.network.startswith("pipnet")
    plans = list(_PLANS) if able else ["plain"]
    plan: str | None = st.segmented_control(
        "Rounds",
        plans,
        format_func=_PLANS.__getitem__,
        required=True,
        help="The curriculum needs PIPNet's coarse maps; other networks go without.",
        **in_address("plan", among(plans), "curriculum" if able else "plain", key=key_of(f"plan-{able}")),
    )
    return plan


@st.cache_data(max_entries=50, ttl=60, show_spinner="Measuring how much memory it takes")
def _dry_run(name: str, settings: tuple[tuple[str, str], ...], skeleton_name: str) -> tuple[bool, str]:
    try:
        fit = what_fits_beside(workspace(), name, dict(settings), skeleton_name)
    except FacetError as error:
        return False, str(error)
    return fit.fits, fit.message.text()


def _memory(name: str, settings: Mapping[str, str], skeleton_name: str) -> None:
    fits, text = _dry_run(name, tuple(sorted(settings.items())), skeleton_name)
    (st.success if fits else st.warning)(sentence(text), icon=":material/memory:")
