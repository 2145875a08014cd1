"""What members of a zip are called, whatever code their names are written in."""

from __future__ import annotations

import zipfile

import pytest

from core.library.zip_names import member_names


def members(*names, code):
    """Members whose names are written in a code without saying which."""
    made = [zipfile.ZipInfo(name.encode(code).decode("cp437")) for name in names]
    for member in made:
        member.flag_bits = 0
    return made


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["写真/顔.jpg", "a.jpg"], "utf-8"),
        (["写真/顔.jpg", "a.jpg"], "cp932"),
        (["カメラ／「花」(１).jpg"], "cp932"),
        (["顔写真一覧ﾃｽﾄ.jpg"], "cp932"),
        (["얼굴.jpg"], "utf-8"),
        (["Käse/Müller.jpg", "Göran.jpg", "Éire.jpg"], "cp437"),
        (["Käse/Müller.jpg"], "utf-8"),
        (["plain.jpg"], "ascii"),
        ([], "utf-8"),
    ],
)
def test_names_that_do_not_say_their_code_are_read_in_the_one_that_fits_them_all(names, code):
    assert member_names(members(*names, code=code)) == names


@pytest.mark.parametrize(("name", "code"), [("照片.jpg", "gbk"), ("лицо.jpg", "cp866"), ("░▒▓.jpg", "cp437")])
def test_names_of_another_code_stay_as_the_zip_states_them(name, code):
    assert member_names(members(name, code=code)) == [name.encode(code).decode("cp437")]


def test_a_name_that_says_that_it_is_utf8_is_taken_at_its_word():
    stated = zipfile.ZipInfo("顔.jpg")
    stated.flag_bits = 0x800
    assert member_names([stated, *members("写真.jpg", code="cp932")]) == ["顔.jpg", "写真.jpg"]
