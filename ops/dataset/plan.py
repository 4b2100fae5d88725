"""What is made of the columns: the key, one first mart, expectations with the bounds that were seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ops.dataset.keys import Key, like_a_key
from ops.dataset.names import LONGEST
from ops.dataset.profile import FEW, Column

MEASURED = 12  # most measures of the mart
EXPECTED = 60  # most columns that a suite says something about
WORD = 60  # longest value that a set of values has
REVIEW = "review: as seen"
PARTS = ("year", "month", "day", "hour", "week", "quarter", "jahr", "monat", "plz", "zip", "postcode", "phone")


@dataclass(frozen=True)
class MartColumn:
    """A column of the mart: in ClickHouse's view, in PostgreSQL's table, and where it comes from."""

    name: str
    expression: str
    type: str
    origin: str = ""
    required: bool = True


@dataclass(frozen=True)
class Measure:
    name: str
    gold: str
    silver: str


@dataclass(frozen=True)
class Mart:
    name: str
    title: str
    key: tuple[str, ...]
    columns: tuple[MartColumn, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True)
class Plan:
    name: str
    title: str
    columns: tuple[Column, ...]
    key: Key
    mart: Mart
    suites: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    review: tuple[str, ...] = ()


def make(name: str, title: str, columns: Sequence[Column], key: Key) -> Plan:
    columns = tuple(replace(column, required=column.name in key.columns) for column in columns)
    month, category = month_of(columns), category_of(columns, key)
    measured, left_out = measures_of(columns, key, category)
    mart = mart_of(name, month, category, measured)
    plan = Plan(name, title, columns, key, mart)
    return replace(plan, suites=suites(plan), review=tuple(review(plan, month, left_out)))


def month_of(columns: Sequence[Column]) -> Column | None:
    """The date that the mart counts by: the first with the fewest gaps."""
    dates = [column for column in columns if column.kind in ("date", "moment")]
    return min(dates, key=lambda column: (column.nulls, column.index), default=None)


def category_of(columns: Sequence[Column], key: Key) -> Column | None:
    """The text with few different values; one without gaps first, then one with neither one nor many of them."""
    few = [
        column
        for column in columns
        if column.kind == "text" and column.name not in key.columns
        and 2 <= column.distinct <= FEW and column.filled >= 2 * column.distinct
    ]  # fmt: skip
    return min(few, key=lambda column: (column.nulls > 0, like_a_key(column.name), column.index), default=None)


def measures_of(columns: Sequence[Column], key: Key, category: Column | None) -> tuple[list[Column], list[Column]]:
    """Numbers that can be added up, and those beyond what one mart should have."""
    numbers = [
        column
        for column in columns
        if column.kind in ("whole", "number") and column.filled and column.name not in key.columns
        and not like_a_key(column.name) and not set(column.name.split("_")) & set(PARTS) and column is not category
    ]  # fmt: skip
    return numbers[:MEASURED], numbers[MEASURED:]


def mart_of(name: str, month: Column | None, category: Column | None, measured: Sequence[Column]) -> Mart:
    taken: set[str] = set()

    def free(wanted: str) -> str:
        wanted = wanted[:LONGEST]
        while wanted in taken:
            wanted = f"{wanted[: LONGEST - 2]}_2"
        taken.add(wanted)
        return wanted

    found: list[MartColumn] = []
    asked: list[str] = []
    if month:
        asked.append("month")
        first = f"toDate(toStartOfMonth(f.{month.name}))"
        if month.type == "Date32":  # of which toStartOfMonth would make a Date
            first = f"makeDate32(toYear(f.{month.name}), toMonth(f.{month.name}), 1)"
        first = f"ifNull({first}, toDate('1970-01-01'))" if month.nulls and not month.required else first
        found.append(MartColumn(free("month"), first, "date", month.name))
    if category:
        asked.append(category.name)
        group = f"ifNull(f.{category.name}, '(none)')" if category.nulls else f"f.{category.name}"
        found.append(MartColumn(free(category.name), group, "text", category.name))
    if not found:
        asked.append("all rows")
        found.append(MartColumn(free("scope"), "'all'", "text"))
    key = tuple(column.name for column in found)
    records = free("records")
    found.append(MartColumn(records, "count()", "bigint"))
    measures = [Measure(records, f"sum({records})", "count()")]
    for column in measured:
        gaps = bool(column.nulls)
        if column.exact:
            total = exact_sum(column)
            label, mean = free(f"{stem(column)}_sum"), free(f"{stem(column)}_mean")
            of = "numeric(38, 0)" if column.kind == "whole" else f"numeric(38, {scale_of(column)})"
            found.append(MartColumn(label, total.format("f."), of, column.name))
            average = f"round(toFloat64({label}) / nullIf(count(f.{column.name}), 0), 4)"
            found.append(MartColumn(mean, average, "double precision", column.name, required=False))
            measures.append(Measure(label, f"sum({label})", f"toString({total.format('')})"))
        else:
            mean = free(f"{stem(column)}_mean")
            average = f"round(avg(f.{column.name}), 6)"
            found.append(MartColumn(mean, average, "double precision", column.name, required=not gaps))
    title = " and ".join(asked).replace("_", " ")
    return Mart(
        f"{name}_summary", f"{name.replace('_', ' ').capitalize()} by {title}", key, tuple(found), tuple(measures)
    )


def stem(column: Column) -> str:
    return column.name[: LONGEST - 5].rstrip("_")


def scale_of(column: Column) -> int:
    """Digits behind the mark that the sum keeps: cents at least, for what comes later."""
    return max(2, column.scale)


def exact_sum(column: Column) -> str:
    """A sum without rounding: of whole numbers, or of decimals read from a Float64's shortest form."""
    if column.kind == "whole":
        return f"ifNull(sum(toInt128({{0}}{column.name})), 0)"
    return f"ifNull(sum(toDecimal128(toString({{0}}{column.name}), {scale_of(column)})), 0)"


def suites(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    return {"bronze": bronze(plan), "silver": silver(plan), "gold": gold(plan)}


def unique(columns: Sequence[str], **more: Any) -> dict[str, Any]:
    if len(columns) == 1:
        return {"type": "expect_column_values_to_be_unique", "column": columns[0], **more}
    return {"type": "expect_compound_columns_to_be_unique", "column_list": list(columns), **more}


def counted(rows: int, note: str) -> dict[str, Any]:
    return {
        "type": "expect_table_row_count_to_be_between", "min_value": max(1, rows // 2), "max_value": max(2, rows * 2),
        "notes": f"review: {rows} {note}; half to twice as many",
    }  # fmt: skip


def bronze(plan: Plan) -> list[dict[str, Any]]:
    """What came: enough rows, and values where all rows had one."""
    rows = plan.columns[0].rows
    found = [counted(rows, "rows were seen")]
    found.append(
        {"type": "expect_column_values_to_be_between", "column": "_changes", "min_value": 0, "max_value": 0,
         "mostly": 0.999, "notes": "values nobody could read"}
    )  # fmt: skip
    full = [column for column in plan.columns if not column.nulls or column.required]
    for column in [*filter(is_key(plan), full), *[c for c in full if not is_key(plan)(c)][:EXPECTED]]:
        seen = 1 - column.nulls / column.rows
        mostly = {} if column.required and not column.nulls else {"mostly": round(min(0.99, seen - 0.01), 3)}
        found.append(
            {"type": "expect_column_values_to_not_be_null", "column": column.name, **mostly}
            | ({} if column.required else {"notes": "review: no gap was seen"})
        )
    return found


def is_key(plan: Plan) -> Any:
    return lambda column: column.name in plan.key.columns


def silver(plan: Plan) -> list[dict[str, Any]]:
    """The candidate: rows are told apart, values are such as were seen."""
    rows = plan.columns[0].rows - plan.key.repeated - plan.key.incomplete
    found = [counted(rows, "rows are expected"), unique(plan.key.columns)]
    said = 0
    for column in plan.columns:
        if column.name in plan.key.columns or said == EXPECTED:
            continue
        if expectation := seen_values(column):
            found.append(expectation)
            said += 1
    return found


def seen_values(column: Column) -> dict[str, Any] | None:
    if column.kind in ("whole", "number"):
        return {
            "type": "expect_column_values_to_be_between", "column": column.name, "min_value": column.minimum,
            "max_value": column.maximum, "mostly": 0.99, "notes": REVIEW,
        }  # fmt: skip
    if column.kind in ("date", "moment"):
        cast = {"Date": "toDate", "Date32": "toDate32"}.get(column.type, "toDateTime")
        zone = ", 'UTC'" if cast == "toDateTime" else ""
        return {
            "type": "unexpected_rows_expectation",
            "description": f"review: no {column.name} before {column.minimum}, the first that was seen",
            "unexpected_rows_query": f"SELECT {column.name} FROM {{batch}} "  # noqa: S608
            f"WHERE {column.name} < {cast}('{column.minimum}'{zone})",
        }
    if column.kind == "text" and column.values and column.filled >= 10 * len(column.values) and short(column.values):
        return {
            "type": "expect_column_values_to_be_in_set", "column": column.name, "value_set": list(column.values),
            "mostly": 0.99, "notes": REVIEW,
        }  # fmt: skip
    return None


def short(values: Sequence[str]) -> bool:
    """Whether all are words: line breaks, for one, come out of the connector as another sign."""
    return all(len(value) <= WORD and value.isprintable() for value in values)


def gold(plan: Plan) -> list[dict[str, Any]]:
    rows = plan.columns[0].rows - plan.key.repeated - plan.key.incomplete
    records = next(column.name for column in plan.mart.columns if column.expression == "count()")
    return [
        {"type": "expect_table_row_count_to_be_between", "min_value": 1},
        unique(plan.mart.key),
        {"type": "expect_column_values_to_be_between", "column": records, "min_value": 1},
        {
            "type": "expect_column_sum_to_be_between", "column": records, "min_value": max(1, rows // 2),
            "max_value": max(2, rows * 2), "notes": f"review: {rows} rows are expected; half to twice as many",
        },
    ]  # fmt: skip


def review(plan: Plan, month: Column | None, left_out: Sequence[Column]) -> list[str]:
    """What somebody who knows the data should look at."""
    key = plan.key
    names = ", ".join(key.columns)
    if not key.given:
        how = "was found to be different in every row" if len(key.columns) == 1 else "were found to be so together"
        told = [f"key {names}: {how}; is it meant to be? Else KEY=…"]
    else:
        told = []
    if key.repeated:
        told.append(f"key {names}: {key.repeated:,} rows repeat one, they go to quarantine; the first that came stays")
    if key.incomplete:
        told.append(f"key {names}: {key.incomplete:,} rows lack a part of it, they go to quarantine")
    told += [f"{column.name}: {note}" for column in plan.columns for note in column.notes]
    if month and month.nulls:
        told.append(f"mart: {month.nulls:,} rows have no {month.name}, they count in 1970-01-01")
    if left_out:
        told.append(f"mart: {len(left_out)} more numbers are left out ({', '.join(c.name for c in left_out[:5])}, …)")
    inexact = [column.name for column in plan.columns if column.kind == "number" and not column.exact and column.filled]
    if inexact:
        told.append(f"mart: no exact sum of {', '.join(inexact[:5])} (too many digits), so its mean only")
    if len(plan.columns) > EXPECTED:
        told.append(f"suites: they speak of {EXPECTED} of the {len(plan.columns)} columns")
    return told
