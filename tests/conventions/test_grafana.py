"""What the role grafana renders, as far as it goes without the vendor's image: service, files, secrets, probe."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
KEYS = ("GRAFANA_ADMIN_PASSWORD", "GRAFANA_SECRET_KEY", "POSTGRES_GRAFANA_PASSWORD", "POSTGRES_GRAFANA_READER_PASSWORD")
SECRETS = {key: f"planted-{number}" for number, key in enumerate(KEYS)}
METRICS = {
    "name": "metrics",
    "links": [
        {"title": "Metrics", "url": "http://127.0.0.1:9090", "login": "admin", "secret": "GRAFANA_ADMIN_PASSWORD"},
        {"title": "Docs", "url": "http://127.0.0.1:9000/docs"},
    ],
    "datasources": [{"uid": "prometheus", "name": "Prometheus", "type": "prometheus", "url": "http://metrics:9090"}],
}
PROJECT = {
    "name": "p", "home": "/srv/p", "network": "p", "subnet": "172.29.0.0/16", "bind_address": "127.0.0.1",
    "publish": True,
}  # fmt: skip
TOLD = {
    "rendered": "{{ __grafana_services | onering.platform.render_services(project, {'dashboards': image}) }}",
    "images": "{{ __grafana_images }}",
    "component": "{{ grafana_component }}",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The role's own values in a play away from the checkout, beside a component that exports a datasource."""
    folder = tmp_path_factory.mktemp("grafana")
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {
            "onering_verbs": [],
            "onering_secrets": SECRETS,
            "onering_exports": [METRICS],
            "onering_host_content_dir": "/srv/platform",
            "project": PROJECT,
            "image": {"image": "v/g:1", "id": "sha256:1"},
            "told": TOLD,
            "ansible_python_interpreter": sys.executable,
        },
        "roles": ["grafana"],
        "tasks": [{"ansible.builtin.copy": {"content": "{{ told | to_json }}", "dest": str(folder / "told.json")}}],
    }
    play["tasks"][0]["ansible.builtin.copy"]["mode"] = "0600"
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    (folder / "ansible.cfg").write_text(
        f"[defaults]\nroles_path = {ROOT}/roles\ncollections_path = {ROOT}/collections\n"
    )
    # Where the role includes `service` its own templates are found.
    (folder / "templates").symlink_to(ROOT / "roles/grafana/templates")
    done = subprocess.run(
        ["ansible-playbook", "--connection", "local", "--inventory", "localhost,", "play.yml"],
        cwd=folder, env=os.environ | {"ANSIBLE_CONFIG": str(folder / "ansible.cfg")}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return json.loads((folder / "told.json").read_text())


@pytest.fixture(scope="module")
def files(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {file["path"]: file for file in told["rendered"][0]["files"]}


def test_datasources_are_those_of_the_store_and_of_what_others_export(files: dict[str, dict[str, Any]]) -> None:
    """Regression 10: dashboards come with their datasources."""
    assert yaml.safe_load(files["config/etc_grafana_provisioning_datasources_onering.yaml"]["content"]) == {
        "apiVersion": 1,
        "prune": True,
        "datasources": [
            {
                "access": "proxy", "orgId": 1, "editable": False, "uid": "postgres", "name": "PostgreSQL",
                "type": "grafana-postgresql-datasource", "url": "postgres:5432", "user": "grafana_reader",
                "jsonData": {"database": "onering", "sslmode": "disable", "maxOpenConns": 5},
                "secureJsonData": {"password": "$__file{/run/secrets/reader_password}"},
            },
            {
                "access": "proxy", "orgId": 1, "editable": False, "uid": "prometheus", "name": "Prometheus",
                "type": "prometheus", "url": "http://metrics:9090",
            },
        ],
    }  # fmt: skip


def test_dashboards_are_read_from_the_content(told: dict[str, Any], files: dict[str, dict[str, Any]]) -> None:
    provider, links = yaml.safe_load(files["config/etc_grafana_provisioning_dashboards_onering.yaml"]["content"])[
        "providers"
    ]
    assert provider == {
        "name": "onering", "orgId": 1, "folder": "OneRing", "type": "file", "disableDeletion": False,
        "allowUiUpdates": False, "updateIntervalSeconds": 30, "options": {"path": "/etc/grafana/dashboards"},
    }  # fmt: skip
    assert (links["folder"], links["options"]) == ("OneRing", {"path": "/etc/grafana/links"})
    mounts = {mount["target"]: mount for mount in told["rendered"][0]["container"]["mounts"]}
    assert mounts["/etc/grafana/dashboards"] == {
        "type": "bind", "source": "/srv/platform/observability/grafana/dashboards", "target": "/etc/grafana/dashboards",
        "read_only": True,
    }  # fmt: skip


def test_one_dashboard_says_where_everything_else_is(files: dict[str, dict[str, Any]]) -> None:
    of = json.loads(files["config/etc_grafana_links_links.json"]["content"])
    assert (of["uid"], of["tags"]) == ("onering-links", ["onering"])
    assert of["panels"][0]["options"]["content"].splitlines() == [
        "- [Metrics](http://127.0.0.1:9090), login admin",
        "- [Docs](http://127.0.0.1:9000/docs)",
    ]


def test_secrets_are_files_of_the_images_user_and_nothing_else(
    told: dict[str, Any], files: dict[str, dict[str, Any]]
) -> None:
    names = ("admin_password", "secret_key", "database_password", "reader_password")
    for name, key in zip(names, KEYS, strict=True):
        file = files[f"secrets/{name}"]
        assert (file["secret"], file["mode"], file["owner"], file["group"]) == (SECRETS[key], "0400", 472, 0)
    shown = json.dumps([told["rendered"][0]["container"], told["images"], [f.get("content") for f in files.values()]])
    assert "planted-" not in shown
    env = told["rendered"][0]["container"]["env"]
    held = {name: value for name, value in env.items() if re.search("PASSWORD|SECRET", name)}
    assert held == {
        "GF_SECURITY_ADMIN_PASSWORD__FILE": "/run/secrets/admin_password",
        "GF_SECURITY_SECRET_KEY__FILE": "/run/secrets/secret_key",
        "GF_DATABASE_PASSWORD__FILE": "/run/secrets/database_password",
    }


def test_nobody_gets_in_without_a_login_and_nothing_is_sent_or_fetched(told: dict[str, Any]) -> None:
    container = told["rendered"][0]["container"]
    off = [
        "AUTH_ANONYMOUS_ENABLED", "USERS_ALLOW_SIGN_UP", "USERS_ALLOW_ORG_CREATE", "ANALYTICS_REPORTING_ENABLED",
        "ANALYTICS_CHECK_FOR_UPDATES", "ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "ANALYTICS_FEEDBACK_LINKS_ENABLED",
        "NEWS_NEWS_FEED_ENABLED", "SNAPSHOTS_EXTERNAL_ENABLED", "PLUGINS_PLUGIN_ADMIN_ENABLED",
    ]  # fmt: skip
    on = ["PLUGINS_PREINSTALL_DISABLED", "PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED", "SECURITY_DISABLE_GRAVATAR"]
    assert {container["env"][f"GF_{name}"] for name in off} == {"false"}
    assert {container["env"][f"GF_{name}"] for name in on} == {"true"}
    assert container["published_ports"] == ["127.0.0.1:3000:3000"]
    assert (container["user"], container["read_only"], container["memory"]) == ("472:0", True, "512m")


def test_it_has_a_database_of_its_own_and_reads_the_platforms_as_a_reader(told: dict[str, Any]) -> None:
    env = told["rendered"][0]["container"]["env"]
    assert {name.removeprefix("GF_DATABASE_"): v for name, v in env.items() if name.startswith("GF_DATABASE_")} == {
        "TYPE": "postgres", "HOST": "postgres:5432", "NAME": "grafana", "USER": "grafana", "SSL_MODE": "disable",
        "PASSWORD__FILE": "/run/secrets/database_password",
    }  # fmt: skip
    wanted = told["component"]["postgres"]
    assert wanted["databases"] == [{"name": "grafana", "owner": "grafana"}]
    own, reader = wanted["accounts"]
    assert "databases" not in own
    assert (reader["name"], reader["databases"], reader["groups"]) == (
        "grafana_reader",
        ["onering"],
        ["readers"],
    )
    assert own["password"] != reader["password"]


def test_the_image_is_probed_as_the_service_will_run_it(told: dict[str, Any]) -> None:
    container, (image,) = told["rendered"][0]["container"], told["images"]
    probe = image["probe"]
    assert image["vendor"] == f"grafana/grafana:{image['version']}"
    assert (probe["user"], probe["memory"]) == (container["user"], container["memory"])
    assert probe["health"] == container["healthcheck"]["test"]
    without = {name: value for name, value in container["env"].items() if not name.startswith("GF_DATABASE_")}
    assert probe["env"] == without
    volumes = [mount["target"] for mount in container["mounts"] if mount["type"] == "volume"]
    assert probe["volumes"] == volumes
    files = [value for name, value in probe["env"].items() if name.endswith("__FILE")]
    assert sorted(files) == sorted(f"/run/secrets/{name}" for name in probe["secrets"])
