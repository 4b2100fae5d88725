"""What the books say, as the page takes it."""

from __future__ import annotations

from typing import Any

from platform_report import books


class Books:
    """Answers every statement with the same rows."""

    def __init__(self, names: str, *rows: tuple[Any, ...]) -> None:
        self.answer = [(name, "text") for name in names.split()], list(rows)

    def rows(self, _statement: str, _parameters: Any = None) -> Any:
        return self.answer


def event(output: tuple[str, str], *edges: tuple[str, str, str, str]) -> dict[str, Any]:
    """A lineage event: column, and the namespace, name and field it comes from."""
    fields: dict[str, Any] = {}
    for column, namespace, name, of in edges:
        fields.setdefault(column, {"inputFields": []})["inputFields"].append(
            {"namespace": namespace, "name": name, "field": of}
        )
    namespace, name = output
    facets = {"columnLineage": {"fields": fields}}
    return {"outputs": [{"namespace": namespace, "name": name, "facets": facets}]}


def test_lineage_leads_from_the_source_to_gold() -> None:
    told = [
        event(("s3://bronze", "sales/bills"), ("nr", "airbyte://source-file", "sales/bills", "Nr.")),
        event(("clickhouse://c", "silver.bills"), ("nr", "s3://bronze", "sales/bills", "nr")),
        event(("postgres://p", "onering.gold.year"), ("bills", "clickhouse://c", "silver.bills", "nr")),
    ]
    (found,) = books.lineage(Books("dataset payload", *(("sales", of) for of in told)))  # type: ignore[arg-type]
    assert found["edges"] == [
        ["source.bills|Nr.", "bronze.bills|nr"],
        ["bronze.bills|nr", "silver.bills|nr"],
        ["silver.bills|nr", "gold.year|bills"],
    ]
    assert [(of["layer"], of["tables"]) for of in found["layers"]] == [
        ("Source", [{"table": "source.bills", "columns": ["Nr."]}]),
        ("Bronze", [{"table": "bronze.bills", "columns": ["nr"]}]),
        ("Silver", [{"table": "silver.bills", "columns": ["nr"]}]),
        ("Gold", [{"table": "gold.year", "columns": ["bills"]}]),
    ]
