"""Documents are those that MinIO of February 2026 gives back for what was written."""

from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.module_utils.minio_statements import (
    ARN,
    from_document,
    normalise,
    to_document,
)
from hypothesis import given
from hypothesis import strategies as st

CONDITIONS = [{}, {"StringLike": {"s3:prefix": ["a/*"]}}, {"Bool": {"aws:SecureTransport": ["true"]}}]


def said(**options):
    empty = {"effect": "Allow", "actions": [], "resources": [], "not_resources": [], "conditions": {}}
    return {**empty, **options}


STATEMENTS = st.builds(
    said,
    effect=st.sampled_from(["Allow", "Deny"]),
    actions=st.lists(st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:*", "admin:ServerInfo"]), min_size=1),
    resources=st.lists(st.sampled_from(["bronze", "bronze/*", "arn:aws:s3:::silver/it's é"]), max_size=3),
    conditions=st.sampled_from(CONDITIONS),
)


def meaning(statements) -> set[tuple[str, ...]]:
    """Each single thing that is allowed or denied, found in the plainest way."""
    return {
        (statement["effect"], action, resource if resource.startswith("arn:") else ARN + resource, conditions)
        for statement in statements
        for action in statement["actions"]
        for resource in statement["resources"] or [""]
        for conditions in [str(statement["conditions"])]
    }


@given(st.lists(STATEMENTS, max_size=5))
def test_nothing_is_lost_and_what_is_normal_stays(statements) -> None:
    normal = normalise(statements)
    full = [said(**statement) for statement in normal]
    assert meaning(full) == meaning(statements)
    assert normalise(full) == normal
    assert from_document(to_document(normal)) == normal


@given(st.lists(STATEMENTS, max_size=4), st.randoms())
def test_order_and_split_mean_nothing(statements, random) -> None:
    parts = [
        {**statement, "actions": [action], "resources": [resource] if resource else []}
        for statement in statements
        for action in statement["actions"]
        for resource in statement["resources"] or [""]
    ]
    random.shuffle(parts)
    assert normalise(parts) == normalise(statements)


def test_services_stay_apart_since_minio_takes_no_mixed_statement() -> None:
    mixed = [said(actions=["admin:ServerInfo"], resources=["*"]), said(actions=["s3:GetObject"], resources=["*"])]
    assert [statement["actions"] for statement in normalise(mixed)] == [["admin:ServerInfo"], ["s3:GetObject"]]


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        ({"IpAddress": {"aws:SourceIp": ["10.0.0.1", "10.1.2.3/8"]}}, {"aws:SourceIp": ["10.0.0.0/8", "10.0.0.1/32"]}),
        ({"NotIpAddress": {"aws:SourceIp": "2001:DB8::/32"}}, {"aws:SourceIp": ["2001:db8::/32"]}),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, {"s3:max-keys": [10]}),
        ({"Null": {"s3:x-amz-server-side-encryption": "True"}}, {"s3:x-amz-server-side-encryption": [True]}),
        ({"Bool": {"aws:SecureTransport": False}}, {"aws:SecureTransport": ["False"]}),
        ({"StringLike": {"s3:prefix": ["a", "a", "é'\"\\"]}}, {"s3:prefix": ["é'\"\\", "a"]}),
    ],
    ids=lambda value: next(iter(value)),
)
def test_conditions_as_minio_answers_them(given, answered) -> None:
    (operator,) = given
    statement = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::b"]}
    document = {"Statement": [{**statement, "Condition": {operator: answered}}]}
    assert from_document(document) == normalise([said(actions=["s3:ListBucket"], resources=["b"], conditions=given)])


def test_an_ipv6_address_is_written_with_its_length() -> None:
    conditions = {"IpAddress": {"aws:SourceIp": ["::1", "no address"]}}
    (statement,) = normalise([said(actions=["s3:GetObject"], resources=["b/*"], conditions=conditions)])
    assert statement["conditions"]["IpAddress"]["aws:SourceIp"] == ["::1/128", "no address"]


def test_all_but_some_resources() -> None:
    statement = said(effect="Deny", actions=["s3:DeleteObject"], not_resources=["b/keep/*"])
    document = {"Effect": "Deny", "Action": ["s3:DeleteObject"], "NotResource": ["arn:aws:s3:::b/keep/*"]}
    assert to_document(normalise([statement]))["Statement"] == [document]
    assert from_document({"Statement": [document]}) == normalise([statement])
    assert normalise([statement]) != normalise([{**statement, "not_resources": []}])


def test_a_policy_that_says_nothing() -> None:
    assert from_document({"Version": "", "Statement": None}) == []
