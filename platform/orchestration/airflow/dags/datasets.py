"""One DAG a dataset file. What is done stands in the plugins folder, in `onering`; here it is only put in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, chain, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from onering import dataset as datasets
from onering.run import Run

# A run of a logical date before its DAG's start has no tasks and succeeds at once, with nothing loaded and nobody told.
# So the start is earlier than any date. Without catch-up a schedule begins with the present all the same.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def record_failure(context: dict[str, Any]) -> None:
    """Any task's failure becomes the run's, with its cause."""
    from onering import runs

    dag_run = context["dag_run"]
    runs.record_failure(
        context["dag"].dag_id,
        dag_run.logical_date or dag_run.run_after,
        context["task_instance"].task_id,
        context.get("exception"),
    )


def make(dataset: datasets.Dataset) -> DAG:
    """The flow of one dataset. Tasks pass the run's name, never rows."""

    @dag(
        dag_id=dataset.name,
        description=dataset.title,
        schedule=dataset.schedule,
        start_date=BEGINNING,
        catchup=False,
        max_active_runs=1,
        tags=["dataset", dataset.owner],
        default_args={
            "owner": dataset.owner,
            "retries": 0,
            "execution_timeout": timedelta(hours=2),
            "on_failure_callback": record_failure,
        },
    )
    def flow() -> None:
        @task
        def open_run() -> dict[str, Any]:
            from onering import runs

            try:
                return runs.open_run(dataset, get_current_context().get("logical_date")).as_dict()
            except runs.SupersededError as superseded:
                # Not a failure: the newer data is there. All that follows is skipped, and the log says why.
                print(superseded)
                raise AirflowSkipException(str(superseded)) from superseded

        @task
        def extract(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
            from onering import extraction

            return extraction.extract(dataset, Run(**run))

        @task
        def seal_bronze(run: dict[str, Any], extracted: dict[str, dict[str, Any]]) -> None:
            from onering import manifest, runs

            runs.note(Run(**run), manifest.seal(dataset, Run(**run), extracted))

        @task
        def validate_bronze(run: dict[str, Any]) -> None:
            from onering import manifest, quality

            manifest.check(dataset, Run(**run))
            quality.validate(Run(**run), "bronze")

        @task
        def stage_silver(run: dict[str, Any]) -> None:
            from onering import silver

            silver.stage(dataset, Run(**run))

        @task
        def validate_silver(run: dict[str, Any]) -> None:
            from onering import quality

            quality.validate(Run(**run), "silver")

        @task
        def publish_silver(run: dict[str, Any]) -> None:
            from onering import runs, silver

            silver.publish(dataset, Run(**run))
            runs.mark(Run(**run), "mark_silver")

        @task
        def stage_gold() -> None:
            from onering import gold

            gold.stage(dataset)

        @task
        def validate_gold(run: dict[str, Any]) -> None:
            from onering import quality

            quality.validate(Run(**run), "gold")

        @task
        def publish_gold(run: dict[str, Any]) -> None:
            from onering import gold, runs

            gold.publish(dataset, Run(**run))
            runs.mark(Run(**run), "mark_gold")

        @task
        def settle(run: dict[str, Any]) -> None:
            from onering import lineage, receipt, runs

            receipt.settle(dataset, Run(**run))
            lineage.write(dataset, Run(**run), datetime.now(UTC))
            runs.mark(Run(**run), "close_run")

        @task(trigger_rule="all_done", on_failure_callback=None)
        def publish_docs(run: dict[str, Any] | None) -> None:
            from onering import docs

            if run:  # none when the run was refused or never opened
                docs.publish(Run(**run))

        @task
        def remove() -> None:
            from onering import transient

            transient.remove(dataset)

        run = open_run()
        bronze, silver, gold = validate_bronze(run), validate_silver(run), validate_gold(run)
        chain(
            seal_bronze(run, extract(run)), bronze, stage_silver(run), silver, publish_silver(run), stage_gold(), gold
        )
        settled = settle(run)
        chain(gold, publish_gold(run), settled)
        if dataset.transient:
            chain(settled, remove())
        else:
            chain([bronze, silver, gold], publish_docs(run))

    return flow()


# A faulty file has no DAG; `dataset_faults.py` says so. An error raised here would stop the other datasets' too.
for sound in datasets.load_all()[0]:
    globals()[sound.name] = make(sound)
