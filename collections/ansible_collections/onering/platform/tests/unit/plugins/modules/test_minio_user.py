from __future__ import annotations

import json

import pytest
from ansible_collections.onering.platform.plugins.modules import minio_user
from ansible_collections.onering.platform.tests.unit.plugins.modules.fake_minio import FakeServer

CONNECTION = {"endpoint": "http://store:9000", "access_key": "root", "secret_key": "rootsecret"}
INGEST = {"access_key": "ingest", "secret_key": "ingest-secret", "policies": ["write", "list"]}


@pytest.fixture
def server(monkeypatch) -> FakeServer:
    return FakeServer().install(monkeypatch)


@pytest.fixture
def run(run_module, server):
    return lambda check=False, **options: run_module(minio_user, check=check, **CONNECTION, **options)


def test_check_do_again(run, server) -> None:
    planned = run(check=True, users=[INGEST])
    assert server.users == {}
    done = run(users=[INGEST])
    assert done == planned
    state = {"name": "ingest", "enabled": True, "policies": ["list", "write"], "secret": "as given"}
    assert done["diff"] == {"before": {}, "after": {"ingest": state}}
    assert server.users == {"ingest": {"secret": "ingest-secret", "enabled": True, "policies": ["list", "write"]}}
    server.calls.clear()
    again = run(users=[INGEST])
    assert not again["changed"]
    assert again["results"] == [{"name": "ingest", "changed": False, "user": state}]
    assert server.calls == []


def test_a_secret_is_set_only_when_logging_in_with_it_fails(run, server) -> None:
    run(users=[INGEST])
    server.calls.clear()
    result = run(name="ingest", secret="another-secret")
    assert server.calls == ["secret ingest"]
    assert server.users["ingest"]["secret"] == "another-secret"
    assert result["diff"]["before"]["ingest"]["secret"] == "another"
    assert server.users["ingest"]["policies"] == ["list", "write"]


def test_no_secret_is_ever_returned(run, server) -> None:
    text = json.dumps([run(users=[INGEST]), run(name="ingest", secret="another-secret"), run(name="x", secret="short")])
    for secret in ("ingest-secret", "another-secret", "rootsecret"):
        assert secret not in text.replace(json.dumps(CONNECTION), "")


def test_disabling_comes_last_and_enabling_first(run, server) -> None:
    run(name="lake", secret="lake-secret", policies=["read"], enabled=False)
    assert server.calls == ["secret lake", "policies lake", "disable lake"]
    server.calls.clear()
    assert not run(name="lake", secret="a-wrong-secret", enabled=False)["changed"]
    run(name="lake", policies=["write"], enabled=True)
    assert server.calls == ["enable lake", "policies lake"]
    run(name="lake", enabled=False)
    server.calls.clear()
    run(name="lake", secret="lake-secret2", enabled=True)
    assert server.calls == ["secret lake"]
    assert server.users["lake"] == {"secret": "lake-secret2", "enabled": True, "policies": ["write"]}


def test_policies_of_a_disabled_account_are_refused_as_the_server_would(run, server) -> None:
    run(name="lake", secret="lake-secret", enabled=False)
    for check in (True, False):
        result = run(check=check, name="lake", policies=["read"])
        assert result["msg"].startswith("change the policies of account lake: MinIO does that only for an enabled")
    assert not run(name="lake", policies=[])["changed"]


@pytest.mark.parametrize(
    ("options", "message"),
    [({}, "make account new: it has no secret"), ({"secret": "short"}, "MinIO wants 8 to 40 bytes")],
)
def test_a_useless_secret_is_refused_before_asking(run, server, options, message) -> None:
    assert message in run(check=True, name="new", **options)["msg"]
    assert server.calls == []


def test_a_name_that_minio_refuses_is_refused_in_check_mode_too(run, server) -> None:
    for check in (True, False):
        assert "Give it another name" in run(check=check, name="a=bc", secret="long-enough")["msg"]
    assert server.calls == []


def test_absent_and_gathered(run, server) -> None:
    run(users=[INGEST])
    found = run(users=[{"name": "ingest"}, {"name": "nosuch"}], state="gathered")["results"]
    assert found[0]["user"] == {"name": "ingest", "enabled": True, "policies": ["list", "write"]}
    assert found[1] == {"name": "nosuch", "changed": False}
    assert run(name="ingest", state="absent")["changed"]
    assert server.users == {}
    assert not run(name="ingest", state="absent")["changed"]
