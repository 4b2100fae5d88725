"""The DAG of the integration target airflow_dag_run: a file in the DAG folder of the Airflow that AIRFLOW_URL names."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from airflow.sdk import dag, task


@dag(schedule=None, catchup=False, is_paused_upon_creation=True, tags=["onering-test"])
def onering_test() -> None:
    """A conf of {"fail": true} makes it fail, {"sleep": seconds} last."""

    @task
    def first() -> str:
        return "first"

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def second(dag_run: Any = None) -> None:
        conf = dag_run.conf or {}
        time.sleep(conf.get("sleep", 0))
        if conf.get("fail"):
            raise ValueError("3 rows lack: the test wants it so")

    @task
    def third() -> None:
        print("done")

    first() >> second() >> third()


onering_test()
