# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""Statements of access policies, compared by what they mean.

A statement is a set of actions on a set of resources. Two lists of statements that allow and deny the same actions on
the same resources under the same conditions become one and the same list here, however they are split.
"""

from __future__ import annotations

import ipaddress
import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ansible_collections.onering.platform.plugins.module_utils.minio import as_list

ARN = "arn:aws:s3:::"
VERSION = "2012-10-17"
FIELDS = {
    "effect": "Effect",
    "actions": "Action",
    "resources": "Resource",
    "not_resources": "NotResource",
    "conditions": "Condition",
}
NETWORKS = ("IpAddress", "NotIpAddress")
BOOLEANS = ("Bool", "Null")
STATEMENT: dict[str, Any] = {
    "effect": {"type": "str", "choices": ["Allow", "Deny"], "default": "Allow", "aliases": ["Effect"]},
    "actions": {"type": "list", "elements": "str", "required": True, "aliases": ["Action", "action"]},
    "resources": {"type": "list", "elements": "str", "default": [], "aliases": ["Resource", "resource"]},
    "not_resources": {"type": "list", "elements": "str", "default": [], "aliases": ["NotResource"]},
    "conditions": {"type": "dict", "default": {}, "aliases": ["Condition", "condition"]},
}


def normalise(statements: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The one list that means the same: each resource once for an effect and conditions, with all its actions.

    Actions of different services (`s3:`, `admin:`) stay apart, since MinIO takes no statement that mixes them.
    """
    found: dict[tuple[str, ...], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for statement in statements:
        resources = _arns(statement["resources"])
        key = (
            statement["effect"],
            "some" if resources else "",  # a statement without resources is not one of fewer
            _dumps(_arns(statement["not_resources"])),
            _dumps(_conditions(statement["conditions"])),
        )
        for action in as_list(statement["actions"]):
            for resource in resources or [""]:
                found[(action.partition(":")[0], *key)][resource].add(action)
    result = []
    for (_service, effect, _some, not_resources, conditions), actions_of in found.items():
        for actions in {frozenset(actions) for actions in actions_of.values()}:
            said = {
                "effect": effect,
                "actions": sorted(actions),
                "resources": sorted(name for name, its in actions_of.items() if name and its == actions),
                "not_resources": json.loads(not_resources),
                "conditions": json.loads(conditions),
            }
            result.append({key: value for key, value in said.items() if value})
    return sorted(result, key=_dumps)


def from_document(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy as MinIO gives it back."""
    return normalise(
        {ours: statement.get(theirs) or EMPTY[ours] for ours, theirs in FIELDS.items()}
        for statement in document["Statement"] or []
    )


def to_document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    """The policy that says these normalised statements."""
    return {
        "Version": VERSION,
        "Statement": [
            {theirs: statement[ours] for ours, theirs in FIELDS.items() if ours in statement}
            for statement in statements
        ],
    }


EMPTY: dict[str, Any] = {"effect": "", "actions": [], "resources": [], "not_resources": [], "conditions": {}}


def _arns(names: Any) -> list[str]:
    return sorted({name if name.startswith("arn:") else ARN + name for name in as_list(names)})


def _conditions(conditions: dict[str, Any]) -> dict[str, Any]:
    return {
        operator: {key: sorted({_text(operator, value) for value in as_list(values)}) for key, values in keys.items()}
        for operator, keys in conditions.items()
    }


def _text(operator: str, value: Any) -> str:
    kind = operator.rpartition(":")[2]
    if kind in BOOLEANS or isinstance(value, bool):
        return str(value).lower()
    return _network(str(value)) if kind in NETWORKS else str(value)


def _network(address: str) -> str:
    """With its length always written: MinIO makes `::/32` of `::1`, which lets many more in."""
    try:
        return str(ipaddress.ip_network(address, strict=False))
    except ValueError:
        return address


def _dumps(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
