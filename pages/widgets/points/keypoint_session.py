"""What the keypoints page remembers between reruns: the picture, and since when it is to be seen."""

import time
from collections.abc import Collection, Mapping
from typing import Any, Final

import streamlit as st

from core.foundation.errors import FacetError, NotFound
from core.foundation.messages import message
from core.points.annotating import editor_instances, editor_skeletons
from core.points.reviewing import accept, take_back
from db.engine import LARGEST_ID, reading
from db.queries.library import count_filtered, fits, page_of_images, position_of_image
from db.queries.points import neighbour, next_to_review
from db.queries.store import store_id
from db.tables import Image, ImageState
from pages.widgets.library.picture_filter import chosen_filter
from pages.widgets.points.picture_order import first_of, ranking, step
from pages.widgets.shared.address import between, kept, put_in_address, say_missing, write_address
from pages.widgets.shared.resources import IMAGE, author_id, read, who_works, window_id, workspace
from pages.widgets.shared.text import counted, sentence
from pages.widgets.shared.words import words

_GLANCE: Final = (
    0.25  # seconds: nobody who accepts a picture sooner can have meant this one; the editor refuses doubles
)
NOTHING: Final = words("nothing_in_picture")  # by the state of a picture without faces and people
_SHOWN: Final = "keypoints_shown"
_NOTICE: Final = "keypoints_notice"


def refilter() -> None:
    """After another choice of pictures: stay where we are if it fits, else open the first that does."""
    with reading(workspace().engine) as session:
        image = session.get(Image, st.session_state.get(IMAGE) or 0)
        if image is not None and not fits(image, chosen_filter(), session=session):
            st.session_state[IMAGE] = None


def current_image(dataset_id: int) -> Image | None:
    """The picture that is open; the first of the order when none is, or it is not in this dataset.

    The browser has its address before it shows it: Back finds each that was seen, however quickly one goes on.
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


def go(to: str) -> None:
    """Open the next or previous picture of the order, or the next to review, after the last the first again.

    Raises
    ------
    NotFound
        At the end of the pictures, or where no other is left to review.
    """
    with reading(workspace().engine) as session:
        image = session.get(Image, st.session_state.get(IMAGE) or 0)
        if image is None:
            return  # another filter was chosen in the same moment: its first picture opens
    order = ranking(image.dataset_id)
    if order is not None:
        st.session_state[IMAGE] = step(order, image.id, to).id
        return
    with reading(workspace().engine) as session:
        if to == "next_unreviewed":
            beyond = next_to_review(image.dataset_id, chosen_filter(), image, session=session)
        else:
            beyond = neighbour(image.dataset_id, chosen_filter(), image, forward=to != "previous", session=session)
    if beyond is None:
        ends = {"previous": message("pictures.first"), "next": message("pictures.last")}
        raise NotFound.saying(ends.get(to, message("pictures.all_reviewed")))
    st.session_state[IMAGE] = beyond.id


def accept_button(data: Mapping[str, Any]) -> None:
    """Vouch for the points that are drawn and go on. A click counts for the picture that it was made on, never for one
    that has taken its place meanwhile or just now."""
    seen = frozenset(instance["revision"] for instance in data["instances"] if instance["revision"] is not None)
    image_id = data["image"]["id"]
    st.button(
        "All points are right" if data["instances"] else "Nothing is here",
        icon=":material/check:",
        help="You vouch for every point, and go on" if data["instances"] else "You vouch for that, and go on",
        key=f"accept-{image_id}",
        on_click=_accept,
        args=(image_id, seen, sum(instance["revision"] is None for instance in data["instances"])),
    )
    if data["image"]["state"] == ImageState.ACCEPTED:
        st.button(
            "Take back",
            icon=":material/undo:",
            help="This picture is accepted. Taken back, it is to be reviewed again.",
            key=f"take-back-{image_id}",
            on_click=_take_back,
            args=(image_id,),
        )
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.toast(notice, icon=":material/info:", duration="long")


def _take_back(image_id: int) -> None:
    try:
        take_back(workspace(), image_id, author_id=author_id())
    except FacetError as error:
        st.session_state[_NOTICE] = sentence(error)


def was_shown(image: Image) -> None:
    """The page is drawn to its end: from now on a person can look at this picture."""
    if st.session_state.get(_SHOWN, (None, 0.0))[0] != image.id:
        st.session_state[_SHOWN] = (image.id, time.monotonic())


def _accept(image_id: int, seen: Collection[int], without_points: int = 0) -> None:
    shown, since = st.session_state.get(_SHOWN, (None, 0.0))
    if image_id != st.session_state.get(IMAGE):
        st.session_state[_NOTICE] = "The second click did not count: another picture has opened since."
        return
    if shown != image_id or time.monotonic() - since < _GLANCE:
        st.session_state[_NOTICE] = "This click did not count: the picture has only just opened. Look at it first."
        return
    try:
        accept(workspace(), image_id, author_id=author_id(), seen=seen, window=window_id())
        if without_points:
            boxes = counted(without_points, "box", "boxes")
            st.session_state[_NOTICE] = f"{boxes} of the last picture: no points yet, to be reviewed with them."
        go("next_unreviewed")
    except FacetError as error:
        st.session_state[_NOTICE] = sentence(error)


def editor_data(image: Image, focus: int | None = None) -> dict[str, Any]:
    """Everything that the editor shows of a picture."""
    index, count, following = _place(image)
    return {
        "image": {
            "id": image.id,
            "url": _url(image),
            "width": image.width,
            "height": image.height,
            "name": image.path,
            "state": image.state,
        },
        "prefetch": [_url(following)] if following else [],
        "skeletons": editor_skeletons(),
        "instances": editor_instances(workspace(), image.id),
        "focus": focus,
        "store": read(lambda session: store_id(session=session)),
        "author": who_works(),
        "window": window_id(),
        "read_only": False,
        "position": {"index": index, "count": count},
    }


def _place(image: Image) -> tuple[int, int, Image | None]:
    """The number of a picture in the order, of how many, and the one that follows."""
    order = ranking(image.dataset_id)
    if order is not None:
        try:
            after = step(order, image.id, "next")
        except NotFound:
            after = None
        return (order.index(image.id) + 1 if image.id in order else 0), len(order), after
    chosen = chosen_filter()
    with reading(workspace().engine) as session:
        position = position_of_image(image.dataset_id, chosen, image, session=session)
        count = count_filtered(image.dataset_id, chosen, session=session)
        following = neighbour(image.dataset_id, chosen, image, forward=True, session=session)
    return min(position + 1, count), count, following


def _url(image: Image) -> str:
    return f"/api/display/{image.id}?v={image.sha256[:8]}"
