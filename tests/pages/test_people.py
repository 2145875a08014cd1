"""The People page shows groups with their numbers, one person by the address, and leads to the library before."""

from __future__ import annotations

from pages.widgets.shared.text import plain
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, vector


def test_without_data_it_leads_to_the_library(opened_without_data):
    assert [button.label for button in opened_without_data("people.py").button] == ["Open the library"]


def test_without_faces_it_leads_to_the_library(opened):
    page = opened("people.py")
    assert page.info[0].value.startswith("No face is found here yet.")
    assert [button.label for button in page.button] == ["Open the library"]


def test_faces_of_nobody_can_be_looked_at_and_grouped(opened, small_dataset):
    page = opened("people.py")
    (view,) = page.get("button_group")
    assert view.options == ["People (0)", "With nobody (4)", "Same person?", "History", "Ways of grouping"]
    assert "Group again" in [button.label for button in page.button]


def test_each_view_carries_how_many_it_has_and_is_not_offered_when_empty(opened, workspace, dataset, small_dataset):
    own(workspace, dataset, small_dataset[:2], "Ada")
    own(workspace, dataset, small_dataset[2:3])
    (view,) = opened("people.py").get("button_group")
    assert view.options == [
        "People (1)",
        "Seen once (1)",
        "With nobody (1)",
        "Same person?",
        "History",
        "Ways of grouping",
    ]
    own(workspace, dataset, small_dataset[3:], "Bo")
    (view,) = opened("people.py").get("button_group")
    assert view.options == ["People (2)", "Seen once (1)", "Same person?", "History", "Ways of grouping"]


def test_an_address_may_name_a_person_by_any_number(opened):
    assert opened("people.py", person="9" * 9).info[0].value.startswith(f"Person {'9' * 9} has no faces: they are")
    for number in ("9" * 25, "-1", "x"):
        said = opened("people.py", person=number).warning[0].value
        assert said == f"There is no person “{plain(number)}” in this dataset."


def test_one_person_leads_to_the_search_for_their_pictures(opened, workspace, dataset):
    person = own(workspace, dataset, add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(2)]))
    page = opened("people.py", person=str(person))
    next(button for button in page.button if button.label == "Pictures with this person").click().run()
    assert page.title[0].value == "Search"
    assert page.multiselect[0].value == [person]
