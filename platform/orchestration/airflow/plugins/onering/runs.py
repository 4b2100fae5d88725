"""The book of runs, ops.runs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from onering import postgres, sql
from onering.connections import Connection
from onering.dataset import Dataset
from onering.run import Run, logical_date_of, run_id_of

OPS = "postgres_ops"
LONGEST_CAUSE = 4000
INTERRUPTED = "interrupted"  # fail_run.sql knows this word
PAUSES = (1, 2, 4, 8, 15)  # seconds between attempts to note a failure: the store may be what failed


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


def note(run: Run, notes: Iterable[str]) -> None:
    """What is worth knowing of a run, whatever becomes of it."""
    with postgres.transaction(OPS) as connection:
        connection.execute(sql.postgres("note_run"), run.as_dict() | {"notes": "; ".join(notes) or None})


def record_failure(
    dataset: str, logical_date: datetime, task: str | None, cause: object, book: str | Connection = OPS
) -> None:
    """Note which task ended the run and why, also when the run never opened. What has succeeded stays so."""
    run_id = run_id_of(logical_date)
    values: dict[str, Any] = {
        "dataset": dataset,
        "run_id": run_id,
        "logical_date": logical_date_of(run_id),
        "task": task,
        "cause": str(cause)[:LONGEST_CAUSE],
    }
    for pause in (*PAUSES, None):
        try:
            with postgres.transaction(book) as connection:
                connection.execute(sql.postgres("fail_run"), values)
            return
        except postgres.PostgresError:
            if pause is None:
                raise
            time.sleep(pause)


def record_interruption(
    dataset: str, logical_date: datetime, tasks: list[str], told: str, book: str | Connection = OPS
) -> None:
    """Note the end of a run that none of its tasks could tell: the cause of a task that did tell stays."""
    where = f"while {', '.join(tasks)} ran" if tasks else "between two tasks"
    cause = f"{INTERRUPTED}: the run ended {where} ({told}). What was published stands; run the date again."
    record_failure(dataset, logical_date, ", ".join(tasks) or None, cause, book)
