# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Turn typed service declarations into what the engine is asked for, with one hash that stands for all of it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: render_services
short_description: Service declarations as containers and files
version_added: 0.1.0
author: [OneRing contributors (@onering)]
description:
  - Renders the C(service) role's typed dicts into options of M(community.docker.docker_container) and the files that
    each container mounts.
  - The label C(onering.content) is a hash of everything rendered, files and secrets included.
options:
  _input:
    description: Service dicts, as the C(service) role's argument spec has them.
    type: list
    elements: dict
    required: true
  project:
    description: >-
      C(name), C(home) (folder on the host), C(network) (empty in check mode while there is none), C(subnet),
      C(bind_address), C(publish).
    type: dict
    required: true
  images:
    description: Image name to its C(image) (tag) and C(id).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Render one service
  ansible.builtin.set_fact:
    rendered: "{{ [spec] | onering.platform.render_services(project, onering_images) }}"
"""

RETURN = r"""
_value:
  description: One dict a service, with C(kind), C(name), C(container) (module options), C(files) (what it mounts).
  type: list
  elements: dict
"""

import hashlib
import json
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.onering.platform.plugins.filter.exports import address


def render(spec: dict[str, Any], project: dict[str, Any], images: dict[str, Any]) -> dict[str, Any]:
    """One declaration as container options and files. AnsibleFilterError names the service and what it lacks."""
    name = spec["name"]
    if spec["image"] not in images:
        raise AnsibleFilterError(f"{name}: no image {spec['image']!r}; there are {', '.join(sorted(images)) or 'none'}")
    job = spec.get("kind", "service") == "job"
    files_dir = f"{project['home']}/services/{name}"
    uid, _colon, gid = spec["user"].partition(":")
    mounts = [
        {
            "type": "volume",
            "source": f"{project['name']}_{volume['name']}",
            "target": volume["path"],
            "labels": {"onering.project": project["name"]},
        }
        for volume in spec.get("volumes", [])
    ]
    mounts += [bind(mount["source"], mount["path"]) for mount in spec.get("mounts", [])]
    files = []
    for file in spec.get("files", []):
        path = "config/" + file["path"].strip("/").replace("/", "_")
        files.append({"path": path, "content": file["content"], "mode": file.get("mode", "0444")})
        mounts.append(bind(f"{files_dir}/{path}", file["path"]))
    for key, value in sorted(spec.get("secrets", {}).items()):
        files.append(
            {
                "path": f"secrets/{key}", "secret": value, "mode": "0400", "owner": int(uid), "group": int(gid or uid),
            }
        )  # fmt: skip
    if spec.get("secrets"):
        mounts.append(bind(f"{files_dir}/secrets", "/run/secrets"))
    resources = spec["resources"]
    networks: list[dict[str, Any]] = []
    if project["network"]:
        networks.append({"name": project["network"], "aliases": [name]})
        if spec.get("host"):
            networks[0]["ipv4_address"] = address(project["subnet"], spec["domain"], spec["host"])
    # Check mode before anything is there: the engine's modules fail over a network or image that is yet to be made.
    image = images[spec["image"]]
    container: dict[str, Any] = {
        "name": f"{project['name']}-{name}",
        "hostname": name,
        "image": image["image"],
        "pull": "never" if image["id"] else "missing",
        "user": spec["user"],
        "env": {key: str(value) for key, value in spec.get("env", {}).items()},
        "mounts": mounts,
        "networks": networks,
        "published_ports": [
            f"{project['bind_address']}:{port['host']}:{port['container']}"
            for port in spec.get("ports", [])
            if project["publish"]
        ],
        "memory": resources["memory"],
        "memory_swap": resources["memory"],
        "cpus": resources.get("cpus", 2.0),
        "pids_limit": resources.get("pids", 512),
        "cap_drop": ["ALL"],
        "capabilities": spec.get("capabilities", []),
        "security_opts": ["no-new-privileges:true"],
        "read_only": spec.get("read_only", True),
        "tmpfs": spec.get("tmpfs", ["/tmp"]),
        "restart_policy": "no" if job else "unless-stopped",
        "stop_timeout": spec.get("stop_timeout", 30),
        "log_driver": "json-file",
        "log_options": {"max-size": "10m", "max-file": "3"},
        "keep_volumes": False,
        "comparisons": {"published_ports": "strict", "mounts": "strict", "networks": "strict"},
    }
    for key in ("command", "entrypoint", "shm_size"):
        if spec.get(key) is not None:
            container[key] = spec[key]
    if spec.get("health"):
        health = spec["health"]
        container["healthcheck"] = {
            "test": health["test"],
            "interval": f"{health.get('interval', 15)}s",
            "timeout": f"{health.get('timeout', 5)}s",
            "retries": health.get("retries", 5),
            "start_period": f"{health.get('start_period', 30)}s",
        }
    whole = json.dumps([container, files], sort_keys=True, default=str)
    container["labels"] = {
        "onering.project": project["name"],
        "onering.service": name,
        "onering.kind": "job" if job else "service",
        "onering.content": hashlib.sha256(whole.encode()).hexdigest(),
    }
    return {"kind": "job" if job else "service", "name": name, "container": container, "files": files}


def bind(source: str, target: str) -> dict[str, Any]:
    """A read-only bind mount."""
    return {"type": "bind", "source": source, "target": target, "read_only": True}


def render_services(
    specs: list[dict[str, Any]], project: dict[str, Any], images: dict[str, Any]
) -> list[dict[str, Any]]:
    """Render every declaration; see the module's documentation for shapes."""
    return [render(spec, project, images) for spec in specs]


def files_of_services(rendered: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The files of rendered services in one list, each below a directory with its service's name."""
    return [{**file, "path": f"{one['name']}/{file['path']}"} for one in rendered for file in one["files"]]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        return {"render_services": render_services, "files_of_services": files_of_services}
