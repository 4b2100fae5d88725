from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.modules import minio_policy
from ansible_collections.onering.platform.tests.unit.plugins.modules.fake_minio import FakeServer

CONNECTION = {"endpoint": "http://store:9000", "access_key": "root", "secret_key": "rootsecret"}
INGEST = {
    "name": "ingest",
    "statements": [
        {
            "actions": ["s3:ListBucket"],
            "resources": ["bronze"],
            "conditions": {"StringLike": {"s3:prefix": ["b/*", "a/*"]}, "Bool": {"aws:SecureTransport": False}},
        },
        {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::bronze/*"},
    ],
}
SAME_IN_OTHER_WORDS = [
    {"Sid": "Write", "Effect": "Allow", "Action": "s3:PutObject", "Resource": ["arn:aws:s3:::bronze/*"]},
    {
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": "arn:aws:s3:::bronze",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringLike": {"s3:prefix": ["a/*", "b/*"]}},
    },
]


@pytest.fixture
def server(monkeypatch) -> FakeServer:
    return FakeServer().install(monkeypatch)


@pytest.fixture
def run(run_module, server):
    return lambda check=False, **options: run_module(minio_policy, check=check, **CONNECTION, **options)


def test_check_do_again(run, server) -> None:
    planned = run(check=True, policies=[INGEST])
    assert server.calls == []
    done = run(policies=[INGEST])
    assert done == planned
    assert server.policies["ingest"] == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:ListBucket"],
                "Resource": ["arn:aws:s3:::bronze"],
                "Condition": {"StringLike": {"s3:prefix": ["a/*", "b/*"]}, "Bool": {"aws:SecureTransport": ["false"]}},
            },
            {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::bronze/*"]},
        ],
    }
    assert not run(policies=[INGEST])["changed"]
    assert server.calls == ["write ingest"]


def test_the_same_meaning_in_other_words_is_no_change(run, server) -> None:
    server.policies["ingest"] = {"Statement": SAME_IN_OTHER_WORDS}
    assert not run(**INGEST)["changed"]


@pytest.mark.parametrize(
    "change",
    [{"effect": "Deny"}, {"actions": ["s3:GetObject"]}, {"resources": ["silver"]}, {"conditions": {}}],
    ids=lambda change: next(iter(change)),
)
def test_another_meaning_is_a_change(run, server, change) -> None:
    run(**INGEST)
    assert run(name="ingest", statements=[{**INGEST["statements"][0], **change}, INGEST["statements"][1]])["changed"]


def test_a_statement_said_twice_counts_once(run, server) -> None:
    server.policies["ingest"] = {"Statement": SAME_IN_OTHER_WORDS * 2}
    assert not run(**INGEST)["changed"]


def test_how_it_is_split_is_no_change(run, server) -> None:
    both = {"actions": ["s3:GetObject", "s3:PutObject"], "resources": ["bronze/*", "silver/*"]}
    run(name="ingest", statements=[both])
    parts = [{"actions": [action], "resources": both["resources"]} for action in reversed(both["actions"])]
    assert not run(name="ingest", statements=parts)["changed"]
    assert run(name="ingest", statements=[parts[0], {**parts[1], "resources": ["bronze/*"]}])["changed"]


def test_a_name_that_minio_refuses_is_refused_in_check_mode_too(run, server) -> None:
    for check in (True, False):
        result = run(check=check, name=" spaced", statements=INGEST["statements"])
        assert result["msg"].startswith("make policy  spaced: MinIO wants names without")
    assert server.calls == []


def test_groups_hold_policies_too(run, server) -> None:
    run(**INGEST)
    server.groups["loaders"] = {"policies": ["ingest"]}
    assert "loaders still has it" in run(name="ingest", state="absent")["msg"]


def test_admin_actions_have_no_resource(run, server) -> None:
    run(name="watch", statements=[{"actions": ["admin:ServerInfo"]}])
    assert server.policies["watch"]["Statement"] == [{"Effect": "Allow", "Action": ["admin:ServerInfo"]}]


def test_absent_refuses_a_policy_in_use_and_names_its_holders(run, server) -> None:
    run(**INGEST)
    server.users["loader"] = {"policies": ["ingest"]}
    for check in (True, False):
        result = run(check=check, name="ingest", state="absent")
        assert result["msg"] == "remove policy ingest: loader still has it. Take it from them first."
    server.users.clear()
    assert run(name="ingest", state="absent")["results"] == [{"name": "ingest", "changed": True}]
    assert not run(name="ingest", state="absent")["changed"]
    assert server.policies == {}


def test_no_statements_are_refused(run) -> None:
    assert "it has no statements" in run(name="ingest")["msg"]


def test_gathered(run, server) -> None:
    run(**INGEST)
    found = run(name="ingest", state="gathered")
    assert not found["changed"]
    assert found["results"][0]["policy"]["statements"][1]["actions"] == ["s3:PutObject"]


def test_what_the_server_refuses_is_told_with_what_was_done_before(run, server) -> None:
    bad = {"name": "bad", "statements": [{"actions": ["s3:Bogus"], "resources": ["x"]}]}
    result = run(policies=[INGEST, bad])
    assert result["msg"] == (
        "write policy bad at MinIO store:9000 as root: XMinioMalformedIAMPolicy: unsupported action 's3:Bogus'."
    )
    assert (result["changed"], result["done"], result["failed_on"]) == (True, ["ingest"], "bad")
