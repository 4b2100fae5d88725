# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""What a ClickHouse server has, and how it writes what is declared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.onering.platform.plugins.module_utils import clickhouse_ddl as ddl
from ansible_collections.onering.platform.plugins.module_utils.clickhouse import Server, literal
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_sql import rename_functions, squeeze
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_types import readable
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError

State = dict[str, Any]
Key = tuple[str, str]

ENGINES = {"View": "view", "MaterializedView": "materialized_view", "Dictionary": "dictionary"}
INNER = re.compile(r"\.(tmp\.)?inner(_id)?\.")
TYPE_NAME = "toTypeName(defaultValueOfTypeName({}))"
PART = 100_000  # characters of one question: less than half of what the server reads by default


def key_of(state: State) -> Key:
    return state["database"], state["name"]


def title(state: State) -> str:
    return f"{state['kind'].replace('_', ' ')} {state['database']}.{state['name']}"


@dataclass
class Live:
    """An object as the server has it. Without `managed`, it is of a kind whose state is not known."""

    state: State
    managed: bool
    rows: int | None


class Catalog:
    """What the server has in some databases, read once for all resources of a call."""

    def __init__(self, server: Server, databases: list[str]) -> None:
        self.databases = {row[0] for row in server.query("list databases", "SELECT name FROM system.databases")}
        self.objects: dict[Key, Live] = {}
        for database, table, engine, statement, rows in server.query(
            "list tables",
            "SELECT database, name, engine, create_table_query, total_rows FROM system.tables "
            "WHERE database IN %(databases)s AND NOT is_temporary ORDER BY database, name",
            databases=tuple(databases),
        ):
            if not INNER.match(table):
                state = ddl.parse(statement)
                known = {"kind": ENGINES.get(engine, "table"), "database": database, "name": table}
                self.objects[database, table] = Live(state or known, state is not None, rows)
        self.keys: dict[Key, set[str]] = {
            (database, table): set(columns)
            for database, table, columns in server.query(
                "list columns of keys",
                "SELECT database, table, groupArray(name) FROM system.columns WHERE database IN %(databases)s "
                "AND (is_in_sorting_key OR is_in_primary_key OR is_in_partition_key OR is_in_sampling_key) "
                "GROUP BY database, table",
                databases=tuple(databases),
            )
        }

    def states(self, managed: bool) -> list[State]:
        return [live.state for live in self.objects.values() if live.managed == managed]


class Spelling:
    """The server's own way of writing statements, functions and types."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.exact: dict[str, str] = {}
        self.any_case: dict[str, str] = {}
        for function, canonical, any_case in server.query(
            "list functions",
            "SELECT name, if(alias_to = '', name, alias_to), case_insensitive FROM system.functions "
            "WHERE case_insensitive OR alias_to != ''",
        ):
            self.exact[function] = canonical
            if any_case:
                self.any_case[function.lower()] = canonical

    def states(self, declared: list[State]) -> list[State]:
        """What each declaration amounts to."""
        statements = [ddl.create(state) for state in declared]
        formatted = self._ask("read the declaration", "formatQuerySingleLineOrNull({})", statements)
        return [
            self._read(state, formatted[statement] or self._strictly(state, statement))
            for state, statement in zip(declared, statements, strict=True)
        ]

    def _strictly(self, state: State, statement: str) -> str:
        """Fails in the server's words."""
        answer = self.server.query(
            f"read the declaration of {title(state)}", f"SELECT formatQuerySingleLine({literal(statement)})"
        )
        return str(answer[0][0])

    def _read(self, state: State, statement: str) -> State:
        parsed = ddl.parse(statement)
        if parsed is None:
            raise BackendError(f"read the declaration of {title(state)}", f"it makes another statement: {statement}")
        return ddl.with_expressions(parsed, lambda text: rename_functions(text, self._function))

    def _function(self, token: str) -> str:
        return self.exact.get(token) or self.any_case.get(token.lower(), token)

    def with_types(self, states: list[State]) -> list[State]:
        """The same states, each type by the name that the server stores."""
        asked = {column["type"]: readable(column["type"]) for state in states for column in state.get("columns", [])}
        try:
            found = self._ask("read types", TYPE_NAME, sorted(set(asked.values())))
        except BackendError:
            self._try_types(states)
            raise
        return [
            self._with_types(state, {kind: squeeze(found[text]) for kind, text in asked.items()}) for state in states
        ]

    @staticmethod
    def _with_types(state: State, types: dict[str, str]) -> State:
        if "columns" not in state:
            return state
        return {**state, "columns": [{**column, "type": types[column["type"]]} for column in state["columns"]]}

    def _try_types(self, states: list[State]) -> None:
        """Fails with the column whose type is unknown."""
        for state in states:
            for column in state.get("columns", []):
                asked = f"read type {column['type']} of column {column['name']} of {title(state)}"
                self.server.query(asked, f"SELECT {TYPE_NAME.format(literal(readable(column['type'])))}")

    def _ask(self, asked: str, function: str, texts: list[str]) -> dict[str, Any]:
        """What the function makes of each text, with as few questions as the server takes."""
        answers: dict[str, Any] = {}
        part: list[str] = []
        for text in texts:
            if part and sum(map(len, part)) + len(text) > PART:
                answers.update(self._ask_part(asked, function, part))
                part = []
            part.append(text)
        return {**answers, **self._ask_part(asked, function, part)}

    def _ask_part(self, asked: str, function: str, texts: list[str]) -> dict[str, Any]:
        if not texts:
            return {}
        selected = ", ".join(function.format(literal(text)) for text in texts)
        return dict(zip(texts, self.server.query(asked, f"SELECT {selected}")[0], strict=True))
