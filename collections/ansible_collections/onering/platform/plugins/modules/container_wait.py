#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Module container_wait: wait until containers are healthy or done, or tell why they aren't."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_wait
short_description: Wait until containers are healthy or done, or tell why they aren't
version_added: 0.1.0
author: OneRing contributors (@onering)
description:
  - Waits until each container is healthy (running, where it has no health check), or has exited with code 0.
  - The engine checks a container's health for the first time when its interval is over. Until then the module
    runs the same check in the container itself, so that a long interval makes nobody wait.
  - Fails at once when a container is missing, has exited, is dead, or keeps restarting, and when the time is over.
  - A failure names the container, its state, exit code, OOM kill, the last health check's output
    and its last log lines.
requirements:
  - docker (Python library)
attributes:
  check_mode:
    description: Doesn't wait.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  idempotent:
    description: Never changes anything.
    support: full
options:
  names:
    description: Names of the containers.
    type: list
    elements: str
    required: true
    aliases: [name]
  for:
    description: What to wait for.
    type: str
    choices: [healthy, exited]
    default: healthy
  timeout:
    description: Seconds to wait, for all containers together.
    type: int
    default: 120
  interval:
    description: Seconds between two looks.
    type: float
    default: 0.5
  restarts:
    description: Fail when a container restarted this often while being waited for.
    type: int
    default: 3
  tail:
    description: Number of log lines that a failure shows.
    type: int
    default: 30
  docker_host:
    description:
      - Address of the Docker Engine.
      - If unset, the environment variable E(DOCKER_HOST) is used, then the default.
    type: str
    default: unix:///var/run/docker.sock
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: Wait for the stores
  onering.platform.container_wait:
    names: [onering-minio, onering-postgres]
    timeout: 60

- name: Wait for the migration to be done
  onering.platform.container_wait:
    name: onering-airflow-migrate
    for: exited
"""

RETURN = r"""
containers:
  description: State of each container by its name. Empty in check mode.
  returned: success
  type: dict
  contains:
    state:
      description: Status of the container.
      type: str
      sample: running
    health:
      description:
        - Status of its health check, V(none) where it has none.
        - V(healthy) too where the module's own run of it passed.
      type: str
      sample: healthy
    seconds:
      description: How long it was waited for.
      type: float
      sample: 2.5
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.containers import CONNECTION, connect, report
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, run

try:
    from docker.errors import APIError, NotFound
except ImportError:  # connect() says so
    APIError = NotFound = Exception  # type: ignore[misc, assignment]

SPEC: dict[str, Any] = {
    "names": {"type": "list", "elements": "str", "required": True, "aliases": ["name"]},
    "for": {"type": "str", "choices": ["healthy", "exited"], "default": "healthy"},
    "timeout": {"type": "int", "default": 120},
    "interval": {"type": "float", "default": 0.5},
    "restarts": {"type": "int", "default": 3},
    "tail": {"type": "int", "default": 30},
    **CONNECTION,
}
PACE = 2.0  # seconds from one own run of a health check to the next
REMEDIES = {
    "oom": "Raise its memory limit.",
    "time": "Its log below says what it is at; raise the timeout if it is only slow.",
}


class Watch:
    """Looks at containers until each is as wanted."""

    def __init__(self, client: Any, params: dict[str, Any]) -> None:
        self.client = client
        self.goal: str = params["for"]
        self.timeout: int = params["timeout"]
        self.interval: float = params["interval"]
        self.restarts: int = params["restarts"]
        self.tail: int = params["tail"]
        self.restarts_before: dict[str, int] = {}
        self.checks: dict[str, str] = {}  # container to the run of its health check that this module began
        self.next_check: dict[str, float] = {}

    def until(self, names: list[str]) -> dict[str, dict[str, Any]]:
        begun = time.monotonic()
        found: dict[str, dict[str, Any]] = {}
        while True:
            waiting = []
            for name in names:
                if name in found:
                    continue
                container = self.get(name)
                if self.is_done(container):
                    found[name] = self.state(container, time.monotonic() - begun)
                else:
                    waiting.append(container)
            if not waiting:
                return found
            if time.monotonic() - begun >= self.timeout:
                raise self.failure(waiting, f"not {self.goal} after {self.timeout} s", REMEDIES["time"])
            time.sleep(self.interval)

    def get(self, name: str) -> Any:
        try:
            return self.client.containers.get(name)
        except NotFound as error:
            raise BackendError(f"wait for container {name}", "there is no container of that name") from error

    def is_done(self, container: Any) -> bool:
        """True as wanted, False if that can still come; raises when it can't."""
        state = container.attrs["State"]
        status = state["Status"]
        remedy = REMEDIES["oom"] if state.get("OOMKilled") else ""
        count = int(container.attrs.get("RestartCount") or 0)
        restarted = count - self.restarts_before.setdefault(container.name, count)
        if restarted >= self.restarts:
            raise self.failure([container], f"restarted {restarted} times", remedy)
        if status in ("exited", "dead"):
            if self.goal == "exited" and status == "exited" and state.get("ExitCode") == 0:
                return True
            raise self.failure([container], f"{status} with code {state.get('ExitCode')}", remedy)
        if self.goal == "exited":
            return False
        health = (state.get("Health") or {}).get("Status", "none")
        return status == "running" and (
            health in ("healthy", "none") or (health == "starting" and self.passes(container))
        )

    def passes(self, container: Any) -> bool:
        """Whether the container's health check, run here beside the engine's, has passed. Nothing waits for its end."""
        try:
            begun = self.checks.pop(container.name, "")
            if begun:
                found = self.client.api.exec_inspect(begun)
                if found["Running"]:
                    self.checks[container.name] = begun
                    return False
                if found["ExitCode"] == 0:
                    return True
            if time.monotonic() < self.next_check.get(container.name, 0):
                return False
            self.next_check[container.name] = time.monotonic() + PACE
            config = container.attrs["Config"]
            kind, *test = config["Healthcheck"]["Test"]
            command = ["/bin/sh", "-c", *test] if kind == "CMD-SHELL" else test
            run = self.client.api.exec_create(container.id, command, user=config.get("User", ""))
            self.client.api.exec_start(run["Id"], detach=True)
        except APIError:  # it ended in between: the next look tells
            return False
        self.checks[container.name] = run["Id"]
        return False

    @staticmethod
    def state(container: Any, seconds: float) -> dict[str, Any]:
        state = container.attrs["State"]
        health = (state.get("Health") or {}).get("Status", "none")
        return {
            "state": state["Status"],
            "health": "healthy" if health == "starting" else health,
            "seconds": round(seconds, 1),
        }

    def failure(self, containers: list[Any], what: str, remedy: str) -> BackendError:
        names = ", ".join(container.name for container in containers)
        reports = "\n".join(report(container, self.tail) for container in containers)
        return BackendError(f"wait for {names} to be {self.goal}", f"{what}. {remedy}".strip(), reports)


def main() -> None:
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)

    def wait(module: AnsibleModule) -> None:
        containers: dict[str, dict[str, Any]] = {}
        if not module.check_mode:
            client = connect(module.params["docker_host"])
            containers = Watch(client, module.params).until(list(dict.fromkeys(module.params["names"])))
        module.exit_json(changed=False, containers=containers)

    run(module, wait)


if __name__ == "__main__":
    main()
