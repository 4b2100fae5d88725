"""What tells a row from all others: the fewest columns, preferably such as are named like a key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from ops.dataset.errors import RefusedError
from ops.dataset.names import fold
from ops.dataset.profile import Column
from ops.dataset.source import Table, one

KEY_NAMES = re.compile(r"(^|_)(id|uuid|guid|key|code|no|nr|nummer|number|num|ref|sku|ean|iban)_?$")
FRONT = 100_000  # rows on which a combination has to be unique first: few are, and only those are asked of all rows
MOST = 12  # columns that combinations are made of
LONGEST = 200  # a longer text is no key
NAMED = 5


@dataclass(frozen=True)
class Key:
    columns: tuple[str, ...]
    repeated: int = 0  # rows whose key an earlier row has
    incomplete: int = 0  # rows without one of the key's columns
    given: bool = False


def like_a_key(name: str) -> bool:
    return bool(KEY_NAMES.search(name))


def find(table: Table, columns: Sequence[Column], wished: Sequence[str] = ()) -> Key:
    if wished:
        return given(table, columns, wished)
    usable = ranked(column for column in columns if can_be_key(column))
    for column in usable:
        if column.distinct >= 0.8 * table.rows and repeats(table, [column]) == 0:  # the number is an estimate
            return Key((column.name,))
    for size in (2, 3):
        for some in combinations(usable[:MOST], size):
            if could_be_unique(some, table.rows) and repeats(table, some, FRONT) == 0 and repeats(table, some) == 0:
                return Key(tuple(column.name for column in sorted(some, key=lambda of: of.index)))
    raise RefusedError(no_key(table, columns, usable))


def can_be_key(column: Column) -> bool:
    return (
        column.filled == column.rows
        and column.kind != "bool"
        and not (column.kind == "number" and column.scale)
        and column.longest <= LONGEST
    )


def ranked(columns: Iterable[Column]) -> list[Column]:
    """Likely ones first: by name, then whole numbers, short texts, dates."""
    kinds = {"whole": 0, "number": 1, "text": 1, "date": 2, "moment": 2}

    def order(column: Column) -> tuple[bool, bool, int, int]:
        exact = column.name in ("id", "uuid", "key")
        return (not exact, not like_a_key(column.name), kinds[column.kind], column.index)

    return sorted(columns, key=order)


def could_be_unique(columns: Sequence[Column], rows: int) -> bool:
    possible = 1
    for column in columns:
        possible *= max(1, round(column.distinct * 1.1))
    return possible >= rows


def repeats(table: Table, columns: Sequence[Column], rows: int | None = None) -> int:
    """Rows that have the same values as an earlier one; of the first `rows` when given."""
    names = ", ".join(column.source for column in columns)
    part = f"(SELECT * FROM rows WHERE rowid < {rows})" if rows else "rows"  # noqa: S608
    total, different = one(
        table.connection,
        f"SELECT (SELECT count(*) FROM {part}), (SELECT count(*) FROM (SELECT DISTINCT {names} FROM {part}))",  # noqa: S608
    )
    return int(total - different)


def given(table: Table, columns: Sequence[Column], wished: Sequence[str]) -> Key:
    """The key that the user wants; what it costs is told."""
    known = {column.name: column for column in columns}
    by_header = {column.header: column for column in columns}
    chosen = []
    for wish in wished:
        column = by_header.get(wish) or known.get(wish) or known.get(fold(wish, 0))
        if column is None:
            raise RefusedError(f"KEY: there is no column {wish}; there are: {', '.join(known)}")
        chosen.append(column)
    complete = " AND ".join(present(column) for column in chosen)
    names = ", ".join(column.source for column in chosen)
    filled, different = one(
        table.connection,
        f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT {names} FROM rows WHERE {complete})) "  # noqa: S608
        f"FROM rows WHERE {complete}",
    )
    return Key(tuple(column.name for column in chosen), int(filled - different), int(table.rows - filled), True)


def present(column: Column) -> str:
    words = ", ".join("'" + word.replace("'", "''") + "'" for word in column.missing)
    return f"{column.source} IS NOT NULL" + (f" AND {column.source} NOT IN ({words})" if words else "")


def no_key(table: Table, columns: Sequence[Column], usable: Sequence[Column]) -> str:
    """Why there is none, and what comes closest."""
    copies = repeats(table, columns)
    closest: list[tuple[int, int, str]] = []
    likely = sorted(usable[:MOST], key=lambda column: -column.distinct)[:NAMED]
    for size in (1, 2, 3):
        for some in combinations(likely, size):
            names = ",".join(column.name for column in sorted(some, key=lambda of: of.index))
            closest.append((repeats(table, some), size, names))
    best = sorted(closest)[:NAMED]
    told = "no column, pair or triple of columns is without gaps and different in every row. "
    if copies:
        told += f"{copies:,} rows are copies of another row as a whole, so no key can be. "
    if best:
        told += "Closest: " + "; ".join(f"{names} ({rows:,} rows repeat one)" for rows, _size, names in best) + ". "
    choice = best[0][2] if best else "a,b"
    return told + f"Choose with KEY={choice}: of rows with the same key the first stays, the others go to quarantine"
