"""SQL of the flow: templates under platform/analytics/<engine>/flow, filled from the dataset file."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from onering.dataset import Column
from onering.platform_files import ROOT


def identifiers(names: Iterable[str]) -> str:
    """Columns as ClickHouse quotes them."""
    return ", ".join(f"`{name}`" for name in names)


def quoted(names: Iterable[str]) -> str:
    """Columns as PostgreSQL quotes them."""
    return ", ".join(f'"{name}"' for name in names)


def literal(value: str | float) -> str:
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return repr(value)


def literals(values: Iterable[str | float]) -> str:
    return ", ".join(literal(value) for value in values)


def typed(column: Column) -> str:
    """What reads a value of Bronze as the column's type; NULL where it can't be read."""
    raw = f"r.`{column.name}`"
    if column.bare_type == "String":
        return f"toString({raw})"
    if column.bare_type.startswith("Date"):
        return moment(column, raw)
    if column.decimal:
        raw = f"replaceAll({raw}, {literal('.' if column.decimal == ',' else ',')}, '')"
        raw = f"replaceAll({raw}, ',', '.')" if column.decimal == "," else raw
    return f"accurateCastOrNull({raw}, '{column.bare_type}')"


def moment(column: Column, raw: str) -> str:
    """A date or a time. With a format, what is no day or beyond the type's range is NULL; without one it is bent."""
    if column.bare_type == "Date32":  # DateTime begins in 1970
        return f"toDate32(parseDateTime64OrNull({raw}, {literal(column.format or '%Y-%m-%d')}, 'UTC'))"
    if column.format:
        parsed = f"parseDateTimeOrNull({raw}, {literal(column.format)}, 'UTC')"
        return f"toDate({parsed})" if column.bare_type == "Date" else parsed
    return f"toDateOrNull({raw})" if column.bare_type == "Date" else f"parseDateTimeBestEffortOrNull({raw}, 'UTC')"


@cache
def _templates(engine: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "analytics" / engine / "flow"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  SQL, not HTML
        keep_trailing_newline=False,
    )
    functions = (identifiers, quoted, literal, literals, typed)
    environment.filters.update({function.__name__: function for function in functions})
    return environment


def clickhouse(template: str, **values: Any) -> str:
    return _templates("clickhouse").get_template(f"{template}.sql").render(values).strip()


def postgres(template: str, **values: Any) -> str:
    return _templates("postgres").get_template(f"{template}.sql").render(values).strip()
