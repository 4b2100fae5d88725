"""The play of the collection's README, as somebody has it who only installed the tarball: made, made again, removed."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import yaml
from servers import ROOT

README = ROOT / "collections/ansible_collections/onering/platform/README.md"
PROJECT = "onering-readme"
# What its reader says for a machine on which other tests run.
HOSTS = {
    "stores": {
        "hosts": {"localhost": {"ansible_connection": "local"}},
        "vars": {"onering_network_subnet": "172.22.0.0/16", "onering_publish": False},
    }
}
REMOVE = [
    {
        "hosts": "stores",
        "become": True,
        "gather_facts": False,
        "tasks": [{"ansible.builtin.include_role": {"name": "onering.platform.engine", "tasks_from": "down"}}],
    }
]


class Reader:
    """An empty folder with the installed collection, and nothing of the checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (play,) = (text for text in re.findall(r"```yaml\n(.*?)```", README.read_text(), re.DOTALL) if "roles:" in text)
        (folder / "home").mkdir()
        (folder / "stores.yml").write_text(play)
        (folder / "remove.yml").write_text(yaml.safe_dump(REMOVE))
        (folder / "hosts.yml").write_text(yaml.safe_dump(HOSTS))
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
        self.environment = kept | {"ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"), "HOME": str(folder / "home")}
        self.run(str(ROOT / "ops/scripts/package"), str(folder / "built"))
        (tarball,) = (folder / "built").iterdir()
        self.run(
            "ansible-galaxy", "collection", "install", str(tarball), "--offline", "-p", str(folder / "collections")
        )

    def run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        return done.stdout

    def play(self, name: str, *arguments: str) -> dict[str, int]:
        """The recap of a play."""
        told = self.run("ansible-playbook", "-i", "hosts.yml", name, "-e", f"onering_project={PROJECT}", *arguments)
        return {key: int(number) for key, number in re.findall(r"(\w+)=(\d+)", told.rpartition("PLAY RECAP")[2])}


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    there = Reader(tmp_path)
    try:
        yield there
    finally:
        there.play("remove.yml", "-e", "{engine_purge: true, engine_purge_images: false}")


def containers() -> dict[str, tuple[str, str]]:
    found = docker.from_env().containers.list(filters={"label": f"onering.project={PROJECT}"})
    return {of.name: (of.id, of.attrs["State"]["StartedAt"]) for of in found}


def test_the_readmes_play_makes_stores_and_changes_nothing_again(reader: Reader) -> None:
    assert reader.play("stores.yml")["changed"] > 0
    made = containers()
    assert set(made) == {f"{PROJECT}-minio", f"{PROJECT}-postgres"}
    assert reader.play("stores.yml")["changed"] == 0
    assert containers() == made


def test_nothing_of_it_is_left() -> None:
    engine = docker.from_env()
    assert engine.containers.list(all=True, filters={"label": f"onering.project={PROJECT}"}) == []
    assert engine.volumes.list(filters={"label": f"onering.project={PROJECT}"}) == []
    assert [of.name for of in engine.networks.list() if of.name == PROJECT] == []
    assert not Path("/var/lib/onering", PROJECT).exists()
