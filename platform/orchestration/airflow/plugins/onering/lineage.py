"""Lineage of a run as OpenLineage events, from what the dataset file declares."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from onering import connector, postgres, sql
from onering.connector import Connection, StreamConnection
from onering.dataset import Dataset, Mart, Stream
from onering.run import Run, logical_date_of
from onering.runs import OPS

PRODUCER = "urn:onering:flow"
SPEC = "https://openlineage.io/spec"
BRONZE, CLICKHOUSE, POSTGRES = "s3://bronze", "clickhouse://clickhouse:8123", "postgres://postgres:5432"


def bronze_name(dataset: Dataset, stream: str) -> str:
    return f"{dataset.name}/{stream}"


def events(dataset: Dataset, run: Run, moment: datetime) -> Iterator[dict[str, Any]]:
    """Completed jobs: two a stream (the source to Bronze, Bronze to Silver), one a mart (Silver to Gold)."""
    connection = connector.load(dataset.connection)
    read = {stream.name: stream for stream in connection.streams}
    for stream in dataset.streams:
        edges = bronze_edges(dataset, connection, read[stream.name])
        yield event(dataset, run, moment, f"bronze.{stream.name}", *edges)
        yield event(dataset, run, moment, f"silver.{stream.name}", *silver_edges(dataset, stream))
    for mart in dataset.marts:
        yield event(dataset, run, moment, f"gold.{mart.name}", *gold_edges(mart))


def bronze_edges(
    dataset: Dataset, connection: Connection, stream: StreamConnection
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Each field comes from the source's own, which may have another name."""
    name = bronze_name(dataset, stream.name)
    source = reference(f"airbyte://{connection.connector}", name)
    fields = {field: [source | {"field": stream.own(field)}] for field in stream.fields}
    return [source], output(BRONZE, name, fields)


def silver_edges(dataset: Dataset, stream: Stream) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Each column comes from its namesake, a flag from the columns it looks up."""
    source = reference(BRONZE, bronze_name(dataset, stream.name))
    looked_up = {flag.stream: reference(CLICKHOUSE, f"silver.{flag.stream}") for flag in stream.flags if flag.stream}
    fields = {name: [source | {"field": name}] for name in stream.column_names}
    for flag in stream.flags:
        own = [source | {"field": name} for name in flag.columns or columns_named(flag.expression or "", stream)]
        others = [looked_up[flag.stream] | {"field": name} for name in flag.key] if flag.stream else []
        fields[flag.name] = own + others
    return [source, *looked_up.values()], output(CLICKHOUSE, f"silver.{stream.name}", fields)


def columns_named(expression: str, stream: Stream) -> list[str]:
    words = expression.replace("(", " ").replace(")", " ").split()
    return [name for name in stream.column_names if name in words]


def gold_edges(mart: Mart) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    split = {column: [origin.partition(".")[::2] for origin in origins] for column, origins in mart.origins.items()}
    streams = sorted({stream for origins in split.values() for stream, _ in origins})
    fields = {
        column: [reference(CLICKHOUSE, f"silver.{stream}") | {"field": name} for stream, name in origins]
        for column, origins in split.items()
    }
    return [reference(CLICKHOUSE, f"silver.{stream}") for stream in streams], output(
        POSTGRES, f"onering.gold.{mart.name}", fields
    )


def reference(namespace: str, name: str) -> dict[str, Any]:
    return {"namespace": namespace, "name": name}


def output(namespace: str, name: str, fields: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    facet = {
        "_producer": PRODUCER,
        "_schemaURL": f"{SPEC}/facets/1-2-0/ColumnLineageDatasetFacet.json",
        "fields": {column: {"inputFields": origins} for column, origins in fields.items()},
    }
    return reference(namespace, name) | {"facets": {"columnLineage": facet}}


def event(
    dataset: Dataset, run: Run, moment: datetime, job: str, inputs: Iterable[dict[str, Any]], result: dict[str, Any]
) -> dict[str, Any]:
    nominal = {
        "_producer": PRODUCER,
        "_schemaURL": f"{SPEC}/facets/1-0-1/NominalTimeRunFacet.json",
        "nominalStartTime": logical_date_of(run.run_id).isoformat(),
    }
    return {
        "eventType": "COMPLETE",
        "eventTime": moment.isoformat(),
        "producer": PRODUCER,
        "schemaURL": f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid.uuid5(uuid.NAMESPACE_URL, key(run, job))), "facets": {"nominalTime": nominal}},
        "job": {"namespace": "onering", "name": f"{dataset.name}.{job}"},
        "inputs": list(inputs),
        "outputs": [result],
    }


def key(run: Run, job: str) -> str:
    return f"lineage/{run.dataset}/{run.run_id}/{run.attempt}/{job}"


def write(dataset: Dataset, run: Run, moment: datetime) -> None:
    """Put the events into the outbox; what is there already stays."""
    with postgres.transaction(OPS) as connection:
        for found in events(dataset, run, moment):
            job = found["job"]["name"].removeprefix(f"{dataset.name}.")
            values = {"kind": "lineage", "key": key(run, job), "payload": Jsonb(found)}
            connection.execute(sql.postgres("write_outbox"), run.as_dict() | values)
