"""What humans decide about people on the page, each with a way back."""

import pytest

from core.library.names_in_store import annotator_id
from core.people.deciding import merge_people, name_person
from db.engine import reading
from db.tables import Instance, Person
from pages.widgets.people import name_offers
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, owners, vector


@pytest.fixture
def two(workspace, dataset):
    """Ada with two faces and Bo with one; the ids of both, then of the three faces."""
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    return own(workspace, dataset, faces[:2], "Ada"), own(workspace, dataset, faces[2:], "Bo"), *faces


@pytest.fixture
def named(workspace):
    """Reads a person's name."""

    def name(person):
        with reading(workspace.engine) as session:
            return session.get_one(Person, person).name

    return name


def people(dataset_id, numbers):
    from db.engine import reading
    from db.queries.people.listing import summaries
    from pages.widgets.people import actions, naming
    from pages.widgets.shared.resources import workspace

    actions.decision_bar(dataset_id)
    with reading(workspace().engine) as session:
        found = summaries(numbers, session=session)
    for person in found.values():
        naming.name_field(dataset_id, person)
    naming.after_name_fields(dataset_id)


def button(page, label):
    return next(button for button in page.button if button.label == label)


def test_a_name_that_is_typed_is_kept_and_can_be_taken_back_and_given_again(shown, two, dataset, named):
    ada, bo, *_ = two
    page = shown(people, dataset_id=dataset, numbers=[ada, bo])
    assert "undo-last" not in [button.key for button in page.button]
    page.text_input(key=f"name-{ada}").input(" Cleo ").run()
    assert named(ada) == "Cleo"
    page.button(key="undo-last").click().run()
    assert named(ada) == "Ada"
    assert page.button(key="undo-last").label == "Do it again"
    page.button(key="undo-last").click().run()
    assert named(ada) == "Cleo"


def test_a_name_that_is_taken_asks_whether_the_two_are_one(shown, two, dataset, named):
    ada, bo, *_ = two
    page = shown(people, dataset_id=dataset, numbers=[ada, bo])
    page.text_input(key=f"name-{bo}").input("Ada").run()
    assert not page.exception
    assert page.info[0].value.startswith("Somebody here has that name already.")
    assert page.radio[0].options == ["Ada", "Bo"]
    assert named(bo) == "Bo"
    assert page.text_input(key=f"name-{bo}").value == "Bo"


def test_whoever_stays_gets_all_faces_confirmed_and_the_other_name_is_given_up(shown, two, workspace, dataset, named):
    ada, bo, *faces = two

    def draw(dataset_id, people):
        from pages.widgets.people.actions import merge_dialog

        merge_dialog(dataset_id, people)

    page = shown(draw, dataset_id=dataset, people=[ada, bo])
    page.radio[0].set_value(bo).run()
    assert page.markdown[-1].value.startswith("All 3 faces become one person")
    assert "The name Ada is given up." in page.markdown[-1].value
    button(page, "Merge into one person").click().run()
    assert not page.exception
    assert owners(workspace, dataset) == {face: (bo, True) for face in faces}
    assert named(bo) == "Bo"


def test_who_was_merged_away_by_somebody_else_is_told_in_the_question(shown, two, workspace, dataset):
    ada, bo, *_ = two

    def draw(dataset_id, people):
        from pages.widgets.people.actions import merge_dialog

        merge_dialog(dataset_id, people)

    page = shown(draw, dataset_id=dataset, people=[ada, bo])
    assert not page.warning
    merge_people(workspace, ada, [bo], author_id=annotator_id(workspace, "bert"))
    page.run()
    assert page.warning[0].value.startswith("One of them is not there any more")
    assert button(page, "Merge into one person").disabled


def test_a_decision_that_cannot_be_taken_is_told_with_its_reason(shown, two, dataset, named):
    _, bo, *_ = two

    def draw(dataset_id, person):
        import streamlit as st

        from core.people.deciding import name_person
        from pages.widgets.people import actions

        st.session_state["taken"] = actions.decide(dataset_id, name_person, person, "Ada")
        st.session_state["turn"] = actions.turn()
        actions.decision_bar(dataset_id)

    page = shown(draw, dataset_id=dataset, person=bo)
    assert page.session_state["taken"] is False
    assert page.session_state["turn"] == 0
    assert len(page.error) == 1
    assert not page.button
    assert named(bo) == "Bo"


def test_a_name_that_differs_in_case_only_asks_whether_the_two_are_one(shown, two, dataset, named):
    ada, bo, *_ = two
    page = shown(people, dataset_id=dataset, numbers=[ada, bo])
    page.text_input(key=f"name-{bo}").input("ada").run()
    assert page.info[0].value.startswith("Somebody here has that name already but for upper and lower case.")
    assert [button.label for button in page.button][-3:] == [
        "Merge into one person",
        "Two people: name this one ada",
        "Cancel",
    ]
    assert named(bo) == "Bo"


@pytest.mark.parametrize("one", [True, False])
def test_who_is_called_alike_is_merged_or_named_as_typed(shown, two, workspace, dataset, named, one):
    ada, bo, *faces = two

    def draw(dataset_id, people, typed):
        from pages.widgets.people.actions import merge_dialog

        merge_dialog(dataset_id, people, typed=typed)

    page = shown(draw, dataset_id=dataset, people=[ada, bo], typed=(bo, "ada", "Bo"))
    button(page, "Merge into one person" if one else "Two people: name this one ada").click().run()
    assert not page.exception
    assert named(ada) == "Ada"
    if one:
        assert owners(workspace, dataset) == {face: (ada, True) for face in faces}
    else:
        assert named(bo) == "ada"


def test_the_spelling_of_ones_own_name_changes_without_a_question(shown, two, dataset, named):
    ada, bo, *_ = two
    page = shown(people, dataset_id=dataset, numbers=[ada, bo])
    page.text_input(key=f"name-{ada}").input("ADA").run()
    assert not page.info
    assert named(ada) == "ADA"


def test_a_name_that_somebody_else_has_given_meanwhile_is_told_and_stays(shown, two, workspace, dataset, named):
    ada, bo, *_ = two
    page = shown(people, dataset_id=dataset, numbers=[ada, bo])
    name_person(workspace, bo, "Berta", author_id=annotator_id(workspace, "bert"))
    page.text_input(key=f"name-{bo}").input("Bob").run()
    assert page.error[0].value.startswith("Bo is called Berta by now\\, by bert")
    assert named(bo) == "Berta"
    assert page.text_input(key=f"name-{bo}").value == "Berta"


def test_names_that_exist_are_offered_once_for_all_fields(shown, two, dataset, monkeypatch):
    told = []
    monkeypatch.setattr(name_offers, "_mount", lambda **options: told.append(options["data"]))
    ada, bo, *_ = two
    shown(people, dataset_id=dataset, numbers=[ada, bo])
    assert told == [{"label": "Name of person", "names": ["Ada", "Bo"]}]


def faces_of(dataset_id, chosen, owned, whose=None):
    from pages.widgets.people.actions import face_actions

    face_actions(dataset_id, lambda: chosen, whose or {}, owned=owned)


def test_without_a_selection_nothing_can_be_pressed(shown, dataset):
    page = shown(faces_of, dataset_id=dataset, chosen=[], owned=True)
    assert [(button.label, button.disabled) for button in page.button] == [
        ("Confirm selected", True),
        ("Move to…", True),
        ("Not this person", True),
        ("Not a face", True),
    ]


def test_faces_of_nobody_can_be_moved_or_removed_only(shown, two, workspace, dataset):
    *_, face = two
    page = shown(faces_of, dataset_id=dataset, chosen=[face], owned=False)
    assert [button.label for button in page.button] == ["Move to…", "Not a face"]
    button(page, "Not a face").click().run()
    with reading(workspace.engine) as session:
        assert session.get_one(Instance, face).removed


@pytest.mark.parametrize("label", ["Confirm selected", "Not this person"])
def test_selected_faces_are_confirmed_or_leave_their_person(shown, two, workspace, dataset, label):
    ada, _, first, *_ = two
    button(shown(faces_of, dataset_id=dataset, chosen=[first], owned=True), label).click().run()
    assert owners(workspace, dataset).get(first) == ((ada, True) if label == "Confirm selected" else None)


@pytest.mark.parametrize(("name", "label"), [("Bo", "Move to Bo"), ("*Cleo*", r"Move to the new person \*Cleo\*")])
def test_faces_are_moved_to_somebody_known_or_new(shown, two, workspace, dataset, named, name, label):
    _, bo, first, *_ = two

    def draw(dataset_id, faces):
        from pages.widgets.people.actions import move_dialog

        move_dialog(dataset_id, faces, {})

    page = shown(draw, dataset_id=dataset, faces=[first])
    typed = [] if name == "Bo" else [name]  # the page under test knows no option that is typed
    page.selectbox[0].options.extend(typed)
    page.selectbox[0].set_value(name).run()
    page.selectbox[0].options.extend(typed)
    button(page, label).click().run()
    assert not page.exception
    owner, human = owners(workspace, dataset)[first]
    assert (named(owner), human, owner == bo) == (name, True, name == "Bo")


def moving(dataset_id, faces):
    from pages.widgets.people.actions import move_dialog

    move_dialog(dataset_id, faces, {})


def test_without_a_choice_the_first_button_moves_nothing_and_a_nameless_person_is_asked_for(
    shown, two, workspace, dataset, named
):
    ada, bo, first, *_ = two
    page = shown(moving, dataset_id=dataset, faces=[first])
    assert [(button.label, button.disabled) for button in page.button] == [
        ("Move", True),
        ("They are somebody new, without a name", False),
    ]
    page.button[1].click().run()
    owner, human = owners(workspace, dataset)[first]
    assert (owner in (ada, bo), human, named(owner)) == (False, True, None)


@pytest.mark.parametrize(("label", "known"), [("Move to Bo", True), ("Move to the new person bO", False)])
def test_a_new_name_that_differs_in_case_only_offers_who_is_there(shown, two, workspace, dataset, named, label, known):
    _, bo, first, *_ = two
    page = shown(moving, dataset_id=dataset, faces=[first])
    page.selectbox[0].options.append("bO")
    page.selectbox[0].set_value("bO").run()
    assert page.info[0].value.startswith("Bo is here already")
    assert [button.label for button in page.button] == ["Move to Bo", "Move to the new person bO"]
    page.selectbox[0].options.append("bO")
    button(page, label).click().run()
    owner, _ = owners(workspace, dataset)[first]
    assert (owner == bo, named(owner)) == (known, "Bo" if known else "bO")
