# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""OpenMetadata's entities: their kinds, and how they are read, made, changed and removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.onering.platform.plugins.module_utils.openmetadata import Api, fqn, part, split, stored
from ansible_collections.onering.platform.plugins.module_utils.openmetadata_compare import (
    LABELS,
    REFERENCES,
    applied,
    patch,
    shown,
)
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource

Raw = dict[str, Any]
BATCH = 100
LISTED_FROM = 10  # as many of one parent are read by its pages, fewer one by one


@dataclass(frozen=True)
class Kind:
    """An entity type: its collection and how it hangs together with others."""

    path: str
    parent: str = ""  # field of the create request that names the parent
    root: str = ""  # where entities nest: the field that names what the outermost one is in
    listed_by: str = ""  # the collection's filter for a parent
    below: str = ""  # kind of what is inside
    bulk: bool = False
    lacks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    def list_value(self, parent: str) -> str:
        return split(parent)[0] if self.root else parent


# Parents before children.
KINDS = {
    "user": Kind("users"),
    "team": Kind("teams"),
    "domain": Kind("domains", "parent", lacks=("domains", "dataProducts"), needs=("description", "domainType")),
    "classification": Kind(
        "classifications", below="tag", lacks=("tags", "terms", "dataProducts"), needs=("description",)
    ),
    "tag": Kind(
        "tags", "parent", "classification", "parent", lacks=("tags", "terms", "dataProducts"), needs=("description",)
    ),
    "glossary": Kind("glossaries", below="glossaryTerm", lacks=("dataProducts",), needs=("description",)),
    "glossaryTerm": Kind(
        "glossaryTerms", "parent", "glossary", "glossary", lacks=("dataProducts",), needs=("description",)
    ),
    "dataProduct": Kind("dataProducts", lacks=("dataProducts",), needs=("description", "domains")),
    "databaseService": Kind("services/databaseServices", below="database", needs=("serviceType",)),
    "storageService": Kind("services/storageServices", below="container", needs=("serviceType",)),
    "pipelineService": Kind("services/pipelineServices", below="pipeline", needs=("serviceType",)),
    "dashboardService": Kind("services/dashboardServices", below="dashboard", needs=("serviceType",)),
    "database": Kind("databases", "service", listed_by="service", below="databaseSchema", bulk=True),
    "databaseSchema": Kind("databaseSchemas", "database", listed_by="database", below="table", bulk=True),
    "table": Kind("tables", "databaseSchema", listed_by="databaseSchema", bulk=True, needs=("columns",)),
    "container": Kind("containers", "parent", "service", "service"),
    "pipeline": Kind("pipelines", "service", listed_by="service", bulk=True),
    "dashboard": Kind("dashboards", "service", listed_by="service", bulk=True),
    "testSuite": Kind("dataQuality/testSuites", lacks=("dataProducts",)),
    "testCase": Kind("dataQuality/testCases", lacks=("domains", "dataProducts"), needs=("testDefinition",)),
}
ALWAYS = {"connection", "description", "displayName", "entityLink", "serviceType"}  # answered without being asked for


class Catalog:
    """What several entities of one call share: pages read once, references resolved once, creations sent together."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.leaving: set[str] = set()
        self._found: dict[str, Raw | None] = {}
        self._references: dict[str, Raw] = {}
        self._coming: dict[str, list[Entity]] = {}
        self._batch: list[Entity] = []
        self._refused: dict[str, str] = {}

    def read_pages(self, entities: Sequence[Entity]) -> None:
        """Read those that have many of one parent by the parent's pages."""
        groups: dict[tuple[str, str], list[Entity]] = {}
        for entity in entities:
            if entity.kind.listed_by:
                groups.setdefault((entity.kind_name, entity.kind.list_value(entity.parent)), []).append(entity)
        for (_kind, value), group in groups.items():
            if len(group) < LISTED_FROM:
                continue
            kind = group[0].kind
            fields = sorted({field for entity in group for field in entity.fields})
            query = {"fields": ",".join(fields)} if fields else {}
            found = {each["fullyQualifiedName"]: each for each in self._inside(kind, value, **query)}
            self._found.update({entity.name: found.get(entity.full) for entity in group})

    def _inside(self, kind: Kind, parent: str, **query: str) -> list[Raw]:
        """All of a kind that are in a parent."""
        if kind.listed_by == "glossary":  # the one filter that wants an id
            glossary = self.find("glossary", parent)
            return self.api.all(kind.path, glossary=glossary["id"], **query) if glossary else []
        return self.api.all(kind.path, **{kind.listed_by: parent}, **query)

    def read(self, entity: Entity) -> Raw | None:
        if entity.name in self._found:
            return self._found[entity.name]
        query = {"fields": ",".join(entity.fields)} if entity.fields else {}
        return self.api.get(f"{entity.kind.path}/name/{part(entity.full)}", missing=True, **query)

    def reference(self, kind: str, full: str) -> Raw:
        """How an entity is named in another one."""
        found = self.find(kind, full)
        if found is None:
            raise BackendError(f"refer to {kind} {full}", "OpenMetadata has none", "Check its name, or make it first")
        return found

    def find(self, kind: str, full: str) -> Raw | None:
        """The reference to an entity, or None where there is none."""
        name = f"{kind} {full}"
        if name not in self._references:
            found = self.api.get(f"{KINDS[kind].path}/name/{part(full)}", missing=True)
            if found is None:
                return None
            self._references[name] = {"id": found["id"], "type": kind}
        return self._references[name]

    def remaining(self, kind_name: str, full: str) -> list[str]:
        """What is inside an entity and is not removed in the same call."""
        below = KINDS[kind_name].below
        if not below:
            return []
        inside = self._inside(KINDS[below], full)
        return [
            each["fullyQualifiedName"] for each in inside if f"{below} {each['fullyQualifiedName']}" not in self.leaving
        ]

    def expect(self, entity: Entity) -> None:
        self._coming.setdefault(entity.kind_name, []).append(entity)

    def create(self, entity: Entity) -> None:
        if not entity.kind.bulk:
            self.api.put(entity.kind.path, entity.payload())
            return
        coming = self._coming[entity.kind_name]
        if entity in coming:  # else it went with an earlier one
            self._batch, self._coming[entity.kind_name] = coming[:BATCH], coming[BATCH:]
            self._create_together(entity.kind)
        if entity.name in self._refused:
            others = "; ".join(f"{name}: {message}" for name, message in self._refused.items() if name != entity.name)
            error = BackendError(f"create {entity.name}", self._refused[entity.name], others and f"So with {others}")
            later = self._batch[self._batch.index(entity) + 1 :]
            error.facts["done"] = [each.name for each in later if each.name not in self._refused]
            raise error

    def _create_together(self, kind: Kind) -> None:
        payloads = [entity.payload() for entity in self._batch]
        answer = self.api.put(f"{kind.path}/bulk", payloads, **{"async": "false"})
        known = {entity.full: entity.name for entity in self._batch}
        for each in answer.get("failedRequest") or []:
            # What is refused at once is answered with its request, what fails later with its name.
            request = each["request"]
            full = request if isinstance(request, str) else fqn(request[kind.parent], request["name"])
            self._refused[known.get(full, full)] = each.get("message") or f"status {each.get('status')}"
        if not answer.get("failedRequest") and answer.get("numberOfRowsFailed"):
            raise BackendError(f"create {', '.join(known.values())}", f"{answer['numberOfRowsFailed']} failed")


class Entity(Resource):
    """One entity: {kind, fullyQualifiedName, and what is declared of it}."""

    def __init__(
        self,
        catalog: Catalog,
        kind: str,
        parent: str,
        name: str,
        wanted: Raw,
        state: str = "present",
        recursive: bool = False,
        purge: bool = False,
    ) -> None:
        self.catalog = catalog
        self.kind_name = kind
        self.kind = KINDS[kind]
        self.parent = parent
        self.short = stored(name)
        self.full = fqn(parent, self.short)
        self.name = f"{kind} {self.full}"
        self.wanted = wanted
        self.state = state
        self.recursive = recursive
        self.purge = purge
        self.raw: Raw = {}
        for field in self.kind.lacks:
            if field in wanted:
                raise BackendError(f"declare {self.name}", f"a {kind} has no {field}", "Leave it out")

    @property
    def fields(self) -> list[str]:
        """What the server leaves out of an answer unless it is asked for. Labels of columns come with `tags`."""
        fields = {"tags" if key in LABELS else key for key in self.wanted} - ALWAYS
        return sorted(fields | ({"tags"} if fields & {"columns", "dataModel", "tasks"} else set()))

    def read(self) -> Raw | None:
        found = self.catalog.read(self)
        if found is None:
            return None
        self.raw = found
        return self.shape(shown(found, self.wanted))

    def shape(self, state: Raw) -> Raw:
        return {"kind": self.kind_name, "fullyQualifiedName": self.full, **state}

    def desired(self, current: Raw | None) -> Raw | None:
        if self.state == "absent":
            self._refuse_losing(current)
            return None
        if current is None:
            missing = [field for field in self.kind.needs if not self.wanted.get(field)]
            if missing:
                raise BackendError(f"create {self.name}", f"it needs {' and '.join(missing)}", "Declare them")
            self.catalog.expect(self)
        return self.shape(self.wanted)

    def _refuse_losing(self, current: Raw | None) -> None:
        if current is None or self.recursive:
            return
        inside = self.catalog.remaining(self.kind_name, self.full)
        if inside:
            more = f" and {len(inside) - 3} more" if len(inside) > 3 else ""
            raise BackendError(
                f"remove {self.name}",
                f"it holds {', '.join(inside[:3])}{more}",
                "Set recursive: true to remove them too",
            )

    def write(self, current: Raw | None, desired: Raw) -> None:
        if current is None:
            self.catalog.create(self)
        else:
            changed = applied(self.raw, self.changes(), self.catalog.reference)
            self.catalog.api.patch(
                f"{self.kind.path}/{self.raw['id']}", list(patch(self.raw, changed)), self.raw["version"]
            )

    def changes(self) -> Raw:
        return self.wanted

    def delete(self, current: Raw) -> None:
        self.catalog.api.delete(
            f"{self.kind.path}/{self.raw['id']}",
            recursive=str(self.recursive).lower(),
            hardDelete=str(self.purge).lower(),
        )

    def payload(self) -> Raw:
        """The create request: references to owners, other relations by name."""
        wanted = self.changes()
        relations = {key: wanted[key] for key in REFERENCES if key in wanted}
        others = {key: value for key, value in wanted.items() if key not in relations}
        return {"name": self.short, **self._parents(), **applied({}, others, self.catalog.reference), **relations}

    def _parents(self) -> Raw:
        kind = self.kind
        if self.kind_name == "testCase" or not self.parent:
            return {}
        if not kind.root:
            return {kind.parent: self.parent}
        outermost = split(self.parent)[0]
        if outermost == self.parent:
            return {kind.root: outermost}
        # A container names its parent by reference, a tag and a term by name.
        nested: Any = self.parent
        if self.kind_name == "container":
            nested = self.catalog.reference("container", self.parent)
        return {kind.root: outermost, kind.parent: nested}

    def returns(self, state: Raw | None) -> dict[str, Any]:
        return {} if state is None else {"entity": state}


def ordered(entities: Iterable[Entity], state: str) -> list[Entity]:
    """Parents before their children; to remove them, the other way round."""
    order = list(KINDS)
    return sorted(
        entities,
        key=lambda entity: (order.index(entity.kind_name), len(split(entity.full))),
        reverse=state == "absent",
    )


def relations(options: Raw) -> Raw:
    """Those options that every kind has, where they are set, as a declaration holds them."""
    names = {
        "displayName": options["display_name"],
        "description": options["description"],
        "owners": options["owners"],
        "domains": options["domains"],
        "dataProducts": options["data_products"],
        "tags": options["tags"],
        "terms": options["terms"],
    }
    for name in options["owners"] or []:
        if name.partition(":")[0] not in ("user", "team"):
            raise BackendError(f"read owner {name}", "it is neither a user nor a team", "Write user:name or team:name")
    return {
        key: sorted(set(value)) if isinstance(value, list) else value
        for key, value in names.items()
        if value is not None
    }


RELATIONS: dict[str, dict[str, Any]] = {
    "display_name": {"type": "str"},
    "description": {"type": "str"},
    "owners": {"type": "list", "elements": "str"},
    "domains": {"type": "list", "elements": "str"},
    "data_products": {"type": "list", "elements": "str"},
    "tags": {"type": "list", "elements": "str"},
    "terms": {"type": "list", "elements": "str"},
}
