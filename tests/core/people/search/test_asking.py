"""A search by hand, against a plain loop over pictures and faces, and where there is nothing."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.foundation.errors import BadInput, NotEnoughData
from core.people.search.asking import PictureQuestion, WantedPerson, ask
from core.people.search.expressions import AllOf, AnyOf, NotSo, Shows, looked_for
from core.people.search.templates import JUST_BELOW
from tests.builders.albums import PlacedFace, album_of

ADA, BEA, EVE = 1, 2, 3
X, Y, Z = (1, 0, 0), (0, 1, 0), (0, 0, 1)


def photo(*vectors):
    rows = np.array(vectors, np.float64)
    return WantedPerson(vectors=(rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32))


def at(cosine, towards=Y):
    """A vector that is so similar to X."""
    return tuple(cosine * np.array(X) + math.sqrt(1 - cosine**2) * np.array(towards))


def found(album, *wanted, expression=None, threshold=0.5, **conditions):
    asked = PictureQuestion(wanted, expression or AllOf(tuple(map(Shows, range(len(wanted))))), threshold, **conditions)
    return ask(album, asked)


def test_every_picture_above_the_threshold_is_found_best_first_and_those_just_below_are_counted():
    scores = [0.5, 0.9, 0.46, 0.44, 0.7]
    album = album_of(5, [PlacedFace(picture, at(score)) for picture, score in enumerate(scores)])
    result = found(album, photo(X), threshold=0.5 - 1e-6)
    assert JUST_BELOW == 0.05
    assert result.pictures.tolist() == [1, 4, 0]
    np.testing.assert_allclose(result.scores, [0.9, 0.7, 0.5], rtol=1e-6)
    assert result.just_below == 1
    assert album.faces[result.best].tolist() == [2, 5, 1]


def test_a_span_that_ends_before_it_begins_is_refused():
    album = album_of(1, [PlacedFace(0, X)])
    day = np.datetime64("2024-05-01")
    assert found(album, photo(X), least_people=1, most_people=1, since=None, until=day).pictures.tolist() == []
    with pytest.raises(BadInput, match="the first time, 2024-05-02 00:00:00, is after the last one, 2024-05-01"):
        found(album, photo(X), since=day + 1, until=day)
    with pytest.raises(BadInput, match="at least 2 people and at most 1"):
        found(album, photo(X), least_people=2, most_people=1)


def test_several_faces_of_one_photo_set_are_one_person_by_their_mean():
    album = album_of(1, [PlacedFace(0, (1, 1, 0))])
    np.testing.assert_allclose(found(album, photo(X, Y)).scores, [1.0], rtol=1e-6)
    np.testing.assert_allclose(found(album, photo(X)).scores, [math.sqrt(0.5)], rtol=1e-6)


def test_who_is_nearer_to_an_example_of_not_this_is_left_out():
    album = album_of(3, [PlacedFace(0, at(0.9)), PlacedFace(1, at(0.7)), PlacedFace(2, at(0.8, Z))])
    assert found(album, photo(X)).pictures.tolist() == [0, 2, 1]
    assert found(album, photo(X), unwanted=(photo(Y),)).pictures.tolist() == [0, 2], "0.714 to Y beats 0.7 to X"
    assert found(album, photo(X), unwanted=(photo(Y), photo(Z), photo(X))).pictures.tolist() == [], (
        "as near is not nearer"
    )


def test_a_person_is_who_they_are_known_to_be_and_who_is_alike_unless_that_is_decided_otherwise():
    album = album_of(
        7,
        [
            PlacedFace(0, X, ADA, settled=True, confirmed=True),
            PlacedFace(1, at(0.1), ADA, settled=True),  # a machine placed it: it stays whatever its score
            PlacedFace(2, None, ADA, settled=True, confirmed=True),  # drawn, not measured yet
            PlacedFace(3, at(0.95)),
            PlacedFace(4, at(0.95), BEA, settled=True),  # of somebody with a name
            PlacedFace(5, at(0.95), EVE),  # of an unnamed group
            PlacedFace(6, at(0.95)),  # "this is not Ada"
        ],
        refused=[(7, ADA)],
    )
    result = found(album, WantedPerson((ADA,)), threshold=0.6)
    assert sorted(result.pictures.tolist()) == [0, 1, 2, 3, 5]
    known = dict(zip(album.faces[result.faces].tolist(), result.known.tolist(), strict=True))
    assert known == {1: True, 2: True, 3: True, 4: False, 6: False}
    assert result.pictures.tolist()[-1] == 2
    assert math.isnan(result.scores[-1])
    assert found(album, photo(X), threshold=0.6).pictures.tolist() == [0, 3, 4, 5, 6], "of a photo nothing is decided"
    pushed = found(album, WantedPerson((ADA,)), threshold=0.6, unwanted=(photo(at(0.1)),))
    assert sorted(pushed.pictures.tolist()) == [0, 2, 3, 5], "whom only a machine placed is pushed away"
    everybody = found(album, WantedPerson((ADA,)), threshold=0.6, unwanted=(photo(X),))
    assert {0, 2} <= set(everybody.pictures.tolist()), "what a human has confirmed stays"


def test_people_of_whom_nothing_is_measured_are_still_found_by_what_is_known():
    album = album_of(2, [PlacedFace(0, None, ADA), PlacedFace(1, None, BEA)])
    result = found(album, WantedPerson((ADA,)))
    assert (result.pictures.tolist(), result.just_below) == ([0], 0)
    assert found(album, WantedPerson((ADA,)), expression=NotSo(Shows(0))).pictures.tolist() == [1]


def test_a_picture_of_two_is_as_good_as_the_less_certain_of_them():
    album = album_of(
        2, [PlacedFace(0, at(0.9)), PlacedFace(0, Z), PlacedFace(1, at(0.8)), PlacedFace(1, (0, 0.6, 0.8))]
    )
    result = found(album, photo(X), photo(Z))
    assert result.pictures.tolist() == [0, 1]
    np.testing.assert_allclose(result.scores, [0.9, 0.8], rtol=1e-6)
    assert sorted(album.faces[result.faces].tolist()) == [1, 2, 3, 4]
    only = found(album, photo(X), photo(Z), expression=AllOf((Shows(0), NotSo(Shows(1)))))
    assert only.pictures.tolist() == []


def test_just_below_never_counts_a_picture_that_somebody_unwanted_is_in():
    album = album_of(2, [PlacedFace(0, at(0.47)), PlacedFace(1, at(0.47)), PlacedFace(1, Z)])
    asked = AllOf((Shows(0), NotSo(Shows(1))))
    assert found(album, photo(X), photo(Z), expression=asked).just_below == 1
    nearly = album_of(1, [PlacedFace(0, X), PlacedFace(0, at(0.47, Z))])
    result = found(nearly, photo(X), photo(at(0.0)), expression=asked)
    assert (result.pictures.tolist(), result.just_below) == ([0], 0), "who is nearly there does not keep it out"


def test_times_numbers_of_people_and_events_are_conditions_of_their_own():
    album = album_of(
        4,
        [PlacedFace(0, X), PlacedFace(1, X), PlacedFace(1, Y), PlacedFace(2, X)],
        taken=["2024-05-01T10:00", "2024-05-02T00:00", None, "2024-05-03"],
        events=[0, 0, 1, 2],
    )
    of_may = {"since": np.datetime64("2024-05-01T10:00:00"), "until": np.datetime64("2024-05-02T00:00:00")}
    result = found(album, photo(X), **of_may)
    assert (result.pictures.tolist(), result.undated) == ([0, 1], 1)
    assert found(album, photo(X)).undated == 0
    assert found(album, photo(X), least_people=2).pictures.tolist() == [1]
    assert found(album, photo(X), most_people=1).pictures.tolist() == [0, 2]
    assert found(album, photo(X), event=1).pictures.tolist() == [2]
    anybody = found(album, most_people=0)
    assert (anybody.pictures.tolist(), np.isnan(anybody.scores).all(), len(anybody.faces)) == ([3], True, 0)


def test_people_of_one_event_need_not_be_in_one_picture():
    album = album_of(4, [PlacedFace(0, X), PlacedFace(1, Z), PlacedFace(2, X)], events=[0, 0, 1, 0])
    assert found(album, photo(X), photo(Z)).pictures.tolist() == []
    together = found(album, photo(X), photo(Z), by_event=True)
    assert sorted(together.pictures.tolist()) == [0, 1], "pictures of the event in which neither is are not shown"
    alone = AllOf((Shows(0), NotSo(Shows(1))))
    assert found(album, photo(X), photo(Z), expression=alone, by_event=True).pictures.tolist() == [2]


def test_an_empty_dataset_and_faces_that_nobody_measured_give_nothing():
    for album in (album_of(0, []), album_of(1, [PlacedFace(0, None)])):
        result = found(album, photo(X))
        assert (len(result.pictures), len(result.faces), result.just_below) == (0, 0, 0)
    assert found(album_of(2, [])).pictures.tolist() == [0, 1], "where nothing is asked every picture is right"


def test_vectors_of_zeros_and_of_no_number_are_nobody_and_spoil_no_template():
    album = album_of(4, [PlacedFace(k, X, ADA) for k in range(3)] + [PlacedFace(3, at(0.9))])
    vectors = album.vectors.copy()
    vectors[1], vectors[2] = np.nan, 0
    broken = replace(album, vectors=vectors)
    assert sorted(found(broken, WantedPerson((ADA,)), threshold=0.5).pictures.tolist()) == [0, 1, 2, 3], (
        "whose they are is known"
    )
    result = found(broken, photo(X), threshold=-1.0)
    assert sorted(result.pictures.tolist()) == [0, 2, 3]
    assert found(broken, photo(X), threshold=0.1).pictures.tolist() == [0, 3]
    only = replace(album, vectors=np.zeros_like(vectors))
    assert sorted(found(only, WantedPerson((ADA,)), threshold=0.5).pictures.tolist()) == [0, 1, 2]


def test_ten_thousand_copies_of_one_face_and_five_hundred_faces_in_a_photo_are_all_found():
    copies = album_of(10_000, [PlacedFace(k, X) for k in range(10_000)])
    result = found(copies, photo(X), threshold=0.99)
    assert result.pictures.tolist() == list(range(10_000))
    crowd = album_of(1, [PlacedFace(0, at(0.9 if k == 321 else 0.2)) for k in range(500)])
    result = found(crowd, photo(X), threshold=0.5)
    assert (crowd.faces[result.faces].tolist(), result.pictures.tolist()) == ([322], [0])


def test_what_cannot_be_compared_is_refused():
    album = album_of(1, [PlacedFace(0, X)])
    with pytest.raises(BadInput, match="measured by another encoder"):
        found(album, photo((1, 0)))
    with pytest.raises(NotEnoughData, match="cancel each other out"):
        found(album, photo(X, (-1, 0, 0)))
    for threshold in (float("nan"), 1.01, -2.0):
        with pytest.raises(BadInput, match="a threshold is a cosine similarity"):
            found(album, photo(X), threshold=threshold)


@st.composite
def searches(draw):
    """An album of a few faces in 4 dimensions, and a question about up to three people."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    pictures = draw(st.integers(1, 6))
    faces = []
    for _ in range(draw(st.integers(0, 10))):
        owner = draw(st.sampled_from([-1, ADA, BEA]))
        settled = owner > 0 and draw(st.booleans())
        vector = rng.normal(size=4) if draw(st.integers(0, 5)) else None
        faces.append(
            PlacedFace(draw(st.integers(0, pictures - 1)), vector, owner, settled, settled and draw(st.booleans()))
        )
    refused = [(face, person) for face in range(1, len(faces) + 1) for person in (ADA, BEA) if rng.random() < 0.1]
    album = album_of(pictures, faces, refused=refused, events=rng.integers(0, 3, pictures))
    wanted = (WantedPerson((ADA,)), photo(rng.normal(size=4)), WantedPerson((BEA,), photo(rng.normal(size=4)).vectors))
    a, b, c = map(Shows, range(3))
    expression = draw(
        st.sampled_from(
            [
                a,
                b,
                AllOf((a, b)),
                AnyOf((a, b)),
                AllOf((b, NotSo(c))),
                NotSo(a),
                AnyOf((AllOf((a, c)), b)),
                NotSo(NotSo(c)),
            ]
        )
    )
    unwanted = tuple(photo(rng.normal(size=4)) for _ in range(draw(st.integers(0, 2))))
    threshold = draw(st.sampled_from([-0.5, 0.0, 0.3, 0.6]))
    return album, PictureQuestion(wanted, expression, threshold, unwanted, least_people=draw(st.integers(0, 2)))


def by_loops(album, question, less=0.0):
    """The pictures that a search should give, by asking each picture for each face."""
    enough = [p for p in range(len(album.images)) if (album.rows == p).sum() >= (question.least_people or 0)]
    return {p for p in enough if _says(album, question, question.expression, p, question.threshold - less)}


def _middle(album, one):
    own = [f for f in range(len(album.faces)) if album.owners[f] in one.people and album.measured[f] >= 0]
    vectors = np.array([*(album.vectors[album.measured[f]] for f in own), *one.vectors], np.float64)
    return vectors.mean(axis=0) / np.linalg.norm(vectors.mean(axis=0)) if len(vectors) else None


def _is_them(album, question, face, one, threshold):
    middle, vector = _middle(album, one), album.vectors[album.measured[face]] if album.measured[face] >= 0 else None
    nothing = vector is None or middle is None
    score = -9 if nothing else float(vector @ middle)
    near = not nothing and all(score > float(vector @ _middle(album, other)) for other in question.unwanted)
    if album.owners[face] in one.people:
        return bool(album.confirmed[face]) or nothing or near
    refused = any((int(album.faces[face]), person) in album.refused for person in one.people)
    return not (one.people and (album.settled[face] or refused)) and near and score >= threshold


def _says(album, question, expression, picture, threshold):
    match expression:
        case Shows(wanted):
            faces = np.flatnonzero(album.rows == picture).tolist()
            return any(_is_them(album, question, f, question.wanted[wanted], threshold) for f in faces)
        case NotSo(NotSo(part)):
            return _says(album, question, part, picture, threshold)
        case NotSo(part):
            return not _says(album, question, part, picture, question.threshold)
        case AllOf(parts):
            return all(_says(album, question, part, picture, threshold) for part in parts)
        case AnyOf(parts):
            return any(_says(album, question, part, picture, threshold) for part in parts)


@given(searches())
def test_a_search_gives_what_a_plain_loop_gives(search):
    album, question = search
    result = ask(album, question)
    assert set(result.pictures.tolist()) == by_loops(album, question)
    assert len(set(result.pictures.tolist())) == len(result.pictures)
    assert result.just_below == len(by_loops(album, question, JUST_BELOW) - by_loops(album, question))


@given(searches())
def test_the_faces_of_a_search_are_in_its_pictures_and_the_order_is_that_of_the_scores(search):
    album, question = search
    result = ask(album, question)
    assert set(album.rows[result.faces].tolist()) <= set(result.pictures.tolist())
    scores = np.nan_to_num(result.scores, nan=-2.0).tolist()
    assert scores == sorted(scores, reverse=True)
    if looked_for(question.expression) == {0, 1} and isinstance(question.expression, AllOf):
        assert set(result.pictures.tolist()) == set(album.rows[result.faces].tolist())


@given(searches(), st.sampled_from([-0.9, -0.2, 0.1, 0.5, 0.9]))
def test_a_lower_threshold_never_loses_a_picture_unless_somebody_is_kept_out(search, lower):
    album, question = search
    asked = replace(question, expression=AnyOf((Shows(0), AllOf((Shows(1), Shows(2))))))
    less = ask(album, replace(asked, threshold=min(lower, asked.threshold)))
    assert set(ask(album, asked).pictures.tolist()) <= set(less.pictures.tolist())
