"""From nothing to Gold on real data, again with nothing changed, through faults, and gone without a trace."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
from driver import INVENTORY, PROJECT, ROOT, STORE, Platform

# The faults are those of flights: no other dataset's run is repeated for them.
FORCED = ("-e", json.dumps({"onering_verbs": ["publish"], "onering_force": True, "onering_datasets": ["flights"]}))
# Faker draws dates between the year 2000 and now: on another date of the run these may differ in a row or two.
DATED = {
    "silver.purchases", "gold.revenue_by_make_month", "gold.cart_to_purchase", "gold.returns_by_make",
}  # fmt: skip
DATASET = ROOT / "tests/platform/dataset"
TARGETS = ROOT / "collections/ansible_collections/onering/platform/tests/integration"


def newest_run(platform: Platform) -> dict[str, Any]:
    columns = ("state", "failed_task", "cause", "attempt")
    row = platform.query(
        f"SELECT {', '.join(columns)} FROM ops.runs WHERE dataset = 'flights' ORDER BY started_at DESC LIMIT 1"
    )[0]
    return dict(zip(columns, row, strict=True))


def test_check_mode_on_nothing_changes_nothing(platform: Platform) -> None:
    """Regression 15."""
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
        "products": 100, "users": 1000, "purchases": 1000,
    }  # fmt: skip
    for name, source, bronze, kept, balanced in streams:
        assert source == bronze == kept, name
        assert balanced, name
    marts = platform.query("SELECT gold, silver, balanced FROM ops.run_receipts WHERE kind = 'mart'")
    assert len(marts) >= 6
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
    """Regressions 14 and 15."""
    before = platform.containers()
    text = platform.play("site.yml")
    assert platform.recap(text)["changed"] == 0
    assert platform.containers() == before


def test_check_mode_on_a_running_platform_reports_no_change(platform: Platform) -> None:
    assert platform.recap(platform.play("site.yml", "--check", "--diff"))["changed"] == 0


def test_verify_names_the_container_that_is_stopped(platform: Platform) -> None:
    engine = docker.from_env()
    for name in platform.containers():
        engine.containers.get(name).stop(timeout=5)
        text = platform.play("playbooks/verify.yml", fails=True)
        assert platform.seconds < 60, name
        first = text[text.index("[ERROR]") :].splitlines()[0]
        assert name in first, first
        engine.containers.get(name).start()


def test_every_component_verifies(platform: Platform) -> None:
    """With all that were stopped running again."""
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
    """Regressions 10 and 20: validation results don't stay on disk."""
    for container in docker.from_env().containers.list(filters={"label": f"onering.project={PROJECT}"}):
        assert not any((container.attrs["HostConfig"]["PortBindings"] or {}).values()), container.name
    for path in ("index.html", "flights/index.html", "orders/index.html"):
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


def test_the_next_run_heals_and_gives_the_same_tables(platform: Platform) -> None:
    before = platform.tables()
    platform.play("site.yml")
    assert newest_run(platform)["state"] == "succeeded"
    assert platform.tables() == before


def test_a_newer_date_supersedes_an_older_one(platform: Platform) -> None:
    before = platform.tables()
    platform.play("playbooks/demo.yml")
    after = platform.tables()
    changed = {name for name in before if after[name] != before[name]}
    assert changed <= DATED, "the same source on another date gives the same business columns"
    books = "SELECT dataset, logical_date, state, attempt FROM ops.runs ORDER BY 1, 2"
    runs = platform.query(books)
    assert [(dataset, state) for dataset, _date, state, _attempt in runs] == [
        (dataset, "succeeded") for dataset in ("flights", "orders") for _date in range(2)
    ]
    published = platform.published()
    platform.play("site.yml", *FORCED)  # asks for the older date again
    assert platform.published() == published
    assert platform.query(books) == runs


def test_a_dataset_is_three_files_of_content(platform: Platform) -> None:
    """A client's CSV comes to Gold with nothing written outside platform/, and no Python."""
    added = sorted(path.relative_to(DATASET).as_posix() for path in DATASET.rglob("*") if path.is_file())
    declared = [name for name in added if not name.startswith("storage/medallion/samples/")]
    assert len(declared) <= 3
    assert all(name.endswith((".yml", ".sql")) for name in declared)
    assert not any((platform.content / name).exists() for name in added)
    containers, others = platform.containers(), platform.tables()
    shutil.copytree(DATASET, platform.content, dirs_exist_ok=True)

    only = ("-e", json.dumps({"onering_datasets": ["meters"]}))
    platform.play("site.yml", *only)
    assert platform.containers() == containers
    receipt = platform.query(
        "SELECT source, bronze, silver, quarantined, balanced FROM ops.run_receipts "
        "WHERE dataset = 'meters' AND kind = 'stream'"
    )
    assert receipt == [(25, 25, 23, 2, True)]
    rejected = platform.clickhouse(
        "SELECT JSONExtractString(row, 'meter'), JSONExtractString(row, 'day'), reasons[1] "
        "FROM quarantine.rejected WHERE dataset = 'meters' ORDER BY ALL"
    )
    assert [line.split("\t") for line in rejected.splitlines()] == [
        ["M-1", "2026-01-03", "duplicate key: meter, day"],
        ["M-4", "2026-01-02", "unreadable: kwh"],
    ]
    with (DATASET / "storage/medallion/samples/meters.csv").open() as text:
        records = [row for row in csv.DictReader(text) if row["kwh"] not in ("99", "eleven")]
    gold = platform.query("SELECT tariff, readings, meters, kwh FROM gold.consumption_by_tariff ORDER BY tariff")
    assert gold == [
        (
            tariff,
            len(of := [row for row in records if row["tariff"] == tariff]),
            len({row["meter"] for row in of}),
            sum(Decimal(row["kwh"]) for row in of),
        )
        for tariff in ("day", "heat", "night")
    ]
    tables = platform.tables()
    assert {name: tables[name] for name in others} == others, "the other datasets are as they were"

    assert platform.recap(platform.play("site.yml", *only))["changed"] == 0
    assert platform.tables() == tables


def test_a_file_nobody_has_seen_comes_to_gold(platform: Platform, tmp_path: Path) -> None:
    """As Excel saves it in Germany; the dataset's files are the generator's, unchanged."""
    file = tmp_path / "Rechnungen 2025.csv"
    lines = ["Rechnungs-Nr.;Kunde;PLZ;Fällig am;Betrag (€);MwSt"]
    lines += [
        f"{2025000 + n};{('Müller GmbH', 'Süß & Söhne')[n % 2]};{n % 100:05d};{n % 28 + 1}.{n % 3 + 1}.2025;"
        f"{n % 9 + 1}.{n % 1000:03d},{n % 100:02d};{('19', '7', 'NA')[n % 3]}"
        for n in range(300)
    ]
    file.write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))
    command = [sys.executable, "-m", "ops.dataset", "--name", "invoices", "--from", str(file)]
    subprocess.run([*command, "--content", str(platform.content)], cwd=ROOT, check=True)
    platform.play("site.yml", "-e", json.dumps({"onering_datasets": ["invoices"]}))
    receipt = platform.query(
        "SELECT kind, measure, source, bronze, silver, quarantined, gold, balanced FROM ops.run_receipts "
        "WHERE dataset = 'invoices' AND measure IN ('records', 'betrag_eur_sum') ORDER BY kind DESC, measure"
    )
    total = sum(Decimal(f"{n % 9 + 1}{n % 1000:03d}.{n % 100:02d}") for n in range(300))
    assert receipt == [
        ("stream", "records", 300, 300, 300, 0, None, True),
        ("mart", "betrag_eur_sum", None, None, total, None, total, True),
        ("mart", "records", None, None, 300, None, 300, True),
    ]
    gold = platform.query(
        "SELECT month, kunde, records, betrag_eur_sum FROM gold.invoices_summary ORDER BY 1, 2 LIMIT 1"
    )
    chosen = [n for n in range(300) if n % 3 == 0 and n % 2 == 0]
    first = sum(Decimal(f"{n % 9 + 1}{n % 1000:03d}.{n % 100:02d}") for n in chosen)
    assert gold == [(date(2025, 1, 1), "Müller GmbH", len(chosen), first)]
    row = platform.clickhouse("SELECT plz, faellig_am, mw_st FROM silver.invoices WHERE rechnungs_nr = 2025002")
    assert row.split("\t") == ["00002", "2025-03-03", "\\N"]


def test_the_collections_target_of_airflow(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_URL", f"http://{platform.airflow}:8080")
    monkeypatch.setenv("AIRFLOW_USERNAME", "admin")
    monkeypatch.setenv("AIRFLOW_PASSWORD", platform.secrets()["AIRFLOW_ADMIN_PASSWORD"])
    dags = platform.content / "orchestration/airflow/dags"
    added = shutil.copy(TARGETS / "targets/airflow_dag_run/files/onering_test.py", dags)
    platform.play(str(TARGETS / "run.yml"), "-vvv", "-e", '{"targets": ["airflow_dag_run"]}')
    Path(added).unlink()


def test_no_secret_is_in_what_was_printed(platform: Platform) -> None:
    for log in platform.content.parent.glob("*.log"):
        text = log.read_text()
        assert [name for name, value in platform.secrets().items() if value in text] == [], log


def test_purge_leaves_nothing(platform: Platform) -> None:
    """Regression 16."""
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
