#!/usr/bin/python
# Copyright: OneRing contributors
# Apache License 2.0 (see LICENSE)
"""Module liquibase: bring databases to the state of their changelogs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: liquibase
short_description: Bring databases to the state of their changelogs
version_added: 0.1.0
author: OneRing contributors (@onering)
description:
  - Runs Liquibase in a throw-away container on the platform's network. The container has a read-only root,
    no capabilities and no new privileges, and is removed with its volume afterwards.
  - The credentials are copied into the created container as a settings file. They are never arguments or environment.
  - One changelog, or several in O(changelogs). These are asked side by side,
    and all are looked at before the first is updated.
  - Liquibase is asked once with C(update-sql), which changes nothing and refuses a changeset that was edited
    after it ran. It is run a second time only if something is pending.
  - Runs on one host are serialised by a lock file, because Liquibase's own lock isn't atomic on ClickHouse.
  - A changeset must never count as run without having run. See O(marked_ran).
    A precondition that skips a changeset is an error.
  - A changeset whose C(dbms) isn't the database's is left out, so that one file can serve several databases.
requirements:
  - docker (Python library)
attributes:
  check_mode:
    description: Returns and shows the SQL that would run.
    support: full
  diff_mode:
    description: Shows the SQL of the pending changesets, without Liquibase's own book-keeping.
    support: full
  idempotent:
    description: Nothing pending is no change.
    support: full
options:
  command:
    description:
      - V(update) runs what is pending.
      - V(status) never changes anything, and returns what is pending.
      - V(tag) marks the database's state with O(tag). A tag that is there is no change.
      - V(release_locks) frees the lock that a killed run left behind.
        It can't be told whether one is held, so it is always a change.
    type: str
    choices: [update, status, tag, release_locks]
    default: update
  image:
    description: The image. Its user must be numeric, its changelogs' directory C(/liquibase/changelog).
    type: str
    required: true
  network:
    description: The network that the database is reached on. Also the first part of the container's name.
    type: str
    required: true
  changelog_dir:
    description: Directory on this host, mounted read-only. Paths of changelogs are recorded relative to it.
    type: path
    required: true
  changelogs:
    description: Several changelogs, in the order in which they are updated.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name in results and messages. O(changelogs[].changelog_file) by default.
        type: str
      changelog_file:
        description: Root changelog, relative to O(changelog_dir).
        type: str
        required: true
      url:
        description: JDBC address of the database.
        type: str
        required: true
      username:
        description: Account.
        type: str
      password:
        description: Its password.
        type: str
      driver:
        description: Class of the JDBC driver. Found by the address if unset.
        type: str
      default_schema:
        description: Schema of unqualified names.
        type: str
      liquibase_schema:
        description: Schema of Liquibase's own tables.
        type: str
      contexts:
        description: Run changesets of these contexts only.
        type: list
        elements: str
        default: []
      label_filter:
        description: Run changesets whose labels match this expression only.
        type: str
      optional:
        description: Leave this changelog out, without an error, where its file doesn't exist.
        type: bool
        default: false
  name:
    description: Name in results and messages. O(changelog_file) by default.
    type: str
  changelog_file:
    description: Root changelog, relative to O(changelog_dir).
    type: str
  url:
    description: JDBC address of the database.
    type: str
  username:
    description: Account.
    type: str
  password:
    description: Its password.
    type: str
  driver:
    description: Class of the JDBC driver. Found by the address if unset.
    type: str
  default_schema:
    description: Schema of unqualified names.
    type: str
  liquibase_schema:
    description: Schema of Liquibase's own tables.
    type: str
  contexts:
    description: Run changesets of these contexts only.
    type: list
    elements: str
    default: []
  label_filter:
    description: Run changesets whose labels match this expression only.
    type: str
  tag:
    description: The tag.
    type: str
  marked_ran:
    description:
      - What to do about a precondition with C(MARK_RAN), which marks a changeset as run without running it.
        All files below O(changelog_dir) are looked at, because a changelog may include any of them.
      - V(refuse) fails before anything runs, V(warn) warns, V(allow) warns only if a changeset was so marked.
    type: str
    choices: [refuse, warn, allow]
    default: refuse
  labels:
    description: Labels of the container and its volume, by which a clean-up finds them.
    type: dict
    default: {}
  timeout:
    description: Seconds that one command may take, and that the lock file is waited for.
    type: int
    default: 300
  lock_path:
    description: The lock file. C(/run/lock/<network>-liquibase.lock) by default.
    type: path
  docker_host:
    description:
      - Address of the Docker Engine.
      - If unset, the environment variable E(DOCKER_HOST) is used, then the default.
    type: str
    default: unix:///var/run/docker.sock
extends_documentation_fragment:
  - onering.platform.attributes.python
"""

EXAMPLES = r"""
- name: Update both stores
  onering.platform.liquibase:
    image: onering/schema-versioning:4.33.0
    network: onering
    changelog_dir: /srv/platform/versioning/liquibase
    changelogs:
      - changelog_file: clickhouse/changelog.yml
        url: jdbc:clickhouse://clickhouse:8123/versioning
        username: liquibase
        password: "{{ clickhouse_password }}"
      - changelog_file: postgres/changelog.yml
        url: jdbc:postgresql://postgres:5432/onering
        username: liquibase
        password: "{{ postgres_password }}"

- name: Ask what is pending
  onering.platform.liquibase:
    command: status
    image: onering/schema-versioning:4.33.0
    network: onering
    changelog_dir: /srv/platform/versioning/liquibase
    changelog_file: postgres/changelog.yml
    url: jdbc:postgresql://postgres:5432/onering
    username: liquibase
    password: "{{ postgres_password }}"
  register: changelog
  failed_when: changelog is failed or changelog.pending | length > 0
"""

RETURN = r"""
pending:
  description: Changesets (C(file::id::author)) that were pending when the module began.
  returned: success, with O(changelog_file)
  type: list
  elements: str
  sample: ["datasets/sales.sql::sales-gold::onering"]
version:
  description: Version of Liquibase.
  returned: success, with O(changelog_file)
  type: str
  sample: 4.33.0
results:
  description: The same for each changelog.
  returned: success, with O(changelogs)
  type: list
  elements: dict
  contains:
    name:
      description: Name of the changelog.
      type: str
    changed:
      description: Whether something ran (in check mode, would run).
      type: bool
    pending:
      description: Changesets that were pending when the module began.
      type: list
      elements: str
    version:
      description: Version of Liquibase.
      type: str
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.changelog import Changelog, Runner, alone
from ansible_collections.onering.platform.plugins.module_utils.containers import CONNECTION, connect
from ansible_collections.onering.platform.plugins.module_utils.resource import Resource, converge, many, run

CHANGELOG: dict[str, Any] = {
    "name": {"type": "str"},
    "changelog_file": {"type": "str"},
    "url": {"type": "str"},
    "username": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "driver": {"type": "str"},
    "default_schema": {"type": "str"},
    "liquibase_schema": {"type": "str"},
    "contexts": {"type": "list", "elements": "str", "default": []},
    "label_filter": {"type": "str"},
}
REQUIRED = ("changelog_file", "url")
SPEC: dict[str, Any] = {
    "command": {"type": "str", "choices": ["update", "status", "tag", "release_locks"], "default": "update"},
    "image": {"type": "str", "required": True},
    "network": {"type": "str", "required": True},
    "changelog_dir": {"type": "path", "required": True},
    "changelogs": {
        "type": "list",
        "elements": "dict",
        "options": {
            **{key: {**value, "required": True} if key in REQUIRED else value for key, value in CHANGELOG.items()},
            "optional": {"type": "bool", "default": False},
        },
    },
    **CHANGELOG,
    "tag": {"type": "str"},
    "marked_ran": {"type": "str", "choices": ["refuse", "warn", "allow"], "default": "refuse"},
    "labels": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 300},
    "lock_path": {"type": "path"},
    **CONNECTION,
}


class Tag(Resource):
    """A database's tag, as {'tag': name}."""

    def __init__(self, changelog: Changelog, tag: str) -> None:
        self.name = changelog.name
        self.changelog = changelog
        self.tag = tag

    def read(self) -> dict[str, Any] | None:
        answer = self.changelog.runner.run(self.changelog.settings, "tag-exists", f"--tag={self.tag}")
        return {"tag": self.tag} if "already exists" in answer.stdout + answer.stderr else None

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any]:
        return {"tag": self.tag}

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        self.changelog.runner.run(self.changelog.settings, "tag", f"--tag={self.tag}")


class Locks(Resource):
    """A database's lock, taken for held, because only a held one is worth a call."""

    def __init__(self, changelog: Changelog) -> None:
        self.name = changelog.name
        self.changelog = changelog

    def read(self) -> dict[str, Any]:
        return {"lock": "held"}

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any]:
        return {"lock": "free"}

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        self.changelog.runner.run(self.changelog.settings, "release-locks")


def look_at_all(changelogs: list[Changelog]) -> None:
    """Asks different databases side by side; `read` then answers at once."""
    if len({changelog.settings["liquibase.command.url"] for changelog in changelogs}) == len(changelogs) > 1:
        with ThreadPoolExecutor(len(changelogs)) as pool:
            list(pool.map(Changelog.look, changelogs))


def manage(module: AnsibleModule) -> None:
    params = module.params

    def is_wanted(item: dict[str, Any]) -> bool:
        there = os.path.isfile(os.path.join(params["changelog_dir"], item["changelog_file"]))
        return there or not item["optional"]

    runner = Runner(
        connect(params["docker_host"], timeout=params["timeout"]),
        params["image"],
        params["network"],
        params["changelog_dir"],
        params["labels"],
        params["timeout"],
    )
    command = params["command"]
    wanted = [params] if params["changelogs"] is None else [item for item in params["changelogs"] if is_wanted(item)]
    updates = command == "update"
    changelogs = [Changelog(runner, options, params["marked_ran"], updates, module.warn) for options in wanted]
    resources: list[Resource] = list(changelogs)
    if command == "tag":
        resources = [Tag(changelog, params["tag"]) for changelog in changelogs]
    elif command == "release_locks":
        resources = [Locks(changelog) for changelog in changelogs]

    with alone(params["lock_path"] or f"/run/lock/{params['network']}-liquibase.lock", params["timeout"]):
        if command in ("update", "status"):
            look_at_all(changelogs)
        if params["changelogs"] is not None:
            many(module, resources)
        else:
            converge(module, resources[0])


def main() -> None:
    module = AnsibleModule(
        argument_spec=SPEC,
        supports_check_mode=True,
        mutually_exclusive=[("changelogs", key) for key in ("changelog_file", "url")],
        required_one_of=[("changelogs", "changelog_file")],
        required_by={"changelog_file": ("url",)},
        required_if=[("command", "tag", ("tag",))],
    )
    run(module, manage)


if __name__ == "__main__":
    main()
