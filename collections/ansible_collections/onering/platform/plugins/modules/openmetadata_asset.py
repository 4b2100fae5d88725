#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: openmetadata_asset
short_description: Manage what OpenMetadata's catalog holds
version_added: 0.1.0
description:
  - Creates, changes and removes databases, schemas, tables, containers, pipelines, dashboards, domains, data products,
    glossaries, tags and quality tests, many of any kind in one call.
  - Only what is declared is compared and changed, so what people wrote in the catalog stays. A change is a JSON Patch
    that the server refuses if somebody else changed the entity in between.
  - All are compared before the first is changed. Parents are made before their children, whatever their order here.
  - Ten or more databases, schemas, tables, pipelines or dashboards of one parent are read by pages, and new ones are
    created 100 in one request; the server has no such request for the other kinds.
author:
  - OneRing contributors (@onering)
options:
  assets:
    description: The entities.
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description: What it is.
        type: str
        required: true
        choices:
          - classification
          - container
          - dashboard
          - dataProduct
          - database
          - databaseSchema
          - domain
          - glossary
          - glossaryTerm
          - pipeline
          - table
          - tag
          - testCase
          - testSuite
      name:
        description:
          - Its name, as people write it. What OpenMetadata can't hold in a name (V("), V(>), V(::), line ends) is
            stored in the way of the vendor's own clients.
        type: str
        required: true
      parent:
        description:
          - Fully qualified name of what it is in, such as V(clickhouse.default.silver) for a table.
          - A service for databases, containers, pipelines and dashboards; a glossary, classification, domain, term, tag
            or container where these nest; a table for a test case.
        type: str
      column:
        description: Of a test case, the column of the table it is about. Without it, it is about the table.
        type: str
      display_name:
        description: Name that people see. An empty string removes it.
        type: str
      description:
        description: Description in Markdown. An empty string removes it. Left out, what people wrote stays.
        type: str
      owners:
        description: Exactly these owners, each as V(user:name) or V(team:name). Inherited ones aren't looked at.
        type: list
        elements: str
      domains:
        description: Exactly these domains, by fully qualified name. Inherited ones aren't looked at.
        type: list
        elements: str
      data_products:
        description: Exactly these data products, by fully qualified name.
        type: list
        elements: str
      tags:
        description:
          - Exactly these tags of classifications, such as V(PII.Sensitive), among those that somebody set. Those that
            were propagated or found by a classifier stay.
        type: list
        elements: str
      terms:
        description: Exactly these glossary terms, by fully qualified name. See O(assets[].tags).
        type: list
        elements: str
      columns:
        description:
          - Of a table or a container, all columns in order. Others are removed. What isn't said of a column stays, such
            as the description that people wrote.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the column.
            type: str
            required: true
          type:
            description: One of OpenMetadata's data types, such as V(BIGINT).
            type: str
            required: true
          display_type:
            description: The type as the store writes it.
            type: str
          array_type:
            description: Of an array, the data type of its items.
            type: str
          length:
            description: Length of a character or binary type.
            type: int
          precision:
            description: Precision of a decimal.
            type: int
          scale:
            description: Scale of a decimal.
            type: int
          constraint:
            description: Constraint of the column.
            type: str
            choices: ["NULL", NOT_NULL, UNIQUE, PRIMARY_KEY]
          display_name:
            description: Name that people see.
            type: str
          description:
            description: Description in Markdown.
            type: str
          tags:
            description: See O(assets[].tags).
            type: list
            elements: str
          terms:
            description: See O(assets[].terms).
            type: list
            elements: str
      properties:
        description:
          - More fields of the kind, in OpenMetadata's own names, such as V(domainType) of a domain, V(tasks) of a
            pipeline, V(prefix) of a container, V(testDefinition) and V(parameterValues) of a test case.
          - Of a dictionary only the given keys are compared. A list is compared as a whole, its items by name where
            they have one.
        type: dict
        default: {}
  state:
    description: V(absent) removes them, children first.
    type: str
    choices: [present, absent]
    default: present
  recursive:
    description: With O(state=absent), remove what is inside, too. Without it, that is refused.
    type: bool
    default: false
  purge:
    description:
      - With O(state=absent), remove for good, with history and everything people wrote. Without it, OpenMetadata marks
        what is removed, and it comes back when it is declared again. Kinds that can't be marked are always removed for
        good.
    type: bool
    default: false
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.openmetadata
seealso:
  - module: onering.platform.openmetadata_service
  - module: onering.platform.openmetadata_lineage
"""

EXAMPLES = r"""
- name: Register the tables of a layer, with their database and schema
  onering.platform.openmetadata_asset:
    url: http://127.0.0.1:8585
    token: "{{ openmetadata_token }}"
    assets:
      - {kind: database, parent: clickhouse, name: default}
      - {kind: databaseSchema, parent: clickhouse.default, name: silver}
      - kind: table
        parent: clickhouse.default.silver
        name: flights
        owners: ["team:Data"]
        columns:
          - {name: flight_id, type: BIGINT, display_type: UInt64, constraint: NOT_NULL}
          - {name: carrier, type: STRING, tags: [PII.None]}
          - {name: flight_date, type: DATE}

- name: Declare a domain, a data product and a test
  onering.platform.openmetadata_asset:
    url: http://127.0.0.1:8585
    token: "{{ openmetadata_token }}"
    assets:
      - {kind: domain, name: Operations, description: Flights, properties: {domainType: Aggregate}}
      - {kind: dataProduct, name: Punctuality, description: Who is late, domains: [Operations]}
      - kind: testCase
        parent: clickhouse.default.silver.flights
        column: flight_id
        name: flight_id_not_null
        properties: {testDefinition: columnValuesToBeNotNull}

- name: Remove a schema with all its tables
  onering.platform.openmetadata_asset:
    url: http://127.0.0.1:8585
    token: "{{ openmetadata_token }}"
    assets:
      - {kind: databaseSchema, parent: clickhouse.default, name: scratch}
    state: absent
    recursive: true
"""

RETURN = r"""
results:
  description: One entry for each asset, parents before their children.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Kind and fully qualified name.
      type: str
      sample: table clickhouse.default.silver.flights
    changed:
      description: Whether it was (in check mode, would be) created, changed or removed.
      type: bool
    entity:
      description: What was declared of it, as it now is, in OpenMetadata's names. Not there for one that is absent.
      type: dict
      sample: {kind: table, fullyQualifiedName: clickhouse.default.silver.flights, owners: ["team:Data"]}
done:
  description: Assets changed before another one failed, or together with it.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The asset that could not be changed.
  returned: failure while changing
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.openmetadata import CONNECTION, Api, fqn, stored
from ansible_collections.onering.platform.plugins.module_utils.openmetadata_entity import (
    KINDS,
    RELATIONS,
    Catalog,
    Entity,
    ordered,
    relations,
)
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, many, run

ASSETS = sorted(kind for kind in KINDS if not kind.endswith("Service") and kind not in ("user", "team"))
WITHOUT_PARENT_TOO = ("domain",)
COLUMN: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "required": True},
    "display_type": {"type": "str"},
    "array_type": {"type": "str"},
    "length": {"type": "int"},
    "precision": {"type": "int"},
    "scale": {"type": "int"},
    "constraint": {"type": "str", "choices": ["NULL", "NOT_NULL", "UNIQUE", "PRIMARY_KEY"]},
    "display_name": {"type": "str"},
    "description": {"type": "str"},
    "tags": {"type": "list", "elements": "str"},
    "terms": {"type": "list", "elements": "str"},
}
ASSET: dict[str, Any] = {
    "kind": {"type": "str", "required": True, "choices": ASSETS},
    "name": {"type": "str", "required": True},
    "parent": {"type": "str"},
    "column": {"type": "str"},
    **RELATIONS,
    "columns": {"type": "list", "elements": "dict", "options": COLUMN},
    "properties": {"type": "dict", "default": {}},
}


def column(options: dict[str, Any]) -> dict[str, Any]:
    """A column in the vendor's names, as far as it is declared."""
    found = {
        "name": stored(options["name"]),
        "dataType": options["type"].upper(),
        "dataTypeDisplay": options["display_type"],
        "arrayDataType": options["array_type"] and options["array_type"].upper(),
        "dataLength": options["length"],
        "precision": options["precision"],
        "scale": options["scale"],
        "constraint": options["constraint"],
        "displayName": options["display_name"],
        "description": options["description"],
        "tags": options["tags"] and sorted(set(options["tags"])),
        "terms": options["terms"] and sorted(set(options["terms"])),
    }
    return {key: value for key, value in found.items() if value is not None}


def asset(catalog: Catalog, options: dict[str, Any], **how: Any) -> Entity:
    kind, name, parent = options["kind"], options["name"], options["parent"] or ""
    wanted = {**options["properties"], **relations(options)}
    needs_parent = bool(KINDS[kind].parent) or kind == "testCase"
    if bool(parent) != needs_parent and kind not in WITHOUT_PARENT_TOO:
        raise BackendError(
            f"declare {kind} {name}",
            "it has no parent" if needs_parent else "it has a parent, and its kind has none",
            "Give the fully qualified name in parent" if needs_parent else "Leave parent out",
        )
    if options["columns"] is not None:
        columns = [column(each) for each in options["columns"]]
        if kind not in ("table", "container"):
            raise BackendError(f"declare {kind} {name}", "only a table or a container has columns", "Leave them out")
        wanted.update({"columns": columns} if kind == "table" else {"dataModel": {"columns": columns}})
    if kind == "testCase":
        about = options["column"]
        wanted["entityLink"] = f"<#E::table::{parent}" + (f"::columns::{stored(about)}>" if about else ">")
        parent = fqn(parent, stored(about)) if about else parent
    return Entity(catalog, kind, parent, name, wanted, **how)


def body(module: AnsibleModule) -> None:
    params = module.params
    catalog = Catalog(Api(params))
    how = {key: params[key] for key in ("state", "recursive", "purge")}
    assets = ordered([asset(catalog, options, **how) for options in params["assets"]], params["state"])
    catalog.leaving = {each.name for each in assets}
    catalog.read_pages(assets)
    many(module, assets)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CONNECTION,
            "assets": {"type": "list", "elements": "dict", "required": True, "options": ASSET},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "recursive": {"type": "bool", "default": False},
            "purge": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    run(module, body)


if __name__ == "__main__":
    main()
