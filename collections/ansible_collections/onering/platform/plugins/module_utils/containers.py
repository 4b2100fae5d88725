# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""The Docker Engine as the collection's modules use it: one client, one way to tell why a container isn't well."""

from __future__ import annotations

import traceback
from typing import Any

from ansible.module_utils.basic import env_fallback, missing_required_lib
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError

try:
    import docker
    import docker.errors

    DOCKER_IMPORT_ERROR: str | None = None
except ImportError:
    DOCKER_IMPORT_ERROR = traceback.format_exc()

CONNECTION: dict[str, Any] = {
    "docker_host": {
        "type": "str",
        "default": "unix:///var/run/docker.sock",
        "fallback": (env_fallback, ["DOCKER_HOST"]),
    },
}
TAIL = 30


def connect(docker_host: str, timeout: int = 60) -> Any:
    """A client of the engine, which answers."""
    if DOCKER_IMPORT_ERROR:
        raise BackendError("use the Docker Engine", missing_required_lib("docker"))
    try:
        client = docker.DockerClient(base_url=docker_host, version="auto", timeout=timeout)
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        raise BackendError(
            f"reach the Docker Engine at {docker_host}",
            str(error),
            "See that it is started, and that this user may use its socket",
        ) from error
    return client


def last_lines(container: Any, count: int = TAIL) -> str:
    """The container's own last words."""
    try:
        text: str = container.logs(tail=count).decode("utf-8", errors="replace")
    except docker.errors.DockerException as error:
        return f"(no log: {error})"
    return text.rstrip()


def condition(attrs: dict[str, Any]) -> str:
    """State of a container on one line: status, exit code, OOM kill, restarts, last health check."""
    state = attrs.get("State", {})
    parts = [f"state {state.get('Status', 'unknown')}"]
    if state.get("Status") in ("exited", "dead", "restarting"):
        parts.append(f"exit code {state.get('ExitCode')}")
    if state.get("OOMKilled"):
        parts.append("OOMKilled: it needed more memory than its limit")
    if state.get("Error"):
        parts.append(f"error: {state['Error']}")
    if attrs.get("RestartCount"):
        parts.append(f"restarts {attrs['RestartCount']}")
    health = state.get("Health")
    if health:
        parts.append(f"health {health.get('Status')}")
        checks = health.get("Log") or []
        if checks:
            output = str(checks[-1].get("Output", "")).strip()[-500:]
            parts.append(f"last check exited {checks[-1].get('ExitCode')}: {output or '(no output)'}")
    return ", ".join(parts)


def report(container: Any, count: int = TAIL) -> str:
    """Condition and last log lines, for a failure's message."""
    log = last_lines(container, count)
    name = str(container.name)
    return f"{name}: {condition(container.attrs)}\nLast lines of {name}:\n{log or '(it wrote nothing)'}"
