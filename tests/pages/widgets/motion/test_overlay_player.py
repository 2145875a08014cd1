"""Watching a clip with points drawn over it: what must be predicted first, and what is played."""

import pytest

from pages.widgets.motion import overlay_player as player
from tests.builders.learning_rows import Shelf
from tests.pages.conftest import labelled


def draw(dataset_id, models, open_kinds=frozenset()):
    from pages.widgets.motion.overlay_player import overlay_player

    overlay_player(dataset_id, models, open_kinds)


def test_a_dataset_without_a_clip_says_how_to_get_one(shown, dataset):
    page = shown(draw, dataset_id=dataset, models=["dlib-68"])
    assert page.info[0].value.startswith("This dataset has no clip.")
    assert not page.button


def test_in_a_clip_without_anybody_nothing_can_be_predicted_or_drawn(shown, workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    shelf.clip("empty.mp4", [shelf.image("empty/0.png")])
    page = shown(draw, dataset_id=dataset, models=["dlib-68"])
    assert page.info[0].value.startswith("Nobody is found in this clip yet")
    assert page.button(key="overlay-draw").disabled
    assert page.caption[-1].value == "Nothing is drawn over this clip yet."


def test_a_model_that_has_predicted_nothing_is_asked_to_first(
    shown, started, small_dataset, workspace, dataset, author
):
    Shelf(workspace, dataset, author).model("b-2")
    page = shown(draw, dataset_id=dataset, models=["v-1", "b-2"])
    assert page.button(key="overlay-draw").disabled
    assert page.caption[0].value == (
        r"To be predicted before it is drawn: b\-2 (4 instances). Predicted already: v\-1."
    )
    page.button(key="predict-Predict this clip").click().run()
    ((kind, parameters),) = started()
    assert (kind, parameters["model"], parameters["clip"]) == ("predict", "b-2", page.selectbox[0].value)


def test_a_clip_that_is_predicted_is_drawn_in_a_run(shown, started, small_dataset, dataset):
    page = shown(draw, dataset_id=dataset, models=["v-1"])
    assert not page.info
    labelled(page.checkbox, "Fixed points blue").check().run()
    page.button(key="overlay-draw").click().run()
    assert not page.exception
    assert started() == [("overlay", {"video": "clip.mp4", "models": ["v-1"], "static": True})]


def test_nothing_is_drawn_twice_at_once(shown, small_dataset, dataset):
    page = shown(draw, dataset_id=dataset, models=["v-1"], open_kinds={"overlay"})
    assert page.button(key="overlay-draw").disabled


@pytest.fixture
def playing(shown, workspace, monkeypatch):
    """Plays a file of the overlays, 320 by 240 pixels; gives the page."""
    monkeypatch.setattr(player, "overlay_size", lambda file: (320, 240))

    def play(name, path):
        (workspace.overlays / name).parent.mkdir(exist_ok=True)
        (workspace.overlays / name).write_bytes(b"")

        def show(path):
            from pages.widgets.motion.overlay_player import _play

            _play(1, path)

        return shown(show, path=path)

    return play


def test_the_newest_overlay_is_played_and_the_name_of_its_clip_is_no_html(playing):
    page = playing("1-2.mp4", '<b>"x".mp4')
    html = page.get("html")[0].proto.body
    assert 'src="/api/overlay/1-2.mp4?v=' in html
    assert 'aria-label="Overlay of &lt;b&gt;&quot;x&quot;.mp4"' in html
    assert "75vh * 1.3333" in html
    assert "the first model green" in page.caption[0].value


def test_fixed_points_have_their_own_words(playing):
    assert "fixed points blue, moving ones red" in playing("1-2-static.mp4", "x.mp4").caption[0].value


def test_an_overlay_that_cannot_be_read_is_to_be_drawn_again(shown, workspace):
    workspace.overlays.mkdir(exist_ok=True)
    (workspace.overlays / "1-2.mp4").write_bytes(b"no video")

    def show():
        from pages.widgets.motion.overlay_player import _play

        _play(1, "x.mp4")

    page = shown(show)
    assert page.error[0].value.endswith("Draw it again.")
    assert not page.get("html")
