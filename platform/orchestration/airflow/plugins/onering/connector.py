"""Airbyte's connectors through PyAirbyte. Runs in the connectors' environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onering.airbyte_columns import EXTRACTED_AT, RAW_ID
from onering.dataset import settings_of
from onering.platform_files import read_yaml

VENVS = Path("/opt/onering/venvs")


@dataclass(frozen=True)
class StreamConnection:
    name: str
    configuration: Mapping[str, Any]
    fields: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)  # the source's own, where a field has another

    def own(self, name: str) -> str:
        return self.names.get(name, name)


@dataclass(frozen=True)
class Connection:
    connector: str
    executable: Path
    rows_per_object: int
    lanes: int
    streams: tuple[StreamConnection, ...]


def load(declared: Path | Mapping[str, Any]) -> Connection:
    """A connection out of its file, or as it stands in a dataset's own."""
    document = read_yaml(declared) if isinstance(declared, Path) else declared
    return Connection(
        connector=document["connector"],
        executable=VENVS / document["environment"] / "bin" / document["connector"],
        rows_per_object=document.get("rows_per_object", 100_000),
        lanes=document.get("lanes", 1),
        streams=tuple(
            StreamConnection(stream["name"], settings_of(stream, document), stream["fields"], stream.get("names", {}))
            for stream in document["streams"]
        ),
    )


def catalog(stream: StreamConnection) -> dict[str, Any]:
    """The stream's configured catalog, in the Airbyte protocol's words."""
    properties = {stream.own(name): {"type": [kind, "null"]} for name, kind in stream.fields.items()}
    described = {
        "name": stream.name,
        "json_schema": {"type": "object", "properties": properties},
        "supported_sync_modes": ["full_refresh"],
    }
    configured = {"stream": described, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    return {"streams": [configured]}


def renamed(record: Mapping[str, Any], stream: StreamConnection) -> dict[str, Any]:
    """A record with the fields' names. What the connector doesn't deliver stays away."""
    return {name: record[own] for name in stream.fields if (own := stream.own(name)) in record}


def records(connection: Connection, stream: StreamConnection) -> Iterator[dict[str, Any]]:
    """All records of a stream as the connector sends them, with Airbyte's raw id (it sorts as they came) and time.

    Read with the connection's own catalog, as Airbyte's server does. PyAirbyte's public reader would start the
    connector once more a stream to discover it, and would fill in fields that the connector leaves out.
    """
    from airbyte import get_source  # seconds: only who reads pays for it
    from airbyte.progress import ProgressStyle, ProgressTracker
    from airbyte_protocol.models import ConfiguredAirbyteCatalog
    from uuid_extensions import uuid7str

    source = get_source(
        connection.connector,
        config=dict(stream.configuration),
        local_executable=connection.executable,
        install_if_missing=False,
    )
    progress = ProgressTracker(
        ProgressStyle.NONE, source=source, cache=None, destination=None, expected_streams=[stream.name]
    )
    for message in source._read_with_catalog(ConfiguredAirbyteCatalog.model_validate(catalog(stream)), progress):
        if message.record:
            record = renamed(message.record.data, stream) if stream.names else message.record.data
            record[RAW_ID] = uuid7str()
            record[EXTRACTED_AT] = message.record.emitted_at
            yield record
