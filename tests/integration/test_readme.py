"""The play of the collection's README, as somebody has it who only installed the tarball: made, made again, removed."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import psycopg
import pytest
import yaml
from minio import Minio
from servers import ROOT

README = ROOT / "collections/ansible_collections/onering/platform/README.md"
PROJECT = "onering-readme"
# What its reader says for a machine on which other tests run.
HOSTS = {
    "stores": {
        "hosts": {"localhost": {"ansible_connection": "local"}},
        "vars": {
            "onering_network_subnet": "172.22.0.0/16",
            "onering_publish": False,
            "ansible_python_interpreter": "/usr/bin/python3",
        },
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
        own = {"ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"), "HOME": str(folder / "home")}
        self.environment = kept | own
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
    engine = docker.from_env()
    mine = {"label": f"onering.project={PROJECT}"}
    assert engine.containers.list(all=True, filters=mine) == []
    assert engine.volumes.list(filters=mine) == []
    assert engine.networks.list(filters=mine) == []
    assert not Path("/var/lib/onering", PROJECT).exists()
    assert not (tmp_path / ".env").exists()


def containers() -> dict[str, tuple[str, str]]:
    found = docker.from_env().containers.list(filters={"label": f"onering.project={PROJECT}"})
    return {of.name: (of.id, of.attrs["State"]["StartedAt"]) for of in found}


def test_the_readmes_play_makes_stores_and_changes_nothing_again(reader: Reader) -> None:
    assert reader.play("stores.yml")["changed"] > 0
    made = containers()
    assert set(made) == {f"{PROJECT}-minio", f"{PROJECT}-postgres"}
    known = (line.partition("=") for line in (reader.folder / ".env").read_text().splitlines())
    secrets = {name: value for name, _, value in known}
    login = {"user": "probe", "password": secrets["POSTGRES_PROBE_PASSWORD"]}
    with psycopg.connect(host="172.22.20.3", dbname="onering", connect_timeout=10, **login) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("probe",)
    store = Minio("172.22.10.2:9000", "onering-root", secrets["MINIO_ROOT_PASSWORD"], secure=False)
    assert {"bronze", "silver", "gold"} <= {bucket.name for bucket in store.list_buckets()}
    assert reader.play("stores.yml")["changed"] == 0
    assert containers() == made
