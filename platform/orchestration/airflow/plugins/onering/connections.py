"""Connections by their Airflow ids.

Inside a task Airflow's own look-up is used, so that what is set in Airflow counts. Environments without Airflow are
told the file that Airflow's secrets backend reads, by ONERING_CONNECTIONS.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "/run/secrets/connections.json"


@dataclass(frozen=True)
class Connection:
    id: str
    host: str = ""
    port: int = 0
    login: str = ""
    password: str = field(default="", repr=False)
    schema: str = ""
    extra: dict[str, Any] = field(default_factory=dict, repr=False)


def get(connection_id: str) -> Connection:
    path = os.environ.get("ONERING_CONNECTIONS")
    return from_file(connection_id, Path(path)) if path else from_airflow(connection_id)


def from_file(connection_id: str, path: Path) -> Connection:
    known = json.loads(path.read_text(encoding="utf-8"))
    if connection_id not in known:
        raise KeyError(f"no connection {connection_id} in {path}; there are: {', '.join(sorted(known))}")
    return from_dict(connection_id, known[connection_id])


def from_dict(connection_id: str, values: dict[str, Any]) -> Connection:
    extra = values.get("extra") or {}
    return Connection(
        id=connection_id,
        host=values.get("host") or "",
        port=int(values.get("port") or 0),
        login=values.get("login") or "",
        password=values.get("password") or "",
        schema=values.get("schema") or "",
        extra=json.loads(extra) if isinstance(extra, str) else extra,
    )


def from_airflow(connection_id: str) -> Connection:
    from airflow.sdk import Connection as AirflowConnection

    found = AirflowConnection.get(connection_id)
    names = ("host", "port", "login", "password", "schema")
    return from_dict(connection_id, {name: getattr(found, name) for name in names} | {"extra": found.extra_dejson})
