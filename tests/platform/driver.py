"""What a test does to a platform of its own, and sees of it, from outside."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import docker
import psycopg
import requests
import yaml

ROOT = Path(__file__).resolve().parents[2]
INVENTORY = ROOT / "tests/platform/inventory"
WORK = ROOT / ".cache/platform"
PROJECT = "onering-test"
STORE = "172.28.10.2"


class Platform:
    """What a test does to the platform, and sees of it, from outside."""

    def __init__(
        self, project: str = PROJECT, inventory: Path = INVENTORY, work: Path = WORK, network: str = "172.28"
    ) -> None:
        self.project, self.inventory, self.work = project, inventory, work
        self.content = work / "content"
        self.store, self.columns, self.warehouse = f"{network}.10.2", f"{network}.20.2", f"{network}.20.3"
        self.airflow, self.metrics = f"{network}.30.2", f"{network}.40.2"
        self.report = f"http://{network}.40.7:8080/"
        self.seconds = 0

    def play(self, playbook: str, *arguments: str, fails: bool = False) -> str:
        """Run a playbook; returns what it printed. The whole text stays in .cache/<suite>/<n>-<playbook>.log."""
        log = self.work / f"{len(list(self.work.glob('*.log'))):02d}-{Path(playbook).stem}.log"
        command = [
            "ansible-playbook",
            "-i",
            str(self.inventory),
            playbook,
            "-e",
            f"onering_content_dir={self.content}",
            *arguments,
        ]
        begun = time.monotonic()
        with open(log, "w") as stream:
            code = subprocess.run(command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, check=False).returncode
        text = log.read_text()
        self.seconds = round(time.monotonic() - begun)
        print(f"\n{log.name}: {self.seconds} s, exit code {code}")
        if fails:
            assert code != 0, f"{playbook} should have failed; see {log}"
        else:
            assert code == 0, f"{playbook} failed; the end of {log}:\n" + "\n".join(text.splitlines()[-60:])
        return text

    @staticmethod
    def recap(text: str) -> dict[str, int]:
        """The recap's numbers of the one host."""
        line = re.findall(r"^localhost\s+:(.*)$", text, re.M)[-1]
        return {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", line)}

    def containers(self) -> dict[str, tuple[str, str]]:
        """Container name → (id, start time) of all that runs."""
        found = docker.from_env().containers.list(filters={"label": f"onering.project={self.project}"})
        return {c.name: (c.id, c.attrs["State"]["StartedAt"]) for c in found}

    def secrets(self) -> dict[str, str]:
        lines = (self.inventory / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))

    def _connect(self, user: str, secret: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=self.warehouse, dbname="onering", user=user, password=self.secrets()[secret], connect_timeout=10
        )

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with self._connect("quality", "POSTGRES_QUALITY_PASSWORD") as connection:
            return connection.execute(sql).fetchall()

    def administer(self, sql: str) -> None:
        """As the superuser: a test may do what no job of the platform can."""
        with self._connect("postgres", "POSTGRES_ADMIN_PASSWORD") as connection:
            connection.execute(sql)

    def clickhouse(self, sql: str) -> str:
        """The answer to one query of the account `quality`, as text."""
        answer = requests.post(
            f"http://{self.columns}:8123/",
            data=sql.encode(),
            auth=("quality", self.secrets()["CLICKHOUSE_QUALITY_PASSWORD"]),
            timeout=60,
        )
        assert answer.ok, answer.text
        return answer.text.strip()

    def prometheus(self, query: str) -> list[dict[str, Any]]:
        """The samples that answer one query at this moment."""
        answer = requests.get(f"http://{self.metrics}:9090/api/v1/query", params={"query": query}, timeout=30)
        assert answer.ok, answer.text
        return answer.json()["data"]["result"]

    def tables(self) -> dict[str, str]:
        """A hash of the business columns of every table of Silver and Gold."""
        found = {}
        names = self.clickhouse("SELECT name FROM system.tables WHERE database = 'silver' ORDER BY name").split()
        for name in names:
            of = self.clickhouse(
                "SELECT count(), groupBitXor(cityHash64(tuple(* EXCEPT (_raw_id, _run_id, _loaded_at)))) "
                f"FROM silver.{name}"
            )
            found[f"silver.{name}"] = of
        for (name,) in self.query(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'gold' ORDER BY 1"
        ):
            of = self.query(f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM gold.{name} AS t")
            found[f"gold.{name}"] = str(of[0])
        assert len(found) > 2
        return found

    def published(self) -> dict[str, str]:
        """What changes whenever a table is written, be its rows the same: load times, row versions."""
        silver = [
            self.clickhouse(f"SELECT max(_loaded_at) FROM silver.{name}")
            for name in self.clickhouse(
                "SELECT name FROM system.tables WHERE database = 'silver' ORDER BY name"
            ).split()
        ]
        names = self.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'gold' ORDER BY 1")
        gold = [self.query(f"SELECT max(xmin::text::bigint) FROM gold.{name}")[0][0] for (name,) in names]
        return {"silver": str(silver), "gold": str(gold)}

    def bronze(self) -> Any:
        """Bronze, with the root account: a test may do what no job of the platform can."""
        return boto3.resource(
            "s3",
            endpoint_url=f"http://{self.store}:9000",
            aws_access_key_id="onering-root",
            aws_secret_access_key=self.secrets()["MINIO_ROOT_PASSWORD"],
        ).Bucket("bronze")

    @contextmanager
    def edited(self, path: str, change: Callable[[Any], None]) -> Iterator[None]:
        """Change one YAML file of the content, and put it back afterwards."""
        file = self.content / path
        before = file.read_text()
        value = yaml.safe_load(before)
        change(value)
        file.write_text(yaml.safe_dump(value, sort_keys=False))
        try:
            yield
        finally:
            file.write_text(before)
