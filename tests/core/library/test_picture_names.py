"""A name from outside means one picture, or none, or the sentence says which it may be."""

from __future__ import annotations

import pytest

from core.foundation.errors import BadInput
from core.library.picture_names import Match, PictureNames

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
        ("a/imgs/1.jpg", "", Match(1)),
        ("./a//imgs/1.jpg", "", Match(1)),
        ("imgs/1.jpg", "b", Match(2)),
        ("../imgs/1.jpg", "b/annots", Match(2)),
        ("set/b/imgs/1.jpg", "", Match(2)),
        ("imgs/2.png", "", Match(3)),
        ("imgs/2.*", "", Match(3)),
        ("2.png", "", Match(3, by_name_alone=True)),
        ("2b.*", "", Match(3, by_name_alone=True)),
        ("elsewhere/2.png", "", Match(3, by_name_alone=True)),
        ("top.jpg", "", Match(4)),
        ("deep/down/top.jpg", "", Match(4, by_name_alone=True)),
        ("Ka\u0308se.jpg", "", Match(5, by_name_alone=True)),
        ("3.jpg", "", None),
        ("2.jpg", "", None),
        ("", "", None),
    ],
)
def test_the_whole_path_counts_then_its_end_then_the_name(name, folder, found):
    assert PictureNames(PATHS).find(name, folder) == found


def test_the_end_of_a_path_is_made_of_whole_parts():
    names = PictureNames([(1, "a/imgs/1.jpg"), (2, "gs/1.jpg")])
    assert names.find("gs/1.jpg") == Match(2)
    assert names.find("set/gs/1.jpg") == Match(2)


@pytest.mark.parametrize("name", ["1.jpg", "imgs/1.jpg", "imgs/1.*", "c/1.jpg"])
def test_a_name_that_may_be_two_pictures_names_them(name):
    with pytest.raises(BadInput, match=r"may be any of a/imgs/1\.jpg, b/imgs/1\.jpg|may be any of a/imgs/1, b/imgs/1"):
        PictureNames(PATHS).find(name)


def test_one_picture_under_two_paths_is_one_picture():
    names = PictureNames([(7, "a/1.jpg"), (7, "b/1.jpg")])
    assert names.find("1.jpg") == Match(7, by_name_alone=True)


def test_of_many_candidates_three_are_named():
    names = PictureNames((number, f"{number}/1.jpg") for number in range(9))
    with pytest.raises(BadInput, match=r"0/1\.jpg, 1/1\.jpg, 2/1\.jpg and 6 more"):
        names.find("1.jpg")


def test_nothing_is_found_where_there_is_nothing():
    assert PictureNames([]).find("1.jpg") is None
