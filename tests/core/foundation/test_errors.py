"""Errors are a class, a code and fields; what is one of what, and what survives being raised elsewhere."""

import pickle

import pytest

from core.foundation import errors
from core.foundation.errors import (
    BadInput,
    FacetError,
    NotFound,
    StoreBusy,
    StoreFull,
    UnreadableImage,
    UnreadableLabels,
    UnreadableVideo,
)
from core.foundation.messages import Message, message

KINDS = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, FacetError)]
WITHOUT_FIELDS = (StoreBusy, StoreFull)


def test_what_cannot_be_read_is_bad_input_and_nothing_else_is():
    assert {kind for kind in KINDS if issubclass(kind, BadInput)} == {
        BadInput,
        UnreadableImage,
        UnreadableVideo,
        UnreadableLabels,
    }


def test_the_drawing_names_every_error():
    drawn = {word for line in errors.__doc__.splitlines() for word in line.replace("─", " ").split()[:3]}
    assert {kind.__name__ for kind in KINDS} <= drawn


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in WITHOUT_FIELDS])
def test_an_error_is_as_it_was_after_a_process_boundary(kind):
    error = kind("runs.no_kind", of="a.mp4", kind="astrology")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.message, str(again)) == (kind, error.message, str(error))


@pytest.mark.parametrize(("kind", "code"), [(StoreBusy, "store.busy"), (StoreFull, "store.full")])
def test_an_error_of_the_store_needs_no_words_and_survives_too(kind, code):
    assert kind().code == pickle.loads(pickle.dumps(kind())).code == code
    assert str(kind()), "there is a sentence"


def test_frames_before_the_damage_of_a_clip_survive_and_are_none_unless_told():
    error = UnreadableVideo("clips.damaged", of="a.mp4", decoded=7, second=1.5)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.message, again.decoded) == (UnreadableVideo, error.message, 7)
    assert "decoded" not in again.fields
    assert UnreadableVideo("clips.damaged").decoded == 0


def test_an_error_says_what_another_said_as_its_own_kind():
    first = BadInput("runs.no_kind", of="a.mp4", kind="astrology")
    second = NotFound.saying(first.message)
    assert type(second) is NotFound
    assert second.message == first.message == message("runs.no_kind", of="a.mp4", kind="astrology")


def test_the_reason_leaves_out_what_it_is_about():
    about, plain = BadInput("store.full", of="a.mp4"), BadInput("store.full")
    assert plain.of is None
    assert about.reason == str(plain) == plain.reason
    assert str(about) == f"a.mp4: {plain.reason}"


def test_what_it_is_about_may_be_any_object_and_fields_are_plain(tmp_path):
    error = BadInput("runs.no_kind", of=tmp_path, kind=NotFound("store.full"))
    assert error.of == str(tmp_path)
    assert error.fields == {"kind": Message("store.full")}
