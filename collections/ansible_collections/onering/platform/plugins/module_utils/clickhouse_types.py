# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""ClickHouse's types: what the server wouldn't read as it is meant, and which change of a type loses nothing.

That two spellings mean the same type, the server itself says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.onering.platform.plugins.module_utils.clickhouse_sql import clauses, inside, split

INTEGER = re.compile(r"(U?)Int(\d+)")
NAMED = re.compile(r"(\w+|`(?:[^`\\]|\\.)*`)\s+(?=\w)(.*)", re.DOTALL)
NULLABLE = "Nullable"
LOW_CARDINALITY = "LowCardinality"
COMPOSED = ("Array", "Map", "Tuple")
ENUMS = ("Enum8", "Enum16")
WIDER = {
    ("Float32", "Float64"),
    ("Date", "Date32"),
    ("DateTime", "DateTime64"),
    ("Enum8", "String"),
    ("Enum16", "String"),
    ("FixedString", "String"),
}
SAME_BYTES = {
    ("Date", "UInt16"),
    ("UInt16", "Date"),
    ("DateTime", "UInt32"),
    ("UInt32", "DateTime"),
    ("Enum8", "Int8"),
    ("Enum16", "Int16"),
    ("Bool", "UInt8"),
    ("UInt8", "Bool"),
}


@dataclass(frozen=True)
class Type:
    """`Decimal(9, 2)` is the family Decimal with two arguments."""

    family: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.family}({', '.join(self.arguments)})" if self.arguments else self.family

    @property
    def inner(self) -> Type:
        return parse(self.arguments[0])


def parse(text: str) -> Type:
    family, opened, rest = text.partition("(")
    held = inside(opened + rest)
    return Type(text) if held is None else Type(family.strip(), tuple(split(held)))


def readable(text: str) -> str:
    """What the server can read of it: `NULL` and `NOT NULL` said as types, and LowCardinality outside Nullable."""
    parts = clauses(text, ("NOT NULL", "NULL"))
    return _swap(parse(f"{NULLABLE}({parts['']})" if "NULL" in parts else parts[""]))


def _swap(kind: Type) -> str:
    if kind.family == NULLABLE and kind.inner.family == LOW_CARDINALITY:
        return f"{LOW_CARDINALITY}({NULLABLE}({_swap(kind.inner.inner)}))"
    return str(Type(kind.family, tuple(_swap(parse(argument)) for argument in kind.arguments)))


def nullable(text: str) -> bool:
    return _plain(parse(text)).family == NULLABLE


def widens(old: str, new: str) -> bool:
    """Whether every value keeps its value and meaning in the new type. Both as the server writes them."""
    return old == new or _widens(parse(old), parse(new))


def _widens(old: Type, new: Type) -> bool:
    if LOW_CARDINALITY in (old.family, new.family):
        return widens(str(_plain(old)), str(_plain(new)))
    if new.family == NULLABLE:
        return widens(str(old.inner if old.family == NULLABLE else old), str(new.inner))
    if old.family == new.family:
        return _same_family(old, new)
    return _other_family(old, new)


def _same_family(old: Type, new: Type) -> bool:
    if old.family in COMPOSED:
        return _elementwise(old, new, widens)
    if old.family == "Decimal":
        return _decimal(old, new)
    if old.family in ENUMS:
        return set(old.arguments) <= set(new.arguments)
    return old.family == "DateTime" or (old.family == "DateTime64" and _scale(old) <= _scale(new) < 9)


def _other_family(old: Type, new: Type) -> bool:
    before, after = INTEGER.fullmatch(old.family), INTEGER.fullmatch(new.family)
    if before and after:
        grows = int(before[2]) < int(after[2])
        return grows and (before[1] == after[1] or not after[1])
    if (old.family, new.family) == ENUMS:
        return set(old.arguments) <= set(new.arguments)
    return (old.family, new.family) in WIDER


def keeps_key(old: str, new: str) -> bool:
    """Whether ClickHouse changes the column of a key so: what is stored stays the same."""
    return _stored_alike(str(_plain(parse(old))), str(_plain(parse(new))))


def _stored_alike(before: str, after: str) -> bool:
    old, new = parse(before), parse(after)
    if old.family != new.family:
        return (old.family, new.family) in SAME_BYTES
    if old.family in (*COMPOSED, NULLABLE):
        return _elementwise(old, new, _stored_alike)
    if old.family in ENUMS:
        return _values(old) <= _values(new)
    return old == new or (old.family in ("DateTime", "DateTime64") and _scale(old) == _scale(new))


def _plain(kind: Type) -> Type:
    return kind.inner if kind.family == LOW_CARDINALITY else kind


def _elementwise(old: Type, new: Type, alike: Callable[[str, str], bool]) -> bool:
    """An element of a tuple may have a name, which must stay."""
    before, after = map(_named, old.arguments), map(_named, new.arguments)
    return len(old.arguments) == len(new.arguments) and all(
        old_name == new_name and alike(old_type, new_type)
        for (old_name, old_type), (new_name, new_type) in zip(before, after, strict=True)
    )


def _named(text: str) -> tuple[str, str]:
    match = NAMED.fullmatch(text)
    return (match[1], match[2]) if match else ("", text)


def _decimal(old: Type, new: Type) -> bool:
    (before, before_scale), (after, after_scale) = ((int(a) for a in kind.arguments) for kind in (old, new))
    return after_scale >= before_scale and after - after_scale >= before - before_scale


def _scale(kind: Type) -> int:
    return int(kind.arguments[0]) if kind.family == "DateTime64" else 0


def _values(enumeration: Type) -> set[str]:
    return {argument.rpartition(" = ")[2] for argument in enumeration.arguments}
