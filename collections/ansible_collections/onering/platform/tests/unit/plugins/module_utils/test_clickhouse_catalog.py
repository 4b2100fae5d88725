from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils import clickhouse as backend
from ansible_collections.onering.platform.plugins.module_utils import clickhouse_catalog as catalog
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError
from ansible_collections.onering.platform.tests.unit.plugins.module_utils.fake_clickhouse import FakeClickHouse

PARAMS = {
    **{option: spec.get("default") for option, spec in backend.CONNECTION.items()},
    "login_host": "columns",
}


@pytest.fixture
def fake(monkeypatch) -> FakeClickHouse:
    server = FakeClickHouse()
    monkeypatch.setattr(backend, "Client", server.client)
    return server


@pytest.fixture
def server(fake) -> backend.Server:
    return backend.Server(PARAMS)


def view(name: str, query: str = "SELECT 1") -> dict[str, Any]:
    return {"kind": "view", "database": "ops", "name": name, "comment": "", "query": query}


def table(*types: str) -> dict[str, Any]:
    columns = [{"name": f"c{number}", "type": kind} for number, kind in enumerate(types)]
    return {"kind": "table", "database": "ops", "name": "t", "columns": columns}


def test_the_catalog_is_read_in_three_questions_without_inner_tables(fake, server) -> None:
    fake.add("CREATE TABLE ops.t (`a` UInt8) ENGINE = MergeTree ORDER BY a", "a", rows=None)
    fake.add("CREATE TABLE ops.`.inner_id.12` (`a` UInt8) ENGINE = MergeTree ORDER BY a", "a")
    fake.add("CREATE TABLE ops.f (`a` UInt8) AS numbers(10)", engine="StorageProxy")
    fake.add("CREATE DICTIONARY ops.d (`a` UInt8) PRIMARY KEY a SOURCE(NULL())", engine="Dictionary")
    found = catalog.Catalog(server, ["ops"])
    assert len(fake.asked) == 3
    assert found.databases == {"default", "ops"}
    assert list(found.objects) == [("ops", "t"), ("ops", "f"), ("ops", "d")]
    assert found.objects["ops", "t"].rows is None
    assert [state["name"] for state in found.states(managed=True)] == ["t", "d"]
    assert found.states(managed=False) == [{"kind": "table", "database": "ops", "name": "f"}]
    assert found.keys["ops", "t"] == {"a"}


def test_functions_get_the_names_that_the_server_stores(server) -> None:
    spelling = catalog.Spelling(server)
    states = spelling.states([view("v", "SELECT NOW(), Count(*), date_trunc('day', x), flatten(y), FLATTEN(y), now")])
    assert states[0]["query"] == "SELECT now(), count(*), dateTrunc('day', x), arrayFlatten(y), FLATTEN(y), now"


def test_what_is_no_sql_is_told_in_the_servers_words(server) -> None:
    with pytest.raises(BackendError) as caught:
        catalog.Spelling(server).states([view("good"), view("bad", "SELECT f(")])
    assert str(caught.value) == (
        "read the declaration of view ops.bad at ClickHouse columns:9000 as default: "
        "code 62: Syntax error: failed at position 9 (f()."
    )


def test_what_is_another_statement_is_refused(fake, server, monkeypatch) -> None:
    monkeypatch.setattr(fake, "format", lambda text, or_null: "SELECT 1")
    with pytest.raises(BackendError, match=r"declaration of view ops.v: it makes another statement: SELECT 1"):
        catalog.Spelling(server).states([view("v")])


def test_types_get_the_names_that_the_server_stores(server) -> None:
    states = [table("varchar", "Tuple(a int, b text)", "varchar"), view("v")]
    named = catalog.Spelling(server).with_types(states)
    assert [column["type"] for column in named[0]["columns"]] == ["String", "Tuple(a Int32, b String)", "String"]
    assert named[1] == states[1]


def test_an_unknown_type_is_told_with_its_column(server) -> None:
    with pytest.raises(BackendError) as caught:
        catalog.Spelling(server).with_types([view("v"), table("varchar", "NoType")])
    assert str(caught.value) == (
        "read type NoType of column c1 of table ops.t at ClickHouse columns:9000 as default: "
        "code 50: Unknown data type family: NoType."
    )


def test_a_server_that_goes_away_is_no_unknown_type(fake, server, monkeypatch) -> None:
    spelling = catalog.Spelling(server)
    answers = iter([OSError("gone"), [("String",)]])

    def execute(sql: str, values: Any) -> Any:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    monkeypatch.setattr(fake, "execute", execute)
    with pytest.raises(BackendError, match="gone"):
        spelling.with_types([table("varchar")])


def test_long_declarations_are_asked_for_in_parts(fake, server) -> None:
    spelling = catalog.Spelling(server)
    fake.asked.clear()
    views = [view(f"v{number}", f"SELECT '{'x' * 30_000}'") for number in range(10)]
    states = spelling.states(views)
    assert [state["name"] for state in states] == [state["name"] for state in views]
    assert len(fake.asked) == 4
    assert all(len(question) < 2 * catalog.PART for question in fake.asked)
    assert spelling.states([]) == []
    assert len(fake.asked) == 4
