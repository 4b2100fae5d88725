from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils import clickhouse_alter as alter
from hypothesis import given
from hypothesis import strategies as st

TABLE: dict[str, Any] = {
    "kind": "table",
    "database": "ops",
    "name": "t",
    "comment": "old",
    "columns": [
        {"name": "id", "type": "Int64"},
        {"name": "a", "type": "UInt8", "comment": "note", "codec": "ZSTD(1)", "ttl": "at + 1"},
        {"name": "b", "type": "String", "default_kind": "default", "default": "'x'"},
        {"name": "at", "type": "DateTime"},
        {"name": "al", "type": "UInt8", "default_kind": "alias", "default": "a"},
        {"name": "ep", "type": "String", "default_kind": "ephemeral", "default": ""},
        {"name": "n", "type": "Nullable(String)"},
    ],
    "indexes": [{"name": "i", "expression": "a", "type": "minmax", "granularity": 1}],
    "projections": [{"name": "p", "query": "SELECT a"}],
    "constraints": [{"name": "c", "kind": "check", "expression": "a > 1"}],
    "engine": "MergeTree",
    "order_by": ["id", "at"],
    "primary_key": [],
    "partition_by": "toYYYYMM(at)",
    "sample_by": "",
    "ttl": "at + 2",
    "settings": {"index_granularity": "8192", "merge_with_ttl_timeout": "9"},
}
KEYS = {"id", "at"}


def columns(**changes: Any) -> list[dict[str, Any]]:
    """The table's columns, each changed by its name; None is a column that is gone."""
    changed = []
    for column in TABLE["columns"]:
        change = changes.pop(column["name"], {})
        if change is not None:
            changed.append({key: value for key, value in {**column, **change}.items() if value is not None})
    return changed + [{"name": name, **column} for name, column in changes.items()]


def change(**changes: Any) -> alter.Change:
    return alter.alter_table(TABLE, {**TABLE, **changes}, KEYS)


def statements(found: alter.Change) -> list[str]:
    return [statement.removeprefix("ALTER TABLE t ") for statement in found.statements("t")]


def test_no_difference_is_no_statement() -> None:
    assert change().statements("t") == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"comment": "it's"}, ["MODIFY COMMENT 'it\\'s'"]),
        ({"ttl": ""}, ["REMOVE TTL"]),
        ({"sample_by": "id"}, ["MODIFY SAMPLE BY id"]),
        (
            {"settings": {**TABLE["settings"], "merge_with_ttl_timeout": "7", "new": "x"}},
            ["MODIFY SETTING merge_with_ttl_timeout = 7, new = 'x'"],
        ),
        (
            {"indexes": [{"name": "i", "expression": "b", "type": "set(3)", "granularity": 2}]},
            ["DROP INDEX `i`, ADD INDEX `i` b TYPE set(3) GRANULARITY 2"],
        ),
        ({"projections": []}, ["DROP PROJECTION `p`"]),
        (
            {"projections": [*TABLE["projections"], {"name": "q", "query": "SELECT b"}]},
            ["ADD PROJECTION `q` (SELECT b)"],
        ),
        (
            {"constraints": [{"name": "c", "kind": "assume", "expression": "a > 1"}]},
            ["DROP CONSTRAINT `c`, ADD CONSTRAINT `c` ASSUME a > 1"],
        ),
        ({"columns": columns(z={"type": "Int8", "codec": "LZ4"})}, ["ADD COLUMN `z` Int8 CODEC(LZ4) AFTER `n`"]),
        ({"columns": columns(al=None)}, ["DROP COLUMN `al`"]),
        ({"columns": columns(a={"type": "UInt16"})}, ["MODIFY COLUMN `a` UInt16"]),
        ({"columns": columns(a={"comment": "new"})}, ["MODIFY COLUMN `a` UInt8 COMMENT 'new'"]),
        ({"columns": columns(a={"codec": "LZ4"})}, ["MODIFY COLUMN `a` UInt8 CODEC(LZ4)"]),
        (
            {"columns": columns(a={"comment": None, "codec": None, "ttl": None})},
            ["MODIFY COLUMN `a` REMOVE COMMENT, MODIFY COLUMN `a` REMOVE CODEC, MODIFY COLUMN `a` REMOVE TTL"],
        ),
        ({"columns": columns(b={"default": "'y'"})}, ["MODIFY COLUMN `b` String DEFAULT 'y'"]),
        (
            {"columns": columns(b={"default": None, "default_kind": None, "comment": "c"})},
            ["MODIFY COLUMN `b` String COMMENT 'c', MODIFY COLUMN `b` REMOVE DEFAULT"],
        ),
        ({"columns": columns(al={"default": None, "default_kind": None})}, ["MODIFY COLUMN `al` REMOVE ALIAS"]),
        (
            {"columns": columns(ep={"default": None, "default_kind": None})},
            [
                "MODIFY COLUMN `ep` String DEFAULT defaultValueOfTypeName('String')",
                "MODIFY COLUMN `ep` REMOVE DEFAULT",
            ],
        ),
        ({"columns": columns(id={"comment": "key"})}, ["MODIFY COLUMN `id` Int64 COMMENT 'key'"]),
        ({"columns": columns(at={"type": "DateTime('UTC')"})}, ["MODIFY COLUMN `at` DateTime('UTC')"]),
        (
            {"columns": columns(z={"type": "Int8"}), "order_by": ["id", "at", "`z`"], "primary_key": ["id", "at"]},
            ["ADD COLUMN `z` Int8 AFTER `n`, MODIFY ORDER BY (id, at, `z`)"],
        ),
        ({"primary_key": ["id", "at"]}, []),
    ],
)
def test_what_can_be_altered_is(changes, expected) -> None:
    found = change(**changes)
    assert statements(found) == expected
    assert (found.losses, found.impossible) == ([], [])


def test_sampling_can_end() -> None:
    found = alter.alter_table({**TABLE, "sample_by": "id"}, TABLE, KEYS)
    assert statements(found) == ["REMOVE SAMPLE BY"]


@pytest.mark.parametrize(
    ("changes", "loss", "expected"),
    [
        ({"columns": columns(b=None)}, "column b String is not declared", ["DROP COLUMN `b`"]),
        (
            {"columns": columns(b={"type": "Int8"})},
            "column b is String, declared Int8",
            ["MODIFY COLUMN `b` Int8 DEFAULT 'x'"],
        ),
        (
            {"columns": columns(n={"type": "String"})},
            "column n is Nullable(String), declared String",
            [
                "MODIFY COLUMN `n` String DEFAULT defaultValueOfTypeName('String')",
                "MODIFY COLUMN `n` REMOVE DEFAULT",
            ],
        ),
        (
            {"columns": columns(b={"default_kind": "alias", "default": "a"})},
            "column b is stored, declared alias",
            ["MODIFY COLUMN `b` String ALIAS a"],
        ),
        (
            {"columns": columns(b={"ttl": "at"})},
            "ttl of column b is '', declared 'at'",
            ["MODIFY COLUMN `b` String DEFAULT 'x' TTL at"],
        ),
        ({"ttl": "at + 3"}, "ttl is 'at + 2', declared 'at + 3'", ["MODIFY TTL at + 3"]),
    ],
)
def test_what_loses_data_is_named(changes, loss, expected) -> None:
    found = change(**changes)
    assert found.losses == [loss]
    assert found.impossible == []
    assert statements(found) == expected


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"engine": "Log"}, "engine is 'MergeTree', declared 'Log'"),
        ({"order_by": ["id"]}, "order_by is 'id, at', declared 'id'"),
        ({"order_by": ["id", "at", "b"]}, "order_by is 'id, at', declared 'id, at, b'"),
        ({"primary_key": ["id"]}, "primary_key is 'id, at', declared 'id'"),
        ({"partition_by": ""}, "partition_by is 'toYYYYMM(at)', declared ''"),
        ({"settings": {"index_granularity": "1"}}, "setting index_granularity is '8192', declared '1'"),
        ({"columns": columns(id=None)}, "column id Int64 is not declared, and a key is made of it"),
        (
            {"columns": columns(id={"type": "Int128"})},
            "column id is Int64, declared Int128, and a key is made of it",
        ),
        (
            {"columns": columns(z={"type": "Int8"}), "order_by": ["id", "at", "z"]},
            "primary_key is 'id, at', declared 'id, at, z'",
        ),
    ],
)
def test_what_cannot_be_altered_is_named(changes, told) -> None:
    assert change(**changes).impossible == [told]


def test_an_engine_without_alter_only_takes_a_comment() -> None:
    log = {**TABLE, "engine": "Log", "order_by": [], "ttl": "", "settings": {}}
    assert alter.alter_table(log, {**log, "comment": "new"}, set()).impossible == []
    found = alter.alter_table(log, {**log, "columns": columns(z={"type": "Int8"})}, set())
    assert found.impossible == ["engine Log can't ADD COLUMN `z` Int8 AFTER `n`"]


@given(st.permutations(TABLE["columns"]))
def test_any_order_of_columns_is_reached(wanted) -> None:
    """What ClickHouse makes of AFTER and FIRST."""
    order = [column["name"] for column in TABLE["columns"]]
    for command in change(columns=wanted).commands:
        words = command.replace("`", "").split()
        order.remove(words[2])
        order.insert(0 if words[-1] == "FIRST" else order.index(words[-1]) + 1, words[2])
    assert order == [column["name"] for column in wanted]


def test_one_moved_column_is_one_command() -> None:
    moved = [*TABLE["columns"][1:], TABLE["columns"][0]]
    assert change(columns=moved).commands == ["MODIFY COLUMN `id` Int64 AFTER `n`"]
    moved = [TABLE["columns"][-1], *TABLE["columns"][:-1]]
    assert change(columns=moved).commands == ["MODIFY COLUMN `n` Nullable(String) FIRST"]


VIEW: dict[str, Any] = {
    "kind": "materialized_view",
    "database": "ops",
    "name": "m",
    "comment": "",
    "query": "SELECT a FROM ops.src",
    "to": {"database": "ops", "name": "t"},
    "refresh": "EVERY 1 DAY",
    "definer": "me",
    "sql_security": "DEFINER",
}
INNER: dict[str, Any] = {
    **{key: value for key, value in VIEW.items() if key not in ("to", "refresh")},
    "columns": [{"name": "a", "type": "UInt8"}],
    **{key: TABLE[key] for key in ("order_by", "primary_key", "partition_by", "sample_by", "ttl", "settings")},
    "engine": "MergeTree",
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"comment": "it's"}, ["MODIFY COMMENT 'it\\'s'"]),
        ({"query": "SELECT 2"}, ["MODIFY QUERY SELECT 2"]),
        ({"refresh": "EVERY 2 DAY"}, ["MODIFY REFRESH EVERY 2 DAY"]),
        ({"definer": "y'ou"}, ["MODIFY DEFINER = `y'ou` SQL SECURITY DEFINER"]),
    ],
)
def test_what_can_be_altered_of_a_materialized_view_is(changes, expected) -> None:
    found = alter.alter_materialized_view(VIEW, {**VIEW, **changes})
    assert statements(found) == expected
    assert found.impossible == []


@pytest.mark.parametrize(
    ("current", "changes", "told"),
    [
        (VIEW, {"to": {"database": "ops", "name": "u"}}, "to is 'ops.t', declared 'ops.u'"),
        (VIEW, {"refresh": ""}, "refresh is 'EVERY 1 DAY', declared ''"),
        (VIEW, {"refresh": "EVERY 1 DAY APPEND"}, "refresh is 'EVERY 1 DAY', declared 'EVERY 1 DAY APPEND'"),
        (INNER, {"refresh": "EVERY 1 DAY"}, "refresh is '', declared 'EVERY 1 DAY'"),
        (INNER, {"to": {"database": "ops", "name": "u"}}, "to is '', declared 'ops.u'"),
        (INNER, {"order_by": ["a"]}, "order_by is 'id, at', declared 'a'"),
        (
            INNER,
            {"columns": [{"name": "a", "type": "UInt16"}]},
            "columns is 'a UInt8', declared 'a UInt16'",
        ),
        (
            INNER,
            {"settings": {"index_granularity": "1"}},
            "settings is 'index_granularity = 8192, merge_with_ttl_timeout = 9', declared 'index_granularity = 1'",
        ),
    ],
)
def test_what_makes_a_materialized_view_another_is_named(current, changes, told) -> None:
    assert alter.alter_materialized_view(current, {**current, **changes}).impossible == [told]


def test_what_means_the_same_is_settled_in_the_words_of_the_server() -> None:
    table = {**TABLE, "engine": "URL('http://u:[HIDDEN]@x/y', 'CSV')"}
    assert alter.settle(table, {**table, "engine": "URL('http://u:s3cret@x/y', 'CSV')"}) == table
    assert alter.settle(table, {**table, "engine": "URL('http://v:s3cret@x/y', 'CSV')"}) != table
    assert alter.settle(table, {**table, "engine": "URL('http://u:a', 'b@x/y', 'CSV')"}) != table
    replicated = {**TABLE, "engine": "ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')"}
    assert alter.settle(replicated, {**replicated, "engine": "ReplicatedMergeTree"}) == replicated
    assert alter.settle(replicated, {**replicated, "engine": "ReplicatedReplacingMergeTree"}) != replicated
    assert alter.settle(TABLE, {**TABLE, "settings": {"index_granularity": "8192"}}) == TABLE


@pytest.mark.parametrize(
    ("declared", "same"),
    [
        ("SELECT a FROM src", True),
        ("SELECT a FROM ops.src", True),
        ("SELECT a FROM `ops`.src", True),
        ("SELECT a FROM x_ops.src", False),
        ("SELECT b FROM src", False),
    ],
)
def test_a_table_without_database_is_one_of_the_views_own(declared, same) -> None:
    assert (alter.settle(VIEW, {**VIEW, "query": declared}) == VIEW) == same


def test_what_a_view_leaves_out_stays() -> None:
    wanted = {key: value for key, value in INNER.items() if key not in ("definer", "sql_security", "columns")}
    assert alter.settle(INNER, wanted) == INNER
    dictionary = {"kind": "dictionary", "source": "HTTP(PASSWORD '[HIDDEN]')", "settings": {"a": "1"}}
    settled = alter.settle(dictionary, {**dictionary, "source": "HTTP(PASSWORD 'x')", "settings": {}})
    assert settled == {**dictionary, "settings": {}}


@pytest.mark.parametrize(
    ("live", "declared", "same"),
    [
        ("ZSTD(1)", "ZSTD", True),
        ("ZSTD(3)", "ZSTD", False),
        ("ZSTD(3)", "ZSTD(3)", True),
        ("Delta(8), LZ4HC(0)", "Delta, LZ4HC", True),
        ("Delta(8), LZ4", "LZ4", False),
        ("Gorilla(8)", "Delta", False),
        ("T64", "T64", True),
        ("LZ4", "", False),
    ],
)
def test_codecs_without_arguments_have_the_servers(live, declared, same) -> None:
    assert alter.same_codec(live, declared) == same


def test_codecs_stay_unless_they_are_declared() -> None:
    current = {"columns": [{"name": name, "type": "UInt8", "codec": "ZSTD(1)"} for name in "abcd"]}
    declared = {"columns": [{"name": "a", "codec": None}, {"name": "b", "codec": ""}, {"name": "c"}, {"name": "d"}]}
    wanted = {
        "columns": [
            {"name": "a", "type": "UInt8"},
            {"name": "b", "type": "UInt8"},
            {"name": "c", "type": "UInt8", "default_kind": "alias", "default": "1"},
            {"name": "d", "type": "UInt8", "default_kind": "materialized", "default": "1"},
        ]
    }
    settled = alter.settle_codecs(current, wanted, declared)
    assert [column.get("codec") for column in settled["columns"]] == ["ZSTD(1)", None, None, "ZSTD(1)"]
