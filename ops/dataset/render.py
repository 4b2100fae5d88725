"""The three files of a dataset, as text. The same profile gives the same bytes."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ops.dataset.plan import MartColumn, Plan
from ops.dataset.profile import Column
from ops.dataset.source import Dialect

MOUNT = "/opt/onering/platform"  # where the containers have the content
SAMPLE = "storage/medallion/samples/{name}/rows.csv"
WIDTH = 120
YAML = yaml.SafeLoader("")
PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_ ().=,/-]*[A-Za-z0-9_)]|[A-Za-z]")
# What a changelog's reader, ClickHouse and PostgreSQL all take for itself inside quotes.
COMMENTED = re.compile(r"[^\w .,:%€/()&+#-]+")
RECORD = (
    "_airbyte_raw_id String, _airbyte_extracted_at DateTime64(3, ''UTC''), "
    "_airbyte_meta Tuple(sync_id Int64, changes Array(Tuple(field String, change String, reason String)))"
)


def scalar(value: Any) -> str:
    """A value as YAML, quoted where it would be read as something else."""
    if isinstance(value, str) and PLAIN.fullmatch(value) and ", " not in value and reads_as_text(value):
        return value
    return written(value)


def written(value: Any) -> str:
    """A value as JSON, which YAML reads too; what can't be seen is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(value)


def reads_as_text(value: str) -> bool:
    """Whether YAML takes a plain word for text: `no` and `null` are none."""
    return YAML.resolve(yaml.ScalarNode, value, (True, False)) == YAML.DEFAULT_SCALAR_TAG


def flow(value: Mapping[str, Any]) -> str:
    """A mapping in one line."""
    return (
        "{" + ", ".join(f"{scalar(name)}: {of if name == 'type' else scalar(of)}" for name, of in value.items()) + "}"
    )


def item(expectation: Mapping[str, Any]) -> str:
    """An expectation as an item of a list: one line if it is short."""
    parts = [f"{name}: {inline(value)}" for name, value in expectation.items()]
    line = "- {" + ", ".join(parts) + "}"
    return line if len(line) <= WIDTH - 4 else "- " + "\n  ".join(wrapped(*pair) for pair in expectation.items())


def inline(value: Any) -> str:
    return "[" + ", ".join(map(scalar, value)) + "]" if isinstance(value, list) else scalar(value)


def wrapped(name: str, value: Any) -> str:
    """A key and its value, over several lines where one would be too long."""
    line = f"{name}: {inline(value)}"
    if len(line) <= WIDTH - 6:
        return line
    if isinstance(value, list):
        return f"{name}:\n" + "\n".join(f"    - {scalar(of)}" for of in value)
    return line


def declared(column: Column) -> dict[str, str]:
    return {"type": column.silver_type} | {
        name: value for name, value in (("format", column.format), ("decimal", column.decimal)) if value
    }


def origins(column: MartColumn, plan: Plan) -> list[str]:
    if column.expression == "count()":
        return [f"{plan.name}.{plan.key.columns[0]}"]
    return [f"{plan.name}.{column.origin}"] if column.origin else []


def comment(column: Column) -> str:
    """The header, where the name is another one."""
    if column.header == column.name:
        return ""
    told = re.sub("--+", "-", " ".join(COMMENTED.sub(" ", column.header).split()))
    return f" COMMENT '{told}'" if told else ""


def structure(plan: Plan) -> str:
    """Bronze as s3() has to read it."""
    fields = ", ".join(f"{column.name} Nullable(String)" for column in plan.columns)
    return "\n".join(textwrap.wrap(f"{RECORD}, {fields}", 100, break_long_words=False, break_on_hyphens=False))


def options(plan: Plan, dialect: Dialect) -> str:
    """How the connector's reader has to read: every value as the text that it is, an empty one as missing."""
    found: dict[str, Any] = {"sep": dialect.separator, "encoding": dialect.encoding}
    if dialect.by_place:
        found |= {"header": 0} if dialect.has_header else {}
        found |= {"names": [column.name for column in plan.columns], "index_col": False}
    found |= {"dtype": "str", "keep_default_na": False}
    if any(column.missing for column in plan.columns):
        found["na_values"] = {
            column.name if dialect.by_place else own(column): ["", *column.missing] for column in plan.columns
        }
    else:
        found["na_values"] = [""]
    # Lines are folded to one by YAML, each break to a space: of two in a name none may be a break.
    text = re.sub(" {2,}", lambda run: "\\u0020" * len(run.group()), written(found))
    return "\n".join(textwrap.wrap(text, WIDTH - 10, break_long_words=False, break_on_hyphens=False))


def own(column: Column) -> str:
    """The column's name as the connector has it: a header that is empty gets one."""
    return column.header or f"Unnamed: {column.index}"


def own_names(plan: Plan, dialect: Dialect) -> dict[str, str]:
    """By their headers columns are found again in a file that has them in another order, or has new ones."""
    if dialect.by_place:
        return {}
    return {column.name: own(column) for column in plan.columns if own(column) != column.name}


def source(plan: Plan, dialect: Dialect) -> dict[str, Any]:
    found: dict[str, Any] = {"path": f"{MOUNT}/{SAMPLE.format(name=plan.name)}", "format": "csv"}
    if dialect.encoding != "utf-8":
        found["encoding"] = dialect.encoding
    if dialect.separator != ",":
        found["separator"] = dialect.separator
    if not dialect.has_header:
        found["header"] = False
    return found


def render(plan: Plan, dialect: Dialect, file: str) -> dict[str, str]:
    """Path below the content folder → text."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  YAML and SQL, not HTML
        keep_trailing_newline=True,
    )
    filters = (scalar, flow, item, declared, origins, comment)
    environment.filters.update({function.__name__: function for function in filters})
    values = {
        "plan": plan,
        "file": " ".join(file.split()),
        "path": f"{MOUNT}/{SAMPLE.format(name=plan.name)}",
        "options": options(plan, dialect),
        "names": own_names(plan, dialect),
        "source": source(plan, dialect),
        "structure": structure(plan),
    }
    names = {
        "dataset.yml.j2": f"datasets/{plan.name}.yml",
        "changelog.sql.j2": f"versioning/liquibase/datasets/{plan.name}.sql",
        "suites.yml.j2": f"quality/great_expectations/suites/{plan.name}.yml",
    }
    return {path: environment.get_template(template).render(values) for template, path in names.items()}
