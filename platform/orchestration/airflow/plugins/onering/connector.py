"""Airbyte's connectors through PyAirbyte. Runs in the connectors' environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onering.platform_files import read_yaml

VENVS = Path("/opt/onering/venvs")


@dataclass(frozen=True)
class StreamConnection:
    name: str
    configuration: Mapping[str, Any]
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Connection:
    connector: str
    executable: Path
    rows_per_object: int
    lanes: int
    streams: tuple[StreamConnection, ...]


def load(path: Path) -> Connection:
    document = read_yaml(path)
    common = document.get("configuration", {})
    return Connection(
        connector=document["connector"],
        executable=VENVS / document["environment"] / "bin" / document["connector"],
        rows_per_object=document.get("rows_per_object", 100_000),
        lanes=document.get("lanes", 1),
        streams=tuple(
            StreamConnection(
                stream["name"],
                common | {"dataset_name": stream["name"]} | stream.get("configuration", {}),
                stream["fields"],
            )
            for stream in document["streams"]
        ),
    )


def catalog(stream: StreamConnection) -> dict[str, Any]:
    """The stream's entry of the connection's catalog, in the Airbyte protocol's words."""
    properties = {name: {"type": [kind, "null"]} for name, kind in stream.fields.items()}
    return {
        "name": stream.name,
        "json_schema": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": properties,
        },
        "supported_sync_modes": ["full_refresh"],
    }


def records(connection: Connection, stream: StreamConnection) -> Iterator[Mapping[str, Any]]:
    """All records of a stream, as the connector sends them, each with Airbyte's own columns."""
    from airbyte import get_source  # seconds: only who reads pays for it
    from airbyte_protocol.models import AirbyteCatalog

    source = get_source(
        connection.connector,
        config=dict(stream.configuration),
        local_executable=connection.executable,
        install_if_missing=False,
    )
    # The connection has its catalog, as in Airbyte's server: `discover` would start the connector once more a stream.
    source._discovered_catalog = AirbyteCatalog.model_validate({"streams": [catalog(stream)]})
    dataset = source.get_records(stream.name)  # held: reading stops when it is collected
    yield from dataset
