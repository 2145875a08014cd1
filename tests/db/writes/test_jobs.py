"""What a run has skipped is taken off its list by path, and off no other run's."""

from sqlmodel import select

from core.foundation.messages import message
from core.jobs.runs import submit
from db.engine import reading
from db.tables import SkippedInput
from db.writes.jobs import forget_skipped
from db.writing import writing


def test_only_the_paths_and_the_run_that_are_meant_are_forgotten(workspace, dataset, author):
    one, other = (submit(workspace, "faces", dataset_id=dataset, author_id=author, parameters={}) for _ in range(2))
    reason = message("images.empty").to_json()
    with writing(workspace.engine) as session:
        session.add_all(
            SkippedInput(run_id=run, path=path, reason=reason) for run in (one, other) for path in ("a.png", "b.png")
        )
        forget_skipped(one, {"a.png", "c.png"}, session=session)
    with reading(workspace.engine) as session:
        left = session.exec(select(SkippedInput.run_id, SkippedInput.path)).all()
    assert sorted(left) == [(one, "b.png"), (other, "a.png"), (other, "b.png")]
