#!/usr/bin/python
# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
# Apache License 2.0 (see LICENSE or https://www.apache.org/licenses/LICENSE-2.0)

from __future__ import annotations

DOCUMENTATION = r"""
module: openmetadata_service
short_description: Manage services of OpenMetadata
version_added: 0.1.0
description:
  - Creates, changes and removes database, pipeline, storage and dashboard services with their connections.
  - Only what is declared is compared and changed, so what people wrote in the catalog stays.
  - OpenMetadata shows secrets of a connection to some accounts only. One that is shown is compared; one that is masked
    counts as the given one, since nobody can tell, unless O(update_secrets=always). A missing one is always set.
  - An account that may not see connections at all gets none shown. To it a declared connection is always a change.
  - All services are compared before the first is changed.
author:
  - OneRing contributors (@onering)
attributes:
  idempotent:
    description:
      - A service as declared is no change, unless O(update_secrets=always) asks for it or the account may not see
        connections.
    support: partial
options:
  services:
    description: The services.
    type: list
    elements: dict
    required: true
    suboptions:
      kind:
        description: What it serves.
        type: str
        choices: [database, pipeline, storage, dashboard]
        required: true
      name:
        description: Name of the service.
        type: str
        required: true
      type:
        description:
          - OpenMetadata's name of the product, such as V(Clickhouse), V(Postgres), V(Airflow), V(S3) or V(Grafana).
          - Needed for a new service. It can't be changed.
        type: str
      connection:
        description:
          - The connection's fields in OpenMetadata's own names, such as V(hostPort) and V(username), without secrets.
            Only the given ones are compared.
        type: dict
      secrets:
        description:
          - The connection's secret fields, such as V(password), in the places that they have in the connection. They
            are neither shown nor returned, the diff only says whether each is as given.
        type: dict
      display_name:
        description: Name that people see. An empty string removes it.
        type: str
      description:
        description: Description in Markdown. An empty string removes it. Left out, what people wrote stays.
        type: str
      owners:
        description: Exactly these owners, each as V(user:name) or V(team:name).
        type: list
        elements: str
      domains:
        description: Exactly these domains, by fully qualified name.
        type: list
        elements: str
      data_products:
        description: Exactly these data products, by fully qualified name.
        type: list
        elements: str
      tags:
        description: Exactly these tags of classifications, such as V(PII.Sensitive), among those that somebody set.
        type: list
        elements: str
      terms:
        description: Exactly these glossary terms, by fully qualified name, among those that somebody set.
        type: list
        elements: str
  update_secrets:
    description: V(always) sets secrets that are masked, too, and so always reports a change.
    type: str
    choices: [when_different, always]
    default: when_different
  state:
    description: V(absent) removes them.
    type: str
    choices: [present, absent]
    default: present
  recursive:
    description: With O(state=absent), remove what is in the service, too. Without it, that is refused.
    type: bool
    default: false
  purge:
    description: With O(state=absent), remove for good, with history. Without it, OpenMetadata marks what is removed.
    type: bool
    default: false
extends_documentation_fragment:
  - onering.platform.attributes
  - onering.platform.openmetadata
seealso:
  - module: onering.platform.openmetadata_asset
"""

EXAMPLES = r"""
- name: Register the stores
  onering.platform.openmetadata_service:
    url: http://127.0.0.1:8585
    token: "{{ openmetadata_token }}"
    services:
      - kind: database
        name: clickhouse
        type: Clickhouse
        connection: {hostPort: "clickhouse:8123", username: catalog}
        secrets: {password: "{{ clickhouse_catalog_password }}"}
      - kind: storage
        name: minio
        type: S3
        connection:
          awsConfig: {awsAccessKeyId: catalog, awsRegion: us-east-1, endPointURL: "http://minio:9000"}
        secrets:
          awsConfig: {awsSecretAccessKey: "{{ minio_catalog_secret }}"}

- name: Remove a service with all that it holds
  onering.platform.openmetadata_service:
    url: http://127.0.0.1:8585
    token: "{{ openmetadata_token }}"
    services:
      - {kind: dashboard, name: grafana}
    state: absent
    recursive: true
"""

RETURN = r"""
results:
  description: One entry for each service.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Kind and name.
      type: str
      sample: databaseService clickhouse
    changed:
      description: Whether it was (in check mode, would be) created, changed or removed.
      type: bool
    entity:
      description: What was declared of it, as it now is, in OpenMetadata's names. Not there for one that is absent.
      type: dict
      sample: {kind: databaseService, fullyQualifiedName: clickhouse, serviceType: Clickhouse}
done:
  description: Services changed before another one failed.
  returned: failure while changing
  type: list
  elements: str
failed_on:
  description: The service that could not be changed.
  returned: failure while changing
  type: str
"""

from collections.abc import Iterable
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.openmetadata import CONNECTION, Api
from ansible_collections.onering.platform.plugins.module_utils.openmetadata_entity import (
    RELATIONS,
    Catalog,
    Entity,
    ordered,
    relations,
)
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, many, run

AS_GIVEN = "as given"
ANOTHER = "another"
MISSING = "missing"
SERVICE: dict[str, Any] = {
    "kind": {"type": "str", "choices": ["database", "pipeline", "storage", "dashboard"], "required": True},
    "name": {"type": "str", "required": True},
    "type": {"type": "str"},
    "connection": {"type": "dict"},
    "secrets": {"type": "dict", "no_log": True},
    **RELATIONS,
}


class Service(Entity):
    """A service. Of its secrets, the state says only whether each is the given one."""

    def __init__(self, catalog: Catalog, options: dict[str, Any], update_secrets: str, **how: Any) -> None:
        wanted = relations(options)
        if options["type"]:
            wanted["serviceType"] = options["type"]
        if options["connection"] is not None:
            wanted["connection"] = {"config": options["connection"]}
        super().__init__(catalog, f"{options['kind']}Service", "", options["name"], wanted, **how)
        self.secrets = dict(leaves(options["secrets"] or {}))
        self.always = update_secrets == "always"

    def read(self) -> dict[str, Any] | None:
        found = super().read()
        if found is not None and self.secrets:
            config = (self.raw.get("connection") or {}).get("config") or {}
            found["secrets"] = {".".join(path): self._compared(config, path) for path in self.secrets}
        return found

    def _compared(self, config: Any, path: tuple[str, ...]) -> str:
        for key in path:
            config = config.get(key) if isinstance(config, dict) else None
        if not config:
            return MISSING
        if config == self.secrets[path] or (is_hidden(config) and not self.always):
            return AS_GIVEN
        return ANOTHER

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any] | None:
        state = super().desired(current)
        kind = self.wanted.get("serviceType")
        if state is None or current is None or kind in (None, current["serviceType"]):
            return self._with_secrets(state)
        raise BackendError(
            f"make {self.name} a {kind}", f"it is a {current['serviceType']}, for good", "Give the service another name"
        )

    def _with_secrets(self, state: dict[str, Any] | None) -> dict[str, Any] | None:
        if state is not None and self.secrets:
            state["secrets"] = {".".join(path): AS_GIVEN for path in self.secrets}
        return state

    def changes(self) -> dict[str, Any]:
        """The declaration with those secrets that must be set."""
        config = (self.wanted.get("connection") or {}).get("config") or {}
        there = (self.raw.get("connection") or {}).get("config") or {}
        for path, value in self.secrets.items():
            if self._compared(there, path) != AS_GIVEN:
                config = put_in(config, path, value)
        if not config:
            return self.wanted
        if not self.raw:
            config = {"type": self.wanted["serviceType"], **config}
        return {**self.wanted, "connection": {"config": config}}


def leaves(tree: dict[str, Any], path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), value


def put_in(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of the tree with a value in its place."""
    key, *rest = path
    return {**tree, key: put_in(tree.get(key) or {}, tuple(rest), value) if rest else value}


def is_hidden(value: Any) -> bool:
    """Whether the server shows no value but a mask, or the name that a secrets manager has for it."""
    return isinstance(value, str) and (not value.strip("*") or value.startswith("secret:"))


def body(module: AnsibleModule) -> None:
    params = module.params
    catalog = Catalog(Api(params))
    how = {key: params[key] for key in ("update_secrets", "state", "recursive", "purge")}
    many(module, ordered([Service(catalog, options, **how) for options in params["services"]], params["state"]))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **CONNECTION,
            "services": {"type": "list", "elements": "dict", "required": True, "options": SERVICE},
            "update_secrets": {
                "type": "str",
                "choices": ["when_different", "always"],
                "default": "when_different",
                "no_log": False,
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "recursive": {"type": "bool", "default": False},
            "purge": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    run(module, body)


if __name__ == "__main__":
    main()
