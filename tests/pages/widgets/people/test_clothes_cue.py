"""The choice of a cue: what can be asked here can be chosen, and the rest says what it lacks."""

from __future__ import annotations

import pytest

from core.people.cues import CUES
from pages.widgets.people import clothes_cue
from tests.builders.clothes_networks import publish
from tests.builders.staged_people import add_faces, vector


def choice():
    import streamlit as st

    from pages.widgets.people.clothes_cue import choose_cue

    st.text(choose_cue("here"))


def test_every_cue_has_a_name():
    assert clothes_cue._NAMES.keys() == CUES.keys()


def test_without_weights_there_are_colours_and_networks_say_on_demand_what_they_lack(shown, workspace):
    page = shown(choice)
    assert page.segmented_control[0].options == ["Colours and texture"]
    assert page.text[0].value == "colours"
    assert not page.caption
    page.toggle[0].set_value(True).run()
    assert [text.value.partition(" · ")[0] for text in page.caption] == ["**ResNet\\-18**", "**ResNet\\-50**"]
    assert all("is not on this machine" in text.value for text in page.caption)


def test_a_network_whose_weights_are_here_can_be_chosen(shown, workspace):
    publish(workspace.weights)
    page = shown(choice)
    assert page.segmented_control[0].options == ["Colours and texture", "ResNet-18"]
    page.segmented_control[0].set_value("imagenet-resnet18").run()
    assert page.text[0].value == "imagenet-resnet18"


@pytest.mark.parametrize(("weights", "cue"), [(False, "colours"), (True, "imagenet-resnet18")])
def test_the_clothes_are_asked_by_what_was_chosen(shown, started, workspace, dataset, weights, cue):
    def draw(dataset_id):
        from pages.widgets.people.group_again import group_again

        group_again(dataset_id)

    add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(0, 1))])
    if weights:
        publish(workspace.weights)
    page = shown(draw, {f"group-again-{dataset}": True}, dataset_id=dataset)
    page.segmented_control[0].set_value(cue).run()
    (button,) = [button for button in page.button if button.label == "Ask the clothes"]
    button.click().run()
    assert started() == [("clothes", {"cue": cue})]
