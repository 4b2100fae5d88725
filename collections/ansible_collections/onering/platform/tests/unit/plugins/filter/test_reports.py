from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.filter.reports import (
    duration,
    image_states,
    number,
    status,
    summary,
    table,
)

CONTAINERS = [
    {
        "name": "p-db",
        "kind": "service",
        "state": "running",
        "health": "healthy",
        "uptime_seconds": 75,
        "image": "onering/store:1-abc",
        "working_set_bytes": 100 * 2**20,
    },
    {
        "name": "p-job",
        "kind": "job",
        "state": "exited",
        "health": "",
        "uptime_seconds": 0,
        "image": "onering/store:1-abc",
        "working_set_bytes": 0,
    },
]
IMAGES = {"store": {"image": "onering/store:1-abc", "state": "built", "seconds": 104, "megabytes": 220}}
RECEIPT = {
    "dataset": "d",
    "kind": "stream",
    "name": "s",
    "measure": "rows",
    "source": 1000,
    "bronze": 1000,
    "silver": 997,
    "quarantined": 3,
    "gold": None,
    "expected": None,
    "balanced": True,
}
RUN = {
    "dataset": "d",
    "run_id": "r",
    "attempt": 1,
    "state": "failed",
    "failed_task": "stage",
    "cause": "no such object",
    "logical_date": "2026-01-01 00:00",
    "started": "2026-01-02 00:00:00",
    "seconds": 62,
}


def data(**flow: Any) -> dict[str, Any]:
    return {
        "project": "p",
        "containers": CONTAINERS,
        "images": IMAGES,
        "flow": flow,
        "secrets_file": "inv/.env",
        "links": [{"title": "Store", "url": "http://127.0.0.1:1", "login": "root", "secret": "STORE_PASSWORD"}],
        "left_out": [{"title": "Other", "why": "no image"}],
        "highlights": ["One line"],
    }


def test_the_receipt_says_whether_it_balances() -> None:
    text = summary(data(receipts=[RECEIPT, {**RECEIPT, "name": "t", "balanced": False}]))
    assert "1,000   1,000     997            3  balances" in text
    assert "DOES NOT BALANCE" in text


def test_the_summary_names_where_passwords_are_and_shows_none() -> None:
    text = summary(data())
    assert "passwords are in inv/.env" in text
    assert "STORE_PASSWORD" in text


def test_the_summary_has_every_part() -> None:
    checks = [{"dataset": "d", "layer": "gold", "passed": 12, "failed": 0}]
    text = summary(data(runs=[RUN], checks=checks))
    for part in ("Gold says", "One line", "100 MiB", "built", "1 min 44 s", "Other: no image", "Gold       12       0"):
        assert part in text, part


@pytest.mark.parametrize(("datasets", "shown"), [("dddd", 3), ("abcde", 5)])
def test_the_summary_shows_three_runs_or_one_a_dataset(datasets: str, shown: int) -> None:
    runs = [{**RUN, "dataset": name, "state": "succeeded"} for name in datasets]
    assert summary(data(runs=runs)).count("2026-01-01 00:00") == shown


def test_a_failed_run_is_shown_with_its_cause() -> None:
    assert "d 2026-01-01 00:00 failed in stage: no such object" in status(data(runs=[RUN]))


def test_images_say_whether_they_were_built() -> None:
    assert "store:1-abc  built  1 min 44 s  220 MB" in image_states(IMAGES)


def test_jobs_are_not_what_runs() -> None:
    assert "p-job" not in status(data())


def test_a_project_without_containers_says_what_to_do() -> None:
    assert "make up" in status({**data(), "containers": []})


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (75, "1 min 15 s"), (3700, "1 h 01 min"), (90000, "1 d 1 h"), (None, "0 s")],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (336776, "336,776"), (1.5, "1.50"), (4.0, "4")])
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


def test_columns_line_up() -> None:
    assert table(("a", "n"), [("x", "10"), ("long", "2")], right=(1,)) == ["  a      n", "  x     10", "  long   2"]
