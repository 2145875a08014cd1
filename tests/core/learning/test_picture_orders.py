"""The order that an address asks for."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from core.foundation.errors import BadInput, NotEnoughData, StoreBusy
from core.learning import picture_orders
from core.learning.next_pictures import NextPictures
from core.learning.picture_orders import asked_order, kept_ranking
from db.tables import Image, ImageState
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def images(workspace, dataset, author):
    shelf = Shelf(workspace, dataset, author)
    made = [shelf.image(path) for path in ("b.png", "a.png", "x/c.png")]
    with writing(workspace.engine) as session:
        session.get(Image, made[0]).state = ImageState.EMPTY
    return made


@pytest.fixture
def ranked(monkeypatch):
    """Rankings that are given out one after another; what was asked for."""
    asked, given = [], []

    def rank(_, dataset_id, skeleton):
        asked.append((dataset_id, skeleton))
        answer = given.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return NextPictures(answer, "net", 0.5, 20)

    monkeypatch.setattr(picture_orders, "next_pictures", rank)
    picture_orders._ranked.cache_clear()
    return asked, given


def test_without_more_it_is_that_of_the_paths(workspace, dataset, images):
    assert asked_order(workspace, {"dataset": str(dataset)}).images.tolist() == [images[1], images[0], images[2]]


def test_it_follows_a_filter(workspace, dataset, images):
    for asked, found in (
        ({"state": "empty"}, [images[0]]),
        ({"part": "x/"}, [images[2]]),
        ({"person": "7"}, []),
        ({"part": "_" * 60_000}, []),
    ):
        assert asked_order(workspace, {"dataset": str(dataset), **asked}).images.tolist() == found


def test_a_ranking_is_worked_out_once_until_something_changes(workspace, dataset, author, images, ranked):
    asked, given = ranked
    given += [[images[2], images[1]], [images[1]]]
    query = {"dataset": str(dataset), "points": "face68"}
    for _ in range(2):
        assert asked_order(workspace, query).images.tolist() == [images[2], images[1]]
    assert asked == [(dataset, "face68")]
    shelf = Shelf(workspace, dataset, author)
    shelf.predict(shelf.instance(images[0]), shelf.model("net"), face())
    assert asked_order(workspace, query).images.tolist() == [images[1]]


def test_a_dataset_that_takes_long_keeps_no_other_waiting(workspace, dataset, author, monkeypatch):
    with writing(workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
    go_on = Event()

    def ranks(_, number, __):
        assert number == other or go_on.wait(30)
        return NextPictures([number], "net", 0.0)

    monkeypatch.setattr(picture_orders, "next_pictures", ranks)
    with ThreadPoolExecutor(3) as threads:
        long = [threads.submit(kept_ranking, workspace, dataset, "face68") for _ in range(2)]
        try:
            assert threads.submit(kept_ranking, workspace, other, "face68").result(10).images == [other]
        finally:
            go_on.set()
        assert [each.result(30).images for each in long] == [[dataset]] * 2
    assert len(picture_orders._turns) == 0


def test_why_nothing_can_be_ranked_is_kept_too(workspace, dataset, ranked):
    asked, given = ranked
    given += [NotEnoughData("models.no_doubt_yet", skeleton="face68")]
    for _ in range(2):
        with pytest.raises(NotEnoughData):
            kept_ranking(workspace, dataset, "face68")
    assert len(asked) == 1


def test_a_store_that_was_busy_is_asked_again(workspace, dataset, ranked):
    _, given = ranked
    given += [StoreBusy(), [7]]
    with pytest.raises(StoreBusy):
        kept_ranking(workspace, dataset, "face68")
    assert kept_ranking(workspace, dataset, "face68").images == [7]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"dataset": "x"},
        {"dataset": "-1"},
        {"dataset": "9" * 30},
        {"dataset": "1", "state": "nowhere"},
        {"dataset": "1", "person": "Ada"},
        {"dataset": "1", "points": "hand21"},
    ],
)
def test_what_is_no_order_is_refused(workspace, asked):
    with pytest.raises(BadInput, match="an order of pictures is asked for by a dataset's number"):
        asked_order(workspace, asked)
