"""What the keypoints page remembers between reruns: the picture that is open; and what it gives to the editor."""

from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from core.points.annotating import editor_skeletons
from core.points.orders import STATES
from db.engine import LARGEST_ID, reading
from db.queries.learning.models import model_cache_key
from db.queries.library import ImageFilter, fits, page_of_images
from db.queries.store import store_id
from db.tables import TO_REVIEW, Image
from pages.widgets.library.picture_filter import chosen_filter
from pages.widgets.points.picture_order import first_of, open_first, ranking
from pages.widgets.shared.address import between, chosen, kept, put_in_address, say_missing, write_address
from pages.widgets.shared.points_picker import usual_points
from pages.widgets.shared.resources import CHOICE, IMAGE, read, who_works, window_id, workspace
from pages.widgets.shared.words import words

_FOCUS: Final = "focus_instance"


def follow_choice() -> None:
    """After another choice of pictures: stay where we are if it fits, else open the first that does.

    In the body of the page: a callback is ended half-way where another run is asked for in the same moment, and is not
    called again. Where the address or another page names a picture, that one is opened all the same.
    """
    order, asked = choice = (chosen("order", "path"), chosen_filter())
    before = st.session_state.get(CHOICE)
    begins = before is not None and order == "worth" != before[0]
    if begins or (before is not None and asked != before[1] and not _open_fits(asked)):
        open_first()
    st.session_state[CHOICE] = choice


def _open_fits(asked: ImageFilter) -> bool:
    with reading(workspace().engine) as session:
        image = session.get(Image, st.session_state.get(IMAGE) or 0)
        return image is None or fits(image, asked, session=session)


def current_image(dataset_id: int) -> Image | None:
    """The picture that is open; the first of the order when none is, or it is not in this dataset.

    The browser has its address before it shows it: Back finds each that was looked at.
    """
    asked = kept("picture", between(1, LARGEST_ID), key=IMAGE)
    image = read(lambda session: session.get(Image, asked)) if asked else None
    if image is None or image.dataset_id != dataset_id:
        if asked:
            say_missing("picture", asked)
        image = _first_image(dataset_id)
    st.session_state[IMAGE] = image.id if image else None
    put_in_address("picture", [str(image.id)] if image else [])
    write_address("picture")
    return image


def _first_image(dataset_id: int) -> Image | None:
    order = ranking(dataset_id)
    if order is not None and (worthwhile := first_of(order)) is not None:
        return worthwhile
    first = read(lambda session: page_of_images(dataset_id, chosen_filter(), offset=0, limit=1, session=session))
    return first[0] if first else None


def rested(image_id: int) -> None:
    """The hand rests on a picture: it is the open one."""
    st.session_state[IMAGE] = image_id


def editor_data(image: Image) -> dict[str, Any]:
    """What the editor has to know: which picture to open, and the order that it goes through by itself."""
    with reading(workspace().engine) as session:
        store, changed = store_id(session=session), model_cache_key(image.dataset_id, session=session)
    return {
        "open": {"image": image.id, "focus": st.session_state.pop(_FOCUS, None)},
        "order": _order_query(image.dataset_id),
        "states": list(STATES),
        "to_review": list(TO_REVIEW),
        "nothing": words("nothing_in_picture"),
        "changed": changed,
        "skeletons": editor_skeletons(),
        "store": store,
        "author": who_works(),
        "window": window_id(),
        "read_only": False,
    }


def _order_query(dataset_id: int) -> str:
    """The order as ``/api/order`` is asked for it (`core.learning.picture_orders.asked_order`)."""
    asked: dict[str, object] = {"dataset": dataset_id}
    if ranking(dataset_id) is not None:
        return urlencode(asked | {"points": usual_points(dataset_id)})
    chosen = chosen_filter()
    filtered = {"state": chosen.state, "part": chosen.path_contains, "person": chosen.person_id}
    return urlencode(asked | {word: value for word, value in filtered.items() if value})
