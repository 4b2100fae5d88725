#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
module: project_info
short_description: What a project has in the engine
version_added: 0.1.0
description:
  - Lists containers, networks and volumes that carry the project's label, and reads each container's working set.
  - The working set is what the kernel could not drop at once, memory in use less inactive page cache. It is read from
    the container's control group, because the engine's own figures are empty on some kernels.
author: [OneRing contributors (@onering)]
requirements:
  - docker (Python) on the target
attributes:
  check_mode:
    support: full
    description: Only reads.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Only reads.
options:
  project:
    description: Value of the label C(onering.project).
    type: str
    required: true
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: See what runs
  onering.platform.project_info:
    project: onering
  register: there
"""

RETURN = r"""
containers:
  description: One dict a container, in order of creation.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: Name., type: str}
    id: {description: Identity in the engine., type: str}
    service: {description: Name on the network., type: str}
    kind: {description: C(service) or C(job)., type: str}
    image: {description: Tag it was made from., type: str}
    state: {description: The engine's word., type: str}
    health: {description: "C(healthy), C(starting), C(unhealthy), or empty without a check.", type: str}
    exit_code: {description: Of a container that ended., type: int}
    started: {description: ISO 8601., type: str}
    uptime_seconds: {description: Zero unless it runs., type: int}
    working_set_bytes: {description: Zero unless it runs., type: int}
networks: {description: Names., returned: always, type: list, elements: str}
volumes: {description: Names., returned: always, type: list, elements: str}
"""

import datetime
import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

try:
    import docker
except ImportError:
    docker = None

CGROUP = "/sys/fs/cgroup"


def read(path: str) -> str:
    try:
        with open(path) as stream:
            return stream.read()
    except OSError:
        return ""


def working_set(pid: int, proc: str = "/proc", cgroup: str = CGROUP) -> int:
    """Bytes in use less inactive page cache of the control group (v1 or v2) that a process is in; 0 if unreadable."""
    for line in read(os.path.join(proc, str(pid), "cgroup")).splitlines():
        _number, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            folder, used, inactive = (
                os.path.join(cgroup, "memory", path.lstrip("/")),
                "memory.usage_in_bytes",
                "total_inactive_file",
            )
        elif not controllers and os.path.exists(os.path.join(cgroup, path.lstrip("/"), "memory.current")):
            folder, used, inactive = os.path.join(cgroup, path.lstrip("/")), "memory.current", "inactive_file"
        else:
            continue
        total = int(read(os.path.join(folder, used)) or 0)
        stat = dict(entry.split() for entry in read(os.path.join(folder, "memory.stat")).splitlines() if entry)
        return max(0, total - int(stat.get(inactive, 0)))
    return 0


def seconds_since(moment: str) -> int:
    """Seconds from the engine's time stamp (nanoseconds, UTC) until now."""
    at = datetime.datetime.strptime(moment[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=datetime.UTC)
    return max(0, round((datetime.datetime.now(datetime.UTC) - at).total_seconds()))


def describe(attrs: dict[str, Any]) -> dict[str, Any]:
    """One container's inspection as the returned dict."""
    state, labels = attrs["State"], attrs["Config"]["Labels"]
    running = state["Status"] == "running"
    return {
        "name": attrs["Name"].lstrip("/"),
        "id": attrs["Id"],
        "service": labels.get("onering.service", ""),
        "kind": labels.get("onering.kind", ""),
        "image": attrs["Config"]["Image"],
        "state": state["Status"],
        "health": (state.get("Health") or {}).get("Status", ""),
        "exit_code": state["ExitCode"],
        "started": state["StartedAt"],
        "uptime_seconds": seconds_since(state["StartedAt"]) if running else 0,
        "working_set_bytes": working_set(state["Pid"]) if running else 0,
    }


def main() -> None:
    module = AnsibleModule(argument_spec={"project": {"type": "str", "required": True}}, supports_check_mode=True)
    if docker is None:
        module.fail_json(msg=missing_required_lib("docker"))
    wanted = {"label": f"onering.project={module.params['project']}"}
    try:
        client = docker.from_env(timeout=30)
        containers = sorted(
            (c.attrs for c in client.containers.list(all=True, filters=wanted)), key=lambda a: a["Created"]
        )
        networks = [network.name for network in client.networks.list(filters=wanted)]
        volumes = [volume.name for volume in client.volumes.list(filters=wanted)]
    except docker.errors.DockerException as error:
        module.fail_json(msg=f"asking the Docker Engine: {error}. Is it running?")
    module.exit_json(
        changed=False,
        containers=[describe(attrs) for attrs in containers],
        networks=sorted(networks),
        volumes=sorted(volumes),
    )


if __name__ == "__main__":
    main()
