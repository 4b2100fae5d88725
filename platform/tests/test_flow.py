"""Functions of the flow that need no engine."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from onering import connections, connector, docs, lineage, manifest, quality, receipt, runs, sources, sql
from onering.dataset import Column, Dataset, Source
from onering.run import Run, logical_date_of, run_id_of
from onering.storage import StoredObject

RUN = Run("flights", "20260101T000000Z", 2)
KEY = "flights/planes/20260101T000000Z/a.parquet"
LISTED = [{"key": KEY, "size": 10, "etag": "e"}]


def test_run_id_is_utc_and_comes_back() -> None:
    moment = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert run_id_of(moment) == RUN.run_id
    assert logical_date_of(RUN.run_id) == moment


def test_only_older_dates_are_refused() -> None:
    published = datetime(2026, 1, 2, tzinfo=UTC)
    runs.refuse_older("flights", published, None)
    runs.refuse_older("flights", published, published)
    with pytest.raises(runs.SupersededError, match=r"flights of 2026-01-01 00:00:00 UTC is superseded by 2026-01-02"):
        runs.refuse_older("flights", published - timedelta(days=1), published)


class Book:
    """Stands in for ops.runs: answers with what is published, and keeps what was asked."""

    def __init__(self, published: datetime) -> None:
        self.published = published
        self.asked: list[str] = []

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_: object) -> None: ...

    def execute(self, statement: str, _: dict[str, Any]) -> Book:
        self.asked.append(statement)
        return self

    def fetchone(self) -> dict[str, Any]:
        return {"logical_date": self.published, "attempt": 1}

    def fetchall(self) -> list[dict[str, Any]]:
        return [self.fetchone()]


@pytest.mark.parametrize(("day", "asked"), [(1, ["newest_published"]), (2, ["newest_published", "open_run"])])
def test_refused_date_writes_nothing(
    declared: Dataset, monkeypatch: pytest.MonkeyPatch, day: int, asked: list[str]
) -> None:
    book = Book(datetime(2026, 1, 2, tzinfo=UTC))
    monkeypatch.setattr(runs.postgres, "transaction", lambda _: book)
    with contextlib.suppress(runs.SupersededError):
        runs.open_run(declared, datetime(2026, 1, day, tzinfo=UTC))
    assert book.asked == [sql.postgres(name) for name in asked]


def test_failure_overwrites_only_an_open_run_or_an_interruption() -> None:
    condition = sql.postgres("fail_run").rsplit("WHERE ", 1)[1]
    assert condition.strip() == (
        f"run.state = 'running' OR (run.state = 'failed' AND starts_with(run.cause, '{runs.INTERRUPTED}'))"
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([StoredObject(KEY, 10, "e")], []),
        ([], [f"bronze/{KEY} is missing"]),
        ([StoredObject(KEY, 10, "f")], [f"bronze/{KEY} was altered (size 10 → 10)"]),
        ([StoredObject(KEY, 10, "e"), StoredObject("b", 1, "e")], ["bronze/b was added"]),
    ],
)
def test_departures_name_the_object(found: list[StoredObject], expected: list[str]) -> None:
    assert manifest.departures(LISTED, found) == expected


def test_pattern_names_every_object(declared: Dataset) -> None:
    """Regressions 4 and 7."""
    stream = declared.streams[0]

    def document(*keys: str) -> dict[str, Any]:
        return {"streams": {stream.name: {"objects": [{"key": key} for key in keys]}}}

    assert manifest.pattern(document("a"), stream) == "a"
    assert manifest.pattern(document("a", "b"), stream) == "{a,b}"


@pytest.mark.parametrize("zipped", [False, True])
def test_count_knows_quoted_line_breaks(tmp_path: Path, zipped: bool) -> None:
    text = 'a,b\n1,"two\nlines"\n2,x\n'
    path = tmp_path / ("rows.csv.zip" if zipped else "rows.csv")
    if zipped:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("rows.csv", text)
    else:
        path.write_text(text, encoding="utf-8")
    assert sources.count(Source(path, "csv"), {}) == 2


def test_count_may_be_set_or_known() -> None:
    assert sources.count(Source(setting="count"), {"count": 7, "seed": 1}) == 7
    assert sources.count(Source(records=0), {"count": 7}) == 0


def test_fields_may_have_other_names_than_the_source_has() -> None:
    stream = connector.StreamConnection("s", {}, {"net": "string", "id": "string"}, {"net": "Betrag (€)"})
    assert list(connector.catalog(stream)["streams"][0]["stream"]["json_schema"]["properties"]) == ["Betrag (€)", "id"]
    assert connector.renamed({"id": "1", "Betrag (€)": "2", "new": "3"}, stream) == {"net": "2", "id": "1"}
    assert connector.renamed({"id": "1", "Betrag": "2"}, stream) == {"id": "1"}  # Bronze says what is missing


def test_count_reads_as_the_source_is_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('1;"ü\n2";x\n2;"a,b";y\n', encoding="utf-16")
    told = {"encoding": "utf-16", "separator": ";"}
    assert sources.count(Source(path, "csv", header=False, **told)) == 2
    assert sources.count(Source(path, "csv", **told)) == 1


def test_count_knows_long_fields(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"a\n{'x' * 200_000}\n", encoding="utf-8")
    assert sources.count(Source(path, "csv")) == 1


def test_count_refuses_an_archive_of_two(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "")
        archive.writestr("b.csv", "")
    (tmp_path / "two.zip").write_bytes(buffer.getvalue())
    with pytest.raises(ValueError, match="holds 2 files"):
        sources.count(Source(tmp_path / "two.zip", "csv"), {})


@pytest.mark.parametrize(
    ("line", "balanced"),
    [
        (receipt.Line("stream", "s", "records", source=3, bronze=3, silver=2, quarantined=1), True),
        (receipt.Line("stream", "s", "records", source=3, bronze=3, silver=2, quarantined=0), False),
        (receipt.Line("stream", "s", "records", source=4, bronze=3, silver=2, quarantined=1), False),
        (receipt.Line("stream", "s", "records", source=0, bronze=0, silver=0, quarantined=0), True),
        (receipt.Line("mart", "m", "x", silver=3, gold=3), True),
        (receipt.Line("mart", "m", "x", silver=3, gold=2), False),
        (receipt.Line("mart", "m", "x", silver=None, gold=None), False),
        (receipt.Line("fact", "f", "records", silver=3, expected=3), True),
        (receipt.Line("fact", "f", "records", quarantined=2, expected=3), False),
    ],
)
def test_balance(line: receipt.Line, balanced: bool) -> None:
    assert line.balanced is balanced
    assert str(line).endswith("DOES NOT BALANCE") is not balanced


def test_literals_cannot_break_out() -> None:
    assert sql.literal("a'b\\") == "'a\\'b\\\\'"
    assert sql.literals(["A", 1]) == "'A', 1"


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ("LowCardinality(String)", "toString(r.`c`)"),
        ("Nullable(Int16)", "accurateCastOrNull(r.`c`, 'Int16')"),
        ("DateTime('UTC')", "parseDateTimeBestEffortOrNull(r.`c`, 'UTC')"),
        ("Nullable(Date)", "toDateOrNull(r.`c`)"),
    ],
)
def test_typed(of: str, expected: str) -> None:
    assert sql.typed(Column("c", of)) == expected


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("c", "Date", format="%e.%c.%Y"), "toDate(parseDateTimeOrNull(r.`c`, '%e.%c.%Y', 'UTC'))"),
        (
            Column("c", "DateTime('UTC')", format="%Y-%m-%d %H:%i"),
            "parseDateTimeOrNull(r.`c`, '%Y-%m-%d %H:%i', 'UTC')",
        ),
        (Column("c", "Nullable(Date32)"), "toDate32(parseDateTime64OrNull(r.`c`, '%Y-%m-%d', 'UTC'))"),
        (
            Column("c", "Float64", decimal=","),
            "accurateCastOrNull(replaceAll(replaceAll(r.`c`, '.', ''), ',', '.'), 'Float64')",
        ),
        (Column("c", "Float64", decimal="."), "accurateCastOrNull(replaceAll(r.`c`, ',', ''), 'Float64')"),
    ],
)
def test_typed_as_it_is_written(column: Column, expected: str) -> None:
    assert sql.typed(column) == expected


def test_checksum_is_of_rows_with_gaps_too(declared: Dataset) -> None:
    """Of arguments with a NULL among them cityHash64 is NULL, and the row would not count; of a tuple it isn't."""
    stream = declared.streams[0]
    assert "cityHash64(tuple(" in sql.clickhouse("count_silver", stream=stream, names=stream.business_names)


def test_connection_keeps_its_password_to_itself() -> None:
    found = connections.from_dict("x", {"host": "h", "port": "1", "password": "secret", "extra": '{"key": "hidden"}'})
    assert (found.port, found.extra) == (1, {"key": "hidden"})
    assert "secret" not in repr(found)
    assert "hidden" not in repr(found)


def test_unknown_connection_names_the_known(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"a": {}}', encoding="utf-8")
    with pytest.raises(KeyError, match=r"no connection b .* there are: a"):
        connections.from_file("b", tmp_path / "c.json")


def test_failure_in_one_line() -> None:
    result = {
        "success": False,
        "expectation_config": {"type": "expect_x", "kwargs": {"batch_id": "b", "column": "c"}},
        "result": {"observed_value": 3, "element_count": 9},
        "exception_info": {"raised_exception": False},
    }
    assert quality.describe("s", result) == "s: expect_x {'column': 'c'}: found {'observed_value': 3}"
    broken = result | {"exception_info": {"metric": {"raised_exception": True, "exception_message": "no such column"}}}
    assert quality.describe("s", broken).endswith(": no such column")


def test_lineage_events_are_told_once(declared: Dataset) -> None:
    """Regression 10: lineage is events in the outbox, not a line in a log."""
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    events = list(lineage.events(declared, RUN, moment))
    assert len(events) == 2 * len(declared.streams) + len(declared.marts)
    assert len({event["run"]["runId"] for event in events}) == len(events)
    assert [event["run"] for event in lineage.events(declared, RUN, moment)] == [event["run"] for event in events]
    assert all(event["inputs"] and event["outputs"] for event in events)


def test_lineage_begins_at_the_sources_own_names(declared: Dataset) -> None:
    stream = connector.StreamConnection("invoices", {}, {"nr": "number", "city": "string"}, {"nr": "Rechnungs-Nr."})
    connection = connector.Connection("c", "source-file", Path("c"), 1, 1, 1.0, (stream,))
    ((source,), bronze) = lineage.bronze_edges(declared, connection, stream)
    assert source == {"namespace": "airbyte://source-file", "name": f"{declared.name}/invoices"}
    fields = bronze["facets"]["columnLineage"]["fields"]
    assert {name: of["inputFields"] for name, of in fields.items()} == {
        "nr": [source | {"field": "Rechnungs-Nr."}],
        "city": [source | {"field": "city"}],
    }
    silver, _ = lineage.silver_edges(declared, declared.streams[0])
    assert silver[0]["namespace"] == bronze["namespace"]


class Bucket:
    """Stands in for the storage: keeps what was put, as what type."""

    def __init__(self, *keys: str) -> None:
        self.types = dict.fromkeys(keys, "")
        self.bodies: dict[str, bytes] = {}

    def put(self, _: str, key: str, body: bytes, content_type: str) -> None:
        self.types[key], self.bodies[key] = content_type, body

    def objects(self, _: str, prefix: str) -> list[StoredObject]:
        return [StoredObject(key, 1, "e") for key in self.types if key.startswith(prefix)]

    def folders(self, _: str) -> list[str]:
        return sorted({key.split("/")[0] for key in self.types if "/" in key})

    def delete(self, _: str, key: str) -> None:
        del self.types[key]


def test_docs_lead_to_every_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("new", encoding="utf-8")
    bucket = Bucket("other/index.html", "flights/old.html")
    book = Book(datetime(2026, 1, 1, tzinfo=UTC))
    monkeypatch.setattr(docs.postgres, "transaction", lambda _: book)
    monkeypatch.setattr(docs, "Storage", lambda _: bucket)
    monkeypatch.setattr(docs, "build", lambda *_: tmp_path)
    docs.publish(RUN)
    assert sorted(bucket.types) == ["flights/index.html", "index.html", "other/index.html"]
    assert bucket.types["index.html"] == "text/html; charset=utf-8"
    page = bucket.bodies["index.html"].decode()
    assert re.findall(r'href="(.*?)"', page) == ["flights/index.html", "other/index.html"]


def test_docs_index_escapes_names() -> None:
    assert '<a href="a%26%3C/index.html">a&amp;&lt;</a>' in docs.index(["a&<"])
