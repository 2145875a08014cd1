"""After a death one picture that nobody suspects comes first, then the suspects one by one, then the others."""

import pytest
from sqlmodel import select

from core.foundation.messages import message
from core.foundation.progress import Progress, Suspicion
from core.jobs.runs import submit
from core.library.suspects import (
    FILE_SET_ASIDE,
    contents_set_aside,
    names_set_aside,
    take_up_again,
    visiting_order,
    with_killers,
)
from db.engine import reading
from db.tables import SET_ASIDE, Image, ImageState, SkippedInput
from db.writing import writing


def told(suspects=(), killers=(), *, sure=False):
    progress = Progress()
    progress.suspicion = Suspicion(frozenset(suspects), dict.fromkeys(killers, ""), sure)
    return progress


def order(items, **known):
    found = visiting_order(list(items), str, told(**known))
    return "".join(found.killers), "".join(found.alone), "".join(found.rest)


def test_without_a_death_everything_comes_as_usual():
    assert order("abc") == ("", "", "abc")


def test_one_from_the_middle_of_what_comes_after_the_suspects_is_tried_first():
    assert order("abcdefg", suspects="bc") == ("", "fbc", "adeg")


def test_where_nothing_comes_after_them_it_is_one_from_before():
    assert order("abcd", suspects="cd") == ("", "bcd", "a")


def test_where_all_are_suspects_they_come_at_once():
    assert order("ab", suspects="ab") == ("", "ab", "")


def test_killers_are_apart_and_nobody_is_tried_for_them():
    assert order("abcd", killers="b") == ("b", "", "acd")
    assert order("abcd", killers="b", suspects="c") == ("b", "dc", "a")


@pytest.mark.parametrize(("sure", "wanted"), [(True, ["k", "a", "b"]), (False, ["a", "b", "k"])])
def test_killers_are_told_as_soon_as_it_is_sure_else_at_the_end(sure, wanted):
    assert list(with_killers(["k"], iter([["a"], ["b"]]), told(sure=sure))) == [list(name) for name in wanted]


def test_certainty_that_comes_on_the_way_is_enough():
    progress = told()
    seen = []
    for batch in with_killers(["k"], iter([["a"], ["b"]]), progress):
        seen += batch
        progress.suspicion = Suspicion(sure=True)
    assert seen == ["a", "k", "b"]


@pytest.fixture
def pictures(workspace, dataset):
    """Adds pictures of these names and states; those with capitals are set aside."""

    def added(**states):
        with writing(workspace.engine) as session:
            for number, (name, state) in enumerate(states.items()):
                aside = message(SET_ASIDE, of=name).to_json() if name.isupper() else None
                facts = {"size_bytes": 1, "width": 1, "height": 1, "format": "PNG", "original": name}
                row = Image(dataset_id=dataset, path=name, sha256=f"{number:064d}", state=state, reason=aside, **facts)
                session.add(row)

    return added


def test_pictures_set_aside_are_named_and_taken_up_again_when_somebody_asks(workspace, dataset, pictures):
    pictures(A=ImageState.FAILED, b=ImageState.FAILED, C=ImageState.FOUND)
    assert names_set_aside(workspace, dataset) == ["A", "C"]
    assert take_up_again(workspace, dataset) == 2
    assert (names_set_aside(workspace, dataset), take_up_again(workspace, dataset)) == ([], 0)
    with reading(workspace.engine) as session:
        rows = {row.path: (row.state, row.reason) for row in session.exec(select(Image))}
    assert rows == {"A": (ImageState.NEW, None), "b": (ImageState.FAILED, None), "C": (ImageState.NEW, None)}


def test_contents_are_those_of_this_datasets_imports(workspace, dataset, author):
    runs = [
        submit(workspace, "import", dataset_id=number, author_id=author, parameters={}) for number in (dataset, None)
    ]
    with writing(workspace.engine) as session:
        for run, content in zip(runs, ("abc", "other"), strict=True):
            reason = message(FILE_SET_ASIDE, content=content).to_json()
            session.add(SkippedInput(run_id=run, path="a.png", reason=reason))
        session.add(SkippedInput(run_id=runs[0], path="b.png", reason=message("images.empty").to_json()))
    with reading(workspace.engine) as session:
        assert contents_set_aside(dataset, session=session) == {"abc"}
