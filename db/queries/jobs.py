"""Reads about runs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, String, type_coerce
from sqlmodel import Session, col, func, select

from db.tables import Dataset, Run, RunState, SkippedInput, User

OPEN = (RunState.QUEUED, RunState.RUNNING)


def runs_page(
    *,
    dataset_id: int | None = None,
    kinds: Collection[str] | None = None,
    open_only: bool | None = None,
    offset: int = 0,
    limit: int | None = 20,
    session: Session,
) -> Sequence[tuple[Run, str | None, str]]:
    """Runs with their dataset's and author's names: the newest first, but what is at work before what waits.

    With `open_only` only those that wait or work, or only those that have ended; without a limit, all of them.
    """
    statement = (
        select(Run, Dataset.name, User.name)
        .join(Dataset, col(Dataset.id) == col(Run.dataset_id), isouter=True)
        .join(User, col(User.id) == col(Run.author_id))
    )
    if open_only:
        statement = statement.order_by(col(Run.state) != RunState.RUNNING)
    chosen = statement.where(*_chosen(dataset_id, kinds, open_only))
    return session.exec(chosen.order_by(col(Run.id).desc()).offset(offset).limit(limit)).all()


def count_runs(
    *,
    dataset_id: int | None = None,
    kinds: Collection[str] | None = None,
    open_only: bool | None = None,
    session: Session,
) -> int:
    """How many runs `runs_page` gives on all its pages."""
    chosen = _chosen(dataset_id, kinds, open_only)
    return session.exec(select(func.count()).select_from(Run).where(*chosen)).one()


def _chosen(dataset_id: int | None, kinds: Collection[str] | None, open_only: bool | None) -> list[ColumnElement[bool]]:
    dataset = [] if dataset_id is None else [col(Run.dataset_id) == dataset_id]
    kind = [] if kinds is None else [col(Run.kind).in_(kinds)]
    return dataset + kind + ([] if open_only is None else [_open(open_only)])


def _open(wanted: bool) -> ColumnElement[bool]:
    return col(Run.state).in_(OPEN) if wanted else col(Run.state).not_in(OPEN)


def newest_ended_run(dataset_id: int, kinds: Collection[str], *, session: Session) -> Run | None:
    """The run of one of these kinds that ended last in a dataset."""
    return session.exec(
        select(Run)
        .where(Run.dataset_id == dataset_id, col(Run.kind).in_(kinds), _open(False))
        .order_by(col(Run.finished_at).desc(), col(Run.id).desc())
        .limit(1)
    ).first()


def is_done_or_open(dataset_id: int, kind: str, *, session: Session) -> bool:
    """Whether a run of a kind is done in a dataset, or waits or is at work."""
    states = (*OPEN, RunState.DONE)
    runs = select(Run.id).where(Run.dataset_id == dataset_id, Run.kind == kind, col(Run.state).in_(states))
    return session.exec(runs.limit(1)).first() is not None


def waiting_run(dataset_id: int, kind: str, parameters: Mapping[str, Any], *, session: Session) -> int | None:
    """The id of a run that is asked for like this in a dataset and has not begun; None where there is none."""
    queued = select(Run).where(Run.dataset_id == dataset_id, Run.kind == kind, Run.state == RunState.QUEUED)
    runs = session.exec(queued.order_by(col(Run.id)))
    return next((run.id for run in runs if run.parameters == parameters and not run.cancel_requested), None)


def unfinished_sources(*, session: Session) -> Sequence[Path]:
    """What the runs read that are not done: they wait, are at work, or may be asked for once more."""
    parameters = session.exec(select(Run.parameters).where(Run.state != RunState.DONE))
    return [Path(given["source"]) for given in parameters if "source" in given]


def count_skipped(run_id: int, *, session: Session) -> int:
    """How many inputs a run could not use."""
    return counts_skipped([run_id], session=session).get(run_id, 0)


def counts_skipped(run_ids: Collection[int], *, session: Session) -> dict[int, int]:
    """How many inputs each of some runs could not use, of those that had any."""
    chosen = col(SkippedInput.run_id).in_(run_ids)
    rows = select(SkippedInput.run_id, func.count()).where(chosen).group_by(col(SkippedInput.run_id))
    return dict(session.exec(rows).all())


def skipped_page(
    run_id: int, *, offset: int = 0, limit: int = 100, session: Session
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """One page of what a run could not use: paths with their reasons."""
    return session.exec(
        select(SkippedInput.path, SkippedInput.reason)
        .where(SkippedInput.run_id == run_id)
        .order_by(col(SkippedInput.path), col(SkippedInput.id))
        .offset(offset)
        .limit(limit)
    ).all()


def reasons_by_path(run_id: int, paths: Collection[str], *, session: Session) -> dict[str, Mapping[str, Any]]:
    """Why a run could not use some files, by path; of one that it tried several times, the last reason."""
    told = select(SkippedInput.path, SkippedInput.reason).where(
        SkippedInput.run_id == run_id, col(SkippedInput.path).in_(paths)
    )
    return dict(session.exec(told.order_by(col(SkippedInput.id))).all())


def reasons_of_skipping(dataset_id: int, code: str, *, session: Session) -> Sequence[Mapping[str, Any]]:
    """Why runs of a dataset have skipped something: the reasons of one code."""
    why = type_coerce(SkippedInput.reason, String).startswith(f'{{"code": "{code}"', autoescape=True)
    rows = select(SkippedInput.reason).join(Run, col(Run.id) == col(SkippedInput.run_id))
    return session.exec(rows.where(Run.dataset_id == dataset_id, why)).all()


def newest_done_by_dataset(kind: str, *, session: Session) -> dict[int, Run]:
    """Dataset to the newest run of a kind that was done in it."""
    done = (col(Run.kind) == kind, col(Run.state) == RunState.DONE, col(Run.dataset_id).is_not(None))
    newest = select(func.max(Run.id)).where(*done).group_by(col(Run.dataset_id))
    runs = session.exec(select(Run).where(col(Run.id).in_(newest)))
    return {run.dataset_id: run for run in runs if run.dataset_id is not None}


def has_open_run(dataset_id: int, kind: str, *, session: Session) -> bool:
    """Whether a run of a kind waits or is at work in a dataset."""
    runs = select(Run.id).where(Run.dataset_id == dataset_id, Run.kind == kind, _open(True))
    return session.exec(runs.limit(1)).first() is not None


def parameters_of_runs(
    dataset_id: int, kind: str, *, after: int = 0, session: Session
) -> Sequence[tuple[int, Mapping[str, Any]]]:
    """Every run of a kind in a dataset that came after a run, and what it was asked for, whatever became of it."""
    asked = select(Run.id, Run.parameters).where(Run.dataset_id == dataset_id, Run.kind == kind, Run.id > after)
    return session.exec(asked.order_by(col(Run.id))).all()


def failed_runs(dataset_id: int, kind: str, *, session: Session) -> dict[int, datetime]:
    """Each run of a kind in a dataset that has failed, the first one first, and when that was."""
    failed = (Run.dataset_id == dataset_id, Run.kind == kind, Run.state == RunState.FAILED)
    ended = select(Run.id, Run.finished_at).where(*failed, col(Run.finished_at).is_not(None)).order_by(col(Run.id))
    return {number: at for number, at in session.exec(ended) if at is not None}


def arrivals_log(dataset_id: int, *, most: int, session: Session) -> list[dict[str, Any]]:
    """What has arrived in the watched folder of a dataset, the newest first (`core.jobs.watch_tasks`)."""
    done = (Run.dataset_id == dataset_id, Run.kind == "arrivals", Run.state == RunState.DONE)
    runs = select(Run.counts).where(*done).order_by(col(Run.id).desc()).execution_options(yield_per=100)
    return list(islice((row for counts in session.exec(runs) for row in counts["log"]), most))
