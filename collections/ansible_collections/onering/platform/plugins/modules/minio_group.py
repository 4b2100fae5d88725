#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: minio_group
short_description: Manage groups of MinIO
version_added: 0.1.0
description:
  - Creates, changes and removes groups with their members and their policies.
  - An option that is left out is not touched. All groups are compared before the first is changed.
author:
  - OneRing contributors (@onering)
options:
  groups:
    description: Several groups in one call. Instead of O(name) and its companions.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the group, without V(=) and V(,).
        type: str
        required: true
      members:
        description: Exactly these accounts. An empty list takes all out. They must exist.
        type: list
        elements: str
      policies:
        description: Exactly these policies. An empty list takes all away. They must exist.
        type: list
        elements: str
      enabled:
        description: Whether the members have what the group's policies allow. They can log in either way.
        type: bool
  name:
    description: See O(groups[].name).
    type: str
  members:
    description: See O(groups[].members).
    type: list
    elements: str
  policies:
    description: See O(groups[].policies).
    type: list
    elements: str
  enabled:
    description: See O(groups[].enabled).
    type: bool
  state:
    description: V(absent) takes the members out of a group and removes it, V(gathered) only reads it.
    type: str
    choices: [present, absent, gathered]
    default: present
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.minio
seealso:
  - module: onering.platform.minio_policy
  - module: onering.platform.minio_user
"""

EXAMPLES = r"""
- name: Let the analysts read Gold
  onering.platform.minio_group:
    endpoint: http://172.29.10.2:9000
    access_key: onering-root
    secret_key: "{{ minio_root_password }}"
    name: analysts
    members: [ada, grace]
    policies: [read-gold]

- name: Remove a group, not its members
  onering.platform.minio_group:
    name: analysts
    state: absent
"""

RETURN = r"""
results:
  description: One entry for each group, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the group.
      type: str
    changed:
      description: Whether it was (in check mode, would be) created, changed or removed.
      type: bool
    group:
      description: The group as it now is. Not there for one that is absent.
      type: dict
      sample: {name: analysts, enabled: true, members: [ada, grace], policies: [read-gold]}
done:
  description: Groups changed before another one failed.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The group that could not be changed.
  returned: failure while changing
  type: str
"""

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.minio import Store, arguments, each, refuse_name
from ansible_collections.onering.platform.plugins.module_utils.resource import Resource, run

NO_GROUP = ("XMinioAdminNoSuchGroup",)
NEW: dict[str, Any] = {"enabled": True, "members": [], "policies": []}
GROUP: dict[str, Any] = {
    "name": {"type": "str"},
    "members": {"type": "list", "elements": "str"},
    "policies": {"type": "list", "elements": "str"},
    "enabled": {"type": "bool"},
}


class Group(Resource):
    def __init__(self, store: Store, options: dict[str, Any], state: str) -> None:
        self.store = store
        self.name = options["name"]
        self.options = options
        self.state = state

    def read(self) -> dict[str, Any] | None:
        text = self._ask("read", self.store.admin.group_info, self.name, absent=NO_GROUP)
        if text is None:
            return None
        info = json.loads(text)
        return {
            "name": self.name,
            "enabled": info["status"] == "enabled",
            "members": sorted(info.get("members") or []),
            "policies": self._policies(),
        }

    def _policies(self) -> list[str]:
        """Asked for by themselves: what MinIO says of a disabled group leaves them out."""
        text = self._ask("read the policies of", self.store.admin.get_policy_entities, [], [self.name], [])
        mappings = json.loads(text).get("groupMappings") or []
        return sorted(policy for mapping in mappings for policy in mapping["policies"])

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        if self.state == "absent":
            return None
        if current is None:
            refuse_name("group", self.name)
        state = {"name": self.name, **NEW, **(current or {})}
        if self.options["enabled"] is not None:
            state["enabled"] = self.options["enabled"]
        for lists in ("members", "policies"):
            if self.options[lists] is not None:
                state[lists] = sorted(set(self.options[lists]))
        return state

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        before = current or NEW
        admin = self.store.admin
        added = [name for name in desired["members"] if name not in before["members"]]
        removed = [name for name in before["members"] if name not in desired["members"]]
        if current is None or added:
            self._ask("add members to", admin.group_add, self.name, added)
        if removed:
            self._ask("take members out of", admin.group_remove, self.name, removed)
        if desired["policies"] != before["policies"]:
            self._ask("give policies to", admin.policy_set, ",".join(desired["policies"]), group=self.name)
        if desired["enabled"] != before["enabled"]:
            switch = admin.group_enable if desired["enabled"] else admin.group_disable
            self._ask("enable" if desired["enabled"] else "disable", switch, self.name)

    def delete(self, current: dict[str, Any]) -> None:
        if current["members"]:
            self._ask("take members out of", self.store.admin.group_remove, self.name, current["members"])
        self._ask("remove", self.store.admin.group_remove, self.name)

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {} if state is None else {"group": state}

    def _ask(self, asked: str, function: Any, *args: Any, absent: tuple[str, ...] = (), **kwargs: Any) -> Any:
        return self.store.ask(f"{asked} group {self.name}", function, *args, absent=absent, **kwargs)


def main() -> None:
    module = AnsibleModule(**arguments("groups", GROUP))
    state = module.params["state"]
    run(module, lambda module: each(module, "groups", lambda store, options: Group(store, options, state)))


if __name__ == "__main__":
    main()
