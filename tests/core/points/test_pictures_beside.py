"""Which pictures and clips beside label files the labels are of."""

from __future__ import annotations

from pathlib import Path

from core.library.sources import OfferedFile
from core.points.pictures_beside import LackingPicture, PicturesBeside


def wanted(files, *lacking):
    beside = PicturesBeside(Path("set"), lacking)
    return [file.path for file in beside.wanted([OfferedFile(path, bytes) for path in files])]


def picture(name, file_folder=""):
    return LackingPicture(name, name.rpartition("/")[0], file_folder, False)


def test_pictures_are_wanted_that_a_name_means_and_all_that_it_may_mean():
    files = ["a/1.jpg", "b/1.jpg", "c/2.JPG", "labels.json", "3.pts"]
    assert wanted(files, picture("a/1.jpg")) == ["a/1.jpg"]
    assert wanted(files, picture("1.jpg")) == ["a/1.jpg", "b/1.jpg"]
    assert wanted(files, picture("c/2.jpg"), picture("3.*")) == ["c/2.JPG"]
    assert wanted(files, picture("val/2.jpg")) == []


def test_a_clip_is_wanted_for_its_track_and_a_picture_of_its_name_is_not():
    files = ["talk.jpg", "talk.mp4"]
    assert wanted(files, LackingPicture("talk", "", "", True)) == ["talk.mp4"]
    assert wanted(files, picture("talk.*")) == ["talk.jpg"]


def test_a_clip_is_wanted_for_numbers_in_a_row_that_no_picture_has():
    files = ["001/vid.avi", "002/vid.avi", "001/imgs/000009.jpg"]
    assert wanted(files, *(picture(f"001/imgs/{number:06d}.*") for number in range(1, 4))) == ["001/vid.avi"]
    assert wanted(files, picture("001/imgs/000007.*")) == []
    assert wanted(files, picture("001/imgs/000009.*")) == ["001/imgs/000009.jpg"]
