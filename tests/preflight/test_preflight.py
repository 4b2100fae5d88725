"""Real plays against this machine that the preflight has to stop: one table with cause and remedy, nothing changed.

They need neither root nor an engine. Each play ends before its first change, so they run side by side.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.onering.platform.plugins.module_utils.preflight import Engine, routes

ROOT = Path(__file__).resolve().parents[2]
ENGINE = "/var/run/docker.sock"
PROJECT = "onering-preflight-test"
UNITS = "collections/ansible_collections/onering/platform/tests/unit/plugins/module_utils/test_preflight.py"
TICKS = re.compile(r"`([^`]+)`")


@dataclass
class Case:
    """One play: what it is given, and what the table must say."""

    name: str
    given: dict[str, Any]
    check: str
    found: str
    remedy: str
    arguments: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    host: dict[str, Any] = field(default_factory=dict)
    play: str = "site.yml"


def setting(name: str, given: dict[str, Any], found: str, remedy: str, **more: Any) -> Case:
    return Case(name, given, "settings", found, remedy, **more)


SLIP = {"onering_profil": "core"}
RENAMED = {"__preflight_renamed": {"onering_flavour": "onering_profile"}, "onering_flavour": "core"}
SETTINGS = [
    setting("unknown", {"onering_frobnicate": 1}, "onering_frobnicate is no setting", "roles/*/README.md"),
    setting("mistyped", SLIP, "onering_profil is no setting", "did you mean onering_profile?"),
    setting("mistyped, of a role", {"minio_api_prot": 9}, "minio_api_prot is no", "did you mean minio_api_port?"),
    setting("mistyped, in the inventory", {}, "onering_bind_adress is no setting", "did you mean onering_bind_address?",
            host={"onering_bind_adress": "127.0.0.1"}),
    setting("mistyped, for status", SLIP, "onering_profil is no setting", "did you mean", play="playbooks/status.yml"),
    setting("renamed", RENAMED, "onering_flavour is called onering_profile now", "rename it to onering_profile"),
    setting("wrong type", {"minio_api_port": "abc"}, "'abc' is a text, not a whole number", "set it to a whole number"),
    setting("wrong type, of all", {"onering_datasets": "one"}, "'one' is a text, not a list", "a list"),
    setting("wrong form", {"onering_network_subnet": "172.23.0.0/24"}, "is not a /16", "such as 172.29.0.0/16"),
    setting("undefined", {"onering_bind_address": "{{ nowhere }}"},
            "onering_bind_address can't be worked out: 'nowhere'", "mend what it is made of"),
    setting("impossible profile", {"onering_profile": "cor"}, "no profile or component cor", "did you mean core?"),
    setting("unknown component", {"onering_components_extra": ["postgress"]},
            "there is no profile or component postgress", "did you mean postgres?"),
]  # fmt: skip


def host_cases(taken: int, closed: int, subnet: str, mute: str) -> list[Case]:
    """What depends on this machine: a port that is taken or closed, a range that it has a route to, a dead engine."""
    index = f"http://127.0.0.1:{closed}/simple"
    return [
        Case("port taken", {"minio_api_port": taken}, "ports",
             f"port {taken}, which minio publishes, is held by", "set minio_api_port to another port"),
        Case("address of another machine", {"onering_bind_address": "192.0.2.7"}, "ports",
             "no interface of this machine has the address 192.0.2.7", "set onering_bind_address"),
        Case("no memory", {"preflight_memory_mb": 99999999}, "memory", "of memory are available", "onering_profile"),
        Case("no disk", {"preflight_disk_mb": 999999999}, "disk", "where the engine stores", "data-root"),
        Case("no CPU", {"preflight_cpus": 4096}, "cpu", "and 4096 are needed", "preflight_skip: [cpu]"),
        Case("network overlaps a route", {"onering_network_subnet": subnet}, "network",
             f"{subnet} overlaps", "set onering_network_subnet to a free /16"),
        Case("no engine wanted", {"engine_install": False}, "engine",
             "engine_install is false", "let it be installed: engine_install: true"),
        Case("engine does not answer", {"engine_socket": mute}, "engine",
             f"{mute} is there, but the engine does not answer", "journalctl -u docker"),
        Case("registry does not answer", {"preflight_skip": []}, "registries",
             f"PyPI at {index}/pip/: connection refused; "
             "needed for object-store, column-store, metrics, workflows, pages",
             "PIP_INDEX_URL", env={"PIP_INDEX_URL": index.replace("//", "//user:pw@"), "UV_DEFAULT_INDEX": ""}),
    ]  # fmt: skip


BARE = Case("bare", {}, "", "", "", arguments=("--check", "--diff"))
SEVERAL = Case("several", {**SLIP, "preflight_memory_mb": 99999999, "onering_bind_address": "192.0.2.7"}, "", "", "")
HOST = [case.name for case in host_cases(0, 0, "", "")]


@dataclass
class Played:
    """How a play ended."""

    code: int
    text: str
    folder: Path
    packages: str

    def rows(self) -> list[tuple[str, str, str, str]]:
        """The table's rows, each with its broken lines joined."""
        lines = self.text.splitlines()
        start = next(n for n, line in enumerate(lines) if re.match(r"  check +found +remedy", line))
        columns = [0, *(lines[start].index(word) for word in ("found", "remedy"))]
        level = next(m.start() for line in lines[start + 1 :] if (m := re.search(r"\b(error|warning)\b", line)))
        edges = [0, level, columns[1], columns[2], None]
        rows: list[list[str]] = []
        for line in lines[start + 1 :]:
            if not line.startswith("  "):
                break
            cells = [line[a:b].strip() for a, b in pairwise(edges)]
            if cells[0]:
                rows.append(cells)
            else:
                rows[-1] = [f"{was} {more}".strip() for was, more in zip(rows[-1], cells, strict=True)]
        return [tuple(row) for row in rows]  # type: ignore[misc]


PORTS = ("minio_api", "minio_console", "airflow", "prometheus", "report")
Plays = dict[str, tuple[Case, Future[Played]]]


def run(case: Case, folder: Path) -> Played:
    """Play a case for a project of its own, as this user, with an inventory that has nothing else."""
    folder.mkdir()
    host = {"ansible_connection": "local", "onering_checkout": str(ROOT), "onering_project": PROJECT, **case.host}
    (folder / "hosts.yml").write_text(json.dumps({"onering": {"hosts": {"localhost": host}}}))
    given = {
        "ansible_become": False,
        "engine_socket": str(folder / "none.sock"),
        "onering_root": str(folder / "root"),
        "onering_network_subnet": "198.18.0.0/16",
        "preflight_skip": ["registries"],
        # Ports that nothing of this machine has, so that a platform that runs here is in nobody's way.
        **dict(zip((f"{of}_port" for of in PORTS), range(61001, 61001 + len(PORTS)), strict=True)),
        "postgres_publish": False,
        "clickhouse_publish_http": False,
        **case.given,
    }
    packages = installed()
    done = subprocess.run(
        ["ansible-playbook", "-i", str(folder), case.play, "-e", json.dumps(given), *case.arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **case.env},
    )  # fmt: skip
    return Played(done.returncode, done.stdout + done.stderr, folder, packages)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plays]:
    """Every case by name, with its play under way or done."""
    folder = tmp_path_factory.mktemp("plays")
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as taken,
        closing(socket.create_server(("127.0.0.1", 0))) as free,
        closing(socket.socket(socket.AF_UNIX)) as mute,
        ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool,
    ):
        closed = free.getsockname()[1]
        free.close()
        mute.bind(str(folder / "mute.sock"))
        mute.listen()
        host = host_cases(taken.getsockname()[1], closed, routed(), str(folder / "mute.sock"))
        cases = [BARE, *SETTINGS, *host, SEVERAL]
        yield {case.name: (case, pool.submit(run, case, folder / str(n))) for n, case in enumerate(cases)}


def routed() -> str:
    """A /16 that this machine has a route into."""
    found = routes(Path("/proc/net/route").read_text())
    return str(ipaddress.ip_network(found[0]["network"].split("/")[0] + "/16", strict=False))


def installed() -> str:
    """Every package of this machine with its version."""
    return subprocess.run(["dpkg-query", "--show"], capture_output=True, text=True, check=True).stdout


def in_engine() -> list[str]:
    """What the engine of this machine, if there is one, has of the tests' project."""
    if not os.path.exists(ENGINE):
        return []
    named = json.dumps({"label": [f"onering.project={PROJECT}"]})
    paths = [f"/containers/json?all=true&filters={named}", f"/networks?filters={named}", f"/volumes?filters={named}"]
    try:
        answers = [Engine(ENGINE).get(path.replace(" ", "%20").replace('"', "%22")) for path in paths]
    except (ConnectionRefusedError, PermissionError):  # a socket that nothing answers has nothing of ours
        return []
    return [*answers[0], *answers[1], *(answers[2]["Volumes"] or [])]


@pytest.mark.parametrize("name", [case.name for case in SETTINGS] + HOST)
def test_a_play_that_cannot_go_well_changes_nothing(played: Plays, name: str) -> None:
    case, future = played[name]
    end = future.result()
    assert end.code != 0
    assert end.text.count("Preflight of localhost: ") == 1, end.text
    (row,) = [row for row in end.rows() if row[1] == "error"]
    assert (row[0], row[1]) == (case.check, "error")
    assert case.found in row[2]
    assert case.remedy in row[3]
    if name == "port taken":
        assert f"(process {os.getpid()})" in row[2]
    assert "pw@" not in end.text
    assert "nothing was changed" in end.text
    assert "TASK [secrets" not in end.text
    assert re.search(r"changed=0 .* failed=1 ", end.text)
    assert sorted(path.name for path in end.folder.iterdir()) == ["hosts.yml"]
    assert in_engine() == []


def test_several_findings_are_one_table(played: Plays) -> None:
    end = played[SEVERAL.name][1].result()
    assert end.code != 0
    assert [row[0] for row in end.rows()] == ["settings", "memory", "ports"]
    assert "3 of 12 checks failed" in end.text


def test_check_mode_on_a_bare_machine_says_what_would_be_made_and_makes_nothing(played: Plays) -> None:
    end = played[BARE.name][1].result()
    assert end.code == 0, end.text
    assert "no engine answers: it will be installed" in end.text
    assert re.search(r"^  core .* chosen$", end.text, re.M), "the chosen components are in the profile's order"
    assert re.search(r"would be built: base-1.*workflows", end.text)
    assert re.search(rf"would be run: {PROJECT}-postgres, .*{PROJECT}-airflow-api", end.text)
    assert sorted(path.name for path in end.folder.iterdir()) == ["hosts.yml"]
    assert in_engine() == []
    assert installed() == end.packages


def test_every_finding_is_explained_beside_the_tests_that_produce_it() -> None:
    page = (ROOT / "docs/when-something-fails.md").read_text()
    section = page.partition("## Before anything changes")[2].partition("\n## ")[0]
    named = {
        name for line in section.splitlines() if line.count("|") == 6 for name in TICKS.findall(line.split("|")[5])
    }
    units = (ROOT / UNITS).read_text()
    judged = set(re.findall(r'^    \(\s*"([^"]+)",\s*\{', units[units.index("FOUND: ") :], re.M))
    assert named == {case.name for case in SETTINGS} | set(HOST) | judged
