"""The collection without a checkout: the tarball, installed into an empty folder, used by fully qualified names.

What needs a server is pointed at a port that refuses: a module must start, take its arguments and say whom it asked.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import ansible_test
import pytest
import yaml
from ansible.release import __version__ as ansible_version

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = "onering.platform"
PLUGINS = ROOT / "collections/ansible_collections/onering/platform/plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("[!_]*.py"))
VALIDATE = Path(ansible_test.__path__[0]) / "_util/controller/sanity/validate-modules"


@dataclass
class Away:
    """A place without a checkout: the installed collection, an empty folder to work in, a port that refuses, and one
    behind which a server knows no method."""

    folder: Path
    port: int
    other: int
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def installed(self) -> Path:
        return self.folder / "collections/ansible_collections/onering/platform"

    def run(self, *command: str | Path, **more: str) -> str:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=self.folder / "work",
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def tarball(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    subprocess.run([ROOT / "ops/scripts/package", folder], check=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def away(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    folder = tmp_path_factory.mktemp("away")
    for name in ("collections", "roles", "home", "work"):
        (folder / name).mkdir()
    (folder / "ansible.cfg").write_text("[defaults]\ninternal_poll_interval = 0.01\n[connection]\npipelining = true\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON", "DOCKER_"))}
    with socket.socket() as refuses, HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        refuses.bind(("127.0.0.1", 0))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = Away(folder, refuses.getsockname()[1], server.server_port)
        place.environment = kept | {
            "HOME": str(folder / "home"),
            "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(folder / "collections"),
            "ANSIBLE_ROLES_PATH": str(folder / "roles"),
            "DOCKER_HOST": f"tcp://127.0.0.1:{place.port}",
        }
        place.run("ansible-galaxy", "collection", "install", tarball, "--offline", "-p", folder / "collections")
        yield place
        server.shutdown()


def test_the_same_content_makes_the_same_bytes(tarball: Path, tmp_path: Path) -> None:
    subprocess.run([ROOT / "ops/scripts/package", tmp_path], check=True)
    assert sha256(tmp_path / tarball.name) == sha256(tarball)


def test_the_tarball_holds_files_and_what_an_installation_asks_for(away: Away) -> None:
    assert [path for path in away.installed.rglob("*") if path.is_symlink()] == []
    assert {"README.md", "LICENSE", "CHANGELOG.rst", "meta/runtime.yml", "changelogs/changelog.yaml"} <= {
        str(path.relative_to(away.installed)) for path in away.installed.rglob("*")
    }
    manifest = json.loads((away.installed / "MANIFEST.json").read_text())
    assert sha256(away.installed / "FILES.json") == manifest["file_manifest_file"]["chksum_sha256"]
    changes = yaml.safe_load((away.installed / "changelogs/changelog.yaml").read_text())
    assert manifest["collection_info"]["version"] in changes["releases"]


def names(folder: Path, pattern: str) -> list[str]:
    return [f"{COLLECTION}.{path.stem}" for path in sorted(folder.glob(pattern))]


def test_everything_is_documented(away: Away) -> None:
    roles = names(away.installed / "roles", "*")
    assert roles == names(ROOT / "collections/ansible_collections/onering/platform/roles", "*")
    filters = [f"{COLLECTION}.{name}" for name in FILTERS]
    for kind, wanted in (("module", names(PLUGINS / "modules", "*.py")), ("filter", filters), ("role", roles)):
        text = away.run("ansible-doc", "--type", kind, *wanted)
        assert [name for name in wanted if name not in text] == []
        assert "ERROR" not in text
    assert str(away.installed) in text


def test_validate_modules_finds_what_the_ignore_file_says(away: Away) -> None:
    """The part of `ansible-test sanity` that compares documentation with argument specs, and its ignore file."""
    paths = [f"plugins/modules/{name}.py" for name in MODULES]
    found = subprocess.run(
        [
            *(sys.executable, VALIDATE / "validate.py", "--format", "json", "--arg-spec"),
            *("--collection", "ansible_collections/onering/platform", "--collection-version", "0.1.0", *paths),
        ],
        cwd=away.installed,
        env=away.environment | {"PYTHONPATH": f"{VALIDATE}:{away.folder / 'collections'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout, found.stderr
    errors = {
        f"{path} validate-modules:{e['code']}" for path, of in json.loads(found.stdout).items() for e in of["errors"]
    }
    core = ".".join(ansible_version.split(".")[:2])
    ignored = (away.installed / f"tests/sanity/ignore-{core}.txt").read_text().splitlines()
    assert errors == {line.partition("  #")[0] for line in ignored}


CATALOG = {"url": "http://127.0.0.1:{port}", "token": "none-at-all", "timeout": 1}
STORE = {"endpoint": "http://127.0.0.1:{port}", "access_key": "a", "secret_key": "none-at-all"}
ENGINE = {"docker_host": "tcp://127.0.0.1:{port}"}
REFUSED = r"127\.0\.0\.1.*{port}.*refused"

# Arguments, and what the module says: for those that work without a server, nothing.
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "airflow_dag_run": (
        # One that refuses is asked for half a minute: it may be starting.
        {"url": "http://127.0.0.1:{other}", "username": "u", "password": "none-at-all", "dag_id": "d"}
        | {"logical_date": "2026-01-01T00:00:00Z", "timeout": 1},
        r"POST http://127\.0\.0\.1:{other}/auth/token: 501",
    ),
    "clickhouse_schema": (
        {
            "login_host": "127.0.0.1",
            "login_port": "{port}",
            "login_user": "u",
            "login_password": "none-at-all",
            "databases": ["d"],
        },
        REFUSED,
    ),
    "container_wait": ({"names": ["c"], "timeout": 1, **ENGINE}, REFUSED),
    "env_file": ({"path": "{folder}/work/.env", "keys": [{"name": "A_KEY"}], "return_values": False}, ""),
    "files": ({"dest": "{folder}/work/files", "files": [{"path": "a", "content": "a\n"}]}, ""),
    "images": (
        {"images": [{"name": "base-13", "version": "13", "suite": "trixie", "packages": []}]}
        | {"log_dir": "{folder}/work/log", "record_path": "{folder}/work/images.json"},
        "docker",
    ),
    "liquibase": (
        {"image": "i", "network": "n", "changelog_dir": "/changelogs", "changelog_file": "c.yml", "url": "jdbc:none"}
        | {"username": "u", "password": "none-at-all", **ENGINE},
        REFUSED,
    ),
    "minio_bucket": ({"name": "bucket", **STORE}, REFUSED),
    "minio_group": ({"name": "g", **STORE}, REFUSED),
    "minio_policy": (
        {"name": "p", "statements": [{"actions": ["s3:GetObject"], "resources": ["b/*"]}], **STORE},
        REFUSED,
    ),
    "minio_service_account": ({"name": "u-key", "parent": "u", "secret": "none-at-all", **STORE}, REFUSED),
    "minio_user": ({"name": "u", "secret": "none-at-all", **STORE}, REFUSED),
    "mirror": ({"src": "{folder}/work", "dest": "{folder}/mirrored"}, ""),
    "openmetadata_asset": ({"assets": [{"kind": "domain", "name": "d"}], **CATALOG}, REFUSED),
    "openmetadata_info": ({"entities": [{"kind": "table", "name": "t"}], **CATALOG}, REFUSED),
    "openmetadata_lineage": ({"edges": [{"from": {"name": "a"}, "to": {"name": "b"}}], **CATALOG}, REFUSED),
    "openmetadata_service": (
        {"services": [{"kind": "database", "name": "s", "type": "Clickhouse", "connection": {}}], **CATALOG},
        REFUSED,
    ),
    "preflight": (
        {"project": "away", "network": "away", "subnet": "172.29.0.0/16", "components": [], "images": []}
        | {"engine_socket": "{folder}/none.sock", "engine_install": False},
        "",
    ),
    "project_info": ({"project": "away"}, REFUSED),
    "settings": ({"roles": "{folder}/collections/ansible_collections/onering/platform/roles"}, ""),
    "show": ({"text": "Hello."}, ""),
}

EXPORT = {"name": "a", "title": "A", "product": "a's", "profile": "core", "images": [{"name": "i"}]}
IMAGE = {"image": "r/i:1", "source": "build", "id": "sha256:1", "state": "cached", "seconds": 0, "megabytes": 1}
SERVICE = {"name": "s", "image": "i", "user": "1:1", "resources": {"memory": "1g"}}
PROJECT = {"name": "p", "home": "/p", "network": "p", "subnet": "172.29.0.0/16", "bind_address": "", "publish": False}
REPORT = {"project": "away", "containers": [], "images": {}, "phases": [], "missing": []}
FACTS: dict[str, Any] = {
    "project": "away",
    "containers": [],
    "links": [],
    "exports": [EXPORT],
    "evidence": [],
    "phases": [],
    "left_out": [],
}
JUDGED = {
    "host": "h",
    "project": "away",
    "check": False,
    "findings": [],
    "usable": True,
    "judged": {},
    "parts": [],
    "chosen": [],
}

# An expression over what stands above, and a part of what it gives.
FILTERS: dict[str, tuple[str, str]] = {
    "address": ("'172.29.0.0/16' | onering.platform.address('storage', 2)", "172.29.10.2"),
    "collect": ("[export] | onering.platform.collect('images')", "'i'"),
    "connections_json": (
        "[{'connections': [{'id': 'c', 'conn_type': 'http'}]}] | onering.platform.connections_json",
        "http",
    ),
    "enabled": ("[export] | onering.platform.enabled('core')", "['a']"),
    "evidence": ("[export] | onering.platform.evidence({'i': image}, [])", "r/i:1"),
    "files_of_services": ("[{'name': 's', 'files': [{'path': 'p'}]}] | onering.platform.files_of_services", "s/p"),
    "image_states": ("{'i': image} | onering.platform.image_states", "i:1"),
    "left_out": ("[export] | onering.platform.left_out({})", "[]"),
    "parts": ("[export] | onering.platform.parts", "core"),
    "preflight": ("judged | onering.platform.preflight", ""),
    "read_yaml": ("(playbook_dir ~ '/play.yml') | onering.platform.read_yaml", "localhost"),
    "render_services": ("[service] | onering.platform.render_services(project, {'i': image})", "onering.content"),
    "report_facts": ("facts | onering.platform.report_facts", "1 components: A"),
    "scram_matches": ("'p' | onering.platform.scram_matches('')", "False"),
    "status": ("report | onering.platform.status", "Project away has no containers"),
    "summary": ("report | onering.platform.summary", "project away"),
}


def filled(value: Any, away: Away) -> Any:
    """The value with the place's port and folder."""
    return json.loads(
        json.dumps(value)
        .replace("{port}", str(away.port))
        .replace("{other}", str(away.other))
        .replace("{folder}", str(away.folder))
    )


@pytest.fixture(scope="module")
def said(away: Away) -> dict[str, Any]:
    """What each module, filter and role said, all in one play."""
    names_of = {name: f"of_{name}" for name in CASES}
    tasks: list[dict[str, Any]] = [
        {"name": name, f"{COLLECTION}.{name}": filled(args, away), "register": names_of[name], "ignore_errors": True}
        for name, (args, _says) in CASES.items()
    ]
    tasks += [
        {"name": name, "ansible.builtin.set_fact": {f"filter_{name}": "{{ " + call + " }}"}}
        for name, (call, _gives) in FILTERS.items()
    ]
    tasks += filled(ROLE_TASKS, away)
    told = {name: f"{{{{ {variable} }}}}" for name, variable in names_of.items()}
    told |= {f"filter {name}": f"{{{{ filter_{name} | string }}}}" for name in FILTERS}
    told |= {f"role {name}": value for name, value in ROLES_TOLD.items()}
    tasks.append({"ansible.builtin.copy": {"content": "{{ told | to_json }}", "dest": str(away.folder / "said.json")}})
    tasks[-1]["vars"] = {"told": told}
    variables = {
        "export": EXPORT,
        "image": IMAGE,
        "service": SERVICE,
        "project": PROJECT,
        "report": REPORT,
        "judged": JUDGED,
        "facts": FACTS,
    }
    play = {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}
    (away.folder / "work/play.yml").write_text(yaml.safe_dump([play], sort_keys=False))
    away.run(
        *("ansible-playbook", "--connection", "local", "--inventory", "localhost,", "play.yml"),
        *("--extra-vars", json.dumps({"ansible_python_interpreter": sys.executable})),
    )
    return json.loads((away.folder / "said.json").read_text())


@pytest.mark.parametrize("name", MODULES)
def test_a_module_starts(away: Away, said: dict[str, Any], name: str) -> None:
    expected = filled(CASES[name][1], away)
    result = said[name]
    assert result.get("failed", False) is bool(expected), result
    assert re.search(expected, result.get("msg", ""), re.IGNORECASE | re.DOTALL), result
    assert "Traceback" not in json.dumps(result)


def test_every_filter_has_a_case() -> None:
    documented = {path.stem for path in (PLUGINS / "filter").glob("*.yml")}
    documented |= {path.stem for path in (PLUGINS / "filter").glob("*.py") if "DOCUMENTATION" in path.read_text()}
    assert set(FILTERS) == documented


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_answers(said: dict[str, Any], name: str) -> None:
    assert FILTERS[name][1] in said[f"filter {name}"]


# `secrets` works for real, the others in check mode: `engine` where none answers; the stores until `service`, which
# they include, has rendered and asks the engine; `image`, with the contexts beside it, until it asks for Docker.
STORES = ["postgres", "minio", "clickhouse"]
IMAGES = {"postgres": "sql-store", "minio": "object-store", "clickhouse": "column-store"}
PASSWORDS = {
    "postgres": ["admin_password", "probe_password"],
    "minio": ["root_password", "probe_secret_key"],
    "clickhouse": ["admin_password", "probe_password", "lake_secret_key"],
}
GIVEN = {f"{store}_{name}": "none-at-all" for store, its in PASSWORDS.items() for name in its} | {
    "onering_engine": "present",
    "onering_home": "{folder}/work",
    "onering_exports": "{{ [postgres_component, minio_component, clickhouse_component] }}",
}


def including(role: str, **variables: Any) -> dict[str, Any]:
    return {"ansible.builtin.include_role": {"name": f"{COLLECTION}.{role}", "public": True}, "vars": variables}


def failing(role: str, **variables: Any) -> dict[str, Any]:
    told = {"ansible.builtin.set_fact": {f"said_by_{role}": "{{ ansible_failed_result | to_json }}"}}
    return {"block": [including(role, **variables)], "rescue": [told]}


ROLE_TASKS: list[dict[str, Any]] = [
    including("secrets", secrets_file="{folder}/work/secrets", secrets_wanted=[{"name": "ONE_PASSWORD"}]),
    {
        "check_mode": True,
        "block": [
            including("engine", engine_socket="{folder}/none.sock", onering_verbs=["status"]),
            *[
                failing(
                    store,
                    **GIVEN | {"onering_exports": f"{{{{ [{store}_component] }}}}"},
                    image_found={IMAGES[store]: IMAGE},
                )
                for store in STORES
            ],
            failing("image", **GIVEN),
        ],
    },
]
ROLES_TOLD = {
    "secrets": "{{ secrets_values.keys() | list }}",
    "engine": "{{ engine_state }}",
} | {role: f"{{{{ said_by_{role} | default('nothing') | string }}}}" for role in ["image", *STORES]}


def test_secrets_are_made(away: Away, said: dict[str, Any]) -> None:
    assert said["role secrets"] == ["ONE_PASSWORD"]
    assert (away.folder / "work/secrets").stat().st_mode & 0o777 == 0o600


def test_the_engines_requirements_are_in_the_role(away: Away, said: dict[str, Any]) -> None:
    carried = away.installed / "roles/engine/files/target.txt"
    assert carried.read_bytes() == (ROOT / "requirements/target.txt").read_bytes()
    assert said["role engine"] == "absent"


@pytest.mark.parametrize("store", STORES)
def test_a_store_gets_as_far_as_the_engine(away: Away, said: dict[str, Any], store: str) -> None:
    assert re.search(filled(REFUSED, away), said[f"role {store}"], re.IGNORECASE | re.DOTALL)
    assert f"onering-{store}" in said[f"role {store}"]


def test_images_are_described_by_the_collections_roles(said: dict[str, Any]) -> None:
    assert "docker" in said["role image"].lower()
    assert "Dockerfile" not in said["role image"]
