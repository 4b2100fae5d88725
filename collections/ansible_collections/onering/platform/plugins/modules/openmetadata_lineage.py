#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: openmetadata_lineage
short_description: Manage lineage in OpenMetadata
version_added: 0.1.0
description:
  - Creates, changes and removes lineage edges between entities of the catalog, with their columns and the pipeline that
    makes them.
  - What isn't declared of an edge stays. Edges of another O(source) than the given one, such as those that people draw,
    are only touched when they are declared here.
  - All edges are compared before the first is changed.
author:
  - OneRing contributors (@onering)
options:
  edges:
    description: The edges.
    type: list
    elements: dict
    required: true
    suboptions:
      from:
        description: The entity upstream.
        type: dict
        required: true
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
      to:
        description: The entity downstream.
        type: dict
        required: true
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
      columns:
        description: Exactly these columns' lineage.
        type: list
        elements: dict
        suboptions:
          from:
            description: Names of the columns upstream.
            type: list
            elements: str
            required: true
          to:
            description: Name of the column downstream.
            type: str
            required: true
          function:
            description: SQL expression that makes the one of the others.
            type: str
      pipeline:
        description: Fully qualified name of the pipeline that makes the edge.
        type: str
      sql:
        description: SQL that makes the edge.
        type: str
      description:
        description: Description of the edge.
        type: str
  source:
    description:
      - What says that the edges are there. OpenMetadata keeps it with each edge; V(Manual) is what people draw in the
        catalog.
    type: str
    choices:
      - CrossDatabaseLineage
      - DashboardLineage
      - DbtLineage
      - ExternalTableLineage
      - Manual
      - OpenLineage
      - PipelineLineage
      - QueryLineage
      - SparkLineage
      - ViewLineage
    default: PipelineLineage
  state:
    description:
      - V(exact) also removes other edges of the same O(source) that lead into an entity named in RV(ignore:to), so
        everything that leads into an entity is declared in one call.
    type: str
    choices: [present, exact, absent]
    default: present
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.openmetadata
seealso:
  - module: onering.platform.openmetadata_asset
"""

EXAMPLES = r"""
- name: Declare where Silver's table comes from
  onering.platform.openmetadata_lineage:
    url: http://127.0.0.1:8585
    token: "{{ openmetadata_token }}"
    edges:
      - from: {kind: container, name: minio.bronze.flights}
        to: {name: clickhouse.default.silver.flights}
        pipeline: airflow.flights
        columns:
          - {from: [year, month, day], to: flight_date, function: "makeDate(year, month, day)"}
    state: exact

- name: Remove an edge
  onering.platform.openmetadata_lineage:
    url: http://127.0.0.1:8585
    token: "{{ openmetadata_token }}"
    edges:
      - from: {name: clickhouse.default.silver.flights}
        to: {name: clickhouse.default.silver.old}
    state: absent
"""

RETURN = r"""
results:
  description: One entry for each edge, those that V(exact) removes at the end.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The edge.
      type: str
      sample: container minio.bronze.flights -> table clickhouse.default.silver.flights
    changed:
      description: Whether it was (in check mode, would be) created, changed or removed.
      type: bool
    edge:
      description: What was declared of it, as it now is. Not there for one that is absent.
      type: dict
      sample: {source: PipelineLineage, pipeline: airflow.flights}
done:
  description: Edges changed before another one failed.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The edge that could not be changed.
  returned: failure while changing
  type: str
"""

from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.openmetadata import (
    CONNECTION,
    Api,
    fqn,
    stored,
)
from ansible_collections.onering.platform.plugins.module_utils.openmetadata_entity import Catalog
from ansible_collections.onering.platform.plugins.module_utils.resource import Resource, many, run

SOURCES = [
    "CrossDatabaseLineage", "DashboardLineage", "DbtLineage", "ExternalTableLineage", "Manual", "OpenLineage",
    "PipelineLineage", "QueryLineage", "SparkLineage", "ViewLineage",
]  # fmt: skip
# The server keeps these of its own accord.
STAMPS = ("createdAt", "createdBy", "updatedAt", "updatedBy")
END: dict[str, Any] = {
    "type": "dict",
    "required": True,
    "options": {
        "kind": {"type": "str", "choices": ["table", "container", "pipeline", "dashboard"], "default": "table"},
        "name": {"type": "str", "required": True},
    },
}
EDGE: dict[str, Any] = {
    "from": END,
    "to": END,
    "columns": {
        "type": "list",
        "elements": "dict",
        "options": {
            "from": {"type": "list", "elements": "str", "required": True},
            "to": {"type": "str", "required": True},
            "function": {"type": "str"},
        },
    },
    "pipeline": {"type": "str"},
    "sql": {"type": "str"},
    "description": {"type": "str"},
}


class Edge(Resource):
    """A lineage edge: {source, and what is declared of it}."""

    def __init__(self, catalog: Catalog, options: dict[str, Any], source: str, state: str) -> None:
        self.catalog = catalog
        self.ends = [(options[end]["kind"], options[end]["name"]) for end in ("from", "to")]
        self.name = " -> ".join(" ".join(end) for end in self.ends)
        self.state = state
        self.details: dict[str, Any] = {}
        declared = {
            "source": source,
            "sqlQuery": options.get("sql"),
            "description": options.get("description"),
            "pipeline": options.get("pipeline"),
            "columnsLineage": self._mappings(options.get("columns")),
        }
        self.wanted = {key: value for key, value in declared.items() if value is not None}

    def _mappings(self, columns: Sequence[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        if columns is None:
            return None
        (_, upstream), (_, downstream) = self.ends
        return by_column(
            {
                "fromColumns": [fqn(upstream, stored(name)) for name in each["from"]],
                "toColumn": fqn(downstream, stored(each["to"])),
                **({"function": each["function"]} if each["function"] else {}),
            }
            for each in columns
        )

    @property
    def path(self) -> str:
        return "/".join(f"{kind}/{self.catalog.reference(kind, name)['id']}" for kind, name in self.ends)

    def read(self) -> dict[str, Any] | None:
        ends = [self.catalog.find(*end) for end in self.ends]
        ids = [end["id"] for end in ends if end]
        found = self.catalog.api.get("lineage/getLineageEdge/" + "/".join(ids), missing=True) if all(ends) else None
        if found is None:
            return None
        self.details = found["edge"]
        return {key: self._shown(key) for key in self.wanted}

    def _shown(self, key: str) -> Any:
        value = self.details.get(key)
        if key == "pipeline":
            return value and value["fullyQualifiedName"]
        return by_column(value or []) if key == "columnsLineage" else value or ""

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        return None if self.state == "absent" else self.wanted

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        details = {key: value for key, value in self.details.items() if key not in STAMPS} | desired
        if "pipeline" in desired:
            details["pipeline"] = self.catalog.reference("pipeline", desired["pipeline"])
        ends = [self.catalog.reference(*end) for end in self.ends]
        self.catalog.api.put(
            "lineage", {"edge": {"fromEntity": ends[0], "toEntity": ends[1], "lineageDetails": details}}
        )

    def delete(self, current: dict[str, Any]) -> None:
        self.catalog.api.delete(f"lineage/{self.path}")

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {} if state is None else {"edge": state}


def by_column(mappings: Any) -> list[dict[str, Any]]:
    known = ("fromColumns", "toColumn", "function")
    found = [{key: each[key] for key in known if each.get(key)} for each in mappings]
    return sorted(found, key=lambda each: (each["toColumn"], each["fromColumns"]))


def others(catalog: Catalog, edges: Sequence[Edge], source: str) -> list[Edge]:
    """Edges of this source that lead into a declared entity, and aren't declared: they have to go."""
    declared = {edge.name for edge in edges}
    found = []
    for kind, name in dict.fromkeys(edge.ends[1] for edge in edges):
        target = catalog.find(kind, name)
        if target is None:
            continue
        graph = catalog.api.get(f"lineage/{kind}/{target['id']}", upstreamDepth=1, downstreamDepth=0)
        nodes = {node["id"]: node for node in graph.get("nodes") or []}
        for each in graph.get("upstreamEdges") or []:
            if each["toEntity"] != target["id"] or (each.get("lineageDetails") or {}).get("source") != source:
                continue
            node = nodes[each["fromEntity"]]
            ends = {
                "from": {"kind": node["type"], "name": node["fullyQualifiedName"]},
                "to": {"kind": kind, "name": name},
            }
            found.append(Edge(catalog, ends, source, "absent"))
    return [edge for edge in found if edge.name not in declared]


def body(module: AnsibleModule) -> None:
    params = module.params
    catalog = Catalog(Api(params))
    edges = [Edge(catalog, options, params["source"], params["state"]) for options in params["edges"]]
    if params["state"] == "exact":
        edges += others(catalog, edges, params["source"])
    many(module, edges)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CONNECTION,
            "edges": {"type": "list", "elements": "dict", "required": True, "options": EDGE},
            "source": {"type": "str", "choices": SOURCES, "default": "PipelineLineage"},
            "state": {"type": "str", "choices": ["present", "exact", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    run(module, body)


if __name__ == "__main__":
    main()
