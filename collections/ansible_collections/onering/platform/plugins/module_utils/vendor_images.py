# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Images that only their vendor makes: pulled by the engine, taken when a throw-away container does what is needed."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

PATIENCE = 120
INTERVAL = 1.0


class Refused(Exception):
    """Why an image can't be used, in a line."""


def last_line(text: str) -> str:
    """What a client says at the end, without its hint and the words that it puts before the engine's."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "--help'" not in line]
    return lines[-1].removeprefix("docker: ").removeprefix("Error response from daemon: ") if lines else "no answer"


class Vendor:
    """The engine's client, as far as images are pulled and tried with it."""

    def __init__(self, docker: str, folder: str, pull_timeout: int) -> None:
        self.docker = docker
        self.folder = folder
        self.pull_timeout = pull_timeout

    def run(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [self.docker, *arguments], capture_output=True, text=True, check=False, timeout=timeout
            )
        except subprocess.TimeoutExpired as error:
            raise Refused(f"docker {arguments[0]} did not end within {timeout:.0f} s") from error

    def obtain(self, image: dict[str, Any], there: bool) -> None:
        """Pull the image unless it is there, and try it. Refused says why it can't be used."""
        if not there:
            pulled = self.run("pull", "--quiet", image["tag"], timeout=self.pull_timeout)
            if pulled.returncode != 0:
                raise Refused(last_line(pulled.stderr))
        self.accept(image)

    def accept(self, image: dict[str, Any]) -> None:
        """Start a throw-away container as the service would be, and try it. Refused says what is not as declared."""
        probe = image["probe"]
        user = probe["user"].partition(":")[0]
        configured = self.run("image", "inspect", "--format", "{{.Config.User}}", image["tag"]).stdout.strip()
        if configured.partition(":")[0] != user:
            raise Refused(f"it runs as user {configured or 'root'}, not {user}")
        with self.container(image["tag"], probe) as name:
            self.wait(name, probe["health"])
            for path in probe.get("paths") or []:
                self.ask(name, ["test", "-e", path], f"it has no {path}")
            said = self.ask(name, probe["version"], "it does not tell its version")
            if not re.search(rf"(?<![\w.]){re.escape(image['version'])}(?![\w.])", said):
                raise Refused(f"it is version {last_line(said)}, not {image['version']}")
            self.ask(name, probe["operation"], "it does not do what it is asked with its secrets")

    def ask(self, name: str, command: Sequence[str], otherwise: str) -> str:
        """What a command in the container prints."""
        done = self.run("exec", name, *command)
        if done.returncode != 0:
            raise Refused(f"{otherwise}: {last_line(done.stderr or done.stdout)}")
        return done.stdout

    def wait(self, name: str, health: Sequence[str]) -> None:
        """Until the service's own health check passes; CMD is its first word."""
        deadline = time.monotonic() + PATIENCE
        while self.run("exec", name, *health[1:]).returncode != 0:
            running = self.run("inspect", "--format", "{{.State.Running}}", name)
            if running.stdout.strip() != "true":
                raise Refused(f"it stopped: {self.words(name)}")
            if time.monotonic() > deadline:
                raise Refused(f"it was not healthy within {PATIENCE} s: {self.words(name)}")
            time.sleep(INTERVAL)

    def words(self, name: str) -> str:
        logs = self.run("logs", "--tail", "5", name)
        return last_line(logs.stdout + logs.stderr)[:200]

    @contextmanager
    def container(self, tag: str, probe: dict[str, Any]) -> Iterator[str]:
        """A running container without a network, as confined as a service, with throw-away secrets; gone afterwards."""
        name = f"onering-probe-{secrets.token_hex(4)}"
        uid, _colon, gid = probe["user"].partition(":")
        with tempfile.TemporaryDirectory(prefix="onering-probe-", dir=self.folder) as folder:
            for secret in probe.get("secrets") or []:
                path = os.path.join(folder, secret)
                with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w") as stream:
                    stream.write(secrets.token_urlsafe(24))
                os.chown(path, int(uid), int(gid or uid))
            os.chmod(folder, 0o755)  # noqa: S103 - the container's user has to enter it; the files are that user's alone
            flags = ["--network", "none", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"]  # noqa: S108
            flags += ["--security-opt", "no-new-privileges:true", "--memory", probe["memory"], "--no-healthcheck"]
            flags += [flag for path in probe.get("volumes") or [] for flag in ("--volume", path)]
            flags += [flag for key, value in (probe.get("env") or {}).items() for flag in ("--env", f"{key}={value}")]
            try:
                started = self.run(
                    *("run", "--detach", "--pull", "never", "--name", name, "--user", probe["user"], *flags),
                    *("--volume", f"{folder}:/run/secrets:ro", tag),
                )
                if started.returncode != 0:
                    raise Refused(f"it does not start: {last_line(started.stderr)}")
                yield name
            finally:
                self.run("rm", "--force", "--volumes", name)
