"""What there is to learn from is counted once for each state of a dataset."""

import pytest

from pages.widgets.shared import supply


@pytest.fixture
def counts(monkeypatch):
    """What was counted; nothing is kept from before or for later."""
    asked = []
    monkeypatch.setattr(supply, "workspace", lambda: None)
    monkeypatch.setattr(
        supply, "label_supply", lambda workspace, *what, in_progress: asked.append((*what, in_progress)) or len(asked)
    )
    supply.counted_supply.clear()
    yield asked
    supply.counted_supply.clear()


def test_the_same_state_is_counted_once(counts):
    assert [supply.counted_supply(1, "face68", "auto", 7) for _ in range(2)] == [1, 1]
    assert counts == [(1, "face68", "auto", False)]


@pytest.mark.parametrize("other", [(2, "face68", "auto", 7), (1, "body24", "auto", 7), (1, "face68", "folder", 7)])
def test_another_dataset_skeleton_or_split_is_counted_for_itself(counts, other):
    assert [supply.counted_supply(1, "face68", "auto", 7), supply.counted_supply(*other)] == [1, 2]
    assert counts[1] == (*other[:3], False)


def test_labels_in_progress_are_counted_for_themselves(counts):
    asked = [supply.counted_supply(1, "face68", "auto", 7, in_progress=some) for some in (False, True, False)]
    assert asked == [1, 2, 1]
    assert counts[1] == (1, "face68", "auto", True)


def test_a_dataset_that_has_changed_is_counted_again(counts):
    assert [supply.counted_supply(1, "face68", "auto", state) for state in (7, 8)] == [1, 2]
