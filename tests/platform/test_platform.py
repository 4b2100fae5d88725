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
import psycopg
import pytest
import requests
import yaml
from backends import airflow_at
from driver import INVENTORY, PROJECT, ROOT, STORE, Platform
from look import check, opened
from platform_report.units import text
from strokes import judge, strike

ORDERS = ("-e", json.dumps({"onering_datasets": ["orders"]}))
# Faker draws dates between the year 2000 and now: on another date of the run these may differ in a row or two.
DATED = {
    "silver.purchases", "gold.revenue_by_make_month", "gold.cart_to_purchase", "gold.returns_by_make",
}  # fmt: skip
DATASET = ROOT / "tests/platform/dataset"
TARGETS = ROOT / "collections/ansible_collections/onering/platform/tests/integration"


def test_up(platform: Platform) -> None:
    text = platform.play("site.yml")
    print(text[text.index("== OneRing") :])
    assert re.search(r"Report: http://\S+ \([\d.]+ MB in ", text)
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


@pytest.mark.parametrize("options", [(), ("--check", "--diff")], ids=["run", "check"])
def test_again_changes_nothing_and_restarts_nothing(platform: Platform, options: tuple[str, ...]) -> None:
    """Regressions 14 and 15."""
    before = platform.containers()
    text = platform.play("site.yml", *options)
    assert platform.recap(text)["changed"] == 0
    assert platform.containers() == before


def test_every_metric_that_queries_and_alerts_name_has_a_series(platform: Platform) -> None:
    """Regression 11. Of what is named, only probes over TLS have nothing to probe yet."""
    folder = platform.content / "observability/prometheus"
    queries = yaml.safe_load((folder / "queries.yml").read_text())
    named = {
        f"{query}_{name}"
        for query, asked in queries.items()
        for entry in asked["metrics"]
        for name, column in entry.items()
        if column["usage"] == "GAUGE"
    }
    for group in yaml.safe_load((folder / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            platform.prometheus(rule["expr"])  # fails where the expression does
            named |= set(re.findall(r"\b(?:airflow|node|ops|pg)_\w+|\bup\b", rule["expr"]))
    series = {sample["metric"]["__name__"] for sample in platform.prometheus('{__name__=~".+"}')}
    assert named - series == set()


def test_prometheus_has_its_own_pages(platform: Platform) -> None:
    for path in ("alerts", "static/jquery/jquery.min.js"):
        assert requests.get(f"http://{platform.metrics}:9090/classic/{path}", timeout=30).ok, path


def test_tasks_and_runs_are_metrics_with_their_names_as_labels(platform: Platform) -> None:
    finished = platform.prometheus("airflow_ti_finish")
    assert {"flights", "orders"} <= {sample["metric"]["dag_id"] for sample in finished}
    assert all(sample["metric"]["task_id"] and sample["metric"]["state"] for sample in finished)
    runs = platform.prometheus("airflow_dagrun_duration_seconds_count")
    assert {(run["metric"]["dag_id"], run["metric"]["state"]) for run in runs} == {
        ("flights", "success"), ("orders", "success"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "denied"),
    [
        ("SELECT count(*) FROM ops.runs", False),
        ("SELECT count(*) FROM gold.canary_marks", False),
        ("UPDATE ops.runs SET state = state", True),
        ("DELETE FROM gold.canary_marks", True),
        ("SELECT count(*) FROM staging.canary_marks", True),
    ],
)
def test_readers_read_books_and_gold_and_nothing_else(platform: Platform, statement: str, denied: bool) -> None:
    account = {"user": "metrics", "password": platform.secrets()["POSTGRES_METRICS_PASSWORD"]}
    with psycopg.connect(host=platform.warehouse, dbname="onering", connect_timeout=10, **account) as connection:
        if denied:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
        else:
            connection.execute(statement)


def test_statements_are_told_without_what_they_were_given(platform: Platform) -> None:
    """Regression 18: accounts were made with passwords, in this server and since it started."""
    account = {"user": "report", "password": platform.secrets()["POSTGRES_REPORT_PASSWORD"]}
    with psycopg.connect(host=platform.warehouse, dbname="onering", connect_timeout=10, **account) as connection:
        told = [str(text) for (text,) in connection.execute("SELECT statement FROM ops.statements()").fetchall()]
        others = (
            "SELECT count(*) FROM pg_stat_activity WHERE usename <> current_user AND query NOT LIKE '<insufficient%'"
        )
        assert connection.execute(others).fetchone() == (0,), "what other accounts ask just now, with its values"
    assert any("ops.run_receipts" in text for text in told)
    hidden = re.compile(r"insufficient privilege|(CREATE|ALTER)\s+(ROLE|USER)", re.IGNORECASE)
    assert [text for text in told if hidden.search(text)] == []
    assert [name for name, value in platform.secrets().items() if any(value in text for text in told)] == []


def tile(page: Any, dashboard: str, title: str) -> str:
    """The text of a dashboard's one tile."""
    panel = page.locator(f"#board-{dashboard} .panel", has=page.get_by_role("heading", name=title, exact=True))
    return str(panel.locator(".tile b").inner_text())


@pytest.mark.parametrize(("theme", "width"), [("light", 1366), ("dark", 1366), ("light", 3840)])
def test_the_report_stands(platform: Platform, theme: str, width: int) -> None:
    check(platform.report, theme, width, ROOT / ".cache/browser/platform")


def test_almost_every_panel_has_data(platform: Platform) -> None:
    """Of a fresh platform there is nothing to say where nothing failed."""
    with opened(platform.report) as seen:
        empty = seen.page.locator(".panel .empty").locator("xpath=..").locator("h3").all_inner_texts()
    print(f"  {empty}")
    assert sorted(empty) == ["What failed, and why?", "Which expectations were not met?"]


def test_the_reports_own_sections_say_what_the_books_say(platform: Platform) -> None:
    stream = "FILTER (WHERE kind = 'stream')"
    counted = platform.query(
        f"SELECT dataset, sum(source) {stream}, sum(bronze) {stream}, sum(silver) {stream}, sum(quarantined) {stream}, "
        "count(DISTINCT name) FILTER (WHERE kind = 'mart'), count(*) FROM ops.run_receipts GROUP BY dataset ORDER BY 1"
    )
    ((evaluated,),) = platform.query("SELECT sum(evaluated) FROM ops.validation_results")
    with opened(platform.report) as seen:
        page = seen.page
        assert page.locator("section > .empty").all_inner_texts() == []
        flows = page.locator("#flow .flow").evaluate_all("all => all.map(of => of.getAttribute('aria-label'))")
        assert flows == [
            f"{dataset}: {source:,} rows at the source, {bronze:,} in Bronze, {silver:,} in Silver, "
            f"{quarantined:,} quarantined, {marts} marts in Gold"
            for dataset, source, bronze, silver, quarantined, marts, _lines in counted
        ]
        assert page.locator("#runs details tbody").count() == page.locator(".lineage").count() == len(counted)
        for tasks in page.locator("#runs details tbody").all():
            assert {"open_run", "extract", "publish_gold", "settle"} <= set(
                tasks.locator("td:first-child").all_text_contents()
            )
        assert page.locator("#receipts tbody tr").count() == sum(of[-1] for of in counted)
        assert page.locator("#validations tbody tr").count() == evaluated > 0
        for area in page.locator(".lineage").all():
            heads = area.locator("h4").all_inner_texts()
            assert heads == ["Source", "Bronze", "Silver", "Gold"]
            area.locator("button[data-column^='gold.']").first.click()
            marked = area.locator("button.on").evaluate_all("all => all.map(of => of.dataset.column.split('.')[0])")
            assert set(marked) == {"source", "bronze", "silver", "gold"}
        assert page.locator("#platform-facts tbody").first.locator("tr").count() >= len(platform.containers())
        phases = page.locator("#platform-facts h3", has_text="Installation").locator("xpath=following-sibling::ul[1]")
        assert "flow, trigger to receipt" in phases.inner_text()


def test_dashboards_lead_to_the_components_pages(platform: Platform) -> None:
    expected = {of["metric"]["title"]: of["metric"]["url"] for of in platform.prometheus("component_page_info")}
    assert {"Airflow", "MinIO console", "Data Docs", "Prometheus", "Report", "ClickHouse"} == set(expected)
    with opened(platform.report) as seen:
        links = seen.page.locator("#board-platform .tile a")
        found = {of.inner_text(): of.get_attribute("href") for of in links.all()}
    assert found == expected


def test_panels_say_what_the_stores_say(platform: Platform) -> None:
    """Asked of Silver, or of the books in other words."""
    flights = "silver.flights"
    expected = {
        ("gold-flights", "Flights in Gold"): (f"SELECT count() FROM {flights}", "none", None),
        ("gold-flights", "Cancelled"): (f"SELECT avg(dep_time IS NULL) FROM {flights}", "percentunit", 1),
        ("gold-flights", "On time"): (
            f"SELECT avg(arr_delay < 15) FROM {flights} WHERE arr_delay IS NOT NULL",
            "percentunit",
            1,
        ),
        ("gold-flights", "Routes"): (f"SELECT uniqExact(origin, dest) FROM {flights}", "none", None),
        ("gold-orders", "Purchases"): (
            "SELECT count() FROM silver.purchases WHERE purchased_at IS NOT NULL",
            "short",
            None,
        ),
        ("gold-orders", "Returned"): (
            "SELECT avg(returned_at IS NOT NULL) FROM silver.purchases WHERE purchased_at IS NOT NULL",
            "percentunit",
            1,
        ),
        ("gold-orders", "Carts left behind"): (
            "SELECT avg(purchased_at IS NULL) FROM silver.purchases",
            "percentunit",
            1,
        ),
        ("gold-orders", "Revenue"): (
            "SELECT sum(c.price) FROM silver.purchases AS p INNER JOIN silver.products AS c ON c.id = p.product_id "
            "WHERE p.purchased_at IS NOT NULL",
            "currencyUSD",
            None,
        ),
        ("data", "Rows in Silver"): (
            "SELECT sum(total_rows) FROM system.tables WHERE database = 'silver'",
            "short",
            None,
        ),
    }
    with opened(platform.report) as seen:
        for (dashboard, title), (statement, unit, decimals) in expected.items():
            assert tile(seen.page, dashboard, title) == text(float(platform.clickhouse(statement)), unit, decimals), (
                title
            )
        assert tile(seen.page, "data-quality", "Suites that failed") == "0"
        assert tile(seen.page, "data-quality", "Expectations met") == "100.0 %"
        assert tile(seen.page, "data", "Do the receipts balance?") == "0"


def test_ten_thousand_runs_of_history_are_drawn(platform: Platform) -> None:
    """The page stays one that can be opened: its size is bound, what it took is printed."""
    forget = "DELETE FROM ops.outbox WHERE dataset = 'history'; DELETE FROM ops.runs WHERE dataset = 'history';"
    platform.administer((ROOT / "tests/platform/history.sql").read_text())
    try:
        text = platform.play("playbooks/report.yml", "-e", '{"report_force": true}')
        print("  " + re.findall(r"[\d.]+ MB in [\d.]+ s, [\d.]+ s of them queries", text)[-1])
        with opened(platform.report) as seen:
            size = len(seen.page.content().encode())
            took = seen.page.evaluate("performance.getEntriesByType('navigation')[0].domComplete")
            print(f"  {size / 1e6:.1f} MB, complete after {took / 1000:.1f} s")
            assert size < 5_000_000
            assert "history" in seen.page.inner_text("#runs")
            assert seen.errors == []
            assert all(of["marks"] for of in seen.charts())
    finally:
        platform.administer(forget)


def test_verify_names_the_container_that_is_stopped(platform: Platform) -> None:
    engine = docker.from_env()
    for name in platform.containers():
        engine.containers.get(name).stop(timeout=5)
        text = platform.play("playbooks/verify.yml", fails=True)
        assert platform.seconds < 60, name
        first = text[text.index("[ERROR]") :].splitlines()[0]
        assert name in first, first
        engine.containers.get(name).start()


def test_verify_notices_a_hop_that_loses_the_marked_row(platform: Platform) -> None:
    """With everything running."""

    def refuse(document: Any) -> None:
        document["streams"]["canary"]["columns"]["mark"]["values"] = ["another"]

    with platform.edited("datasets/canary.yml", refuse):
        text = platform.play("playbooks/verify.yml", fails=True)
    assert "canary: none of 1 records may go to Silver: not allowed: mark (1)" in " ".join(text.split())


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


def test_a_newer_date_supersedes_an_older_one(platform: Platform) -> None:
    before = platform.tables()
    platform.play("playbooks/demo.yml", *ORDERS)
    after = platform.tables()
    changed = {name for name in before if after[name] != before[name]}
    assert changed <= DATED, "the same source on another date gives the same business columns"
    books = "SELECT dataset, logical_date, state, attempt FROM ops.runs ORDER BY 1, 2"
    runs = platform.query(books)
    assert [(dataset, state) for dataset, _date, state, _attempt in runs] == [
        (dataset, "succeeded") for dataset in ("flights", "orders", "orders")
    ]
    published = platform.published()
    platform.play("site.yml", *ORDERS, "-e", json.dumps({"onering_verbs": ["publish"], "onering_force": True}))
    assert platform.published() == published, "the older date was asked for again"
    assert platform.query(books) == runs


def test_two_datasets_are_added_with_content_alone(platform: Platform, tmp_path: Path) -> None:
    """A client's CSVs come to Gold with nothing written outside platform/, and no Python: three files by hand for the
    one, those of the generator, unchanged, for one that nobody has seen, as Excel saves it in Germany."""
    added = sorted(path.relative_to(DATASET).as_posix() for path in DATASET.rglob("*") if path.is_file())
    declared = [name for name in added if not name.startswith("storage/medallion/samples/")]
    assert len(declared) <= 3
    assert all(name.endswith((".yml", ".sql")) for name in declared)
    assert not any((platform.content / name).exists() for name in added)
    containers, others = platform.containers(), platform.tables()
    shutil.copytree(DATASET, platform.content, dirs_exist_ok=True)
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

    settings = json.dumps({"onering_datasets": ["meters", "invoices"]})
    platform.play("site.yml", "-e", settings)
    assert platform.containers() == containers
    assert platform.recap(platform.play("site.yml", "-e", settings))["changed"] == 0
    tables = platform.tables()
    assert {name: tables[name] for name in others} == others, "the other datasets are as they were"


def test_the_three_files_bring_their_rows_to_gold(platform: Platform) -> None:
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


def test_the_file_nobody_has_seen_comes_to_gold(platform: Platform) -> None:
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


def test_the_collections_module_and_an_airflow_with_faults(platform: Platform, tmp_path: Path) -> None:
    account = {"username": "admin", "password": platform.secrets()["AIRFLOW_ADMIN_PASSWORD"]}
    for name, answer in strike(airflow_at(platform.airflow, 8080, account), tmp_path).items():
        judge(name, answer)


def test_no_secret_is_in_what_was_printed(platform: Platform) -> None:
    page = requests.get(platform.report, timeout=30).text
    assert "</html>" in page
    assert [name for name, value in platform.secrets().items() if value in page] == []
    for log in platform.content.parent.glob("*.log"):
        text = log.read_text()
        assert [name for name, value in platform.secrets().items() if value in text] == [], log


def test_purge_leaves_nothing(platform: Platform) -> None:
    """Regression 16."""
    engine = docker.from_env()
    mine = {"label": f"onering.project={PROJECT}"}
    mounts = [mount for of in engine.containers.list(all=True, filters=mine) for mount in of.attrs["Mounts"]]
    nameless = [mount for mount in mounts if mount["Type"] == "volume" and not mount["Name"].startswith(PROJECT)]
    assert nameless == []
    platform.play("playbooks/down.yml", "-e", json.dumps({"down_purge": True, "engine_purge_images": False}))
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
