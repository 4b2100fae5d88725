"""Macros, variables, names and kinds of what datasources answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from platform_report import sources
from platform_report.sources import Column, Frame, SourceError, Sources, Window, substitute

WINDOW = Window.of("now-1h", 1_800_000_000.0)


def test_window() -> None:
    assert (WINDOW.seconds, WINDOW.step) == (3600, 15)
    assert Window.of("now-7d", 1_800_000_000.0).step == 2520
    with pytest.raises(SourceError, match="'yesterday'"):
        Window.of("yesterday", 0)


@pytest.mark.parametrize(
    ("query", "sql", "result"),
    [
        ("rate(x[$__rate_interval])", False, "rate(x[60s])"),
        ("x[$__range] offset ${__interval}", False, "x[3600s] offset 15s"),
        ('x{d=~"$dataset"}', False, 'x{d=~"(a|it\'s\\\\.b)"}'),
        ("d IN ($dataset)", True, "d IN ('a', 'it''s.b')"),
        ("d IN (${dataset:sqlstring})", True, "d IN ('a', 'it''s.b')"),
        ("d ~ '${none:regex}'", True, "d ~ '()'"),
        ("d IN ($none)", True, "d IN (NULL)"),
        (
            "$__timeFilter(t) AND t > $__timeFrom()",
            True,
            "t BETWEEN '2027-01-15T07:00:00Z' AND '2027-01-15T08:00:00Z' AND t > '2027-01-15T07:00:00Z'",
        ),
    ],
)
def test_substitute(query: str, sql: bool, result: str) -> None:
    assert substitute(query, {"dataset": ["a", "it's.b"], "none": []}, WINDOW, sql) == result


@pytest.mark.parametrize("query", ["$unknown", "${dataset:csv}"])
def test_an_unknown_variable_or_form_is_an_error(query: str) -> None:
    with pytest.raises(SourceError, match="is not known to the report"):
        substitute(query, {"dataset": ["a"]}, WINDOW, sql=True)


@pytest.mark.parametrize(
    ("form", "name"),
    [("{{job}} of {{ none }}", "node of "), ("", 'up{job="node"}'), ("__auto", 'up{job="node"}')],
)
def test_legend(form: str, name: str) -> None:
    assert sources.legend_of(form, {"__name__": "up", "job": "node"}) == name


class Given(Sources):
    """Postgres answers these columns and rows."""

    def __init__(self, columns: list[str], rows: list[tuple[Any, ...]]) -> None:
        super().__init__("http://127.0.0.1:9", {}, now=0)
        self.given = [(name, 0) for name in columns], rows

    def rows(self, *_: Any) -> Any:
        return self.given


def test_a_table_has_kinds_and_plain_values() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    frame = Given(
        ["t", "day", "n", "money", "ok", "words", "nothing"],
        [(moment, date(2026, 1, 1), 1, Decimal("2.50"), True, "x", None)],
    ).table("")
    assert [(of.kind, of.values) for of in frame.columns] == [
        ("time", [1767225600000]),
        ("time", [1767225600000]),
        ("number", [1]),
        ("number", [2.5]),
        ("string", ["true"]),
        ("string", ["x"]),
        ("string", [None]),
    ]


def test_a_time_series_of_postgres_is_named_by_its_texts() -> None:
    at = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    rows = [(at[0], "a", 1), (at[0], "b", 2), (at[1], "a", 3)]
    frames = Given(["time", "metric", "value"], rows).series("")
    assert [(f.columns[1].name, f.columns[1].values) for f in frames] == [("a", [1, 3]), ("b", [2])]
    with pytest.raises(SourceError, match="column `time`"):
        Given(["at", "value"], [(at[0], 1)]).series("")


def test_what_is_no_number_for_prometheus_is_nothing() -> None:
    assert [sources._float(value) for value in ("1.5", "NaN", "+Inf")] == [1.5, None, None]


def test_a_datasource_that_does_not_answer_is_named() -> None:
    with pytest.raises(SourceError, match=r"Prometheus at http://127\.0\.0\.1:9: "):
        Sources("http://127.0.0.1:9", {}).ask("query", query="up")
    conninfo = {"host": "127.0.0.1", "port": 9, "user": "nobody", "password": "secret-of-nobody"}
    with pytest.raises(SourceError, match="Postgres: ") as error:
        Sources("http://127.0.0.1:9", conninfo).rows("SELECT 1")
    assert "secret-of-nobody" not in str(error.value)


def test_frames_know_their_columns() -> None:
    frame = Frame([Column("t", "time", [1, 2]), Column("v", "number", [3, 4])])
    assert (frame.rows, [of.name for of in frame.of("number")], Frame([]).rows) == (2, ["v"], 0)
