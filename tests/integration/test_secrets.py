"""No secret that a module takes is to be read in what Ansible prints, however loud it is, and whether it works or not.

Targets plant those of the stores' modules; here are the others.
"""

from __future__ import annotations

import importlib
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from backends import BACKENDS, airflow
from plays import play, readable
from proxy import unused_port
from servers import ROOT, Servers

COLLECTION = "ansible_collections.onering.platform.plugins.modules"
MODULES = ROOT / "collections" / COLLECTION.replace(".", "/")
LOUD = {"callback": "ansible.builtin.default"}
OPENMETADATA = {"openmetadata_asset", "openmetadata_info", "openmetadata_lineage", "openmetadata_service"}
STORES = {"minio_bucket", "minio_group", "minio_policy", "minio_service_account", "minio_user"}
# Every option with a secret, and where it is planted.
BY_TARGETS = {
    *((module, "secret_key") for module in STORES),
    ("minio_user", "secret"),
    ("minio_user", "users.secret"),
    ("minio_service_account", "secret"),
    ("minio_service_account", "service_accounts.secret"),
    ("clickhouse_schema", "login_password"),
    ("clickhouse_schema", "secrets"),
}
HERE = {
    *((module, option) for module in OPENMETADATA for option in ("token", "password")),
    ("openmetadata_service", "services.secrets"),
    ("airflow_dag_run", "password"),
    ("files", "files.secret"),
    ("liquibase", "password"),
    ("liquibase", "changelogs.password"),
}


def spec_of(name: str) -> dict[str, Any]:
    """The argument spec that a module is made with."""
    module = importlib.import_module(f"{COLLECTION}.{name}")

    class Made(BaseException):
        pass

    def made(argument_spec: dict[str, Any], **_: Any) -> None:
        raise Made(argument_spec)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "AnsibleModule", made)
        with pytest.raises(Made) as caught:
            module.main()
    return dict(caught.value.args[0])


def secrets_in(spec: dict[str, Any], inside: str = "") -> set[str]:
    found = {inside + name for name, option in spec.items() if option.get("no_log")}
    for name, option in spec.items():
        found |= secrets_in(option.get("options") or {}, f"{inside}{name}.")
    return found


def test_every_secret_that_a_module_takes_is_planted_somewhere() -> None:
    modules = {path.stem for path in MODULES.glob("*.py") if "AnsibleModule(" in path.read_text()}
    taken = {(module, option) for module in modules for option in secrets_in(spec_of(module))}
    assert taken == BY_TARGETS | HERE


def test_the_scan_finds_a_secret_that_is_printed(tmp_path: Path) -> None:
    task = {"ansible.builtin.command": {"argv": ["true", "--password={{ planted }}"]}, "changed_when": False}
    assert readable(play(tmp_path, [task], "-vvv", **LOUD).text)
    assert readable(play(tmp_path, [{**task, "no_log": True}], "-vvv", **LOUD).text) == []


def tasks(catalog: Any, airflow: Any, unused: int, folder: Path) -> list[dict[str, Any]]:
    """Each module that has no target, with all its secrets: as it is meant, and at a port where nobody answers."""
    login = {"token": "{{ planted }}-token", "username": "someone@example.com", "password": "{{ planted }}-password"}
    service = {
        "kind": "database",
        "name": "warehouse",
        "type": "Clickhouse",
        "connection": {"hostPort": "warehouse:8123", "username": "reader"},
        "secrets": {"password": "{{ planted }}-connection"},
    }
    asked: list[dict[str, Any]] = [
        {"onering.platform.openmetadata_service": {"services": [service]}},
        {
            "onering.platform.openmetadata_asset": {
                "assets": [{"kind": "glossary", "name": "Words", "description": "Ours"}]
            }
        },
        {
            "onering.platform.openmetadata_lineage": {
                "edges": [{"from": {"name": "a.b.c.d"}, "to": {"name": "a.b.c.e"}}],
                "state": "absent",
            }
        },
        {"onering.platform.openmetadata_info": {"entities": [{"kind": "glossary", "name": "Words"}]}},
    ]
    url, nobody = f"http://{catalog.host}:{catalog.port}", f"http://127.0.0.1:{unused}"
    found = []
    for task in asked:
        ((module, options),) = task.items()
        right = {"token": "{{ lookup('ansible.builtin.env', 'TOKEN') }}", "password": login["password"]}
        found.append({"name": "works", module: {**options, **right, "url": url}})
        found.append({"name": "is refused", module: {**options, **login, "url": url}})
        found.append({"name": "reaches nobody", module: {**options, **login, "url": nobody, "timeout": 1}})
    for name, port in (("works", airflow.port), ("reaches nobody", unused)):
        found.append({"name": name, **airflow.task(port, request_timeout=1)})
    for name, path in (("works", "password"), ("is refused", "../outside")):
        files = [{"path": path, "secret": "{{ planted }}-file"}]
        found.append({"name": name, "onering.platform.files": {"dest": str(folder / "files"), "files": files}})
    changelog = {
        "changelog_file": "c.yml",
        "url": "jdbc:postgresql://nobody/none",
        "password": "{{ planted }}-changelog",
    }
    for given in (changelog, {"changelogs": [changelog]}):
        common = {"image": "onering/none:0", "network": "none", "changelog_dir": str(folder)}
        found.append({"name": "has no image", "onering.platform.liquibase": {**common, **given}})
    return found


def test_modules_without_a_target_show_no_secret(servers: Servers, tmp_path: Path) -> None:
    with ExitStack() as stack:
        catalog = stack.enter_context(BACKENDS["openmetadata"](servers))
        stand_in, unused = stack.enter_context(airflow()), stack.enter_context(unused_port())
        there = [{**task, "ignore_errors": True} for task in tasks(catalog, stand_in, unused, tmp_path)]
        env = {"TOKEN": catalog.options["token"]}
        played = play(tmp_path, there, "-vvv", "--diff", env=env, **LOUD)
    assert played.code == 0, played.text[-3000:]
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in played.text
    failures = re.findall(r"^\[ERROR\]: Task failed: Module failed: (.*)", played.text, re.M)
    assert len(failures) == sum(not task["name"].endswith("works") for task in there), "\n".join(failures)
    assert readable(played.text) == []
