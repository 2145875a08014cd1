"""The Dashboard counts a dataset, or all of them, and without pictures leads to the library."""

from __future__ import annotations

from db.tables import Image
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.learning_rows import Shelf
from tests.builders.people_rows import own
from tests.pages.conftest import labelled


def _figures(page):
    return {metric.label: metric.value for metric in page.metric}


def test_without_data_it_leads_to_the_library(opened_without_data):
    page = opened_without_data("dashboard.py")
    assert [title.value for title in page.title] == ["Dashboard"]
    assert page.info[0].value.startswith("There is no data yet.")
    assert [button.label for button in page.button] == ["Open the library"]


def test_without_pictures_it_leads_to_the_library(opened):
    page = opened("dashboard.py")
    assert page.info[0].value.startswith("There are no pictures here yet.")
    assert [button.label for button in page.button] == ["Open the library"]


def test_it_counts_the_dataset_and_on_request_all_of_them(opened, workspace, dataset, author, small_dataset):
    own(workspace, dataset, small_dataset[:2], "Ada", confirmed=small_dataset[:1])
    own(workspace, dataset, small_dataset[2:3])
    with writing(workspace.engine) as session:
        elsewhere = Shelf(workspace, ensure_dataset("a second", author, session=session), author)
    elsewhere.instance(elsewhere.image("x.png"))
    page = opened("dashboard.py")
    page.session_state["dataset_id"] = dataset
    page.run()
    people = {"Named people": "1", "Unnamed people": "1", "Confirmed faces": "1", "Grouped faces": "2"}
    assert _figures(page) == {"Pictures": "4", "Faces": "4", **people, "Without a face": "0"}
    labelled(page.get("button_group"), "What to count").set_value("all").run()
    assert _figures(page) == {"Pictures": "5", "Faces": "5", **people, "Without a face": "0"}


def test_the_library_and_the_dashboard_tell_the_same_number_of_pictures_without_a_face(
    opened, workspace, dataset, author
):
    shelf = Shelf(workspace, dataset, author)
    shelf.instance(shelf.image("face.png"))
    states = {"nothing.png": "empty", "nobody.png": "accepted", "back.png": "found"}
    numbers = {name: shelf.image(name) for name in states}
    shelf.instance(numbers["back.png"], kind="person")
    with writing(workspace.engine) as session:
        for name, state in states.items():
            session.get_one(Image, numbers[name]).state = state
    told = [_figures(opened(page))["Without a face"] for page in ("library.py", "dashboard.py")]
    assert told == ["3", "3"]
