"""The history of decisions is read without what was before each of them, however much that is."""

from __future__ import annotations

import pytest
import sqlalchemy
from sqlalchemy.exc import InvalidRequestError

from db.engine import reading
from db.queries.people.decisions import history, later_decisions
from db.tables import PeopleEvent
from db.writing import writing


@pytest.fixture
def decisions(workspace, dataset, author):
    """Ids of four decisions: the third undoes the second, the fourth stands."""
    with writing(workspace.engine) as session:
        made = []
        for number in range(4):
            payload = {"instances": [number, 10 + number], "people": [number], "before": {"assignments": [[1] * 6]}}
            row = PeopleEvent(
                dataset_id=dataset, kind="merge", summary=f"decision {number}", payload=payload, author_id=author
            )
            session.add(row)
            session.flush()
            made.append(row)
        made[1].undone, made[2].undoes_id = True, made[1].id
        return [row.id for row in made]


def test_the_history_is_newest_first_and_leaves_payloads_in_the_store(workspace, dataset, decisions):
    with reading(workspace.engine) as session:
        rows = history(dataset, limit=3, session=session)
        assert [row.id for row, _ in rows] == decisions[:0:-1]
        assert [row.summary for row, _ in rows] == ["decision 3", "decision 2", "decision 1"]
        assert all("payload" in sqlalchemy.inspect(row).unloaded for row, _ in rows)
        with pytest.raises(InvalidRequestError, match="payload"):
            rows[0][0].payload  # noqa: B018


def test_later_decisions_are_those_that_left_a_trace(workspace, dataset, decisions):
    def later(event_id):
        with reading(workspace.engine) as session:
            return list(later_decisions(session.get_one(PeopleEvent, event_id), session=session))

    newest = ("decision 3", [3, 13], [3])
    assert later(decisions[0]) == [newest]  # what came later and was undone counts no more than its undoing
    assert later(decisions[1]) == [newest, ("decision 2", [2, 12], [2])]  # its own undoing does
    assert later(decisions[3]) == []
