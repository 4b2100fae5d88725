"""Processes that stop, die, or can't reach each other. Engine restarts are for the client machine: it has its own."""

from __future__ import annotations

import re
import threading
import time
from datetime import UTC, datetime

import pytest
import requests
from bench import Bench

# Tasks in their order; the run is stopped behind each that another one waits for.
ORDER = [
    "open_run", "extract", "seal_bronze", "validate_bronze", "stage_silver", "validate_silver", "publish_silver",
    "stage_gold", "validate_gold", "publish_gold", "settle",
]  # fmt: skip
STOPS = ORDER[:-1]
READS = ("open_run", "extract")  # until here Bronze isn't sealed: a new date is needed
NAMES = {"clickhouse": "ClickHouse", "minio": "MinIO", "postgres": "PostgreSQL"}
LOADS = {"clickhouse": "stage_silver", "minio": "stage_silver", "postgres": "stage_gold"}
PUBLISHES = {"clickhouse": "publish_silver", "minio": "publish_silver", "postgres": "publish_gold"}


def test_every_edge_is_stopped_at(bench: Bench) -> None:
    """The stops are behind every task that others wait for, and the order is that of the DAG."""
    chain = bench.flow.chain()
    assert {task for task, following in chain.items() if following} == set(STOPS)
    assert set(chain) == {*ORDER, "publish_docs"}
    for task, following in zip(STOPS, ORDER[1:], strict=True):
        assert following in chain[task]


@pytest.mark.parametrize("task", STOPS)
def test_stopped_behind(bench: Bench, task: str) -> None:
    run = bench.fresh() if task in READS else bench.again()
    bench.flow.until(run, task, ("running", "success"))
    bench.flow.pause(True)
    try:
        bench.flow.until(run, task, ("success",))
        bench.flow.fail(run)
    finally:
        bench.flow.pause(False)
    following = ORDER[ORDER.index(task) + 1]
    assert bench.flow.tasks(run)[following] not in ("success", "running"), "the stroke came late"
    bench.failed("interrupted", "date again")
    bench.heals()


def test_stopped_while_extracting_leaves_no_process(bench: Bench) -> None:
    run = bench.fresh()
    bench.flow.until(run, "extract", ("running",))
    connectors(bench, there=True)
    bench.flow.fail(run)
    bench.failed("interrupted", "while extract ran", task="extract")
    connectors(bench, there=False)


def test_status_shows_the_interruption_and_the_next_run_heals(bench: Bench) -> None:
    text = bench.platform.play("playbooks/status.yml")
    assert re.search(r"failed in extract: interrupted: the run ended while extract ran", " ".join(text.split()))
    bench.heals()


def connectors(bench: Bench, there: bool, seconds: float = 90) -> None:
    """Wait until connectors run in the scheduler's container, or none."""
    deadline = time.monotonic() + seconds
    while ("source-file" in str(bench.container("airflow-scheduler").top()["Processes"])) is not there:
        assert time.monotonic() < deadline, f"connectors {'never ran' if there else 'still run'} after {seconds} s"
        time.sleep(0.3)


def test_scheduler_killed_while_a_task_runs(bench: Bench) -> None:
    """It comes back, and what it ran is run again: the run goes on to its end."""
    run = bench.fresh()
    bench.flow.until(run, "extract", ("running",))
    connectors(bench, there=True)
    bench.kill("airflow-scheduler")
    bench.good()


@pytest.mark.parametrize("moment", ["load", "publish"])
@pytest.mark.parametrize("store", NAMES)
def test_store_killed(bench: Bench, store: str, moment: str) -> None:
    """It comes back by itself. The run fails with its name, or it didn't need it at that moment and is good."""
    task = (LOADS if moment == "load" else PUBLISHES)[store]
    for _stroke in range(3):
        run = bench.again()
        bench.flow.until(run, task, ("running", "success"))
        struck = datetime.now(UTC)
        bench.kill(store)
        state = bench.flow.wait(run)
        bench.healthy(store)
        hit = bench.flow.ended(run, task) > struck
        if state == "failed":
            bench.failed(NAMES[store])
            bench.heals()
        else:
            print("  the run went on")
            bench.good()
        if hit:
            return
    pytest.fail(f"{task} had always ended before the stroke")


@pytest.mark.parametrize(("store", "task"), [("clickhouse", "validate_bronze"), ("minio", "validate_silver")])
def test_network_cut(bench: Bench, store: str, task: str) -> None:
    run = bench.again()
    bench.flow.until(run, task, ("running", "success"))
    with bench.cut(store):
        begun = time.monotonic()
        assert bench.flow.wait(run) == "failed", "it ends while nothing answers, by itself"
        print(f"  failed after {time.monotonic() - begun:.0f} s")
    bench.healthy(store)
    bench.failed(NAMES[store])
    bench.heals()


def test_network_cut_from_postgres(bench: Bench) -> None:
    """Airflow has its own database there: nothing goes on until it is back, then the run ends one way or the other."""
    run = bench.again()
    bench.flow.until(run, "validate_silver", ("running", "success"))
    with bench.cut("postgres"):
        time.sleep(10)
    bench.healthy("postgres")
    if bench.flow.wait(run, 240) == "failed":
        bench.failed()
        bench.heals()
    else:
        print("  the run went on")
        bench.good()


def test_store_is_full(bench: Bench) -> None:
    with bench.full():
        bench.fresh()
        bench.failed("MinIO", "Its volume is full", "date again", task="extract")
    bench.heals()


def test_load_that_outlives_its_task(bench: Bench) -> None:
    """An INSERT goes on in ClickHouse when its client dies. The next attempt ends it before it loads."""
    answers: list[str] = []
    late = (
        "INSERT INTO staging.airlines (carrier, name, _raw_id, _run_id) "
        "SELECT 'ZZ', 'late', generateUUIDv4(), 'late' FROM numbers(60) WHERE sleepEachRow(1) = 0 "
        "SETTINGS max_block_size = 1, min_insert_block_size_rows = 1"
    )

    def insert() -> None:
        answers.append(
            requests.post(
                f"http://{bench.platform.columns}:8123/",
                params={"query_id": "flights.stage"},
                data=late,
                auth=("loader", bench.platform.secrets()["CLICKHOUSE_LOADER_PASSWORD"]),
                timeout=90,
            ).text
        )

    thread = threading.Thread(target=insert)
    thread.start()
    time.sleep(2)
    bench.heals()
    thread.join(5)
    assert not thread.is_alive()
    assert "QUERY_WAS_CANCELLED" in answers[0], answers
