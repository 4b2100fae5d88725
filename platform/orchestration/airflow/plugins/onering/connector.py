"""Airbyte's connectors, spoken to in Airbyte's protocol. Runs in the environment of extraction."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onering.airbyte_columns import EXTRACTED_AT, RAW_ID
from onering.dataset import settings_of
from onering.environments import die_with_parent
from onering.platform_files import ROOT, read_yaml

VENVS = Path("/opt/onering/venvs")
INACTIVITY = 600
LONGEST_REASON = 500


class ConnectorError(RuntimeError):
    """A connector failed, hangs, or sent what was not asked for."""


class StoppedError(ConnectorError):
    """Another stream failed: there is no use in reading this one to its end."""


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
    name: str = field(compare=False)  # where it stands, as people know it
    connector: str
    executable: Path
    rows_per_object: int
    lanes: int
    inactivity_seconds: float
    streams: tuple[StreamConnection, ...]


def load(declared: Path | Mapping[str, Any]) -> Connection:
    """A connection out of its file, or as it stands in a dataset's own."""
    document = read_yaml(declared) if isinstance(declared, Path) else declared
    installed = VENVS / document["environment"] / "bin" / document["connector"]
    return Connection(
        name=os.path.relpath(declared, ROOT) if isinstance(declared, Path) else "the dataset's connection",
        connector=document["connector"],
        executable=ROOT / document["executable"] if "executable" in document else installed,
        rows_per_object=document.get("rows_per_object", 100_000),
        lanes=document.get("lanes", 1),
        inactivity_seconds=document.get("inactivity_seconds", INACTIVITY),
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


@dataclass
class Process:
    """One start of a connector: what it writes, line by line, and why it ended."""

    command: list[str]
    inactivity_seconds: float
    stop: threading.Event
    end: str = ""  # why it ended; empty when it came to its end
    _waiting_since: float | None = field(default=None, init=False)
    _ended: threading.Event = field(default_factory=threading.Event, init=False)

    def lines(self) -> Iterator[bytes]:
        """It is ended when it writes nothing for too long, when reading stops, and with this process. Its complaints
        (stderr) go to the log."""
        with subprocess.Popen(
            self.command,
            stdout=subprocess.PIPE,
            process_group=0,  # a launcher's children end with it
            preexec_fn=die_with_parent,
        ) as process:
            threading.Thread(target=self._watch, args=(process,), daemon=True).start()
            try:
                while line := self._next(process):
                    yield line
                self._waiting_since = time.monotonic()  # it still has to end
                code = process.wait()
                if code and not self.end:
                    self.end = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
            finally:
                self._ended.set()
                end_group(process)

    def _next(self, process: subprocess.Popen[bytes]) -> bytes:
        # Time that the reader takes to write what it has doesn't count.
        self._waiting_since = time.monotonic()
        line = process.stdout.readline() if process.stdout else b""
        self._waiting_since = None
        return line

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while not self._ended.wait(min(1, self.inactivity_seconds / 5)):
            since = self._waiting_since
            if since is not None and time.monotonic() - since > self.inactivity_seconds:
                self.end = f"wrote nothing for {self.inactivity_seconds:g} s and was ended (inactivity_seconds)"
            if self.stop.is_set() and not self.end:
                self.end = "was ended: another stream failed"
            if self.end:
                end_group(process)
                return


def end_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def command(connection: Connection, stream: StreamConnection) -> Iterator[list[str]]:
    """The connector's `read`, with its configuration and catalog as files while it runs."""
    from airbyte_protocol.models import ConfiguredAirbyteCatalog

    configured = ConfiguredAirbyteCatalog.model_validate(catalog(stream))
    with tempfile.TemporaryDirectory() as folder:  # 0700: the configuration may hold secrets
        files = Path(folder, "config.json"), Path(folder, "catalog.json")
        files[0].write_text(json.dumps(dict(stream.configuration)), encoding="utf-8")
        files[1].write_text(configured.model_dump_json(exclude_none=True), encoding="utf-8")
        yield [str(connection.executable), "read", "--config", str(files[0]), "--catalog", str(files[1])]


def is_record(line: bytes) -> bool:
    """Whether a line that is no message may hold a record: then it can't be passed over."""
    try:
        other = json.loads(line)
    except ValueError:
        return line.startswith(b"{") or b'"RECORD"' in line
    return isinstance(other, dict) and other.get("type") == "RECORD"


def records(connection: Connection, stream: StreamConnection, stop: threading.Event) -> Iterator[dict[str, Any]]:
    """All records of a stream as the connector sends them, with Airbyte's raw id (it sorts as they came) and time.

    Read with the connection's own catalog, as Airbyte's server does: nothing is discovered, and no field is added that
    the connector leaves out. One that tells an error has failed, whatever it ends with. What it writes besides messages
    goes to the log, but a record that can't be read would be lost: an error.
    """
    from airbyte_protocol.models import AirbyteMessage, Level, Type
    from pydantic import ValidationError
    from uuid_extensions import uuid7str

    sent, told, broken = 0, "", b""
    with command(connection, stream) as started:
        process = Process(started, connection.inactivity_seconds, stop)
        with contextlib.closing(process.lines()) as lines:
            for line in lines:
                try:
                    message = AirbyteMessage.model_validate_json(line)
                except ValidationError:
                    if is_record(line):
                        broken = broken or line
                    else:
                        print(f"{stream.name}: {line.decode(errors='replace').rstrip()}", flush=True)
                    continue
                if came := message.record:
                    if came.stream != stream.name:
                        raise ConnectorError(
                            f"{stream.name}: the source lacks this stream: {connection.connector} sent {came.stream}. "
                            f"Name in {connection.name} one that it has, then run the date again."
                        )
                    sent += 1
                    record = renamed(came.data, stream) if stream.names else came.data
                    record[RAW_ID] = uuid7str()
                    record[EXTRACTED_AT] = came.emitted_at
                    yield record
                elif message.type is Type.RECORD:
                    broken = broken or line
                elif message.trace and (error := message.trace.error):
                    told = (error.internal_message or error.message).strip()[:LONGEST_REASON]
                elif message.log and message.log.level in (Level.FATAL, Level.ERROR, Level.WARN):
                    print(f"{stream.name}: {message.log.level.value} {message.log.message}", flush=True)
    end = process.end
    if not end and broken:
        end, told = (
            "sent what is no message of Airbyte's protocol",
            broken.decode(errors="replace").strip()[:LONGEST_REASON],
        )
    elif not end and told:
        end = "told an error"
    if end and stop.is_set():
        raise StoppedError(f"{stream.name}: {connection.connector} {end}")
    if end:
        raise ConnectorError(
            f"{stream.name}: {connection.connector} {end} after {sent} records{f': {told}' if told else ''}. "
            f"Nothing of this run was loaded; mend the source or {connection.name}, then run the date again."
        )
