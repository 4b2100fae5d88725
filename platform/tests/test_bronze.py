"""Bronze's Parquet. Needs pyarrow, as the connectors' environment has it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

pq = pytest.importorskip("pyarrow.parquet")
pa = pytest.importorskip("pyarrow")
from onering import bronze  # noqa: E402

FIELDS = {"name": "string", "size": "number", "count": "integer"}
EXTRACTED = datetime(2026, 1, 1, tzinfo=UTC)


def record(number: int, **values: Any) -> dict[str, Any]:
    own = {bronze.RAW_ID: f"{number:036}", bronze.EXTRACTED_AT: EXTRACTED}
    return {"name": "n", "size": 1, "count": 2} | values | own


def batches(rows: Iterable[dict[str, Any]], size: int = 10, findings: bronze.Findings | None = None) -> Any:
    return bronze.batches(rows, FIELDS, findings or bronze.Findings(), size)


def table(part: bronze.Part) -> Any:
    return pq.read_table(pa.BufferReader(part.body()))


def test_layout_is_airbytes() -> None:
    (part,) = bronze.parts(batches([record(1)]), FIELDS, 10)
    assert table(part).column_names == [bronze.RAW_ID, bronze.EXTRACTED_AT, bronze.GENERATION_ID, bronze.META, *FIELDS]


def test_objects_are_bounded_and_lose_nothing() -> None:
    """Regression 7."""
    rows = (record(number) for number in range(25))
    found = [table(part) for part in bronze.parts(batches(rows, size=5), FIELDS, 10)]
    assert [len(part) for part in found] == [10, 10, 5]
    assert len({row for part in found for row in part[bronze.RAW_ID].to_pylist()}) == 25


def test_empty_stream_still_has_its_columns() -> None:
    (part,) = bronze.parts(batches([]), FIELDS, 10)
    assert len(table(part)) == 0


def test_what_cannot_be_read_is_nulled_and_noted() -> None:
    rows = [record(1, size="12.5"), record(2, size="much"), record(3, count=1.5), record(4, size=None)]
    (part,) = bronze.parts(batches(rows), FIELDS, 10)
    found = table(part)
    assert found["size"].to_pylist() == [12.5, None, 1.0, None]
    assert found["count"].to_pylist() == [2, 2, None, 2]
    changes = [[change["field"] for change in meta["changes"]] for meta in found[bronze.META].to_pylist()]
    assert changes == [[], ["size"], ["count"], []]


def test_findings_tell_what_the_catalog_does_not() -> None:
    findings = bronze.Findings()
    rows = [record(1, size="much"), record(2, size="more"), record(3, other=1)]
    assert len(list(batches(rows, 2, findings))) == 2
    assert findings.notes == [
        "2 values of size are not of the catalog's type",
        "the source has fields that are not loaded: other",
    ]


def without(number: int, *fields: str) -> dict[str, Any]:
    return {name: value for name, value in record(number).items() if name not in fields}


def test_field_that_is_left_out_has_no_value() -> None:
    rows = [without(1, "size"), record(2), without(3, "name", "count")]
    (part,) = bronze.parts(batches(rows, size=1), FIELDS, 10)
    found = table(part)
    assert [found[name].to_pylist() for name in FIELDS] == [["n", "n", None], [None, 1.0, 1.0], [2, 2, None]]
    assert [meta["changes"] for meta in found[bronze.META].to_pylist()] == [[], [], []]


def test_field_that_no_record_has_is_named() -> None:
    rows = [without(number, "size", "count") for number in range(3)]
    with pytest.raises(bronze.MissingFieldError, match=r"in all records: size, count\. Nothing"):
        list(batches(rows, size=2))


def test_repeat_writes_the_same_names() -> None:
    assert bronze.object_name(EXTRACTED, 3) == "2026_01_01_1767225600000_3.parquet"
