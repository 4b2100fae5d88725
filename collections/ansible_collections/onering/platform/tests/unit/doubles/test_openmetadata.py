"""The contract: what the modules and their double say of OpenMetadata is what the vendor publishes."""

from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.module_utils.openmetadata import fqn, split, stored
from ansible_collections.onering.platform.plugins.module_utils.openmetadata_entity import KINDS
from ansible_collections.onering.platform.plugins.modules import openmetadata_lineage
from ansible_collections.onering.platform.tests.doubles import openmetadata as double
from ansible_collections.onering.platform.tests.doubles.vendor import PACKAGE, client, model

from metadata.ingestion.models.custom_basemodel_validation import replace_separators  # isort: skip
from metadata.ingestion.ometa.routes import ROUTES  # isort: skip

MANAGED = sorted(set(KINDS) - {"user", "team"})
RELATIONS = {"owners", "domains", "dataProducts", "tags"}
# Parents are given by the module itself, and names.
GIVEN = {"name", "entityLink", "service", "database", "databaseSchema", "glossary", "classification"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_paths_are_the_vendors(kind) -> None:
    name = double.KINDS[kind].entity.__name__
    assert KINDS[kind].path == double.KINDS[kind].path == ROUTES[name].lstrip("/")


@pytest.mark.parametrize("kind", MANAGED)
def test_what_a_kind_lacks_is_what_its_request_lacks(kind) -> None:
    lacking = RELATIONS - set(double.KINDS[kind].create.model_fields)
    assert {field for field in KINDS[kind].lacks if field != "terms"} == lacking
    assert ("terms" in KINDS[kind].lacks) == ("tags" in lacking)


@pytest.mark.parametrize("kind", MANAGED)
def test_what_a_kind_needs_is_what_its_request_needs(kind) -> None:
    fields = double.KINDS[kind].create.model_fields
    required = {name for name, field in fields.items() if field.is_required()}
    assert set(KINDS[kind].needs) == required - GIVEN


@pytest.mark.parametrize("kind", MANAGED)
def test_parents_are_fields_of_the_request(kind) -> None:
    fields = set(double.KINDS[kind].create.model_fields)
    assert {field for field in (KINDS[kind].parent, KINDS[kind].root) if field} <= fields
    assert KINDS[kind].bulk == double.KINDS[kind].bulk


def test_sources_of_lineage_are_the_vendors() -> None:
    known = {each.value for each in model("type.entityLineage.Source")}
    assert set(openmetadata_lineage.SOURCES) == known - {"ChildAssets"}  # made by the server of the other edges


@pytest.mark.parametrize("name", ["a::b", "a>b", 'a"b', "a\nb", "a\rb\tc", "größe", "a\\b", "a.b"])
def test_names_are_stored_as_the_vendors_clients_store_them(name) -> None:
    assert stored(name) == replace_separators(name)
    assert fqn("", stored(name)) == double.quoted(stored(name))
    assert split(fqn("x", stored(name)))[1:] == [double.quoted(stored(name))]


@pytest.mark.parametrize("route", double.ROUTES, ids=lambda route: f"{route[0]} {route[1]}")
def test_each_route_of_the_double_is_published(route) -> None:
    """Its citation is a file of the vendor's package that holds the word."""
    origin, file, word = route[2].split(" ", 2)
    assert origin == "sdk:"
    assert word in (PACKAGE / file).read_text()


def request(kind: str, **fields):
    area = "services" if kind.endswith("Service") else "data"
    return model(f"api.{area}.create{kind}.Create{kind}Request")(**fields)


def test_the_vendors_own_client_works_with_the_double(catalog) -> None:
    vendor = client(catalog.url, catalog.token)
    table, container = model("entity.data.table.Table"), model("entity.data.container.Container")
    vendor.create_or_update(request("DatabaseService", name="pg", serviceType="Postgres"))
    vendor.create_or_update(request("Database", name="onering", service="pg"))
    vendor.create_or_update(request("DatabaseSchema", name="gold", database="pg.onering"))
    columns = [{"name": "id", "dataType": "INT"}]
    tables = [request("Table", name=name, databaseSchema="pg.onering.gold", columns=columns) for name in ("a", "b.c")]
    assert vendor.bulk_create_or_update(tables).status.value == "success"
    found = vendor.get_by_name(table, 'pg.onering.gold."b.c"', fields=["columns", "tags"])
    assert [column.name.root for column in found.columns] == ["id"]
    assert vendor.get_by_name(table, "pg.onering.gold.none") is None
    assert vendor.patch_description(table, found, "Said by the client").description.root == "Said by the client"
    assert len(list(vendor.list_all_entities(table, params={"databaseSchema": "pg.onering.gold"}, limit=1))) == 2
    source = vendor.create_or_update(request("Container", name="bronze", service="minio"))
    edge = model("type.entityLineage.EntitiesEdge")(
        fromEntity={"id": source.id, "type": "container"}, toEntity={"id": found.id, "type": "table"}
    )
    graph = vendor.add_lineage(model("api.lineage.addLineage.AddLineageRequest")(edge=edge))
    assert [each["toEntity"] for each in graph["downstreamEdges"]] == [str(found.id.root)]
    assert vendor.get_lineage_by_name("table", 'pg.onering.gold."b.c"')["upstreamEdges"]
    assert vendor.get_lineage_edge(str(source.id.root), str(found.id.root))["edge"]["source"] == "Manual"
    vendor.delete_lineage_edge(edge)
    assert not catalog.lineage
    vendor.delete(container, source.id, hard_delete=True)
    assert vendor.get_by_name(container, "minio.bronze") is None
    assert vendor.health_check()
