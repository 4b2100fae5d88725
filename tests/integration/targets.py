"""The collection's own integration targets, as loud as Ansible can be."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from plays import environment
from servers import ROOT, WORK

FOLDER = ROOT / "collections/ansible_collections/onering/platform/tests/integration"
# What a target needs: a new target is a line here, a new server a method of Servers. The longest first.
TARGETS = {
    "liquibase": ["postgres", "clickhouse", "liquibase"],
    "minio": ["minio"],
    "clickhouse_schema": ["clickhouse"],
}
ELSEWHERE = {"airflow_dag_run"}  # where there is an Airflow: tests/platform


@dataclass
class Run:
    code: int
    log: Path


def run(name: str, env: dict[str, str]) -> Run:
    log = WORK / f"target-{name}.log"
    command = [
        "ansible-playbook",
        "-i",
        "localhost,",
        str(FOLDER / "run.yml"),
        "-vvv",
        "-e",
        f'{{"targets": ["{name}"]}}',
    ]
    with open(log, "w") as stream:
        code = subprocess.run(
            command, cwd=ROOT, env=environment(env), stdout=stream, stderr=subprocess.STDOUT, check=False
        ).returncode
    return Run(code, log)
