"""Each target of the collection against the real products, as loud as can be: and no secret is to be read there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from plays import environment, readable
from servers import ROOT, WORK, Servers

TESTS = ROOT / "collections/ansible_collections/onering/platform/tests/integration"
# What a target needs: a new target is a line here, a new server a method of Servers.
TARGETS = {
    "clickhouse_schema": ["clickhouse"],
    "minio": ["minio"],
}


def target(name: str, env: dict[str, str], *arguments: str) -> tuple[int, Path]:
    log = WORK / f"target-{name}.log"
    command = ["ansible-playbook", "-i", "localhost,", str(TESTS / "run.yml"), "-e", f'{{"targets": ["{name}"]}}']
    with open(log, "w") as stream:
        code = subprocess.run(
            [*command, *arguments], cwd=ROOT, env=environment(env), stdout=stream, stderr=subprocess.STDOUT, check=False
        ).returncode
    return code, log


def test_every_target_is_run() -> None:
    assert set(TARGETS) == {path.name for path in (TESTS / "targets").iterdir()}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_target(servers: Servers, name: str) -> None:
    code, log = target(name, servers.env(*TARGETS[name]), "-vvv")
    assert code == 0, f"the end of {log}:\n" + "\n".join(log.read_text().splitlines()[-60:])
    assert readable(log.read_text()) == []
