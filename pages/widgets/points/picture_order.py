"""The order in which the keypoints page goes through pictures: by path, or the most worthwhile first."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from core.foundation.errors import FacetError
from core.foundation.predictor_names import PredictorName
from core.jobs.kinds import must_wait
from core.learning.next_pictures import NextPictures, model_to_ask
from core.learning.picture_orders import kept_ranking
from db.engine import reading
from db.queries.learning.models import model_cache_key
from db.tables import TO_REVIEW, Image
from pages.widgets.points.keypoint_editor import hear_no_earlier_rest
from pages.widgets.shared.address import among, chosen, in_address, open_page
from pages.widgets.shared.controls import page_button
from pages.widgets.shared.points_picker import choose_points, keep_points, usual_points
from pages.widgets.shared.resources import IMAGE, read, start_run, workspace
from pages.widgets.shared.run_status import open_runs
from pages.widgets.shared.supply import counted_supply
from pages.widgets.shared.text import plain
from pages.widgets.shared.words import words

EDITOR: Final = "keypoint_editor"  # the key of the editor on the keypoints page
_FEWEST: Final = 10  # labels; a correlation of fewer is chance
_WAITED: Final = "picture-order-waited"
_ORDERS: Final = words("picture_orders")


def doubtful_button(dataset_id: int, skeleton: str) -> None:
    """The way to the keypoints page, which then begins with the picture that is most worth labelling."""
    if st.button("Label what it doubts", icon=":material/help_center:", key="label-doubtful"):
        keep_points(dataset_id, skeleton)
        open_first()
        open_page("keypoints.py", order="worth")


def choose_order(dataset_id: int) -> None:
    """A field for the order; with the second, one for the points too."""
    order = st.selectbox(
        "Order",
        list(_ORDERS),
        format_func=_ORDERS.__getitem__,
        width=150,
        help="Most worthwhile first: where the model that pre-labels is unsure, and that is known to mean errors.",
        **in_address("order", among(_ORDERS), "path"),
    )
    if order == "worth":
        choose_points(dataset_id, key="order-points")


def open_first() -> None:
    """Let the page open the first picture of its order, whatever the editor was about to tell."""
    st.session_state[IMAGE] = None
    hear_no_earlier_rest(EDITOR)


def _in_force(dataset_id: int) -> NextPictures | str | None:
    if chosen("order") != "worth":
        return None
    try:
        with st.spinner("Ranking the pictures", show_time=True):
            return kept_ranking(workspace(), dataset_id, usual_points(dataset_id))
    except FacetError as error:
        return str(error)


def ranking(dataset_id: int) -> Sequence[int] | None:
    """Ids of pictures, the most worthwhile first; None where the order is that of the paths.

    The order stays while labels are given: it changes with the model, or with what it has predicted.
    """
    ranked = _in_force(dataset_id)
    return ranked.images if isinstance(ranked, NextPictures) else None


def order_caption(dataset_id: int) -> None:
    """Whose doubt the order follows, and what that is worth; or why it is that of the paths after all."""
    ranked = _in_force(dataset_id)
    if isinstance(ranked, str):
        if not _waiting(dataset_id):
            st.info(
                "Nothing is left to rank: what was found here is labelled, left out or held out. The order is that of "
                "the paths.",
                icon=":material/sort:",
            )
            return
        st.session_state[_WAITED] = True
        st.warning(f"{plain(ranked)}. Until then the order is that of the paths.", icon=":material/sort:")
        _offer(dataset_id)
    elif ranked is not None:
        if st.session_state.pop(_WAITED, False):
            open_first()  # what was opened meanwhile was the first of the paths
        st.caption(f"In the order of the doubt of {plain(ranked.model)}, videos and people in turn. {worth(ranked)}")


def _waiting(dataset_id: int) -> int:
    """How many instances a ranking could hold; predicting does not help where there is none."""
    cache_key = read(lambda session: model_cache_key(dataset_id, session=session))
    return counted_supply(dataset_id, usual_points(dataset_id), "auto", cache_key).unlabelled


def _offer(dataset_id: int) -> None:
    """Where there is a model, let it look at everything with the flip test: then it has a doubt, whatever it is."""
    points = usual_points(dataset_id)
    try:
        with reading(workspace().engine) as session:
            model = str(PredictorName(model_to_ask(dataset_id, points, session=session), flip_test=True))
    except FacetError:
        page_button("Train a model", "training.py", icon=":material/model_training:", key="to-training")
        return
    busy = must_wait("predict", open_runs(dataset_id))
    if st.button(f"Predict with {plain(model)}", icon=":material/play_arrow:", disabled=busy):
        start_run("predict", dataset_id, model=model)
        st.rerun()


def worth(pictures: NextPictures) -> str:
    """How well doubt goes with errors, in words."""
    rho = pictures.spearman
    if rho != rho or pictures.checked < _FEWEST:
        return "Too few held-out labels are predicted to say whether its doubt means errors."
    figure = f"(Spearman {f'{rho:+.2f}'.replace('-', '−')} on {pictures.checked:,} held-out labels)"
    if rho >= 0.6:
        return f"Where it doubts, it errs {figure}."
    if rho >= 0.3:
        return f"Its doubt goes with its errors to a degree {figure}."
    if rho > 0:
        return f"Its doubt says little about its errors {figure}: a random choice is nearly as good."
    return f"Its doubt says nothing about its errors {figure}: a random choice is as good."


def first_of(order: Sequence[int]) -> Image | None:
    """The first picture of a ranking that is still to be reviewed."""
    with reading(workspace().engine) as session:
        for number in order:
            image = session.get(Image, number)
            if image is not None and image.state in TO_REVIEW:
                return image
    return None
