#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: Judge a host before anything changes on it
version_added: 0.1.0
description:
  - Reads what the host is (system, CPUs, memory, disk where the engine stores, clock, ports, routes, engine) and asks
    each package registry that a build still to be done would need, through the target's own client settings.
  - Compares it with what the chosen components are expected to need. Every finding has its remedy; it never fails by
    itself.
  - Runs with the system's own Python, standard library only, and changes nothing.
author: [OneRing contributors (@onering)]
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
    description: Name of the project. What its own containers hold is free.
    type: str
    required: true
  network:
    description: Name of the project's network.
    type: str
    required: true
  subnet:
    description: The network's range, in CIDR notation.
    type: str
    required: true
  bind_address:
    description: Address that ports are published on.
    type: str
    default: 127.0.0.1
  publish:
    description: Whether ports are published at all.
    type: bool
    default: true
  engine_socket:
    description: The engine's Unix socket.
    type: path
    default: /var/run/docker.sock
  engine_install:
    description: Whether an engine is installed where none answers.
    type: bool
    default: true
  environment:
    description: Folder of the modules' Python environment. Where it is not complete, PyPI is needed.
    type: path
  components:
    description: The chosen components, as the filter P(onering.platform.parts#filter) gives them.
    type: list
    elements: dict
    required: true
  images:
    description:
      - All declared images, as M(onering.platform.images) takes them, with C(registries) (any of V(debian), V(pypi),
        V(npm), V(maven), V(go)) and optionally C(architectures) and C(footprint). The controller adds each one's C(tag)
        and C(suite).
      - For C(vendor) ones that are missing the engine asks their registry, within 10 seconds.
    type: list
    elements: dict
    required: true
  required:
    description: Names of components without which there is to be no installation.
    type: list
    elements: str
    default: []
  cpus:
    description: CPUs that are needed.
    type: int
    default: 2
  memory_mb:
    description: Memory that is needed; V(0) takes the components' own figures.
    type: int
    default: 0
  disk_mb:
    description: Disk that is needed; V(0) takes the components' own figures.
    type: int
    default: 0
  skip:
    description: Checks whose findings are warnings.
    type: list
    elements: str
    choices: [os, python, cpu, memory, disk, clock, ports, network, engine, registries, images]
    default: []
  now:
    description: The control node's time in seconds of the epoch; the controller sets it.
    type: float
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: Judge the host
  onering.platform.preflight:
    project: onering
    network: onering
    subnet: 172.29.0.0/16
    components: "{{ onering_exports | onering.platform.parts }}"
    images: "{{ onering_exports | onering.platform.collect('images') }}"
  register: judged
"""

RETURN = r"""
findings:
  description: What stands in the way.
  returned: success
  type: list
  elements: dict
  contains:
    check: {description: The check., type: str}
    found: {description: What was found., type: str}
    remedy: {description: What to do., type: str}
    level: {description: "V(error), or V(warning) where the check is skipped or a component is left out.", type: str}
checks:
  description: Names of all checks.
  returned: success
  type: list
  elements: str
notes:
  description: What is no finding, but good to know.
  returned: success
  type: list
  elements: str
host:
  description: >-
    C(cpus), C(memory_mb) (available), C(store) (C(path), C(free_mb)), C(missing) images, C(running) services.
  returned: success
  type: dict
refused:
  description: Name of each vendor's image that can't be had to the reason.
  returned: success
  type: dict
images:
  description: Name, parents and footprint of each declared image.
  returned: success
  type: list
  elements: dict
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.clients import login_environment
from ansible_collections.onering.platform.plugins.module_utils.preflight import JUDGES, gather, judge, notes


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "project": {"type": "str", "required": True},
            "network": {"type": "str", "required": True},
            "subnet": {"type": "str", "required": True},
            "bind_address": {"type": "str", "default": "127.0.0.1"},
            "publish": {"type": "bool", "default": True},
            "engine_socket": {"type": "path", "default": "/var/run/docker.sock"},
            "engine_install": {"type": "bool", "default": True},
            "environment": {"type": "path"},
            "components": {"type": "list", "elements": "dict", "required": True},
            "images": {"type": "list", "elements": "dict", "required": True},
            "required": {"type": "list", "elements": "str", "default": []},
            "cpus": {"type": "int", "default": 2},
            "memory_mb": {"type": "int", "default": 0},
            "disk_mb": {"type": "int", "default": 0},
            "skip": {
                "type": "list",
                "elements": "str",
                "choices": [
                    "os",
                    "python",
                    "cpu",
                    "memory",
                    "disk",
                    "clock",
                    "ports",
                    "network",
                    "engine",
                    "registries",
                    "images",
                ],
                "default": [],
            },
            "now": {"type": "float"},
        },
        supports_check_mode=True,
    )
    login_environment()
    plan = dict(module.params)
    if plan["now"] is None:
        plan["now"] = time.time()
    reading = gather(plan)
    module.exit_json(
        changed=False,
        findings=judge(reading, plan),
        checks=list(JUDGES),
        notes=notes(reading, plan),
        refused=reading["refused"],
        host={name: reading[name] for name in ("cpus", "memory_mb", "store", "missing", "running")},
        images=[{key: i.get(key) for key in ("name", "parents", "footprint")} for i in plan["images"]],
    )


if __name__ == "__main__":
    main()
