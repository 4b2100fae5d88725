"""Records as Bronze keeps them: Parquet in the layout of Airbyte's S3 destination.

Runs in the connectors' environment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from onering.airbyte_columns import EXTRACTED_AT, GENERATION_ID, META, RAW_ID

BATCH = 10_000
REASON = "DESTINATION_SERIALIZATION_ERROR"
CHANGE = pa.struct([(name, pa.string()) for name in ("field", "change", "reason")])
TYPES = {"string": pa.string(), "number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_()}
NATIVE: dict[str, type] = {"string": str, "number": float, "integer": int, "boolean": bool}

Record = Mapping[str, Any]
Change = dict[str, str]


class MissingFieldError(RuntimeError):
    """The connector doesn't deliver a field that the connection's catalog has."""


@dataclass
class Findings:
    """What a stream's records show that the connection's catalog doesn't say."""

    unknown: set[str] = field(default_factory=set)
    unreadable: Counter[str] = field(default_factory=Counter)

    @property
    def notes(self) -> list[str]:
        told = [f"{count} values of {name} are not of the catalog's type" for name, count in self.unreadable.items()]
        if self.unknown:
            told.append(f"the source has fields that are not loaded: {', '.join(sorted(self.unknown))}")
        return told


def schema(fields: Mapping[str, str]) -> pa.Schema:
    own = [
        pa.field(RAW_ID, pa.string(), nullable=False),
        pa.field(EXTRACTED_AT, pa.timestamp("ms", tz="UTC"), nullable=False),
        pa.field(GENERATION_ID, pa.int64(), nullable=False),
        pa.field(META, pa.struct([("sync_id", pa.int64()), ("changes", pa.list_(CHANGE))]), nullable=False),
    ]
    return pa.schema(own + [pa.field(name, TYPES[kind]) for name, kind in fields.items()])


def convert(value: Any, kind: str) -> Any:
    """A value as the catalog's type; ValueError when it has no such reading."""
    if value is None:
        return None
    if kind == "boolean" and not isinstance(value, bool):
        raise ValueError(value)
    converted = NATIVE[kind](value)
    if kind == "integer" and converted != float(value):
        raise ValueError(value)
    return converted


def column(name: str, kind: str, values: list[Any], changes: list[list[Change]]) -> pa.Array:
    """A column of a batch. What can't be read as its type is nulled and noted."""
    try:
        # An array made of integers' type would cut fractions off without a word; a cast refuses.
        return pa.array(values).cast(TYPES[kind]) if kind == "integer" else pa.array(values, TYPES[kind])
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        pass
    converted = []
    for row, value in enumerate(values):
        try:
            converted.append(convert(value, kind))
        except (TypeError, ValueError):
            converted.append(None)
            changes[row].append({"field": name, "change": "NULLED", "reason": REASON})
    return pa.array(converted, TYPES[kind])


def batch(records: list[Record], fields: Mapping[str, str], findings: Findings) -> pa.RecordBatch:
    changes: list[list[Change]] = [[] for _ in records]
    columns = [column(name, kind, [record.get(name) for record in records], changes) for name, kind in fields.items()]
    findings.unknown |= records[0].keys() - fields.keys() - {RAW_ID, EXTRACTED_AT}
    findings.unreadable.update(change["field"] for of_record in changes for change in of_record)
    own = [
        pa.array([record[RAW_ID] for record in records], pa.string()),
        pa.array([record[EXTRACTED_AT] for record in records], pa.timestamp("ms", tz="UTC")),
        pa.array([0] * len(records), pa.int64()),
        pa.array([{"sync_id": 0, "changes": change} for change in changes], schema(fields).field(META).type),
    ]
    return pa.RecordBatch.from_arrays(own + columns, schema=schema(fields))


def batches(
    records: Iterable[Record], fields: Mapping[str, str], findings: Findings, size: int = BATCH
) -> Iterator[pa.RecordBatch]:
    """Batches of bounded size. A connector may leave a field without a value out of a record, but not out of all."""
    rows: list[Record] = []
    unseen, any_records = set(fields), False
    for record in records:
        unseen -= record.keys()
        any_records = True
        rows.append(record)
        if len(rows) == size:
            yield batch(rows, fields, findings)
            rows = []
    if rows:
        yield batch(rows, fields, findings)
    if any_records and unseen:
        missing = [name for name in fields if name in unseen]
        raise MissingFieldError(
            f"the source lacks fields that the connection names, in all records: {', '.join(missing)}. Nothing of this "
            "run was loaded; mend the source, or take them out of connection and dataset, then run the date again."
        )


@dataclass
class Part:
    """One object in the making, in memory: at most `rows_per_object` records."""

    schema: pa.Schema
    sink: pa.BufferOutputStream = field(default_factory=pa.BufferOutputStream)
    rows: int = 0

    def __post_init__(self) -> None:
        self._writer = pq.ParquetWriter(self.sink, self.schema, compression="zstd")

    def add(self, rows: pa.RecordBatch) -> None:
        self._writer.write_batch(rows)
        self.rows += rows.num_rows

    def body(self) -> bytes:
        self._writer.close()
        return self.sink.getvalue().to_pybytes()


def parts(rows: Iterable[pa.RecordBatch], fields: Mapping[str, str], rows_per_object: int) -> Iterator[Part]:
    """The batches packed into objects. A stream without records still has one: its columns are then known."""
    part = Part(schema(fields))
    for record_batch in rows:
        if part.rows and part.rows + record_batch.num_rows > rows_per_object:
            yield part
            part = Part(schema(fields))
        part.add(record_batch)
    yield part


def object_name(logical_date: datetime, number: int) -> str:
    """Airbyte's own pattern, {date}_{timestamp}_{part}, with the run's date: a repeat writes the same names."""
    return f"{logical_date:%Y_%m_%d}_{int(logical_date.timestamp() * 1000)}_{number}.parquet"
