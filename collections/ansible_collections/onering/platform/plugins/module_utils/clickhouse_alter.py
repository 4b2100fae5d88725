# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""What leads from one state of a ClickHouse object to another: statements, what they lose, and what no ALTER can do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from ansible_collections.onering.platform.plugins.module_utils import clickhouse_ddl as ddl
from ansible_collections.onering.platform.plugins.module_utils.clickhouse import literal, name
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_sql import unquote
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_types import keeps_key, nullable, widens

State = dict[str, Any]

FIXED = ("engine", "order_by", "partition_by")
FIXED_SETTINGS = (
    "index_granularity",
    "share_nested_offsets",
    "allow_tuple_element_aggregation",
    "index_granularity_bytes",
    "enable_mixed_granularity_parts",
    "table_disk",
    "add_minmax_index_for_numeric_columns",
    "add_minmax_index_for_string_columns",
    "add_minmax_index_for_temporal_columns",
    "add_minmax_index_for_block_number_column",
    "add_minmax_index_for_block_offset_column",
)
ALTERABLE = re.compile(r"\w*MergeTree\b|(Memory|Null|Merge|Buffer|Distributed)\b")
ALTERABLE_OF_VIEWS = {"query", "comment", "definer", "sql_security", "refresh"}
STORED = (None, "default", "materialized")
SECRET = "[HIDDEN]"  # noqa: S105
IN_STRING = r"(?:[^'\\]|\\.)*"
CODEC_ARGUMENTS = {"ZSTD": "ZSTD(1)", "LZ4HC": "LZ4HC(0)"}
SIZED_CODECS = ("Delta", "DoubleDelta", "Gorilla", "FPC", "T64")


@dataclass
class Change:
    """Commands of one ALTER, those that need one of their own behind it, and what stands against them."""

    commands: list[str] = field(default_factory=list)
    later: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)

    def statements(self, sql_name: str) -> list[str]:
        together = [", ".join(self.commands)] if self.commands else []
        return [f"ALTER TABLE {sql_name} {commands}" for commands in together + self.later]


def settle(current: State, wanted: State) -> State:
    """The wanted state in the words of the current one where both mean the same; what isn't declared stays."""
    settled = dict(wanted)
    for key, same in SAME.items():
        if current.get(key) and key in wanted and same(current, wanted):
            settled[key] = current[key]
    for key in ("definer", "sql_security", "columns"):
        if key in current and key not in wanted:
            settled[key] = current[key]
    if "settings" in wanted and wanted["kind"] != "dictionary":
        have = current.get("settings", {})
        hidden = {key: value for key, value in have.items() if SECRET in value}
        settled["settings"] = {**have, **wanted["settings"], **hidden}
    return settled


def settle_codecs(current: State, wanted: State, declared: State) -> State:
    """A codec that isn't declared stays; one declared without its arguments is the one with the server's."""
    have = {column["name"]: column.get("codec", "") for column in current["columns"]}
    unset = {column["name"] for column in declared["columns"] if column.get("codec") is None}
    columns = []
    for column in wanted["columns"]:
        codec = have.get(column["name"], "")
        keeps = column["name"] in unset or same_codec(codec, column.get("codec", ""))
        if codec and keeps and column.get("default_kind") in STORED:
            column = {**column, "codec": codec}
        columns.append(column)
    return {**wanted, "columns": columns}


def same_codec(current: str, wanted: str) -> bool:
    have, want = current.split(", "), wanted.split(", ")
    return len(have) == len(want) and all(map(_same_method, have, want))


def _same_method(current: str, wanted: str) -> bool:
    if CODEC_ARGUMENTS.get(wanted, wanted) == current:
        return True
    return wanted in SIZED_CODECS and current.partition("(")[0] == wanted


def _hides(key: str) -> Callable[[State, State], bool]:
    """The server shows no password: whatever is declared in its place can't be compared."""

    def same(current: State, wanted: State) -> bool:
        pattern = IN_STRING.join(re.escape(part) for part in current[key].split(SECRET))
        return re.fullmatch(pattern, wanted[key], re.DOTALL) is not None

    return same


def _same_engine(current: State, wanted: State) -> bool:
    """Without arguments, a replicated engine has the server's own path and replica."""
    if re.fullmatch(r"Replicated\w+", wanted["engine"]):
        return re.fullmatch(wanted["engine"] + r"\('[^']*', '[^']*'\)", current["engine"]) is not None
    return _hides("engine")(current, wanted)


def _same_query(current: State, wanted: State) -> bool:
    """A table without a database is one of the view's own; the server writes it down."""
    database = re.compile(rf"(?<![\w.`'])({re.escape(current['database'])}|{re.escape(name(current['database']))})\.")
    return database.sub("", current["query"]) == database.sub("", wanted["query"])


SAME: dict[str, Callable[[State, State], bool]] = {
    "engine": _same_engine,
    "source": _hides("source"),
    "query": _same_query,
}


def alter_table(current: State, wanted: State, keys: set[str]) -> Change:
    """`keys` are the columns that a key of the table is made of."""
    change = Change()
    _storage(change, current, wanted)
    _drop_elements(change, current, wanted)
    _columns(change, current["columns"], wanted["columns"], keys)
    _order(change, current, wanted)
    _sample(change, current, wanted)
    _add_elements(change, current, wanted)
    if not ALTERABLE.match(current["engine"]):
        change.impossible += [f"engine {current['engine']} can't {command}" for command in change.commands]
    _comment(change, current, wanted)
    _ttl(change, current, wanted)
    _settings(change, current, wanted)
    return change


def _differs(current: State, wanted: State, key: str) -> str:
    return f"{key} is '{_shown(current.get(key, ''))}', declared '{_shown(wanted.get(key, ''))}'"


def _shown(value: Any) -> str:
    if isinstance(value, dict):  # the target of a view, or settings
        return ".".join(value.values()) if "database" in value else ", ".join(f"{k} = {v}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(f"{item['name']} {item['type']}" if isinstance(item, dict) else item for item in value)
    return str(value)


def _storage(change: Change, current: State, wanted: State) -> None:
    fixed = [key for key in FIXED if current[key] != wanted[key]]
    if extends_order(current, wanted):
        fixed.remove("order_by")
    change.impossible += [_differs(current, wanted, key) for key in fixed]
    said = "order_by" in fixed and not current["primary_key"] and not wanted["primary_key"]
    if not said and _primary(current) != _primary(wanted):
        have, want = ({"primary_key": _primary(state)} for state in (current, wanted))
        change.impossible.append(_differs(have, want, "primary_key"))


def _primary(state: State) -> list[str]:
    primary: list[str] = state["primary_key"] or state["order_by"]
    return primary


def extends_order(current: State, wanted: State) -> bool:
    """The one change of a sorting key that ClickHouse can do: by columns that are new with it."""
    old, new = current["order_by"], wanted["order_by"]
    have = {column["name"] for column in current.get("columns", [])}
    added = {column["name"] for column in wanted.get("columns", [])} - have
    return old != new and new[: len(old)] == old and all(unquote(text) in added for text in new[len(old) :])


def _order(change: Change, current: State, wanted: State) -> None:
    if extends_order(current, wanted):
        change.commands.append(f"MODIFY ORDER BY ({', '.join(wanted['order_by'])})")


def _sample(change: Change, current: State, wanted: State) -> None:
    if current["sample_by"] != wanted["sample_by"]:
        change.commands.append(f"MODIFY SAMPLE BY {wanted['sample_by']}" if wanted["sample_by"] else "REMOVE SAMPLE BY")


ELEMENTS = {
    "indexes": ("INDEX", ddl.index_sql),
    "projections": ("PROJECTION", ddl.projection_sql),
    "constraints": ("CONSTRAINT", ddl.constraint_sql),
}


def _drop_elements(change: Change, current: State, wanted: State) -> None:
    for key, (word, _sql) in ELEMENTS.items():
        gone = [element for element in current[key] if element not in wanted[key]]
        change.commands += [f"DROP {word} {name(element['name'])}" for element in gone]


def _add_elements(change: Change, current: State, wanted: State) -> None:
    for key, (word, sql) in ELEMENTS.items():
        change.commands += [f"ADD {word} {sql(element)}" for element in wanted[key] if element not in current[key]]


def _comment(change: Change, current: State, wanted: State) -> None:
    if current["comment"] != wanted["comment"]:
        change.commands.append(f"MODIFY COMMENT {literal(wanted['comment'])}")


def _ttl(change: Change, current: State, wanted: State) -> None:
    if current["ttl"] == wanted["ttl"]:
        return
    if wanted["ttl"]:
        change.losses.append(_differs(current, wanted, "ttl"))
        change.later.append(f"MODIFY TTL {wanted['ttl']}")
    else:
        change.commands.append("REMOVE TTL")


def _settings(change: Change, current: State, wanted: State) -> None:
    """`settings` of the two have the same keys but for new ones."""
    have = current["settings"]
    differing = {key: value for key, value in wanted["settings"].items() if have.get(key) != value}
    for key in FIXED_SETTINGS:
        if key in differing:
            change.impossible.append(f"setting {key} is '{have.get(key, '')}', declared '{differing[key]}'")
    if differing:
        settings = ", ".join(ddl.setting_sql(*setting) for setting in differing.items())
        change.later.append(f"MODIFY SETTING {settings}")


def _columns(change: Change, current: list[State], wanted: list[State], keys: set[str]) -> None:
    names = {column["name"] for column in wanted}
    for column in current:
        if column["name"] not in names:
            _drop_column(change, column, keys)
    have = {column["name"]: column for column in current if column["name"] in names}
    unmoved = _unmoved(list(have), [column["name"] for column in wanted])
    for index, column in enumerate(wanted):
        place = f" AFTER {name(wanted[index - 1]['name'])}" if index else " FIRST"
        before = have.get(column["name"])
        if before is None:
            change.commands.append(f"ADD COLUMN {ddl.column_sql(column)}{place}")
        else:
            _weigh_column(change, before, column, keys)
            _alter_column(change, before, column, "" if column["name"] in unmoved else place)


def _unmoved(current: list[str], wanted: list[str]) -> set[str]:
    """Columns that can stay where they are when each other one is put behind its neighbour."""
    blocks = SequenceMatcher(None, current, wanted, autojunk=False).get_matching_blocks()
    return {column for block in blocks for column in current[block.a : block.a + block.size]}


def _drop_column(change: Change, column: State, keys: set[str]) -> None:
    told = f"column {column['name']} {column['type']} is not declared"
    if column["name"] in keys:
        change.impossible.append(f"{told}, and a key is made of it")
    elif column.get("default_kind") in STORED:
        change.losses.append(told)
    change.commands.append(f"DROP COLUMN {name(column['name'])}")


def _weigh_column(change: Change, before: State, column: State, keys: set[str]) -> None:
    """What stands against the change of one column."""
    stored = before.get("default_kind") in STORED
    if before["type"] != column["type"]:
        told = f"column {column['name']} is {before['type']}, declared {column['type']}"
        if column["name"] in keys and not keeps_key(before["type"], column["type"]):
            change.impossible.append(f"{told}, and a key is made of it")
        elif stored and not widens(before["type"], column["type"]):
            change.losses.append(told)
    if stored and column.get("default_kind") not in STORED:
        change.losses.append(f"column {column['name']} is stored, declared {column['default_kind']}")
    if column.get("ttl") and before.get("ttl") != column["ttl"]:
        change.losses.append(f"ttl of column {column['name']} is '{before.get('ttl', '')}', declared '{column['ttl']}'")


def _alter_column(change: Change, before: State, column: State, place: str) -> None:
    """What goes stands before the change, but for a default: the change would bring it back."""
    modify = f"MODIFY COLUMN {name(column['name'])}"
    gone = [key for key in ("comment", "codec", "ttl", "default_kind") if before.get(key) and not column.get(key)]
    change.commands += [f"{modify} REMOVE {key.upper()}" for key in gone if key != "default_kind"]
    if _needs_default(before, column):
        column = {**column, "default_kind": "default", "default": f"{ddl.NO_VALUE}{literal(column['type'])})"}
        change.later.append(f"{modify} REMOVE DEFAULT")
        gone = []
    changed = {key for key, value in column.items() if value != before.get(key)}
    if place or changed:
        said = {key: value for key, value in column.items() if key in changed or key not in ("comment", "codec", "ttl")}
        change.commands.append(f"MODIFY COLUMN {ddl.column_sql(said)}{place}")
    if "default_kind" in gone:
        change.commands.append(f"{modify} REMOVE {before['default_kind'].upper()}")


def _needs_default(before: State, column: State) -> bool:
    """On the way: EPHEMERAL can't be removed, only replaced, and each NULL must become some value."""
    loses_nulls = nullable(before["type"]) and not nullable(column["type"])
    return "default_kind" not in column and (before.get("default_kind") == "ephemeral" or loses_nulls)


def alter_materialized_view(current: State, wanted: State) -> Change:
    """Query, comment, security and the times of a refresh; all else would be another view."""
    change = Change()
    moves = ("to" in current) != ("to" in wanted)
    fixed = ["to"] if moves else sorted({*current, *wanted} - ALTERABLE_OF_VIEWS)
    differing = [key for key in fixed if current.get(key) != wanted.get(key)]
    change.impossible += [_differs(current, wanted, key) for key in differing]
    _refresh(change, current, wanted)
    if ddl.security_sql(current) != ddl.security_sql(wanted):
        change.later.append(f"MODIFY {ddl.security_sql(wanted)}")
    if current["comment"] != wanted["comment"]:
        change.later.append(f"MODIFY COMMENT {literal(wanted['comment'])}")
    if current["query"] != wanted["query"]:
        change.later.append(f"MODIFY QUERY {wanted['query']}")
    return change


def _refresh(change: Change, current: State, wanted: State) -> None:
    have, want = current.get("refresh", ""), wanted.get("refresh", "")
    if have == want:
        return
    if have and want and have.endswith(" APPEND") == want.endswith(" APPEND"):
        change.later.append(f"MODIFY REFRESH {want}")
    else:
        change.impossible.append(_differs(current, wanted, "refresh"))
