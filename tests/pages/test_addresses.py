"""Every page shows what its address says: opened under an address it writes the same one, and misses nothing."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core.exchange.exporting import export_dataset
from core.foundation.messages import message
from core.jobs.runs import submit
from db.tables import Export, Image, ImageState, Run, RunState, SkippedInput
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.learning_rows import Shelf, face
from tests.builders.people_rows import own
from tests.builders.staged_people import noisy_faces
from tests.pages.conftest import written

HERE = {"dataset": ["faces"], "name": ["ada"]}


def said(page):
    """The address without dataset and name, a text where a word has one value."""
    words = dict(written(page))
    assert {word: words.pop(word) for word in HERE} == HERE
    return {word: values[0] if len(values) == 1 else values for word, values in words.items()}


def held(page, /, **address):
    assert said(page) == address
    assert not [warning.value for warning in page.warning if "address" in warning.value]
    return page


@pytest.fixture
def ada(workspace, dataset, small_dataset):
    """Somebody of the small dataset, whose faces are in the first two pictures."""
    return own(workspace, dataset, small_dataset[:2], "Ada")


@pytest.fixture
def many(workspace, dataset, author):
    """A list of two pages wherever pages are long: pictures, runs, exports."""
    with writing(workspace.engine) as session:
        for number in range(61):
            session.add(
                Image(
                    dataset_id=dataset,
                    path=f"{number:02}.png",
                    sha256=f"{number:064d}",
                    size_bytes=1,
                    width=8,
                    height=8,
                    format="PNG",
                    original="",
                    state=ImageState.ACCEPTED,
                )
            )
            session.add(Run(kind="onnx", dataset_id=dataset, author_id=author, state=RunState.CANCELLED))


def test_the_library_has_its_filter(opened, ada):
    asked = {"state": "new", "part": "clip/1", "person": str(ada), "absent": "yes"}
    page = held(opened("library.py", **asked), **asked)
    assert "1 picture. Click one to open it." in [caption.value for caption in page.caption]


def test_lists_have_their_page(opened, many):
    held(opened("library.py", state="accepted", page="2"), state="accepted", page="2")
    held(opened("jobs.py", page="3"), page="3")


def test_another_filter_begins_at_its_first_page(opened, many):
    page = opened("library.py", page="2")
    next(field for field in page.text_input if field.label == "Part of the path").set_value("0").run()
    assert said(page) == {"part": "0"}
    next(field for field in page.text_input if field.label == "Part of the path").set_value("").run()
    assert said(page) == {"page": "2"}


def test_keypoints_has_its_picture_and_the_list_that_it_walks(opened, ada):
    first = said(opened("keypoints.py"))["picture"]
    asked = {"state": "new", "part": "clip", "person": str(ada), "picture": str(int(first) + 1)}
    page = held(opened("keypoints.py", **asked), **asked)
    drop = next(button for button in page.button if button.label == "All 4 pictures")
    drop.click().run()
    assert said(page) == {"picture": asked["picture"]}
    asked = {"order": "worth", "points": "coco17", "picture": first}
    held(opened("keypoints.py", **asked), **asked)


def test_a_picture_that_is_not_here_is_said_and_the_first_is_open(opened, small_dataset):
    first = said(opened("keypoints.py"))["picture"]
    for asked in ("x", "0", "999", "9" * 30):
        page = opened("keypoints.py", picture=asked)
        assert [warning.value for warning in page.warning] == [f"There is no picture “{asked}” in this dataset."]
        assert said(page) == {"picture": first}


def test_a_person_is_asked_for_who_has_no_name(opened, workspace, dataset, small_dataset, ada):
    nameless = own(workspace, dataset, small_dataset[2:])
    page = held(opened("library.py", person=str(nameless)), person=str(nameless))
    assert f"Unnamed {nameless}" in next(box for box in page.selectbox if box.label == "Person").options
    page = opened("library.py", person=str(nameless + 1))
    assert page.warning[0].value == f"There is no person “{nameless + 1}” in this dataset."
    assert said(page) == {}


def test_people_has_its_view_the_name_and_the_person(opened, ada):
    held(opened("people.py", view="history"), view="history")
    held(opened("people.py", find="Ad"), find="Ad")
    page = held(opened("people.py", person=str(ada), find="Ad"), person=str(ada), find="Ad")
    next(button for button in page.button if button.label == "All people").click().run()
    assert said(page) == {"find": "Ad"}
    assert opened("people.py", view="once").warning[0].value.endswith("view “once”, which is not here.")


def test_training_has_its_recipe_with_all_that_was_set(opened, workspace, dataset, author, small_dataset):
    Shelf(workspace, dataset, author).instance(1, face(), human=False)  # in the first picture, to be learned from too
    asked = {
        "split": "person",
        "recipe": "quick-pipnet",
        "epochs": "7",
        "rate": "0.01",
        "weights": "none",
        "others": "augmentation.rotation=20\nseed_of=3",
        "unlabelled": "yes",
        "plan": "plain",
    }
    page = opened("training.py", **asked)
    usual = {word for word in asked if word not in said(page)}
    assert usual <= {"weights"}, "a recipe may begin from random weights by itself"
    held(page, **{word: value for word, value in asked.items() if word not in usual})


def test_a_recipe_is_kept_while_another_page_is_open(opened, small_dataset):
    page = opened("training.py")
    assert unfolded(page) == []
    page.selectbox(key=f"training/{dataset_of(page)}/recipe").set_value("quick-hrnet").run()
    next(field for field in page.text_input if field.label == "Epochs").set_value("5").run()
    assert unfolded(page) == [], "as a hand has left it"
    page.switch_page("jobs.py").run()
    page.switch_page("training.py").run()
    assert said(page) == {"recipe": "quick-hrnet", "epochs": "5"}
    assert page.selectbox(key=f"training/{dataset_of(page)}/recipe").value == "quick-hrnet"
    assert unfolded(page) == ["Settings"]


def dataset_of(page):
    return page.session_state["dataset_id"]


def unfolded(page):
    """The sections of a page that can be folded and are not."""
    return [section.label for section in page.expander if section.proto.expanded]


@pytest.mark.parametrize(
    ("page", "asked", "section"),
    [
        ("keypoints.py", {"history": "2"}, "History of this picture"),
        ("training.py", {"recipe": "quick-pipnet", "others": "seed_of=3"}, "Settings"),
        ("library.py", {"left-out": "2"}, "Leave pictures out of learning"),
        ("library.py", {"waiting": "2"}, "Import labels"),
        ("models.py", {"about": "v-1"}, "All about one model"),
    ],
)
def test_a_section_that_holds_what_the_address_names_is_unfolded(opened, small_dataset, page, asked, section):
    shown = opened(page, **asked)
    assert unfolded(shown) == [section]
    assert unfolded(shown.run()) == [section]


def test_a_word_that_no_control_has_taken_unfolds_nothing_when_the_page_is_opened_again(opened, small_dataset):
    page = opened("library.py", **{"left-out": "2"})
    assert unfolded(page) == ["Leave pictures out of learning"]
    page.switch_page("jobs.py").run()
    page.switch_page("library.py").run()
    assert (unfolded(page), said(page)) == ([], {})


def test_what_a_run_has_skipped_and_an_export_left_out_is_unfolded_where_the_address_names_it(
    opened, workspace, dataset, author, tmp_path
):
    shelf = Shelf(workspace, dataset, author)
    for number in range(4):
        shelf.image(f"{number}.png")  # whose file is not there
    run_id = submit(workspace, "export", dataset_id=dataset, author_id=author, parameters={})
    who = {"dataset_id": dataset, "author_id": author, "run_id": run_id}
    counts = export_dataset(workspace, **who, format_name="coco", folder=tmp_path / "out")
    with writing(workspace.engine) as session:
        (export,) = session.exec(select(Export)).all()
        run = session.get(Run, run_id)
        run.state, run.counts = RunState.DONE, counts
        session.add(SkippedInput(run_id=run_id, path="a.jpg", reason=message("runs.died_twice").to_json()))
        left_out = f"left-out-{export.id}"
    for name, word, section in (
        ("jobs.py", f"skipped-{run_id}", "1 skipped, with the reasons"),
        ("export.py", left_out, "4 left out, with the reasons"),
    ):
        assert unfolded(opened(name)) == []
        assert unfolded(opened(name, **{word: "1"})) == [section]


def test_models_has_those_compared(opened, small_dataset):
    asked = {"models": ["dlib-68", "v-1+flip"], "uses": "yes", "static": "yes"}
    page = held(opened("models.py", **asked), **asked)
    assert page.multiselect[0].value == ["dlib-68", "v-1+flip"]
    page = opened("models.py", models=["v-1", "gone", "v-1"])
    assert "models “gone”" in page.warning[0].value
    assert said(page) == {"models": "v-1"}


def test_verification_has_threshold_mixture_and_kind(opened, workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    asked = {"threshold": "0.1234", "mixture": "ten", "log": "yes", "kind": "false_non_matches"}
    page = held(opened("verification.py", **asked), **asked)
    assert "Save 0.1234 as the threshold" in [button.label for button in page.button]
    page.switch_page("jobs.py").run()
    page.switch_page("verification.py").run()
    assert said(page) == asked


def test_stability_has_what_is_judged_and_how(opened, small_dataset):
    asked = {"video": "1", "smoothing": "savitzky-golay", "window": "3", "degree": "1", "axis": "y", "bad": "yes"}
    held(opened("stability.py", **asked), **asked)


def test_the_dashboard_has_its_scope(opened, small_dataset):
    held(opened("dashboard.py", scope="all"), scope="all")


def test_an_export_has_format_and_points(opened, small_dataset):
    held(opened("export.py", format="identities", points="all"), format="identities", points="all")


def test_another_dataset_has_choices_of_its_own(opened, workspace, dataset, author, ada):
    with writing(workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
    Shelf(workspace, other, author).image("b.png")
    page = opened("library.py", dataset="faces", part="clip", person=str(ada))
    page.sidebar.selectbox[0].set_value(other).run()
    assert written(page) == {"dataset": ["other"], "name": ["ada"]}
    page.sidebar.selectbox[0].set_value(dataset).run()
    assert said(page) == {"part": "clip", "person": str(ada)}
