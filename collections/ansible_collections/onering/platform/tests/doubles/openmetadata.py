"""A double of OpenMetadata's server: speaks HTTP, keeps state, checks each request with the vendor's published models.

Written from the vendor's package and server source, not from the modules. Each route says where its behaviour is
published: `sdk:` a file of the package openmetadata-ingestion 2.0 and a word in it, `server:` a class of the server's
source, `docs:` a page of the vendor's documentation.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from ansible_collections.onering.platform.tests.doubles.vendor import jsonpatch, model
from pydantic import ValidationError

Raw = dict[str, Any]
Answer = tuple[int, Any]
NOW = 1767225600000
MASK = "*********"  # server: PasswordEntityMasker
SERVER_OWNED = {"id", "fullyQualifiedName", "href", "version", "updatedAt", "updatedBy", "changeDescription"}
# Answered only when asked for with `fields` (server: setFields and clearFields of each repository).
ASKED_FOR = {
    "owners", "tags", "domains", "dataProducts", "columns", "tasks", "experts", "reviewers", "extension", "charts",
    "tableConstraints", "dataModel", "usageSummary", "testSuite", "tests", "followers", "children", "testDefinition",
}  # fmt: skip
SECRETS = {"password", "secretKey", "awsSecretAccessKey", "token", "jwtToken", "apiKey"}


class Kind:
    """An entity type: its collection, its models, what its create request names as parent, how it is listed."""

    def __init__(self, path: str, create: str, entity: str, parents: Raw, bulk: bool = False, filter: str = "") -> None:
        self.path = path
        self.create = model(f"api.{create}")
        self.entity = model(f"entity.{entity}" if not entity.startswith("tests.") else entity)
        self.parents = parents  # field of the create request -> entity type
        self.bulk = bulk
        self.filter = filter
        fields = self.entity.model_fields
        self.always = {name for name, field in fields.items() if field.is_required()}

    def check(self, entity: Raw) -> None:
        """The entity is one that the vendor's clients accept. Some kinds can't be marked as deleted: they lack it."""
        self.entity.model_validate({k: v for k, v in entity.items() if k != "deleted" or k in self.entity.model_fields})


def _service(kind: str, path: str) -> Kind:
    name = kind[0].upper() + kind[1:]
    return Kind(
        f"services/{path}", f"services.create{name}.Create{name}Request", f"services.{kind}.{name}", {}, filter="none"
    )


def _data(name: str, path: str, parents: Raw, bulk: bool = False, filter: str = "") -> Kind:
    file = name[0].lower() + name[1:]
    return Kind(path, f"data.create{name}.Create{name}Request", f"data.{file}.{name}", parents, bulk, filter)


# Paths: sdk: ingestion/ometa/routes.py. Bulk: server: processBulkRequest is called by these resources only.
KINDS: dict[str, Kind] = {
    "databaseService": _service("databaseService", "databaseServices"),
    "pipelineService": _service("pipelineService", "pipelineServices"),
    "storageService": _service("storageService", "storageServices"),
    "dashboardService": _service("dashboardService", "dashboardServices"),
    "database": _data("Database", "databases", {"service": "databaseService"}, True, "service"),
    "databaseSchema": _data("DatabaseSchema", "databaseSchemas", {"database": "database"}, True, "database"),
    "table": _data("Table", "tables", {"databaseSchema": "databaseSchema"}, True, "databaseSchema"),
    "container": _data(
        "Container", "containers", {"parent": "container", "service": "storageService"}, False, "service"
    ),
    "pipeline": _data("Pipeline", "pipelines", {"service": "pipelineService"}, True, "service"),
    "dashboard": _data("Dashboard", "dashboards", {"service": "dashboardService"}, True, "service"),
    "glossary": _data("Glossary", "glossaries", {}),
    "glossaryTerm": _data(
        "GlossaryTerm", "glossaryTerms", {"parent": "glossaryTerm", "glossary": "glossary"}, False, "glossary"
    ),
    "domain": Kind(
        "domains", "domains.createDomain.CreateDomainRequest", "domains.domain.Domain", {"parent": "domain"}
    ),
    "dataProduct": Kind(
        "dataProducts", "domains.createDataProduct.CreateDataProductRequest", "domains.dataProduct.DataProduct", {}
    ),
    "classification": Kind(
        "classifications", "classification.createClassification.CreateClassificationRequest",
        "classification.classification.Classification", {},
    ),
    "tag": Kind(
        "tags", "classification.createTag.CreateTagRequest", "classification.tag.Tag",
        {"parent": "tag", "classification": "classification"}, False, "parent",
    ),
    "testSuite": Kind(
        "dataQuality/testSuites", "tests.createTestSuite.CreateTestSuiteRequest", "tests.testSuite.TestSuite", {}
    ),
    "testCase": Kind(
        "dataQuality/testCases", "tests.createTestCase.CreateTestCaseRequest", "tests.testCase.TestCase", {}
    ),
    "testDefinition": Kind(
        "dataQuality/testDefinitions", "tests.createTestDefinition.CreateTestDefinitionRequest",
        "tests.testDefinition.TestDefinition", {},
    ),
    "user": Kind("users", "teams.createUser.CreateUserRequest", "teams.user.User", {}),
    "team": Kind("teams", "teams.createTeam.CreateTeamRequest", "teams.team.Team", {}),
}  # fmt: skip
LINEAGE_DETAILS = model("type.entityLineage.LineageDetails")
ADD_LINEAGE = model("api.lineage.addLineage.AddLineageRequest")
ENTITY_LINEAGE = model("type.entityLineage.EntityLineage")
LOGIN = model("auth.loginRequest.LoginRequest")
BULK_RESULT = model("type.bulkOperationResult.BulkOperationResult")


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def quoted(name: str) -> str:
    """sdk: utils/fqn.py quote_name: a name with a dot is quoted, one with a quote is invalid."""
    if '"' in name:
        raise Refused(400, f"Invalid name {name}")
    return f'"{name}"' if "." in name else name


ROUTES: list[tuple[str, str, str, Callable[..., Answer]]] = []


def route(method: str, pattern: str, source: str) -> Callable[[Any], Any]:
    """`{name}` in the pattern is one part of the path, decoded. Earlier routes win."""

    def keep(function: Any) -> Any:
        ROUTES.append((method, pattern, source, function))
        return function

    return keep


class OpenMetadata:
    """The state, and what is answered. `token` is a bot's; `sees_secrets` whether it may read them."""

    def __init__(self) -> None:
        self.token = "bot-token"
        self.account = ("admin@open-metadata.org", "right")
        self.sees_secrets = False
        self.entities: dict[str, dict[str, Raw]] = {kind: {} for kind in KINDS}
        self.lineage: dict[tuple[str, str], Raw] = {}
        self.asked: list[tuple[str, str, Any]] = []
        self.faults: list[tuple[int, str] | float] = []  # the next answers instead: a status and body, or a delay
        self.refuses_names: set[str] = set()
        self._lock = threading.Lock()
        for name in ("alice", "bob"):
            self.seed("user", name=name, email=f"{name}@example.com")
        self.seed("team", name="Data", teamType="Group")
        self.seed("testDefinition", name="columnValuesToBeNotNull", description="Not null", entityType="COLUMN",
                  testPlatforms=["OpenMetadata"])  # fmt: skip
        self.seed("classification", name="PII", description="Personal data")
        self.seed("tag", name="Sensitive", description="Sensitive", classification="PII")
        self.seed("tag", name="None", description="None", classification="PII")

    def seed(self, kind: str, **create: Any) -> Raw:
        return self._create(kind, create)

    def writes(self) -> list[tuple[str, str, Any]]:
        return [asked for asked in self.asked if asked[0] != "GET" and not asked[1].startswith("users/login")]

    # -- requests

    def answer(self, method: str, url: str, headers: Any, text: str) -> Answer:
        parts = urlsplit(url)
        if not parts.path.startswith("/api/v1/"):
            return 404, "<html>not the API</html>"
        path = parts.path.removeprefix("/api/v1/")
        query = {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        with self._lock:
            try:
                body = json.loads(text) if text else None
                self.asked.append((method, unquote(path), body))
                self._authenticate(path, headers)
                return self._dispatch(method, path, query, headers, body)
            except Refused as error:
                return error.status, {"code": error.status, "message": str(error)}
            except ValidationError as error:
                return 400, {"code": 400, "message": str(error).replace("\n", " ")}

    def _authenticate(self, path: str, headers: Any) -> None:
        if path in ("users/login", "system/version"):
            return
        if headers.get("Authorization") != f"Bearer {self.token}":
            raise Refused(401, "Not Authorized! Token not present or expired")

    def _dispatch(self, method: str, path: str, query: Raw, headers: Any, body: Any) -> Answer:
        for wanted, pattern, _source, function in ROUTES:
            for kind in KINDS if "{collection}" in pattern else ("",):
                expected = pattern.replace("{collection}", KINDS[kind].path if kind else "")
                found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", expected), path)
                if found and wanted == method:
                    values = {name: unquote(value) for name, value in found.groupdict().items()}
                    if kind:
                        values["kind"] = kind
                    return function(self, query=query, headers=headers, body=body, **values)
        raise Refused(405 if path.split("/")[0] else 404, f"HTTP 405 Method Not Allowed: {method} {path}")

    # -- entities

    def by_name(self, kind: str, fqn: str, include: str = "non-deleted") -> Raw:
        found = self.entities[kind].get(fqn)
        if found is None or (found["deleted"] and include == "non-deleted"):
            raise Refused(404, f"{kind} instance for {fqn} not found")
        return found

    def by_id(self, kind: str, entity_id: str) -> Raw:
        for found in self.entities[kind].values():
            if found["id"] == entity_id:
                return found
        raise Refused(404, f"{kind} instance for {entity_id} not found")

    def reference(self, kind: str, entity: Raw) -> Raw:
        return {
            "id": entity["id"], "type": kind, "name": entity["name"],
            "fullyQualifiedName": entity["fullyQualifiedName"], "deleted": False,
        }  # fmt: skip

    def _refer(self, kind: str, fqn: str) -> Raw:
        return self.reference(kind, self.by_name(kind, fqn))

    def _create(self, kind: str, body: Raw) -> Raw:
        """Entity of a create request: names become references, the fully qualified name is made of parent and name."""
        known = KINDS[kind]
        known.create.model_validate(body)
        create = json.loads(json.dumps(body))
        name = create["name"]
        if name in self.refuses_names or "::" in name:  # server: entityName: ^((?!::).)*$
            raise Refused(400, f"{name} is refused")
        entity = {key: value for key, value in create.items() if value is not None}
        parent = ""
        for field, parent_kind in known.parents.items():
            value = create.get(field)
            if value is None:
                continue
            # A container names its parent by reference, others by name (sdk: the create requests).
            found = (
                self.by_id(parent_kind, value["id"]) if isinstance(value, dict) else self.by_name(parent_kind, value)
            )
            parent = parent or found["fullyQualifiedName"]
            entity[field] = self.reference(parent_kind, found)
        if kind == "testCase":
            parent = self._linked(create["entityLink"])
            entity["entityFQN"] = parent
            entity["testDefinition"] = self._refer("testDefinition", create["testDefinition"])
            entity["testSuite"] = {"id": str(uuid.uuid4()), "type": "testSuite"}
        fqn = ".".join([parent, quoted(name)] if parent else [quoted(name)])
        entity_id = str(uuid.uuid4())
        entity.update(
            id=entity_id, fullyQualifiedName=fqn, version=0.1, updatedAt=NOW, updatedBy="bot", deleted=False,
            href=f"http://catalog:8585/api/v1/{known.path}/{entity_id}",
        )  # fmt: skip
        for field, of in (("domains", "domain"), ("dataProducts", "dataProduct")):
            entity.update(
                {field: [self._refer(of, each) for each in create.get(field) or []]} if field in create else {}
            )
        for field in ("databaseSchema", "database"):  # a table names its database and service, too
            if isinstance(entity.get(field), dict):
                above = self.by_id(field, entity[field]["id"])
                entity.update(
                    {key: above[key] for key in ("database", "service") if key in above and key not in entity}
                )
        self._settle(kind, entity)
        self.entities[kind][fqn] = entity
        return entity

    def _linked(self, link: str) -> str:
        """server: MessageParser.EntityLink: `<#E::table::fqn>` or `<#E::table::fqn::columns::name>`."""
        parts = link.removeprefix("<#E::").removesuffix(">").split("::")
        table = self.by_name(parts[0], parts[1])
        if len(parts) == 2:
            return parts[1]
        if parts[2] != "columns" or parts[3] not in [column["name"] for column in table["columns"]]:
            raise Refused(400, f"Invalid column name {parts[3]}")
        return f"{parts[1]}.{quoted(parts[3])}"

    def _settle(self, kind: str, entity: Raw) -> None:
        """What the server completes on every write, and what it refuses."""
        for field in ("owners", "domains", "dataProducts", "experts", "reviewers"):
            for index, reference in enumerate(entity.get(field) or []):
                if isinstance(reference, dict):
                    found = self.reference(reference["type"], self.by_id(reference["type"], reference["id"]))
                    entity[field][index] = {**found, **{k: v for k, v in reference.items() if k == "inherited"}}
        columns = [*(entity.get("columns") or []), *((entity.get("dataModel") or {}).get("columns") or [])]
        for column in columns:
            column["fullyQualifiedName"] = f"{entity['fullyQualifiedName']}.{quoted(column['name'])}"
            column.setdefault("tags", [])
        for task in entity.get("tasks") or []:
            task["fullyQualifiedName"] = f"{entity['fullyQualifiedName']}.{quoted(task['name'])}"
        for part in (entity, *columns, *(entity.get("tasks") or [])):
            for label in part.get("tags") or []:
                self.by_name("tag" if label["source"] == "Classification" else "glossaryTerm", label["tagFQN"])
                label.setdefault("name", label["tagFQN"].split(".")[-1])
        KINDS[kind].check(entity)

    def shown(self, kind: str, entity: Raw, query: Raw) -> Raw:
        """server: Fields: unknown fields are refused, others than the asked-for are left out."""
        fields = [field for field in query.get("fields", "").split(",") if field]
        unknown = set(fields) - set(KINDS[kind].entity.model_fields) - {"*"}
        if unknown:
            raise Refused(400, f"Invalid field name {sorted(unknown)[0]}")
        hidden = set() if "*" in fields else ASKED_FOR - set(fields) - KINDS[kind].always
        result = json.loads(json.dumps({key: value for key, value in entity.items() if key not in hidden}))
        if "tags" in hidden:
            for column in result.get("columns", []):
                column["tags"] = []
        if not self.sees_secrets and "connection" in result:
            result["connection"]["config"] = masked(result["connection"]["config"])
        KINDS[kind].check(result)
        return result

    def children(self, entity: Raw) -> list[tuple[str, Raw]]:
        prefix = entity["fullyQualifiedName"] + "."
        return [
            (kind, other)
            for kind in KINDS
            for other in self.entities[kind].values()
            if other["fullyQualifiedName"].startswith(prefix)
        ]

    def _delete(self, kind: str, entity: Raw, query: Raw) -> Answer:
        hard = query.get("hardDelete") == "true"
        below = self.children(entity)
        if query.get("recursive") != "true" and any(not other["deleted"] for _, other in below):
            raise Refused(400, f"{entity['name']} is not empty")
        for of, other in [*below, (kind, entity)]:
            other["deleted"] = True
            if hard:
                del self.entities[of][other["fullyQualifiedName"]]
        return 200, self.shown(kind, entity, {})

    def _patch(self, kind: str, entity: Raw, headers: Any, body: Any) -> Answer:
        """server: EntityResource.patchInternal; sdk: patch_mixin.py _entity_etag."""
        if headers.get("Content-Type") != "application/json-patch+json":
            raise Refused(415, "HTTP 415 Unsupported Media Type")
        expected = headers.get("If-Match")
        if expected not in (None, f'W/"{entity["version"]}"'):
            raise Refused(412, "The entity has been modified since it was read")
        for operation in body:
            if operation["path"].split("/")[1] in SERVER_OWNED:
                raise Refused(400, f"{operation['path']} belongs to the server")
        try:
            patched = jsonpatch.apply_patch(entity, body)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            raise Refused(400, f"JSON patch: {error}") from error
        for label in patched.get("tags") or []:
            label.setdefault("labelType", "Manual")
        self._settle(kind, patched)
        patched["version"] = round(entity["version"] + 0.1, 1)
        self.entities[kind][entity["fullyQualifiedName"]] = patched
        return 200, self.shown(kind, patched, {"fields": "*"})

    def put(self, kind: str, body: Raw) -> Answer:
        before = set(self.entities[kind])
        kept = {fqn: dict(entity) for fqn, entity in self.entities[kind].items()}
        made = self._create(kind, body)
        fqn = made["fullyQualifiedName"]
        if fqn not in before:
            return 201, self.shown(kind, made, {})
        # What people curate stays when a bot puts (sdk: ometa_api.py overrideMetadata); a deleted one comes back.
        old = kept[fqn]
        curated = {key: old[key] for key in ("description", "displayName", "owners", "tags") if old.get(key)}
        made.update(curated, id=old["id"], version=round(old["version"] + 0.1, 1), href=old["href"])
        KINDS[kind].check(made)
        return 200, self.shown(kind, made, {})

    # -- routes

    @route("GET", "system/version", "sdk: ingestion/ometa/mixins/server_mixin.py get_server_version")
    def version(self, **_: Any) -> Answer:
        return 200, {"version": "2.0.7", "revision": "0", "timestamp": NOW}

    @route("POST", "users/login", "sdk: generated/schema/auth/loginRequest.py base64")
    def login(self, body: Raw, **_: Any) -> Answer:
        asked = LOGIN.model_validate(body)
        if (asked.email, base64.b64decode(asked.password).decode()) != self.account:
            raise Refused(401, "You have entered an invalid username or password.")
        return 200, {"accessToken": self.token, "tokenType": "Bearer", "refreshToken": "r", "expiryDuration": 1}

    @route("GET", "search/query", "sdk: ingestion/ometa/mixins/es_mixin.py /search/query?q=")
    def search(self, query: Raw, **_: Any) -> Answer:
        hits = [
            {"_index": kind, "_source": {**self.shown(kind, entity, {}), "entityType": kind}}
            for kind, entities in self.entities.items()
            for entity in entities.values()
            if query["index"] in ("all", kind) and query["q"].strip("*") in entity["fullyQualifiedName"]
        ]
        begin = int(query.get("from", 0))
        page = hits[begin : begin + int(query.get("size", 10))]
        return 200, {"hits": {"total": {"value": len(hits)}, "hits": page}}

    @route("PUT", "lineage", "sdk: ingestion/ometa/mixins/lineage_mixin.py add_lineage")
    def add_lineage(self, body: Raw, **_: Any) -> Answer:
        ADD_LINEAGE.model_validate(body)
        edge = json.loads(json.dumps(body))["edge"]
        ends = [self.by_id(edge[end]["type"], edge[end]["id"]) for end in ("fromEntity", "toEntity")]
        details = edge.get("lineageDetails") or {}
        for mapping in details.get("columnsLineage") or []:
            self._known_columns(ends[0], mapping.get("fromColumns") or [])
            self._known_columns(ends[1], [mapping["toColumn"]])
        if details.get("pipeline"):
            details["pipeline"] = self.reference("pipeline", self.by_id("pipeline", details["pipeline"]["id"]))
        details.setdefault("source", "Manual")
        self.lineage[ends[0]["id"], ends[1]["id"]] = {
            "from": self.reference(edge["fromEntity"]["type"], ends[0]),
            "to": self.reference(edge["toEntity"]["type"], ends[1]),
            "details": {**details, "createdAt": NOW, "createdBy": "bot", "updatedAt": NOW, "updatedBy": "bot"},
        }
        return 200, None

    @staticmethod
    def _known_columns(entity: Raw, asked: list[str]) -> None:
        """server: LineageRepository.validateLineageDetails: a column that its entity lacks is refused."""
        columns = [*(entity.get("columns") or []), *((entity.get("dataModel") or {}).get("columns") or [])]
        known = {column["fullyQualifiedName"] for column in columns}
        for column in asked:
            if column not in known:
                raise Refused(400, f"Invalid column name {column}")

    @route("GET", "lineage/getLineageEdge/{source}/{target}",
           "sdk: ingestion/ometa/mixins/lineage_mixin.py get_lineage_edge")  # fmt: skip
    def edge(self, source: str, target: str, **_: Any) -> Answer:
        if (source, target) not in self.lineage:
            raise Refused(404, "Lineage edge not found")
        return 200, {"edge": self.lineage[source, target]["details"]}

    @route("DELETE", "lineage/{source_kind}/{source}/{target_kind}/{target}",
           "sdk: ingestion/ometa/mixins/lineage_mixin.py delete_lineage_edge")  # fmt: skip
    def delete_edge(self, source: str, target: str, source_kind: str, target_kind: str, **_: Any) -> Answer:
        self.by_id(source_kind, source)
        self.by_id(target_kind, target)
        if self.lineage.pop((source, target), None) is None:
            raise Refused(404, "Lineage edge not found")
        return 200, None

    @route("GET", "lineage/{entity_kind}/{entity_id}", "sdk: ingestion/ometa/mixins/lineage_mixin.py get_lineage_by_id")
    def graph(self, entity_kind: str, entity_id: str, query: Raw, **_: Any) -> Answer:
        start = self.reference(entity_kind, self.by_id(entity_kind, entity_id))
        up = self._walk(entity_id, 1, int(query.get("upstreamDepth", 1)))
        down = self._walk(entity_id, 0, int(query.get("downstreamDepth", 1)))
        nodes = {each[end]["id"]: each[end] for each in (*up, *down) for end in ("from", "to")}
        nodes.pop(entity_id, None)
        result = {
            "entity": start, "nodes": list(nodes.values()),
            "upstreamEdges": [self._shown_edge(each) for each in up],
            "downstreamEdges": [self._shown_edge(each) for each in down],
        }  # fmt: skip
        ENTITY_LINEAGE.model_validate(result)
        return 200, result

    @route("GET", "lineage/{entity_kind}/name/{fqn}",
           "sdk: ingestion/ometa/mixins/lineage_mixin.py get_lineage_by_name")  # fmt: skip
    def graph_by_name(self, entity_kind: str, fqn: str, query: Raw, **_: Any) -> Answer:
        return self.graph(entity_kind=entity_kind, entity_id=self.by_name(entity_kind, fqn)["id"], query=query)

    def _walk(self, start: str, end: int, depth: int) -> list[Raw]:
        found: list[Raw] = []
        border = {start}
        for _ in range(depth):
            step = [each for pair, each in self.lineage.items() if pair[end] in border and each not in found]
            found += step
            border = {each[("to", "from")[end]]["id"] for each in step}
        return found

    @staticmethod
    def _shown_edge(each: Raw) -> Raw:
        return {"fromEntity": each["from"]["id"], "toEntity": each["to"]["id"], "lineageDetails": each["details"]}

    @route("PUT", "{collection}/bulk", "sdk: ingestion/ometa/ometa_api.py _execute_bulk_operation")
    def bulk(self, kind: str, body: Any, query: Raw, **_: Any) -> Answer:
        if not KINDS[kind].bulk:
            raise Refused(405, "HTTP 405 Method Not Allowed")
        assert query["async"] == "false"
        passed, failed = [], []
        for request in body:
            # server: EntityResource.processBulkRequest answers what it can't map with the request itself,
            # EntityRepository.bulkCreateOrUpdateEntities everything else with the fully qualified name.
            try:
                _status, made = self.put(kind, request)
                passed.append({"request": made["fullyQualifiedName"], "status": 200})
            except ValidationError as error:
                failed.append({"request": request, "status": 400, "message": str(error)})
            except Refused as error:
                failed.append({"request": self._bulk_name(kind, request), "status": 400, "message": str(error)})
        result = {
            "status": "success" if not failed else "partialSuccess" if passed else "failure",
            "numberOfRowsProcessed": len(body), "numberOfRowsPassed": len(passed), "numberOfRowsFailed": len(failed),
            "successRequest": passed, "failedRequest": failed,
        }  # fmt: skip
        BULK_RESULT.model_validate(result)
        return 200, result

    @staticmethod
    def _bulk_name(kind: str, request: Raw) -> str:
        return f"{request[next(iter(KINDS[kind].parents))]}.{quoted(request['name'])}"

    @route("PUT", "{collection}", "sdk: ingestion/ometa/ometa_api.py create_or_update")
    def create_or_update(self, kind: str, body: Raw, **_: Any) -> Answer:
        return self.put(kind, body)

    @route("POST", "{collection}", "sdk: ingestion/ometa/ometa_api.py def create(")
    def create(self, kind: str, body: Raw, **_: Any) -> Answer:
        before = set(self.entities[kind])
        made = self._create(kind, body)
        if made["fullyQualifiedName"] in before:
            raise Refused(409, "Entity already exists")
        return 201, self.shown(kind, made, {})

    @route("GET", "{collection}/name/{fqn}", "sdk: ingestion/ometa/ometa_api.py get_by_name")
    def get_by_name(self, kind: str, fqn: str, query: Raw, **_: Any) -> Answer:
        return 200, self.shown(kind, self.by_name(kind, fqn, query.get("include", "non-deleted")), query)

    @route("GET", "{collection}/{entity_id}", "sdk: ingestion/ometa/ometa_api.py get_by_id")
    def get_by_id(self, kind: str, entity_id: str, query: Raw, **_: Any) -> Answer:
        return 200, self.shown(kind, self.by_id(kind, entity_id), query)

    @route("PATCH", "{collection}/{entity_id}", "sdk: ingestion/ometa/mixins/patch_mixin.py if_match")
    def patch(self, kind: str, entity_id: str, headers: Any, body: Any, **_: Any) -> Answer:
        return self._patch(kind, self.by_id(kind, entity_id), headers, body)

    @route("DELETE", "{collection}/{entity_id}", "sdk: ingestion/ometa/ometa_api.py hardDelete")
    def delete(self, kind: str, entity_id: str, query: Raw, **_: Any) -> Answer:
        return self._delete(kind, self.by_id(kind, entity_id), query)

    @route("GET", "{collection}", "sdk: ingestion/ometa/ometa_api.py list_entities")
    def list_entities(self, kind: str, query: Raw, **_: Any) -> Answer:
        known = KINDS[kind]
        others = set(query) - {"limit", "after", "before", "fields", "include", known.filter}
        if others:
            raise Refused(400, f"unknown parameter {sorted(others)[0]}")
        found = [each for each in self.entities[kind].values() if not each["deleted"]]
        if query.get(known.filter):
            value = query[known.filter]
            if known.filter == "glossary":  # server: GlossaryTermRepository.getGlossary: an id, whatever the docs say
                value = self.by_id("glossary", value)["fullyQualifiedName"]
            found = [each for each in found if each["fullyQualifiedName"].startswith(value + ".")]
        begin, limit = int(query.get("after", 0)), int(query.get("limit", 10))
        paging: Raw = {"total": len(found)}
        if begin + limit < len(found):
            paging["after"] = str(begin + limit)
        page = [self.shown(kind, each, query) for each in found[begin : begin + limit]]
        return 200, {"data": page, "paging": paging}


def masked(config: Any) -> Any:
    if isinstance(config, dict):
        return {key: MASK if key in SECRETS and value else masked(value) for key, value in config.items()}
    return config


class Served:
    """The double behind a port of this machine."""

    def __init__(self, double: OpenMetadata) -> None:
        class Handler(BaseHTTPRequestHandler):
            def handle_one(self) -> None:
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                fault = double.faults.pop(0) if double.faults else None
                if isinstance(fault, tuple):
                    status, answer = fault
                    body = answer.encode()
                else:
                    time.sleep(fault or 0)
                    status, found = double.answer(self.command, self.path, self.headers, text)
                    body = (
                        b""
                        if found is None
                        else found.encode()
                        if isinstance(found, str)
                        else json.dumps(found).encode()
                    )
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_one

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
