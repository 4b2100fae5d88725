"""The datasources, asked as Grafana asks them. Everything is read only, and has a deadline."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import requests

POINTS = 240  # of a series at most, before it is thinned
TIMEOUT = 30
UNITS_OF_TIME = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "M": 30 * 86400, "y": 365 * 86400}
SCRAPE = 15


class SourceError(RuntimeError):
    """A query failed: which, and what the datasource said."""


@dataclass
class Column:
    """A column of an answer. Times are milliseconds since 1970."""

    name: str
    kind: str  # time, number, string
    values: list[Any]
    labels: dict[str, str] = field(default_factory=dict)


@dataclass
class Frame:
    """What one query, or one series of it, answered."""

    columns: list[Column]

    @property
    def rows(self) -> int:
        return len(self.columns[0].values) if self.columns else 0

    def of(self, kind: str) -> list[Column]:
        return [column for column in self.columns if column.kind == kind]


@dataclass(frozen=True)
class Window:
    """From when to when, in seconds since 1970."""

    begin: float
    end: float

    @classmethod
    def of(cls, begin: str, now: float) -> Window:
        """`now-24h`, or `now-7d`."""
        found = re.fullmatch(r"now-(\d+)([smhdwMy])", begin)
        if not found:
            raise SourceError(
                f"a time range that begins at {begin!r} is not known to the report; it knows now-<n><unit>"
            )
        return cls(now - int(found[1]) * UNITS_OF_TIME[found[2]], now)

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    @property
    def step(self) -> int:
        return max(SCRAPE, round(self.seconds / POINTS))


def quoted(values: Sequence[str]) -> str:
    """Values as an SQL list."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values) or "NULL"


def alternatives(values: Sequence[str]) -> str:
    """Values as a regular expression inside a PromQL string."""
    return "(" + "|".join(re.escape(value).replace("\\", "\\\\").replace('"', '\\"') for value in values) + ")"


def substitute(query: str, variables: Mapping[str, Sequence[str]], window: Window, sql: bool) -> str:
    """Replace Grafana's macros and variables."""
    begin, end = (datetime.fromtimestamp(at, UTC).strftime("'%Y-%m-%dT%H:%M:%SZ'") for at in (window.begin, window.end))
    if sql:
        query = re.sub(r"\$__timeFilter\(([^()]+)\)", rf"\1 BETWEEN {begin} AND {end}", query)
        query = query.replace("$__timeFrom()", begin).replace("$__timeTo()", end)
    plain = {
        "__interval": f"{window.step}s",
        "__rate_interval": f"{max(4 * SCRAPE, window.step + SCRAPE)}s",
        "__range": f"{round(window.seconds)}s",
    }

    def value(found: re.Match[str]) -> str:
        name, form = found[1] or found[3], found[2]
        if name in plain:
            return plain[name]
        if name not in variables:
            raise SourceError(f"${name} is not known to the report, in: {query}")
        if form not in (None, "sqlstring", "regex"):
            raise SourceError(f"the form {form!r} of ${name} is not known to the report, in: {query}")
        return (
            quoted(variables[name])
            if (form or ("sqlstring" if sql else "regex")) == "sqlstring"
            else alternatives(variables[name])
        )

    return re.sub(r"\$(?:\{(\w+)(?::(\w+))?\}|(\w+))", value, query)


class Sources:
    """Prometheus by its HTTP API, Postgres by libpq (`conninfo`: its keywords)."""

    def __init__(self, prometheus: str, conninfo: Mapping[str, Any], now: float | None = None) -> None:
        self.now = time.time() if now is None else now
        self.spent: dict[str, float] = {"prometheus": 0.0, "postgres": 0.0}
        self._prometheus = prometheus.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._conninfo = conninfo
        self._connection: psycopg.Connection[Any] | None = None

    def close(self) -> None:
        self._session.close()
        if self._connection:
            self._connection.close()

    # Postgres

    def rows(
        self, statement: str, parameters: Mapping[str, Any] | None = None
    ) -> tuple[list[tuple[str, int]], list[tuple[Any, ...]]]:
        """Columns (name, type's number) and rows."""
        begun = time.monotonic()
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    **self._conninfo,
                    connect_timeout=10,
                    autocommit=True,
                    options=f"-c default_transaction_read_only=on -c statement_timeout={TIMEOUT}s -c timezone=UTC",
                )
            with self._connection.cursor() as cursor:
                # Without parameters a percent sign is one.
                cursor.execute(statement, parameters) if parameters else cursor.execute(statement)
                return [(of.name, of.type_code) for of in cursor.description or ()], cursor.fetchall()
        except psycopg.Error as error:
            raise SourceError(
                f"Postgres: {str(error).strip()}; asked was: {' '.join(statement.split())[:500]}"
            ) from error
        finally:
            self.spent["postgres"] += time.monotonic() - begun

    def table(self, statement: str) -> Frame:
        columns, rows = self.rows(statement)
        found = []
        for number, (name, _type) in enumerate(columns):
            values = [row[number] for row in rows]
            found.append(Column(name, _kind(values), [_value(value) for value in values]))
        return Frame(found)

    def series(self, statement: str) -> list[Frame]:
        """`time`, columns of text that name the series, and columns of numbers: one frame a series."""
        table = self.table(statement)
        if not table.rows:
            return []
        clock = next((column for column in table.columns if column.name == "time"), None)
        if clock is None or clock.kind != "time":
            raise SourceError(f"a time series needs a column `time`; asked was: {statement}")
        names = table.of("string")
        found: dict[str, tuple[list[Any], list[Any]]] = {}
        for row in range(table.rows):
            label = " ".join(str(column.values[row]) for column in names)
            for column in table.of("number"):
                name = label if label and len(table.of("number")) == 1 else f"{column.name} {label}".strip()
                times, values = found.setdefault(name, ([], []))
                times.append(clock.values[row])
                values.append(column.values[row])
        return [Frame([Column("time", "time", t), Column(name, "number", v)]) for name, (t, v) in found.items()]

    # Prometheus

    def ask(self, path: str, **query: Any) -> Any:
        begun = time.monotonic()
        try:
            answer = self._session.get(f"{self._prometheus}/api/v1/{path}", params=query, timeout=TIMEOUT)
            body = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise SourceError(f"Prometheus at {self._prometheus}: {error}") from error
        finally:
            self.spent["prometheus"] += time.monotonic() - begun
        if body.get("status") != "success":
            raise SourceError(f"Prometheus: {body.get('error')}; asked was: {query}")
        return body["data"]

    def range(self, expression: str, window: Window, legend: str) -> list[Frame]:
        data = self.ask("query_range", query=expression, start=window.begin, end=window.end, step=window.step)
        frames = []
        for of in data["result"]:
            times = [round(at * 1000) for at, _value in of["values"]]
            values = [_float(value) for _at, value in of["values"]]
            labels = of["metric"]
            frames.append(
                Frame([Column("time", "time", times), Column(legend_of(legend, labels), "number", values, labels)])
            )
        return sorted(frames, key=lambda frame: frame.columns[1].name)

    def instant(self, expression: str, window: Window, legend: str, table: bool) -> list[Frame]:
        data = self.ask("query", query=expression, time=window.end)
        if data["resultType"] == "scalar":
            data = {"result": [{"metric": {}, "value": data["result"]}]}
        if not table:
            # In Prometheus' own order: topk() answers the highest first.
            return [
                Frame(
                    [
                        Column("time", "time", [round(of["value"][0] * 1000)]),
                        Column(legend_of(legend, of["metric"]), "number", [_float(of["value"][1])], of["metric"]),
                    ]
                )
                for of in data["result"]
            ]
        labels = sorted({label for of in data["result"] for label in of["metric"] if label != "__name__"})
        columns = [Column(label, "string", [of["metric"].get(label, "") for of in data["result"]]) for label in labels]
        return [Frame([*columns, Column("Value", "number", [_float(of["value"][1]) for of in data["result"]])])]

    # As a panel asks

    def variable(self, spec: Mapping[str, Any]) -> list[str]:
        """All values of a dashboard's variable."""
        query = spec["query"]
        query = str(query.get("rawSql") or query.get("query") if isinstance(query, dict) else query)
        if spec["datasource"]["uid"] == "postgres":
            return [str(row[0]) for row in self.rows(query)[1]]
        found = re.fullmatch(r"label_values\(\s*(?:(.+),\s*)?(\w+)\s*\)", query)
        if not found:
            raise SourceError(
                f"the variable {spec['name']} asks {query!r}: only label_values(…) is known to the report"
            )
        return list(self.ask(f"label/{found[2]}/values", **({"match[]": found[1]} if found[1] else {})))

    def run(self, target: Mapping[str, Any], variables: Mapping[str, Sequence[str]], window: Window) -> list[Frame]:
        """One query of a panel; no frames or empty ones when there is nothing."""
        if target["datasource"]["uid"] == "postgres":
            statement = substitute(target["rawSql"], variables, window, sql=True)
            return self.series(statement) if target.get("format") == "time_series" else [self.table(statement)]
        expression = substitute(target["expr"], variables, window, sql=False)
        legend = target.get("legendFormat", "")
        if target.get("instant"):
            return self.instant(expression, window, legend, target.get("format") == "table")
        return self.range(expression, window, legend)


def legend_of(form: str, labels: Mapping[str, str]) -> str:
    """A series' name: `{{label}}` replaced, or its labels."""
    if form and form != "__auto":
        return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: labels.get(found[1], ""), form)
    name = labels.get("__name__", "")
    inner = ", ".join(f'{key}="{value}"' for key, value in sorted(labels.items()) if key != "__name__")
    return f"{name}{{{inner}}}" if inner else name or "Value"


def _float(value: str) -> float | None:
    number = float(value)
    return None if number != number or number in (float("inf"), float("-inf")) else number


def _kind(values: Sequence[Any]) -> str:
    there = [value for value in values if value is not None]
    if there and all(isinstance(value, (datetime, date)) for value in there):
        return "time"
    if there and all(isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) for value in there):
        return "number"
    return "string"


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return round((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp() * 1000)
    if isinstance(value, date):
        return round(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp() * 1000)
    if value is None or isinstance(value, (int, float)):
        return value if not isinstance(value, bool) else str(value).lower()
    return str(value)
