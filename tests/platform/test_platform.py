"""From nothing to Gold on real data, again with nothing changed, through faults, and gone without a trace."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import docker
import pytest
import requests
from driver import INVENTORY, PROJECT, ROOT, STORE, Platform

FORCED = ("-e", json.dumps({"onering_verbs": ["publish"], "onering_force": True}))
SUITES = "quality/great_expectations/suites/flights.yml"
TABLES = {"bronze": "airlines", "silver": "airlines", "gold": "route_performance"}


def newest_run(platform: Platform) -> dict[str, Any]:
    columns = ("state", "failed_task", "cause", "attempt")
    row = platform.query(f"SELECT {', '.join(columns)} FROM ops.runs ORDER BY started_at DESC LIMIT 1")[0]
    return dict(zip(columns, row, strict=True))


def test_check_mode_on_nothing_changes_nothing(platform: Platform) -> None:
    text = platform.play("site.yml", "--check")
    assert platform.recap(text)["failed"] == 0
    assert platform.containers() == {}
    assert not (INVENTORY / ".env").exists()


def test_up(platform: Platform) -> None:
    text = platform.play("site.yml")
    print(text[text.index("== OneRing") :])
    streams = platform.query(
        "SELECT name, source, bronze, silver + quarantined, balanced FROM ops.run_receipts WHERE kind = 'stream'"
    )
    assert {name: int(source) for name, source, *_rest in streams} == {
        "airlines": 16, "airports": 1458, "planes": 3322, "weather": 26115, "flights": 336776,
    }  # fmt: skip
    for name, source, bronze, kept, balanced in streams:
        assert source == bronze == kept, name
        assert balanced, name
    marts = platform.query("SELECT gold, silver, balanced FROM ops.run_receipts WHERE kind = 'mart'")
    assert len(marts) >= 3
    assert all(gold == silver and balanced for gold, silver, balanced in marts)


def test_quarantine_has_reasons(platform: Platform) -> None:
    answer = platform.clickhouse(
        "SELECT stream, countIf(notEmpty(reasons)), count() FROM quarantine.rejected GROUP BY stream"
    )
    rows = {
        stream: (with_reason, total) for stream, with_reason, total in (line.split() for line in answer.splitlines())
    }
    assert set(rows) == {"weather"}
    assert rows["weather"][0] == rows["weather"][1]
    kept_later = platform.clickhouse(
        "SELECT countIf(toString(q.raw_id) > toString(w._raw_id)), count() FROM quarantine.rejected AS q "
        "INNER JOIN silver.weather AS w ON (w.origin, w.month, w.day, w.hour) = ("
        "JSONExtractString(row, 'origin'), toUInt8OrZero(JSONExtractString(row, 'month')), "
        "toUInt8OrZero(JSONExtractString(row, 'day')), toUInt8OrZero(JSONExtractString(row, 'hour'))) "
        "WHERE arrayExists(reason -> startsWith(reason, 'duplicate key'), reasons)"
    )
    assert kept_later.split() == ["3", "3"], "of each repeated key the record that came first is in Silver"


def test_again_changes_nothing_and_restarts_nothing(platform: Platform) -> None:
    before = platform.containers()
    text = platform.play("site.yml")
    assert platform.recap(text)["changed"] == 0
    assert platform.containers() == before


def test_check_mode_on_a_running_platform_reports_no_change(platform: Platform) -> None:
    assert platform.recap(platform.play("site.yml", "--check", "--diff"))["changed"] == 0


def test_every_component_verifies(platform: Platform) -> None:
    text = platform.play("playbooks/verify.yml")
    assert platform.recap(text)["changed"] == 0


def test_the_marked_row_of_verify_leaves_nothing(platform: Platform) -> None:
    store = platform.bronze().meta.client
    for bucket in ("bronze", "silver", "gold"):
        listed = store.list_object_versions(Bucket=bucket, Prefix="canary/")
        assert not listed.get("Versions"), bucket
        assert not listed.get("DeleteMarkers"), bucket
    assert platform.clickhouse("SELECT count() FROM silver.canary") == "0"
    assert platform.clickhouse("SELECT count() FROM staging.canary") == "0"
    assert platform.query("SELECT count(*) FROM gold.canary_marks") == [(0,)]
    for book in ("runs", "run_receipts", "validation_results", "outbox"):
        assert platform.query(f"SELECT count(*) FROM ops.{book} WHERE dataset = 'canary'") == [(0,)], book


def test_verify_names_the_container_that_is_stopped(platform: Platform) -> None:
    engine = docker.from_env()
    for name in platform.containers():
        engine.containers.get(name).stop(timeout=5)
        text = platform.play("playbooks/verify.yml", fails=True)
        assert platform.seconds < 60, name
        first = text[text.index("[ERROR]") :].splitlines()[0]
        assert name in first, first
        engine.containers.get(name).start()
    platform.play("playbooks/verify.yml")


def test_status_tells_the_last_run(platform: Platform) -> None:
    text = platform.play("playbooks/status.yml")
    assert re.search(r"flights +2026-01-01 00:00 +1 +succeeded", text)


def test_no_secret_is_in_a_container_declaration_or_an_image(platform: Platform) -> None:
    """Regression 18. The planted values are the project's own."""
    engine = docker.from_env()
    shown = json.dumps(
        [c.attrs for c in engine.containers.list(all=True, filters={"label": f"onering.project={PROJECT}"})]
    )
    shown += json.dumps([image.history() for image in engine.images.list(filters={"label": "onering.image"})])
    found = [name for name, value in platform.secrets().items() if value in shown]
    assert found == []


def test_ports_stay_off_the_host_and_data_docs_open(platform: Platform) -> None:
    for container in docker.from_env().containers.list(filters={"label": f"onering.project={PROJECT}"}):
        assert not any((container.attrs["HostConfig"]["PortBindings"] or {}).values()), container.name
    for path in ("index.html", "flights/index.html"):
        page = requests.get(f"http://{STORE}:9000/data-docs/{path}", timeout=10)
        assert page.status_code == 200, path
        assert "text/html" in page.headers["Content-Type"]


def test_silver_and_gold_are_in_the_store_as_parquet(platform: Platform) -> None:
    store = platform.bronze().meta.client
    for bucket in ("silver", "gold"):
        keys = [entry["Key"] for entry in store.list_objects_v2(Bucket=bucket).get("Contents", [])]
        assert keys, bucket
        assert all(key.endswith(".parquet") for key in keys)


@pytest.mark.parametrize("fault", ["missing", "added"])
def test_a_bronze_object_that_is_not_as_sealed_stops_the_load(platform: Platform, fault: str) -> None:
    bucket = platform.bronze()
    versions = list(bucket.object_versions.filter(Prefix="flights/planes/"))
    key = next(version.object_key for version in versions if version.object_key.endswith(".parquet"))
    before = platform.tables(), platform.published()
    other = key.replace(".parquet", "_copy.parquet")
    if fault == "missing":
        bucket.Object(key).delete()
    else:
        bucket.Object(other).copy_from(CopySource={"Bucket": "bronze", "Key": key})
    text = platform.play("site.yml", *FORCED, fails=True)
    named = key if fault == "missing" else other
    assert named in re.sub(r"\n\s*", "", text) or named in re.sub(r"\s+", " ", text)
    run = newest_run(platform)
    assert run["state"] == "failed"
    assert named in run["cause"]
    assert (platform.tables(), platform.published()) == before
    if fault == "missing":
        marker = next(v for v in bucket.object_versions.filter(Prefix=key) if v.head is None or v.size is None)
        marker.delete()
    else:
        bucket.object_versions.filter(Prefix=other).delete()


@pytest.mark.parametrize("layer", list(TABLES))
def test_a_failing_expectation_stops_the_run_at_its_layer(platform: Platform, layer: str) -> None:
    before = platform.tables()
    published = platform.published()

    def impossible(suites: dict[str, Any]) -> None:
        suites[layer][TABLES[layer]].append({"type": "expect_table_row_count_to_equal", "value": -1})

    with platform.edited(SUITES, impossible):
        platform.play("site.yml", *FORCED, fails=True)
    run = newest_run(platform)
    assert (run["state"], run["failed_task"]) == ("failed", f"validate_{layer}")
    assert f"flights.{layer}.{TABLES[layer]}" in run["cause"]
    assert platform.tables() == before
    after = platform.published()
    assert after["gold"] == published["gold"]
    if layer != "gold":  # Silver's candidate passed its own checks and was published
        assert after["silver"] == published["silver"]
    text = platform.play("playbooks/status.yml")
    assert f"failed in validate_{layer}" in text


def test_the_next_run_heals_and_gives_the_same_tables(platform: Platform) -> None:
    before = platform.tables()
    platform.play("site.yml")
    assert newest_run(platform)["state"] == "succeeded"
    assert platform.tables() == before


def test_a_newer_date_supersedes_an_older_one(platform: Platform) -> None:
    before = platform.tables()
    platform.play("playbooks/demo.yml")
    assert platform.tables() == before, "the same source on another date gives the same business columns"
    runs = platform.query("SELECT logical_date, state, attempt FROM ops.runs ORDER BY logical_date")
    assert [state for _date, state, _attempt in runs] == ["succeeded", "succeeded"]
    published = platform.published()
    platform.play("site.yml", *FORCED)  # asks for the older date again
    assert platform.published() == published
    assert platform.query("SELECT logical_date, state, attempt FROM ops.runs ORDER BY logical_date") == runs


def test_no_secret_is_in_what_was_printed(platform: Platform) -> None:
    for log in platform.content.parent.glob("*.log"):
        text = log.read_text()
        assert [name for name, value in platform.secrets().items() if value in text] == [], log


def test_purge_leaves_nothing(platform: Platform) -> None:
    platform.play("playbooks/down.yml", "-e", json.dumps({"down_purge": True, "engine_purge_images": False}))
    engine = docker.from_env()
    mine = {"label": f"onering.project={PROJECT}"}
    assert engine.containers.list(all=True, filters=mine) == []
    assert engine.networks.list(filters=mine) == []
    assert engine.volumes.list(filters=mine) == []
    assert not (INVENTORY / ".env").exists()
    arguments = ["-i", str(INVENTORY), "onering", "--become", "-m", "ansible.builtin.stat"]
    asked = subprocess.run(
        ["ansible", *arguments, "-a", f"path=/var/lib/onering/{PROJECT}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert re.search(r"exists\W+false", asked.stdout), asked.stdout
