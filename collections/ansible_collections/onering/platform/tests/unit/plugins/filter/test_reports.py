from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.filter.reports import (
    duration,
    image_states,
    number,
    preflight,
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
    stopped = {**RUN, "failed_task": None, "cause": "interrupted"}
    assert "d 2026-01-01 00:00 failed: interrupted" in status(data(runs=[stopped]))


def test_what_is_worth_knowing_of_a_run_is_shown() -> None:
    text = status(data(runs=[{**RUN, "state": "succeeded", "notes": "s: a new column"}]))
    assert "d 2026-01-01 00:00 note: s: a new column" in text
    assert "failed" not in text


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


PARTS = [
    {"name": "store", "profile": "core", "needs": [], "services": ["store"], "images": ["store"],
     "footprint": {"memory_mb": 1024, "disk_mb": 1024, "build_seconds": 61}},
    {"name": "graphs", "profile": "observability", "needs": ["store"], "services": ["graphs"], "images": [],
     "footprint": {"memory_mb": 2048}},
]  # fmt: skip
JUDGED = {
    "checks": ["os", "memory"],
    "notes": ["no engine answers: it will be installed"],
    "images": [{"name": "store", "parents": None, "footprint": None}],
    "host": {
        "cpus": 2, "memory_mb": 2048, "store": {"path": "/d", "free_mb": 9216}, "missing": ["store"], "running": [],
    },
}  # fmt: skip
ERROR = {
    "check": "memory",
    "level": "error",
    "found": "2.0 GiB of memory are available, and 3.0 GiB are expected to be needed by all that was chosen",
    "remedy": "stop other programs, give the machine more memory, or choose fewer components",
}


def judged(**changed: Any) -> dict[str, Any]:
    return {
        "host": "h", "project": "p", "check": False, "findings": [], "usable": True, "judged": JUDGED, "parts": PARTS,
        "chosen": ["store"], **changed,
    }  # fmt: skip


def test_a_preflight_that_passes_says_what_fits() -> None:
    text = preflight(judged())
    assert "Preflight of h: all 3 checks passed\n" in text
    assert "  no engine answers: it will be installed\n" in text
    assert "2 CPUs, 2.0 GiB of memory available, 9.0 GiB free at /d" in text
    assert "core                    1  1.0 GiB  2.0 GiB  2 min  yes, chosen" in text
    assert "observability           2  3.0 GiB  2.0 GiB  2 min  no: too little memory" in text
    assert "full" in text


def test_a_preflight_that_fails_is_one_table_with_every_cause_and_remedy() -> None:
    settings = {"check": "settings", "level": "error", "found": "onering_x is no setting", "remedy": "remove it"}
    text = preflight(judged(findings=[settings, ERROR]))
    assert text.startswith("Preflight of h: 2 of 3 checks failed; nothing was changed")
    assert text.count("remedy") == 1
    rows = [line for line in text.splitlines() if line.startswith(("  settings", "  memory"))]
    assert len(rows) == 2
    joined = " ".join(text.split())
    assert "onering_x is no setting remove it" in joined
    assert all(len(line) < 125 for line in text.splitlines())


def test_settings_that_hide_the_rest_are_said_to() -> None:
    text = preflight(judged(findings=[ERROR], usable=False, judged={}, parts=[], chosen=[]))
    assert "1 of 1 checks failed" in text
    assert "The host was not asked" in text


def test_a_warning_is_shown_and_does_not_fail() -> None:
    text = preflight(judged(findings=[{**ERROR, "level": "warning"}]))
    assert text.startswith("Preflight of h: 2 checks passed\n")
    assert "warning" in text


def test_settings_alone_without_findings_say_nothing() -> None:
    assert preflight(judged(judged={})) == ""


def test_a_profile_that_runs_needs_only_what_is_not_there() -> None:
    there = {**JUDGED, "host": {**JUDGED["host"], "missing": [], "running": ["store"]}}
    text = preflight(judged(judged=there))
    assert "core                    1  0.0 GiB of 1.0 GiB  1.0 GiB of 2.0 GiB      -  yes, chosen" in text


def test_components_beside_a_profile_are_a_line_of_their_own() -> None:
    parts = [*PARTS, {**PARTS[1], "name": "extra"}]
    text = preflight(judged(parts=parts, chosen=["store", "extra"]))
    assert "chosen                  2" in text


def test_check_mode_says_what_would_be_made() -> None:
    text = preflight(judged(check=True))
    assert "  would be built: store\n  would be run: p-store\n" in text
    there = {**JUDGED, "host": {**JUDGED["host"], "missing": [], "running": ["store"]}}
    assert "would be" not in preflight(judged(check=True, judged=there)).replace("it will be", "")
