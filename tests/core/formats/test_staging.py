import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.formats import WRITERS
from core.formats.dataset import LabelledDataset
from core.formats.staging import HashedFile, is_unfinished, staged
from core.foundation.errors import BadInput, Cancelled, FacetError
from core.foundation.progress import Progress
from tests.builders.labelled_examples import files_of
from tests.builders.places import ROOT

FORMATS = sorted(WRITERS)


class StopsAt(Progress):
    """Raises when that many steps are done."""

    def __init__(self, step: int, error: BaseException) -> None:
        self.step, self.error = step, error

    def begin(self, total: int, **_: object) -> None:
        assert self.step <= total

    def advance(self, done: int) -> None:
        if done == self.step:
            raise self.error


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("error", [Cancelled("training.stopped"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", [1, 4])
def test_stopped_export_leaves_nothing_behind(small_dataset, tmp_path, name, error, step):
    target = tmp_path / "exports" / "out"
    with pytest.raises(type(error)):
        WRITERS[name](small_dataset, target, exported_at="now", progress=StopsAt(step, error))
    assert list((tmp_path / "exports").iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_full_disk_is_said_clearly_and_leaves_nothing_behind(small_dataset, tmp_path, name, monkeypatch):
    written = HashedFile.write_bytes

    def full(self: HashedFile, data: bytes) -> None:
        if data.startswith(b" {") or b'"files"' in data or b"person,name" in data:
            raise OSError(errno.ENOSPC, "No space left on device")
        written(self, data)

    monkeypatch.setattr(HashedFile, "write_bytes", full)
    with pytest.raises(FacetError, match=r"The disk is full: .*out was not written\. Free some space"):
        WRITERS[name](small_dataset, tmp_path / "exports" / "out", exported_at="now")
    assert list((tmp_path / "exports").iterdir()) == []


def test_disk_that_fills_up_during_a_picture_stops_the_export_instead_of_leaving_it_out(
    small_dataset, tmp_path, monkeypatch
):
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FacetError, match="The disk is full"):
        WRITERS["coco"](small_dataset, tmp_path / "exports" / "out", exported_at="now")
    assert list((tmp_path / "exports").iterdir()) == []


def test_folder_that_cannot_be_written_is_said_clearly(small_dataset, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FacetError, match=r"out was not written: (Not a directory|File exists)"):
        WRITERS["coco"](small_dataset, tmp_path / "file" / "out", exported_at="now")


@pytest.mark.parametrize("name", FORMATS)
def test_target_that_is_not_empty_is_refused_and_left_as_it_is(small_dataset, tmp_path, name):
    target = tmp_path / "out"
    target.mkdir()
    (target / "mine.txt").write_text("keep")
    with pytest.raises(BadInput, match=r"out is not an empty folder; choose a new one"):
        WRITERS[name](small_dataset, target, exported_at="now")
    assert files_of(tmp_path / "out") == {"mine.txt": b"keep"}
    assert not (tmp_path / "out.partial").exists()


def test_file_and_link_in_the_targets_place_are_refused(tmp_path):
    (tmp_path / "file").write_text("keep")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("file", "link"):
        with pytest.raises(BadInput, match="is not an empty folder"):
            WRITERS["coco"](LabelledDataset("x"), tmp_path / name, exported_at="now")
    assert (tmp_path / "file").read_text() == "keep"


def test_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    WRITERS["coco"](LabelledDataset("x"), tmp_path / "out", exported_at="now")
    assert set(files_of(tmp_path)) == {"out/manifest.json", "out/annotations.json"}


def test_somebody_elses_partial_folder_is_not_touched(tmp_path):
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "mine.txt").write_text("keep")
    with pytest.raises(BadInput, match=r"out\.partial is in the way and is not an unfinished export"):
        WRITERS["coco"](LabelledDataset("x"), tmp_path / "out", exported_at="now")
    assert files_of(tmp_path) == {"out.partial/mine.txt": b"keep"}


def test_target_filled_by_somebody_else_meanwhile_is_kept(tmp_path):
    def fill() -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine.txt").write_text("keep")

    with pytest.raises(FacetError, match="out was not written: Directory not empty"), staged(tmp_path / "out"):
        fill()
    assert files_of(tmp_path) == {"out/mine.txt": b"keep"}


def test_killed_export_leaves_no_final_folder_and_the_next_one_succeeds(tmp_path):
    target = tmp_path / "out"
    code = (
        "import os, signal, sys; from pathlib import Path; from core.formats.staging import staged\n"
        "with staged(Path(sys.argv[1])) as stage:\n"
        "    with stage.open('images/a.png') as out: out.write('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(target)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not target.exists()
    assert (tmp_path / "out.partial" / "images" / "a.png").exists()
    WRITERS["coco"](LabelledDataset("x"), target, exported_at="now")
    assert set(files_of(tmp_path)) == {"out/manifest.json", "out/annotations.json"}


def test_picture_whose_disk_cannot_be_read_is_left_out(small_dataset, tmp_path):
    one = small_dataset.images[0]
    folder = tmp_path / "folder.png"
    folder.mkdir()
    dataset = replace(small_dataset, images=(replace(one, file=folder),))
    manifest = WRITERS["coco"](dataset, tmp_path / "out", exported_at="now")
    assert [item.reason for item in manifest.left_out] == [
        "its file cannot be read: Is a directory; with it 2 labelled instances"
    ]


@pytest.mark.parametrize("step", ["os.replace", "Path.unlink"])
def test_export_killed_while_it_gets_its_name_is_written_again(tmp_path, step):
    target = tmp_path / "out"
    code = (
        "import os, signal, sys; from pathlib import Path; from core.formats.staging import staged\n"
        "with staged(Path(sys.argv[1])) as stage:\n"
        "    with stage.open('a.txt') as out: out.write('whole')\n"
        f"    {step} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(target)], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert is_unfinished(target) == (step == "Path.unlink")
    WRITERS["coco"](LabelledDataset("x"), target, exported_at="now")
    assert set(files_of(tmp_path)) == {"out/manifest.json", "out/annotations.json"}


def test_killed_removal_of_an_unfinished_export_leaves_its_mark(tmp_path, monkeypatch):
    partial = tmp_path / "out.partial"
    (partial / "images").mkdir(parents=True)
    for name in ("a.txt", ".facet-unfinished", "z.txt"):
        (partial / name).touch()
    removed = []

    def interrupted(path, **options):
        removed.append(Path(path).name)
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.rmtree", interrupted)
    with pytest.raises(KeyboardInterrupt), staged(tmp_path / "out"):
        pass
    assert removed == ["images"]
    assert is_unfinished(partial)


def test_empty_partial_folder_is_in_nobodys_way(tmp_path):
    (tmp_path / "out.partial").mkdir()
    WRITERS["coco"](LabelledDataset("x"), tmp_path / "out", exported_at="now")
    assert set(files_of(tmp_path)) == {"out/manifest.json", "out/annotations.json"}
