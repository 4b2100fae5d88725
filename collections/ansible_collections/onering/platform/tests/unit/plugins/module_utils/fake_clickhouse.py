"""ClickHouse behind the driver's client: what 26.7 answers about its tables and its language, and what was run."""

from __future__ import annotations

import re
from typing import Any

from clickhouse_driver import errors

STRING = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
TYPES = {"varchar": "String", "int": "Int32", "Tuple(a int, b text)": "Tuple(\n    a Int32,\n    b String)"}
FUNCTIONS = [("now", "now", 1), ("count", "count", 1), ("DATE_TRUNC", "dateTrunc", 1), ("flatten", "arrayFlatten", 0)]


class FakeClickHouse:
    def __init__(self) -> None:
        self.databases = ["default", "ops"]
        self.tables: list[tuple[Any, ...]] = []
        self.keys: list[tuple[str, str, list[str]]] = []
        self.asked: list[str] = []
        self.ran: list[str] = []
        self.refuses = "no such thing"

    def client(self, host: str, **options: Any) -> FakeClickHouse:
        return self

    def add(self, statement: str, *keys: str, rows: int | None = 0, engine: str = "MergeTree") -> None:
        """A table by its statement, as system.tables shows it."""
        table = statement.split(" (")[0].split(" TO ")[0].split(" AS ")[0].split("ops.")[1].strip("`")
        self.tables.append(("ops", table, engine, statement, rows))
        if keys:
            self.keys.append(("ops", table, list(keys)))

    def disconnect(self) -> None:
        pass

    def execute(self, sql: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        answers = {
            "FROM system.databases": lambda: [(name,) for name in self.databases],
            "FROM system.tables": lambda: [row for row in self.tables if row[0] in values["databases"]],
            "FROM system.columns": lambda: [row for row in self.keys if row[0] in values["databases"]],
            "FROM system.functions": lambda: FUNCTIONS,
            "SELECT toTypeName": lambda: [tuple(self.type(text) for text in self.texts(sql))],
            "SELECT formatQuery": lambda: [tuple(self.format(text, "OrNull" in sql) for text in self.texts(sql))],
        }
        for question, answer in answers.items():
            if question in sql:
                self.asked.append(sql)
                return answer()
        if self.refuses in sql:
            raise errors.ServerException("DB::Exception: no space left. Stack trace:\n\n0. ?", 243)
        self.ran.append(sql)
        return []

    @staticmethod
    def texts(sql: str) -> list[str]:
        escapes = {"n": "\n", "t": "\t"}
        return [
            re.sub(r"\\(.)", lambda match: escapes.get(match[1], match[1]), text, flags=re.DOTALL)
            for text in STRING.findall(sql)
        ]

    @staticmethod
    def type(text: str) -> str:
        if text == "NoType":
            raise errors.ServerException("DB::Exception: Unknown data type family: NoType", 50)
        return TYPES.get(text, text)

    @staticmethod
    def format(text: str, or_null: bool) -> str | None:
        """Only as much of the server's layout as the tests need."""
        if text.count("(") == text.count(")"):
            name = re.compile(r"(CREATE [A-Z ]+ |TO )`(\w+)`\.`(\w+)`")
            return name.sub(r"\1\2.\3", re.sub(r"\s+\)", ")", re.sub(r"\(\s+", "(", text)))
        if or_null:
            return None
        raise errors.ServerException("DB::Exception: Syntax error: failed at position 9 (f()", 62)
