"""Events: pauses between times, pictures without a time between their neighbours, and cuts of clips."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.library.events import EVENT_GAP, event_numbers

NEVER = np.datetime64("NaT")


def numbers(*pictures, **options):
    """The events of (path, time, shot)."""
    paths, times, shots = zip(*pictures, strict=True) if pictures else ((), (), ())
    taken = np.array([np.datetime64(time) if time else NEVER for time in times], "datetime64[s]")
    return event_numbers(taken, paths, shots, **options).tolist()


def test_a_pause_longer_than_the_gap_begins_another_event_whatever_the_order_of_the_files():
    assert np.timedelta64(3, "h") == EVENT_GAP
    assert numbers(
        ("d.jpg", "2024-05-01T10:00", None),
        ("a.jpg", "2024-05-01T16:00:01", None),
        ("c.jpg", "2024-05-01T13:00:00", None),
        ("b.jpg", "2024-05-01T16:00:00", None),
    ) == [0, 0, 0, 0], "each pause is at most three hours, though all is six"
    assert numbers(("a.jpg", "2024-05-01T13:00:01", None), ("b.jpg", "2024-05-01T10:00", None)) == [1, 0]
    assert numbers(
        ("a.jpg", "2024-05-01T13:00:01", None), ("b.jpg", "2024-05-01T10:00", None), gap=np.timedelta64(4, "h")
    ) == [0, 0]


def test_a_picture_without_a_time_is_of_the_event_that_its_neighbours_in_the_folder_are_of():
    assert numbers(
        ("trip/IMG_9.jpg", "2024-05-01T10:00", None),
        ("trip/IMG_10.jpg", None, None),  # behind 9, as people count
        ("trip/IMG_11.jpg", "2024-05-01T10:05", None),
        ("trip/IMG_12.jpg", None, None),  # between two events: of neither
        ("trip/IMG_13.jpg", "2024-06-01T10:00", None),
        ("trip/IMG_14.jpg", None, None),  # behind the last: of none that is known
        ("home/IMG_10.jpg", None, None),
    ) == [0, 0, 0, 3, 1, 3, 2]


def test_the_frames_of_a_shot_are_an_event_and_what_lies_around_a_clip_is_not_parted_by_it():
    assert numbers(
        ("a.jpg", None, None),
        ("clip/1.png", None, (7, 0)),
        ("clip/2.png", None, (7, 1)),
        ("clip/3.png", None, (7, 0)),
        ("b.jpg", None, None),
    ) == [0, 1, 2, 1, 0]


def test_no_pictures_have_no_events():
    assert numbers() == []


def test_a_path_of_many_digits_is_ordered_too():
    assert numbers((f"{'9' * 5000}.jpg", None, None), ("a/²1.jpg", None, None)) == [0, 1]


@given(
    st.lists(
        st.tuples(
            st.text("ab/0129", min_size=1, max_size=6),
            st.none() | st.integers(0, 60).map(lambda hours: f"2024-05-{1 + hours // 24:02}T{hours % 24:02}:00"),
            st.none() | st.tuples(st.integers(1, 2), st.integers(0, 1)),
        ),
        max_size=12,
    ),
    st.randoms(),
)
def test_every_picture_is_in_one_event_and_which_are_together_does_not_hang_on_the_order_of_rows(pictures, random):
    pictures = [(f"{path}-{at}", *rest) for at, (path, *rest) in enumerate(pictures)]
    found = dict(zip((path for path, *_ in pictures), numbers(*pictures), strict=True))
    assert sorted(set(found.values())) == list(range(len(set(found.values()))))
    shuffled = random.sample(pictures, len(pictures))
    again = dict(zip((path for path, *_ in shuffled), numbers(*shuffled), strict=True))
    assert again == found
