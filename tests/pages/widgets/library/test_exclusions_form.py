"""The list of pictures that nobody should learn from, on the page."""

from core.library.exclusions import exclude
from db.engine import reading
from db.queries.library import count_exclusions
from db.tables import Image
from db.writing import writing
from tests.pages.conftest import labelled


def on_the_list(workspace, dataset):
    with reading(workspace.engine) as session:
        return count_exclusions(dataset, session=session)


def test_any_of_many_names_can_be_taken_off_the_list(opened, workspace, dataset, author):
    names = [f"p{number:03d}.png" for number in range(120)]
    exclude(workspace, dataset, names, author_id=author, reason="blurred")
    page = opened("library.py")
    labelled(page.text_input, "Name contains").input("p119").run()
    (chooser,) = [widget for widget in page.multiselect if widget.label == "Take off the list"]
    assert chooser.options == ["p119.png"]
    chooser.select("p119.png").run()
    (again,) = [button for button in page.button if button.label == "Learn from these again"]
    again.click().run()
    assert not page.exception
    assert on_the_list(workspace, dataset) == 119


def test_a_short_list_needs_no_search(opened, workspace, dataset, author):
    exclude(workspace, dataset, ["a.png", "b.png"], author_id=author)
    page = opened("library.py")
    (chooser,) = [widget for widget in page.multiselect if widget.label == "Take off the list"]
    assert chooser.options == ["a.png", "b.png"]
    assert "Name contains" not in [field.label for field in page.text_input]


def test_a_search_that_finds_no_name_says_so_by_an_empty_table(opened, workspace, dataset, author):
    exclude(workspace, dataset, [f"p{number:03d}.png" for number in range(21)], author_id=author)
    page = opened("library.py")
    labelled(page.text_input, "Name contains").input("%").run()
    assert not page.exception
    (chooser,) = [widget for widget in page.multiselect if widget.label == "Take off the list"]
    assert chooser.options == []


def test_names_that_may_be_of_several_pictures_are_said(opened, workspace, dataset, author, small_dataset):
    exclude(workspace, dataset, ["*.png"], author_id=author)
    page = opened("library.py")
    assert not [warning for warning in page.warning if "several" in warning.value]
    with writing(workspace.engine) as session:
        for folder in "ab":
            facts = {"size_bytes": 1, "width": 1, "height": 1, "format": "PNG", "original": folder}
            session.add(Image(dataset_id=dataset, path=f"{folder}/*.png", sha256=folder * 64, **facts))
    (warning,) = [warning for warning in opened("library.py").warning if "several" in warning.value]
    assert warning.value == (
        "**1 name** may be of several pictures, and none of them is left out: give more of the path. "
        r"\*\.png \(may be a\/\*\.png or b\/\*\.png\)"
    )
