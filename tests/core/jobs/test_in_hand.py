"""What a run has in hand is known after its process was killed, and only a picture that kills twice is to blame."""

import json

import pytest

from core.foundation.progress import Suspicion
from core.jobs import in_hand
from core.jobs.in_hand import InHand


@pytest.fixture
def record(workspace):
    """What is written down of run 7, read anew each time as by another process."""
    return lambda: InHand.of(workspace, 7)


def test_nothing_is_in_hand_and_nobody_suspected_before_the_first_picture(record, workspace):
    record().take([])
    assert record().suspicion == Suspicion()
    assert not workspace.in_hand(7).exists()


def test_what_was_in_hand_at_a_death_is_suspected_and_what_was_finished_is_not(record):
    first = record()
    first.take(["1", "2"])
    first.take(["2", "3"])
    assert not record().process_died(), "it may be anybody's fault"
    assert record().suspicion == Suspicion(frozenset({"2", "3"}))
    second = record()
    second.take(["3"])
    second.take([])
    assert record().suspicion == Suspicion(frozenset({"2"}), {}, sure=True)


def test_picture_that_kills_alone_and_again_is_to_blame_where_another_was_finished_meanwhile(record):
    record().take(["1", "2"])
    record().process_died()
    second = record()
    second.take(["9"])
    second.take(["1"], note="abc")
    assert record().process_died(), "it does not count against the run"
    assert record().suspicion == Suspicion(frozenset({"2"}), {"1": "abc"}, sure=True)


def test_deaths_at_everything_count_against_the_run(record):
    record().take(["1"])
    assert not record().process_died()
    record().take(["9"])  # the one that nobody suspects
    assert not record().process_died()
    record().take(["1"])
    assert not record().process_died()
    assert not record().suspicion.sure


def test_death_with_something_else_in_hand_takes_the_certainty_back(record):
    first = record()
    first.take(["1"])
    first.take(["2"])
    assert record().suspicion.sure
    record().process_died()
    assert not record().suspicion.sure


def test_death_between_pictures_is_nobodys_fault(record):
    first = record()
    first.take(["1"])
    first.take([])
    assert not record().process_died()
    assert record().suspicion == Suspicion(sure=True)


def test_process_that_stops_in_order_leaves_nothing_in_hand_and_the_suspects_stay(record, workspace):
    record().take(["1", "2"])
    record().process_died()
    second = record()
    second.take(["1"])
    second.let_go()
    assert not record().process_died()
    assert record().suspicion.suspects == {"1", "2"}
    record().forget()
    assert not workspace.in_hand(7).exists()


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"taken": ["1"]', json.dumps({"colour": "red"}).encode()])
def test_damaged_file_accuses_nobody(record, workspace, content):
    workspace.in_hand(7).parent.mkdir()
    workspace.in_hand(7).write_bytes(content)
    assert record().suspicion == Suspicion()


def test_full_disk_does_not_stop_the_run_and_leaves_nothing_old_behind(record, workspace, monkeypatch):
    first = record()
    first.take(["1"])

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(in_hand, "write_atomically", full)
    first.take(["2"])
    assert not workspace.in_hand(7).exists(), "the first picture is not accused of what the second does"
