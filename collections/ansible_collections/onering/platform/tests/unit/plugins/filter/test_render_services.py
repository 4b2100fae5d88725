from __future__ import annotations

import json
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.onering.platform.plugins.filter.render_services import render_services

PROJECT = {
    "name": "p",
    "home": "/home/p",
    "network": "net",
    "subnet": "172.29.0.0/16",
    "bind_address": "127.0.0.1",
    "publish": True,
}
IMAGES = {"store": {"image": "onering/store:1-abc", "id": "sha256:1"}}
SPEC: dict[str, Any] = {
    "name": "db",
    "domain": "analytics",
    "host": 3,
    "image": "store",
    "user": "999:998",
    "secrets": {"admin_password": "hidden"},
    "files": [{"path": "/etc/db/db.conf", "content": "a=1\n"}],
    "volumes": [{"name": "data", "path": "/data"}],
    "mounts": [{"source": "/srv/content", "path": "/content"}],
    "ports": [{"container": 5432, "host": 15432}],
    "health": {"test": ["CMD", "true"]},
    "resources": {"memory": "1g"},
}


def render(**changes: Any) -> dict[str, Any]:
    return render_services([{**SPEC, **changes}], PROJECT, IMAGES)[0]


def test_the_engine_is_asked_for_a_confined_container() -> None:
    """Regression 20: a published port is on the loopback address."""
    container = render()["container"]
    assert container["name"] == "p-db"
    assert container["image"] == "onering/store:1-abc"
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opts"] == ["no-new-privileges:true"]
    assert container["read_only"] is True
    assert container["memory_swap"] == container["memory"] == "1g"
    assert container["networks"] == [{"name": "net", "aliases": ["db"], "ipv4_address": "172.29.20.3"}]
    assert container["published_ports"] == ["127.0.0.1:15432:5432"]


def test_secrets_are_files_of_the_user_and_nothing_else() -> None:
    """Regression 18."""
    rendered = render()
    assert rendered["files"][1] == {
        "path": "secrets/admin_password",
        "secret": "hidden",
        "mode": "0400",
        "owner": 999,
        "group": 998,
    }
    assert "hidden" not in json.dumps(rendered["container"])


def test_configuration_and_content_are_mounted_read_only() -> None:
    binds = {mount["target"]: mount for mount in render()["container"]["mounts"] if mount["type"] == "bind"}
    assert set(binds) == {"/content", "/etc/db/db.conf", "/run/secrets"}
    assert all(mount["read_only"] for mount in binds.values())


def test_data_volumes_carry_project_and_label() -> None:
    volume = next(mount for mount in render()["container"]["mounts"] if mount["type"] == "volume")
    assert (volume["source"], volume["labels"]) == ("p_data", {"onering.project": "p"})


def content(**changes: Any) -> str:
    return render(**changes)["container"]["labels"]["onering.content"]


@pytest.mark.parametrize(
    "change",
    [
        {"secrets": {"admin_password": "other"}},
        {"files": [{"path": "/etc/db/db.conf", "content": "a=2\n"}]},
        {"env": {"A": "1"}},
        {"resources": {"memory": "2g"}},
    ],
)
def test_any_change_changes_the_label(change: dict[str, Any]) -> None:
    assert content(**change) != content()


def test_no_change_keeps_the_label() -> None:
    assert content() == content()


def test_without_publishing_no_port_is_on_the_host() -> None:
    rendered = render_services([SPEC], {**PROJECT, "publish": False}, IMAGES)[0]
    assert rendered["container"]["published_ports"] == []


def test_a_job_is_not_started_again_by_the_engine() -> None:
    rendered = render(kind="job", host=None)
    assert rendered["kind"] == "job"
    assert rendered["container"]["restart_policy"] == "no"
    assert "ipv4_address" not in rendered["container"]["networks"][0]


def test_an_unknown_image_is_named() -> None:
    with pytest.raises(AnsibleFilterError, match="db: no image 'nope'; there are store"):
        render(image="nope")
