from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from ansible_collections.onering.platform.plugins.modules import minio_bucket
from ansible_collections.onering.platform.tests.unit.plugins.modules.fake_minio import FakeServer
from minio.commonconfig import Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule, Transition
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


def test_document_is_another_word_for_download(run, server) -> None:
    assert run(name="docs", anonymous="document")["results"][0]["bucket"]["anonymous"] == "document"
    (statement,) = json.loads(server.buckets["docs"]["policy"])["Statement"]
    assert statement["Action"] == ["s3:GetObject"]
    for word in ("document", "download"):
        assert not run(name="docs", anonymous=word)["changed"]
    assert run(name="docs", state="gathered")["results"][0]["bucket"]["anonymous"] == "download"


def test_upload_is_writing_and_nothing_else(run, server) -> None:
    run(name="drop", anonymous="upload")
    (statement,) = json.loads(server.buckets["drop"]["policy"])["Statement"]
    assert statement["Action"] == ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
    assert statement["Resource"] == ["arn:aws:s3:::drop/*"]


def test_a_policy_is_compared_by_meaning(run, server) -> None:
    run(name="drop", anonymous="upload")
    policy = json.loads(server.buckets["drop"]["policy"])
    (statement,) = policy["Statement"]
    policy["Statement"] = [
        {**statement, "Sid": action, "Principal": "*", "Action": action} for action in reversed(statement["Action"])
    ]
    server.buckets["drop"]["policy"] = json.dumps(policy)
    assert not run(name="drop", anonymous="upload")["changed"]
    policy["Statement"][0]["Principal"] = {"AWS": ["arn:aws:iam:::user/ada"]}
    server.buckets["drop"]["policy"] = json.dumps(policy)
    assert run(name="drop", anonymous="upload")["diff"]["before"]["drop"]["anonymous"] == "custom"


@pytest.mark.parametrize(
    ("encryption", "other"),
    [
        ({"mode": "sse-s3"}, {"mode": "sse-kms", "kms_key": "first-key"}),
        ({"mode": "sse-kms", "kms_key": "first-key"}, {"mode": "none"}),
    ],
)
def test_encryption(run, server, encryption, other) -> None:
    assert run(name="safe", encryption=encryption)["results"][0]["bucket"]["encryption"] == encryption
    assert not run(name="safe", encryption=encryption)["changed"]
    assert run(name="safe", encryption=other)["diff"]["before"]["safe"]["encryption"] == encryption
    assert run(name="safe", state="gathered")["results"][0]["bucket"]["encryption"] == other


def test_no_encryption_where_there_was_none_asks_for_no_key(run, server) -> None:
    server.keys = None
    run(name="plain")
    assert not run(name="plain", encryption={"mode": "none"})["changed"]


@pytest.mark.parametrize(
    ("keys", "encryption", "message"),
    [
        (None, {"mode": "sse-s3"}, "MinIO has no key management. Start it with MINIO_KMS_SECRET_KEY"),
        (("a",), {"mode": "sse-kms", "kms_key": "b"}, "of key b it says: key with given key ID does not exist. Name"),
    ],
)
def test_encryption_without_a_key_is_refused_in_check_mode_too(run, server, keys, encryption, message) -> None:
    server.keys = keys
    for check in (True, False):
        assert message in run(check=check, name="new", encryption=encryption)["msg"]
    assert server.calls == []


RULES = [
    {"id": "it's \\ é", "tags": {"keep": False}, "expire_days": 3},
    {"id": "both", "prefix": "a/", "tags": {"x": 1}, "noncurrent_expire_days": 4, "noncurrent_keep": 5},
    {"id": "two", "tags": {"x": 1, "y": 2}, "noncurrent_keep": 1, "enabled": False},
    {"prefix": "marks/", "expire_delete_markers": True},
]


def test_rules_by_tags_and_versions(run) -> None:
    made = run(name="b1x", lifecycle=RULES)
    assert made["results"][0]["bucket"]["lifecycle"] == [
        {
            "id": "both",
            "prefix": "a/",
            "tags": {"x": "1"},
            "noncurrent_expire_days": 4,
            "noncurrent_keep": 5,
            "enabled": True,
        },
        {"id": "it's \\ é", "prefix": "", "tags": {"keep": "False"}, "expire_days": 3, "enabled": True},
        {"id": "marks/", "prefix": "marks/", "expire_delete_markers": True, "enabled": True},
        {"id": "two", "prefix": "", "tags": {"x": "1", "y": "2"}, "noncurrent_keep": 1, "enabled": False},
    ]
    assert not run(name="b1x", lifecycle=list(reversed(RULES)))["changed"]
    assert run(name="b1x", lifecycle=[{**RULES[0], "tags": {"keep": True}}, *RULES[1:]])["changed"]


def test_a_rule_with_more_than_the_module_speaks_of_differs(run, server) -> None:
    rule = Rule("Enabled", rule_filter=Filter(prefix=""), rule_id="all", expiration=Expiration(days=3))
    moved = replace(rule, transition=Transition(days=1, storage_class="COLD"))
    run(name="b1x")
    server.buckets["b1x"]["lifecycle"] = LifecycleConfig([rule])
    assert not run(name="b1x", lifecycle=[{"expire_days": 3}])["changed"]
    server.buckets["b1x"]["lifecycle"] = LifecycleConfig([moved])
    changed = run(name="b1x", lifecycle=[{"expire_days": 3}])
    assert changed["diff"]["before"]["b1x"]["lifecycle"][0]["other"] == ["transition"]
    assert server.buckets["b1x"]["lifecycle"].rules == [rule]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lifecycle": [{"prefix": "a"}]}, "it removes nothing. Give it one of expire_days"),
        ({"lifecycle": [{"expire_days": 0}]}, "a number in it is less than 1"),
        ({"lifecycle": [{"expire_days": 1}, {"noncurrent_keep": 1}]}, "there are several of that name"),
        ({"lifecycle": [{"expire_days": 1, "expire_delete_markers": True}]}, "Make it two rules"),
        ({"lifecycle": [{"expire_days": 1, "tags": {"a": ""}}]}, "a tag in it is empty"),
        ({"tags": {"é": "x"}}, "set tag é of bucket plain to 'x': MinIO takes letters and digits without accents"),
        ({"tags": {"a": ""}}, "and nothing empty"),
        ({"retention": {"mode": "governance", "days": 1}}, "it has no object lock. Make it with object_lock: true"),
    ],
)
def test_what_minio_would_refuse_is_refused_in_check_mode_too(run, server, options, message) -> None:
    run(name="plain")
    server.calls.clear()
    for check in (True, False):
        assert message in run(check=check, name="plain", **options)["msg"]
    assert server.calls == []


def test_versions_of_a_locked_bucket_are_not_suspended(run, server) -> None:
    run(name="archive", object_lock=True)
    server.calls.clear()
    for check in (True, False):
        assert "locking needs versions" in run(check=check, name="archive", versioning=False)["msg"]
    assert "days is less than 1" in run(name="archive", retention={"mode": "governance", "days": 0})["msg"]
    assert server.calls == []


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
