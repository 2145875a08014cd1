"""Pictures are opened one batch ahead, never more, and one that fails does not spoil the others."""

import gc
import weakref
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.messages import message
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library import batches
from core.library import pixels as pixels_of_pictures
from core.library.batches import OpenedPicture, PictureFailure, attempt, opened_batches, visit_instances
from db.engine import reading
from db.tables import SET_ASIDE, Image, Instance, Run, SkippedInput
from db.writing import writing
from tests.builders.after_deaths import AfterDeaths

GONE = message("images.gone", folder="originals")


def _images(workspace, pictures, count, size=(40, 30)):
    rows = []
    for number in range(count):
        path = f"originals/{number}.png"
        workspace.original(path).write_bytes(pictures(number, size))
        rows.append(Image(id=number + 1, path=f"{number}.png", original=path, width=size[0], height=size[1]))
    return rows


def _names(found):
    return [[item.image.path for item in batch] for batch in found]


@pytest.fixture
def pairs(workspace):
    """The workspace with batches of two pictures."""
    return Workspace(Settings(home=workspace.home, batch=2))


def test_batches_come_in_order_and_the_last_may_be_smaller(pairs, pictures):
    images = _images(pairs, pictures, 5)
    assert _names(opened_batches(pairs, images)) == [["0.png", "1.png"], ["2.png", "3.png"], ["4.png"]]


def test_no_pictures_are_no_batches(pairs):
    assert list(opened_batches(pairs, [])) == []


def test_batch_is_limited_in_pixels_but_holds_at_least_one_picture(pairs, pictures, monkeypatch):
    monkeypatch.setattr(batches, "_PIXELS", 40 * 30 + 1)
    images = _images(pairs, pictures, 3)
    assert _names(opened_batches(pairs, images)) == [["0.png"], ["1.png"], ["2.png"]]
    monkeypatch.setattr(batches, "_PIXELS", 10)
    assert _names(opened_batches(pairs, images)) == [["0.png"], ["1.png"], ["2.png"]]


@pytest.mark.nightly
def test_two_batches_of_pixels_are_alive_at_most(pairs, pictures, monkeypatch):
    alive = weakref.WeakSet()
    most = 0
    plain = pixels_of_pictures.decode

    class Seen(np.ndarray):
        """Arrays cannot be hashed, so the set keeps these by identity."""

        __hash__ = object.__hash__

    def watched(*arguments):
        nonlocal most
        picture = plain(*arguments)
        pixels = picture.pixels.view(Seen)
        alive.add(pixels)
        gc.collect()
        most = max(most, len(alive))
        return type(picture)(pixels, picture.format)

    monkeypatch.setattr(pixels_of_pictures, "decode", watched)
    for batch in opened_batches(pairs, _images(pairs, pictures, 12)):
        assert len(batch) == 2
        del batch
    assert 2 <= most <= 4


def test_what_is_in_hand_is_told_before_it_is_opened_with_what_is_read_ahead(pairs, pictures, monkeypatch):
    progress, opened = AfterDeaths(), batches.open_picture

    def told_before(workspace, image):
        assert str(image.id) in progress.taken[-1]
        return opened(workspace, image)

    monkeypatch.setattr(batches, "open_picture", told_before)
    assert len(list(opened_batches(pairs, _images(pairs, pictures, 5), progress))) == 3
    assert progress.taken == [("1", "2"), ("1", "2", "3", "4"), ("3", "4", "5"), ("5",), ()]


def test_after_a_death_suspects_are_opened_one_by_one_with_nothing_ahead_and_killers_not_at_all(pairs, pictures):
    images = _images(pairs, pictures, 8)
    progress = AfterDeaths(suspects={"2", "3"}, killers={"1"})
    found = list(opened_batches(pairs, images, progress))
    names = [["0.png"], ["5.png"], ["1.png"], ["2.png"], ["3.png", "4.png"], ["6.png", "7.png"]]
    assert _names(found) == names, "first one that nobody suspects"
    assert progress.taken[:4] == [("6",), ("2",), ("3",), ("4", "5")]
    assert [item.failure and item.failure.code for item in found[0]] == [SET_ASIDE]
    assert all(item.failure is None for batch in found[1:] for item in batch)


def test_pictures_without_pixels_are_not_given_to_the_work():
    row = Image(path="a.png")
    nothing = np.zeros((0, 0, 3), np.uint8)
    batch = [OpenedPicture(row, nothing, GONE), OpenedPicture(row, np.ones((2, 2, 3), np.uint8))]
    assert attempt(batch, lambda items: [item.pixels.sum() for item in items]) == [PictureFailure(GONE), 12]


def test_work_that_fails_on_a_batch_gets_each_picture_by_itself():
    batch = [OpenedPicture(Image(path=f"{n}.png"), np.full((1, 1, 3), n, np.uint8)) for n in range(3)]

    def work(items):
        if any(item.pixels[0, 0, 0] == 1 for item in items):
            raise MemoryError("too large")
        return [int(item.pixels[0, 0, 0]) for item in items]

    failed = message("images.model_failed", of="1.png", kind="MemoryError", reason="too large")
    assert attempt(batch, work) == [0, PictureFailure(failed), 2]


def test_attempt_at_nothing_asks_nobody():
    def work(items):
        raise AssertionError("asked")

    assert attempt([], work) == []
    assert attempt([OpenedPicture(Image(path="a"), np.zeros((0, 0, 3), np.uint8), GONE)], work) == [
        PictureFailure(GONE)
    ]


def test_folder_that_may_not_be_read_is_a_reason_for_that_picture_alone(pairs, pictures, monkeypatch):
    images = _images(pairs, pictures, 2)
    images[0].original = "/srv/photos/a.png"
    real = Path.stat

    def stat(self, **options):
        if str(self).startswith("/srv/photos"):
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, **options)

    monkeypatch.setattr(Path, "stat", stat)
    (batch,) = opened_batches(pairs, images)
    assert [item.failure and item.failure.text() for item in batch] == [
        "0.png: the original cannot be read (Permission denied)",
        None,
    ]


def test_instances_of_a_picture_that_is_gone_are_listed_and_deleted_ones_are_passed_over(
    workspace, dataset, author, pictures
):
    images = _images(workspace, pictures, 2)
    with writing(workspace.engine) as session:
        for number, image in enumerate(images):
            image.dataset_id, image.sha256, image.size_bytes, image.format = dataset, f"{number:064d}", 1, "PNG"
            session.add(image)
        run = Run(kind="predict", dataset_id=dataset, author_id=author)
        session.add(run)
        session.flush()
        faces = [
            Instance(dataset_id=dataset, image_id=image.id, kind="face", left=0, top=0, right=9, bottom=9)
            for image in (images[0], images[0], images[1], images[1])
        ]
        session.add_all(faces)
    workspace.original(images[1].original).unlink()
    kept = []

    def work(batch):
        with writing(workspace.engine) as session:
            session.delete(session.get(Instance, faces[1].id))
        return [[face.id * 10 for face in instances] for _, instances in batch]

    def keep(face, result, session):
        kept.append((face.id, result))

    waiting = list(zip(faces, (images[0], images[0], images[1], images[1]), strict=True))
    phase = message("progress.completing")
    assert visit_instances(workspace, waiting, work, keep, run_id=run.id, phase=phase) == 2
    assert kept == [(faces[0].id, faces[0].id * 10)]
    with reading(workspace.engine) as session:
        assert [row.path for row in session.exec(select(SkippedInput))] == ["1.png"]


@pytest.fixture
def visited(workspace, dataset, author, pictures):
    """Lets a model look at a face on each of three pictures, in a run; what was kept, how many got nothing, the run."""
    images = _images(workspace, pictures, 3)
    with writing(workspace.engine) as session:
        for number, image in enumerate(images):
            image.dataset_id, image.sha256, image.size_bytes, image.format = dataset, f"{number:064d}", 1, "PNG"
            session.add(image)
        session.flush()
        faces = [
            Instance(dataset_id=dataset, image_id=image.id, kind="face", left=0, top=0, right=9, bottom=9)
            for image in images
        ]
        session.add_all(faces)

    def visit(progress):
        with writing(workspace.engine) as session:
            run = Run(kind="predict", dataset_id=dataset, author_id=author)
            session.add(run)
            session.flush()
            waiting = [(face, session.get(Image, face.image_id)) for face in faces]
            session.add(SkippedInput(run_id=run.id, path="other.png", reason=GONE.to_json()))
        kept = []
        failed = visit_instances(
            workspace,
            waiting,
            lambda batch: [["seen"] * len(instances) for _, instances in batch],
            lambda face, result, session: kept.append(face.image_id),
            run_id=run.id,
            phase=message("progress.completing"),
            progress=progress,
        )
        with reading(workspace.engine) as session:
            listed = session.exec(select(SkippedInput.path).where(SkippedInput.run_id == run.id)).all()
        return kept, failed, sorted(listed)

    return visit


def test_picture_that_killed_the_run_is_listed_counted_and_left_alone_by_the_next(workspace, visited):
    assert visited(AfterDeaths(killers={"2"})) == ([1, 3], 1, ["1.png", "other.png"])
    with reading(workspace.engine) as session:
        assert session.get(Image, 2).reason["code"] == SET_ASIDE
    workspace.original("originals/1.png").unlink()  # as it is not opened, nobody sees that it is gone
    assert visited(AfterDeaths()) == ([1, 3], 1, ["1.png", "other.png"])
