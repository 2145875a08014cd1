"""Search from the command line: people and photos, and, or, without, times, and what is just below."""

from __future__ import annotations

import json
import zipfile
from datetime import datetime

import numpy as np
import pytest
from sqlmodel import select

from core.people.encoders import encoder_of
from core.people.searching import PhotoQuery
from db.engine import reading
from db.tables import CaptureTime, Image
from db.writing import writing
from tests.builders.people_rows import own
from tests.builders.staged_people import ENCODER, add_faces, vector

FACES = [
    ("ada.jpg", vector(0)),
    ("both.jpg", vector(0, 1)),
    ("both.jpg", vector(1)),
    ("bea.jpg", vector(1, 1)),
    ("three.jpg", vector(0, 2)),
    ("three.jpg", vector(1, 2)),
    ("three.jpg", vector(2)),
    ("empty.jpg", vector(9)),
]


@pytest.fixture
def album(workspace, dataset, home):
    """Ada is in ada, both and three, Bea in both, bea and three, Cid in three; a stranger is in empty."""
    faces = add_faces(workspace, dataset, FACES)
    people = [("Ada", (0, 1, 4)), ("Bea", (2, 3, 5)), ("Cid =1", (6,))]
    for name, rows in people:
        own(workspace, dataset, [faces[row] for row in rows], name)
    return dataset


@pytest.fixture
def photos(workspace, dataset, tmp_path, monkeypatch):
    """Files whose faces are known: of each name in a file's name one."""
    known = {"ada": vector(0, 5), "bea": vector(1, 5), "cid": vector(2, 5), "stranger": vector(9, 5)}

    def read(_, content, name, encoder=None):
        rows = [known[word] for word in content.decode().split()]
        version = encoder_of(workspace, dataset).id
        corners = tuple((float(k), 0.0, k + 10.0, 10.0) for k in range(len(rows)))
        return PhotoQuery(np.stack(rows), (b"",) * len(rows), 0, version, ENCODER, 0.9, corners)

    monkeypatch.setattr("core.commands.search.photo_query", read)

    def make(content):
        (tmp_path / f"{content}.jpg").write_text(content)
        return tmp_path / f"{content}.jpg"

    return make


@pytest.fixture
def images(told, album):
    """The pictures of a search, by name."""

    def search(*arguments):
        code, result = told("search", "--dataset", "faces", *arguments)
        assert code == 0
        return sorted(match["image"].removesuffix(".jpg") for match in result["matches"])

    return search


def test_people_are_joined_by_and_or_and_without(images):
    assert images("--person", "Ada") == ["ada", "both", "three"]
    assert images("--person", "Ada", "--and", "Bea") == ["both", "three"]
    assert images("--person", "Ada", "--person", "Bea") == ["both", "three"]
    assert images("--person", "Ada", "--or", "Bea") == ["ada", "bea", "both", "three"]
    assert images("--or", "Ada", "--or", "Bea") == ["ada", "bea", "both", "three"]
    assert images("--person", "Ada", "--and", "Bea", "--without", "Cid =1") == ["both"]
    assert images("--person", "Ada", "--and", "Bea", "--or", "Cid =1") == ["both", "three"]
    assert images("--without", "Ada") == ["bea", "empty"]
    assert images("--person", "Ada", "--without", "Ada") == []


def test_photos_are_one_person_and_go_together_with_people(images, photos):
    assert images("--photo", photos("ada")) == ["ada", "both", "three"]
    assert images("--photo", photos("ada"), "--photo", photos("ada bea"), "--face", "1", "--face", "1") == [
        "ada",
        "both",
        "three",
    ]
    assert images("--photo", photos("stranger"), "--or", "Cid =1") == ["empty", "three"]
    assert images("--photo", photos("ada"), "--and", "Bea") == ["both", "three"]
    assert images("--photo", photos("ada bea"), "--face", "2") == ["bea", "both", "three"]


def test_who_is_not_meant_is_left_out_without_being_kept_out(images, photos):
    loose = ("--photo", photos("ada"), "--threshold", "0")
    assert images(*loose) == ["ada", "bea", "both", "empty", "three"]
    assert images(*loose, "--not-photo", photos("bea stranger")) == ["ada", "both", "three"], "each of its faces"
    assert images(*loose, "--not-person", "Bea") == ["ada", "both", "three"]


def test_each_match_says_which_faces_are_meant_and_what_is_just_below_is_counted(told, album, photos):
    code, result = told("search", "--dataset", "faces", "--photo", photos("ada"), "--threshold", "0.97")
    score = float(vector(0) @ vector(0, 5))
    assert (code, result["matches"], result["just_below"], result["threshold"]) == (0, [], 3, 0.97)
    _, result = told("search", "--dataset", "faces", "--photo", photos("ada"), "--threshold", "0.95")
    assert result["just_below"] == result["undated"] == 0
    first = result["matches"][0]
    assert set(first) == {"image", "score", "box", "faces", "taken", "event"}
    assert (first["score"], first["box"]) == (pytest.approx(score), [8, 8, 56, 56])
    assert first["faces"] == [{"box": [8, 8, 56, 56], "score": pytest.approx(score), "person": "Ada", "known": False}]


def test_times_and_numbers_of_people_are_conditions(told, images, workspace):
    with reading(workspace.engine) as session:
        numbers = dict(session.exec(select(Image.path, Image.id)).all())
    with writing(workspace.engine) as session:
        for day, name in enumerate(["ada.jpg", "both.jpg", "bea.jpg"], start=1):
            session.add(CaptureTime(image_id=numbers[name], at=datetime(2024, 5, day, 12)))
    assert images("--from", "2024-05-02") == ["bea", "both"]
    assert images("--person", "Ada", "--to", "2024-05-02") == ["ada", "both"]
    assert images("--person", "Ada", "--from", "2024-05-02T12:00", "--to", "2024-05-02T12:00:00") == ["both"]
    _, result = told("search", "--dataset", "faces", "--person", "Ada", "--from", "2024")
    assert result["undated"] == 1
    assert [(match["taken"], match["event"]) for match in result["matches"]] == [
        ("2024-05-01T12:00:00", 1),
        ("2024-05-02T12:00:00", 2),
    ]
    assert images("--least-people", "2") == ["both", "three"]
    assert images("--person", "Ada", "--most-people", "1") == ["ada"]
    assert images("--person", "Ada", "--and", "Bea", "--by-event") == ["both", "three"]


def test_the_times_of_older_pictures_are_read_when_they_are_asked_for(told, album, workspace):
    told("search", "--dataset", "faces", "--person", "Ada")
    with reading(workspace.engine) as session:
        assert len(session.exec(select(CaptureTime.image_id)).all()) == 5


def test_a_search_in_words(facet, album, photos):
    code, stdout, _ = facet("search", "--dataset", "faces", "--photo", photos("ada"), "--threshold", "0.97")
    assert (code, stdout) == (0, "no picture shows this person\n3 more just below the threshold\n")
    _, stdout, _ = facet("search", "--dataset", "faces", "--without", "Ada")
    assert stdout == "     –  bea.jpg\n     –  empty.jpg\n"
    _, stdout, _ = facet("search", "--dataset", "faces", "--person", "Cid =1")
    assert stdout == "1.0000  three.jpg  48 × 48 px at 128, 8\n"
    _, stdout, _ = facet("search", "--dataset", "faces", "--from", "2024")
    assert stdout == "no picture is as asked for\n5 left out: nobody knows when they were taken\n"


def test_pictures_are_taken_along_in_a_new_zip_and_what_is_not_in_it_is_told(told, refused, album, tmp_path):
    found = ("search", "--dataset", "faces", "--person", "Ada", "--and", "Bea")
    code, result = told(*found, "--zip", tmp_path / "both.zip", "--blur-others")
    assert code == 1
    assert {item["image"]: item["reason"] for item in result["left_out"]} == dict.fromkeys(
        ["both.jpg", "three.jpg"], "the file was changed after the import; import it again"
    ), "its SHA-256 is made up"
    code, result = told(*found, "--zip", tmp_path / "plain.zip")
    assert (code, result["left_out"]) == (0, [])
    with zipfile.ZipFile(tmp_path / "plain.zip") as archive:
        assert archive.namelist() == ["pictures/both.jpg", "pictures/three.jpg", "matches.json", "matches.csv"]
        assert json.loads(archive.read("matches.json")) == [
            {"file": f"pictures/{match['image']}", **match} for match in result["matches"]
        ]
    again = refused(*found, "--zip", tmp_path / "plain.zip")
    assert again.startswith(f"{tmp_path / 'plain.zip'}: a file is there already")
    assert refused(*found, "--blur-others").startswith("--blur-others is about the pictures of a --zip")


def test_what_cannot_be_asked_is_a_sentence(refused, album, photos):
    search = ("search", "--dataset", "faces")
    assert refused(*search).startswith("say what to look for")
    assert refused(*search, "--person", "Eve").startswith("nobody here is called Eve")
    assert "a time is written as" in refused(*search, "--from", "yesterday")
    assert "say which one is meant (--face)" in refused(*search, "--photo", photos("ada bea"))
    assert "there is no number 3" in refused(*search, "--photo", photos("ada bea"), "--face", "3")
    two = ("--photo", photos("ada"), "--photo", photos("bea"))
    assert refused(*search, *two, "--face", "1").startswith(
        "--face is given once for each --photo, in their order: 2 photos, 1 face"
    )
    assert refused(*search, "--person", "Ada", "--face", "1").startswith("--face is given once for each --photo")
    assert refused(*search, "--from", "2024", "--to", "2023") == (
        "the first time, 2024-01-01 00:00:00, is after the last one, 2023-12-31 23:59:59: no picture is of both"
    )
    assert refused(*search, "--least-people", "3", "--most-people", "2") == (
        "no picture shows at least 3 people and at most 2"
    )
    assert "a threshold is a cosine similarity" in refused(*search, "--person", "Ada", "--threshold", "nan")


def test_a_dataset_without_any_face_can_be_searched_by_time(told, workspace, dataset, home):
    code, result = told("search", "--dataset", "faces", "--most-people", "0")
    assert (code, result["matches"]) == (0, [])
