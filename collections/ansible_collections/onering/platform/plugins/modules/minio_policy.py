#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: minio_policy
short_description: Manage access policies of MinIO
version_added: 0.1.0
description:
  - Creates, changes and removes the policies that accounts are given.
  - Policies are compared by meaning. The order of statements, actions and resources, how these are spread over
    statements, a string in place of a list, how an address is written, and statement ids make no difference.
author:
  - OneRing contributors (@onering)
options:
  policies:
    description: Several policies in one call. Instead of O(name) and O(statements).
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the policy.
        type: str
        required: true
      statements:
        description: What the policy allows and denies. Needed unless O(state) is absent or gathered.
        type: list
        elements: dict
        suboptions:
          effect:
            description: Whether the actions are allowed or denied.
            type: str
            choices: [Allow, Deny]
            default: Allow
            aliases: [Effect]
          actions:
            description: Actions, such as V(s3:GetObject).
            type: list
            elements: str
            required: true
            aliases: [Action, action]
          resources:
            description:
              - Buckets and objects, such as V(bronze) or V(bronze/*). A missing C(arn:aws:s3:::) is put before them.
              - Left out for C(admin:*) actions.
            type: list
            elements: str
            default: []
            aliases: [Resource, resource]
          not_resources:
            description: In place of O(policies[].statements[].resources), all but these.
            type: list
            elements: str
            default: []
            aliases: [NotResource]
          conditions:
            description: Operator to condition key to one value or several.
            type: dict
            default: {}
            aliases: [Condition, condition]
  name:
    description: Name of the policy. Instead of O(policies).
    type: str
  statements:
    description: See O(policies[].statements).
    type: list
    elements: dict
    suboptions:
      effect:
        description: See O(policies[].statements[].effect).
        type: str
        choices: [Allow, Deny]
        default: Allow
        aliases: [Effect]
      actions:
        description: See O(policies[].statements[].actions).
        type: list
        elements: str
        required: true
        aliases: [Action, action]
      resources:
        description: See O(policies[].statements[].resources).
        type: list
        elements: str
        default: []
        aliases: [Resource, resource]
      not_resources:
        description: See O(policies[].statements[].not_resources).
        type: list
        elements: str
        default: []
        aliases: [NotResource]
      conditions:
        description: See O(policies[].statements[].conditions).
        type: dict
        default: {}
        aliases: [Condition, condition]
  state:
    description: V(absent) removes a policy that no account has, V(gathered) only reads it.
    type: str
    choices: [present, absent, gathered]
    default: present
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.minio
seealso:
  - module: onering.platform.minio_user
  - module: onering.platform.minio_group
"""

EXAMPLES = r"""
- name: Let ingestion write bronze and nothing else
  onering.platform.minio_policy:
    endpoint: http://172.29.10.2:9000
    access_key: onering-root
    secret_key: "{{ minio_root_password }}"
    policies:
      - name: ingest
        statements:
          - actions: [s3:ListBucket, s3:GetBucketLocation]
            resources: [bronze]
          - actions: [s3:PutObject, s3:GetObject]
            resources: [bronze/*]

- name: Remove a policy
  onering.platform.minio_policy:
    name: ingest
    state: absent
"""

RETURN = r"""
results:
  description: One entry for each policy, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the policy.
      type: str
    changed:
      description: Whether it was (in check mode, would be) created, changed or removed.
      type: bool
    policy:
      description: The policy as it now is, each resource once with all its actions. Not there for one that is absent.
      type: dict
      sample:
        name: ingest
        statements: [{effect: Allow, actions: ["s3:PutObject"], resources: ["arn:aws:s3:::bronze/*"]}]
done:
  description: Policies changed before another one failed.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The policy that could not be changed.
  returned: failure while changing
  type: str
"""

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.minio import Store, arguments, each, refuse_name
from ansible_collections.onering.platform.plugins.module_utils.minio_statements import (
    STATEMENT,
    from_document,
    normalise,
    to_document,
)
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, run

NO_POLICY = ("XMinioAdminNoSuchPolicy",)
POLICY: dict[str, Any] = {
    "name": {"type": "str"},
    "statements": {"type": "list", "elements": "dict", "options": STATEMENT},
}


class Policy(Resource):
    def __init__(self, store: Store, options: dict[str, Any], state: str) -> None:
        self.store = store
        self.name = options["name"]
        self.statements = options["statements"]
        self.state = state

    def read(self) -> dict[str, Any] | None:
        text = self.store.ask(f"read policy {self.name}", self.store.admin.policy_info, self.name, absent=NO_POLICY)
        if text is None:
            return None
        return {"name": self.name, "statements": from_document(json.loads(text))}

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        if self.state == "absent":
            if current is not None:
                self._refuse_while_used()
            return None
        if current is None:
            refuse_name("policy", self.name)
        if not self.statements:
            raise BackendError(f"make policy {self.name}", "it has no statements", "Say what it allows in statements")
        return {"name": self.name, "statements": normalise(self.statements)}

    def _refuse_while_used(self) -> None:
        text = self.store.ask(
            f"look who has policy {self.name}", self.store.admin.get_policy_entities, [], [], [self.name]
        )
        holders = [
            holder
            for mapping in json.loads(text).get("policyMappings") or []
            for holder in (mapping.get("users") or []) + (mapping.get("groups") or [])
        ]
        if holders:
            raise BackendError(
                f"remove policy {self.name}", f"{', '.join(sorted(holders))} still has it", "Take it from them first"
            )

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        document = to_document(desired["statements"])
        self.store.ask(f"write policy {self.name}", self.store.admin.policy_add, self.name, policy=document)

    def delete(self, current: dict[str, Any]) -> None:
        self.store.ask(f"remove policy {self.name}", self.store.admin.policy_remove, self.name)

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {} if state is None else {"policy": state}


def main() -> None:
    module = AnsibleModule(**arguments("policies", POLICY))
    state = module.params["state"]
    run(module, lambda module: each(module, "policies", lambda store, options: Policy(store, options, state)))


if __name__ == "__main__":
    main()
