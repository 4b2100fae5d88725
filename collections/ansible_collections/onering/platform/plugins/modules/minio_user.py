#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: minio_user
short_description: Manage accounts of MinIO
version_added: 0.1.0
description:
  - Creates, changes and removes accounts with their secret and their policies.
  - MinIO gives no secret back, so an account's secret is set only when logging in with it is refused.
  - A secret is never returned and never part of a diff.
author:
  - OneRing contributors (@onering)
options:
  users:
    description: Several accounts in one call. Instead of O(name) and its companions.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the account, called access key by S3 clients. 3 to 20 bytes, without V(=) and V(,).
        type: str
        required: true
        aliases: [access_key]
      secret:
        description:
          - Secret of the account, 8 to 40 characters. Needed for a new one.
          - That of a disabled account can't be tried, so it is left alone.
        type: str
        aliases: [secret_key]
      policies:
        description:
          - Exactly these policies. An empty list takes all away. They must exist.
          - MinIO can't change those of an account that is and stays disabled.
        type: list
        elements: str
      enabled:
        description: Whether the account can log in.
        type: bool
  name:
    description: See O(users[].name).
    type: str
  secret:
    description: See O(users[].secret).
    type: str
  policies:
    description: See O(users[].policies).
    type: list
    elements: str
  enabled:
    description: See O(users[].enabled).
    type: bool
  state:
    description: V(absent) removes an account, V(gathered) only reads it.
    type: str
    choices: [present, absent, gathered]
    default: present
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.minio
seealso:
  - module: onering.platform.minio_policy
  - module: onering.platform.minio_group
  - module: onering.platform.minio_service_account
"""

EXAMPLES = r"""
- name: Make one account for each job
  onering.platform.minio_user:
    endpoint: http://172.29.10.2:9000
    access_key: onering-root
    secret_key: "{{ minio_root_password }}"
    users:
      - name: ingest
        secret: "{{ minio_ingest_secret_key }}"
        policies: [ingest]
      - name: lake
        secret: "{{ minio_lake_secret_key }}"
        policies: [read-bronze, write-silver-gold]
  no_log: true

- name: Keep an account from logging in
  onering.platform.minio_user:
    name: ingest
    enabled: false
"""

RETURN = r"""
results:
  description: One entry for each account, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the account.
      type: str
    changed:
      description: Whether it was (in check mode, would be) created, changed or removed.
      type: bool
    user:
      description:
        - The account as it now is. Not there for one that is absent.
        - C(secret) says V(as given) where one was given, never more.
      type: dict
      sample: {name: ingest, enabled: true, policies: [ingest], secret: as given}
done:
  description: Accounts changed before another one failed.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The account that could not be changed.
  returned: failure while changing
  type: str
"""

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.minio import (
    ANOTHER,
    AS_GIVEN,
    Store,
    arguments,
    each,
    refuse_login,
)
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, run

NO_USER = ("XMinioAdminNoSuchUser",)
OPTIONS: dict[str, Any] = {
    "name": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    "policies": {"type": "list", "elements": "str"},
    "enabled": {"type": "bool"},
}
ALIASES = {"name": ["access_key"], "secret": ["secret_key"]}


class User(Resource):
    """An account. Of its secret, the state says only whether it is the given one."""

    def __init__(self, store: Store, options: dict[str, Any], state: str) -> None:
        self.store = store
        self.name = options["name"]
        self.secret = options["secret"]
        self.enabled = options["enabled"]
        self.policies = options["policies"]
        self.state = state

    def read(self) -> dict[str, Any] | None:
        text = self.store.ask(f"read account {self.name}", self.store.admin.user_info, self.name, absent=NO_USER)
        if text is None:
            return None
        info = json.loads(text)
        found = {
            "name": self.name,
            "enabled": info["status"] == "enabled",
            "policies": sorted(filter(None, info.get("policyName", "").split(","))),
        }
        if self.secret and self.state == "present":
            found["secret"] = self.store.judge_secret(self.name, self.secret, found["enabled"])
        return found

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        if self.state == "absent":
            return None
        refuse_login("account", self.name, self.secret, new=current is None)
        state = {"name": self.name, "enabled": True, "policies": [], **(current or {})}
        if self.secret:
            state["secret"] = AS_GIVEN
        if self.enabled is not None:
            state["enabled"] = self.enabled
        if self.policies is not None:
            state["policies"] = sorted(set(self.policies))
        self._refuse_policies_of_disabled(current, state)
        return state

    def _refuse_policies_of_disabled(self, current: dict[str, Any] | None, state: dict[str, Any]) -> None:
        if current is None or current["enabled"] or state["enabled"]:
            return
        if state["policies"] != current["policies"]:
            raise BackendError(
                f"change the policies of account {self.name}",
                "MinIO does that only for an enabled account",
                "Enable it in the same call, or leave policies out",
            )

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        before = current or {"enabled": True, "policies": [], "secret": ANOTHER}
        admin = self.store.admin
        enabling = desired["enabled"] and not before["enabled"]
        if self.secret and (enabling or before["secret"] != AS_GIVEN):
            self._ask("set the secret of", admin.user_add, self.name, self.secret)  # enables it, too
        elif enabling:
            self._ask("enable", admin.user_enable, self.name)
        if desired["policies"] != before["policies"]:
            self._ask("give policies to", admin.policy_set, ",".join(desired["policies"]), user=self.name)
        if before["enabled"] and not desired["enabled"]:
            self._ask("disable", admin.user_disable, self.name)  # last: MinIO gives a disabled account no policies

    def delete(self, current: dict[str, Any]) -> None:
        self._ask("remove", self.store.admin.user_remove, self.name)

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {} if state is None else {"user": state}

    def _ask(self, asked: str, function: Any, *args: Any, **kwargs: Any) -> Any:
        return self.store.ask(f"{asked} account {self.name}", function, *args, **kwargs)


def main() -> None:
    module = AnsibleModule(**arguments("users", OPTIONS, ALIASES))
    state = module.params["state"]
    run(module, lambda module: each(module, "users", lambda store, options: User(store, options, state)))


if __name__ == "__main__":
    main()
