"""The step after an import: finding faces, with an encoder that is here or is fetched first."""

import pytest

from core.people.encoders import EncoderChoice
from pages.widgets.library import face_finder

CHOICES = [
    EncoderChoice("here", "Runs.", True, None, False, "MIT"),
    EncoderChoice("there", "A *file*.", False, "Its file is absent.", True, "CC0"),
    EncoderChoice("nowhere", "A file.", False, "Nobody offers it.", False, "unknown"),
]


@pytest.fixture
def step(shown, dataset, monkeypatch):
    """The next step of a dataset, where one encoder is ready and two are not, and whatever finds people is here."""
    monkeypatch.setattr(face_finder, "what_is_missing", lambda workspace: None)
    monkeypatch.setattr(face_finder, "encoder_choices", lambda workspace: CHOICES)

    def draw(dataset_id, waiting, **known):
        from pages.widgets.library.face_finder import next_step

        next_step(dataset_id, waiting, **known)

    def show(waiting, *, faces=0, people=0, bodies=0, busy=False, address=None):
        known = {"faces": faces, "people": people, "bodies": bodies, "busy": busy}
        return shown(draw, address=address, dataset_id=dataset, waiting=waiting, **known)

    return show


def button(page, label):
    return next(button for button in page.button if button.label == label)


def test_faces_are_found_with_an_encoder_that_is_here(step, started):
    page = step(1)
    assert page.selectbox[0].options == ["here"]
    assert page.caption[0].value == "1 picture has not been looked at yet."
    button(page, "Find faces").click().run()
    assert started() == [("faces", {"encoder": "here"})]


def test_people_are_found_beside_faces(step, started):
    button(step(1), "Find people").click().run()
    assert started() == [("bodies", {})]


def test_what_lacks_for_finding_people_is_said_and_fetched(step, started, monkeypatch):
    monkeypatch.setattr(face_finder, "what_is_missing", lambda workspace: "pose.tflite is not here.")
    page = step(1)
    assert button(page, "Find people").disabled
    assert r"Find people\: pose\.tflite is not here\." in [caption.value for caption in page.caption]
    page.button(key="fetch-bodies").click().run()
    assert started() == [("weights", {"weights": "pose-detection"})]


def test_where_only_people_were_looked_for_faces_are_still_offered(step):
    assert step(0, bodies=3).expander[0].proto.expanded
    assert not step(0).expander[0].proto.expanded


def test_nothing_is_started_while_a_run_brings_pictures(step):
    page = step(2, busy=True)
    assert button(page, "Find faces").disabled
    assert button(page, "Find people").disabled
    assert not page.caption


def test_pictures_that_were_looked_at_lead_on_to_people_and_points(step, switched):
    page = step(0, faces=3, people=2)
    assert not page.expander[0].proto.expanded
    button(page, "Name people").click().run()
    button(page, "Correct keypoints").click().run()
    assert switched == ["people.py", "keypoints.py"]


def test_faces_that_were_never_grouped_are_offered_again(step):
    page = step(0, faces=3, people=0)
    assert page.expander[0].proto.expanded
    assert "Name people" not in [button.label for button in page.button]


@pytest.mark.parametrize("asked", [{"encoder": "here"}, {"absent": "yes"}])
def test_encoders_that_the_address_names_are_not_folded_away(step, asked):
    assert step(0, faces=3, people=2, address=asked).expander[0].proto.expanded


def test_an_encoder_that_is_not_here_says_what_it_lacks_and_is_fetched_where_it_can_be(step, started):
    page = step(1)
    page.toggle[0].set_value(True).run()
    assert [text.value for text in page.markdown] == [r"**there** · A \*file\*\.", r"**nowhere** · A file\."]
    assert r"Nobody offers it\. Licence\: unknown\." in [caption.value for caption in page.caption]
    assert [button.key for button in page.button if button.label == "Fetch"] == ["fetch-there"]
    page.button(key="fetch-there").click().run()
    assert started() == [("weights", {"encoder": "there"})]
