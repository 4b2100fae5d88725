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
    if column.bare_type.startswith("DateTime"):
        return f"parseDateTimeBestEffortOrNull({raw}, 'UTC')"
    if column.bare_type == "Date":
        return f"toDateOrNull({raw})"
    return f"accurateCastOrNull({raw}, '{column.bare_type}')"


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
