"""Bad input: the run says what is wrong with it, readers keep what they had, the next run puts it right."""

from __future__ import annotations

import re
import time
from contextlib import AbstractContextManager
from typing import Any

import pytest
from bench import LAUNCHERS, Bench
from look import opened
from sample import MART, MOUNTED, Row

SUITES = "quality/great_expectations/suites/flights.yml"
TABLES = {"bronze": "airlines", "silver": "airlines", "gold": MART}


def stream(connection: dict[str, Any], name: str) -> dict[str, Any]:
    return next(of for of in connection["streams"] if of["name"] == name)


def no_such_file(bench: Bench) -> AbstractContextManager[None]:
    return bench.connection(lambda of: stream(of, "planes")["configuration"].update(url=f"{MOUNTED}/nowhere.csv"))


def other_stream(bench: Bench) -> AbstractContextManager[None]:
    return bench.connection(lambda of: stream(of, "planes")["configuration"].update(dataset_name="aircraft"))


def launched(fault: str, **more: Any) -> Any:
    return lambda bench: bench.connection(lambda of: of.update(executable=f"{LAUNCHERS}/{fault}", **more))


def lost_column(bench: Bench) -> AbstractContextManager[None]:
    return bench.rewritten("planes", lambda rows: [without(row, "seats") for row in rows])


def without(row: Row, column: str) -> Row:
    return {name: value for name, value in row.items() if name != column}


def emptied(bench: Bench) -> AbstractContextManager[None]:
    return bench.rewritten("planes", lambda rows: [])


# What ends the run before Bronze is sealed. Each is one more attempt of the same date.
UNSEALED = {
    "stream without a source": (no_such_file, "extract", ["planes: source-file ended with 1", "nowhere.csv"]),
    "stream that the source lacks": (other_stream, "extract", ["planes: the source lacks this stream", "aircraft"]),
    "connector killed half-way": (
        launched("dies"), "extract", ["flights: ", "was killed by SIGKILL after 500 records", "flights.yml"],
    ),
    "connector that stops half-way without an error": (
        launched("ends"), "seal_bronze", ["flights: the source holds 1000 records, 500 came"],
    ),
    "connector that hangs": (
        launched("hangs", inactivity_seconds=12), "extract",
        ["flights: ", "wrote nothing for 12 s", "after 500 records"],
    ),
    "lost column": (lost_column, "extract", ["that the connection names, in all records: seats"]),
    "empty source": (emptied, "seal_bronze", ["planes: the source is empty", "allow_empty"]),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSEALED)
def test_source_that_fails(bench: Bench, case: str) -> None:
    change, task, words = UNSEALED[case]
    published = bench.platform.published()
    with change(bench):
        bench.fresh() if case == next(iter(UNSEALED)) else bench.again()
        bench.failed(*words, "date again", task=task)
    assert bench.platform.published() == published
    assert "source-file" not in str(bench.container("airflow-scheduler").top()["Processes"])


def test_status_shows_the_cause(bench: Bench) -> None:
    text = bench.platform.play("playbooks/status.yml")
    assert re.search(r"failed in seal_bronze: .*planes: the source is empty", " ".join(text.split()))


def test_the_run_after_failing_sources_heals(bench: Bench) -> None:
    bench.heals()


def spoil(rows: list[Row]) -> list[Row]:
    """Three rows that may not pass behind the good ones, and a column that nobody asked for."""
    extra = [
        rows[0] | {"tailnum": "N0001", "seats": "many"},
        rows[1],
        rows[2] | {"tailnum": "N0003", "seats": "5000"},
    ]
    return [row | {"owner": "somebody"} for row in rows + extra]


@pytest.fixture(scope="module")
def spoiled(bench: Bench) -> dict[str, list[str]]:
    """One run of a source with bad rows and a new column; the reasons of what was quarantined."""
    with bench.rewritten("planes", spoil):
        bench.fresh()
        assert bench.flow.wait(bench.run) == "success", bench.book()
    answer = bench.platform.clickhouse(
        "SELECT JSONExtractString(row, 'tailnum'), arrayStringConcat(reasons, ';') FROM quarantine.rejected "
        f"WHERE stream = 'planes' AND run_id = '{bench.date:%Y%m%dT%H%M%SZ}'"
    )
    return {name: reasons.split(";") for name, reasons in (line.split("\t") for line in answer.splitlines())}


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("corrupt row", "unreadable: seats"),
        ("duplicate key", "duplicate key: tailnum"),
        ("out of range", "out of range: seats"),
    ],
)  # fmt: skip
def test_bad_row_is_quarantined_with_its_reason(
    bench: Bench, spoiled: dict[str, list[str]], case: str, reason: str
) -> None:
    found = [name for name, reasons in spoiled.items() if reason in reasons]
    print(f"  {found}: {reason}")
    assert len(found) == 1
    assert bench.platform.tables() == bench.baseline, "the good rows are as ever"
    assert bench.rejected() == bench.quarantined | {"planes": 3}
    kept = bench.platform.query(
        "SELECT source, bronze, silver, quarantined, balanced FROM ops.run_receipts WHERE name = 'planes' "
        f"AND run_id = '{bench.date:%Y%m%dT%H%M%SZ}'"
    )
    assert [tuple(map(int, line)) for line in kept] == [(3325, 3325, 3322, 3, 1)]


def test_new_column_is_told_and_not_loaded(bench: Bench, spoiled: dict[str, list[str]]) -> None:
    notes = bench.book()["notes"]
    print(f"  {notes}")
    assert "planes: the source has columns that are not loaded: owner" in notes
    assert "planes: 1 values of seats are not of the catalog's type" in notes


def test_the_run_after_bad_rows_heals(bench: Bench) -> None:
    bench.heals(fresh=True)
    assert bench.book()["notes"] is None


def test_changed_type(bench: Bench) -> None:
    published = bench.platform.published()
    with bench.rewritten("planes", lambda rows: [row | {"seats": "many"} for row in rows]):
        bench.fresh()
        words = ["planes: none of 3322 records may go to Silver", "unreadable: seats (3322)", "new date"]
        bench.failed(*words, task="stage_silver")
    assert bench.platform.published() == published
    bench.heals(fresh=True)


@pytest.mark.parametrize("fault", ["missing", "added", "altered"])
def test_bronze_object_after_the_manifest(bench: Bench, fault: str) -> None:
    bucket, published = bench.platform.bronze(), bench.platform.published()
    prefix = f"flights/planes/{bench.date:%Y%m%dT%H%M%SZ}/"
    key = next(iter(bucket.objects.filter(Prefix=prefix))).key
    other = key.replace(".parquet", "_copy.parquet") if fault == "added" else key
    if fault == "missing":
        bucket.Object(key).delete()
    elif fault == "added":
        bucket.Object(other).copy_from(CopySource={"Bucket": "bronze", "Key": key})
    else:
        body = bucket.Object(key).get()["Body"].read()
        bucket.put_object(Key=key, Body=body[:-1] + bytes([body[-1] ^ 1]))
    bench.again()
    told = {"missing": "is missing", "added": "was added", "altered": "was altered"}[fault]
    bench.failed(f"bronze/{other} {told}", "Restore", task="validate_bronze")
    assert bench.platform.published() == published
    # Bronze keeps versions: without the newest one the object is as it was.
    newest = max(bucket.object_versions.filter(Prefix=other), key=lambda of: of.last_modified)
    newest.delete()
    bench.heals()


@pytest.mark.parametrize("layer", TABLES)
def test_failing_expectation_stops_the_run_at_its_layer(bench: Bench, layer: str) -> None:
    """Regression 8."""
    published = bench.platform.published()

    def impossible(suites: dict[str, Any]) -> None:
        suites[layer][TABLES[layer]].append({"type": "expect_table_row_count_to_equal", "value": -1})

    with bench.platform.edited(SUITES, impossible):
        bench.again()
        bench.failed(f"flights.{layer}.{TABLES[layer]}", task=f"validate_{layer}")
    after = bench.platform.published()
    assert after["gold"] == published["gold"]
    if layer != "gold":  # Silver's candidate passed its own checks and was published
        assert after["silver"] == published["silver"]


def suites(bench: Bench, expression: str) -> list[str]:
    return [of["metric"]["suite"] for of in bench.platform.prometheus(expression)]


def test_a_failing_expectation_is_seen(bench: Bench) -> None:
    """The right series moves, the right alert fires and is sent, the right tile of the report turns red."""
    suite = f"flights.gold.{MART}"
    # The failures of the layers before are known until their next validation is scraped.
    deadline = time.monotonic() + 60
    while (found := suites(bench, "ops_validation_success == 0")) != [suite]:
        assert time.monotonic() < deadline, f"Prometheus knows these suites as failed: {found}"
        time.sleep(1)
    firing = 'ALERTS{alertname="ValidationFailed", alertstate="firing"}'
    deadline = time.monotonic() + 60
    while (found := suites(bench, firing)) != [suite]:
        assert time.monotonic() < deadline, f"alerts fire for these suites: {found}"
        time.sleep(1)
    deadline = time.monotonic() + 90  # what is of the same kind as the last message waits a minute
    while suite not in [of["labels"]["suite"] for of in bench.told("ValidationFailed", "firing")]:
        assert time.monotonic() < deadline, "no alert reaches the webhook"
        time.sleep(1)
    bench.platform.play("playbooks/report.yml")
    with opened(bench.platform.report) as seen:
        tile = seen.page.locator("#board-data-quality .panel", has_text="Suites that failed").locator(".tile")
        assert tile.locator("b").inner_text() == "1"
        assert "--red" in str(tile.get_attribute("style"))
        row = seen.page.locator("#board-data-quality .panel", has_text="Which expectations were not met?").locator(
            "tbody tr"
        )
        assert [suite, "expect_table_row_count_to_equal"] == row.first.locator("td").all_inner_texts()[:2]
        assert row.count() == 1
        # Nothing to show after a good run; the other panel that may be empty then is the one above.
        failures = seen.page.locator("#board-pipelines .panel", has_text="What failed, and why?").locator("tbody tr")
        assert "validate_gold" in failures.first.inner_text()


def test_the_run_after_failing_expectations_heals(bench: Bench) -> None:
    assert "failed in validate_gold" in bench.platform.play("playbooks/status.yml")
    bench.heals()
