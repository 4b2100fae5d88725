#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: clickhouse_schema
short_description: Manage databases, tables, views and dictionaries of ClickHouse
version_added: 0.1.0
description:
  - Creates databases, tables, views, materialized views and dictionaries, compares those that are there with their
    declaration, and changes what can be changed.
  - Differences are those of meaning. The server itself says how it writes types, expressions and function names before
    they are compared, so V(varchar) equals V(String), V(Decimal32(2\)) equals V(Decimal(9, 2\)), V(NOW(\)) equals
    V(now(\)), and spaces make no difference. V(Nullable(LowCardinality(String\)\)) is taken for
    V(LowCardinality(Nullable(String\)\)), and V(INT NULL) for V(Nullable(Int32\)).
  - An object is declared as a whole. What is left out should not be there, apart from settings, codecs, and definer and
    security of views, which stay as they are.
  - What would lose data, and what ClickHouse can't change in place, is refused unless O(allow_destructive=true). The
    message names every such difference, and nothing is changed then, in the other objects of the call either.
  - Objects are made in an order in which each comes after those that it names, and removed in the reverse.
author:
  - OneRing contributors (@onering)
options:
  databases:
    description: Names of databases.
    type: list
    elements: str
    default: []
  tables:
    description: Tables. Their databases must exist or be among O(databases).
    type: list
    elements: dict
    default: []
    suboptions:
      database:
        description: Database of the table.
        type: str
        required: true
      name:
        description: Name of the table.
        type: str
        required: true
      columns:
        description:
          - All columns, in order. Needed with O(state=present). A nested column is declared as its arrays.
          - A column with another name is another one, so a renamed one is a dropped and an added one.
        type: list
        elements: dict
        suboptions: &columns
          name:
            description: Name of the column.
            type: str
            required: true
          type:
            description:
              - Type of the column, in any spelling the server knows.
              - A change that keeps each value is made, such as from V(Int32) to V(Int64) or to more values of an
                enumeration. Any other loses data, and that of a key's column is mostly impossible.
            type: str
            required: true
          default:
            description: SQL expression of its default value.
            type: str
          default_kind:
            description:
              - Whether the default is stored if no value is inserted, always stored, computed when read, or of a column
                that is only there to be inserted.
            type: str
            choices: [default, materialized, alias, ephemeral]
            default: default
          codec:
            description:
              - Compression, such as V(Delta, ZSTD(3\)). Without its arguments a codec means the one with the server's.
              - Left out, the column keeps what it has. An empty string is the server's default.
            type: str
          ttl:
            description: When the column's values are reset, an SQL expression.
            type: str
            default: ""
          comment:
            description: Comment of the column.
            type: str
            default: ""
      engine:
        description:
          - Table engine with its arguments, such as V(ReplacingMergeTree(version\)).
          - A replicated engine without arguments means the server's own path and replica.
        type: str
        default: MergeTree
      order_by: &order_by
        description:
          - Sorting key, SQL expressions.
          - ClickHouse can add columns that are new at its end. The primary key must then be declared without them.
        type: list
        elements: str
        default: []
      primary_key: &primary_key
        description: Primary key, if it is not the whole sorting key.
        type: list
        elements: str
        default: []
      partition_by: &partition_by
        description: Partition key, an SQL expression.
        type: str
        default: ""
      sample_by: &sample_by
        description: Sampling key, an SQL expression.
        type: str
        default: ""
      ttl: &ttl
        description: When rows are removed, moved or compressed anew, as it stands behind TTL in SQL.
        type: str
        default: ""
      settings: &settings
        description: Settings of the table. Others that it has stay.
        type: dict
        default: {}
      indexes:
        description: Data-skipping indexes. One that is made covers the rows that are written from then on.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the index.
            type: str
            required: true
          expression:
            description: SQL expression.
            type: str
            required: true
          type:
            description: Type with its arguments, such as V(set(100\)).
            type: str
            required: true
          granularity:
            description: Granules of the table in one of the index.
            type: int
            default: 1
      projections:
        description: Projections. One that is made covers the rows that are written from then on.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the projection.
            type: str
            required: true
          query:
            description: Its query, such as V(SELECT a, count(\) GROUP BY a).
            type: str
            required: true
      constraints:
        description: Conditions on rows.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the constraint.
            type: str
            required: true
          kind:
            description: Whether inserted rows are checked, or just assumed to be so.
            type: str
            choices: [check, assume]
            default: check
          expression:
            description: SQL condition.
            type: str
            required: true
      comment:
        description: Comment of the table.
        type: str
        default: ""
  views:
    description: Views. A changed one is replaced.
    type: list
    elements: dict
    default: []
    suboptions:
      database:
        description: Database of the view.
        type: str
        required: true
      name:
        description: Name of the view.
        type: str
        required: true
      query: &query
        description: Its query. Needed with O(state=present). A table without a database is one of the view's own.
        type: str
      definer: &definer
        description: Account as which the view reads. Left out, it stays.
        type: str
      sql_security: &sql_security
        description: With whose permissions the view reads. Left out, it stays.
        type: str
        choices: [DEFINER, INVOKER, NONE]
      comment: &comment
        description: Comment of the view.
        type: str
        default: ""
  materialized_views:
    description:
      - Materialized views. Query, comment, security and the times of a refresh are changed in place.
      - Anything else makes it again, which misses rows that are inserted meanwhile, and loses those that it holds.
      - One that is made sees the rows that are inserted from then on.
    type: list
    elements: dict
    default: []
    suboptions:
      database:
        description: Database of the view.
        type: str
        required: true
      name:
        description: Name of the view.
        type: str
        required: true
      query: *query
      to:
        description: Table that takes the rows. Either this or O(materialized_views[].engine) is needed.
        type: dict
        suboptions:
          database:
            description: Database of the table.
            type: str
            required: true
          name:
            description: Name of the table.
            type: str
            required: true
      refresh:
        description: When the query is run as a whole, such as V(EVERY 1 HOUR) or V(EVERY 1 DAY APPEND).
        type: str
      engine:
        description: Engine with its arguments, for a view that holds its rows itself.
        type: str
      columns:
        description: Columns of a view that holds its rows itself. Left out, they are those of the query at first.
        type: list
        elements: dict
        suboptions: *columns
      order_by: *order_by
      primary_key: *primary_key
      partition_by: *partition_by
      sample_by: *sample_by
      ttl: *ttl
      settings: *settings
      definer: *definer
      sql_security: *sql_security
      comment: *comment
  dictionaries:
    description: Dictionaries. A changed one is replaced and loads its source again.
    type: list
    elements: dict
    default: []
    suboptions:
      database:
        description: Database of the dictionary.
        type: str
        required: true
      name:
        description: Name of the dictionary.
        type: str
        required: true
      columns:
        description: Keys and attributes, in order. Needed with O(state=present).
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the column.
            type: str
            required: true
          type:
            description: Type of the column.
            type: str
            required: true
          default:
            description: Value of a key that is not there, an SQL literal.
            type: str
          expression:
            description: SQL expression that the source computes.
            type: str
          flags:
            description: What is special about the column.
            type: list
            elements: str
            choices: [hierarchical, bidirectional, injective, is_object_id]
            default: []
      primary_key:
        description: Key columns.
        type: list
        elements: str
        default: []
      source:
        description:
          - What stands in C(SOURCE(…\)), such as V(CLICKHOUSE(TABLE 'airports' DB 'silver'\)). Needed with
            O(state=present).
          - The server shows no password, so a changed one is no difference. Better than a password in it is a named
            collection; else name the password in O(secrets).
        type: str
        default: ""
      layout:
        description: What stands in C(LAYOUT(…\)), such as V(HASHED(\)).
        type: str
        default: ""
      lifetime:
        description: Seconds until it is loaded again, such as V(300) or V(MIN 300 MAX 360).
        type: str
        default: ""
      range:
        description: What stands in C(RANGE(…\)), such as V(MIN valid_from MAX valid_to).
        type: str
        default: ""
      settings:
        description: Settings of the dictionary.
        type: dict
        default: {}
      comment:
        description: Comment of the dictionary.
        type: str
        default: ""
  secrets:
    description:
      - Values in declarations that must not be shown, such as the password in an engine's arguments. They are masked in
        everything that the module returns.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(absent) removes the objects, then the databases. A table with rows and a database with other objects are
        refused unless O(allow_destructive=true). Only database and name of an object matter.
      - V(gathered) reads the objects that are named, or all those of O(databases) if none are.
    type: str
    choices: [present, absent, gathered]
    default: present
  allow_destructive:
    description:
      - Allow changes that lose data, such as dropping an undeclared column, changing a type to a narrower one, or
        setting a TTL.
      - An object whose engine or keys differ is dropped with its rows and made again.
    type: bool
    default: false
notes:
  - Run against ClickHouse 26.7, its library run as a server. Replicated, distributed and shared engines,
    C(ON CLUSTER), and sources that reach other servers were not run, nor were other versions.
  - Statistics and settings of single columns are left alone, and lost when a table is made again. Databases have a name
    only. A table made of a table function can't be declared.
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.clickhouse
"""

EXAMPLES = r"""
- name: Make the databases and an operational table
  onering.platform.clickhouse_schema:
    login_host: 172.29.10.3
    login_user: admin
    login_password: "{{ clickhouse_admin_password }}"
    databases: [bronze, staging, silver]
    tables:
      - database: staging
        name: rejected_rows
        columns:
          - {name: run_id, type: String}
          - {name: reason, type: LowCardinality(String), comment: Which rule the row broke}
          - {name: row, type: String, codec: ZSTD(3)}
          - {name: rejected_at, type: DateTime, default: now()}
        order_by: [run_id, reason]
        partition_by: toYYYYMM(rejected_at)
        indexes:
          - {name: by_row, expression: row, type: "tokenbf_v1(8192, 3, 0)", granularity: 4}

- name: Count what is rejected as it arrives, and look names up
  onering.platform.clickhouse_schema:
    databases: [curated]
    tables:
      - database: curated
        name: rejected_by_reason
        columns:
          - {name: reason, type: String}
          - {name: rows, type: UInt64}
        engine: SummingMergeTree
        order_by: [reason]
    materialized_views:
      - database: curated
        name: count_rejected
        to: {database: curated, name: rejected_by_reason}
        query: SELECT reason, count() AS rows FROM staging.rejected_rows GROUP BY reason
    views:
      - database: curated
        name: worst_reasons
        query: SELECT reason, sum(rows) AS total FROM rejected_by_reason GROUP BY reason ORDER BY total DESC LIMIT 10
        comment: For the morning's report
    dictionaries:
      - database: curated
        name: carriers
        columns:
          - {name: carrier, type: String}
          - {name: name, type: String, default: "''"}
        primary_key: [carrier]
        source: CLICKHOUSE(TABLE 'airlines' DB 'silver')
        layout: COMPLEX_KEY_HASHED()
        lifetime: MIN 300 MAX 360

- name: Read how a database looks
  onering.platform.clickhouse_schema:
    databases: [silver]
    state: gathered
  register: silver

- name: Bring another server to the same
  onering.platform.clickhouse_schema:
    login_host: 172.30.10.3
    databases: "{{ silver.declaration.databases }}"
    tables: "{{ silver.declaration.tables }}"
    views: "{{ silver.declaration.views }}"
    materialized_views: "{{ silver.declaration.materialized_views }}"
    dictionaries: "{{ silver.declaration.dictionaries }}"

- name: Remove a database with all its tables
  onering.platform.clickhouse_schema:
    databases: [scratch]
    state: absent
    allow_destructive: true
"""

RETURN = r"""
results:
  description: One entry for each database and each object, in the order of the work.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name, of an object with its database.
      type: str
      sample: staging.rejected_rows
    changed:
      description: Whether it was (in check mode, would be) created, changed or removed.
      type: bool
    statements:
      description: The SQL that was run (in check mode, would be).
      type: list
      elements: str
      sample: ["ALTER TABLE `staging`.`rejected_rows` ADD COLUMN `stream` String AFTER `run_id`"]
    table:
      description: The table as it now is, normalised, in the shape of O(tables).
      returned: for a table that is there
      type: dict
    view:
      description: The view as it now is, normalised, in the shape of O(views).
      returned: for a view that is there
      type: dict
    materialized_view:
      description: The view as it now is, normalised, in the shape of O(materialized_views).
      returned: for a materialized view that is there
      type: dict
    dictionary:
      description: The dictionary as it now is, normalised, in the shape of O(dictionaries). Passwords are C([HIDDEN]).
      returned: for a dictionary that is there
      type: dict
declaration:
  description:
    - What was read, as C(databases), C(tables), C(views), C(materialized_views) and C(dictionaries) in the shape of the
      options of these names. Applied to the same server it changes nothing.
  returned: O(state=gathered)
  type: dict
done:
  description: Databases and objects changed before another one failed.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The one that could not be changed.
  returned: failure while changing
  type: str
"""

from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils import clickhouse_ddl as ddl
from ansible_collections.onering.platform.plugins.module_utils.clickhouse import CONNECTION, Server, name, spellings
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_alter import (
    SECRET,
    Change,
    alter_materialized_view,
    alter_table,
    settle,
    settle_codecs,
)
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_catalog import (
    Catalog,
    Key,
    Spelling,
    key_of,
    title,
)
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, many, run

State = dict[str, Any]

NAMED: State = {"database": {"type": "str", "required": True}, "name": {"type": "str", "required": True}}
COMMENT: State = {"comment": {"type": "str", "default": ""}}
COLUMN: State = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "required": True},
    "default": {"type": "str"},
    "default_kind": {
        "type": "str",
        "choices": ["default", "materialized", "alias", "ephemeral"],
        "default": "default",
    },
    "codec": {"type": "str"},
    "ttl": {"type": "str", "default": ""},
    **COMMENT,
}
INDEX: State = {
    "name": {"type": "str", "required": True},
    "expression": {"type": "str", "required": True},
    "type": {"type": "str", "required": True},
    "granularity": {"type": "int", "default": 1},
}
PROJECTION: State = {"name": {"type": "str", "required": True}, "query": {"type": "str", "required": True}}
CONSTRAINT: State = {
    "name": {"type": "str", "required": True},
    "kind": {"type": "str", "choices": ["check", "assume"], "default": "check"},
    "expression": {"type": "str", "required": True},
}
STORAGE: State = {
    "order_by": {"type": "list", "elements": "str", "default": []},
    "primary_key": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "partition_by": {"type": "str", "default": ""},
    "sample_by": {"type": "str", "default": ""},
    "ttl": {"type": "str", "default": ""},
    "settings": {"type": "dict", "default": {}},
}
TABLE: State = {
    **NAMED,
    "columns": {"type": "list", "elements": "dict", "options": COLUMN},
    "engine": {"type": "str", "default": "MergeTree"},
    **STORAGE,
    "indexes": {"type": "list", "elements": "dict", "default": [], "options": INDEX},
    "projections": {"type": "list", "elements": "dict", "default": [], "options": PROJECTION},
    "constraints": {"type": "list", "elements": "dict", "default": [], "options": CONSTRAINT},
    **COMMENT,
}
VIEW: State = {
    **NAMED,
    "query": {"type": "str"},
    "definer": {"type": "str"},
    "sql_security": {"type": "str", "choices": ["DEFINER", "INVOKER", "NONE"]},
    **COMMENT,
}
MATERIALIZED_VIEW: State = {
    **VIEW,
    "to": {"type": "dict", "options": NAMED},
    "refresh": {"type": "str"},
    "columns": {"type": "list", "elements": "dict", "options": COLUMN},
    "engine": {"type": "str"},
    **STORAGE,
}
ATTRIBUTE: State = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "required": True},
    "default": {"type": "str"},
    "expression": {"type": "str"},
    "flags": {
        "type": "list",
        "elements": "str",
        "choices": ["hierarchical", "bidirectional", "injective", "is_object_id"],
        "default": [],
    },
}
DICTIONARY: State = {
    **NAMED,
    "columns": {"type": "list", "elements": "dict", "options": ATTRIBUTE},
    "primary_key": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "source": {"type": "str", "default": ""},
    "layout": {"type": "str", "default": ""},
    "lifetime": {"type": "str", "default": ""},
    "range": {"type": "str", "default": ""},
    "settings": {"type": "dict", "default": {}},
    **COMMENT,
}
SECTIONS: dict[str, tuple[str, State]] = {
    "tables": ("table", TABLE),
    "views": ("view", VIEW),
    "materialized_views": ("materialized_view", MATERIALIZED_VIEW),
    "dictionaries": ("dictionary", DICTIONARY),
}


@dataclass
class Context:
    """What all resources of a call share."""

    server: Server
    catalog: Catalog
    state: str
    allow_destructive: bool
    declared: set[Key]
    databases: set[str]


class SchemaObject(Resource):
    """A database, or what is in one. `desired` decides on `statements`, so that check mode can show them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.statements: list[str] = []

    def write(self, current: State | None, desired: State) -> None:
        for statement in self.statements:
            self.context.server.query(f"run {statement}", statement)

    def delete(self, current: State) -> None:
        self.write(current, {})

    def returns(self, state: State | None) -> dict[str, Any]:
        return {"statements": self.statements}


class Database(SchemaObject):
    def __init__(self, database: str, context: Context) -> None:
        super().__init__(context)
        self.name = database

    def read(self) -> State | None:
        return {"name": self.name} if self.name in self.context.catalog.databases else None

    def desired(self, current: State | None) -> State | None:
        if self.context.state == "present":
            if current is None:
                self.statements = [f"CREATE DATABASE {name(self.name)}"]
            return {"name": self.name}
        if current is not None:
            self._plan_drop()
        return None

    def _plan_drop(self) -> None:
        objects, declared = self.context.catalog.objects, self.context.declared
        others = [key[1] for key in objects if key[0] == self.name and key not in declared]
        if others and not self.context.allow_destructive:
            raise BackendError(
                f"drop database {self.name}",
                f"it has tables: {', '.join(others)}",
                "Name them in tables, or set allow_destructive: true to lose them",
            )
        self.statements = [f"DROP DATABASE {name(self.name)} SYNC"]


class Entity(SchemaObject):
    """A table, view, materialized view or dictionary."""

    def __init__(self, declared: State, wanted: State, live: State | None, context: Context) -> None:
        super().__init__(context)
        self.declared = declared
        self.wanted = wanted
        self.live = live
        self.key = (declared["database"], declared["name"])
        self.name = ".".join(self.key)
        self.title = title(declared)
        self.sql_name = name(*self.key)

    def read(self) -> State | None:
        if self.live is None:
            return None
        if self.live["kind"] != self.declared["kind"]:
            found = self.live["kind"].replace("_", " ")
            raise BackendError(f"read {self.title}", f"it is a {found}", "Declare it as such, or remove it first")
        if self.context.state != "absent" and not self.context.catalog.objects[self.key].managed:
            raise BackendError(f"read {self.title}", "it has no engine of its own, so this module can't compare it")
        return self.live

    def desired(self, current: State | None) -> State | None:
        if self.context.state == "absent":
            if current is not None:
                self._plan_drop()
            return None
        if current is None:
            self.statements = self._in_its_database([self._create(self.wanted)])
            return self.wanted
        wanted = settle(current, self.wanted)
        if "columns" in wanted and wanted["kind"] == "table":
            wanted = settle_codecs(current, wanted, self.declared)
        if wanted != current:
            self.statements = self._in_its_database(self._change(current, wanted))
        return wanted

    def _plan_drop(self) -> None:
        rows = self.context.catalog.objects[self.key].rows
        if rows and not self.context.allow_destructive:
            raise BackendError(f"drop {self.title}", f"it has {rows} rows", "Set allow_destructive: true to lose them")
        self.statements = [self._drop()]

    def _drop(self) -> str:
        return f"DROP {'DICTIONARY' if self.declared['kind'] == 'dictionary' else 'TABLE'} {self.sql_name} SYNC"

    def _create(self, wanted: State, replace: bool = False) -> str:
        """With the declared passwords, which the server doesn't show."""
        declared: State = {key: self.wanted[key] for key in ("engine", "source") if key in self.wanted}
        if "settings" in wanted and wanted["kind"] != "dictionary":
            declared["settings"] = {**wanted["settings"], **self.wanted["settings"]}
        statement = ddl.create({**wanted, **declared}, replace)
        if SECRET in statement:
            raise BackendError(
                f"create {self.title}",
                f"its declaration was read from a server, which shows {SECRET} instead of a password",
                "Declare the password, best by a named collection",
            )
        return statement

    def _in_its_database(self, statements: list[str]) -> list[str]:
        """In a query, a table without a database is one of the view's."""
        return [f"USE {name(self.key[0])}", *statements] if "query" in self.wanted else statements

    def _change(self, current: State, wanted: State) -> list[str]:
        if wanted["kind"] in ("view", "dictionary"):  # neither has rows
            return [self._create(wanted, replace=True)]
        if wanted["kind"] == "table":
            change = alter_table(current, wanted, self.context.catalog.keys.get(self.key, set()))
        else:
            change = alter_materialized_view(current, wanted)
        if (change.impossible or change.losses) and not self.context.allow_destructive:
            raise BackendError(
                f"change {self.title}",
                "; ".join(change.impossible + change.losses),
                f"Declare it as it is, or set allow_destructive: true: {self._consequence(change)}",
            )
        if change.impossible:
            return [self._drop(), self._create(wanted)]
        return change.statements(self.sql_name)

    def _consequence(self, change: Change) -> str:
        if not change.impossible:
            return "what is named above is lost"
        rows = self.context.catalog.objects[self.key].rows
        lost = "misses rows that are inserted meanwhile" if rows is None else f"loses its {rows} rows"
        return f"the {self.declared['kind'].replace('_', ' ')} is made again and {lost}"

    def returns(self, state: State | None) -> dict[str, Any]:
        shown = {} if state is None else {state["kind"]: public(state)}
        return {**super().returns(state), **shown}


def public(state: State) -> State:
    """A state in the shape of the module's options."""
    return {key: value for key, value in state.items() if key != "kind"}


def from_options(kind: str, options: State) -> State:
    """What is declared, in the shape of a state."""
    settings = options.get("settings") or {}
    return {
        **options,
        "kind": kind,
        "settings": {key: str(int(value) if isinstance(value, bool) else value) for key, value in settings.items()},
    }


def refuse_incomplete(state: State, databases: set[str]) -> None:
    asked = f"read the declaration of {title(state)}"
    if state["database"] not in databases:
        raise BackendError(asked, f"there is no database {state['database']}", "Name it in databases to make it")
    if state["kind"] in ("table", "dictionary") and not state["columns"]:
        raise BackendError(asked, "it has no columns", "Declare them in columns")
    nested = [column["name"] for column in state.get("columns") or [] if column["type"].lower().startswith("nested(")]
    if nested:
        raise BackendError(
            asked, f"column {nested[0]} is nested", "Declare its parts, such as `x.y` with type Array(String)"
        )
    if state["kind"] == "dictionary" and not state["source"]:
        raise BackendError(asked, "it has no source", "Declare it in source")
    if "query" in state and not state["query"]:
        raise BackendError(asked, "it has no query", "Declare it in query")
    if state["kind"] == "materialized_view" and bool(state["to"]) == bool(state["engine"]):
        raise BackendError(asked, "its rows need one place", "Declare either to or engine")


def entities(declared: list[State], context: Context) -> list[Entity]:
    """In the order in which they can be made."""
    live = {key: found.state for key, found in context.catalog.objects.items()}
    if context.state == "present":
        for state in declared:
            refuse_incomplete(state, context.databases)
        spelling = Spelling(context.server)
        wanted = spelling.with_types(spelling.states(declared))
        known = [state for state in map(live.get, map(key_of, declared)) if state and state["kind"] == "dictionary"]
        live.update({key_of(state): state for state in spelling.with_types(known)})
        ordered = ddl.in_order(wanted)
    else:
        wanted = declared
        managed = [state for state in context.catalog.states(managed=True) if key_of(state) in context.declared]
        ordered = ddl.in_order(managed)
    places = {key_of(state): place for place, state in enumerate(ordered)}
    pairs = sorted(zip(declared, wanted, strict=True), key=lambda pair: places.get(key_of(pair[0]), -1))
    return [Entity(state, amounts_to, live.get(key_of(state)), context) for state, amounts_to in pairs]


def gather(module: AnsibleModule, context: Context, resources: list[SchemaObject]) -> dict[str, Any]:
    """What is there as a declaration."""
    for state in context.catalog.states(managed=False):
        if not context.declared:
            module.warn(f"{title(state)} has no engine of its own and is not part of the declaration.")
    found = [state for state in (resource.read() for resource in resources) if state is not None]
    declaration: dict[str, Any] = {"databases": [state["name"] for state in found if "kind" not in state]}
    for section, (kind, _options) in SECTIONS.items():
        declaration[section] = [public(state) for state in found if state.get("kind") == kind]
    return {"declaration": declaration}


def body(module: AnsibleModule) -> None:
    params = module.params
    for secret in params["secrets"]:
        module.no_log_values.update(spellings(secret))
    databases = params["databases"]
    declared = [from_options(kind, state) for section, (kind, _) in SECTIONS.items() for state in params[section]]
    server = Server(params)
    catalog = Catalog(server, sorted({*databases, *(state["database"] for state in declared)}))
    context = Context(
        server,
        catalog,
        params["state"],
        params["allow_destructive"],
        {key_of(state) for state in declared},
        {*databases, *catalog.databases},
    )
    if params["state"] == "gathered" and not declared:
        declared = catalog.states(managed=True)
    resources = [*(Database(database, context) for database in databases), *entities(declared, context)]
    if params["state"] == "absent":
        resources.reverse()
    many(module, resources, **(gather(module, context, resources) if params["state"] == "gathered" else {}))


def main() -> None:
    sections = {
        section: {"type": "list", "elements": "dict", "default": [], "options": options}
        for section, (_kind, options) in SECTIONS.items()
    }
    module = AnsibleModule(
        argument_spec={
            **CONNECTION,
            "databases": {"type": "list", "elements": "str", "default": []},
            **sections,
            "state": {"type": "str", "choices": ["present", "absent", "gathered"], "default": "present"},
            "allow_destructive": {"type": "bool", "default": False},
            "secrets": {"type": "list", "elements": "str", "default": [], "no_log": True},
        },
        required_one_of=[["databases", *SECTIONS]],
        supports_check_mode=True,
    )
    run(module, body)


if __name__ == "__main__":
    main()
