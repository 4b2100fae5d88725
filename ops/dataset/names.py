"""Names that both stores take without quotes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ops.dataset.errors import RefusedError

LONGEST = 63  # PostgreSQL cuts what is longer
LETTERS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "å": "aa", "ł": "l", "đ": "d", "€": " eur "}
    | {"%": " percent ", "#": " number ", "&": " and "}
)
# PostgreSQL's reserved words and its tables' own columns.
POSTGRES = """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation
    column concurrently constraint create cross current_catalog current_date current_role current_schema
    current_time current_timestamp current_user default deferrable desc distinct do else end except false fetch for
    foreign freeze from full grant group having ilike in initially inner intersect into is isnull join lateral
    leading left like limit localtime localtimestamp natural not notnull null offset on only or order outer overlaps
    placing primary references returning right select session_user similar some symmetric system_user table
    tablesample then to trailing true union unique user using variadic verbose when where window with cmax cmin ctid
    tableoid xmax xmin
"""
# Of ClickHouse's own keywords those that are no column where the flow has one: each was tried in all its statements.
CLICKHOUSE = "all constraint cube distinct false index inf infinity nan not null projection rollup top true"
RESERVED = frozenset(POSTGRES.split()) | frozenset(CLICKHOUSE.split())


def fold(header: str, position: int) -> str:
    """A header as a name in snake case; a reserved word gets an underscore behind it, a leading digit c_ before it."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header.strip())
    plain = unicodedata.normalize("NFKD", split.lower().translate(LETTERS))
    ascii_only = "".join(sign for sign in plain if not unicodedata.combining(sign))
    name = re.sub(r"[^a-z0-9]+", "_", ascii_only).strip("_")
    if not name:
        return f"column_{position}"
    if name[0].isdigit():
        name = f"c_{name}"
    name = name[:LONGEST].rstrip("_")
    return f"{name}_" if name in RESERVED else name


def folded(headers: Sequence[str]) -> list[str]:
    """All headers' names. Two that come out the same are refused, by their own words."""
    seen: dict[str, tuple[int, str]] = {}
    clashes = []
    found = []
    for position, header in enumerate(headers, start=1):
        name = fold(header, position)
        if name in seen:
            other_position, other = seen[name]
            clashes.append(f"columns {other_position} ({other!r}) and {position} ({header!r}) are both {name}")
        seen.setdefault(name, (position, header))
        found.append(name)
    if clashes:
        raise RefusedError(
            f"two headers, one name: {'; '.join(clashes)}. Rename one of them in the file, or give all names: "
            "HEADER=name1,name2,… (with HAS_HEADER=1, as the file has a header)"
        )
    return found
