from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible_collections.onering.platform.plugins.modules import minio_bucket
from ansible_collections.onering.platform.tests.unit.plugins.modules.fake_minio import FakeServer
from minio.objectlockconfig import YEARS, ObjectLockConfig

CONNECTION = {"endpoint": "http://store:9000", "access_key": "root", "secret_key": "rootsecret"}
FULL = {
    "name": "bronze",
    "versioning": True,
    "quota": "1KB",
    "tags": {"layer": 1},
    "lifecycle": [{"prefix": "tmp/", "expire_days": 2}, {"id": "old", "noncurrent_expire_days": 30, "enabled": False}],
    "anonymous": "download",
}
FULL_STATE = {
    "name": "bronze",
    "versioning": True,
    "quota": 1024,
    "tags": {"layer": "1"},
    "lifecycle": [
        {"id": "old", "prefix": "", "noncurrent_expire_days": 30, "enabled": False},
        {"id": "tmp/", "prefix": "tmp/", "expire_days": 2, "enabled": True},
    ],
    "anonymous": "download",
}


@pytest.fixture
def server(monkeypatch) -> FakeServer:
    return FakeServer().install(monkeypatch)


@pytest.fixture
def run(run_module, server):
    return lambda check=False, **options: run_module(minio_bucket, check=check, **CONNECTION, **options)


def test_check_do_again(run, server) -> None:
    planned = run(check=True, buckets=[FULL, {"name": "silver"}])
    assert server.calls == []
    done = run(buckets=[FULL, {"name": "silver"}])
    assert done == planned
    assert done["diff"] == {"before": {}, "after": {"bronze": FULL_STATE, "silver": {"name": "silver"}}}
    assert [(entry["name"], entry["changed"]) for entry in done["results"]] == [("bronze", True), ("silver", True)]
    assert server.calls == [
        "make bronze",
        *(f"{aspect} bronze" for aspect in ("versioning", "quota", "tags", "lifecycle", "policy")),
        "make silver",
    ]
    server.calls.clear()
    again = run(buckets=[FULL, {"name": "silver"}])
    assert not again["changed"]
    assert again["results"][0]["bucket"] == FULL_STATE
    assert server.calls == []


def test_only_what_differs_is_written(run, server) -> None:
    run(**FULL)
    server.calls.clear()
    changed = run(name="bronze", versioning=False, quota="1KB", tags={}, lifecycle=[], anonymous="none")
    assert changed["diff"]["after"]["bronze"] == {
        "name": "bronze",
        "versioning": False,
        "quota": 1024,
        "tags": {},
        "lifecycle": [],
        "anonymous": "none",
    }
    assert server.calls == [f"{what} bronze" for what in ("versioning", "no-tags", "no-lifecycle", "no-policy")]
    assert server.buckets["bronze"]["versioning"].status == "Suspended"


def test_what_is_not_said_is_not_touched(run, server) -> None:
    run(**FULL)
    assert run(name="bronze")["results"] == [{"name": "bronze", "changed": False, "bucket": {"name": "bronze"}}]


def test_download_is_reading_and_not_listing(run, server) -> None:
    run(name="docs", anonymous="download")
    (statement,) = json.loads(server.buckets["docs"]["policy"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["s3:GetObject"], ["arn:aws:s3:::docs/*"])


def test_another_policy_counts_as_custom(run, server) -> None:
    run(name="docs")
    server.buckets["docs"]["policy"] = json.dumps({"Statement": []})
    assert run(name="docs", anonymous="none")["diff"]["before"]["docs"]["anonymous"] == "custom"


def test_object_lock_with_retention(run, server) -> None:
    lock = {"name": "archive", "object_lock": True, "retention": {"mode": "governance", "days": 5}, "versioning": True}
    assert run(**lock)["changed"]
    assert not run(**lock)["changed"]
    assert run(name="archive", retention={"mode": "none"})["changed"]
    server.buckets["archive"]["lock"] = ObjectLockConfig("COMPLIANCE", 2, YEARS)
    found = run(name="archive", state="gathered")["results"][0]["bucket"]
    assert found["retention"] == {"mode": "compliance", "days": 730}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "plain", "object_lock": True}, "switch object lock of bucket plain on: it is decided when"),
        ({"name": "new", "object_lock": True, "versioning": False}, "locking needs versions"),
    ],
)
def test_impossible_locks_are_refused_in_check_mode_too(run, server, options, message) -> None:
    run(name="plain")
    server.calls.clear()
    for check in (True, False):
        result = run(check=check, **options)
        assert result["failed"]
        assert message in result["msg"]
    assert server.calls == []


def test_gathered_reads_everything_and_writes_nothing(run, server) -> None:
    run(name="plain")
    server.calls.clear()
    result = run(buckets=[{"name": "plain"}, {"name": "nosuch"}], state="gathered")
    assert not result["changed"]
    assert result["results"][0]["bucket"] == {
        "name": "plain",
        "versioning": False,
        "object_lock": False,
        "retention": {"mode": "none"},
        "quota": 0,
        "tags": {},
        "lifecycle": [],
        "anonymous": "none",
        "encryption": {"mode": "none"},
    }
    assert result["results"][1] == {"name": "nosuch", "changed": False}
    assert server.calls == []


def test_absent_refuses_objects_before_anything_is_removed(run, server) -> None:
    run(buckets=[{"name": "empty"}, {"name": "full"}])
    server.buckets["full"]["objects"] = [SimpleNamespace(object_name="a", version_id="1")]
    server.calls.clear()
    both = [{"name": "empty"}, {"name": "full"}]
    for check in (True, False):
        result = run(check=check, buckets=both, state="absent")
        assert result["failed"]
        assert result["msg"] == ("remove bucket full: it has objects or versions. Set force: true to remove them too.")
    assert server.calls == []
    assert run(buckets=both, state="absent", force=True)["changed"]
    assert server.buckets == {}
    assert not run(buckets=both, state="absent", force=True)["changed"]


def test_absent_without_force_removes_an_empty_bucket(run, server) -> None:
    run(name="empty")
    assert run(name="empty", state="absent")["results"] == [{"name": "empty", "changed": True}]
    assert server.calls[-1] == "remove empty"


def test_objects_that_stay_are_named(run, server) -> None:
    run(name="full")
    server.buckets["full"]["objects"] = [SimpleNamespace(object_name="locked", version_id="1")]
    result = run(name="full", state="absent", force=True)
    assert result["msg"] == "empty bucket full: 1 objects stay; locked: AccessDenied: it is locked."
    assert (result["done"], result["failed_on"]) == ([], "full")


def test_one_rule_without_days_is_refused(run) -> None:
    assert "expire_days" in run(name="x", lifecycle=[{"prefix": "a"}])["msg"]
