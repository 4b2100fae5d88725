"""Enter runs that end without a word of their own into the book of runs.

A failing task notes its own cause. Where somebody marks a run as failed, or a task died, no task is left to do so:
Airflow then tells the process that changes the run's state, which is the scheduler or the API server.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


class StoppedRuns:
    """Listens for failed runs of datasets. What goes wrong here Airflow logs, and goes on."""

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:
        from onering import connections, dataset, runs

        if dag_run.dag_id in dataset.names():
            failed = sorted(task.task_id for task in dag_run.task_instances if task.state == "failed")
            # Outside of tasks there is no look-up of Airflow's: the file is there where it may be read.
            book = connections.from_file(runs.OPS, Path(connections.FILE))
            runs.record_interruption(dag_run.dag_id, dag_run.logical_date or dag_run.run_after, failed, msg, book)


class StoppedRunsPlugin(AirflowPlugin):
    name = "stopped_runs"
    listeners = [StoppedRuns()]
