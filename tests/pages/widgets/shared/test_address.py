"""What the address of a page says is what the page shows, and what it shows by itself is not said."""

from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.widgets.shared import address
from pages.widgets.shared.address import among, between, text, yes_or_no
from tests.pages.conftest import written


def fields():
    """A page of one of each kind of choice."""
    import streamlit as st

    from pages.widgets.shared.address import among, between, end_page, in_address, kept, text, visit, yes_or_no

    with visit(st.session_state.get("page", "library")):
        st.selectbox("State", ["new", "found"], index=None, **in_address("state", among(["new", "found"])))
        st.text_input("Part", **in_address("part", text, ""))
        st.toggle("All", **in_address("all", yes_or_no, False))
        st.slider("Threshold", 0.0, 1.0, **in_address("threshold", between(0.0, 1.0), 0.5))
        st.multiselect("Models", list("abcd"), **in_address("models", among("abcd"), ["a"], most=3), max_selections=3)
        st.pagination(5, **in_address("page", between(1, 5), 1))
        st.session_state["place"] = kept("place", between(1, 9))
        if st.session_state.get("ends"):
            end_page()


def a_field_that_comes_and_goes():
    import streamlit as st

    from pages.widgets.shared.address import between, in_address, visit

    with visit("library"):
        if not st.session_state.get("away"):
            st.slider("Threshold", 0.0, 1.0, **in_address("threshold", between(0.0, 1.0), 0.5))


def test_a_field_that_comes_back_is_told_its_value_though_the_browser_still_sends_it(shown):
    page = shown(a_field_that_comes_and_goes)
    page.slider[0].set_value(0.25).run()
    sent = page._tree.get_widget_states()
    page.session_state["away"] = True
    page.run()
    page.session_state["away"] = False
    page._run(sent)
    assert page.slider[0].value == 0.25
    assert page.slider[0].proto.set_value, "the browser draws it at its least value otherwise, and sends that"
    page.run()
    assert not page.slider[0].proto.set_value, "a hand that moves it meanwhile is not undone"


def choices(page):
    return {
        "state": page.selectbox[0].value,
        "part": page.text_input[0].value,
        "all": page.toggle[0].value,
        "threshold": page.slider[0].value,
        "models": page.multiselect[0].value,
        "place": page.session_state["place"],
    }


USUAL = {"state": None, "part": "", "all": False, "threshold": 0.5, "models": ["a"], "place": None}


def test_what_the_page_shows_by_itself_is_not_said(shown):
    page = shown(fields)
    assert (choices(page), written(page), len(page.warning)) == (USUAL, {}, 0)


def test_what_is_chosen_is_said_and_opened_anew_shows_the_same(shown):
    page = shown(fields)
    page.selectbox[0].set_value("found")
    page.text_input[0].set_value("a b/ü&=")
    page.toggle[0].set_value(True)
    page.slider[0].set_value(0.25)
    page.multiselect[0].set_value(["c", "b"])
    page.run()
    said = {"state": ["found"], "part": ["a b/ü&="], "all": ["yes"], "threshold": ["0.25"], "models": ["c", "b"]}
    assert written(page) == said
    again = shown(fields, address=said | {"page": ["3"], "place": ["7"]})
    assert choices(again) == choices(page) | {"place": 7}
    assert written(again) == said | {"page": ["3"], "place": ["7"]}
    assert not again.warning


def test_a_choice_that_is_taken_back_is_not_said_any_more(shown):
    page = shown(fields, address={"state": "new", "all": "yes"})
    page.selectbox[0].set_value(None)
    page.toggle[0].set_value(False)
    page.run()
    assert (choices(page), written(page)) == (USUAL, {})


def test_what_is_not_there_is_said_in_a_sentence_until_something_else_is_chosen(shown):
    asked = {"state": "*gone*", "threshold": "7", "all": "maybe", "models": ["b", "x"], "page": "9", "place": "one"}
    page = shown(fields, address=asked)
    assert choices(page) == USUAL | {"models": ["b"]}
    assert written(page) == {"models": ["b"]}
    (warning,) = page.warning
    for word, value in {**asked, "state": r"\*gone\*", "models": "x"}.items():
        assert f"The address asks for {word} “{value}”, which is not here." in warning.value
    page.run()
    assert len(page.warning) == 1, "it stays for as long as another value stands in its place"
    page.selectbox[0].set_value("new")
    page.run()
    assert "for state" not in page.warning[0].value
    assert "for threshold" in page.warning[0].value


def test_a_choice_that_is_gone_is_the_usual_one_again(shown):
    page = shown(fields, address={"place": "7"})
    page.session_state["library/None/place"] = 70
    page.run()
    assert (page.session_state["place"], written(page)) == (None, {})


def test_a_page_keeps_its_choices_while_others_are_open_and_another_page_has_its_own(shown):
    page = shown(fields, address={"state": "new", "page": "2"})
    page.session_state["page"] = "people"
    page.run()
    assert (choices(page), written(page)) == (USUAL, {})
    page.selectbox[0].set_value("found").run()
    page.session_state["page"] = "library"
    page.run()
    assert written(page) == {"state": ["new"], "page": ["2"]}


def test_choices_are_of_a_dataset(shown):
    page = shown(fields, {"dataset_id": 1}, address={"state": "new", "place": "3"})
    page.session_state["dataset_id"] = 2
    page.run()
    assert (choices(page), written(page)) == (USUAL, {})
    page.session_state["dataset_id"] = 1
    page.run()
    assert written(page) == {"state": ["new"], "place": ["3"]}


def test_where_a_page_ends_early_its_address_is_written_and_it_shows_nothing_more(shown):
    page = shown(fields, {"ends": True}, address={"state": "new"})
    assert written(page) == {"state": ["new"]}
    assert not page.exception


def test_what_no_control_has_been_there_for_stays_in_the_address(shown):
    def draw():
        import streamlit as st

        from pages.widgets.shared.address import between, kept, visit

        with visit("library"):
            if st.session_state.get("ready"):
                st.session_state["place"] = kept("place", between(1, 9))

    page = shown(draw, address={"place": "4"})
    assert written(page) == {"place": ["4"]}
    page.session_state["ready"] = True
    page.run()
    assert (page.session_state["place"], written(page)) == (4, {"place": ["4"]})


@pytest.fixture
def led(monkeypatch):
    """The page after the browser has told that Back or Forward led somewhere, for the whole of the test."""
    told = []
    monkeypatch.setattr(address, "_moved", lambda: (len(told), parse_qs(told[-1]) if told else None))

    def lead(page, query):
        told.append(query)
        return page.run()

    return lead


def test_back_shows_what_the_address_says_and_nothing_else(shown, led):
    page = led(shown(fields, address={"state": "new", "part": "x", "threshold": "0.25"}), "state=found&place=2")
    assert choices(page) == USUAL | {"state": "found", "place": 2}
    assert written(page) == {"state": ["found"], "place": ["2"]}
    assert page.session_state["address"].moves == 1
    page.selectbox[0].set_value("new").run()
    assert written(page) == {"state": ["new"], "place": ["2"]}, "it is obeyed once"
    assert choices(led(page, "part=x")) == USUAL | {"part": "x"}


def test_an_address_that_was_left_before_it_was_written_asks_for_nothing(shown, led):
    page = shown(fields, address={"state": "new"})
    assert choices(led(page, "")) == USUAL | {"state": "new"}


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ({"count": 3, "query": "a=1&b=&a=2"}, (3, {"a": ["1", "2"], "b": [""]})),
        (None, (0, None)),
        ({"count": "3", "query": "a=1"}, (0, None)),
        ({"count": 3, "query": "a" * 10_001}, (0, None)),
        ("a=1", (0, None)),
    ],
)
def test_what_the_browser_tells_of_back_is_input_from_outside(monkeypatch, told, heard):
    monkeypatch.setattr(address, "st", SimpleNamespace(session_state={"address-end": {"moved": told}}))
    assert address._moved() == heard


def test_a_page_is_opened_with_choices_made_there(shown, switched):
    def draw():
        import streamlit as st

        from pages.widgets.shared.address import open_page, visit

        with visit("library"):
            if not st.session_state.get("opened"):
                st.session_state["opened"] = True
                open_page("keypoints.py", state="found", part="a/")

    page = shown(draw, {"dataset_id": 3})
    assert switched == ["keypoints.py"]
    assert (page.session_state["keypoints/3/state"], page.session_state["keypoints/3/part"]) == ("found", "a/")


@given(st.text())
def test_any_text_can_be_asked_for(anything):
    assert text(anything) == anything


@given(st.floats(0.0, 1.0))
def test_a_number_is_read_as_it_was_written(number):
    assert between(0.0, 1.0)(str(number)) == number


@pytest.mark.parametrize("bad", ["nan", "inf", "-0.1", "1.1", "", "one"])
def test_a_number_out_of_range_is_refused(bad):
    with pytest.raises(ValueError):  # noqa: PT011 - float's own, or ours
        between(0.0, 1.0)(bad)


@pytest.mark.parametrize("bad", ["1.5", "0", "9" * 30, "x"])
def test_a_whole_number_is_whole(bad):
    assert between(1, 9)("9") == 9
    with pytest.raises(ValueError):  # noqa: PT011 - int's own, or ours
        between(1, 9)(bad)


def test_one_of_several_is_found_by_what_it_is_called():
    assert among({3: "c", 4: "d"})("4") == 4
    assert yes_or_no("yes") is True
    for read, bad in ((among("ab"), "c"), (yes_or_no, "1")):
        with pytest.raises(KeyError):
            read(bad)


def test_no_page_goes_elsewhere_or_ends_without_its_address():
    """Streamlit's own ways write another address, or none."""
    here = Path(address.__file__).parents[3]
    scripts = [path for path in here.rglob("*.py") if path != Path(address.__file__)]
    for words in ("st.switch_page(", "st.query_params", 'bind="query'):
        assert not [path.name for path in scripts if words in path.read_text(encoding="utf-8")], words
