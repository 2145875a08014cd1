"""Pictures that nobody should learn from: by name, whole or base, here already or not."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, NotFound, UnreadableLabels
from core.foundation.progress import Progress
from core.jobs.inline import run_here
from core.library.exclusions import (
    NumberedRows,
    exclude,
    excluded_pictures,
    include_again,
    listed_names,
    pictures_left_out,
)
from db.engine import reading
from db.queries.library import exclusions_page
from db.tables import Exclusion, Image
from db.writing import writing


def names_left_out(workspace, dataset):
    with reading(workspace.engine) as session:
        return {row.name: row.reason for row in exclusions_page(dataset, offset=0, limit=100, session=session)}


@pytest.fixture
def three(workspace, dataset, tmp_path, pictures):
    """Pictures a/1.png, b/1.png and 2.png."""
    for number, path in enumerate(["a/1.png", "b/1.png", "2.png"]):
        (tmp_path / "set" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "set" / path).write_bytes(pictures(number))
    run_here(workspace, "import", dataset, {"source": str(tmp_path / "set")}, Progress())


@pytest.mark.parametrize(
    ("name", "content", "names"),
    [
        ("bad.txt", b"1.png\n\n# why\n  sub\\2.png \n1.png\n", ["1.png", "sub/2.png"]),
        ("bad.csv", b'\xef\xbb\xbfimage,why\n1.png,blurred\n"a, b.png",x\n', ["1.png", "a, b.png"]),
        ("bad.csv", b"1.png\n", ["1.png"]),
        ("bad.csv", b"'=1+1.png,x\n", ["=1+1.png"]),
        ("bad.txt", b"\xff\xfe1\x00.\x00p\x00", ["1.p"]),
        ("bad.csv", "image\n1.png\n".encode("utf-16"), ["1.png"]),
        ("bad.csv", b",image,nose_x\n0,1.png,3\n1,2.png,4\n", ["1.png", "2.png"]),
    ],
)
def test_a_list_is_one_name_a_line_or_the_first_column(name, content, names):
    assert listed_names(name, content) == names


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("bad.txt", b"\n# nothing\n", r"bad\.txt: it names no picture"),
        ("bad.csv", b"image\n", r"bad\.csv: it names no picture"),
        ("bad.txt", b"12\n40\n4115\n", "a number depends on the order"),
        ("bad.txt", b"[12, 40, 4115]\n", "a number depends on the order"),
        ("bad.txt", b"12.0\n40.0\n", "a number depends on the order"),
        ("bad.txt", b"-1\n3\n", "a number depends on the order"),
        ("bad.txt", b"a" * 2000, "too long for a file name"),
        ("bad.txt", b"\x80\x81", "not a text in UTF-8"),
    ],
)
def test_a_list_that_names_no_files_says_why(name, content, sentence):
    with pytest.raises(UnreadableLabels, match=sentence):
        listed_names(name, content)


TABLE = b"image,nose_x\na.png,1\nb.png,2\na.png,3\nc.png,4\n"


@pytest.mark.parametrize(
    ("content", "first", "names"),
    [
        (b"0\n3\n", 0, ["a.png", "c.png"]),
        (b"1\n4\n", 1, ["a.png", "c.png"]),
        (b"[0, 2, 1]", 0, ["a.png", "b.png"]),
        (b"0.0\n3.0\n", 0, ["a.png", "c.png"]),
        (b"0.000000000000000000e+00\n3.000000000000000000e+00\n", 0, ["a.png", "c.png"]),
        (b"[0., 3.]", 0, ["a.png", "c.png"]),
        ("3\n".encode("utf-16"), 0, ["c.png"]),
        (b"index\n3\n", 0, ["c.png"]),
        (b"z.png\n", 0, ["z.png"]),
    ],
)
def test_numbers_are_rows_of_the_table_that_is_given_with_them(content, first, names):
    name = "bad.csv" if content.startswith(b"index") else "bad.txt"
    assert listed_names(name, content, NumberedRows("train.csv", TABLE, first)) == names


@pytest.mark.parametrize(("number", "first"), [("4", 0), ("0", 1), ("5", 1), ("-1", 0), ("1.5", 0)])
def test_a_row_that_the_table_lacks_is_named(number, first):
    with pytest.raises(UnreadableLabels, match=rf"lists the row {number}, but the rows of train\.csv are {first} to"):
        listed_names("bad.txt", number.encode(), NumberedRows("train.csv", TABLE, first))


def test_names_are_kept_and_those_that_are_not_here_are_told(workspace, dataset, author, three):
    done = exclude(workspace, dataset, ["1.png", "a/1.png", "3.png", "1.png"], author_id=author, reason="blurred")
    assert (done.listed, done.matched, list(done.unknown)) == (3, 1, ["3.png"])
    assert done.unclear == {"1.png": ["a/1.png", "b/1.png"]}
    assert names_left_out(workspace, dataset) == {"1.png": "blurred", "3.png": "blurred", "a/1.png": "blurred"}


def test_listing_a_name_again_keeps_who_listed_it_first(workspace, dataset, author, three):
    exclude(workspace, dataset, ["2.png"], author_id=author, reason="first")
    exclude(workspace, dataset, ["2.png", "1.png"], author_id=author, reason="second")
    assert names_left_out(workspace, dataset) == {"1.png": "second", "2.png": "first"}
    with reading(workspace.engine) as session:
        assert {row.author_id for row in session.exec(select(Exclusion))} == {author}


def test_a_name_can_be_taken_off_the_list(workspace, dataset, author):
    exclude(workspace, dataset, ["2.png", "1.png"], author_id=author)
    assert include_again(workspace, dataset, ["2.png", "none.png"]) == 1
    assert list(names_left_out(workspace, dataset)) == ["1.png"]


@pytest.fixture
def named(workspace, dataset):
    """Adds pictures of these paths; the ids by path, and what names leave out of them, by path."""

    def added(*paths):
        with writing(workspace.engine) as session:
            rows = [
                Image(
                    dataset_id=dataset,
                    path=path,
                    sha256=f"{number:064d}",
                    size_bytes=1,
                    width=1,
                    height=1,
                    format="JPEG",
                    original=path,
                )
                for number, path in enumerate(paths)
            ]
            session.add_all(rows)
            session.flush()
            path_of = {row.id: row.path for row in rows}

        def left_out(*names):
            with reading(workspace.engine) as session:
                found = pictures_left_out(dataset, names, session=session)
            return sorted(path_of[number] for number in found.ids), dict(found.unclear), list(found.unknown)

        return left_out

    return added


def test_bare_name_leaves_no_frame_out_where_several_clips_have_it(named):
    left_out = named("a.mp4/000007.jpg", "b.mp4/000007.jpg", "b.mp4/000008.jpg")
    assert left_out("000007.jpg") == ([], {"000007.jpg": ["a.mp4/000007.jpg", "b.mp4/000007.jpg"]}, [])
    assert left_out("a.mp4/000007.jpg") == (["a.mp4/000007.jpg"], {}, [])
    assert left_out("000008.jpg") == (["b.mp4/000008.jpg"], {}, []), "exactly one fits"


def test_bare_name_of_a_picture_is_not_that_of_a_frame(named):
    left_out = named("holiday/7.jpg", "a.mp4/7.jpg")
    assert left_out("7.jpg") == (["holiday/7.jpg"], {}, [])


def test_folders_that_differ_are_information_and_a_longer_or_shorter_path_is_found(named):
    left_out = named("train/img_7.jpg", "val/img_7.jpg", "x/deep/er/1.png")
    assert left_out("img_7.jpg") == ([], {"img_7.jpg": ["train/img_7.jpg", "val/img_7.jpg"]}, [])
    assert left_out("test/img_7.jpg") == ([], {}, ["test/img_7.jpg"])
    assert left_out("val/img_7.jpg", "data/x/deep/er/1.png") == (["val/img_7.jpg", "x/deep/er/1.png"], {}, [])


def test_names_that_tools_write_otherwise_leave_the_one_picture_out_that_fits(named):
    left_out = named("a/Photo 1.JPG", "b/2.png")
    assert left_out("a/photo%201.jpg", "2.jpeg") == (["a/Photo 1.JPG", "b/2.png"], {}, [])


def test_a_name_is_not_found_within_another(named):
    left_out = named("11.jpg", "a1.jpg", "x/1.jpg.png")
    assert left_out("1.jpg", "x") == ([], {}, ["1.jpg", "x"])


@pytest.mark.parametrize("first", [0, 7, 19])
def test_what_is_left_out_does_not_follow_positions(named, first):
    paths = [f"{number}.jpg" for number in range(20)]
    assert named(*paths[first:], *paths[:first])("17.jpg", "3.jpg") == (["17.jpg", "3.jpg"], {}, [])


def test_name_that_becomes_one_of_several_is_said_and_leaves_none_out_until_its_path_is_given(
    workspace, dataset, author, named
):
    left_out = named("a/1.png", "b/1.png")
    done = exclude(workspace, dataset, ["1.png", "a/1.png", "9.png"], author_id=author)
    assert (done.listed, done.matched, list(done.unknown)) == (3, 1, ["9.png"])
    assert done.unclear == {"1.png": ["a/1.png", "b/1.png"]}
    with reading(workspace.engine) as session:
        found = excluded_pictures(dataset, session=session)
    assert (len(found.ids), list(found.unclear), list(found.unknown)) == (1, ["1.png"], ["9.png"])
    assert left_out() == ([], {}, [])


def test_no_names_and_no_dataset_are_sentences(workspace, dataset, author):
    with pytest.raises(BadInput, match="name at least one file"):
        exclude(workspace, dataset, [], author_id=author)
    with pytest.raises(NotFound, match="there is no dataset 99"):
        exclude(workspace, 99, ["1.png"], author_id=author)
