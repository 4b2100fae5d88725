#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: clickhouse_schema
short_description: Manage databases and tables of ClickHouse
version_added: 0.1.0
description:
  - Creates databases and tables, compares those that are there with their declaration, and changes what can be changed.
  - The server itself normalises types and expressions before they are compared, so V(varchar) equals V(String) and
    spaces make no difference.
  - A table is declared as a whole. What is left out should not be there, settings and codecs apart.
  - What would lose data, and what ClickHouse can't change in place, is refused unless O(allow_destructive=true). The
    message names every such difference, and nothing is changed then, in the other tables of the call either.
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
        description: All columns, in order. Needed with O(state=present). A nested column is declared as its arrays.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the column.
            type: str
            required: true
          type:
            description: Type of the column, in any spelling the server knows.
            type: str
            required: true
          default:
            description: SQL expression of its default value.
            type: str
          default_kind:
            description: Whether O(tables[].columns[].default) is a default, stored on insert, or computed when read.
            type: str
            choices: [default, materialized, alias]
            default: default
          comment:
            description: Comment of the column.
            type: str
            default: ""
      engine:
        description: Table engine with its arguments, such as V(ReplacingMergeTree(version\)).
        type: str
        default: MergeTree
      order_by:
        description: Sorting key, SQL expressions.
        type: list
        elements: str
        default: []
      primary_key:
        description: Primary key, if it is not the whole sorting key.
        type: list
        elements: str
        default: []
      partition_by:
        description: Partition key, an SQL expression.
        type: str
        default: ""
      ttl:
        description: When rows are removed, an SQL expression.
        type: str
        default: ""
      settings:
        description: Settings of the table. Others that it has stay.
        type: dict
        default: {}
      comment:
        description: Comment of the table.
        type: str
        default: ""
  state:
    description:
      - V(absent) removes the tables, then the databases. A table with rows and a database with other tables are refused
        unless O(allow_destructive=true).
      - V(gathered) reads O(tables), or all tables of O(databases) if none are named.
    type: str
    choices: [present, absent, gathered]
    default: present
  allow_destructive:
    description:
      - Allow changes that lose data, such as dropping an undeclared column, changing a type or setting a TTL.
      - A table whose engine or keys differ is dropped with its rows and made again.
    type: bool
    default: false
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
          - {name: row, type: String}
          - {name: rejected_at, type: DateTime, default: now()}
        order_by: [run_id, reason]
        partition_by: toYYYYMM(rejected_at)

- name: Show how the tables of a database look
  onering.platform.clickhouse_schema:
    databases: [silver]
    state: gathered

- name: Remove a database with all its tables
  onering.platform.clickhouse_schema:
    databases: [scratch]
    state: absent
    allow_destructive: true
"""

RETURN = r"""
results:
  description: One entry for each database and each table.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name, of a table with its database.
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
      description:
        - The table as it now is, normalised, in the shape of O(tables).
        - Not there for a database, and for a table that is absent.
      type: dict
done:
  description: Databases and tables changed before another one failed.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The one that could not be changed.
  returned: failure while changing
  type: str
"""

import re
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.clickhouse import CONNECTION, Server, literal, name
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, many, run

COLUMN: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "required": True},
    "default": {"type": "str"},
    "default_kind": {"type": "str", "choices": ["default", "materialized", "alias"], "default": "default"},
    "comment": {"type": "str", "default": ""},
}
TABLE: dict[str, Any] = {
    "database": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "columns": {"type": "list", "elements": "dict", "options": COLUMN},
    "engine": {"type": "str", "default": "MergeTree"},
    "order_by": {"type": "list", "elements": "str", "default": []},
    "primary_key": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "partition_by": {"type": "str", "default": ""},
    "ttl": {"type": "str", "default": ""},
    "settings": {"type": "dict", "default": {}},
    "comment": {"type": "str", "default": ""},
}
CLAUSE = re.compile(r" (PARTITION BY|PRIMARY KEY|ORDER BY|SAMPLE BY|TTL|SETTINGS) ")
SETTING = re.compile(r"(\w+) = ('(?:[^'\\]|\\.)*'|[^,]+)")
EXPRESSIONS = ("engine", "order_by", "primary_key", "partition_by", "ttl")
FIXED = ("engine", "order_by", "primary_key", "partition_by")  # ClickHouse can't change these in place


class Catalog:
    """What the server has in some databases, read once for all resources of a call."""

    def __init__(self, server: Server, databases: list[str]) -> None:
        self.databases = {row[0] for row in server.query("list databases", "SELECT name FROM system.databases")}
        self.tables: dict[tuple[str, str], dict[str, Any]] = {}
        self.rows: dict[tuple[str, str], int] = {}
        for database, table, engine, comment, rows in server.query(
            "list tables",
            "SELECT database, name, if(engine_full = '', engine, engine_full), comment, total_rows FROM system.tables "
            "WHERE database IN %(databases)s AND NOT is_temporary ORDER BY database, name",
            databases=tuple(databases),
        ):
            found = {"database": database, "name": table, "columns": [], "comment": comment, **parse_engine(engine)}
            self.tables[database, table] = found
            self.rows[database, table] = rows or 0
        for database, table, column, kind, default_kind, default, comment in server.query(
            "list columns",
            "SELECT database, table, name, type, lower(default_kind), default_expression, comment FROM system.columns "
            "WHERE database IN %(databases)s ORDER BY database, table, position",
            databases=tuple(databases),
        ):
            if (database, table) in self.tables:
                self.tables[database, table]["columns"].append(
                    {"name": column, "type": kind, "default_kind": default_kind, "default": default, "comment": comment}
                )


class Spelling:
    """The server's own way of writing types and expressions. All are asked for in two statements."""

    def __init__(self, server: Server, tables: list[dict[str, Any]]) -> None:
        types = {column["type"] for table in tables for column in table["columns"] or []}
        expressions = {table[key] for table in tables for key in EXPRESSIONS if table[key]}
        expressions |= {c["default"] for table in tables for c in table["columns"] or [] if c["default"]}
        self.types = self._ask(server, "read column types", "toTypeName(defaultValueOfTypeName({}))", types)
        self.expressions = self._ask(
            server, "read expressions", "formatQuerySingleLineOrNull(concat('SELECT ', {}))", expressions
        )

    @staticmethod
    def _ask(server: Server, asked: str, function: str, texts: set[str]) -> dict[str, Any]:
        if not texts:
            return {}
        keys = sorted(texts)
        selected = ", ".join(function.format(literal(key)) for key in keys)
        answers = server.query(asked, f"SELECT {selected}")[0]
        return {key: answers[index] for index, key in enumerate(keys)}

    def type(self, text: str) -> str:
        """One line, whatever the server's own layout."""
        return re.sub(r"\(\s+", "(", " ".join(self.types[text].split()))

    def expression(self, text: str) -> str:
        """Without the parentheses of a key, and nothing for the key of no columns."""
        if not text:
            return ""
        found = self.expressions[text]
        return text if found is None else unwrap(found.removeprefix("SELECT "))

    def unreadable(self, table: dict[str, Any]) -> list[str]:
        """What is no SQL expression, with where it stands."""
        places = {key: table[key] for key in EXPRESSIONS}
        places.update({f"default of column {column['name']}": column["default"] for column in table["columns"]})
        return [f"{place} '{text}'" for place, text in places.items() if text and self.expressions[text] is None]

    def normal(self, table: dict[str, Any]) -> dict[str, Any]:
        result = {**table, **{key: self.expression(table[key]) for key in EXPRESSIONS}}
        result["engine"] = result["engine"].removesuffix("()")
        if result["primary_key"] == result["order_by"]:
            result["primary_key"] = ""  # the server then doesn't mention it
        result["columns"] = [self._column(column) for column in table["columns"]]
        return result

    def _column(self, column: dict[str, Any]) -> dict[str, Any]:
        result = {"name": column["name"], "type": self.type(column["type"])}
        if column["default"]:
            result["default"] = self.expression(column["default"])
            result["default_kind"] = column["default_kind"]
        if column["comment"]:
            result["comment"] = column["comment"]
        return result


class SchemaObject(Resource):
    """A database or a table. `desired` decides on `statements`, so that check mode can show them."""

    def __init__(self, server: Server, catalog: Catalog, state: str, allow_destructive: bool) -> None:
        self.server = server
        self.catalog = catalog
        self.state = state
        self.allow_destructive = allow_destructive
        self.statements: list[str] = []

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        for statement in self.statements:
            self.server.query(f"run {statement}", statement)

    def delete(self, current: dict[str, Any]) -> None:
        self.write(current, {})

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {"statements": self.statements}


class Database(SchemaObject):
    def __init__(self, database: str, dropped: set[tuple[str, str]], *args: Any) -> None:
        super().__init__(*args)
        self.name = database
        self.dropped = dropped

    def read(self) -> dict[str, Any] | None:
        return {"name": self.name} if self.name in self.catalog.databases else None

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        if self.state == "present":
            if current is None:
                self.statements = [f"CREATE DATABASE {name(self.name)}"]
            return {"name": self.name}
        if current is not None:
            others = [key[1] for key in self.catalog.tables if key[0] == self.name and key not in self.dropped]
            if others and not self.allow_destructive:
                raise BackendError(
                    f"drop database {self.name}",
                    f"it has tables: {', '.join(others)}",
                    "Name them in tables, or set allow_destructive: true to lose them",
                )
            self.statements = [f"DROP DATABASE {name(self.name)} SYNC"]
        return None


class Table(SchemaObject):
    def __init__(self, table: dict[str, Any], spelling: Spelling, databases: set[str], *args: Any) -> None:
        super().__init__(*args)
        self.databases = databases
        self.table = table
        self.spelling = spelling
        self.key = (table["database"], table["name"])
        self.name = ".".join(self.key)
        self.sql_name = name(*self.key)

    def read(self) -> dict[str, Any] | None:
        found = self.catalog.tables.get(self.key)
        if found is None:
            return None
        current = self.spelling.normal(found)
        if self.state == "present":
            current["settings"] = {k: v for k, v in current["settings"].items() if k in self.table["settings"]}
        return current

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        if self.state == "absent":
            if current is not None:
                self._plan_drop()
            return None
        self._refuse_unreadable()
        wanted = self.spelling.normal(self.table)
        if current is None:
            self.statements = [create(wanted)]
        else:
            self._plan_change(current, wanted)
        return wanted

    def _plan_drop(self) -> None:
        rows = self.catalog.rows[self.key]
        if rows and not self.allow_destructive:
            raise BackendError(
                f"drop table {self.name}", f"it has {rows} rows", "Set allow_destructive: true to lose them"
            )
        self.statements = [f"DROP TABLE {self.sql_name} SYNC"]

    def _refuse_unreadable(self) -> None:
        asked = f"read the declaration of table {self.name}"
        if self.key[0] not in self.databases:
            raise BackendError(asked, f"there is no database {self.key[0]}", "Name it in databases to make it")
        if not self.table["columns"]:
            raise BackendError(asked, "it has no columns", "Declare them in columns")
        nested = [column["name"] for column in self.table["columns"] if column["type"].lower().startswith("nested(")]
        if nested:
            raise BackendError(
                asked, f"column {nested[0]} is nested", "Declare its parts, such as `x.y` with type Array(String)"
            )
        unreadable = self.spelling.unreadable(self.table)
        if unreadable:
            raise BackendError(asked, f"no SQL expression: {', '.join(unreadable)}")

    def _plan_change(self, current: dict[str, Any], wanted: dict[str, Any]) -> None:
        impossible = [
            f"{key} is '{current[key]}', declared '{wanted[key]}'" for key in FIXED if current[key] != wanted[key]
        ]
        commands, losses = alter(current, wanted)
        if (impossible or losses) and not self.allow_destructive:
            raise BackendError(
                f"change table {self.name}",
                "; ".join(impossible + losses),
                f"Declare it as it is, or set allow_destructive: true: {self._consequence(impossible)}",
            )
        if impossible:
            self.statements = [f"DROP TABLE {self.sql_name} SYNC", create(wanted)]
        else:
            self.statements = [f"ALTER TABLE {self.sql_name} {command}" for command in commands]

    def _consequence(self, impossible: list[str]) -> str:
        rows = self.catalog.rows[self.key]
        return f"the table is made again and loses its {rows} rows" if impossible else "what is named above is lost"

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {**super().returns(state), **({} if state is None else {"table": state})}


def parse_engine(text: str) -> dict[str, Any]:
    """The clauses of `engine_full`: ReplacingMergeTree(v) PARTITION BY … ORDER BY … SETTINGS …"""
    engine, *rest = CLAUSE.split(text)
    clauses = {rest[index]: rest[index + 1] for index in range(0, len(rest), 2)}
    settings = {key: value.strip("'") for key, value in SETTING.findall(clauses.get("SETTINGS", ""))}
    return {
        "engine": engine,
        "order_by": clauses.get("ORDER BY", ""),
        "primary_key": clauses.get("PRIMARY KEY", ""),
        "partition_by": clauses.get("PARTITION BY", ""),
        "ttl": clauses.get("TTL", ""),
        "settings": settings,
    }


def unwrap(text: str) -> str:
    """`(a, b)` is `a, b`; `(a) + (b)` stays; `tuple()` is nothing."""
    if text in ("tuple()", "()"):
        return ""
    depth = 0
    for index, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and index < len(text) - 1:
            return text
    return text[1:-1] if text.startswith("(") else text


def from_options(table: dict[str, Any]) -> dict[str, Any]:
    """A table of the module's options in the shape in which tables are read."""
    return {
        **table,
        "order_by": ", ".join(table["order_by"]),
        "primary_key": ", ".join(table["primary_key"]),
        "settings": {
            key: str(int(value) if isinstance(value, bool) else value) for key, value in table["settings"].items()
        },
    }


def column_sql(column: dict[str, Any], comment: bool) -> str:
    sql = f"{name(column['name'])} {column['type']}"
    if "default" in column:
        sql += f" {column['default_kind'].upper()} {column['default']}"
    return f"{sql} COMMENT {literal(column.get('comment', ''))}" if comment else sql


def setting_sql(key: str, value: str) -> str:
    return f"{key} = {value if re.fullmatch(r'-?[0-9.]+', value) else literal(value)}"


def create(table: dict[str, Any]) -> str:
    columns = ", ".join(column_sql(column, "comment" in column) for column in table["columns"])
    sql = f"CREATE TABLE {name(table['database'], table['name'])} ({columns}) ENGINE = {table['engine']}"
    if table["partition_by"]:
        sql += f" PARTITION BY {table['partition_by']}"
    if table["primary_key"]:
        sql += f" PRIMARY KEY ({table['primary_key']})"
    if table["order_by"] or "MergeTree" in table["engine"]:
        sql += f" ORDER BY ({table['order_by']})"
    if table["ttl"]:
        sql += f" TTL {table['ttl']}"
    if table["settings"]:
        sql += " SETTINGS " + ", ".join(setting_sql(*item) for item in table["settings"].items())
    if table["comment"]:
        sql += f" COMMENT {literal(table['comment'])}"
    return sql


def alter(current: dict[str, Any], wanted: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The ALTER commands from one to the other, and which of them lose data."""
    commands, losses = alter_columns(current["columns"], wanted["columns"])
    if wanted["ttl"] != current["ttl"]:
        commands.append(f"MODIFY TTL {wanted['ttl']}" if wanted["ttl"] else "REMOVE TTL")
        if wanted["ttl"]:
            losses.append(f"ttl is '{current['ttl']}', declared '{wanted['ttl']}'")
    if wanted["comment"] != current["comment"]:
        commands.append(f"MODIFY COMMENT {literal(wanted['comment'])}")
    for key, value in wanted["settings"].items():
        if current["settings"].get(key) != value:
            commands.append(f"MODIFY SETTING {setting_sql(key, value)}")
    return commands, losses


def alter_columns(current: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    names = {column["name"] for column in wanted}
    gone = [column for column in current if column["name"] not in names]
    commands = [f"DROP COLUMN {name(column['name'])}" for column in gone]
    losses = [f"column {column['name']} {column['type']} is not declared" for column in gone]
    have = {column["name"]: column for column in current if column["name"] in names}
    order = list(have)
    for index, column in enumerate(wanted):
        place = f" AFTER {name(wanted[index - 1]['name'])}" if index else " FIRST"
        before = have.get(column["name"])
        if before is None:
            commands.append(f"ADD COLUMN {column_sql(column, 'comment' in column)}{place}")
            order.insert(index, column["name"])
            continue
        moved = order[index] != column["name"]
        if moved:
            order.remove(column["name"])
            order.insert(index, column["name"])
        if column["type"] != before["type"]:
            losses.append(f"column {column['name']} is {before['type']}, declared {column['type']}")
        commands += alter_column(before, column, place if moved else "")
    return commands, losses


def alter_column(before: dict[str, Any], column: dict[str, Any], place: str) -> list[str]:
    commands = []
    if "default" in before and "default" not in column:
        commands.append(f"MODIFY COLUMN {name(column['name'])} REMOVE {before['default_kind'].upper()}")
        before = {key: value for key, value in before.items() if not key.startswith("default")}
    if before != column or place:
        comment = before.get("comment") != column.get("comment")
        commands.append(f"MODIFY COLUMN {column_sql(column, comment)}{place}")
    return commands


def body(module: AnsibleModule) -> None:
    params = module.params
    state = params["state"]
    databases = params["databases"]
    tables = [from_options(table) for table in params["tables"]]
    server = Server(params)
    catalog = Catalog(server, sorted({*databases, *(table["database"] for table in tables)}))
    if state == "gathered" and not tables:
        tables = list(catalog.tables.values())
    keys = {(table["database"], table["name"]) for table in tables}
    live = [table for key, table in catalog.tables.items() if key in keys]
    spelling = Spelling(server, [*live, *(tables if state == "present" else [])])
    common = (server, catalog, state, params["allow_destructive"])
    resources: list[Resource] = [Database(database, keys, *common) for database in databases]
    known = {*databases, *catalog.databases}
    resources += [Table(table, spelling, known, *common) for table in tables]
    many(module, resources[::-1] if state == "absent" else resources)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CONNECTION,
            "databases": {"type": "list", "elements": "str", "default": []},
            "tables": {"type": "list", "elements": "dict", "default": [], "options": TABLE},
            "state": {"type": "str", "choices": ["present", "absent", "gathered"], "default": "present"},
            "allow_destructive": {"type": "bool", "default": False},
        },
        required_one_of=[["databases", "tables"]],
        supports_check_mode=True,
    )
    run(module, body)


if __name__ == "__main__":
    main()
