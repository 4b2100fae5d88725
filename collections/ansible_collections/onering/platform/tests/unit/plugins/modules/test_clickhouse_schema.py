from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils import clickhouse as backend
from ansible_collections.onering.platform.plugins.modules import clickhouse_schema
from clickhouse_driver import errors

CONNECTION = {"login_host": "columns", "login_user": "admin", "login_password": "adminsecret"}
TYPES = {"varchar": "String", "int": "Int32", "Tuple(a int, b text)": "Tuple(\n    a Int32,\n    b String)"}


class FakeServer:
    """ClickHouse behind the driver's client: what 26.7 answers about its tables, and the statements it ran."""

    def __init__(self) -> None:
        self.databases = ["default", "ops"]
        self.tables: list[tuple[Any, ...]] = []
        self.columns: list[tuple[Any, ...]] = []
        self.ran: list[str] = []
        self.refuses = "no such thing"

    def client(self, host: str, **options: Any) -> FakeServer:
        return self

    def add(self, table: str, engine: str, *columns: tuple[str, ...], comment: str = "", rows: int | None = 0) -> None:
        self.tables.append(("ops", table, engine, comment, rows))
        for name, kind, *rest in columns:
            self.columns.append(("ops", table, name, kind, *(rest or ["", "", ""])))

    def execute(self, sql: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        if "FROM system.databases" in sql:
            return [(name,) for name in self.databases]
        if "FROM system.tables" in sql:
            return [row for row in self.tables if row[0] in values["databases"]]
        if "FROM system.columns" in sql:
            return [row for row in self.columns if row[0] in values["databases"]]
        texts = [
            text.replace("\\'", "'").replace("\\n", "\n") for text in re.findall(r"(?:\(|, )'((?:[^'\\]|\\.)*)'\)", sql)
        ]
        if "toTypeName" in sql:
            return [tuple(TYPES.get(text, text) for text in texts)]
        if "formatQuery" in sql:
            return [tuple(self.format(text) for text in texts)]
        if self.refuses in sql:
            raise errors.ServerException("DB::Exception: no space left. Stack trace:\n\n0. ?", 243)
        self.ran.append(sql)
        return []

    @staticmethod
    def format(text: str) -> str | None:
        if text.count("(") != text.count(")"):
            return None
        return "SELECT " + re.sub(r"\s+\)", ")", re.sub(r"\(\s+", "(", text))


@pytest.fixture
def server(monkeypatch) -> FakeServer:
    fake = FakeServer()
    monkeypatch.setattr(backend, "Client", fake.client)
    return fake


@pytest.fixture
def run(run_module, server):
    return lambda check=False, **options: run_module(clickhouse_schema, check=check, **CONNECTION, **options)


RUNS = {
    "database": "ops",
    "name": "runs",
    "columns": [
        {"name": "id", "type": "varchar"},
        {"name": "why", "type": "String", "comment": "it's 100% `why`"},
        {"name": "at", "type": "DateTime", "default": "now( )"},
        {"name": "day", "type": "Date", "default": "toDate(at)", "default_kind": "materialized"},
        {"name": "t", "type": "Tuple(a int, b text)"},
    ],
    "engine": "ReplacingMergeTree( at )",
    "order_by": ["id", "at"],
    "primary_key": ["id"],
    "partition_by": "toYYYYMM( at )",
    "ttl": "at+1",
    "settings": {"index_granularity": 1024, "storage_policy": "cold's", "x": True},
    "comment": "all runs",
}
CREATE_RUNS = (
    "CREATE TABLE `ops`.`runs` (`id` String, `why` String COMMENT 'it\\'s 100% `why`', `at` DateTime DEFAULT now(), "
    "`day` Date MATERIALIZED toDate(at), `t` Tuple(a Int32, b String)) ENGINE = ReplacingMergeTree(at) "
    "PARTITION BY toYYYYMM(at) PRIMARY KEY (id) ORDER BY (id, at) TTL at+1 "
    "SETTINGS index_granularity = 1024, storage_policy = 'cold\\'s', x = 1 COMMENT 'all runs'"
)
PLAIN = {"database": "ops", "name": "plain", "columns": [{"name": "a", "type": "int"}, {"name": "b", "type": "String"}]}


def add_runs(server: FakeServer) -> None:
    server.add(
        "runs",
        "ReplacingMergeTree(at) PARTITION BY toYYYYMM(at) PRIMARY KEY id ORDER BY (id, at) TTL at+1 "
        "SETTINGS index_granularity = 1024, storage_policy = 'cold\\'s', x = 1, other = 2",
        ("id", "String"),
        ("why", "String", "", "", "it's 100% `why`"),
        ("at", "DateTime", "default", "now()", ""),
        ("day", "Date", "materialized", "toDate(at)", ""),
        ("t", "Tuple(\n    a Int32,\n    b String)"),
        comment="all runs",
        rows=7,
    )


def add_plain(server: FakeServer, **options: Any) -> None:
    server.add(
        "plain",
        "MergeTree ORDER BY tuple() SETTINGS index_granularity = 8192",
        ("a", "Int32"),
        ("b", "String"),
        **options,
    )


def statements(result: dict[str, Any]) -> list[str]:
    return [statement for entry in result["results"] for statement in entry["statements"]]


def test_creates_database_and_table_and_check_mode_shows_the_same_sql(run, server) -> None:
    everything = {"databases": ["ops", "staging"], "tables": [RUNS, {**PLAIN, "database": "staging"}]}
    planned = run(check=True, **everything)
    assert server.ran == []
    done = run(**everything)
    assert done == planned
    assert server.ran == [
        "CREATE DATABASE `staging`",
        CREATE_RUNS,
        "CREATE TABLE `staging`.`plain` (`a` Int32, `b` String) ENGINE = MergeTree ORDER BY ()",
    ]
    assert statements(done) == server.ran
    assert list(done["diff"]["after"]) == ["staging", "ops.runs", "staging.plain"]
    assert done["diff"]["before"] == {}


def test_the_same_table_in_other_words_is_no_change(run, server) -> None:
    add_runs(server)
    result = run(databases=["ops"], tables=[{**RUNS, "settings": {"index_granularity": "1024", "x": True}}])
    assert not result["changed"]
    assert statements(result) == []
    assert result["results"][1]["table"]["order_by"] == "id, at"


def test_defaults_of_the_server_are_no_difference(run, server) -> None:
    add_plain(server)
    table = {**PLAIN, "engine": "MergeTree()", "order_by": "tuple()", "primary_key": []}
    assert not run(tables=[table])["changed"]


def test_every_safe_change_has_its_statement(run, server) -> None:
    add_runs(server)
    table = {
        **RUNS,
        "columns": [
            {"name": "new", "type": "int", "default": "1", "comment": "first"},
            {"name": "id", "type": "varchar"},
            {"name": "at", "type": "DateTime"},
            {"name": "why", "type": "String"},
            {"name": "day", "type": "Date", "default": "toDate(at) + 1", "default_kind": "materialized"},
            {"name": "t", "type": "Tuple(a int, b text)"},
            {"name": "last", "type": "String"},
        ],
        "ttl": "",
        "comment": "some",
        "settings": {"index_granularity": 1024, "x": 2, "storage_policy": "hot"},
    }
    result = run(tables=[table])
    assert [statement.replace("ALTER TABLE `ops`.`runs` ", "") for statement in server.ran] == [
        "ADD COLUMN `new` Int32 DEFAULT 1 COMMENT 'first' FIRST",
        "MODIFY COLUMN `at` REMOVE DEFAULT",
        "MODIFY COLUMN `at` DateTime AFTER `id`",
        "MODIFY COLUMN `why` String COMMENT ''",
        "MODIFY COLUMN `day` Date MATERIALIZED toDate(at) + 1",
        "ADD COLUMN `last` String AFTER `t`",
        "REMOVE TTL",
        "MODIFY COMMENT 'some'",
        "MODIFY SETTING x = 2",
        "MODIFY SETTING storage_policy = 'hot'",
    ]
    assert result["diff"]["before"]["ops.runs"]["ttl"] == "at+1"
    assert result["diff"]["after"]["ops.runs"]["ttl"] == ""


LOSSY = {**PLAIN, "columns": [{"name": "a", "type": "Int64"}], "ttl": "now()"}


def test_losing_changes_are_refused_by_name_before_anything_is_written(run, server) -> None:
    add_plain(server)
    for check in (True, False):
        result = run(check=check, databases=["staging"], tables=[LOSSY])
        assert result["failed"]
        assert result["msg"] == (
            "change table ops.plain: column b String is not declared; column a is Int32, declared Int64; "
            "ttl is '', declared 'now()'. "
            "Declare it as it is, or set allow_destructive: true: what is named above is lost."
        )
    assert server.ran == []


def test_losing_changes_are_made_when_allowed(run, server) -> None:
    add_plain(server)
    assert run(tables=[LOSSY], allow_destructive=True)["changed"]
    assert server.ran == [
        "ALTER TABLE `ops`.`plain` DROP COLUMN `b`",
        "ALTER TABLE `ops`.`plain` MODIFY COLUMN `a` Int64",
        "ALTER TABLE `ops`.`plain` MODIFY TTL now()",
    ]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"engine": "Log"}, "engine is 'MergeTree', declared 'Log'"),
        ({"order_by": ["a"]}, "order_by is '', declared 'a'"),
        ({"primary_key": ["a"], "order_by": ["a", "b"]}, "primary_key is '', declared 'a'"),
        ({"partition_by": "b"}, "partition_by is '', declared 'b'"),
    ],
)
def test_what_cannot_be_altered_is_made_again_only_when_allowed(run, server, change, difference) -> None:
    add_plain(server, rows=3)
    refused = run(tables=[{**PLAIN, **change}])
    assert difference in refused["msg"]
    assert "the table is made again and loses its 3 rows" in refused["msg"]
    assert server.ran == []
    run(tables=[{**PLAIN, **change}], allow_destructive=True)
    assert server.ran[0] == "DROP TABLE `ops`.`plain` SYNC"
    assert server.ran[1].startswith("CREATE TABLE `ops`.`plain` (`a` Int32, `b` String) ENGINE = ")


def test_absent_drops_tables_before_their_database(run, server) -> None:
    add_plain(server)
    server.add("view", "View", ("x", "UInt8"), rows=None)
    tables = [{"database": "ops", "name": name} for name in ("plain", "view", "nosuch")]
    assert run(databases=["ops", "nosuch"], tables=tables, state="absent")["changed"]
    assert server.ran == ["DROP TABLE `ops`.`view` SYNC", "DROP TABLE `ops`.`plain` SYNC", "DROP DATABASE `ops` SYNC"]


def test_absent_refuses_rows_and_tables_nobody_named(run, server) -> None:
    add_plain(server)
    add_runs(server)
    refused = run(tables=[{"database": "ops", "name": "runs"}], state="absent")
    assert refused["msg"] == "drop table ops.runs: it has 7 rows. Set allow_destructive: true to lose them."
    refused = run(databases=["ops"], tables=[{"database": "ops", "name": "plain"}], state="absent")
    assert refused["msg"].startswith("drop database ops: it has tables: runs. Name them in tables")
    assert server.ran == []
    assert run(databases=["ops"], state="absent", allow_destructive=True)["changed"]
    assert server.ran == ["DROP DATABASE `ops` SYNC"]


def test_gathered_reads_named_tables_or_all(run, server) -> None:
    add_plain(server)
    add_runs(server)
    everything = run(databases=["ops"], state="gathered")
    assert [entry["name"] for entry in everything["results"]] == ["ops", "ops.plain", "ops.runs"]
    assert everything["results"][2]["table"]["settings"]["other"] == "2"
    assert everything["results"][1]["table"] == {
        "database": "ops",
        "name": "plain",
        "columns": [{"name": "a", "type": "Int32"}, {"name": "b", "type": "String"}],
        "engine": "MergeTree",
        "order_by": "",
        "primary_key": "",
        "partition_by": "",
        "ttl": "",
        "settings": {"index_granularity": "8192"},
        "comment": "",
    }
    one = run(tables=[{"database": "ops", "name": "nosuch"}], state="gathered")
    assert one["results"] == [{"name": "ops.nosuch", "changed": False, "statements": []}]
    assert server.ran == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": []}, "it has no columns"),
        ({"columns": [{"name": "n", "type": "Nested(a String)"}]}, "column n is nested"),
        ({"partition_by": "f("}, "no SQL expression: partition_by 'f('"),
        ({"columns": [{"name": "n", "type": "int", "default": "f("}]}, "no SQL expression: default of column n 'f('"),
        ({"database": "nosuch"}, "there is no database nosuch"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused_in_check_mode_too(run, server, change, message) -> None:
    for check in (True, False):
        result = run(check=check, tables=[{**PLAIN, **change}])
        assert message in result["msg"]
    assert server.ran == []


def test_a_statement_that_fails_is_told_with_what_was_done_before(run, server) -> None:
    server.refuses = "`plain`"
    result = run(databases=["staging"], tables=[PLAIN])
    assert (result["done"], result["failed_on"], result["changed"]) == (["staging"], "ops.plain", True)
    assert result["msg"].endswith("at ClickHouse columns:9000 as admin: code 243: no space left.")


def test_a_live_expression_the_formatter_cannot_read_is_kept_as_it_is(run, server) -> None:
    server.add("odd", "MergeTree ORDER BY f(", ("a", "Int32"))
    found = run(tables=[{"database": "ops", "name": "odd"}], state="gathered")["results"][0]["table"]
    assert found["order_by"] == "f("


@pytest.mark.parametrize(
    ("text", "key"),
    [("(a, b)", "a, b"), ("a", "a"), ("(a) + (b)", "(a) + (b)"), ("tuple()", ""), ("f(a)", "f(a)"), ("()", "")],
)
def test_unwrap(text, key) -> None:
    assert clickhouse_schema.unwrap(text) == key
