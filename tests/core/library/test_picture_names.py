"""A name from outside means one picture, or none, or the sentence says which it may be."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput
from core.library.picture_names import PictureMatch, PictureNames

PATHS = [
    (1, "a/imgs/1.jpg"),
    (2, "b/imgs/1.jpg"),
    (3, "a/imgs/2.png"),
    (3, "copy/2b.png"),
    (4, "top.jpg"),
    (5, "x/Käse.jpg"),
]


@pytest.mark.parametrize(
    ("name", "folder", "found"),
    [
        ("a/imgs/1.jpg", "", PictureMatch(1)),
        ("./a//imgs/1.jpg", "", PictureMatch(1)),
        ("imgs/1.jpg", "b", PictureMatch(2)),
        ("../imgs/1.jpg", "b/annots", PictureMatch(2)),
        ("set/b/imgs/1.jpg", "", PictureMatch(2)),
        ("imgs/2.png", "", PictureMatch(3)),
        ("imgs/2.*", "", PictureMatch(3)),
        ("2.png", "", PictureMatch(3, by_name_alone=True)),
        ("2b.*", "", PictureMatch(3, by_name_alone=True)),
        ("elsewhere/2.png", "", PictureMatch(3, by_name_alone=True)),
        ("top.jpg", "", PictureMatch(4)),
        ("deep/down/top.jpg", "", PictureMatch(4, by_name_alone=True)),
        ("Ka\u0308se.jpg", "", PictureMatch(5, by_name_alone=True)),
        ("3.jpg", "", None),
        ("2.jpg", "", None),
        ("", "", None),
    ],
)
def test_the_whole_path_counts_then_its_end_then_the_name(name, folder, found):
    assert PictureNames(PATHS).find(name, folder) == found


def test_the_end_of_a_path_is_made_of_whole_parts():
    names = PictureNames([(1, "a/imgs/1.jpg"), (2, "gs/1.jpg")])
    assert names.find("gs/1.jpg") == PictureMatch(2)
    assert names.find("set/gs/1.jpg") == PictureMatch(2)


@pytest.mark.parametrize("name", ["1.jpg", "imgs/1.jpg", "imgs/1.*", "c/1.jpg"])
def test_a_name_that_may_be_two_pictures_names_them(name):
    with pytest.raises(BadInput, match=r"may be any of a/imgs/1\.jpg, b/imgs/1\.jpg|may be any of a/imgs/1, b/imgs/1"):
        PictureNames(PATHS).find(name)


def test_one_picture_under_two_paths_is_one_picture():
    names = PictureNames([(7, "a/1.jpg"), (7, "b/1.jpg")])
    assert names.find("1.jpg") == PictureMatch(7, by_name_alone=True)


def test_of_many_candidates_three_are_named():
    names = PictureNames((number, f"{number}/1.jpg") for number in range(9))
    with pytest.raises(BadInput, match=r"0/1\.jpg, 1/1\.jpg, 2/1\.jpg and 6 more"):
        names.find("1.jpg")


def test_nothing_is_found_where_there_is_nothing():
    assert PictureNames([]).find("1.jpg") is None


_PART = st.text("abcé.", min_size=1, max_size=3).filter(lambda part: part.strip("."))
_PATHS = st.lists(
    st.builds("{}/{}.png".format, st.lists(_PART, min_size=1, max_size=3).map("/".join), _PART),
    min_size=1,
    max_size=8,
    unique_by=lambda path: unicodedata.normalize("NFC", path),
)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(paths=_PATHS, data=st.data())
def test_a_whole_path_means_its_own_picture_whatever_else_is_there_and_in_whatever_order(paths, data):
    pictures = list(enumerate(paths, 1))
    number, path = data.draw(st.sampled_from(pictures))
    shuffled = data.draw(st.permutations(pictures))
    assert PictureNames(shuffled).find(path) == PictureMatch(number)
    folder, _, name = path.rpartition("/")
    assert PictureNames(shuffled).find(name, folder) == PictureMatch(number)
    assert PictureNames(shuffled).find(unicodedata.normalize("NFD", f"./{path}")) == PictureMatch(number)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(paths=_PATHS, name=_PART)
def test_a_bare_name_means_a_picture_only_where_one_picture_is_called_so(paths, name):
    called_so = [path for path in paths if path.rpartition("/")[2] == f"{name}.png"]
    names = PictureNames(enumerate(paths, 1))
    if len(called_so) > 1:
        with pytest.raises(BadInput, match="may be any of"):
            names.find(f"{name}.png")
    else:
        found = names.find(f"{name}.png")
        assert (found is None) == (not called_so)
        assert found is None or (paths[found.id - 1], found.by_name_alone) == (called_so[0], True)
