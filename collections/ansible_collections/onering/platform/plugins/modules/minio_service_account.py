#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: minio_service_account
short_description: Manage service accounts of MinIO
version_added: 0.1.0
description:
  - Creates, changes and removes service accounts, also called access keys, that act for an account.
  - MinIO gives no secret back, so a secret is set only when logging in with it is refused.
  - A secret is never returned and never part of a diff.
  - An option that is left out is not touched. All service accounts are compared before the first is changed.
author:
  - OneRing contributors (@onering)
options:
  service_accounts:
    description: Several service accounts in one call. Instead of O(name) and its companions.
    type: list
    elements: dict
    suboptions:
      name:
        description: The access key. 3 to 20 bytes, without V(=) and V(,).
        type: str
        required: true
        aliases: [access_key]
      secret:
        description:
          - Its secret, 8 to 40 characters. Needed for a new one.
          - That of a disabled service account can't be tried, so it is left alone.
        type: str
        aliases: [secret_key]
      parent:
        description:
          - Account that it acts for, which must exist. MinIO removes a service account together with its parent.
          - Can't be changed. If left out, a new one acts for the account that the module works as.
        type: str
      title:
        description: A name for people, as the console shows. MinIO can change it, but not empty it.
        type: str
      description:
        description: What it is for. MinIO can change it, but not empty it.
        type: str
      enabled:
        description: Whether it can log in.
        type: bool
      expires:
        description:
          - When MinIO removes it, such as V(2027-06-30T12:00:00Z). V(never) takes the date away.
          - MinIO takes a date from 15 minutes to 365 days ahead.
        type: str
      statements:
        description: All that it may do of what its parent may. An empty list is everything that its parent may.
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
            description: Buckets and objects, such as V(bronze/*). A missing C(arn:aws:s3:::) is put before them.
            type: list
            elements: str
            default: []
            aliases: [Resource, resource]
          not_resources:
            description: In place of O(service_accounts[].statements[].resources), all but these.
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
    description: See O(service_accounts[].name).
    type: str
  secret:
    description: See O(service_accounts[].secret).
    type: str
  parent:
    description: See O(service_accounts[].parent).
    type: str
  title:
    description: See O(service_accounts[].title).
    type: str
  description:
    description: See O(service_accounts[].description).
    type: str
  enabled:
    description: See O(service_accounts[].enabled).
    type: bool
  expires:
    description: See O(service_accounts[].expires).
    type: str
  statements:
    description: See O(service_accounts[].statements).
    type: list
    elements: dict
    suboptions:
      effect:
        description: See O(service_accounts[].statements[].effect).
        type: str
        choices: [Allow, Deny]
        default: Allow
        aliases: [Effect]
      actions:
        description: See O(service_accounts[].statements[].actions).
        type: list
        elements: str
        required: true
        aliases: [Action, action]
      resources:
        description: See O(service_accounts[].statements[].resources).
        type: list
        elements: str
        default: []
        aliases: [Resource, resource]
      not_resources:
        description: See O(service_accounts[].statements[].not_resources).
        type: list
        elements: str
        default: []
        aliases: [NotResource]
      conditions:
        description: See O(service_accounts[].statements[].conditions).
        type: dict
        default: {}
        aliases: [Condition, condition]
  state:
    description: V(absent) removes a service account, V(gathered) only reads it.
    type: str
    choices: [present, absent, gathered]
    default: present
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.minio
seealso:
  - module: onering.platform.minio_user
"""

EXAMPLES = r"""
- name: Give a notebook a key that only reads Gold
  onering.platform.minio_service_account:
    endpoint: http://172.29.10.2:9000
    access_key: onering-root
    secret_key: "{{ minio_root_password }}"
    name: ada-notebook
    secret: "{{ ada_notebook_secret }}"
    parent: ada
    description: Ada's notebook
    statements:
      - actions: [s3:GetObject]
        resources: [gold/*]

- name: Lock it
  onering.platform.minio_service_account:
    name: ada-notebook
    enabled: false
"""

RETURN = r"""
results:
  description: One entry for each service account, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The access key.
      type: str
    changed:
      description: Whether it was (in check mode, would be) created, changed or removed.
      type: bool
    service_account:
      description:
        - The service account as it now is. Not there for one that is absent.
        - C(secret) says V(as given) where one was given, never more.
      type: dict
      sample:
        name: ada-notebook
        parent: ada
        title: ""
        description: Ada's notebook
        enabled: true
        expires: never
        statements: [{effect: Allow, actions: ["s3:GetObject"], resources: ["arn:aws:s3:::gold/*"]}]
        secret: as given
done:
  description: Service accounts changed before another one failed.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The service account that could not be changed.
  returned: failure while changing
  type: str
"""

import json
from datetime import UTC, datetime, timedelta
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
from ansible_collections.onering.platform.plugins.module_utils.minio_statements import (
    STATEMENT,
    from_document,
    normalise,
    to_document,
)
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource, run

NO_ACCOUNT = ("XMinioInvalidIAMCredentials",)
NO_USER = ("XMinioAdminNoSuchUser",)
DENIED = "AccessDenied"
NEVER = "never"
EPOCH = "1970-01-01T00:00:00Z"  # what MinIO takes and gives for it
SOONEST = timedelta(minutes=15)
LATEST = timedelta(days=365)
ASPECTS = ("title", "description", "enabled")
OPTIONS: dict[str, Any] = {
    "name": {"type": "str"},
    "secret": {"type": "str", "no_log": True},
    "parent": {"type": "str"},
    "title": {"type": "str"},
    "description": {"type": "str"},
    "enabled": {"type": "bool"},
    "expires": {"type": "str"},
    "statements": {"type": "list", "elements": "dict", "options": STATEMENT},
}
ALIASES = {"name": ["access_key"], "secret": ["secret_key"]}


class ServiceAccount(Resource):
    """A service account. Of its secret, the state says only whether it is the given one."""

    def __init__(self, store: Store, options: dict[str, Any], state: str) -> None:
        self.store = store
        self.name = options["name"]
        self.secret = options["secret"]
        self.options = options
        self.state = state
        self.name_is_taken = False

    def read(self) -> dict[str, Any] | None:
        text = self._read()
        if text is None:
            return None
        info = json.loads(text)
        found = {
            "name": self.name,
            "parent": info["parentUser"],
            "title": info.get("name", ""),
            "description": info.get("description", ""),
            "enabled": info["accountStatus"] == "on",
            "expires": instant(info.get("expiration") or NEVER),
            "statements": [] if info["impliedPolicy"] else from_document(json.loads(info["policy"])),
        }
        if self.secret and self.state == "present":
            found["secret"] = self.store.judge_secret(self.name, self.secret, found["enabled"])
        return found

    def _read(self) -> str | None:
        try:
            return self._ask("read", self.store.admin.get_service_account, self.name, absent=NO_ACCOUNT)
        except BackendError as error:
            if not error.answered.startswith(DENIED):
                raise
            account = self.store.ask(
                f"look for account {self.name}", self.store.admin.user_info, self.name, absent=NO_USER
            )
            if account is None:
                raise
            self.name_is_taken = True  # MinIO denies access to what is no service account
            return None

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        if self.state == "absent":
            return None
        if self.name_is_taken:
            raise BackendError(f"make service account {self.name}", "an account has this name", "Give it another name")
        refuse_login("service account", self.name, self.secret, new=current is None)
        state = {**self._new(), **(current or {})}
        state.update({aspect: self.options[aspect] for aspect in ASPECTS if self.options[aspect] is not None})
        if self.secret:
            state["secret"] = AS_GIVEN
        if self.options["statements"] is not None:
            state["statements"] = normalise(self.options["statements"])
        if self.options["expires"] is not None:
            state["expires"] = self._expires(self.options["expires"], (current or state)["expires"])
        if current is not None:
            self._refuse_impossible(current, state)
        return state

    def _new(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "parent": self.options["parent"] or self.store.params["access_key"],
            "title": "",
            "description": "",
            "enabled": True,
            "expires": NEVER,
            "statements": [],
        }

    def _expires(self, given: str, current: str) -> str:
        asked = f"let service account {self.name} expire at {given}"
        try:
            wanted = instant(given)
        except ValueError as error:
            raise BackendError(asked, str(error), "Write it as 2027-06-30T12:00:00Z, or never") from error
        ahead = timedelta(0) if wanted == NEVER else datetime.fromisoformat(wanted) - datetime.now(UTC)
        if wanted not in (NEVER, current) and not SOONEST <= ahead <= LATEST:
            raise BackendError(asked, "MinIO takes a date from 15 minutes to 365 days ahead", "Give another date")
        return wanted

    def _refuse_impossible(self, current: dict[str, Any], state: dict[str, Any]) -> None:
        if self.options["parent"] not in (None, current["parent"]):
            raise BackendError(
                f"give service account {self.name} to {self.options['parent']}",
                f"it acts for {current['parent']}, which MinIO can't change",
                "Remove it first, or give the new one another name",
            )
        for text in ("title", "description"):
            if current[text] and not state[text]:
                raise BackendError(
                    f"empty the {text} of service account {self.name}", "MinIO can only change it", "Give other words"
                )

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        document = to_document(desired["statements"]) if desired["statements"] else None
        if current is None:
            self._make(desired, document)
        if current is not None or not desired["enabled"]:  # MinIO makes it enabled, whatever is asked
            self._change(current or desired, desired, document)

    def _make(self, desired: dict[str, Any], document: dict[str, Any] | None) -> None:
        account = {
            "accessKey": self.name,
            "secretKey": self.secret,
            "targetUser": desired["parent"],
            "name": desired["title"],
            "description": desired["description"],
            "policy": document,
            "expiration": None if desired["expires"] == NEVER else desired["expires"],
        }
        account = {key: value for key, value in account.items() if value}
        self._ask("make", self.store.add_service_account, account)

    def _change(self, before: dict[str, Any], desired: dict[str, Any], document: dict[str, Any] | None) -> None:
        """Always with the policy: MinIO takes it away from a service account that is changed without."""
        secret = before.get("secret") == ANOTHER or (self.secret and desired["enabled"] and not before["enabled"])
        self._ask(
            "change",
            self.store.admin.update_service_account,
            access_key=self.name,
            secret_key=self.secret if secret else None,
            name=desired["title"],
            description=desired["description"],
            policy=document,
            expiration=EPOCH if desired["expires"] == NEVER else desired["expires"],
            status="on" if desired["enabled"] else "off",
        )

    def delete(self, current: dict[str, Any]) -> None:
        self._ask("remove", self.store.admin.delete_service_account, self.name)

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {} if state is None else {"service_account": state}

    def _ask(self, asked: str, function: Any, *args: Any, absent: tuple[str, ...] = (), **kwargs: Any) -> Any:
        return self.store.ask(f"{asked} service account {self.name}", function, *args, absent=absent, **kwargs)


def instant(text: str) -> str:
    """A date in the one way in which two are compared: UTC, whole seconds."""
    if text in (NEVER, EPOCH):
        return NEVER
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if found.tzinfo is None:
        raise ValueError("it has no time zone")
    return found.astimezone(UTC).replace(microsecond=0).isoformat()


def main() -> None:
    module = AnsibleModule(**arguments("service_accounts", OPTIONS, ALIASES))
    state = module.params["state"]
    run(
        module,
        lambda module: each(module, "service_accounts", lambda store, options: ServiceAccount(store, options, state)),
    )


if __name__ == "__main__":
    main()
