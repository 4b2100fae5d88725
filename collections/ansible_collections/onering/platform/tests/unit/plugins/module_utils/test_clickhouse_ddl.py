"""Statements are those that ClickHouse 26.7 shows in system.tables and formatQuerySingleLine."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils import clickhouse_ddl as ddl
from hypothesis import given
from hypothesis import strategies as st

TABLE = (
    "CREATE TABLE ops.full (`id` Int64, `v` Decimal(9, 2) DEFAULT toDecimal32(1, 2) CODEC(ZSTD(1)), "
    "`d` UInt64 CODEC(Delta(8), LZ4HC(0)), "
    "`s` String CODEC(LZ4HC(0)) TTL at + toIntervalDay(1) SETTINGS (max_compress_block_size = 1000000), "
    "`at` DateTime DEFAULT now() COMMENT 'it\\'s', `al` UInt8 ALIAS id + 1, `m` String MATERIALIZED upper(s), "
    "`ep` String EPHEMERAL 'x', `ep2` String EPHEMERAL defaultValueOfTypeName('String'), `n` UInt8 CODEC(Default), "
    "INDEX i2 (id, s) TYPE bloom_filter(0.01) GRANULARITY 1, INDEX i1 id * 2 TYPE minmax GRANULARITY 4, "
    "CONSTRAINT c1 CHECK ((id > 0) AND (id < 9)), CONSTRAINT c2 ASSUME id < 100, "
    "PROJECTION p1 (SELECT id, count(*) GROUP BY id), PROJECTION p2 INDEX s TYPE basic, "
    "PROJECTION p3 (SELECT id) WITH SETTINGS (index_granularity = 3)) "
    "ENGINE = ReplacingMergeTree(at) PARTITION BY (toYYYYMM(at)) PRIMARY KEY id ORDER BY (id, cityHash64(s)) "
    "SAMPLE BY cityHash64(s) TTL at + toIntervalMonth(1) WHERE id = 3, at + toIntervalDay(2) TO DISK 'cold' "
    "SETTINGS index_granularity = 1024, deduplicate_merge_projection_mode = 'rebuild', allow_nullable_key = true "
    "COMMENT 'tbl'"
)
TABLE_STATE = {
    "kind": "table",
    "database": "ops",
    "name": "full",
    "comment": "tbl",
    "columns": [
        {"name": "id", "type": "Int64"},
        {
            "name": "v",
            "type": "Decimal(9, 2)",
            "default_kind": "default",
            "default": "toDecimal32(1, 2)",
            "codec": "ZSTD(1)",
        },
        {"name": "d", "type": "UInt64", "codec": "Delta(8), LZ4HC(0)"},
        {"name": "s", "type": "String", "codec": "LZ4HC(0)", "ttl": "at + toIntervalDay(1)"},
        {"name": "at", "type": "DateTime", "default_kind": "default", "default": "now()", "comment": "it's"},
        {"name": "al", "type": "UInt8", "default_kind": "alias", "default": "id + 1"},
        {"name": "m", "type": "String", "default_kind": "materialized", "default": "upper(s)"},
        {"name": "ep", "type": "String", "default_kind": "ephemeral", "default": "'x'"},
        {"name": "ep2", "type": "String", "default_kind": "ephemeral", "default": ""},
        {"name": "n", "type": "UInt8"},
    ],
    "indexes": [
        {"name": "i1", "expression": "id * 2", "type": "minmax", "granularity": 4},
        {"name": "i2", "expression": "(id, s)", "type": "bloom_filter(0.01)", "granularity": 1},
    ],
    "projections": [
        {"name": "p1", "query": "SELECT id, count(*) GROUP BY id"},
        {"name": "p2", "query": "INDEX s TYPE basic"},
        {"name": "p3", "query": "(SELECT id) WITH SETTINGS (index_granularity = 3)"},
    ],
    "constraints": [
        {"name": "c1", "kind": "check", "expression": "(id > 0) AND (id < 9)"},
        {"name": "c2", "kind": "assume", "expression": "id < 100"},
    ],
    "engine": "ReplacingMergeTree(at)",
    "order_by": ["id", "cityHash64(s)"],
    "primary_key": ["id"],
    "partition_by": "toYYYYMM(at)",
    "sample_by": "cityHash64(s)",
    "ttl": "at + toIntervalMonth(1) WHERE id = 3, at + toIntervalDay(2) TO DISK 'cold'",
    "settings": {
        "index_granularity": "1024",
        "deduplicate_merge_projection_mode": "rebuild",
        "allow_nullable_key": "1",
    },
}
STORAGE: dict[str, Any] = {
    "order_by": [],
    "primary_key": [],
    "partition_by": "",
    "sample_by": "",
    "ttl": "",
    "settings": {},
}
STATEMENTS = {
    TABLE: TABLE_STATE,
    "CREATE TABLE ops.`.w'e\\`i\\\\r\"d. é` (`c'o\\`l\\\\ . é` String COMMENT 'q\\'\\\\ \" ` é') ENGINE = `Null`": {
        "kind": "table",
        "database": "ops",
        "name": ".w'e`i\\r\"d. é",
        "comment": "",
        "columns": [{"name": "c'o`l\\ . é", "type": "String", "comment": "q'\\ \" ` é"}],
        "indexes": [],
        "projections": [],
        "constraints": [],
        "engine": "Null",
        **STORAGE,
    },
    "CREATE VIEW ops.v3 (`a` UInt32, `t.a` UInt8) DEFINER = schema SQL SECURITY DEFINER COMMENT 'newer' "
    "AS WITH t AS (SELECT 1 AS a) SELECT src.*, t.a FROM ops.src INNER JOIN t ON src.a = t.a": {
        "kind": "view",
        "database": "ops",
        "name": "v3",
        "comment": "newer",
        "query": "WITH t AS (SELECT 1 AS a) SELECT src.*, t.a FROM ops.src INNER JOIN t ON src.a = t.a",
        "definer": "schema",
        "sql_security": "DEFINER",
    },
    "CREATE MATERIALIZED VIEW ops.mv3 REFRESH EVERY 1 DAY OFFSET 2 HOUR APPEND TO ops.`t.g` (`a` UInt32, `n` UInt64) "
    "COMMENT 'mvc' AS SELECT a, count() AS n FROM ops.src GROUP BY a": {
        "kind": "materialized_view",
        "database": "ops",
        "name": "mv3",
        "comment": "mvc",
        "query": "SELECT a, count() AS n FROM ops.src GROUP BY a",
        "refresh": "EVERY 1 DAY OFFSET 2 HOUR APPEND",
        "to": {"database": "ops", "name": "t.g"},
    },
    "CREATE MATERIALIZED VIEW ops.mv2 (`a` UInt32, `n` UInt64) ENGINE = SummingMergeTree ORDER BY a "
    "TTL d TO DISK 'x' SETTINGS index_granularity = 100 AS SELECT a, count() AS n FROM ops.src GROUP BY a": {
        "kind": "materialized_view",
        "database": "ops",
        "name": "mv2",
        "comment": "",
        "query": "SELECT a, count() AS n FROM ops.src GROUP BY a",
        "columns": [{"name": "a", "type": "UInt32"}, {"name": "n", "type": "UInt64"}],
        "engine": "SummingMergeTree",
        **STORAGE,
        "order_by": ["a"],
        "ttl": "d TO DISK 'x'",
        "settings": {"index_granularity": "100"},
    },
    "CREATE MATERIALIZED VIEW ops.r2 REFRESH EVERY 1 DAY DEPENDS ON ops.r1 SETTINGS refresh_retries = 3 (`a` UInt8) "
    "ENGINE = Memory DEFINER = schema SQL SECURITY DEFINER AS SELECT 1 AS a": {
        "kind": "materialized_view",
        "database": "ops",
        "name": "r2",
        "comment": "",
        "query": "SELECT 1 AS a",
        "definer": "schema",
        "sql_security": "DEFINER",
        "refresh": "EVERY 1 DAY DEPENDS ON ops.r1 SETTINGS refresh_retries = 3",
        "columns": [{"name": "a", "type": "UInt8"}],
        "engine": "Memory",
        **STORAGE,
    },
    "CREATE DICTIONARY ops.d (`id` UInt64, `parent` UInt64 DEFAULT 0 HIERARCHICAL INJECTIVE, "
    "`o'd d` UInt8 EXPRESSION length(k)) PRIMARY KEY id, k "
    "SOURCE(HTTP(URL 'http://x/y' FORMAT 'CSV' CREDENTIALS (USER 'a' PASSWORD '[HIDDEN]'))) LIFETIME(MIN 0 MAX 300) "
    "LAYOUT(RANGE_HASHED(RANGE_LOOKUP_STRATEGY 'max')) RANGE(MIN s MAX e) SETTINGS(max_threads = 1) COMMENT 'dict'": {
        "kind": "dictionary",
        "database": "ops",
        "name": "d",
        "comment": "dict",
        "columns": [
            {"name": "id", "type": "UInt64"},
            {"name": "parent", "type": "UInt64", "default": "0", "flags": ["hierarchical", "injective"]},
            {"name": "o'd d", "type": "UInt8", "expression": "length(k)"},
        ],
        "primary_key": ["id", "k"],
        "source": "HTTP(URL 'http://x/y' FORMAT 'CSV' CREDENTIALS (USER 'a' PASSWORD '[HIDDEN]'))",
        "layout": "RANGE_HASHED(RANGE_LOOKUP_STRATEGY 'max')",
        "lifetime": "MIN 0 MAX 300",
        "range": "MIN s MAX e",
        "settings": {"max_threads": "1"},
    },
    "CREATE DICTIONARY ops.n (`id` UInt64) PRIMARY KEY id SOURCE(NULL()) LIFETIME(MIN 0 MAX 0) LAYOUT(FLAT())": {
        "kind": "dictionary",
        "database": "ops",
        "name": "n",
        "comment": "",
        "columns": [{"name": "id", "type": "UInt64"}],
        "primary_key": ["id"],
        "source": "NULL()",
        "layout": "FLAT()",
        "lifetime": "MIN 0 MAX 0",
        "range": "",
        "settings": {},
    },
}


@pytest.mark.parametrize(("statement", "state"), STATEMENTS.items(), ids=[s["name"] for s in STATEMENTS.values()])
def test_a_live_statement_is_read_and_what_is_written_means_the_same(statement, state) -> None:
    assert ddl.parse(statement) == state
    assert ddl.parse(ddl.create(state)) == state


@pytest.mark.parametrize(
    "statement", ["CREATE TABLE ops.tf (`number` UInt64) AS numbers(10)", "CREATE WINDOW VIEW ops.w AS SELECT 1", ""]
)
def test_other_kinds_are_not_read(statement) -> None:
    assert ddl.parse(statement) is None


@pytest.mark.parametrize(
    ("clause", "part"),
    [
        ("ORDER BY tuple()", {"order_by": []}),
        ("ORDER BY tuple(a, b DESC)", {"order_by": ["a", "b DESC"]}),
        ("PRIMARY KEY (a, b) ORDER BY (a, b)", {"order_by": ["a", "b"], "primary_key": []}),
        ("PARTITION BY (a, f(b))", {"partition_by": "(a, f(b))"}),
        ("PARTITION BY tuple()", {"partition_by": ""}),
    ],
)
def test_keys_are_read_by_their_columns(clause, part) -> None:
    state = ddl.parse(f"CREATE TABLE a.b (`a` UInt8) ENGINE = MergeTree() {clause}")
    assert {key: state[key] for key in part} == part
    assert state["engine"] == "MergeTree"
    assert ddl.parse(ddl.create(state)) == state


def test_parts_of_a_statement() -> None:
    options = {"kind": "table", "database": "o", "name": "t", "comment": None, "engine": "Log", **STORAGE}
    columns = [
        {"name": "a", "type": "text", "default": None, "default_kind": "default", "codec": None, "ttl": ""},
        {"name": "b", "type": "text", "default": None, "default_kind": "ephemeral", "codec": "", "comment": ""},
        {"name": "c", "type": "text", "default": None, "default_kind": "alias"},
    ]
    state = {**options, "columns": columns, "indexes": [], "projections": [], "constraints": []}
    assert ddl.create(state) == (
        "CREATE TABLE `o`.`t` (`a` text, `b` text EPHEMERAL defaultValueOfTypeName('text'), `c` text ALIAS) "
        "ENGINE = Log"
    )
    assert ddl.setting_sql("a", "1.5") == "a = 1.5"
    assert ddl.setting_sql("a", "it's") == "a = 'it\\'s'"


def test_views_and_dictionaries_are_replaced() -> None:
    view = {
        "kind": "view",
        "database": "o",
        "name": "v",
        "query": "SELECT 1",
        "comment": "it's",
        "sql_security": "NONE",
    }
    assert ddl.create(view, replace=True) == (
        "CREATE OR REPLACE VIEW `o`.`v` SQL SECURITY NONE COMMENT 'it\\'s' AS SELECT 1"
    )


@given(st.lists(st.text(min_size=1), min_size=1, max_size=3, unique=True), st.text(), st.text(min_size=1))
def test_any_name_and_comment_comes_back(columns, comment, name) -> None:
    state = {
        **TABLE_STATE,
        "name": name,
        "comment": comment,
        "columns": [{"name": c, "type": "String", **({"comment": comment} if comment else {})} for c in columns],
    }
    assert ddl.parse(ddl.create(state).replace("CREATE TABLE `ops`", "CREATE TABLE ops", 1)) == state


def test_expressions_are_changed_and_nothing_else() -> None:
    def mark(text: str) -> str:
        return f"<{text}>" if text else ""

    changed = ddl.with_expressions(TABLE_STATE, mark)
    assert changed["order_by"] == ["<id>", "<cityHash64(s)>"]
    assert changed["columns"][1]["default"] == "<toDecimal32(1, 2)>"
    assert changed["columns"][1]["codec"] == "ZSTD(1)"
    assert changed["columns"][3]["ttl"] == "<at + toIntervalDay(1)>"
    assert changed["indexes"][0] == {"name": "i1", "expression": "<id * 2>", "type": "minmax", "granularity": 4}
    assert changed["projections"][0]["query"] == "<SELECT id, count(*) GROUP BY id>"
    assert changed["constraints"][1]["expression"] == "<id < 100>"
    assert changed["ttl"].startswith("<at")
    assert changed["engine"] == TABLE_STATE["engine"]
    dictionary = next(state for state in STATEMENTS.values() if state["name"] == "d")
    assert ddl.with_expressions(dictionary, mark)["primary_key"] == ["id", "k"]
    assert "order_by" not in ddl.with_expressions(dictionary, mark)


def state_of(kind: str, name: str, query: str = "SELECT 1", database: str = "o") -> dict[str, Any]:
    state = {"kind": kind, "database": database, "name": name, "comment": "", "query": query}
    if kind == "table":
        state.update(STORAGE, columns=[], indexes=[], projections=[], constraints=[], engine="Log")
    return state


def test_each_comes_after_those_it_names() -> None:
    states = [
        state_of("materialized_view", "m", "SELECT * FROM v") | {"to": {"database": "p", "name": "t"}},
        state_of("view", "v", "SELECT dictGet('o.d', 'x', 1) FROM w"),
        state_of("view", "w", "SELECT * FROM `o`.`m`"),
        state_of("table", "t", database="p"),
        state_of("table", "t"),
    ]
    ordered = [(state["database"], state["name"]) for state in ddl.in_order(states)]
    assert ordered == [("p", "t"), ("o", "t"), ("o", "m"), ("o", "w"), ("o", "v")]


def test_two_that_name_each_other_come_somehow() -> None:
    states = [state_of("view", "v", "SELECT * FROM w"), state_of("view", "w", "SELECT * FROM v")]
    assert [state["name"] for state in ddl.in_order(states)] == ["w", "v"]


def test_a_column_with_the_name_of_a_view_reads_nothing() -> None:
    table = state_of("table", "t") | {"columns": [{"name": "v", "type": "String", "default": "'v'"}]}
    states = [state_of("view", "v", "SELECT * FROM t"), table]
    assert [state["name"] for state in ddl.in_order(states)] == ["t", "v"]
