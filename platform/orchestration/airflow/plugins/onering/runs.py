"""The book of runs, ops.runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from onering import postgres, sql
from onering.dataset import Dataset
from onering.run import Run, logical_date_of, run_id_of

OPS = "postgres_ops"
LONGEST_CAUSE = 4000


class SupersededError(RuntimeError):
    """A newer logical date is already published: nothing of this one is to be loaded."""


def open_run(dataset: Dataset, logical_date: datetime | None) -> Run:
    """Enter a run, or one more attempt of it. A date older than the published one is refused, and the book kept."""
    if logical_date is None:
        raise ValueError("a run needs a logical date: trigger it with one")
    run_id = run_id_of(logical_date)
    values = {"dataset": dataset.name, "run_id": run_id, "logical_date": logical_date_of(run_id)}
    with postgres.transaction(OPS) as connection:
        newest = connection.execute(sql.postgres("newest_published"), values).fetchone()
        refuse_older(dataset.name, logical_date, newest["logical_date"] if newest else None)
        opened = connection.execute(sql.postgres("open_run"), values).fetchone()
    return Run(dataset.name, run_id, opened["attempt"] if opened else 1)


def refuse_older(dataset: str, logical_date: datetime, published: datetime | None) -> None:
    if published is not None and logical_date < published:
        asked, newest = (f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" for moment in (logical_date, published))
        raise SupersededError(
            f"{dataset} of {asked} is superseded by {newest}, which is published: nothing is loaded, nothing is changed"
        )


def mark(run: Run, what: str) -> None:
    """Note an event of a run: mark_silver, mark_gold, close_run."""
    with postgres.transaction(OPS) as connection:
        connection.execute(sql.postgres(what), run.as_dict())


def record_failure(dataset: str, logical_date: datetime, task: str, cause: object) -> None:
    """Note which task ended the run and why, also when the run never opened. What has succeeded stays so."""
    run_id = run_id_of(logical_date)
    values: dict[str, Any] = {
        "dataset": dataset,
        "run_id": run_id,
        "logical_date": logical_date_of(run_id),
        "task": task,
        "cause": str(cause)[:LONGEST_CAUSE],
    }
    with postgres.transaction(OPS) as connection:
        connection.execute(sql.postgres("fail_run"), values)
