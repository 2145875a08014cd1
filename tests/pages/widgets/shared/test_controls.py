"""Controls of many pages."""

import pytest

from pages.widgets.shared.resources import IMAGE


def pager(count):
    import streamlit as st

    from pages.widgets.shared.controls import paged

    _, st.session_state["offset"] = paged(count, 10, key="pager")


@pytest.mark.parametrize(
    ("count", "page", "offset"), [(0, 1, 0), (10, 1, 0), (11, 2, 10), (30, 3, 20), (21, 9, 20), (10, 4, 0)]
)
def test_a_page_begins_after_those_before_it_and_the_last_stands_for_any_beyond(shown, count, page, offset):
    assert shown(pager, {"pager": page}, count=count).session_state["offset"] == offset


def test_a_picture_is_opened_with_the_instance_that_is_meant(shown, switched):
    def draw():
        from pages.widgets.shared.controls import show_in_editor

        show_in_editor(9, 5)

    page = shown(draw)
    assert (page.session_state[IMAGE], page.session_state["focus_instance"]) == (9, 5)
    assert switched == ["keypoints.py"]


def test_what_cannot_be_done_is_told_and_not_raised(shown):
    def draw(full):
        import streamlit as st

        from core.foundation.errors import BadInput
        from pages.widgets.shared.controls import attempted

        def save():
            if full:
                raise BadInput("store.full", of="a.mp4")

        st.session_state["done"] = attempted(save)

    page = shown(draw, full=True)
    assert (len(page.error), page.session_state["done"]) == (1, False)
    page = shown(draw, full=False)
    assert (len(page.error), page.session_state["done"]) == (0, True)
