"""What was found, for the eye."""

from __future__ import annotations

from collections.abc import Sequence

from ops.dataset.plan import Plan
from ops.dataset.profile import Column
from ops.dataset.source import Table, clipped

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SHOWN = 100  # columns


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int]) -> list[str]:
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(("  " + "  ".join(cells)).rstrip())
    return lines


def bounds(column: Column) -> str:
    if column.minimum is None:
        return f"{column.longest} long" if column.kind == "text" and column.filled else ""
    return f"{plain(column.minimum)} … {plain(column.maximum)}"


def plain(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def row(column: Column) -> tuple[str, ...]:
    name = column.name if column.name == column.header else f"{column.name} ← {clipped(column.header, 30)}"
    different = f"{column.distinct:,}" if column.values or not column.distinct else f"~{column.distinct:,}"
    return name, column.silver_type, f"{column.nulls:,}", different, bounds(column), clipped(column.example, 24)


def found(plan: Plan, source: Table, seconds: float) -> list[str]:
    dialect = source.dialect
    how = f"{dialect.encoding}, {SEPARATORS.get(dialect.separator, repr(dialect.separator))}-separated"
    lines = [f"{source.rows:,} rows, {len(plan.columns)} columns, {how}, looked at in {seconds:.1f} s", ""]
    head = ("column", "type in Silver", "gaps", "different", "bounds", "example")
    lines += table(head, [row(column) for column in plan.columns[:SHOWN]], right=(2, 3))
    if len(plan.columns) > SHOWN:
        lines.append(f"  … and {len(plan.columns) - SHOWN} columns more, in the dataset's file")
    lines += ["", f"Key: {', '.join(plan.key.columns)}"]
    lines.append(f"Mart: gold.{plan.mart.name}: {', '.join(column.name for column in plan.mart.columns)}")
    if told := [*source.notes, *plan.review]:
        lines += ["", "To review", *(f"  - {note}" for note in told)]
    return lines
