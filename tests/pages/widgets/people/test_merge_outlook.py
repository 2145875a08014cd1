"""Before a merge the least alike faces are said, and photos that show two of the people are shown."""

from __future__ import annotations

from tests.builders.learning_rows import Shelf
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, owners, vector


def dialog(dataset_id, people):
    from pages.widgets.people.actions import merge_dialog

    merge_dialog(dataset_id, people)


def button(page, label):
    return next(button for button in page.button if button.label == label)


def said(page):
    return [text.value for text in page.caption]


def test_the_least_alike_faces_and_that_no_rate_is_known_are_said(shown, workspace, dataset):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(2)])
    page = shown(dialog, dataset_id=dataset, people=[own(workspace, dataset, [face]) for face in faces])
    assert said(page)[0] == "The two of their faces that are least alike: 0.962"
    assert said(page)[1].startswith("How often two different people are as alike is not known here")
    assert not page.warning
    assert not button(page, "Merge into one person").disabled


def test_people_of_one_photo_are_one_only_when_that_is_said(shown, workspace, dataset):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0, 0)), ("a.jpg", vector(0, 1))])
    one, other = (own(workspace, dataset, [face]) for face in faces)
    page = shown(dialog, dataset_id=dataset, people=[one, other])
    assert page.warning[0].value.startswith("1 photo shows two of them together.")
    assert button(page, "Merge into one person").disabled
    page.checkbox[0].check().run()
    button(page, "Merge into one person").click().run()
    assert not page.exception
    assert {owners(workspace, dataset)[face] for face in faces} == {(one, True)}


def test_without_an_encoder_photos_speak_all_the_same(shown, workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    image = shelf.image("a.png")
    people = [own(workspace, dataset, [shelf.instance(image)]) for _ in range(2)]
    page = shown(dialog, dataset_id=dataset, people=people)
    assert not said(page)
    assert page.warning[0].value.startswith("1 photo shows two of them together.")
    assert button(page, "Merge into one person").disabled
