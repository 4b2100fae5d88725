from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.onering.platform.plugins.module_utils import clickhouse as backend
from ansible_collections.onering.platform.plugins.modules import clickhouse_schema
from ansible_collections.onering.platform.tests.unit.plugins.module_utils.fake_clickhouse import FakeClickHouse

CONNECTION = {"login_host": "columns", "login_user": "admin", "login_password": "adminsecret"}


@pytest.fixture
def server(monkeypatch) -> FakeClickHouse:
    fake = FakeClickHouse()
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
        {"name": "at", "type": "DateTime", "default": "NOW( )"},
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
VIEW = {"database": "ops", "name": "v", "query": "SELECT Count(a) FROM plain", "comment": "it's"}
CREATE_VIEW = "CREATE VIEW `ops`.`v` COMMENT 'it\\'s' AS SELECT count(a) FROM plain"
MATERIALIZED = {
    "database": "ops",
    "name": "m",
    "query": "SELECT a FROM ops.v",
    "to": {"database": "ops", "name": "plain"},
}
DICTIONARY = {
    "database": "ops",
    "name": "d",
    "columns": [{"name": "id", "type": "UInt64"}, {"name": "label", "type": "varchar", "flags": ["injective"]}],
    "primary_key": ["id"],
    "source": "HTTP(URL 'http://x' PASSWORD 'it\\'s s3cret')",
    "layout": "FLAT()",
    "lifetime": "MIN 0 MAX 9",
    "settings": {"max_threads": 2},
}
SECRET = "it's s3cret"


def add_runs(server: FakeClickHouse) -> None:
    statement = CREATE_RUNS.replace("`ops`.`runs`", "ops.runs").replace("PRIMARY KEY (id)", "PRIMARY KEY id")
    server.add(statement.replace("x = 1", "x = true, other = 2"), "id", "at", rows=7)


def add_plain(server: FakeClickHouse, **options: Any) -> None:
    server.add(
        "CREATE TABLE ops.plain (`a` Int32, `b` String) ENGINE = MergeTree ORDER BY tuple() "
        "SETTINGS index_granularity = 8192",
        **options,
    )


def add_others(server: FakeClickHouse) -> None:
    server.add(
        "CREATE VIEW ops.v (`count()` UInt64) COMMENT 'it\\'s' AS SELECT count(a) FROM ops.plain",
        rows=None,
        engine="View",
    )
    server.add(
        "CREATE MATERIALIZED VIEW ops.m TO ops.plain (`a` Int32) DEFINER = admin SQL SECURITY DEFINER "
        "AS SELECT a FROM ops.v",
        rows=None,
        engine="MaterializedView",
    )
    server.add(
        "CREATE DICTIONARY ops.d (`id` UInt64, `label` varchar INJECTIVE) PRIMARY KEY id "
        "SOURCE(HTTP(URL 'http://x' PASSWORD '[HIDDEN]')) LIFETIME(MIN 0 MAX 9) LAYOUT(FLAT()) "
        "SETTINGS(max_threads = 2)",
        rows=3,
        engine="Dictionary",
    )


OTHERS = {"views": [VIEW], "materialized_views": [MATERIALIZED], "dictionaries": [DICTIONARY], "secrets": [SECRET]}


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


def test_each_object_is_made_after_those_it_names(run, server) -> None:
    result = run(tables=[PLAIN], **OTHERS)
    assert [entry["name"] for entry in result["results"]] == ["ops.plain", "ops.d", "ops.v", "ops.m"]
    assert server.ran[1:] == [
        "CREATE DICTIONARY `ops`.`d` (`id` UInt64, `label` String INJECTIVE) PRIMARY KEY id "
        "SOURCE(HTTP(URL 'http://x' PASSWORD 'it\\'s s3cret')) LIFETIME(MIN 0 MAX 9) LAYOUT(FLAT()) "
        "SETTINGS(max_threads = 2)",
        "USE `ops`",
        CREATE_VIEW,
        "USE `ops`",
        "CREATE MATERIALIZED VIEW `ops`.`m` TO `ops`.`plain` AS SELECT a FROM ops.v",
    ]
    assert SECRET not in str(result)
    assert "s3cret" not in str(result)


def test_the_same_objects_in_other_words_are_no_change(run, server) -> None:
    add_runs(server)
    add_plain(server)
    add_others(server)
    runs = {**RUNS, "settings": {"index_granularity": "1024", "x": True}}
    result = run(databases=["ops"], tables=[runs, PLAIN], **OTHERS)
    assert not result["changed"], result
    assert statements(result) == []
    assert result["results"][1]["table"]["order_by"] == ["id", "at"]
    assert result["results"][3]["dictionary"]["source"] == "HTTP(URL 'http://x' PASSWORD '[HIDDEN]')"


def test_defaults_of_the_server_are_no_difference(run, server) -> None:
    add_plain(server)
    table = {**PLAIN, "engine": "MergeTree()", "order_by": "tuple()", "primary_key": []}
    assert not run(tables=[table])["changed"]


def test_safe_changes_are_one_alter_and_what_needs_one_of_its_own(run, server) -> None:
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
    alter = "ALTER TABLE `ops`.`runs` "
    assert server.ran == [
        f"{alter}ADD COLUMN `new` Int32 DEFAULT 1 COMMENT 'first' FIRST, MODIFY COLUMN `at` DateTime AFTER `id`, "
        "MODIFY COLUMN `at` REMOVE DEFAULT, MODIFY COLUMN `why` REMOVE COMMENT, "
        "MODIFY COLUMN `day` Date MATERIALIZED toDate(at) + 1, ADD COLUMN `last` String AFTER `t`, "
        "MODIFY COMMENT 'some', REMOVE TTL",
        f"{alter}MODIFY SETTING storage_policy = 'hot', x = 2",
    ]
    assert result["diff"]["before"]["ops.runs"]["ttl"] == "at+1"
    assert result["diff"]["after"]["ops.runs"]["ttl"] == ""
    assert result["results"][0]["table"]["settings"]["other"] == "2"


def test_views_and_dictionaries_are_changed_in_place(run, server) -> None:
    add_plain(server)
    add_others(server)
    run(
        views=[{**VIEW, "query": "SELECT 1", "sql_security": "INVOKER"}],
        materialized_views=[{**MATERIALIZED, "query": "SELECT b FROM ops.v"}],
        dictionaries=[{**DICTIONARY, "lifetime": "MIN 1 MAX 2", "settings": {}}],
    )
    assert server.ran == [
        "CREATE OR REPLACE DICTIONARY `ops`.`d` (`id` UInt64, `label` String INJECTIVE) PRIMARY KEY id "
        "SOURCE(HTTP(URL 'http://x' PASSWORD 'it\\'s s3cret')) LIFETIME(MIN 1 MAX 2) LAYOUT(FLAT())",
        "USE `ops`",
        "CREATE OR REPLACE VIEW `ops`.`v` SQL SECURITY INVOKER COMMENT 'it\\'s' AS SELECT 1",
        "USE `ops`",
        "ALTER TABLE `ops`.`m` MODIFY QUERY SELECT b FROM ops.v",
    ]


def test_a_password_that_was_read_from_a_server_is_not_written_to_one(run, server) -> None:
    add_others(server)
    gathered = run(databases=["ops"], state="gathered")["declaration"]["dictionaries"][0]
    assert not run(dictionaries=[gathered])["changed"]
    for change in ({"name": "other"}, {"lifetime": "MIN 1 MAX 2"}):
        refused = run(dictionaries=[{**gathered, **change}])
        assert "which shows [HIDDEN] instead of a password. Declare the password" in refused["msg"]
    assert server.ran == []


LOSSY = {**PLAIN, "columns": [{"name": "a", "type": "Int8"}], "ttl": "now()"}


def test_losing_changes_are_refused_by_name_before_anything_is_written(run, server) -> None:
    add_plain(server)
    for check in (True, False):
        result = run(check=check, databases=["staging"], tables=[LOSSY])
        assert result["failed"]
        assert result["msg"] == (
            "change table ops.plain: column b String is not declared; column a is Int32, declared Int8; "
            "ttl is '', declared 'now()'. "
            "Declare it as it is, or set allow_destructive: true: what is named above is lost."
        )
    assert server.ran == []


def test_losing_changes_are_made_when_allowed(run, server) -> None:
    add_plain(server)
    assert run(tables=[LOSSY], allow_destructive=True)["changed"]
    assert server.ran == [
        "ALTER TABLE `ops`.`plain` DROP COLUMN `b`, MODIFY COLUMN `a` Int8",
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


def test_another_target_makes_a_materialized_view_again(run, server) -> None:
    add_others(server)
    other = {**MATERIALIZED, "to": {"database": "ops", "name": "runs"}}
    refused = run(materialized_views=[other])
    assert refused["msg"] == (
        "change materialized view ops.m: to is 'ops.plain', declared 'ops.runs'. Declare it as it is, or set "
        "allow_destructive: true: the materialized view is made again and misses rows that are inserted meanwhile."
    )
    run(materialized_views=[other], allow_destructive=True)
    assert server.ran == [
        "USE `ops`",
        "DROP TABLE `ops`.`m` SYNC",
        "CREATE MATERIALIZED VIEW `ops`.`m` TO `ops`.`runs` DEFINER = `admin` SQL SECURITY DEFINER "
        "AS SELECT a FROM ops.v",
    ]


def test_absent_drops_objects_before_those_they_name_and_the_database_last(run, server) -> None:
    add_plain(server)
    add_others(server)
    named = {
        section: [{"database": "ops", "name": name} for name in names]
        for section, names in (
            ("tables", ("plain", "nosuch")),
            ("views", ("v",)),
            ("materialized_views", ("m",)),
            ("dictionaries", ("d",)),
        )
    }
    assert run(databases=["ops", "nosuch"], **named, state="absent", allow_destructive=True)["changed"]
    assert server.ran == [
        "DROP TABLE `ops`.`m` SYNC",
        "DROP TABLE `ops`.`v` SYNC",
        "DROP DICTIONARY `ops`.`d` SYNC",
        "DROP TABLE `ops`.`plain` SYNC",
        "DROP DATABASE `ops` SYNC",
    ]


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


def test_gathered_reads_what_is_named_or_all(run, server) -> None:
    add_plain(server)
    add_runs(server)
    everything = run(databases=["ops"], state="gathered")
    assert [entry["name"] for entry in everything["results"]] == ["ops", "ops.plain", "ops.runs"]
    assert everything["results"][2]["table"]["settings"]["other"] == "2"
    plain = {
        "database": "ops",
        "name": "plain",
        "columns": [{"name": "a", "type": "Int32"}, {"name": "b", "type": "String"}],
        "engine": "MergeTree",
        "order_by": [],
        "primary_key": [],
        "partition_by": "",
        "sample_by": "",
        "ttl": "",
        "settings": {"index_granularity": "8192"},
        "indexes": [],
        "projections": [],
        "constraints": [],
        "comment": "",
    }
    assert everything["results"][1]["table"] == plain
    one = run(tables=[{"database": "ops", "name": "nosuch"}, {"database": "ops", "name": "plain"}], state="gathered")
    assert one["results"][0] == {"name": "ops.nosuch", "changed": False, "statements": []}
    assert one["declaration"] == {
        "databases": [],
        "tables": [plain],
        "views": [],
        "materialized_views": [],
        "dictionaries": [],
    }
    assert server.ran == []


def test_what_is_gathered_and_applied_changes_nothing(run, server) -> None:
    add_plain(server)
    add_runs(server)
    add_others(server)
    gathered = run(databases=["ops"], state="gathered")["declaration"]
    assert [len(gathered[section]) for section in gathered] == [1, 2, 1, 1, 1]
    assert not run(**gathered)["changed"]


def test_a_table_of_a_table_function_is_left_alone(run, server, monkeypatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(clickhouse_schema.AnsibleModule, "warn", lambda self, text: warnings.append(text))
    server.add("CREATE TABLE ops.f (`number` UInt64) AS numbers(10)")
    gathered = run(databases=["ops"], state="gathered")
    assert gathered["declaration"]["tables"] == []
    assert warnings == ["table ops.f has no engine of its own and is not part of the declaration."]
    named = {"database": "ops", "name": "f"}
    assert "it has no engine of its own" in run(tables=[{**PLAIN, **named}])["msg"]
    assert run(tables=[named], state="absent")["changed"]
    assert server.ran == ["DROP TABLE `ops`.`f` SYNC"]


def test_an_object_of_another_kind_is_refused(run, server) -> None:
    add_others(server)
    for options in ({"state": "absent"}, {"allow_destructive": True}):
        refused = run(tables=[{**PLAIN, "name": "m"}], **options)
        assert refused["msg"] == (
            "read table ops.m: it is a materialized view. Declare it as such, or remove it first."
        )
    assert server.ran == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"columns": []}, "it has no columns"),
        ({"columns": [{"name": "n", "type": "Nested(a String)"}]}, "column n is nested"),
        ({"columns": [{"name": "n", "type": "NoType"}]}, "read type NoType of column n of table ops.plain"),
        (
            {"partition_by": "f("},
            "read the declaration of table ops.plain at ClickHouse columns:9000 as admin: code 62",
        ),
        ({"database": "nosuch"}, "there is no database nosuch"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused_in_check_mode_too(run, server, change, message) -> None:
    for check in (True, False):
        result = run(check=check, tables=[{**PLAIN, **change}])
        assert message in result["msg"]
    assert server.ran == []


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ({"views": [{**VIEW, "query": None}]}, "declaration of view ops.v: it has no query"),
        ({"materialized_views": [{**MATERIALIZED, "engine": "Log"}]}, "Declare either to or engine"),
        ({"materialized_views": [{**MATERIALIZED, "to": None}]}, "materialized view ops.m: its rows need one place"),
        ({"dictionaries": [{**DICTIONARY, "source": ""}]}, "it has no source"),
        ({"dictionaries": [{**DICTIONARY, "columns": []}]}, "it has no columns"),
        ({"tables": [PLAIN], "views": [{**VIEW, "name": "plain"}]}, "declared more than once"),
    ],
)
def test_so_is_one_that_lacks_something(run, server, declaration, message) -> None:
    assert message in run(**declaration)["msg"]
    assert server.ran == []


def test_a_statement_that_fails_is_told_with_what_was_done_before(run, server) -> None:
    server.refuses = "`plain`"
    result = run(databases=["staging"], tables=[PLAIN])
    assert (result["done"], result["failed_on"], result["changed"]) == (["staging"], "ops.plain", True)
    assert result["msg"].endswith("at ClickHouse columns:9000 as admin: code 243: no space left.")


def test_settings_with_a_hidden_password_are_kept(run, server) -> None:
    statement = "CREATE TABLE ops.k (`a` UInt8) ENGINE = Kafka SETTINGS kafka_topic_list = 't', kafka_sasl_password = "
    server.add(statement + "'[HIDDEN]'", engine="Kafka")
    table = {
        "database": "ops",
        "name": "k",
        "columns": [{"name": "a", "type": "UInt8"}],
        "engine": "Kafka",
        "settings": {"kafka_topic_list": "t", "kafka_sasl_password": "s3cret"},
    }
    assert not run(tables=[table])["changed"]
    run(tables=[{**table, "columns": [{"name": "a", "type": "Int8"}]}], allow_destructive=True)
    assert server.ran[1] == statement.replace("ops.k (`a` UInt8", "`ops`.`k` (`a` Int8") + "'s3cret'"


def test_questions_do_not_grow_with_the_objects(run, server) -> None:
    tables = [{**PLAIN, "name": f"t{number}"} for number in range(200)]
    assert run(tables=tables)["changed"]
    assert len(server.ran) == 200
    assert len(server.asked) == 6


def test_examples_run(run_module, server) -> None:
    add_plain(server)
    gathered = {section: [] for section in ("tables", "views", "materialized_views", "dictionaries")}
    for task in yaml.safe_load(clickhouse_schema.EXAMPLES):
        options = task["onering.platform.clickhouse_schema"]
        if "silver.declaration" in str(options):
            options.update(gathered, databases=["silver"])
        result = run_module(clickhouse_schema, **options)
        assert not result["failed"], (task["name"], result)
        server.databases.append("staging")
    assert any(statement.startswith("CREATE DICTIONARY") for statement in server.ran)


def options_of(spec: dict[str, Any]) -> dict[str, Any]:
    keys = ("type", "elements", "choices", "default", "required")
    found = {name: {key: option[key] for key in keys if key in option} for name, option in spec.items()}
    for name, option in spec.items():
        inner = option.get("options") or option.get("suboptions")
        if inner:
            found[name]["options"] = options_of(inner)
    return found


def test_every_option_is_documented_as_it_is() -> None:
    documented = yaml.safe_load(clickhouse_schema.DOCUMENTATION)["options"]
    for section, (_kind, spec) in clickhouse_schema.SECTIONS.items():
        assert options_of(documented[section]["suboptions"]) == options_of(spec)
