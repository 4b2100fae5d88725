from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.onering.platform.plugins.modules import minio_service_account
from ansible_collections.onering.platform.tests.unit.plugins.modules.fake_minio import FakeServer

CONNECTION = {"endpoint": "http://store:9000", "access_key": "root", "secret_key": "rootsecret"}
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
KEY = {
    "access_key": 'it\'s "k" \\ .é',
    "secret_key": "its-own-secret",
    "parent": "ada",
    "title": "Ada's \\ key",
    "description": 'notebook "1" é',
    "expires": TOMORROW.strftime("%Y-%m-%dT%H:%M:%SZ"),
    "statements": [{"actions": ["s3:GetObject"], "resources": ["gold/*"]}],
}
NAME = KEY["access_key"]
STATE = {
    "name": NAME,
    "parent": "ada",
    "title": "Ada's \\ key",
    "description": 'notebook "1" é',
    "enabled": True,
    "expires": TOMORROW.isoformat(),
    "statements": [{"effect": "Allow", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::gold/*"]}],
}


@pytest.fixture
def server(monkeypatch) -> FakeServer:
    fake = FakeServer().install(monkeypatch)
    fake.users = {"ada": {"secret": "adas-secret", "enabled": True, "policies": []}}
    return fake


@pytest.fixture
def run(run_module, server):
    return lambda check=False, **options: run_module(minio_service_account, check=check, **CONNECTION, **options)


def test_check_do_again(run, server) -> None:
    planned = run(check=True, service_accounts=[KEY])
    assert server.calls == []
    done = run(service_accounts=[KEY])
    assert done == planned
    assert done["diff"] == {"before": {}, "after": {NAME: {**STATE, "secret": "as given"}}}
    assert server.calls == [f"make {NAME}"]
    server.calls.clear()
    again = run(service_accounts=[KEY])
    assert not again["changed"]
    assert again["results"] == [
        {"name": NAME, "changed": False, "service_account": {**STATE, "secret": "as given"}},
    ]
    assert server.calls == []


def test_without_a_parent_it_acts_for_the_account_that_the_module_works_as(run, server) -> None:
    made = run(name="key", secret="its-own-secret")["results"][0]["service_account"]
    assert made["parent"] == server.service_accounts["key"]["parent"] == "root"
    assert (made["expires"], made["statements"], made["title"]) == ("never", [], "")


def test_each_change_keeps_all_else_although_minio_takes_the_policy_away(run) -> None:
    run(service_accounts=[KEY])
    assert run(name=NAME, title="another")["diff"]["after"][NAME] == {**STATE, "title": "another"}
    found = run(name=NAME, state="gathered")["results"][0]["service_account"]
    assert found == {**STATE, "title": "another"}
    run(name=NAME, statements=[], expires="never")
    found = run(name=NAME, state="gathered")["results"][0]["service_account"]
    assert found == {**STATE, "title": "another", "statements": [], "expires": "never"}


def test_a_secret_is_set_only_when_logging_in_with_it_fails(run, server) -> None:
    run(service_accounts=[KEY])
    assert not run(name=NAME, secret="its-own-secret")["changed"]
    result = run(name=NAME, secret="another-secret")
    assert result["diff"]["before"][NAME]["secret"] == "another"
    assert server.service_accounts[NAME]["secret"] == "another-secret"


def test_disabled_from_the_start_and_the_secret_left_alone_till_it_is_enabled(run, server) -> None:
    run(name="key", secret="its-own-secret", enabled=False)
    assert server.calls == ["make key", "change key"]
    assert not run(name="key", secret="another-secret", enabled=False)["changed"]
    run(name="key", secret="another-secret", enabled=True)
    assert server.service_accounts["key"]["secret"] == "another-secret"
    assert not run(name="key", secret="another-secret", enabled=True)["changed"]


def test_no_secret_is_ever_returned(run) -> None:
    text = json.dumps([run(service_accounts=[KEY]), run(name=NAME, secret="another-secret"), run(name="x", secret="s")])
    for secret in ("its-own-secret", "another-secret", "rootsecret"):
        assert secret not in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "new"}, "make service account new: it has no secret. Give one in secret."),
        ({"name": "a,b", "secret": "its-own-secret"}, "Give it another name."),
        ({"name": "ada", "secret": "its-own-secret"}, "make service account ada: an account has this name."),
        ({"name": NAME, "parent": "root"}, "it acts for ada, which MinIO can't change. Remove it first"),
        ({"name": NAME, "title": ""}, "empty the title of service account"),
        ({"name": NAME, "description": ""}, "empty the description of service account"),
        ({"name": NAME, "expires": "2001-01-01T00:00:00Z"}, "15 minutes to 365 days ahead"),
        ({"name": NAME, "expires": "9999-01-01T00:00:00Z"}, "15 minutes to 365 days ahead"),
        ({"name": NAME, "expires": "tomorrow"}, "Write it as 2027-06-30T12:00:00Z, or never."),
        ({"name": NAME, "expires": "2030-01-01T00:00:00"}, "it has no time zone."),
    ],
    ids=lambda value: next(reversed(value)) if isinstance(value, dict) else "",
)
def test_what_minio_would_refuse_is_refused_in_check_mode_too(run, server, options, message) -> None:
    run(service_accounts=[KEY])
    server.calls.clear()
    for check in (True, False):
        result = run(check=check, **options)
        assert result["failed"]
        assert message in result["msg"]
    assert server.calls == []


def test_a_date_that_has_come_close_is_no_change(run, server) -> None:
    run(service_accounts=[KEY])
    soon = (datetime.now(UTC) + timedelta(minutes=1)).replace(microsecond=0)
    server.service_accounts[NAME]["expiration"] = soon.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert not run(name=NAME, expires=soon.astimezone().isoformat())["changed"]


def test_absent_and_gathered(run, server) -> None:
    run(service_accounts=[KEY])
    found = run(service_accounts=[{"name": NAME}, {"name": "nosuch"}, {"name": "ada"}], state="gathered")["results"]
    assert found[0]["service_account"] == STATE
    assert found[1:] == [{"name": name, "changed": False} for name in ("nosuch", "ada")]
    assert run(name=NAME, state="absent")["changed"]
    assert server.service_accounts == {}
    assert not run(name=NAME, state="absent")["changed"]


def test_being_denied_is_not_being_absent(run) -> None:
    for state in ("present", "absent", "gathered"):
        result = run(name="forbidden", state=state)
        assert result["msg"].startswith("read service account forbidden at MinIO store:9000 as root: AccessDenied:")
