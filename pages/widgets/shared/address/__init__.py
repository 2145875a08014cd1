"""The address of a page says what a person has chosen to see, in short plain words; opened anew it shows the same.

A choice has a word, and is written into the address unless it is what the page shows by itself. The address is obeyed
when a tab opens it and when Back or Forward leads to it; otherwise the session's choice counts, which outlives a visit
to other pages. Choices belong to a page and a dataset: nothing of one dataset sticks to another.

What the address asks for and is not there is said in a sentence on top of the page. The browser's part
(`address.js`) writes the address, so that Back leads to the place before.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import parse_qs, urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx

from pages.widgets.shared.text import plain
from pages.widgets.shared.words import words

_Value = TypeVar("_Value")
_Number = TypeVar("_Number", int, float)
Words = dict[str, list[str]]

# Words that are places of their own: Back leads from one to the one before.
_STEPS: Final = {"keypoints": ["picture"], "people": ["person"]}

DATASET: Final = "dataset_id"  # where the session has the dataset that all pages are about
FIRST: Final = "library"  # the page whose path is empty
_KEPT: Final = "address"
_LONGEST: Final = 10_000  # characters of an address
_SENTENCES: Final = words("address")
_HERE: Final = Path(__file__).parent

_mount: Final = st.components.v2.component("facet_address", js=(_HERE / "address.js").read_text(encoding="utf-8"))


@dataclass
class _Address:
    """What the session knows of its address.

    `asked` is what an address that is obeyed asks for, None once another page is open; `taken` are the words of it
    that have been; `whole`: what it does not say is the usual; `moves` is how many steps of Back and Forward the
    browser has told of. `left` is what it was told last, `written` what the open page says so far, `values` has the
    choices too that are not written. `missing` holds what is not there, and what stands in its place. `arrived` are
    the words that the address had when the page was arrived at, `ended` those that each page wrote last.
    """

    session: str = field(default_factory=token_hex)
    turn: int = 0
    page: str = ""
    asked: Words | None = None
    taken: set[str] = field(default_factory=set)
    whole: bool = False
    moves: int = 0
    left: Words = field(default_factory=dict)
    written: Words = field(default_factory=dict)
    values: Words = field(default_factory=dict)
    missing: dict[str, tuple[str, list[str] | None]] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    drawing: set[str] = field(default_factory=set)
    arrived: frozenset[str] = frozenset()
    ended: dict[str, frozenset[str]] = field(default_factory=dict)

    def asks(self, word: str) -> bool:
        """Whether a choice has to follow the address; once."""
        if self.asked is None or word in self.taken:
            return False
        self.taken.add(word)
        return True

    def says(self) -> Words:
        """The address as it should be: also what is asked for and no control has been there for."""
        waiting = {word: values for word, values in (self.asked or {}).items() if word not in self.taken}
        return waiting | self.written


@contextmanager
def visit(page: str) -> Iterator[None]:
    """Draw a page under its address: obeyed before, written after."""
    _arrive(page)
    notice = st.empty()
    with suppress(PageEnded):
        yield
    write_address("end")
    _address().drawn = _address().drawing
    _say_missing(_address(), notice)


class PageEnded(StopException):
    """The page has nothing more to show."""


def end_page() -> NoReturn:
    """End the page here. After `st.stop` nothing could be drawn any more, and its address not be written."""
    raise PageEnded


def kept(
    word: str,
    read: Callable[[str], _Value],
    default: Any = None,
    *,
    key: str | None = None,
    write: Callable[[Any], str] = str,
    most: int | None = None,
    always: bool = False,
) -> Any:
    """A choice that the address carries.

    Parameters
    ----------
    word
        What it is called in the address.
    read, write
        From its text there to its value, and back. `read` raises KeyError or ValueError for what is not there; a choice
        that can no longer be read has gone, and is the default again.
    default
        What the page shows by itself; it is not written, unless `always`.
    key
        Where the session has it, if not under `key_of(word)`.
    most
        How many values it holds at most, if it is a list of them.
    """
    address, state, key = _address(), st.session_state, key or key_of(word)
    if address.asks(word):
        values = _read_all(address, word, (address.asked or {}).get(word, []), read, most or 1)
        if not values:
            if address.whole:
                state.pop(key, None)
        elif state.get(key) != (found := values if most else values[0]):
            state[key] = found
    if key in state and not _readable(state[key], default, read, write):
        del state[key]
    value = state.get(key, default)
    put_in_address(word, _texts(value, write), written=always or value != default)
    return value


def in_address(word: str, read: Callable[[str], Any], default: Any = None, **options: Any) -> dict[str, Any]:
    """`kept` for a widget: what to call it with. The widget gets its value from here, not a default by itself.

    Also when it comes back to a page: the browser has forgotten it then, though what it sends in the same moment may
    still hold it, of which Streamlit concludes that nothing has to be told.
    """
    value = kept(word, read, default, **options)
    key = options.get("key") or key_of(word)
    address = _address()
    if key not in st.session_state or key not in address.drawn | address.drawing:
        st.session_state[key] = value
    address.drawing.add(key)
    return {"key": key, "persist_state": "session"}


def put_in_address(word: str, values: Sequence[str], *, written: bool = True) -> None:
    """Let the address say something, unless it is what the page shows by itself."""
    address = _address()
    address.values[word] = list(values)
    address.written.pop(word, None)
    if written and values:
        address.written[word] = list(values)


def write_address(at: str) -> None:
    """Tell the browser what the address says by now; at the end of a page that is done for it."""
    address = _address()
    address.turn, address.left = address.turn + 1, address.says()
    address.ended[key_of("", address.page)] = frozenset(address.written)
    told = {
        "session": address.session,
        "turn": address.turn,
        "at": at,
        "page": "" if address.page == FIRST else address.page,
        "query": urlencode(address.left, doseq=True),
        "steps": _STEPS.get(address.page, []),
        "moves": address.moves,
    }
    with st.sidebar:
        _mount(key=f"address-{at}", data=told, height="content", on_moved_change=lambda: None)


def unfolded(*words: str) -> bool:
    """Whether a section that can be folded begins unfolded: the address that led here says one of the words in it.

    It stays the same for as long as the page is open, so that nothing folds under a hand.
    """
    return not _address().arrived.isdisjoint(words)


def say_missing(word: str, value: object) -> None:
    """What the address asked for is not there."""
    _address().missing[word] = (str(value), None)


def key_of(word: str, page: str | None = None) -> str:
    """Where the session has a choice of a page, the open one if none is named."""
    return f"{page or _address().page}/{st.session_state.get(DATASET)}/{word}"


def chosen(word: str, default: Any = None) -> Any:
    """A choice of the open page as it is now, also in a callback."""
    return st.session_state.get(key_of(word), default)


def choose(word: str, value: Any, page: str | None = None) -> None:
    """Choose for a person who has pressed something else: on the open page, or on one that they are led to."""
    st.session_state[key_of(word, page)] = value


def open_page(page: str, **choices: Any) -> NoReturn:
    """Open another page, with these choices made there.

    Streamlit writes an address before it leaves the page: the one that is there, or Back would lead to another.
    """
    for word, value in choices.items():
        choose(word, value, page.removesuffix(".py"))
    st.switch_page(page, query_params=_address().left)


# How choices are read from the address.


def among(options: Collection[_Value], write: Callable[[_Value], str] = str) -> Callable[[str], _Value]:
    """One of several."""
    return {write(option): option for option in options}.__getitem__


def text(written: str) -> str:
    """Any text."""
    return written


def between(low: _Number, high: _Number) -> Callable[[str], _Number]:
    """A number from `low` to `high`, whole if these are."""

    def read(written: str) -> _Number:
        number = type(low)(written)
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def yes_or_no(written: str) -> bool:
    """Whether something is on."""
    return {"yes": True, "no": False}[written]


# What the session knows, and what the browser has.


def _address() -> _Address:
    if _KEPT not in st.session_state:
        _arrive("")
    address: _Address = st.session_state[_KEPT]
    return address


def _arrive(page: str) -> None:
    """Find out whether the address has to be obeyed: that of a tab that opens, or to which Back or Forward led."""
    opened, context = _KEPT not in st.session_state, get_script_run_ctx()
    address: _Address = st.session_state.setdefault(_KEPT, _Address())
    asked: Words | None = None
    if opened or (context is not None and context.is_history_navigation):
        asked = {word: st.query_params.get_all(word) for word in st.query_params}
    moves, led_to = _moved()
    if led_to is not None and moves != address.moves:
        address.moves = moves
        asked = asked if opened else led_to
    if asked is not None:
        address.asked, address.taken, address.missing, address.arrived = asked, set(), {}, frozenset(asked)
        address.whole = not opened and bool(asked)  # one that was left before it was written asks for nothing
    elif page != address.page:
        address.asked, address.missing = None, {}
        address.arrived = address.ended.get(key_of("", page), frozenset())
    address.page, address.written, address.values, address.drawing = page, {}, {}, set()


def _moved() -> tuple[int, Words | None]:
    """How many steps of Back and Forward on a page the browser tells of, and what the last one's address says.

    It is input from outside: what it cannot be counts as nothing.
    """
    match dict(st.session_state.get("address-end") or {}).get("moved"):
        case {"count": int(count), "query": str(query)} if len(query) <= _LONGEST:
            return count, parse_qs(query, keep_blank_values=True)
    return 0, None


def _say_missing(address: _Address, notice: DeltaGenerator) -> None:
    """What was asked for in vain, for as long as the same stands in its place."""
    said = {word: (asked, address.values.get(word, [])) for word, (asked, _) in address.missing.items()}
    address.missing = {word: now for word, now in said.items() if address.missing[word][1] in (None, now[1])}
    sentences = [
        _SENTENCES.get(f"no_{word}", _SENTENCES["nothing"]).format(word=word, value=plain(asked))
        for word, (asked, _) in address.missing.items()
    ]
    if sentences:
        notice.warning(" ".join(sentences), icon=":material/link_off:")


def _read_all(
    address: _Address, word: str, written: Sequence[str], read: Callable[[str], _Value], most: int
) -> list[_Value]:
    found: dict[_Value, None] = {}
    for value in written:
        try:
            found[read(value)] = None
        except (KeyError, ValueError):
            address.missing[word] = (value, None)
    return list(found)[:most]


def _readable(value: Any, default: Any, read: Callable[[str], Any], write: Callable[[Any], str]) -> bool:
    if value in (None, "") or value == default:
        return True
    try:
        return [read(each) for each in _texts(value, write)] == (value if isinstance(value, list) else [value])
    except (KeyError, ValueError):
        return False


def _texts(value: Any, write: Callable[[Any], str]) -> list[str]:
    if value in (None, ""):
        return []
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [write(each) for each in (value if isinstance(value, list) else [value])]
