#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: openmetadata_info
short_description: Read OpenMetadata's catalog
version_added: 0.1.0
description:
  - Reads entities by name, by a search, or the lineage around one. Without any of these, the server's version only.
author:
  - OneRing contributors (@onering)
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Only reads.
options:
  entities:
    description: Entities to read by name. One that isn't there is no failure.
    type: list
    elements: dict
    default: []
    suboptions:
      kind:
        description: What it is.
        type: str
        required: true
        choices:
          - classification
          - container
          - dashboard
          - dashboardService
          - dataProduct
          - database
          - databaseSchema
          - databaseService
          - domain
          - glossary
          - glossaryTerm
          - pipeline
          - pipelineService
          - storageService
          - table
          - tag
          - team
          - testCase
          - testSuite
          - user
      name:
        description: Its fully qualified name.
        type: str
        required: true
      fields:
        description: What to read beside the basics, in OpenMetadata's names, such as V(owners) and V(tags).
        type: list
        elements: str
        default: []
  search:
    description: A search.
    type: dict
    suboptions:
      query:
        description: What to look for, in the syntax of OpenMetadata's search.
        type: str
        default: "*"
      index:
        description: Where to look, such as V(all), V(table) or V(dataProduct).
        type: str
        default: all
      from:
        description: How many hits to leave out.
        type: int
        default: 0
      size:
        description: How many hits to return.
        type: int
        default: 10
  lineage:
    description: The lineage around an entity.
    type: dict
    suboptions:
      kind:
        description: What it is.
        type: str
        choices: [table, container, pipeline, dashboard]
        default: table
      name:
        description: Its fully qualified name.
        type: str
        required: true
      upstream:
        description: How many steps to go upstream, at most 3.
        type: int
        default: 1
      downstream:
        description: How many steps to go downstream, at most 3.
        type: int
        default: 1
extends_documentation_fragment:
  - onering.platform.attributes.python
  - onering.platform.openmetadata
"""

EXAMPLES = r"""
- name: Read a table and what it is made of
  onering.platform.openmetadata_info:
    url: http://127.0.0.1:8585
    token: "{{ openmetadata_token }}"
    entities:
      - {kind: table, name: clickhouse.default.silver.flights, fields: [owners, tags]}
    lineage: {name: clickhouse.default.silver.flights, upstream: 3, downstream: 0}
  register: found

- name: Find all tables with a word
  onering.platform.openmetadata_info:
    url: http://127.0.0.1:8585
    token: "{{ openmetadata_token }}"
    search: {query: flights, index: table, size: 100}
"""

RETURN = r"""
version:
  description: Version of the server.
  returned: success
  type: str
  sample: 2.0.7
entities:
  description:
    - The entities that are there, in the order asked for, as OpenMetadata answers them.
    - The connection of a service is masked.
  returned: success
  type: list
  elements: dict
missing:
  description: Those that aren't, by kind and name.
  returned: success
  type: list
  elements: str
  sample: [table clickhouse.default.silver.none]
total:
  description: How many entities the search matches.
  returned: with O(search)
  type: int
hits:
  description: Those that it returns, as OpenMetadata's search index has them.
  returned: with O(search)
  type: list
  elements: dict
lineage:
  description: The graph around the entity; nothing where it isn't there.
  returned: with O(lineage)
  type: dict
  contains:
    nodes:
      description: Entities in it, the one asked for too, by kind and name.
      type: list
      elements: str
      sample: [table clickhouse.default.silver.flights, container minio.bronze.flights]
    edges:
      description: Its edges.
      type: list
      elements: dict
      contains:
        from:
          description: Entity upstream, by kind and name.
          type: str
        to:
          description: Entity downstream, by kind and name.
          type: str
        details:
          description: Columns, pipeline and source as OpenMetadata answers them.
          type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.openmetadata import CONNECTION, Api, part
from ansible_collections.onering.platform.plugins.module_utils.openmetadata_entity import KINDS
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, run

DEEPEST = 3
MASK = "*********"


def hidden(answer: Any) -> Any:
    """The answer without the connections that an account may be allowed to see."""
    connection = answer.get("connection")
    return {**answer, "connection": MASK} if connection else answer


def read(api: Api, entities: list[dict[str, Any]]) -> dict[str, Any]:
    found, missing = [], []
    for each in entities:
        query = {"fields": ",".join(each["fields"])} if each["fields"] else {}
        answer = api.get(f"{KINDS[each['kind']].path}/name/{part(each['name'])}", missing=True, **query)
        if answer is None:
            missing.append(f"{each['kind']} {each['name']}")
        else:
            found.append(hidden(answer))
    return {"entities": found, "missing": missing}


def search(api: Api, options: dict[str, Any]) -> dict[str, Any]:
    names = {"q": options["query"], "deleted": "false", **{key: options[key] for key in ("index", "from", "size")}}
    hits = api.get("search/query", **names)["hits"]
    return {"total": hits["total"]["value"], "hits": [hidden(hit["_source"]) for hit in hits["hits"]]}


def lineage(api: Api, options: dict[str, Any]) -> dict[str, Any]:
    if max(options["upstream"], options["downstream"]) > DEEPEST:
        raise BackendError("read lineage", f"OpenMetadata goes at most {DEEPEST} steps", "Ask for fewer")
    answer = api.get(
        f"lineage/{options['kind']}/name/{part(options['name'])}",
        missing=True,
        upstreamDepth=options["upstream"],
        downstreamDepth=options["downstream"],
    )
    if answer is None:
        return {}
    nodes = {
        node["id"]: f"{node['type']} {node['fullyQualifiedName']}"
        for node in [answer["entity"], *(answer.get("nodes") or [])]
    }
    edges = [*(answer.get("upstreamEdges") or []), *(answer.get("downstreamEdges") or [])]
    return {
        "nodes": list(nodes.values()),
        "edges": [
            {
                "from": nodes[each["fromEntity"]],
                "to": nodes[each["toEntity"]],
                "details": each.get("lineageDetails") or {},
            }
            for each in edges
        ],
    }


def body(module: AnsibleModule) -> None:
    params = module.params
    api = Api(params)
    result = {"version": api.get("system/version")["version"], **read(api, params["entities"])}
    if params["search"]:
        result.update(search(api, params["search"]))
    if params["lineage"]:
        result["lineage"] = lineage(api, params["lineage"])
    module.exit_json(changed=False, **result)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CONNECTION,
            "entities": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "kind": {"type": "str", "required": True, "choices": sorted(KINDS)},
                    "name": {"type": "str", "required": True},
                    "fields": {"type": "list", "elements": "str", "default": []},
                },
            },
            "search": {
                "type": "dict",
                "options": {
                    "query": {"type": "str", "default": "*"},
                    "index": {"type": "str", "default": "all"},
                    "from": {"type": "int", "default": 0},
                    "size": {"type": "int", "default": 10},
                },
            },
            "lineage": {
                "type": "dict",
                "options": {
                    "kind": {
                        "type": "str",
                        "choices": ["table", "container", "pipeline", "dashboard"],
                        "default": "table",
                    },
                    "name": {"type": "str", "required": True},
                    "upstream": {"type": "int", "default": 1},
                    "downstream": {"type": "int", "default": 1},
                },
            },
        },
        supports_check_mode=True,
    )
    run(module, body)


if __name__ == "__main__":
    main()
