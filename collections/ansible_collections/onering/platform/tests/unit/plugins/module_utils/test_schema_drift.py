from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils import schema_drift
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError
from ansible_collections.onering.platform.plugins.module_utils.schema_drift import (
    ClickHouse,
    Postgres,
    Url,
    address,
    clickhouse_parts,
    compare,
    renamed,
    restored,
    scratch_name,
    scratch_place,
    store,
)

COPIES = {"silver": "drift_1_silver", "silver_old": "drift_1_silver_old"}
ACCOUNT = {"username": "u", "password": "hunter2", "native_port": 9000, "timeout": 5}
TABLE = (
    "CREATE TABLE silver.sales (`id` UInt32, `note` String DEFAULT 'x' CODEC(ZSTD(1)), "
    "INDEX i id TYPE minmax GRANULARITY 4) ENGINE = MergeTree ORDER BY (id, note) SETTINGS index_granularity = 8192"
)


def texts(live: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    return [difference["text"] for difference in compare(live, expected)]


def test_the_same_is_no_difference() -> None:
    assert compare({"table a.b": {"column c": "int"}}, {"table a.b": {"column c": "int"}}) == []


def test_each_difference_is_named_once() -> None:
    live = {"table a.b": {"column c": "int", "column new": "text"}, "view a.mine": {"definition": "SELECT 1"}}
    expected = {"table a.b": {"column c": "bigint", "index i": "(c)"}, "view a.gone": {"definition": "SELECT 2"}}
    assert texts(live, expected) == [
        "table a.b: column c is int, the changelog makes bigint",
        "table a.b: index i is missing",
        "table a.b: column new is not in the changelog",
        "view a.gone is missing",
        "view a.mine is not in the changelog",
    ]
    first, *_others, last = compare(live, expected)
    assert (first["object"], first["part"], first["live"], first["changelog"]) == (
        "table a.b",
        "column c",
        "int",
        "bigint",
    )
    assert (last["part"], last["live"], last["changelog"]) == (None, "definition SELECT 1", None)


def test_columns_in_another_order_are_a_difference_and_a_new_one_between_them_is_not() -> None:
    both = {"column a": "int", "column b": "int"}
    turned = {"column b": "int", "column a": "int"}
    assert texts({"table t": both}, {"table t": turned}) == [
        "table t: order of columns is a, b, the changelog makes b, a"
    ]
    between = {"column a": "int", "column new": "int", "column b": "int"}
    assert texts({"table t": between}, {"table t": both}) == ["table t: column new is not in the changelog"]


def test_a_statement_is_told_only_if_no_part_of_it_is() -> None:
    one, other = {"engine": "Log", "statement": "A"}, {"engine": "Log", "statement": "B"}
    assert texts({"table t": one}, {"table t": other}) == ["table t: statement is A, the changelog makes B"]
    assert texts({"table t": {**one, "engine": "TinyLog"}}, {"table t": other}) == [
        "table t: engine is TinyLog, the changelog makes Log"
    ]
    assert compare({"table t": one}, {})[0]["live"] == "A"


def test_a_long_definition_is_cut_on_one_line() -> None:
    (told,) = texts({"function f": {"definition": "a\n" + "b" * 500}}, {"function f": {"definition": "c"}})
    assert "\n" not in told
    assert told.endswith("…, the changelog makes c")


def test_parts_of_a_clickhouse_table() -> None:
    title, parts = clickhouse_parts("MergeTree", TABLE)
    assert title == "table silver.sales"
    assert parts.pop("statement") == TABLE
    assert parts == {
        "column id": "UInt32",
        "column note": "String DEFAULT 'x' CODEC(ZSTD(1))",
        "index i": "id TYPE minmax GRANULARITY 4",
        "engine": "MergeTree",
        "order by": "id, note",
        "setting index_granularity": "8192",
    }


def test_parts_of_other_clickhouse_objects() -> None:
    dictionary = (
        "CREATE DICTIONARY silver.d (`id` UInt64, `n` String DEFAULT 'x') PRIMARY KEY id "
        "SOURCE(CLICKHOUSE(TABLE 't')) LIFETIME(MIN 0 MAX 300) LAYOUT(FLAT())"
    )
    title, parts = clickhouse_parts("Dictionary", dictionary)
    assert title == "dictionary silver.d"
    assert "String" in parts["column n"]
    assert parts["source"] == "CLICKHOUSE(TABLE 't')"
    assert clickhouse_parts("S3", "CREATE TABLE silver.`s 3` AS s3(bronze)")[0].startswith("table silver.")
    assert clickhouse_parts("Odd", "ATTACH x") == ("table Odd", {"statement": "ATTACH x"})


@pytest.mark.parametrize(
    ("text", "copy"),
    [
        ("SELECT silver.sales.id FROM silver.sales", "SELECT drift_1_silver.sales.id FROM drift_1_silver.sales"),
        ("FROM `silver`.`sales`", "FROM `drift_1_silver`.`sales`"),
        ('FROM "silver" . sales', 'FROM "drift_1_silver" . sales'),
        ("silver_old.a, silver.b", "drift_1_silver_old.a, drift_1_silver.b"),
        ("dictGet('silver.d', 'n', id)", "dictGet('drift_1_silver.d', 'n', id)"),
        ("CREATE DATABASE IF NOT EXISTS silver", "CREATE DATABASE IF NOT EXISTS drift_1_silver"),
        ("DROP DATABASE silver", "DROP DATABASE drift_1_silver"),
        ("drop  database\nif  exists `silver`", "drop  database\nif  exists `drift_1_silver`"),
        ("Drop Database silver", "Drop Database drift_1_silver"),
        ("schemaName: silver", "schemaName: drift_1_silver"),
        ('<createTable schemaName="silver"', '<createTable schemaName="drift_1_silver"'),
        ("include: {file: datasets/silver.sql}", None),
        ("path: silver/steps", None),
        ("t.silver.x, my_silver.x, silver, 1 silver", None),
    ],
)
def test_names_are_rewritten_to_the_scratch_place_and_back(text: str, copy: str | None) -> None:
    assert renamed(text, COPIES) == (copy or text)
    assert restored(renamed(text, COPIES), COPIES) == text


def test_addresses() -> None:
    url = Url.parse("jdbc:postgresql://postgres:5433/onering?sslmode=require")
    assert (url.store, url.host, url.port, url.database) == ("postgresql", "postgres", 5433, "onering")
    assert url.options == {"sslmode": "require"}
    assert url.of("drift_1") == "jdbc:postgresql://postgres:5433/drift_1?sslmode=require"


@pytest.mark.parametrize("text", ["jdbc:mysql://h/d", "postgresql://h/d", "jdbc:clickhouse://h:8123", "jdbc:none"])
def test_an_address_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(BackendError, match="jdbc:postgresql://host:port/database"):
        Url.parse(text)


def test_a_scratch_name_is_the_same_each_time_and_differs_by_changelog() -> None:
    assert scratch_name("jdbc:a", "x") == scratch_name("jdbc:a", "x") != scratch_name("jdbc:a", "y")


def test_a_containers_names_on_the_network_lead_to_its_address() -> None:
    networks = {"net": {"Aliases": ["postgres"], "DNSNames": None, "IPAddress": "172.20.0.3"}}
    containers = [
        SimpleNamespace(name="other", attrs={"NetworkSettings": {"Networks": {}}}),
        SimpleNamespace(name="onering-postgres", attrs={"NetworkSettings": {"Networks": networks}}),
    ]
    client = SimpleNamespace(containers=SimpleNamespace(list=lambda ignore_removed: containers))
    assert address(client, "net", "postgres") == "172.20.0.3"
    assert address(client, "net", "onering-postgres") == "172.20.0.3"
    assert address(client, "net", "db.example") == "db.example"
    assert address(client, "elsewhere", "postgres") == "postgres"


def test_the_scratch_place_goes_whatever_happens() -> None:
    done: list[str] = []
    place: Any = SimpleNamespace(make=lambda: done.append("make"), drop=lambda: done.append("drop"))
    with pytest.raises(ValueError, match="in it"), scratch_place(place):
        raise ValueError("in it")
    assert done == ["make", "drop"]


def test_an_error_under_way_is_told_rather_than_that_of_the_removal() -> None:
    def drop() -> None:
        raise BackendError("drop scratch database", "the server went away")

    place: Any = SimpleNamespace(make=lambda: None, drop=drop)
    with pytest.raises(ValueError, match="in it"), scratch_place(place):
        raise ValueError("in it")
    with pytest.raises(BackendError, match="went away"), scratch_place(place):
        pass


class Connection:
    """psycopg's connection: keeps what is asked, answers from `rows`, by a part of the statement."""

    def __init__(self, rows: dict[str, list[Any]], error: Exception | None = None) -> None:
        self.rows, self.error = rows, error
        self.fails, self.silent = "", "never"
        self.asked: list[str] = []
        self.options: list[dict[str, Any]] = []

    def connect(self, **options: Any) -> Connection:
        self.options.append(options)
        return self

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: Any) -> None:
        pass

    def execute(self, statement: Any, values: Any = None) -> Any:
        text = statement if isinstance(statement, str) else statement.as_string(None)
        self.asked.append(text)
        if self.silent in text:
            time.sleep(3)
        if self.error and self.fails in text:
            raise self.error
        rows = next((rows for part, rows in self.rows.items() if part in text), None)
        return SimpleNamespace(description=rows, fetchall=lambda: rows)


@pytest.fixture
def postgres(monkeypatch: pytest.MonkeyPatch) -> tuple[Postgres, Connection]:
    connection = Connection(
        {
            "WITH scope": [("schema gold", "", ""), ("table gold.t", "", ""), ("table gold.t", "column id", "integer")],
            "FROM pg_extension": [("pgcrypto",), ("citext",)],
        }
    )
    monkeypatch.setattr(schema_drift.psycopg, "connect", connection.connect)
    url = Url.parse("jdbc:postgresql://postgres/onering?sslmode=require&sslrootcert=/ca.crt")
    place = store(url, "172.20.0.3", ACCOUNT, ["gold", "ops"], "drift_1")
    assert isinstance(place, Postgres)
    return place, connection


def test_postgres_makes_a_database_without_leftovers_and_drops_it(postgres: tuple[Postgres, Connection]) -> None:
    place, connection = postgres
    place.make()
    place.drop()
    assert [text for text in connection.asked if "search_path" not in text] == [
        'DROP DATABASE IF EXISTS "drift_1" WITH (FORCE)',
        'CREATE DATABASE "drift_1" TEMPLATE template0',
        'DROP DATABASE IF EXISTS "drift_1" WITH (FORCE)',
    ]
    told = ("dbname", "host", "port", "sslmode", "sslrootcert")
    assert {tuple(one[name] for name in told) for one in connection.options} == {
        ("onering", "172.20.0.3", 5432, "require", "/ca.crt")
    }


def test_postgres_gets_the_schemas_and_extensions_that_the_changelog_takes_for_given(
    postgres: tuple[Postgres, Connection],
) -> None:
    place, connection = postgres
    place.prepare('CREATE SCHEMA IF NOT EXISTS "gold"; create extension citext;')
    assert [text for text in connection.asked[-4:] if "search_path" not in text] == [
        'CREATE SCHEMA IF NOT EXISTS "ops"',
        'CREATE EXTENSION IF NOT EXISTS "pgcrypto" SCHEMA public',
    ]
    assert connection.options[-1]["dbname"] == "drift_1"


def test_an_extension_that_can_not_be_made_is_left_out(postgres: tuple[Postgres, Connection]) -> None:
    place, connection = postgres
    connection.error = schema_drift.psycopg.errors.InsufficientPrivilege("superuser only")
    connection.fails = 'EXTENSION IF NOT EXISTS "pgcrypto"'
    place.prepare("")
    assert connection.asked[-1] == 'CREATE EXTENSION IF NOT EXISTS "citext" SCHEMA public'


def test_a_right_that_is_missed_elsewhere_is_not_createdb(postgres: tuple[Postgres, Connection]) -> None:
    place, connection = postgres
    connection.error = schema_drift.psycopg.errors.InsufficientPrivilege("permission denied for schema")
    with pytest.raises(BackendError, match="permission denied for schema") as caught:
        place.objects()
    assert "CREATEDB" not in str(caught.value)


def test_a_silent_postgres_is_waited_for_no_longer_than_timeout(postgres: tuple[Postgres, Connection]) -> None:
    place, connection = postgres
    place.account["timeout"] = 1
    connection.silent = "WITH scope"
    with pytest.raises(BackendError, match="no whole answer within 1 s"):
        place.objects()
    assert connection.options[-1]["connect_timeout"] == 1
    assert "SET statement_timeout = 1000" in connection.asked[0]


@pytest.mark.parametrize(
    "text",
    [
        "jdbc:postgresql://postgres/onering?user=of-url&password=p%40ss",
        "jdbc:clickhouse://of-url:p%40ss@clickhouse:8123/versioning",
        "jdbc:clickhouse://clickhouse:8123/versioning?user=of-url&password=p%40ss",
    ],
)
def test_an_account_may_stand_in_the_address(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(schema_drift, "Server", Server)
    url = Url.parse(text)
    place: Any = store(url, "h", {**ACCOUNT, "username": None, "password": None}, ["gold"], "drift_1")
    assert (place.account["username"], place.account["password"]) == ("of-url", "p@ss")
    if isinstance(place, ClickHouse):
        assert (place.server.params["login_user"], place.server.params["login_password"]) == ("of-url", "p@ss")
    assert store(url, "h", ACCOUNT, ["gold"], "drift_1").account["username"] == "u"


def test_an_address_that_leads_the_replay_to_another_database_is_refused() -> None:
    with pytest.raises(BackendError, match="has the parameter database"):
        Url.parse("jdbc:clickhouse://h:8123/versioning?database=silver")


def test_postgres_objects(postgres: tuple[Postgres, Connection]) -> None:
    place, connection = postgres
    assert place.objects() == {"schema gold": {}, "table gold.t": {"column id": "integer"}}
    place.objects(scratch=True)
    assert [one["dbname"] for one in connection.options] == ["onering", "drift_1"]
    assert place.changelogs("/from", "/to") == "/from"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (schema_drift.psycopg.errors.InsufficientPrivilege("permission denied"), "Give u CREATEDB"),
        (schema_drift.psycopg.OperationalError("no route"), "no route"),
    ],
)
def test_postgres_errors_say_what_to_do(postgres: tuple[Postgres, Connection], error: Exception, told: str) -> None:
    place, connection = postgres
    connection.error = error
    with pytest.raises(BackendError, match=told):
        place.make()


def test_a_missing_driver_is_named(postgres: tuple[Postgres, Connection], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema_drift, "MISSING", "No module named 'psycopg'")
    with pytest.raises(BackendError, match="Install the Python package psycopg"):
        postgres[0].make()


class Server:
    """ClickHouse, with its databases and tables."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = params
        self.databases = ["default", "silver", "versioning", "system", "drift_1", "drift_1_old"]
        self.tables: list[tuple[str, str, str]] = []
        self.asked: list[str] = []

    def query(self, asked: str, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        self.asked.append(sql)
        if "system.databases" in sql:
            return [(database,) for database in self.databases]
        return list(self.tables) if "system.tables" in sql else []


@pytest.fixture
def clickhouse(monkeypatch: pytest.MonkeyPatch) -> tuple[ClickHouse, Any]:
    monkeypatch.setattr(schema_drift, "Server", Server)
    url = Url.parse("jdbc:clickhouse://clickhouse:8123/versioning?ssl=true&sslmode=none")
    place = store(url, "172.20.0.2", ACCOUNT, ["silver"], "drift_1")
    assert isinstance(place, ClickHouse)
    return place, place.server


def test_clickhouse_is_asked_over_its_native_protocol(clickhouse: tuple[ClickHouse, Any]) -> None:
    params = clickhouse[1].params
    assert (params["login_host"], params["login_port"]) == ("172.20.0.2", 9000)
    assert (params["secure"], params["validate_certs"]) == (True, False)


def test_clickhouse_makes_a_database_each_without_leftovers(clickhouse: tuple[ClickHouse, Any]) -> None:
    place, server = clickhouse
    place.make()
    assert [sql for sql in server.asked if "system." not in sql] == [
        "DROP DATABASE `drift_1` SYNC",
        "DROP DATABASE `drift_1_old` SYNC",
        "CREATE DATABASE `drift_1`",
        "CREATE DATABASE `drift_1_silver`",
    ]


def test_a_clickhouse_changelog_is_replayed_from_a_copy(clickhouse: tuple[ClickHouse, Any], tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    (source / "deep").mkdir(parents=True)
    target.mkdir(mode=0o700)
    (source / "deep" / "x.sql").write_text("CREATE TABLE silver.t (id Int8)\n")
    (source / "seed.csv").write_bytes(b"\xff\r\n")
    before = os.umask(0o077)
    try:
        assert clickhouse[0].changelogs(str(source), str(target)) == str(target)
    finally:
        os.umask(before)
    assert (target / "deep" / "x.sql").read_text() == "CREATE TABLE drift_1_silver.t (id Int8)\n"
    assert (target / "seed.csv").read_bytes() == b"\xff\r\n"
    assert [path.stat().st_mode & 0o777 for path in (target, target / "deep", target / "deep" / "x.sql")] == [
        0o755, 0o755, 0o644,
    ]  # fmt: skip


def test_a_live_name_in_the_replay_is_refused(clickhouse: tuple[ClickHouse, Any]) -> None:
    place, server = clickhouse
    with pytest.raises(BackendError, match="names silver where it can't be told from the live database"):
        place.prepare("DROP TABLE silver.sales")
    assert not any(sql.startswith("DROP") for sql in server.asked)
    place.prepare("SELECT * FROM drift_1_silver.sales, system.tables")


@pytest.mark.parametrize(
    "sql",
    [
        "USE silver",
        "TRUNCATE ALL TABLES FROM silver",
        "TRUNCATE TABLES FROM silver LIKE '%'",
        "TRUNCATE TABLE silver.csv",
        "CREATE TABLE drift_1_silver.b AS drift_1_silver.u ENGINE = Buffer('silver', 'u', 1, 1, 1, 1, 1, 1, 1)",
        "CREATE TABLE drift_1_silver.m ENGINE = Merge(silver, '^u')",
        'DROP TABLE "silver" . "u"',
        "SELECT * FROM merge('sil\\x76er', '^u')",
        "SELECT '-- it''s no comment', * FROM silver .u",
        "SELECT $$ it's -- no comment $$ FROM silver.u",
        "SELECT * FROM s3(bronze, filename = 'silver')",
        "DROP /* really */ DATABASE /* this */ silver",
    ],
)
def test_a_live_name_that_is_not_rewritten_is_refused(clickhouse: tuple[ClickHouse, Any], sql: str) -> None:
    place, server = clickhouse
    with pytest.raises(BackendError, match="names silver"):
        place.prepare(renamed(sql, {"silver_old": "drift_1_silver_old"}))
    assert not any(sql.startswith("DROP") for sql in server.asked)


@pytest.mark.parametrize(
    "sql",
    [
        "-- the canary of silver\nSELECT 1 /* out of silver */",
        "SELECT my_silver, silvery, 'Silver' FROM drift_1_silver.t",
        "CREATE VIEW drift_1_silver.v AS SELECT * FROM S3( silver , filename = 'x')",
        "ALTER TABLE drift_1_silver.t ADD COLUMN c Int8 DEFAULT 1",
    ],
)
def test_what_names_no_live_database_is_replayed(clickhouse: tuple[ClickHouse, Any], sql: str) -> None:
    clickhouse[0].prepare(sql)


def test_a_database_that_the_changelog_makes_is_not_there_before(clickhouse: tuple[ClickHouse, Any]) -> None:
    place, server = clickhouse
    place.prepare("CREATE DATABASE drift_1_silver")
    assert server.asked[-1] == "DROP DATABASE `drift_1_silver` SYNC"


def test_errors_of_clickhouse_name_the_options_that_there_are(clickhouse: tuple[ClickHouse, Any]) -> None:
    place, server = clickhouse
    text = "Check login_user, login_password and login_port, give ca_path, or set validate_certs: false"

    def query(*_arguments: Any, **_values: Any) -> None:
        raise BackendError("list databases", "no", text)

    server.query = query
    with pytest.raises(BackendError) as caught:
        place.make()
    assert caught.value.remedy == (
        "Check username, password and native_port, give the parameter sslrootcert of url, "
        "or set the parameter sslmode=none in url"
    )


def test_clickhouse_objects_have_their_live_names(clickhouse: tuple[ClickHouse, Any]) -> None:
    place, server = clickhouse
    server.tables = [("sales", "MergeTree", TABLE), (".inner_id.7", "MergeTree", "CREATE TABLE x")]
    live = place.objects()
    server.databases = ["drift_1", "drift_1_silver"]
    server.tables = [("sales", "MergeTree", TABLE.replace("silver", "drift_1_silver"))]
    assert place.objects(scratch=True) == live
    assert list(live) == ["database silver", "table silver.sales"]
