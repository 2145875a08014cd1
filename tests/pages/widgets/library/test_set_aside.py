"""Pictures that killed a run twice are named on the Library, and tried again when somebody asks."""

import pytest

from core.foundation.messages import message
from core.library.suspects import names_set_aside
from db.engine import reading
from db.tables import SET_ASIDE, Dataset, Image, ImageState
from db.writing import writing


@pytest.fixture
def asides(shown, workspace, dataset):
    """The widget with so many pictures set aside."""

    def draw(row, busy):
        from pages.widgets.library.set_aside import pictures_aside

        pictures_aside(row, busy=busy)

    def show(count, *, busy=False):
        with writing(workspace.engine) as session:
            for number in range(count):
                facts = {"size_bytes": 1, "width": 1, "height": 1, "format": "PNG", "original": f"{number}"}
                row = Image(dataset_id=dataset, path=f"*{number}*.png", sha256=f"{number:064d}", **facts)
                row.state, row.reason = ImageState.FAILED, message(SET_ASIDE, of=row.path).to_json()
                session.add(row)
        with reading(workspace.engine) as session:
            return shown(draw, row=session.get(Dataset, dataset), busy=busy)

    return show


def test_nothing_is_said_where_nothing_is_set_aside(asides):
    page = asides(0)
    assert (list(page.warning), list(page.button)) == ([], [])


def test_one_is_named_as_it_is_written_and_tried_again_on_demand(asides, workspace, dataset):
    page = asides(1)
    assert page.warning[0].value == (
        "**1 picture** is set aside: the process that looked at it died, twice. No run opens it until you ask. "
        r"\*0\*\.png"
    )
    page.button[0].click().run()
    assert names_set_aside(workspace, dataset) == []


def test_of_many_the_first_are_named_and_nothing_is_changed_while_a_run_looks_at_pictures(asides):
    page = asides(7, busy=True)
    assert page.warning[0].value.startswith("**7 pictures** are set aside: the process that looked at them died, twice")
    assert page.warning[0].value.endswith(r"\*4\*\.png and 2 more")
    assert page.button[0].disabled
