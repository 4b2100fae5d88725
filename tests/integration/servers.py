"""The real servers of the tests: containers of a project of their own, each started when a test first needs it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import requests

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".cache/integration"
PROJECT = "onering-integration"
INVENTORY = ROOT / "tests/integration/inventory"
HOME = Path("/var/lib/onering") / PROJECT
LABELS = {"onering.project": PROJECT}
# Every secret of these tests holds this: so that one search finds any of them in any output.
PLANTED = "planted0secret"
KMS_KEY = "onering-key"

CONFIG = """<clickhouse>
  <logger><level>warning</level><console>1</console></logger>
  <path>/var/lib/clickhouse/</path>
  <users_config>/etc/clickhouse-server/users.xml</users_config>
  <listen_host>0.0.0.0</listen_host><http_port>8123</http_port><tcp_port>9000</tcp_port><timezone>UTC</timezone>
  <access_control_improvements>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
    <table_engines_require_grant>false</table_engines_require_grant>
  </access_control_improvements>
  <query_log><database>system</database><table>query_log</table></query_log>
</clickhouse>
"""
USERS = """<clickhouse>
  <profiles><default/></profiles><quotas><default/></quotas>
  <users>
    <default><no_password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
      <grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants></default>
    {accounts}
  </users>
</clickhouse>
"""
ACCOUNT = """<{name}><password_sha256_hex>{hash}</password_sha256_hex><networks><ip>::/0</ip></networks>
      <profile>default</profile><quota>default</quota><grants><query>{grant}</query></grants></{name}>"""
# What the collection's README says that the target needs.
ALL = (
    "GRANT SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, CREATE DICTIONARY, DROP, TRUNCATE, SHOW "
    "ON *.*"
)
GRANTS = {
    "tests": ALL,
    "counted": ALL,
    "observer": "GRANT SELECT, SYSTEM FLUSH LOGS ON *.*",
}


def secret() -> str:
    return PLANTED + secrets.token_hex(8)


def playbook(name: str, *arguments: str) -> None:
    """Run one of the project's own playbooks for this project."""
    log = WORK / f"{Path(name).stem}.log"
    command = ["ansible-playbook", "-i", str(INVENTORY), name, *arguments]
    with open(log, "w") as stream:
        code = subprocess.run(command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, check=False).returncode
    assert code == 0, f"{name} failed; the end of {log}:\n" + "\n".join(log.read_text().splitlines()[-40:])


class Servers:
    """`env(*names)` starts what isn't there yet, and gives the settings by which modules and targets find it.

    KEEP=1 leaves images' record and network, which the next run with KEEP=1 begins with.
    """

    def __init__(self) -> None:
        self.engine = docker.from_env(timeout=60)
        self.addresses: dict[str, str] = {}
        self.settings: dict[str, dict[str, str]] = {}
        WORK.mkdir(parents=True, exist_ok=True)
        self.remove_containers()
        record = HOME / "images.json"
        if not (os.environ.get("KEEP") and record.exists()):
            playbook("site.yml", "--tags", "images")  # builds what is missing, and makes the network
        self.images = {name: image["tag"] for name, image in json.loads(record.read_text()).items()}

    def env(self, *names: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in names:
            if name not in self.settings:
                self.settings[name] = START[name](self)
            found.update(self.settings[name])
        return found

    def start(self, name: str, image: str, port: int, **options: Any) -> str:
        """Its address, once it listens."""
        container = self.engine.containers.run(
            self.images[image], name=f"{PROJECT}-{name}", labels=LABELS, network=PROJECT, detach=True, **options
        )
        container.reload()
        address = container.attrs["NetworkSettings"]["Networks"][PROJECT]["IPAddress"]
        self.addresses[name] = address
        self.wait(container, name, lambda: socket.create_connection((address, port), timeout=1).close())
        return address

    @staticmethod
    def wait(container: Any, name: str, ask: Callable[[], Any], seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                ask()
                return
            except OSError as error:
                container.reload()
                if container.status != "running" or time.monotonic() > deadline:
                    raise RuntimeError(f"{name}: {error}\n{container.logs(tail=20).decode()}") from error
                time.sleep(0.1)

    def remove_containers(self) -> None:
        for container in self.engine.containers.list(all=True, filters={"label": f"onering.project={PROJECT}"}):
            container.remove(force=True, v=True)

    def down(self) -> None:
        self.remove_containers()
        playbook("playbooks/down.yml", "-e", '{"down_purge": true, "engine_purge_images": false}')

    # One method a server

    def minio(self) -> dict[str, str]:
        password = secret()
        kms = base64.b64encode(secrets.token_bytes(32)).decode()
        address = self.start(
            "minio",
            "object-store",
            9000,
            environment={
                "MINIO_ROOT_USER": "tests",
                "MINIO_ROOT_PASSWORD": password,
                "MINIO_KMS_SECRET_KEY": f"{KMS_KEY}:{kms}",
            },
        )
        url = f"http://{address}:9000"
        self.wait(
            self.engine.containers.get(f"{PROJECT}-minio"),
            "minio",
            lambda: requests.get(f"{url}/minio/health/ready", timeout=1).raise_for_status(),
        )
        return {
            "MINIO_ENDPOINT": url,
            "MINIO_ACCESS_KEY": "tests",
            "MINIO_SECRET_KEY": password,
            "MINIO_KMS_KEY": KMS_KEY,
        }

    def clickhouse(self) -> dict[str, str]:
        passwords = {name: secret() for name in GRANTS}
        accounts = [
            ACCOUNT.format(name=name, hash=hashlib.sha256(passwords[name].encode()).hexdigest(), grant=grant)
            for name, grant in GRANTS.items()
        ]
        folder = WORK / "clickhouse"
        folder.mkdir(exist_ok=True)
        (folder / "config.xml").write_text(CONFIG)
        (folder / "users.xml").write_text(USERS.format(accounts="\n    ".join(accounts)))
        address = self.start(
            "clickhouse",
            "column-store",
            9000,
            volumes={str(folder): {"bind": "/etc/clickhouse-server", "mode": "ro"}},
            mem_limit="2g",
        )
        return {
            "CLICKHOUSE_HOST": address,
            "CLICKHOUSE_USER": "tests",
            "CLICKHOUSE_PASSWORD": passwords["tests"],
            "CLICKHOUSE_COUNTED_PASSWORD": passwords["counted"],
            "CLICKHOUSE_OBSERVER_USER": "observer",
            "CLICKHOUSE_OBSERVER_PASSWORD": passwords["observer"],
        }

    def postgres(self) -> dict[str, str]:
        password = secret()
        file = WORK / "postgres-password"
        file.write_text(password)
        address = self.start(
            "postgres",
            "sql-store",
            5432,
            environment={"POSTGRES_USER": "tests", "POSTGRES_PASSWORD_FILE": "/run/secrets/password"},
            volumes={str(file): {"bind": "/run/secrets/password", "mode": "ro"}},
        )
        return {"POSTGRES_HOST": address, "POSTGRES_USER": "tests", "POSTGRES_PASSWORD": password}

    def liquibase(self) -> dict[str, str]:
        """No server: what the module needs to run its container beside those of the stores."""
        return {
            "LIQUIBASE_IMAGE": self.images["schema-versioning"],
            "LIQUIBASE_NETWORK": PROJECT,
            "LIQUIBASE_POSTGRES_URL": f"jdbc:postgresql://{self.addresses['postgres']}:5432",
            "LIQUIBASE_CLICKHOUSE_URL": f"jdbc:clickhouse://{self.addresses['clickhouse']}:8123",
        }


START: dict[str, Callable[[Servers], dict[str, str]]] = {
    "minio": Servers.minio,
    "clickhouse": Servers.clickhouse,
    "postgres": Servers.postgres,
    "liquibase": Servers.liquibase,
}
