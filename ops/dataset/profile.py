"""What is in each column: its type, gaps, bounds and number of different values, of all rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ops.dataset.kinds import KINDS, MISSING, Kind, plausible
from ops.dataset.source import Table, clipped, one, text

SAMPLED = 200  # rows that say which kinds are worth a look
AT_ONCE = 50  # columns a query
MOSTLY = 0.9  # a column that is mostly of a kind is told as mixed
FEW = 24  # at most so many different values make a category
SYMBOLS = 10_000  # at most so many make a LowCardinality
EXACT_DIGITS = 15  # what a Float64 holds without loss
ROOM = 10  # a whole number's type holds so many times what was seen
DATE = ("1970-01-01", "2105-12-31")  # ClickHouse's Date as its parser gives it, and DateTime
DATE32 = ("1900-01-01", "2299-12-31")
WIDTHS = (8, 16, 32, 64)


@dataclass(frozen=True)
class Column:
    """A column of the file, as it will be one of Silver."""

    index: int
    header: str
    name: str
    rows: int
    filled: int = 0
    distinct: int = 0
    kind: str = "text"
    type: str = "String"  # ClickHouse's, without Nullable
    format: str = ""
    decimal: str = ""
    missing: tuple[str, ...] = ()  # words of this column that stand for a missing value
    minimum: Any = None
    maximum: Any = None
    scale: int = 0  # digits behind the decimal mark
    exact: bool = False  # sums can be computed without rounding
    values: tuple[str, ...] = ()  # all of them, where they are few
    example: str = ""
    longest: int = 0
    notes: tuple[str, ...] = ()
    required: bool = False  # part of the key

    @property
    def source(self) -> str:
        return f"c{self.index}"

    @property
    def nulls(self) -> int:
        return self.rows - self.filled

    @property
    def silver_type(self) -> str:
        low = self.kind == "text" and 0 < self.distinct <= min(SYMBOLS, max(FEW, self.filled // 10))
        of = f"Nullable({self.type})" if self.nulls and not self.required else self.type
        return f"LowCardinality({of})" if low else of


@dataclass
class Finding:
    """What the first pass says of a column."""

    candidates: list[Kind]
    filled: int = 0
    distinct: int = 0
    longest: int = 0
    example: str = ""
    matches: dict[Kind, int] = field(default_factory=dict)
    words: int = 0  # values that are words for a missing one


def profile(table: Table, names: Sequence[str]) -> list[Column]:
    """All columns."""
    findings = look(table)
    columns = [
        Column(
            index=index,
            header=header,
            name=name,
            rows=table.rows,
            filled=found.filled,
            distinct=min(found.distinct, found.filled),
            longest=found.longest,
            example=found.example,
        )
        for index, (header, name, found) in enumerate(zip(table.headers, names, findings, strict=True))
    ]
    return [measure(table, decide(table, column, found)) for column, found in zip(columns, findings, strict=True)]


def look(table: Table) -> list[Finding]:
    """One pass over each column: how many values are of each plausible kind."""
    found: list[Finding] = []
    words = ", ".join(text(word) for word in MISSING)
    for indices in chunks(range(len(table.headers))):
        names = [f"c{index}" for index in indices]
        sample = table.connection.execute(
            f"SELECT {', '.join(names)} FROM rows WHERE rowid < {SAMPLED}"  # noqa: S608
        ).fetchall()
        batch = [
            Finding(plausible([row[place] for row in sample if row[place] is not None])) for place in range(len(names))
        ]
        asked = []
        for name, of in zip(names, batch, strict=True):
            asked += [f"count({name})", f"approx_count_distinct({name})", f"coalesce(max(length({name})), 0)"]
            asked += [f"arg_min({name}, rowid) FILTER ({name} NOT IN ({words}))", f"count_if({name} IN ({words}))"]
            asked += [f"count_if({kind.matches(name)})" for kind in of.candidates]
        answer = iter(table.connection.execute(f"SELECT {', '.join(asked)} FROM rows").fetchone() or ())  # noqa: S608
        for of in batch:
            of.filled, of.distinct, of.longest = next(answer), next(answer), next(answer)
            of.example, of.words = next(answer) or "", next(answer)
            of.matches = {kind: next(answer) for kind in of.candidates}
        found += batch
    return found


def chunks(indices: range) -> Iterator[range]:
    for start in range(0, len(indices), AT_ONCE):
        yield indices[start : start + AT_ONCE]


def decide(table: Table, column: Column, found: Finding) -> Column:
    """The column's kind: the first that all its values are of, words for a missing value aside."""
    original = column
    if column.filled == 0:
        return noted(column, "has no values at all: kept as text")
    full = [kind for kind in KINDS if found.matches.get(kind) == column.filled]
    if not full and found.words:
        full = [kind for kind in KINDS if 0 < found.matches.get(kind, 0) >= column.filled - found.words]
        if full:
            column = without_words(table, column, full[0])
    if full:
        typed = apply(table, column, full)
        return typed if typed.kind != "text" else replace(original, notes=typed.notes)
    if count(table, column, f"regexp_full_match({column.source}, '[0-9]+')") == column.filled:
        return noted(column, "digits, some with a leading zero: kept as text")
    best = max(found.candidates, key=lambda kind: found.matches[kind], default=None)
    if best and found.matches[best] >= column.filled * MOSTLY:
        return noted(column, mixed(table, column, best, found.matches[best]))
    if padded := count(table, column, f"{column.source} <> trim({column.source})"):
        column = noted(column, f"{padded:,} values have blanks around them, which stay")
    return column


def without_words(table: Table, column: Column, kind: Kind) -> Column:
    """Take the words for a missing value as missing."""
    rest = f"{column.source} IS NOT NULL AND NOT {kind.matches(column.source)}"
    words = table.connection.execute(
        f"SELECT {column.source}, count(*) FROM rows WHERE {rest} GROUP BY 1 ORDER BY 1"  # noqa: S608
    ).fetchall()
    named = ", ".join(f"{word!r} ({number:,})" for word, number in words)
    return noted(
        replace(
            column,
            missing=tuple(word for word, _number in words),
            filled=column.filled - sum(number for _word, number in words),
        ),
        f"{named} taken as missing",
    )


def mixed(table: Table, column: Column, kind: Kind, matching: int) -> str:
    names = {
        "whole": "whole numbers",
        "number": "numbers",
        "date": "dates",
        "moment": "moments",
        "bool": "true or false",
    }
    row, value = table.connection.execute(
        f"SELECT rowid, {column.source} FROM rows "  # noqa: S608
        f"WHERE {column.source} IS NOT NULL AND NOT {kind.matches(column.source)} ORDER BY rowid LIMIT 1"
    ).fetchone() or (0, "")
    return (
        f"mixed, kept as text: {matching:,} of {column.filled:,} values are {names[kind.name]}; "
        f"the first that isn't is {clipped(value)!r} in row {row + 1:,}"
    )


def count(table: Table, column: Column, condition: str) -> int:
    found = table.connection.execute(f"SELECT count(*) FROM rows WHERE {condition}").fetchone()  # noqa: S608
    return int(found[0]) if found else 0


def apply(table: Table, column: Column, full: Sequence[Kind]) -> Column:
    """The column as its kind, unless Silver has no type that holds its values."""
    kind, column = choose(table, column, full)
    column = replace(column, kind=kind.name, format=kind.format, decimal=kind.decimal)
    if kind.name == "bool":
        return replace(column, type="Bool")
    value, mark = kind.read(column.source), f"strpos({column.source}, '{kind.decimal or '.'}')"
    low, high, scale, powers = one(
        table.connection,
        f"SELECT min({value}), max({value}), "  # noqa: S608
        f"max(CASE WHEN {mark} > 0 THEN length({column.source}) - {mark} ELSE 0 END), "
        f"count_if(contains(lower({column.source}), 'e')) FROM rows WHERE {kind.matches(column.source)}",
    )
    if kind.name == "whole":
        return whole(column, int(low), int(high))
    if kind.name == "number":
        return number(column, float(low), float(high), int(scale), powers=bool(powers))
    return day(table, column, kind, low, high)


def choose(table: Table, column: Column, full: Sequence[Kind]) -> tuple[Kind, Column]:
    """Of several readings the first; what else it could be is told."""
    kind = full[0]
    others = [other for other in full[1:] if other.name == kind.name]
    if kind.name == "number" and kind.decimal and any(other.decimal != kind.decimal for other in others):
        if table.dialect.separator == ",":
            kind = next(other for other in full if other.decimal == ".")
        marks = {",": "a decimal comma", ".": "a comma between thousands"}
        return kind, noted(column, f"ambiguous: {column.example!r} is read with {marks[kind.decimal]}")
    if kind.name == "number" and not kind.decimal and any(other.decimal == "," for other in others):
        grouped = count(table, column, f"contains({column.source}, '.')")
        if grouped:
            return kind, noted(column, f"ambiguous: {column.example!r} is read with a decimal point")
    if kind.name in ("date", "moment"):
        swapped = [other for other in others if other.format.replace("%c", "%e") == kind.format.replace("%c", "%e")]
        if swapped:
            return kind, noted(column, f"ambiguous: {column.example!r} is read as day/month, it could be month/day")
    return kind, column


def whole(column: Column, low: int, high: int) -> Column:
    seen = replace(column, minimum=low, maximum=high)
    for room in (ROOM, 1):
        for width in WIDTHS:
            if low >= 0 and high * room < 2**width:
                return replace(seen, type=f"UInt{width}", exact=True)
            if low < 0 and -(2 ** (width - 1)) <= low * room and high * room < 2 ** (width - 1):
                return replace(seen, type=f"Int{width}", exact=True)
    return as_text(column, f"whole numbers up to {high if high > -low else low} are beyond 64 bits: kept as text")


def number(column: Column, low: float, high: float, scale: int, *, powers: bool) -> Column:
    """A Float64, and whether its sums are exact: a fixed number of decimals, few enough digits."""
    digits = len(str(int(max(abs(low), abs(high))))) + scale
    exact = not powers and digits <= EXACT_DIGITS
    column = replace(column, type="Float64", minimum=low, maximum=high, scale=scale, exact=exact)
    if not powers and digits > EXACT_DIGITS + 2:
        return noted(column, f"has numbers of {digits} digits; Float64 holds {EXACT_DIGITS}")
    return column


def day(table: Table, column: Column, kind: Kind, low: Any, high: Any) -> Column:
    """A Date, Date32 or DateTime in the range that ClickHouse has."""
    first, last = str(low)[:10], str(high)[:10]
    if kind.name == "date":
        column = replace(column, minimum=first, maximum=last)
        fits = "Date" if DATE[0] <= first and last <= DATE[1] else "Date32"
        if fits == "Date32" and not (DATE32[0] <= first and last <= DATE32[1]):
            return as_text(column, f"dates from {first} to {last} are beyond those from 1900 to 2299: kept as text")
    else:
        column = replace(column, minimum=str(low)[:19], maximum=str(high)[:19])
        fits = "DateTime('UTC')"
        if not (DATE[0] <= first and last <= DATE[1]):
            return as_text(column, f"moments from {first} to {last} are beyond those from 1970 to 2105: kept as text")
        if not kind.format:
            if parts := count(table, column, f"contains({column.source}, '.')"):
                column = noted(column, f"{parts:,} values have parts of a second, which are cut off")
            zone = f"regexp_matches({column.source}, '(Z|[-+][0-9]{{2}}(:?[0-9]{{2}})?)$')"
            if without := count(table, column, f"{column.source} IS NOT NULL AND NOT {zone}"):
                column = noted(column, f"{without:,} values name no time zone: read as UTC")
        elif not kind.format.endswith("Z"):
            column = noted(column, "names no time zone: read as UTC")
    column = replace(column, type=fits)
    return noted(column, "years have two digits") if kind.two_digit_year else column


def as_text(column: Column, note: str) -> Column:
    return noted(replace(column, kind="text"), note)


def noted(column: Column, note: str) -> Column:
    return replace(column, notes=(*column.notes, note))


def measure(table: Table, column: Column) -> Column:
    """Exact number of different values where they are few, and those of a text."""
    if column.filled and column.distinct <= 2 * FEW:
        missing = ", ".join(text(word) for word in column.missing)
        kept = f" AND {column.source} NOT IN ({missing})" if missing else ""
        found = table.connection.execute(
            f"SELECT DISTINCT {column.source} FROM rows WHERE {column.source} IS NOT NULL{kept} ORDER BY 1"  # noqa: S608
        ).fetchall()
        column = replace(column, distinct=len(found))
        if len(found) <= FEW:
            column = replace(column, values=tuple(value for (value,) in found))
    return column
