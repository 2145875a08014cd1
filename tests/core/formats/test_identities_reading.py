import pytest

from core.formats import READERS, WRITERS
from core.foundation.errors import UnreadableLabels
from tests.builders.labelled_examples import rehash

R = r"identities\.csv: line 2"
WRONG_TABLES = [
    (
        "identities.csv",
        b"person,name",
        b"name,person",
        r"identities\.csv: line 1 should be person,name,.* not 'name,person",
    ),
    ("identities.csv", b",20.0,40.0,40.0", b",20.0,40.0", rf"{R} should have 10 cells, not 9"),
    ("identities.csv", b"20.0,20.0,40.0", b"nan,20.0,40.0", rf"{R}: left should be a finite number, not 'nan'"),
    ("identities.csv", b"20.0,20.0,40.0", b"1e99,20.0,40.0", rf"{R}: left should be a finite number, not '1e99'"),
    ("identities.csv", b"20.0,20.0,40.0", b"1_0,20.0,40.0", rf"{R}: left should be a finite number, not '1_0'"),
    ("identities.csv", b"20.0,20.0,40.0", b"50.0,20.0,40.0", rf"{R}: a box ends before it begins"),
    ("identities.csv", b"human", b"me", rf"{R}: source should be one of human, automatic, not 'me'"),
    ("identities.csv", b"one.png", b"three.png", rf"{R}: the image 'three\.png' is not in images\.csv"),
    ("identities.csv", b"person-0001,", b",", rf"{R}: person is empty"),
    ("identities.csv", b"people/Ann/one-1.jpg", b"../one-1.jpg", rf"{R}: the path '\.\./one-1\.jpg' climbs out"),
    (
        "identities.csv",
        b"people/Ann/one-1.jpg",
        b"images/one.png",
        rf"{R}: the crop 'images/one\.png' is not in the exp",
    ),
    (
        "identities.csv",
        b"people/Ann/one-1.jpg",
        b"people/Bob/one-1.jpg",
        rf"{R}: the crop 'people/Bob/one-1\.jpg' is not",
    ),
    ("identities.csv", b"jpg,", b"jpg,0", rf"{R}: crop_sha256 is not the one in manifest\.json"),
    ("identities.csv", b"Ann,", b"\xff,", r"identities\.csv is not a CSV file in UTF-8: 'utf-8' codec"),
    ("identities.csv", b"Ann,", b'"Ann,', r"identities\.csv is not a CSV file in UTF-8: unexpected end of data"),
    ("images.csv", b"one.png,100", b"one.png,0", r"images\.csv: line 2: width should be a whole number of at least 1"),
    ("images.csv", b"one.png,100", b"one.png,-4", r"images\.csv: line 2: width should be a whole number .* not '-4'"),
    ("images.csv", b"two.png", b"one.png", r"images\.csv: line 3: the image 'one\.png' occurs twice"),
    ("images.csv", b"two.png", b"../two.png", r"images\.csv: line 3: the path '\.\./two\.png' climbs out"),
    ("images.csv", b"two.png", b"six.png", r"images\.csv: line 3: manifest\.json lists no file 'images/six\.png'"),
    ("images.csv", b"two.png,", b",", r"images\.csv: line 3: image is empty"),
    ("images.csv", b",new,", b",,", r"images\.csv: line 2: state is empty"),
]


@pytest.mark.parametrize("name", ["identities", "facet"])
@pytest.mark.parametrize(("file", "old", "new", "message"), WRONG_TABLES, ids=[row[3] for row in WRONG_TABLES])
def test_wrong_table_is_named_with_its_line(small_dataset, tmp_path, name, file, old, new, message):
    WRITERS[name](small_dataset, tmp_path / "out", exported_at="now")
    place = tmp_path / "out" / file
    content = place.read_bytes()
    assert old in content
    place.write_bytes(content.replace(old, new, 1))
    rehash(tmp_path / "out", file)
    with pytest.raises(UnreadableLabels, match=message):
        READERS[name](tmp_path / "out")


def test_row_that_stands_twice_and_a_person_of_two_names_are_refused(small_dataset, tmp_path):
    WRITERS["identities"](small_dataset, tmp_path / "out", exported_at="now")
    place = tmp_path / "out" / "identities.csv"
    lines = place.read_bytes().splitlines(keepends=True)
    place.write_bytes(b"".join([*lines, lines[1]]))
    rehash(tmp_path / "out", "identities.csv")
    with pytest.raises(UnreadableLabels, match=r"line 3: the crop 'people/Ann/one-1\.jpg' occurs twice"):
        READERS["identities"](tmp_path / "out")
    without_crop = b",".join([*lines[1].split(b",")[:-2], b"", b"\r\n"])
    place.write_bytes(b"".join([*lines, without_crop.replace(b"Ann", b"Bob")]))
    rehash(tmp_path / "out", "identities.csv")
    with pytest.raises(UnreadableLabels, match="line 3: person-0001 is called 'Bob' here, but 'Ann' above"):
        READERS["identities"](tmp_path / "out")
