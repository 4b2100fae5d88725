# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""Filters over the components' exports (`<role>_component`) and the network's address plan."""

from __future__ import annotations

import difflib
import ipaddress
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.onering.platform.plugins.module_utils.images import VENDOR_REMEDY

DOMAINS: dict[str, int] = {
    "storage": 10,
    "analytics": 20,
    "orchestration": 30,
    "observability": 40,
    "catalog": 50,
    "security": 60,
    "versioning": 70,
}
PROFILES = ("core", "observability", "catalog", "security", "full")
CONNECTION_FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else f" Known: {', '.join(sorted(known))}."


def address(subnet: str, domain: str, host: int) -> str:
    """The fixed address of a container: the domain's /24 inside the project's /16."""
    try:
        network = ipaddress.IPv4Network(subnet)
    except ValueError as error:
        raise AnsibleFilterError(f"address: '{subnet}' is not an IPv4 network: {error}") from error
    if network.prefixlen != 16:
        raise AnsibleFilterError(f"address: '{subnet}' must be a /16, so that each domain has a /24 in it.")
    if domain not in DOMAINS:
        raise AnsibleFilterError(f"address: no domain '{domain}'.{_nearest(domain, DOMAINS)}")
    number = int(host)
    if not 2 <= number <= 254:
        raise AnsibleFilterError(f"address: host number {number} of domain '{domain}' is not within 2..254.")
    return str(network.network_address + DOMAINS[domain] * 256 + number)


def _wanted(names: Iterable[Any]) -> list[str]:
    """Names out of strings (also comma-separated) and lists."""
    flat: list[str] = []
    for item in names:
        if isinstance(item, str):
            flat.extend(part.strip() for part in item.split(",") if part.strip())
        elif isinstance(item, Iterable):
            flat.extend(_wanted(item))
        elif item is not None:
            raise AnsibleFilterError(f"enabled: names are strings or lists of them, not {type(item).__name__}.")
    return flat


def enabled(exports: Sequence[Mapping[str, Any]], *wanted: Any) -> list[str]:
    """Names of the components that these profiles and names ask for, closed over `needs`, dependencies first."""
    needs: dict[str, list[str]] = {}
    profiles: dict[str, str] = {}
    for export in exports:
        name = str(export["name"])
        if name in needs:
            raise AnsibleFilterError(f"enabled: two components export the name '{name}'.")
        needs[name] = sorted(str(need) for need in export.get("needs") or [])
        profiles[name] = str(export["profile"])
    known = {*needs, *PROFILES, *profiles.values()}

    asked: set[str] = set()
    for word in _wanted(wanted):
        if word in needs:
            asked.add(word)
        elif word in known:
            asked.update(name for name, profile in profiles.items() if word in ("full", profile))
        else:
            raise AnsibleFilterError(f"enabled: no component or profile '{word}'.{_nearest(word, known)}")

    ordered: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in ordered:
            return
        if name in path:
            raise AnsibleFilterError(f"enabled: components need each other in a circle: {' > '.join((*path, name))}.")
        if name not in needs:
            raise AnsibleFilterError(
                f"enabled: component '{path[-1]}' needs '{name}', which no role exports.{_nearest(name, needs)}"
            )
        for need in needs[name]:
            visit(need, (*path, name))
        ordered.append(name)

    for name in sorted(asked):
        visit(name, ())
    return ordered


def collect(exports: Sequence[Mapping[str, Any]], path: str) -> list[Any]:
    """What all components export under a dotted path, in one list; a component without it adds nothing."""
    collected: list[Any] = []
    for export in exports:
        value: Any = export
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
            if value is None:
                break
        if value is None:
            continue
        if isinstance(value, Sequence) and not isinstance(value, str):
            collected.extend(value)
        else:
            collected.append(value)
    return collected


def parts(exports: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is known of each component before it runs: needs, services, images, ports and footprint. No secrets."""
    known = []
    for export in exports:
        ports = [
            {"port": port["port"], "variable": str(port["variable"])}
            for port in export.get("ports") or []
            if boolean(port.get("published", True))
        ]
        known.append(
            {
                "name": str(export["name"]),
                "profile": str(export["profile"]),
                "needs": [str(need) for need in export.get("needs") or []],
                "services": [str(service) for service in export.get("services") or []],
                "images": [str(image["name"]) for image in export.get("images") or []],
                "ports": ports,
                "footprint": {str(name): int(figure) for name, figure in (export.get("footprint") or {}).items()},
            }
        )
    return known


def left_out(exports: Sequence[Mapping[str, Any]], refused: Mapping[str, str]) -> list[dict[str, str]]:
    """Components whose image is refused, and those that need them, each with the reason and what would change that."""
    why: dict[str, str] = {}
    for export in exports:
        for image in export.get("images") or []:
            if image["name"] in refused:
                why[str(export["name"])] = (
                    f"{image['vendor']} can't be had: {refused[image['name']]}."
                    f" To have it, {VENDOR_REMEDY}, and run again"
                )
    count = -1
    while len(why) != count:
        count = len(why)
        for export in exports:
            lacking = [need for need in export.get("needs") or [] if need in why]
            if lacking:
                why.setdefault(str(export["name"]), f"it needs {', '.join(lacking)}")
    titles = {str(export["name"]): str(export.get("title", export["name"])) for export in exports}
    return [{"name": name, "title": titles[name], "why": reason} for name, reason in why.items()]


def connections_json(exports: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The exported connections as Airflow's LocalFilesystemBackend reads them from a JSON file."""
    connections: dict[str, dict[str, Any]] = {}
    for connection in collect(exports, "connections"):
        name = connection.get("id")
        if not name or not connection.get("conn_type"):
            raise AnsibleFilterError("connections_json: every connection has an id and a conn_type.")
        if name in connections:
            raise AnsibleFilterError(f"connections_json: two components export the connection '{name}'.")
        unknown = sorted(set(connection) - {"id", *CONNECTION_FIELDS})
        if unknown:
            raise AnsibleFilterError(
                f"connections_json: connection '{name}' has a field '{unknown[0]}'."
                f"{_nearest(unknown[0], CONNECTION_FIELDS)}"
            )
        fields = {key: connection[key] for key in CONNECTION_FIELDS if connection.get(key) not in (None, "")}
        extra = fields.pop("extra", None)
        if extra:
            fields["extra"] = extra if isinstance(extra, str) else json.dumps(_plain(extra), sort_keys=True)
        if "port" in fields:
            fields["port"] = int(fields["port"])
        connections[name] = fields
    return connections


def evidence(
    exports: Sequence[Mapping[str, Any]], images: Mapping[str, Any], ran: Sequence[str]
) -> list[dict[str, Any]]:
    """What was found to work of each component, once its checks have passed. No secrets."""
    told = []
    for export in exports:
        own = [image["name"] for image in export.get("images") or []]
        image = images.get(own[0] if own else export.get("inside", ""))
        if not image:
            raise AnsibleFilterError(f"evidence: of '{export['name']}' no image runs, so nothing can be claimed.")
        told.append(
            {
                "component": str(export["name"]),
                "title": str(export["title"]),
                "product": str(export["product"]),
                "image": str(image["image"]),
                "source": str(image["source"]),
                "ran": [f"roles/{export['name']}/tasks/verify.yml", *map(str, ran)],
                "result": "passed",
            }
        )
    return told


def _plain(value: Any) -> Any:
    """Plain containers: templating hands out lazy ones."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


class FilterModule:
    """Filters of onering.platform."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "address": address,
            "collect": collect,
            "connections_json": connections_json,
            "enabled": enabled,
            "evidence": evidence,
            "left_out": left_out,
            "parts": parts,
        }
