"""openmetadata_asset against a double of the server that checks every request with the vendor's published models."""

from __future__ import annotations

import json

import pytest
from ansible_collections.onering.platform.plugins.modules import openmetadata_asset
from ansible_collections.onering.platform.tests.doubles.openmetadata import OpenMetadata

PARENTS = [
    {"kind": "database", "parent": "clickhouse", "name": "default"},
    {"kind": "databaseSchema", "parent": "clickhouse.default", "name": "silver"},
]
FLIGHTS = {
    "kind": "table", "parent": "clickhouse.default.silver", "name": "flights",
    "columns": [
        {"name": "flight_id", "type": "bigint", "display_type": "UInt64"},
        {"name": "carrier", "type": "STRING", "tags": ["PII.None"]},
    ],
}  # fmt: skip
FULL = "clickhouse.default.silver.flights"
OPERATIONS = {
    "kind": "domain", "name": "Operations", "description": "Flights", "properties": {"domainType": "Aggregate"},
}  # fmt: skip
# Each kind with what changes about it, and the field in which that shows.
KINDS = {
    "container": (
        {"kind": "container", "parent": "minio", "name": "bronze", "properties": {"prefix": "/bronze/"},
         "columns": [{"name": "id", "type": "INT"}]},
        {"columns": [{"name": "id", "type": "INT", "description": "Key"}, {"name": "at", "type": "DATETIME"}]},
    ),
    "pipeline": (
        {"kind": "pipeline", "parent": "airflow", "name": "flights",
         "properties": {"tasks": [{"name": "load", "taskType": "SQL"}], "scheduleInterval": "@daily"}},
        {"properties": {"tasks": [{"name": "load", "taskType": "SQL"}, {"name": "publish"}]}},
    ),
    "dashboard": (
        {"kind": "dashboard", "parent": "grafana", "name": "delays", "display_name": "Delays"},
        {"display_name": "Who is late", "properties": {"project": "ops"}},
    ),
    "domain": (OPERATIONS, {"description": "All flights", "owners": ["user:alice"]}),
    "glossary": (
        {"kind": "glossary", "name": "Aviation", "description": "Words", "tags": ["PII.None"]},
        {"description": "Words of aviation", "tags": []},
    ),
    "classification": (
        {"kind": "classification", "name": "Layer", "description": "Layers"},
        {"description": "Layers of the platform", "owners": ["team:Data"]},
    ),
    "tag": (
        {"kind": "tag", "parent": "PII", "name": "Secret", "description": "Never show"},
        {"display_name": "Top secret"},
    ),
    "testSuite": (
        {"kind": "testSuite", "name": "silver", "description": "Silver's tests"},
        {"description": "Tests", "owners": ["user:bob"]},
    ),
}  # fmt: skip


@pytest.fixture
def server(catalog):
    return catalog


@pytest.fixture
def run(run_module, server):
    def run(*assets, check=False, **options):
        asked = {"url": server.url, "token": "bot-token", "assets": list(assets), **options}
        return run_module(openmetadata_asset, check=check, **asked)

    return run


def names(result):
    return [each["name"] for each in result["results"] if each["changed"]]


def patches(server):
    return [body for method, _, body in server.writes() if method == "PATCH"]


def test_check_do_again(run, server) -> None:
    planned = run(FLIGHTS, *PARENTS, check=True)
    assert server.writes() == []
    done = run(FLIGHTS, *PARENTS)
    assert done == planned
    assert names(done) == ["database clickhouse.default", "databaseSchema clickhouse.default.silver", f"table {FULL}"]
    assert [asked[:2] for asked in server.writes()] == [
        ("PUT", "databases/bulk"), ("PUT", "databaseSchemas/bulk"), ("PUT", "tables/bulk"),
    ]  # fmt: skip
    server.asked.clear()
    assert not run(FLIGHTS, *PARENTS)["changed"]
    assert not run(FLIGHTS, *PARENTS, check=True)["changed"]
    assert server.writes() == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_check_do_again_change_again_remove(run, server, kind) -> None:
    declared, change = KINDS[kind]
    assert run(declared, check=True)["changed"]
    assert names(run(declared)) != []
    assert not run(declared)["changed"]
    changed = {**declared, **change}
    planned = run(changed, check=True)
    server.asked.clear()
    assert run(changed) == planned
    assert len(patches(server)) == 1
    assert not run(changed)["changed"]
    assert run(changed, state="absent", check=True)["changed"]
    assert run(changed, state="absent", purge=True)["changed"]
    assert not run(changed, state="absent")["changed"]


def test_what_people_wrote_stays(run, server) -> None:
    run(*PARENTS, FLIGHTS)
    table = server.entities["table"][FULL]
    table["description"] = "Written in the catalog"
    table["tags"] = [
        {"tagFQN": "PII.Sensitive", "source": "Classification", "labelType": "Manual", "state": "Confirmed"}
    ]
    table["columns"][0]["description"] = "A key, somebody says"
    assert not run(FLIGHTS)["changed"]
    columns = [{"name": "day", "type": "DATE"}, *FLIGHTS["columns"]]
    assert run({**FLIGHTS, "columns": columns, "display_name": "Flights"})["changed"]
    table = server.entities["table"][FULL]
    assert table["description"] == "Written in the catalog"
    assert table["tags"][0]["tagFQN"] == "PII.Sensitive"
    assert [each["name"] for each in table["columns"]] == ["day", "flight_id", "carrier"]
    assert table["columns"][1]["description"] == "A key, somebody says"
    assert table["columns"][2]["tags"][0]["tagFQN"] == "PII.None"


def test_a_patch_names_only_what_differs(run, server) -> None:
    run(*PARENTS, {**FLIGHTS, "description": "Old"})
    server.asked.clear()
    columns = [FLIGHTS["columns"][0], {**FLIGHTS["columns"][1], "description": "Airline"}]
    result = run({**FLIGHTS, "description": "New", "columns": columns, "owners": ["team:Data", "user:alice"]})
    (operations,) = patches(server)
    assert [(each["op"], each["path"]) for each in operations] == [
        ("replace", "/description"), ("add", "/columns/1/description"), ("add", "/owners"),
    ]  # fmt: skip
    after = result["diff"]["after"][f"table {FULL}"]
    assert after["owners"] == ["team:Data", "user:alice"]
    assert result["diff"]["before"][f"table {FULL}"]["description"] == "Old"
    server.asked.clear()
    assert run({**FLIGHTS, "description": "", "owners": ["user:alice"]})["changed"]
    (operations,) = patches(server)
    assert [(each["op"], each["path"]) for each in operations] == [("remove", "/description"), ("replace", "/owners")]


def test_an_undeclared_column_is_removed_and_named(run, server) -> None:
    run(*PARENTS, FLIGHTS)
    result = run({**FLIGHTS, "columns": FLIGHTS["columns"][:1]})
    before = result["diff"]["before"][f"table {FULL}"]["columns"]
    assert [each["name"] for each in before] == ["flight_id", "carrier"]
    assert [each["name"] for each in server.entities["table"][FULL]["columns"]] == ["flight_id"]


def test_labels_of_others_are_left_alone(run, server) -> None:
    run(*PARENTS, {**FLIGHTS, "tags": ["PII.None"]})
    labels = server.entities["table"][FULL]["tags"]
    found = {"tagFQN": "PII.Sensitive", "source": "Classification", "labelType": "Generated", "state": "Suggested"}
    labels.append(found)
    assert not run({**FLIGHTS, "tags": ["PII.None"]})["changed"]
    assert not run({**FLIGHTS, "tags": ["PII.None", "PII.Sensitive"]})["changed"]
    run({"kind": "glossary", "name": "G", "description": "g"})
    run({"kind": "glossaryTerm", "parent": "G", "name": "Leg", "description": "l"})
    assert run({**FLIGHTS, "tags": [], "terms": ["G.Leg"]})["changed"]
    tags = [each["tagFQN"] for each in server.entities["table"][FULL]["tags"]]
    assert tags == ["PII.Sensitive", "G.Leg"]
    assert not run({**FLIGHTS, "tags": [], "terms": ["G.Leg"]})["changed"]


def test_inherited_owners_and_domains_are_not_ours(run, server) -> None:
    run(*PARENTS, FLIGHTS, OPERATIONS)
    owner = {**server.reference("user", server.entities["user"]["bob"]), "inherited": True}
    server.entities["table"][FULL]["owners"] = [owner]
    assert not run({**FLIGHTS, "owners": []})["changed"]
    assert run({**FLIGHTS, "domains": ["Operations"]})["changed"]
    assert not run({**FLIGHTS, "domains": ["Operations"]})["changed"]


def test_domains_products_terms_and_tests_that_refer_to_each_other(run, server) -> None:
    everything = [
        {"kind": "testCase", "parent": FULL, "column": "flight_id", "name": "not null",
         "properties": {"testDefinition": "columnValuesToBeNotNull"}},
        {"kind": "dataProduct", "name": "Punctuality", "description": "Late?", "domains": ["Operations"]},
        {**FLIGHTS, "domains": ["Operations"], "data_products": ["Punctuality"], "terms": ["Aviation.Leg.Short"]},
        {"kind": "glossaryTerm", "parent": "Aviation.Leg", "name": "Short", "description": "Short leg"},
        {"kind": "glossaryTerm", "parent": "Aviation", "name": "Leg", "description": "A leg"},
        {"kind": "glossary", "name": "Aviation", "description": "Words"},
        {**OPERATIONS, "parent": "Company", "name": "Sub"}, {**OPERATIONS, "name": "Company"}, OPERATIONS,
        {"kind": "container", "parent": "minio.bronze", "name": "flights"},
        {"kind": "container", "parent": "minio", "name": "bronze"},
        *PARENTS,
    ]  # fmt: skip
    assert run(*everything, check=True)["changed"]
    done = run(*everything)
    assert len(names(done)) == len(everything)
    assert not run(*everything)["changed"]
    case = server.entities["testCase"][f"{FULL}.flight_id.not null"]
    assert case["entityLink"] == f"<#E::table::{FULL}::columns::flight_id>"
    assert "minio.bronze.flights" in server.entities["container"]
    assert "Company.Sub" in server.entities["domain"]
    gone = names(run(*everything, state="absent", purge=True))
    assert sorted(gone) == sorted(names(done))
    assert not server.entities["table"]


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("a.b", '"a.b"'),
        ("back\\slash's", "back\\slash's"),
        ('quo"te.d', '"quo__reserved__quote__te.d"'),
        ("größe ☃ / %2F", "größe ☃ / %2F"),
        ("a::b>c", "a__reserved__colon__b__reserved__arrow__c"),
    ],
)
def test_any_name(run, server, name, full) -> None:
    column = {"name": name, "type": "INT", "description": name}
    schema = {"kind": "databaseSchema", "parent": "clickhouse.default", "name": name}
    table = {"kind": "table", "parent": f"clickhouse.default.{full}", "name": name, "columns": [column]}
    test = {
        "kind": "testCase", "parent": f"clickhouse.default.{full}.{full}", "name": name,
        "properties": {"testDefinition": "columnValuesToBeNotNull"},
    }  # fmt: skip
    everything = [PARENTS[0], schema, table, test]
    assert run(*everything)["changed"]
    assert f"clickhouse.default.{full}.{full}" in server.entities["table"]
    assert not run(*everything)["changed"]
    assert run({**table, "columns": [{**column, "description": "new"}]})["changed"]
    assert run(*everything, state="absent")["changed"]


def test_five_hundred_tables_are_read_by_pages_and_written_in_batches(run, server) -> None:
    tables = [{**FLIGHTS, "name": f"t{number}"} for number in range(500)]
    run(*PARENTS)
    server.asked.clear()
    run(*tables)
    assert len(server.writes()) == 5
    assert len(server.asked) == 6
    server.asked.clear()
    assert not run(*tables)["changed"]
    assert len(server.asked) == 1
    server.asked.clear()
    tables[7] = {**tables[7], "description": "changed"}
    assert names(run(*tables)) == ["table clickhouse.default.silver.t7"]
    assert len(server.asked) == 2


def test_terms_and_tags_are_read_by_pages_too(run, server) -> None:
    terms = [
        {"kind": kind, "parent": parent, "name": f"n{number}", "description": "d"}
        for kind, parent in (("glossaryTerm", "Aviation"), ("glossaryTerm", "Aviation.n1"), ("tag", "PII"))
        for number in range(7)
    ]
    glossary = {"kind": "glossary", "name": "Aviation", "description": "Words"}
    assert run(glossary, *terms, check=True)["changed"]
    assert run(glossary, *terms)["changed"]
    server.asked.clear()
    assert not run(glossary, *terms)["changed"]
    assert [path for _, path, _ in server.asked if "name" not in path] == ["glossaryTerms"]
    assert "it holds Aviation.n0" in run(glossary, state="absent")["msg"]
    assert run(glossary, *terms, state="absent")["changed"]


def test_pages_are_followed(run, server, monkeypatch) -> None:
    monkeypatch.setattr("ansible_collections.onering.platform.plugins.module_utils.openmetadata.PAGE", 7)
    tables = [{**FLIGHTS, "name": f"t{number}"} for number in range(20)]
    run(*PARENTS, *tables)
    server.asked.clear()
    assert not run(*tables)["changed"]
    assert len(server.asked) == 3


def test_a_partial_failure_names_what_is_done(run, server) -> None:
    server.refuses_names.update({"t1", "t3"})
    tables = [{**FLIGHTS, "name": f"t{number}"} for number in range(5)]
    result = run(*PARENTS, *tables)
    assert result["failed"]
    assert result["changed"]
    assert result["failed_on"] == "table clickhouse.default.silver.t1"
    assert result["done"] == [
        "database clickhouse.default", "databaseSchema clickhouse.default.silver",
        "table clickhouse.default.silver.t0", "table clickhouse.default.silver.t2",
        "table clickhouse.default.silver.t4",
    ]  # fmt: skip
    assert result["msg"] == (
        "create table clickhouse.default.silver.t1: t1 is refused. "
        "So with table clickhouse.default.silver.t3: t3 is refused."
    )
    assert set(server.entities["table"]) == {f"clickhouse.default.silver.t{number}" for number in (0, 2, 4)}


def test_what_the_vendor_does_not_know_is_told_with_what_is_done(run, server) -> None:
    wrong = {**FLIGHTS, "name": "wrong", "columns": [{"name": "x", "type": "NO_TYPE"}]}
    result = run(*PARENTS, wrong, FLIGHTS)
    assert result["failed_on"] == "table clickhouse.default.silver.wrong"
    assert "NO_TYPE" in result["msg"]
    assert f"table {FULL}" in result["done"]


def test_a_failure_without_a_name_is_one_too(run, server) -> None:
    run(*PARENTS)
    server.faults = [0.0, (200, '{"numberOfRowsFailed": 1}')]
    assert f"create table {FULL}: 1 failed" in run(FLIGHTS)["msg"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ((401, '{"code": 401, "message": "Token has expired"}'), "401 Token has expired. Check token"),
        ((403, '{"code": 403, "message": "no EditAll"}'), "403 no EditAll. Give this account's role or its bot"),
        ((500, "oops"), "500 oops"),
        ((200, "<html>a login page</html>"), "Check that url is OpenMetadata's server"),
        (3.0, "answers within timeout"),
    ],
)
def test_a_fault_says_what_was_asked_what_answered_and_what_to_do(run, server, fault, said) -> None:
    server.faults = [fault] * 3
    result = run(OPERATIONS, timeout=1)
    assert result["failed"]
    assert f"GET {server.url}/api/v1/domains/name/Operations" in result["msg"]
    assert said in result["msg"]


def test_a_server_that_is_down_is_named(run, server) -> None:
    result = run(OPERATIONS, url="http://127.0.0.1:9", timeout=1)
    assert "Connection refused. Check that the server runs" in result["msg"]


def test_an_account_instead_of_a_token(run, server) -> None:
    account = {"token": None, "username": "admin@open-metadata.org"}
    assert run(OPERATIONS, **account, password="right")["changed"]
    result = run(OPERATIONS, **account, password="mistaken")
    assert "401 You have entered an invalid username or password" in result["msg"]
    assert "mistaken" not in json.dumps(result)
    assert "Give token, or username and password" in run(OPERATIONS, token=None)["msg"]


def test_what_holds_others_is_not_removed_unless_asked(run, server) -> None:
    run(*PARENTS, FLIGHTS)
    for check in (True, False):
        result = run(PARENTS[1], state="absent", check=check)
        assert result["failed"]
        assert "it holds clickhouse.default.silver.flights. Set recursive: true" in result["msg"]
    assert not run(PARENTS[1], FLIGHTS, state="absent", check=True)["failed"]
    assert run(PARENTS[1], state="absent", recursive=True)["changed"]
    assert server.entities["table"][FULL]["deleted"]
    assert not run(PARENTS[1], state="absent")["changed"]


def test_a_removed_table_comes_back_with_what_people_wrote(run, server) -> None:
    run(*PARENTS, FLIGHTS)
    server.entities["table"][FULL]["description"] = "Written in the catalog"
    run(FLIGHTS, state="absent")
    assert run(FLIGHTS)["changed"]
    assert server.entities["table"][FULL]["description"] == "Written in the catalog"


def test_a_change_of_somebody_else_in_between_is_not_overwritten(run, server, monkeypatch) -> None:
    run(*PARENTS, FLIGHTS)
    original = OpenMetadata.shown

    def shown_and_changed(self, kind, entity, query):
        answer = original(self, kind, entity, query)
        entity["version"] = 7.1
        return answer

    monkeypatch.setattr(OpenMetadata, "shown", shown_and_changed)
    result = run({**FLIGHTS, "description": "mine"})
    assert "412" in result["msg"]
    assert "run this again" in result["msg"]


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"kind": "table", "name": "t"}, "it has no parent. Give the fully qualified name in parent"),
        ({"kind": "glossary", "name": "g", "parent": "x"}, "its kind has none"),
        ({"kind": "glossary", "name": "g"}, "it needs description"),
        ({"kind": "table", "name": "t", "parent": "clickhouse.default.silver"}, "it needs columns"),
        ({**OPERATIONS, "domains": ["x"]}, "a domain has no domains"),
        ({**OPERATIONS, "columns": []}, "only a table or a container has columns"),
        ({**OPERATIONS, "owners": ["alice"]}, "Write user:name or team:name"),
        ({"kind": "dataProduct", "name": "p", "description": "x"}, "it needs domains"),
    ],
)
def test_what_cannot_be_is_refused_in_check_mode_too(run, server, declared, said) -> None:
    for check in (True, False):
        assert said in run(declared, check=check)["msg"]
    assert server.writes() == []


def test_an_unknown_owner_is_named(run) -> None:
    result = run({**OPERATIONS, "owners": ["user:nobody"]})
    assert "refer to user nobody: OpenMetadata has none" in result["msg"]


def test_a_test_definition_cannot_be_changed(run, server) -> None:
    run(*PARENTS, FLIGHTS)
    case = {
        "kind": "testCase", "parent": FULL, "column": "carrier", "name": "t",
        "properties": {"testDefinition": "columnValuesToBeNotNull"},
    }  # fmt: skip
    run(case)
    result = run({**case, "properties": {"testDefinition": "other"}})
    assert "change testDefinition to other: it is decided when the entity is made" in result["msg"]


def test_twice_is_refused(run) -> None:
    assert "declared more than once" in run(OPERATIONS, OPERATIONS)["msg"]


def test_no_token_in_any_answer(run, server) -> None:
    planted = "planted-token-8c1"
    server.token = planted
    results = [run(*PARENTS, FLIGHTS, token=planted), run({**FLIGHTS, "parent": "x.y.z"}, token=planted)]
    for result in results:
        result.pop("invocation", None)
    assert planted not in json.dumps(results)
