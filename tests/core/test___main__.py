"""The command line: one JSON object on stdout, sentences on stderr, and exit codes that a script can trust."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rich.markup
import typer
from sqlalchemy import event
from sqlmodel import select

from core import __main__ as command_line
from core.__main__ import app
from core.drawn import draw_landscape
from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_group, draw_portrait
from core.drawn.truth import write_picture
from core.foundation.arrays import Boxes, Keypoints
from core.foundation.messages import message
from core.foundation.settings import settings
from core.foundation.skeletons import SKELETONS
from core.foundation.workspace import Workspace
from core.jobs import inline
from core.jobs.kinds import RUN_KINDS
from core.library import importing
from core.people.bodies import BodyModels
from db.engine import reading
from db.tables import SET_ASIDE, Dataset, Image, Run, Threshold
from db.writes.library import ensure_dataset, ensure_user
from db.writing import writing
from tests.builders.places import DATA, ROOT
from tests.builders.run_kinds import run_kind
from tests.builders.staged_people import add_faces, group, vector


def test_an_import_takes_label_files_too_and_says_what_came_of_them(facet, told, tmp_path, pictures):
    source = tmp_path / "two words"
    source.mkdir()
    (source / "faces.xml").write_bytes((DATA / "labels" / "faces.xml").read_bytes())
    (source / "notes.csv").write_text("a,b\n")
    code, found = told("import", source, "--dataset", "d")
    assert (code, found["images"], found["label_files"]["format"]) == (1, 0, "dlib XML")
    assert found["label_files"]["waiting"] > 0
    code, stdout, _ = facet("import", source, "--dataset", "d")
    assert f"labels of 1 files, {found['label_files']['waiting']} wait for pictures" in stdout


def test_an_import_whose_labels_ask_something_says_how_to_answer_and_is_no_success(facet, told, tmp_path, pictures):
    source = tmp_path / "shares"
    source.mkdir()
    (source / "one.png").write_bytes(pictures(1, size=(160, 120)))
    names = list(SKELETONS["coco17"].point_names)
    flat = [value for number in range(17) for value in (0.2 + 0.01 * number, 0.5, 2)]
    content = {
        "images": [{"id": 1, "file_name": "one.png"}],
        "categories": [{"id": 1, "name": "person", "keypoints": names}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "keypoints": flat, "num_keypoints": 17}],
    }
    (source / "people.json").write_text(json.dumps(content))
    code, found = told("import", source, "--dataset", "d")
    assert (code, found["added"], found["label_files"]["asked"]) == (3, 1, {"scale": 1})
    code, _, stderr = facet("import", source, "--dataset", "d")
    assert (code, "1 wait for --answer scale=share|pixels|drop, given to `labels`" in stderr) == (3, True)


def test_the_help_of_import_says_that_clips_come_in_too(facet):
    assert "video clip" in " ".join(facet("import", "--help")[1].split())


def _helps(command, path=()):
    """(name, help text) of a command, its subcommands and their options."""
    yield " ".join(path), command.help or ""
    for parameter in command.params:
        yield f"{' '.join(path)} {parameter.name}", getattr(parameter, "help", None) or ""
    for name, inner in getattr(command, "commands", {}).items():
        yield from _helps(inner, (*path, name))


def test_no_word_of_a_help_is_taken_for_markup():
    helps = list(_helps(typer.main.get_command(app)))
    assert len(helps) > 60
    assert {name: text for name, text in helps if rich.markup.render(text).plain != text} == {}


def test_nothing_to_read_is_not_counted(facet, tmp_path):
    (tmp_path / "empty").mkdir()
    assert facet("import", tmp_path / "empty", "--dataset", "d")[2] == ""


def test_a_name_with_a_line_break_stays_on_its_line(facet, tmp_path):
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "a\nskipped b.png: gone\x1b[31m.txt").write_text("hello")
    _, _, stderr = facet("import", tmp_path / "odd", "--dataset", "d")
    assert [line for line in stderr.splitlines() if line.startswith("skipped")] == [
        r"skipped a\nskipped b.png: gone\x1b[31m.txt: not a picture but text"
    ]
    assert "\x1b" not in stderr
    sentence = facet("import", tmp_path / "no\x07where", "--dataset", "d")[2]
    assert sentence.endswith("no\\x07where: there is no such file or folder\n")


def test_import_gives_its_counts_and_what_was_skipped(told, photos):
    code, result = told("import", photos, "--dataset", "d")
    assert code == 1
    assert result == {
        "images": 3,
        "added": 2,
        "duplicates": 1,
        "clips": 0,
        "frames": 0,
        "bytes_kept": 0,
        "skipped": [{"path": "notes.txt", "reason": "not a picture but text"}],
    }
    (photos / "notes.txt").unlink()
    assert told("import", photos, "--dataset", "d") == (
        0,
        {"images": 3, "added": 0, "duplicates": 3, "clips": 0, "frames": 0, "bytes_kept": 0, "skipped": []},
    )


def test_import_in_words_lists_what_was_skipped_on_stderr(facet, photos):
    code, stdout, stderr = facet("import", photos, "--dataset", "d")
    assert code == 1
    assert stdout == "3 pictures: 2 added, 1 there already\n"
    assert "skipped notes.txt: not a picture but text" in stderr


def test_import_names_only_the_first_twenty_skipped_files_in_words(facet, tmp_path):
    (tmp_path / "many").mkdir()
    for number in range(25):
        (tmp_path / "many" / f"{number:02}.txt").write_text("x")
    _, stdout, stderr = facet("import", tmp_path / "many", "--dataset", "d")
    assert stdout == "0 pictures: 0 added, 0 there already\n"
    assert stderr.count("skipped ") == 20
    assert "… and 5 more; --json lists them all" in stderr


def test_import_takes_a_zip_a_single_picture_and_an_export(facet, told, photos, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(photos / "Ada" / "1.png", "1.png")
    assert told("import", tmp_path / "a.zip", "--dataset", "d")[1]["added"] == 1
    assert told("import", photos / "Ada" / "2 {x}.png", "--dataset", "d")[1]["added"] == 1
    assert told("export", "--dataset", "d", "--out", tmp_path / "out", "--format", "coco")[0] == 0
    _, again = told("import", tmp_path / "out", "--dataset", "again")
    assert (again["added"], again["restored"]) == (2, {"instances": 0, "points": 0, "people": 0, "kept": 0})
    assert "; with them 0 faces and figures of 0 people" in facet("import", tmp_path / "out", "--dataset", "more")[1]


def test_import_with_identities_and_reference(told, photos, workspace):
    told("import", photos, "--dataset", "d", "--identities", "--reference")
    with reading(workspace.engine) as session:
        images = session.exec(select(Image).order_by(Image.path)).all()
    assert [image.identity for image in images] == ["Ada", "Ada"]
    assert workspace.original(images[0].original) == photos / "Ada" / "1.png"


def test_file_names_that_are_not_utf_8_do_not_spoil_the_json(told, tmp_path, pictures):
    folder = os.fsencode(tmp_path / "odd")
    os.mkdir(folder)
    for name, content in ((b"caf\xe9.png", pictures(1)), (b"t\xe9xt.txt", b"text")):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    code, result = told("import", os.fsdecode(folder), "--dataset", "d")
    assert (code, result["added"]) == (1, 1)
    assert result["skipped"] == [{"path": "t�xt.txt", "reason": "not a picture but text"}]


def test_import_that_cannot_run_is_a_sentence(refused, tmp_path, workspace):
    assert refused("import", tmp_path / "nowhere", "--dataset", "d").endswith(
        "nowhere: there is no such file or folder"
    )
    with reading(workspace.engine) as session:
        assert session.exec(select(Dataset)).all() == []  # a slip of the finger makes no dataset
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 not a zip")
    assert refused("import", tmp_path / "bad.zip", "--dataset", "d") == "bad.zip: the zip is damaged"
    odd = tmp_path / os.fsdecode(b"b\xe9d.zip")
    odd.write_bytes(b"not a zip")
    assert refused("import", odd, "--dataset", "d") == "b�d.zip: the zip is damaged"
    with reading(workspace.engine) as session:
        assert [run.state for run in session.exec(select(Run))] == ["failed", "failed"]


COMMANDS = [
    ("faces",),
    ("bodies",),
    ("people",),
    ("people", "--regroup"),
    ("verify",),
    ("search", "--photo", "PHOTO"),
    ("export", "--out", "OUT"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_unknown_dataset_is_a_sentence_that_says_how_to_make_it(refused, command, photos, tmp_path, workspace):
    places = {"PHOTO": photos / "Ada" / "1.png", "OUT": tmp_path / "out"}
    sentence = refused(*(places.get(word, word) for word in command), "--dataset", "typo")
    assert sentence == "there is no dataset called typo; `python -m core import PATH --dataset typo` makes it"
    assert not (tmp_path / "out").exists()


def test_a_command_without_its_dataset_is_refused(facet, refused):
    for command in ("import", "faces", "bodies", "people", "search", "export"):
        code, stdout, stderr = facet(command)
        assert (code, stdout) == (2, "")
        assert "Missing" in stderr
    assert refused("verify").startswith("give a dataset")  # or a file of scores


def test_what_is_set_aside_is_listed_and_taken_up_again(told, facet, photos, workspace):
    facet("import", photos, "--dataset", "faces")
    with writing(workspace.engine) as session:
        image = session.exec(select(Image)).first()
        path, image.reason = image.path, message(SET_ASIDE, of=image.path).to_json()
    command = ("set-aside", "--dataset", "faces")
    assert facet(*command) == (0, f"{path}\n", "")
    assert told(*command, "--again") == (0, {"pictures": [path], "again": True})
    assert told(*command) == (0, {"pictures": [], "again": False})


def test_bodies_are_found_and_counted(told, facet, photos, monkeypatch):
    points = SimpleNamespace(name="tiny-points", weights_sha256="f" * 64, settings={})
    points.locate = lambda image, corners, sources=None: [Keypoints.of(np.full((24, 2), 15.0)) for _ in corners]
    detector = SimpleNamespace(name="blazepose", weights_sha256="d" * 64, settings={})
    one = Boxes(np.array([[10, 10, 30, 40]], np.float32), np.ones(1, np.float32), np.zeros((1, 5, 2), np.float32))
    detector.detect = lambda images: [one if image[0, 0, 0] % 2 else Boxes.none() for image in images]
    monkeypatch.setattr(BodyModels, "load", lambda workspace: BodyModels(detector, points))
    _, imported = told("import", photos, "--dataset", "figures")
    code, result = told("bodies", "--dataset", "figures")
    assert code == 0
    assert result["images"] == imported["added"] == result["bodies"] + result["without_body"]
    assert result["failed"] == 0
    _, stdout, _ = facet("bodies", "--dataset", "figures")
    assert stdout == "{bodies} bodies in {images} pictures; {without_body} without anybody\n".format(**result)


def test_where_nobody_can_be_found_a_sentence_says_what_to_fetch(refused, facet, photos):
    facet("import", photos, "--dataset", "figures")
    assert "python -m core weights fetch pose-detection" in refused("bodies", "--dataset", "figures")


def test_verify_gives_every_figure_and_keeps_the_threshold_when_asked(told, people_staged, workspace):
    code, result = told("verify", "--dataset", "faces")
    assert code == 0
    assert {"model", "same", "different", "threshold", "accuracy", "precision", "recall", "f1", "eer"} <= set(result)
    # two people of two faces: two pairs of one person (cosine 1 / 1.04), and four of two
    assert (result["model"], result["same"], result["different"]) == ("dlib-resnet", 2, 4)
    assert set(result["intervals"].values()) == {None}, "two people show nothing"
    assert [result[name] for name in ("accuracy", "precision", "recall", "f1", "eer")] == [1, 1, 1, 1, 0]
    assert 0.04 / 1.04 < result["threshold"] <= 1 / 1.04 + 1e-6
    with reading(workspace.engine) as session:
        assert session.exec(select(Threshold)).all() == []
    told("verify", "--dataset", "faces", "--save")
    with reading(workspace.engine) as session:
        assert session.exec(select(Threshold.value)).one() == pytest.approx(result["threshold"])


def test_verify_without_confirmed_people_is_a_sentence(refused, told, photos, workspace, people_staged):
    told("import", photos, "--dataset", "new")
    assert "has an embedding of dlib-resnet yet" in refused("verify", "--dataset", "new")
    with writing(workspace.engine) as session:
        other = ensure_dataset("loose", ensure_user("ada", session=session), session=session)
    add_faces(workspace, other, [("a.png", vector(0))])
    group(workspace, other)
    assert refused("verify", "--dataset", "loose").startswith("a threshold needs confirmed faces")


@pytest.mark.parametrize("format_name", ["coco", "identities", "facet"])
def test_export_writes_and_counts(told, photos, tmp_path, format_name):
    told("import", photos, "--dataset", "d", "--identities")
    code, result = told("export", "--dataset", "d", "--out", tmp_path / "out", "--format", format_name)
    assert code == 0
    assert (result["folder"], result["format"]) == (str(tmp_path / "out"), format_name)
    assert (result["images"], result["not_exported"]) == (2, 0)
    assert result["files"] == len([file for file in (tmp_path / "out").rglob("*") if file.is_file()])


def test_export_that_loses_a_picture_ends_with_1(told, photos, tmp_path, workspace):
    told("import", photos, "--dataset", "d")
    with reading(workspace.engine) as session:
        workspace.original(session.exec(select(Image.original)).first()).unlink()
    code, result = told("export", "--dataset", "d", "--out", tmp_path / "out")
    assert (code, result["images"], result["not_exported"]) == (1, 1, 1)


def test_export_that_cannot_run_is_a_sentence(refused, people_staged, tmp_path):
    out = tmp_path / "out"
    assert refused("export", "--dataset", "faces", "--out", out, "--format", "yolo") == (
        "there is no export format 'yolo'; there are coco, identities, facet"
    )
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("precious")
    assert "out is not an empty folder" in refused("export", "--dataset", "faces", "--out", out)
    assert [file.name for file in out.iterdir()] == ["mine.txt"]
    deeper = out / "mine.txt" / "deeper"
    assert refused("export", "--dataset", "faces", "--out", deeper) == f"{deeper} was not written: Not a directory"


def test_search_for_what_is_no_photo_is_a_sentence(refused, people_staged, photos, tmp_path):
    search = ("search", "--dataset", "faces", "--photo")
    assert refused(*search, photos / "notes.txt") == "notes.txt: not a picture but text"
    assert "No such file or directory" in refused(*search, tmp_path / "nowhere.jpg")
    assert "Is a directory" in refused(*search, photos)
    assert refused(*search, photos / "Ada" / "1.png").startswith("1.png: no face is found in this photo")


def test_an_unknown_encoder_is_a_sentence(refused, people_staged, photos):
    for command in (("faces",), ("verify",), ("search", "--photo", photos / "Ada" / "1.png")):
        assert "magic" in refused(*command, "--dataset", "faces", "--encoder", "magic")


def test_runs_are_listed_the_newest_first(told, facet, photos):
    assert told("runs") == (0, {"runs": []})
    assert facet("runs")[1] == "no runs yet\n"
    told("import", photos, "--dataset", "d")
    told("export", "--dataset", "d", "--out", photos.parent / "out")
    code, result = told("runs")
    assert code == 0
    assert [(run["kind"], run["state"], run["dataset"]) for run in result["runs"]] == [
        ("export", "done", "d"),
        ("import", "done", "d"),
    ]
    assert result["runs"][1]["counts"]["added"] == 2


def test_runs_says_how_many_older_ones_it_leaves_out(facet, photos, monkeypatch):
    facet("import", photos, "--dataset", "d")
    assert facet("runs")[2] == ""
    monkeypatch.setattr(command_line, "_RUNS", 1)
    facet("import", photos, "--dataset", "d")
    _, stdout, stderr = facet("runs")
    assert (stdout.count("\n"), stderr) == (1, "… and 1 older; the Jobs page has them all\n")


def test_weights_are_listed_with_licence_and_place(told, facet):
    code, result = told("weights", "list")
    assert code == 0
    assert len(result["weights"]) == len(facet("weights", "list")[1].splitlines())
    assert all({"name", "present", "sha256"} <= set(row) for row in result["weights"])


def test_unknown_weights_are_a_sentence(refused):
    assert "magic" in refused("weights", "fetch", "magic")


def test_a_model_of_several_files_is_fetched_by_its_name(told):
    code, result = told("weights", "fetch", "mtcnn")  # they come with its package
    assert (code, result["name"], len(result["files"])) == (0, "mtcnn", 3)
    assert result["files"][0] == result["file"]
    assert all(Path(file).is_file() for file in result["files"])


def test_backup_copies_the_store_and_overwrites_nothing(told, refused, tmp_path, home):
    code, result = told("backup")
    assert code == 0
    assert Path(result["file"]).parent == home / "backups"
    assert told("backup", "--out", tmp_path / "copy.db")[1] == {"file": str(tmp_path / "copy.db")}
    assert refused("backup", "--out", tmp_path / "copy.db").endswith("copy.db is there already")


def test_an_unexpected_error_in_a_run_is_one_sentence_and_the_traceback_is_kept(
    refused, photos, workspace, monkeypatch
):
    def broken(*_, **__):
        raise ZeroDivisionError("first line\nsecond line")

    monkeypatch.setitem(RUN_KINDS, "import", run_kind(broken))
    assert refused("import", photos, "--dataset", "d") == "ZeroDivisionError: first line second line"
    with reading(workspace.engine) as session:
        run = session.exec(select(Run)).one()
    assert run.state == "failed"
    assert "Traceback (most recent call last)" in run.log
    assert "in broken" in run.log


def test_an_error_may_name_a_file_whose_name_is_not_utf_8(refused, photos, workspace, monkeypatch):
    def broken(*_, **__):
        raise OSError(5, "Input/output error", "caf\udce9.png")

    monkeypatch.setitem(RUN_KINDS, "import", run_kind(broken))
    assert "OSError: [Errno 5] Input/output error" in refused("import", photos, "--dataset", "d")
    with reading(workspace.engine) as session:
        assert session.exec(select(Run.state)).all() == ["failed"]


def test_a_run_that_a_worker_took_and_let_go_is_taken_over(told, photos, monkeypatch, workspace):
    real, calls = inline.perform, []

    def perform(*arguments, **options):
        calls.append(arguments)
        return False if len(calls) == 1 else real(*arguments, **options)

    monkeypatch.setattr(inline, "perform", perform)
    monkeypatch.setattr(inline, "_POLL_SECONDS", 0)
    assert told("import", photos, "--dataset", "d")[1]["added"] == 2
    assert len(calls) == 2


def test_an_unexpected_error_outside_of_a_run_is_one_sentence(refused, people_staged, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("it broke")

    monkeypatch.setattr(command_line.verification, "confirmed_pairs", broken)
    assert refused("verify", "--dataset", "faces") == "RuntimeError: it broke"


def test_ctrl_c_ends_a_run_as_cancelled_and_keeps_what_was_done(refused, photos, workspace, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(importing.PictureIntake, "_store", stopped)
    assert refused("import", photos, "--dataset", "d") == "stopped; what was finished stays"
    with reading(workspace.engine) as session:
        assert session.exec(select(Run.state)).all() == ["cancelled"]


def test_a_setting_that_cannot_be_is_a_sentence(refused, monkeypatch):
    monkeypatch.setenv("FACET_DEVICE", "tpu")
    settings.cache_clear()
    assert refused("runs") == "FACET_DEVICE: Input should be 'auto', 'cpu' or 'cuda'"


def test_a_home_that_cannot_be_used_is_a_sentence(refused, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FACET_HOME", str(tmp_path / "file" / "home"))
    settings.cache_clear()
    assert "home cannot be used (Not a directory); choose one with FACET_HOME" in refused("runs")


def test_a_home_that_cannot_be_written_is_a_sentence(refused, photos, monkeypatch, workspace):
    real = Workspace.engine.func

    def read_only(self):
        engine = real(self)
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only=ON"))
        return engine

    monkeypatch.setattr(Workspace, "engine", property(read_only))
    sentence = refused("import", photos, "--dataset", "d")
    assert "the store cannot be written: the disk is full, read-only or damaged; make room or mend that" in sentence


def test_a_dataset_name_with_odd_characters_works(told, photos, tmp_path):
    name = "Zoë's {set} %s"
    assert told("import", photos, "--dataset", name)[0] == 1
    code, result = told("export", "--dataset", name, "--out", tmp_path / "o{u}t")
    assert (code, result["folder"]) == (0, str(tmp_path / "o{u}t"))


def test_words_may_contain_braces(facet, people_staged, workspace):
    with writing(workspace.engine) as session:
        session.exec(select(Image).where(Image.path == "stranger.png")).one().path = "{0}.png"
    assert facet("people", "--dataset", "faces")[0] == 0


@pytest.fixture
def process(home):
    """Runs `python -m core` as a process of its own, warnings and all; returns exit code and the one object."""

    def run(*arguments):
        command = [sys.executable, "-W", "default", "-m", "core", *map(str, arguments), "--json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.stdout.count("\n") == 1, done.stdout
        return done.returncode, json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Portraits of three drawn people in folders of their names, a group, a landscape, a text."""
    rng = np.random.default_rng(1)
    folder = tmp_path_factory.mktemp("drawn")
    pictures = [
        draw_portrait(PEOPLE[person], rng, (320, 400), name=f"{person}/{number}.jpg", person=person)
        for person in ("ada", "bruno", "chidi")
        for number in (1, 2, 3)
    ]
    pictures.append(draw_group([(p, PEOPLE[p]) for p in ("ada", "chidi")], rng, name="group.jpg", background="park"))
    pictures.append(draw_landscape(rng, (480, 320), name="hill.jpg"))
    for picture in pictures:
        write_picture(picture, folder)
    (folder / "truth.json").write_text("{}")
    return folder


def test_drawn_people_go_through_every_command(drawn, tmp_path, process, told):
    code, result = told("import", drawn, "--dataset", "drawn", "--identities")
    assert (code, result["added"]) == (1, 11)
    assert [row["path"] for row in result["skipped"]] == ["truth.json"]

    code, result = process("faces", "--dataset", "drawn")
    assert code == 0
    assert (result["images"], result["faces"], result["without_face"], result["failed"]) == (11, 11, 1, 0)

    code, result = told("people", "--dataset", "drawn")
    named = {person["name"]: {face["image"] for face in person["faces"]} for person in result["people"]}
    for person in ("ada", "bruno", "chidi"):
        assert {f"{person}/{number}.jpg" for number in (1, 2, 3)} <= named[person]

    code, result = told("verify", "--dataset", "drawn")
    assert (code, result["same"]) == (0, 9)
    assert result["accuracy"] > 0.9

    code, result = process("search", "--dataset", "drawn", "--photo", drawn / "bruno" / "1.jpg")
    assert code == 0
    best = result["matches"][0]
    assert (best["image"], best["score"]) == ("bruno/1.jpg", pytest.approx(1, abs=1e-4))
    left, top, right, bottom = best["box"]
    assert 0 <= left < right
    assert 0 <= top < bottom
    scores = [match["score"] for match in result["matches"]]
    assert scores == sorted(scores, reverse=True)
    assert {"bruno/2.jpg", "bruno/3.jpg"} <= {match["image"] for match in result["matches"]}

    code, result = told("export", "--dataset", "drawn", "--out", tmp_path / "out")
    assert (code, result["images"], result["left_out"]) == (0, 11, 1)
    assert result["instances"]["face"] == 11
