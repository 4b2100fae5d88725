# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""What the installer knows, for the report: never a secret, whatever the exports hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml


def read_yaml(path: str) -> Any:
    """The document of a YAML file on the control node."""
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def accounts(exports: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each component's accounts and what they may: names and rights are taken, and nothing else."""
    for export in exports:
        for of in (export.get("minio") or {}).get("accounts") or []:
            yield _account("MinIO", of["access_key"], [f"policy {name}" for name in of.get("policies") or []])
        for of in (export.get("clickhouse") or {}).get("accounts") or []:
            yield _account("ClickHouse", of["name"], of.get("grants") or [])
        for of in (export.get("airflow") or {}).get("accounts") or []:
            yield _account("Airflow", of["name"], [f"role {of['role']}"])
        for of in (export.get("postgres") or {}).get("accounts") or []:
            rights = [f"connects to {name}" for name in of.get("databases") or []]
            yield _account("PostgreSQL", of["name"], rights + [f"member of {name}" for name in of.get("groups") or []])


def _account(store: str, name: Any, rights: Sequence[Any]) -> dict[str, Any]:
    return {"store": store, "account": str(name), "rights": [str(right) for right in rights]}


def report_facts(found: Mapping[str, Any]) -> dict[str, Any]:
    """The report's facts (roles/report/files/image/platform_report/facts.schema.json).

    `found`: project, containers (of M(onering.platform.project_info)), links, exports, evidence, phases, left_out.
    """
    titles = [str(export["title"]) for export in found["exports"]]
    return {
        "project": str(found["project"]),
        "host": f"{len(titles)} components: {', '.join(sorted(titles))}",
        "containers": [
            {
                "service": str(of["service"]),
                "state": str(of["state"]),
                "health": str(of["health"] or ""),
                "image": str(of["image"]),
                "memory": int(of["working_set_bytes"] or 0),
                "started": str(of["started"] or "").replace("T", " ")[:19],
            }
            for of in found["containers"]
            if of["kind"] == "service"
        ],
        "links": [{name: str(of[name]) for name in ("title", "url", "login") if of.get(name)} for of in found["links"]],
        "accounts": sorted(accounts(found["exports"]), key=lambda of: (of["store"], of["account"])),
        "phases": [{"name": str(of["name"]), "seconds": float(of["seconds"])} for of in found["phases"]],
        "evidence": [
            {name: str(of.get(name, "")) for name in ("title", "product", "image", "result", "date")}
            for of in found["evidence"]
        ],
        "left_out": [{"title": str(of["title"]), "why": str(of["why"])} for of in found["left_out"]],
    }


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        return {"report_facts": report_facts, "read_yaml": read_yaml}
