"""Plays as a user would write them: what each task answered, and all that was printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from servers import PLANTED, ROOT

SETTINGS = ("MINIO_", "CLICKHOUSE_", "OPENMETADATA_", "AIRFLOW_", "LIQUIBASE_", "POSTGRES_", "ANSIBLE_")

# Newer versions of ansible-core show what a module was called with only where it is asked for.
SHOWN = {"ANSIBLE_INJECT_INVOCATION": "true"}

# The planted values, and what the targets themselves plant.
SECRETS = (PLANTED, "hunter2")


def readable(text: str) -> list[str]:
    """The lines in which a secret stands."""
    return [line[:300] for line in text.splitlines() if any(secret in line for secret in SECRETS)]


def environment(env: dict[str, str]) -> dict[str, str]:
    """This process's, without what would reach another server than the one that is meant."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    own = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "PLANTED": PLANTED}
    return {**kept, **own, **SHOWN, **env}


@dataclass
class Answer:
    """What one task answered, and in how many seconds."""

    name: str
    result: dict[str, Any]
    seconds: float

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def failed(self) -> bool:
        return bool(self.result.get("failed"))

    @property
    def message(self) -> str:
        return str(self.result.get("msg", ""))


@dataclass
class Played:
    """A play's end."""

    code: int
    text: str
    seconds: float
    answers: list[Answer]

    def ok(self) -> list[Answer]:
        failed = [f"{answer.name}: {answer.message}" for answer in self.answers if answer.failed]
        assert self.code == 0, "\n".join(failed) or self.text[-2000:]
        return self.answers


def play(
    folder: Path,
    tasks: list[dict[str, Any]],
    *arguments: str,
    env: dict[str, str] | None = None,
    callback: str = "ansible.posix.json",
) -> Played:
    """Run tasks on this machine in one play. Ansible's JSON tells what each answered; other callbacks tell people."""
    book = folder / "play.yml"
    written = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        # By name, as people have their secrets: of a task that fails, Ansible shows the lines in which it is written.
        "vars": {
            "ansible_python_interpreter": sys.executable,
            "planted": "{{ lookup('ansible.builtin.env', 'PLANTED') }}",
        },
        "tasks": tasks,
    }
    book.write_text(yaml.safe_dump([written], sort_keys=False, allow_unicode=True))
    begun = time.monotonic()
    done = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", str(book), *arguments],
        cwd=ROOT,
        env=environment({"ANSIBLE_STDOUT_CALLBACK": callback, **(env or {})}),
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begun
    text = done.stdout + done.stderr
    return Played(done.returncode, text, seconds, _answers(done.stdout) if "json" in callback else [])


def _answers(text: str) -> list[Answer]:
    begin = text.find("{\n")
    if begin < 0:
        return []
    found = []
    for task in json.JSONDecoder().raw_decode(text[begin:])[0]["plays"][0]["tasks"]:
        took = task["task"]["duration"]
        ends = [datetime.fromisoformat(took[key]) for key in ("start", "end") if key in took]
        seconds = (ends[1] - ends[0]).total_seconds() if len(ends) == 2 else 0.0
        found.append(Answer(task["task"]["name"], task["hosts"]["localhost"], seconds))
    return found
