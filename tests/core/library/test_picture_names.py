"""A name from outside means one picture, or none, or the sentence says which it may be."""

from __future__ import annotations

import posixpath
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput
from core.library.picture_names import PictureNames
from core.library.spellings import Spelling, without_kept_in

PATHS = [
    (1, "a/imgs/1.jpg"),
    (2, "b/imgs/1.jpg"),
    (3, "a/imgs/2.png"),
    (3, "copy/2b.png"),
    (4, "top.jpg"),
    (5, "x/Käse.jpg"),
    (6, "train/img_7.jpg"),
    (7, "my pic.jpg"),
    (8, "talk.mp4/000007.jpg"),
]


def found(name, folder="", paths=PATHS):
    match = PictureNames(paths).find(name, folder)
    return match and (match.id, match.by_name_alone, match.spelling)


@pytest.mark.parametrize(
    ("name", "folder", "means"),
    [
        ("a/imgs/1.jpg", "", (1, False, None)),
        ("./a//imgs/1.jpg", "", (1, False, None)),
        ("imgs/1.jpg", "b", (2, False, None)),
        ("../imgs/1.jpg", "b/annots", (2, False, None)),
        ("imgs/1.jpg", "b/annots", (2, False, None)),
        ("set/b/imgs/1.jpg", "", (2, False, None)),
        ("../../data/b/imgs/1.jpg", "", (2, False, None)),
        ("imgs/2.png", "", (3, False, None)),
        ("imgs/2.*", "", (3, False, None)),
        ("1.jpg", "b", (2, False, None)),
        ("b/1.*", "b", (2, False, None)),
        ("2.png", "", (3, True, None)),
        ("2b.*", "", (3, True, None)),
        ("annots/2b.*", "annots", (3, True, None)),
        ("2b.png", "json/annotations", (3, True, None)),
        ("top.jpg", "", (4, False, None)),
        ("deep/down/top.jpg", "", (4, True, None)),
        ("Ka\u0308se.jpg", "", (5, True, None)),
        ("3.jpg", "", None),
        ("", "", None),
    ],
)
def test_the_whole_path_counts_then_its_end_then_the_name(name, folder, means):
    assert found(name, folder) == means


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("val/img_7.jpg", ""),
        ("val/img_7.*", "val"),
        ("img_7.jpg", "val"),
        ("IMG_7.jpg", "val"),
        ("img_7.jpg", "val/annotations"),
        ("elsewhere/2.png", ""),
        ("https:/host/val/img_7.jpg?sig=1", ""),
    ],
)
def test_a_name_of_another_folder_is_no_name_of_a_picture_here(name, folder):
    assert found(name, folder) is None


@pytest.mark.parametrize("name", ["000007.jpg", "000007.*", "holiday/000007.jpg", "000007.JPG", "Talk.mp4/000007.jpg"])
def test_a_frame_is_never_meant_by_a_name_alone_or_one_that_is_written_otherwise(name):
    assert found(name) is None


@pytest.mark.parametrize("name", ["talk.mp4/000007.jpg", "clips/talk.mp4/000007.jpg", "talk.mp4/000007.*"])
def test_a_frame_is_meant_by_its_clip_and_its_name(name):
    assert found(name) == (8, False, None)


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("TOP.jpg", (4, False, Spelling.CASE)),
        ("top.png", (4, False, Spelling.ENDING)),
        ("Top.PNG", (4, False, Spelling.ENDING)),
        ("top", (4, False, Spelling.ENDING)),
        ("top.jpg.*", (4, False, Spelling.DOUBLE_ENDING)),
        ("top.JPG.*", (4, False, Spelling.CASE)),
        ("A/imgs/1.JPG", (1, False, Spelling.CASE)),
        ("my%20pic.jpg", (7, False, Spelling.ADDRESS)),
        ("my%20pic.*", (7, False, Spelling.ADDRESS)),
        ("https:/host/top.jpg?sig=1", (4, False, Spelling.ADDRESS)),
        ("https:/host/a/b/top.jpg?sig=1", (4, True, Spelling.ADDRESS)),
        ("s3:/bucket/train/img_7.jpg", (6, False, None)),
        ("/data/local-files/?d=train/img_7.jpg", (6, False, Spelling.ADDRESS)),
        ("images/1a2b3c4d-top.jpg", (4, False, Spelling.UPLOAD)),
        ("/data/upload/3/1a2b3c4d-my%20pic.jpg", (7, False, Spelling.UPLOAD)),
        ("1a2b3c4d-TOP.jpg", (4, False, Spelling.CASE)),
        ("top.0001", None),
    ],
)
def test_a_name_as_tools_write_it_means_the_only_picture_that_fits_and_how_is_told(name, means):
    assert found(name) == means


def test_a_name_as_it_is_written_counts_before_another_reading():
    twins = [(1, "x/0001.jpg"), (2, "y/0001.png"), (3, "my%20pic.jpg"), (4, "my pic.jpg")]
    assert found("0001.jpg", paths=twins) == (1, True, None)
    assert found("my%20pic.jpg", paths=twins) == (3, False, None)


def test_a_name_and_another_reading_in_its_own_folder_leave_open_which_is_meant():
    with pytest.raises(BadInput, match=r"may be any of a/p\.jpg, p\.JPG"):
        found("a/p.JPG", paths=[(1, "a/p.jpg"), (2, "p.JPG")])
    with pytest.raises(BadInput, match=r"may be any of a\.JPG, a\.jpg"):
        found("A.jpg", paths=[(1, "a.jpg"), (2, "a.JPG")])


def test_the_end_of_a_path_is_made_of_whole_parts():
    names = [(1, "a/imgs/1.jpg"), (2, "gs/1.jpg")]
    assert found("gs/1.jpg", paths=names) == (2, False, None)
    assert found("set/gs/1.jpg", paths=names) == (2, False, None)


@pytest.mark.parametrize("name", ["1.jpg", "imgs/1.jpg", "imgs/1.*", "1.JPG", "1.png"])
def test_a_name_that_may_be_two_pictures_names_them(name):
    with pytest.raises(BadInput, match=r"may be any of a/imgs/1\.jpg, b/imgs/1\.jpg"):
        found(name)


def test_one_picture_under_two_paths_is_one_picture():
    assert found("1.jpg", paths=[(7, "a/1.jpg"), (7, "b/1.jpg")]) == (7, True, None)


def test_of_many_candidates_three_are_named():
    with pytest.raises(BadInput, match=r"0/1\.jpg, 1/1\.jpg, 2/1\.jpg and 6 more"):
        found("1.jpg", paths=((number, f"{number}/1.jpg") for number in range(9)))


def test_nothing_is_found_where_there_is_nothing():
    assert found("1.jpg", paths=[]) is None


def test_pictures_of_the_name_in_other_folders_are_told():
    assert [match.path for match in PictureNames(PATHS).elsewhere("val/img_7.*")] == ["train/img_7.jpg"]
    assert [match.path for match in PictureNames(PATHS).elsewhere("000007.jpg")] == ["talk.mp4/000007.jpg"]


def test_folders_of_labels_are_no_folders_of_pictures():
    assert without_kept_in("val/annotations/json") == "val"
    assert without_kept_in("pts") == without_kept_in("") == without_kept_in(".") == ""
    assert without_kept_in("annots/val") == "annots/val"


_PART = st.text("abcé.", min_size=1, max_size=3).filter(lambda part: part.strip("."))
_PATHS = st.lists(
    st.builds("{}/{}.png".format, st.lists(_PART, min_size=1, max_size=3).map("/".join), _PART),
    min_size=1,
    max_size=8,
    unique_by=lambda path: unicodedata.normalize("NFC", path),
)


@settings(max_examples=100)
@given(paths=_PATHS, data=st.data())
def test_a_whole_path_means_its_own_picture_whatever_else_is_there_and_in_whatever_order(paths, data):
    pictures = list(enumerate(paths, 1))
    number, path = data.draw(st.sampled_from(pictures))
    shuffled = data.draw(st.permutations(pictures))
    folder, _, name = path.rpartition("/")
    for given_name, given_folder in ((path, ""), (name, folder), (unicodedata.normalize("NFD", f"./{path}"), "")):
        assert found(given_name, given_folder, shuffled) == (number, False, None)


@settings(max_examples=100)
@given(paths=_PATHS, name=_PART)
def test_a_bare_name_means_a_picture_only_where_one_picture_is_called_so(paths, name):
    called_so = [path for path in paths if path.rpartition("/")[2] == f"{name}.png"]
    names = PictureNames(enumerate(paths, 1))
    if len(called_so) > 1:
        with pytest.raises(BadInput, match="may be any of"):
            names.find(f"{name}.png")
    else:
        match = names.find(f"{name}.png")
        assert (match is None) == (not called_so)
        assert match is None or (paths[match.id - 1], match.by_name_alone) == (called_so[0], True)


_FOLDER = st.lists(st.sampled_from(["train", "val", "a", "b"]), max_size=3).map("/".join)
_NAME = st.sampled_from(["1.jpg", "1.png", "I.JPG", "i.jpg", "1.jpg.*", "1.*", "1a2b3c4d-1.jpg", "1%2Ejpg", "1.jpg?x"])


def _join(folder, name):
    return posixpath.join(folder, name)


@settings(max_examples=500)
@given(
    paths=st.lists(st.builds(_join, _FOLDER, _NAME.filter(lambda name: "*" not in name)), min_size=1, max_size=6),
    folder=_FOLDER,
    name=_NAME,
    file_folder=_FOLDER,
)
def test_labels_of_one_folder_never_land_on_another_folders_picture(paths, folder, name, file_folder):
    named = _join(folder, name)
    own = folder or ("" if name.startswith("1a2b3c4d") else file_folder)
    if name.endswith(".*"):
        own = folder
    try:
        match = PictureNames(enumerate(paths)).find(named, file_folder)
    except BadInput:
        return
    if match is None or name.startswith("1a2b3c4d"):  # Label Studio puts every upload into one folder of its own
        return
    there = posixpath.dirname(match.path)
    full = posixpath.join(file_folder, folder)
    agree = [f"/{own}/" in f"/{there}/", f"/{own}".endswith(f"/{there}"), f"/{full}".endswith(f"/{there}")]
    assert not own or not there or any(agree)
