"""The field in which a person's name is changed in place."""

import pytest

from core.people.deciding import name_person
from tests.builders.people_rows import own
from tests.builders.staged_people import add_faces, owners, vector


def field(dataset_id, person_id):
    from db.queries.people.listing import summaries
    from pages.widgets.people.naming import after_name_fields, name_field
    from pages.widgets.shared.resources import read

    name_field(dataset_id, read(lambda session: summaries([person_id], session=session))[person_id])
    after_name_fields(dataset_id)


@pytest.fixture
def ada(workspace, dataset, author):
    person = own(workspace, dataset, add_faces(workspace, dataset, [(f"{n}.png", vector(0, n)) for n in range(2)]))
    name_person(workspace, person, "Ada", author_id=author)
    return person


def test_the_field_holds_the_name_and_stores_what_is_typed_cleaned(shown, dataset, ada):
    page = shown(field, dataset_id=dataset, person_id=ada)
    assert page.text_input(key=f"name-{ada}").value == "Ada"
    page.text_input(key=f"name-{ada}").input("  Ada   Lovelace ").run()
    again = shown(field, dataset_id=dataset, person_id=ada)
    assert again.text_input(key=f"name-{ada}").value == "Ada Lovelace"


@pytest.mark.parametrize("confirms", [True, False])
def test_a_name_confirms_the_faces_unless_that_is_turned_off(shown, workspace, dataset, ada, confirms):
    def draw(dataset_id, person_id):
        from db.queries.people.listing import summaries
        from pages.widgets.people import naming
        from pages.widgets.shared.resources import read

        naming.naming_option()
        naming.name_field(dataset_id, read(lambda session: summaries([person_id], session=session))[person_id])

    page = shown(draw, dataset_id=dataset, person_id=ada)
    assert page.toggle[0].value
    if not confirms:
        page.toggle[0].set_value(False).run()
    page.text_input(key=f"name-{ada}").input("Zoe").run()
    assert {human for _, human in owners(workspace, dataset).values()} == {confirms}
