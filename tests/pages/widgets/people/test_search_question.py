"""From what is chosen to what is asked."""

from __future__ import annotations

import numpy as np

from core.people.search.asking import ask
from core.people.search.expressions import AllOf, AnyOf, NotSo, Shows
from pages.widgets.people.search_fields import ChosenPeople
from pages.widgets.people.search_question import not_this, question_of
from tests.builders.albums import PlacedFace, album_of

NOBODY = ChosenPeople((), (), ())
PHOTO = np.array([1, 0], np.float32)


def test_where_nothing_is_chosen_nothing_is_asked():
    nothing = {"since": None, "until": None, "least_people": None, "most_people": None, "by_event": True}
    assert question_of(NOBODY, [], nothing, 0.5) is None
    asked = question_of(NOBODY, [], nothing | {"most_people": 0}, 0.5)
    assert (asked.most_people, asked.by_event, asked.expression) == (0, True, AllOf(()))


def test_photos_are_one_person_more_who_has_to_be_there():
    asked = question_of(ChosenPeople((7,), (8, 9), (10,)), [PHOTO, PHOTO], {}, 0.5)
    assert [one.people for one in asked.wanted] == [(), (7,), (8,), (9,), (10,)]
    assert asked.wanted[0].vectors.shape == (2, 2)
    assert asked.expression == AllOf((Shows(0), Shows(1), AnyOf((Shows(2), Shows(3))), NotSo(Shows(4))))
    assert question_of(ChosenPeople((), (8,), ()), [], {}, 0.5).expression == AllOf((AnyOf((Shows(0),)),))


def test_examples_of_not_this_are_photos_people_and_marked_faces_that_are_still_there():
    album = album_of(3, [PlacedFace(0, (1, 0)), PlacedFace(1, (0.9, 0.4)), PlacedFace(2, None)])
    examples = not_this(album, [PHOTO], (7,), [2, 3, 99])
    assert [(one.people, len(one.vectors)) for one in examples] == [((), 1), ((), 1), ((7,), 0)]
    asked = question_of(NOBODY, [PHOTO], {}, 0.5)
    assert len(ask(album, asked).pictures) == 2
    from dataclasses import replace

    assert ask(album, replace(asked, unwanted=not_this(album, [], (), [2]))).pictures.tolist() == [0]
