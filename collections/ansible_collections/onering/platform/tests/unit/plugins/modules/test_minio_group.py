from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.modules import minio_group
from ansible_collections.onering.platform.tests.unit.plugins.modules.fake_minio import FakeServer

CONNECTION = {"endpoint": "http://store:9000", "access_key": "root", "secret_key": "rootsecret"}
ANALYSTS = {"name": 'it\'s "a" \\ .é', "members": ["grace", "ada", "ada"], "policies": ["read", "list"]}
STATE = {"name": ANALYSTS["name"], "enabled": True, "members": ["ada", "grace"], "policies": ["list", "read"]}


@pytest.fixture
def server(monkeypatch) -> FakeServer:
    fake = FakeServer().install(monkeypatch)
    fake.users = {name: {"secret": "its-secret", "enabled": True, "policies": []} for name in ("ada", "grace", "joan")}
    return fake


@pytest.fixture
def run(run_module, server):
    return lambda check=False, **options: run_module(minio_group, check=check, **CONNECTION, **options)


def test_check_do_again(run, server) -> None:
    planned = run(check=True, groups=[ANALYSTS, {"name": "empty"}])
    assert server.groups == {}
    done = run(groups=[ANALYSTS, {"name": "empty"}])
    assert done == planned
    empty = {"name": "empty", "enabled": True, "members": [], "policies": []}
    assert done["diff"] == {"before": {}, "after": {STATE["name"]: STATE, "empty": empty}}
    server.calls.clear()
    again = run(groups=[ANALYSTS, {"name": "empty"}])
    assert not again["changed"]
    assert again["results"][0] == {"name": STATE["name"], "changed": False, "group": STATE}
    assert server.calls == []


def test_only_what_differs_is_written(run, server) -> None:
    run(**ANALYSTS)
    server.calls.clear()
    name = ANALYSTS["name"]
    changed = run(name=name, members=["ada", "joan"], enabled=False)
    assert server.calls == [f"add joan to {name}", f"take grace out of {name}", f"disable {name}"]
    assert changed["diff"]["after"][name] == {**STATE, "enabled": False, "members": ["ada", "joan"]}
    server.calls.clear()
    run(name=name, members=[], policies=[], enabled=True)
    assert server.calls == [f"take ada,joan out of {name}", f"policies {name}", f"enable {name}"]


def test_a_disabled_groups_policies_are_known(run) -> None:
    disabled = {**ANALYSTS, "enabled": False}
    assert run(**disabled)["changed"]
    assert not run(**disabled)["changed"]


def test_what_is_not_said_is_not_touched(run) -> None:
    run(**ANALYSTS)
    assert run(name=ANALYSTS["name"])["results"][0]["group"] == STATE


def test_absent_takes_the_members_out_first(run, server) -> None:
    run(groups=[ANALYSTS, {"name": "empty"}])
    server.calls.clear()
    both = [{"name": ANALYSTS["name"]}, {"name": "empty"}]
    assert run(check=True, groups=both, state="absent")["changed"]
    assert server.calls == []
    assert run(groups=both, state="absent")["changed"]
    assert server.calls == [
        f"take ada,grace out of {STATE['name']}",
        f"remove {STATE['name']}",
        "remove empty",
    ]
    assert not run(groups=both, state="absent")["changed"]


def test_gathered(run, server) -> None:
    run(**ANALYSTS)
    server.calls.clear()
    found = run(groups=[{"name": STATE["name"]}, {"name": "nosuch"}], state="gathered")["results"]
    assert (found[0]["group"], found[1]) == (STATE, {"name": "nosuch", "changed": False})
    assert server.calls == []


def test_a_name_that_minio_refuses_is_refused_in_check_mode_too(run) -> None:
    for check in (True, False):
        assert "MinIO wants names without '=', ','" in run(check=check, name="a,b")["msg"]


def test_a_member_that_is_no_account_is_what_the_server_says(run) -> None:
    result = run(groups=[{"name": "first"}, {"name": "second", "members": ["nosuch"]}])
    assert result["msg"].startswith("add members to group second at MinIO store:9000 as root: XMinioAdminNoSuchUser")
    assert (result["done"], result["failed_on"]) == (["first"], "second")
