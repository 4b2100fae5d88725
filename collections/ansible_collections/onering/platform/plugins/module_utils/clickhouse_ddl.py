# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""ClickHouse's CREATE statements to and from the states that are compared.

`create` writes the statement of a state. `parse` reads the state of a statement that the server has formatted, be it
that of a live table or what a declaration amounts to: so both come out alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ansible_collections.onering.platform.plugins.module_utils.clickhouse import literal, name
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_sql import (
    bare,
    clauses,
    first,
    inside,
    items,
    scan,
    split,
    squeeze,
    tables,
    unquote,
)

State = dict[str, Any]

KINDS = ("table", "dictionary", "view", "materialized_view")
STORAGE = ("PARTITION BY", "PRIMARY KEY", "ORDER BY", "SAMPLE BY", "TTL", "SETTINGS")
CLAUSES = {
    "table": ("ENGINE", "COMMENT", "AS"),
    "view": ("DEFINER", "SQL SECURITY", "COMMENT", "AS"),
    "materialized_view": ("REFRESH", "TO", "ENGINE", "DEFINER", "SQL SECURITY", "COMMENT", "AS"),
    "dictionary": ("PRIMARY KEY", "SOURCE", "LIFETIME", "LAYOUT", "RANGE", "SETTINGS", "COMMENT"),
}
DEFAULTS = ("DEFAULT", "MATERIALIZED", "ALIAS", "EPHEMERAL")
NO_VALUE = "defaultValueOfTypeName("  # how the server writes an ephemeral column without a default
ATTRIBUTES = ("HIERARCHICAL", "BIDIRECTIONAL", "INJECTIVE", "IS_OBJECT_ID")
SELECT = re.compile(r"(SELECT|WITH)\b", re.IGNORECASE)
SWITCHES = {"true": "1", "false": "0"}
OPENING = re.compile(r"CREATE (TABLE|VIEW|MATERIALIZED VIEW|DICTIONARY) ")


def parse(statement: str) -> State | None:
    """The state of a formatted CREATE statement; None if it is of another kind than those managed."""
    match = OPENING.match(statement)
    if match is None:
        return None
    kind = match[1].lower().replace(" ", "_")
    database, table, rest = _qualified(statement[match.end() :])
    parts = clauses(rest, CLAUSES[kind])
    state = {"kind": kind, "database": database, "name": table, "comment": unquote(parts.get("COMMENT", ""))}
    return PARSERS[kind](state, parts)


def _qualified(text: str) -> tuple[str, str, str]:
    database, rest = first(text)
    table, rest = first(rest.removeprefix("."))
    return database, table, rest


def _table(state: State, parts: dict[str, str]) -> State | None:
    if "ENGINE" not in parts:
        return None  # made of a table function
    elements = split(inside(parts[""]) or "")
    state["columns"] = [_column(text) for text in elements if text.startswith("`")]
    for key, (keyword, read) in ELEMENTS.items():
        found = [read(text.removeprefix(keyword)) for text in elements if text.startswith(keyword)]
        state[key] = sorted(found, key=lambda element: element["name"])
    return {**state, **_storage(parts["ENGINE"])}


def _storage(text: str) -> State:
    parts = clauses(text, STORAGE)
    order = items(parts.get("ORDER BY", ""))
    primary = items(parts.get("PRIMARY KEY", ""))
    engine, arguments = first(parts[""].removeprefix("= "))
    return {
        "engine": engine if arguments == "()" else engine + arguments,
        "order_by": order,
        "primary_key": [] if primary == order else primary,  # the server doesn't mention it then
        "partition_by": _key(items(parts.get("PARTITION BY", ""))),
        "sample_by": bare(parts.get("SAMPLE BY", "")),
        "ttl": parts.get("TTL", ""),
        "settings": _settings(parts.get("SETTINGS", "")),
    }


def _key(expressions: list[str]) -> str:
    return f"({', '.join(expressions)})" if len(expressions) > 1 else "".join(expressions)


def _settings(text: str) -> dict[str, str]:
    pairs = (part.split(" = ", 1) for part in split(text))
    return {key: SWITCHES.get(value, unquote(value)) for key, value in pairs}


def _column(text: str) -> State:
    column, rest = first(text)
    parts = clauses(rest, (*DEFAULTS, "COMMENT", "CODEC", "STATISTICS", "TTL", "SETTINGS"))
    state: State = {"name": column, "type": squeeze(parts[""])}
    for kind in DEFAULTS:
        if kind in parts:
            default = bare(parts[kind])
            state["default_kind"] = kind.lower()
            state["default"] = "" if kind == "EPHEMERAL" and default.startswith(NO_VALUE) else default
    codec = inside(parts.get("CODEC", "")) or ""
    return {**state, **_given(codec="" if codec == "Default" else codec, ttl=parts.get("TTL", ""), **_comment(parts))}


def _comment(parts: dict[str, str]) -> State:
    return {"comment": unquote(parts.get("COMMENT", ""))}


def _given(**values: Any) -> State:
    return {key: value for key, value in values.items() if value}


def _index(text: str) -> State:
    index, rest = first(text)
    parts = clauses(rest, ("TYPE", "GRANULARITY"))
    return {
        "name": index,
        "expression": bare(parts[""]),
        "type": parts["TYPE"],
        "granularity": int(parts.get("GRANULARITY", 1)),
    }


def _projection(text: str) -> State:
    projection, query = first(text)
    return {"name": projection, "query": inside(query) or query}


def _constraint(text: str) -> State:
    constraint, rest = first(text)
    kind, expression = first(rest)
    return {"name": constraint, "kind": kind.lower(), "expression": bare(expression)}


def _view(state: State, parts: dict[str, str]) -> State:
    security = _given(definer=parts.get("DEFINER", "").removeprefix("= "), sql_security=parts.get("SQL SECURITY"))
    return {**state, "query": parts["AS"], **{key: unquote(value) for key, value in security.items()}}


def _materialized_view(state: State, parts: dict[str, str]) -> State:
    refresh, columns = _until_columns(parts.get("REFRESH", parts[""]))
    state = {**_view(state, parts), **_given(refresh=refresh)}
    if "TO" in parts:
        database, table, _columns = _qualified(parts["TO"])
        return {**state, "to": {"database": database, "name": table}}
    found = [_column(text) for text in split(inside(columns) or "")]
    return {**state, **_given(columns=found), **_storage(parts["ENGINE"])}


def _until_columns(text: str) -> tuple[str, str]:
    """What stands before the columns, and those."""
    begin = next((position for position, word, depth in scan(text) if word == "(" and depth == 0), len(text))
    return text[:begin].strip(), text[begin:]


def _dictionary(state: State, parts: dict[str, str]) -> State:
    layout = inside(parts.get("LAYOUT", "")) or ""
    return {
        **state,
        "columns": [_attribute(text) for text in split(inside(parts[""]) or "")],
        "primary_key": split(parts.get("PRIMARY KEY", "")),
        "source": inside(parts.get("SOURCE", "")) or "",
        "layout": layout if layout.endswith(")") or not layout else f"{layout}()",
        "lifetime": inside(parts.get("LIFETIME", "")) or "",
        "range": inside(parts.get("RANGE", "")) or "",
        "settings": _settings(inside(parts.get("SETTINGS", "")) or ""),
    }


def _attribute(text: str) -> State:
    column, rest = first(text)
    parts = clauses(rest, ("DEFAULT", "EXPRESSION", *ATTRIBUTES))
    flags = [flag.lower() for flag in ATTRIBUTES if flag in parts]
    given = _given(default=parts.get("DEFAULT"), expression=parts.get("EXPRESSION"), flags=flags)
    return {"name": column, "type": squeeze(parts[""]), **given}


ELEMENTS: dict[str, tuple[str, Callable[[str], State]]] = {
    "indexes": ("INDEX ", _index),
    "projections": ("PROJECTION ", _projection),
    "constraints": ("CONSTRAINT ", _constraint),
}
PARSERS: dict[str, Callable[[State, dict[str, str]], State | None]] = {
    "table": _table,
    "view": _view,
    "materialized_view": _materialized_view,
    "dictionary": _dictionary,
}


def create(state: State, replace: bool = False) -> str:
    """The statement that makes it."""
    kind = state["kind"]
    verb = "CREATE OR REPLACE" if replace else "CREATE"
    words = [verb, kind.upper().replace("_", " "), name(state["database"], state["name"]), *WRITERS[kind](state)]
    return " ".join(word for word in words if word)


def _write_table(state: State) -> list[str]:
    elements = [column_sql(column) for column in state["columns"]]
    elements += [f"INDEX {index_sql(index)}" for index in state["indexes"]]
    elements += [f"PROJECTION {projection_sql(projection)}" for projection in state["projections"]]
    elements += [f"CONSTRAINT {constraint_sql(constraint)}" for constraint in state["constraints"]]
    return [f"({', '.join(elements)})", *_write_storage(state), _write_comment(state)]


def _write_storage(state: State) -> list[str]:
    engine, order, primary = state["engine"], state["order_by"], state["primary_key"]
    settings = ", ".join(setting_sql(*setting) for setting in state["settings"].items())
    return [
        f"ENGINE = {engine}",
        _clause("PARTITION BY", state["partition_by"]),
        _clause("PRIMARY KEY", primary and f"({', '.join(primary)})"),
        f"ORDER BY ({', '.join(order)})" if order or "MergeTree" in engine else "",
        _clause("SAMPLE BY", state["sample_by"]),
        _clause("TTL", state["ttl"]),
        _clause("SETTINGS", settings),
    ]


def _clause(keyword: str, text: Any) -> str:
    return f"{keyword} {text}" if text else ""


def _write_comment(state: State) -> str:
    return _clause("COMMENT", state.get("comment") and literal(state["comment"]))


def _write_view(state: State) -> list[str]:
    return [security_sql(state), _write_comment(state), f"AS {state['query']}"]


def security_sql(state: State) -> str:
    definer = _clause("DEFINER =", state.get("definer") and name(state["definer"]))
    return f"{definer} {_clause('SQL SECURITY', state.get('sql_security'))}".strip()


def _write_materialized_view(state: State) -> list[str]:
    refresh = _clause("REFRESH", state.get("refresh"))
    if state.get("to"):
        return [refresh, f"TO {name(state['to']['database'], state['to']['name'])}", *_write_view(state)]
    columns = [column_sql(column) for column in state.get("columns") or []]
    stored = f"({', '.join(columns)})" if columns else ""
    return [refresh, stored, *_write_storage(state), *_write_view(state)]


def _write_dictionary(state: State) -> list[str]:
    settings = ", ".join(setting_sql(*setting) for setting in state["settings"].items())
    return [
        f"({', '.join(_write_attribute(column) for column in state['columns'])})",
        _clause("PRIMARY KEY", ", ".join(state["primary_key"])),
        f"SOURCE({state['source']})",
        f"LIFETIME({state['lifetime']})" if state["lifetime"] else "",
        f"LAYOUT({state['layout']})" if state["layout"] else "",
        f"RANGE({state['range']})" if state["range"] else "",
        f"SETTINGS({settings})" if settings else "",
        _write_comment(state),
    ]


def _write_attribute(column: State) -> str:
    words = [
        name(column["name"]),
        column["type"],
        _clause("DEFAULT", column.get("default")),
        _clause("EXPRESSION", column.get("expression")),
        *(flag.upper() for flag in column.get("flags") or []),
    ]
    return " ".join(word for word in words if word)


WRITERS: dict[str, Callable[[State], list[str]]] = {
    "table": _write_table,
    "view": _write_view,
    "materialized_view": _write_materialized_view,
    "dictionary": _write_dictionary,
}


def column_sql(column: State) -> str:
    words = [
        name(column["name"]),
        column["type"],
        default_sql(column),
        _write_comment(column),
        f"CODEC({column['codec']})" if column.get("codec") else "",
        _clause("TTL", column.get("ttl")),
    ]
    return " ".join(word for word in words if word)


def default_sql(column: State) -> str:
    """An ephemeral column may have no expression, and is then written as the server does it."""
    kind, default = column.get("default_kind") or "default", column.get("default") or ""
    if kind == "ephemeral" and not default:
        default = f"{NO_VALUE}{literal(column['type'])})"
    return f"{kind.upper()} {default}".strip() if default or kind != "default" else ""


def index_sql(index: State) -> str:
    return f"{name(index['name'])} {index['expression']} TYPE {index['type']} GRANULARITY {index['granularity']}"


def projection_sql(projection: State) -> str:
    """A query stands in parentheses, the newer forms do not."""
    query = projection["query"]
    enclosed = f"({query})" if SELECT.match(query) else query
    return f"{name(projection['name'])} {enclosed}"


def constraint_sql(constraint: State) -> str:
    return f"{name(constraint['name'])} {constraint['kind'].upper()} {constraint['expression']}"


def setting_sql(key: str, value: str) -> str:
    return f"{key} = {value if re.fullmatch(r'-?[0-9.]+', value) else literal(value)}"


def with_expressions(state: State, change: Callable[[str], str]) -> State:
    """The same with every expression and query changed."""
    result: State = dict(state)
    result.update({key: change(state[key]) for key in ("partition_by", "sample_by", "ttl", "query") if key in state})
    if state["kind"] != "dictionary":
        result.update(
            {key: [change(text) for text in state[key]] for key in ("order_by", "primary_key") if key in state}
        )
    for key in ("columns", "indexes", "projections", "constraints"):
        if key in state:
            result[key] = [_element(element, change) for element in state[key]]
    return result


def _element(element: State, change: Callable[[str], str]) -> State:
    expressions = ("default", "expression", "ttl", "query")
    return {key: change(value) if key in expressions else value for key, value in element.items()}


def in_order(states: list[State]) -> list[State]:
    """Each after those that it reads; else by kind, and as they were declared."""
    waiting = sorted(states, key=lambda state: KINDS.index(state["kind"]))
    placed: list[State] = []

    def place(state: State) -> None:
        if state not in waiting:
            return
        waiting.remove(state)
        read = tables(create(state))
        for other in list(waiting):
            qualified = (other["database"], other["name"])
            if qualified in read or (other["database"] == state["database"] and ("", other["name"]) in read):
                place(other)
        placed.append(state)

    while waiting:
        place(waiting[0])
    return placed
