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
  - Runs on one host are serialised by a lock file, because Liquibase's own lock isn't atomic on ClickHouse. Of two
    calls at once the second waits, and then finds nothing pending. A container that a killed module left is waited
    for.
  - A changeset must never count as run without having run. See O(marked_ran).
    A precondition that skips a changeset is an error.
  - A changeset whose C(dbms) isn't the database's is left out, so that one file can serve several databases.
requirements:
  - docker (Python library)
  - psycopg (Python library), for O(command=drift) of PostgreSQL
  - clickhouse-driver (Python library), for O(command=drift) of ClickHouse
attributes:
  check_mode:
    description:
      - Returns and shows the SQL that would run.
      - O(command=drift) makes and removes its scratch place in check mode too.
    support: full
  diff_mode:
    description: Shows the SQL of the changesets that run or are rolled back, without Liquibase's own book-keeping.
    support: full
  idempotent:
    description:
      - Nothing pending, a tag that is there, and nothing to roll back are no change.
      - O(command=rollback) with O(count) rolls back as many again each time. O(command=release_locks) is always a
        change.
    support: partial
options:
  command:
    description:
      - V(update) runs what is pending.
      - V(rollback) rolls back what ran after O(tag), or the last O(count) changesets. It is refused before anything is
        changed if one of them has no rollback statement.
      - V(tag) marks the database's state with O(tag). A tag that is there is no change. A second tag for the same
        state is refused, because Liquibase would drop the first.
      - V(status) never changes anything, and returns what is pending.
      - V(validate) refuses a changelog that can't be read, names a file that isn't there, has a changeset twice, or
        has one that was edited after it ran. It changes nothing.
      - V(drift) replays the changelog in a scratch place on the same server, compares what O(schemas) hold with it, and
        returns each difference. It is never a change. See the notes.
      - V(release_locks) frees the lock that a killed run left behind.
        It can't be told whether one is held, so it is always a change.
    type: str
    choices: [update, rollback, tag, status, validate, drift, release_locks]
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
        description: Schema of unqualified names. Refused with O(command=drift).
        type: str
      liquibase_schema:
        description: Schema of Liquibase's own tables. Refused with O(command=drift).
        type: str
      contexts:
        description: Run changesets of these contexts only.
        type: list
        elements: str
        default: []
      label_filter:
        description: Run changesets whose labels match this expression only.
        type: str
      schemas:
        description:
          - Schemas of PostgreSQL or databases of ClickHouse that the changelog owns, for O(command=drift).
        type: list
        elements: str
        default: []
      native_port:
        description: Port of ClickHouse's native protocol, for O(command=drift).
        type: int
        default: 9000
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
    description: Schema of unqualified names. Refused with O(command=drift).
    type: str
  liquibase_schema:
    description: Schema of Liquibase's own tables. Refused with O(command=drift).
    type: str
  contexts:
    description: Run changesets of these contexts only.
    type: list
    elements: str
    default: []
  label_filter:
    description: Run changesets whose labels match this expression only.
    type: str
  schemas:
    description:
      - Schemas of PostgreSQL or databases of ClickHouse that the changelog owns, for O(command=drift).
    type: list
    elements: str
    default: []
  native_port:
    description: Port of ClickHouse's native protocol, for O(command=drift).
    type: int
    default: 9000
  tag:
    description: The tag, for O(command=tag) and O(command=rollback).
    type: str
  count:
    description: How many changesets to roll back, the last one first.
    type: int
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
    description:
      - The lock file. C(/run/lock/<network>-liquibase.lock) by default.
      - All calls for one network name the same file.
    type: path
  docker_host:
    description:
      - Address of the Docker Engine.
      - If unset, the environment variable E(DOCKER_HOST) is used, then the default.
    type: str
    default: unix:///var/run/docker.sock
extends_documentation_fragment:
  - onering.platform.attributes.python
notes:
  - For O(command=drift), the scratch place on PostgreSQL is a database of its own, so the account needs
    C(CREATEDB). On ClickHouse it is a database for each of O(schemas), named C(drift_<hash>_<schema>), and one for
    Liquibase's tables; the account needs to make, fill and drop them, and the changelog is replayed from a copy
    that names them. A changelog that names a database of the server in any other way than C(database.table) or
    C(DATABASE database), or one that isn't in O(schemas), is refused before it is replayed; so is one in which a
    column, a table or a word of a text is called like a database.
  - On PostgreSQL, the scratch database gets the live one's extensions, but for those that the account can't make.
  - For O(command=drift), an account that stands in O(url) is used where O(username) or O(password) is unset.
    O(timeout) is the time of each question to the server too.
  - Scratch places are removed at the end, and what a killed call left is removed by the next.
  - On PostgreSQL, O(command=drift) compares tables, columns, constraints, indexes, views, sequences, functions,
    types, triggers, rules and policies, and the comments of relations and columns; on ClickHouse
    whatever stands in a CREATE statement. Owners and grants are not compared.
    What a changelog does outside of its database, such as making a role, is done again.
  - The server is reached for O(command=drift) from this host, at the address that its container has in O(network),
    or by the name in O(url).
  - Calls on several hosts against one server are not serialised but by Liquibase's own lock.
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

- name: Mark the state before a release
  onering.platform.liquibase: &postgres
    command: tag
    tag: before-2.0
    image: onering/schema-versioning:4.33.0
    network: onering
    changelog_dir: /srv/platform/versioning/liquibase
    changelog_file: postgres/changelog.yml
    url: jdbc:postgresql://postgres:5432/onering
    username: liquibase
    password: "{{ postgres_password }}"

- name: Roll back what ran since
  onering.platform.liquibase:
    <<: *postgres
    command: rollback
    tag: before-2.0

- name: Fail if somebody changed a table by hand
  onering.platform.liquibase:
    <<: *postgres
    command: drift
    tag: null
    schemas: [gold, ops, staging]
  register: live
  failed_when: live is failed or live.drift | length > 0
"""

RETURN = r"""
pending:
  description: Changesets (C(file::id::author)) that were pending when the module began.
  returned: O(command=update), O(command=status) or O(command=validate)
  type: list
  elements: str
  sample: ["datasets/sales.sql::sales-gold::onering"]
rolled_back:
  description: Changesets that were rolled back (in check mode, would be), the last one first.
  returned: O(command=rollback)
  type: list
  elements: str
  sample: ["datasets/sales.sql::sales-gold::onering"]
tags:
  description: The database's tags, the oldest first.
  returned: O(command=tag)
  type: list
  elements: str
  sample: [before-2.0]
drift:
  description: What is otherwise than the changelog makes it.
  returned: O(command=drift)
  type: list
  elements: dict
  contains:
    object:
      description: Kind and name.
      type: str
      sample: table gold.sales
    part:
      description: The part that differs; none where all of the object is meant.
      type: str
      sample: column note
    live:
      description: As it is in the database; none where it is missing.
      type: str
      sample: text
    changelog:
      description: As the changelog makes it; none where it isn't in the changelog.
      type: str
      sample: character varying(20)
    text:
      description: The difference on one line.
      type: str
      sample: "table gold.sales: column note is text, the changelog makes character varying(20)"
version:
  description: Version of Liquibase.
  returned: any command but V(release_locks) of O(command)
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
      description: As RV(pending).
      type: list
      elements: str
    rolled_back:
      description: As RV(rolled_back).
      type: list
      elements: str
    tags:
      description: As RV(tags).
      type: list
      elements: str
    drift:
      description: As RV(drift).
      type: list
      elements: dict
    version:
      description: Version of Liquibase.
      type: str
done:
  description:
    - Changesets that had run or been rolled back when one failed.
    - With O(changelogs), first the names of the changelogs that were done before, then the changesets (which are the
      ones with C(::)) of the one that failed.
  returned: failure of O(command=update) or O(command=rollback)
  type: list
  elements: str
  sample: ["postgres/changelog.yml", "datasets/sales.sql::sales-gold::onering"]
failed_on:
  description: The changelog of O(changelogs) that failed.
  returned: failure with O(changelogs)
  type: str
  sample: datasets/sales.sql
"""

import os
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import unquote, unquote_plus

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.onering.platform.plugins.module_utils.changelog import (
    Changelog,
    Failed,
    Runner,
    alone,
    changesets,
    tags,
)
from ansible_collections.onering.platform.plugins.module_utils.containers import CONNECTION, connect
from ansible_collections.onering.platform.plugins.module_utils.resource import (
    BackendError,
    Resource,
    converge,
    many,
    run,
)
from ansible_collections.onering.platform.plugins.module_utils.schema_drift import (
    Url,
    address,
    compare,
    scratch_name,
    scratch_place,
    store,
)

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
    "schemas": {"type": "list", "elements": "str", "default": []},
    "native_port": {"type": "int", "default": 9000},
}
REQUIRED = ("changelog_file", "url")
USER_INFO = re.compile(r"//[^/?#:@]*:([^?#]*)@")
PARAMETER = re.compile(r"[?&;]([^=?&;#]*)=([^&;#]*)")
SPEC: dict[str, Any] = {
    "command": {
        "type": "str",
        "choices": ["update", "rollback", "tag", "status", "validate", "drift", "release_locks"],
        "default": "update",
    },
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
    "count": {"type": "int"},
    "marked_ran": {"type": "str", "choices": ["refuse", "warn", "allow"], "default": "refuse"},
    "labels": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 300},
    "lock_path": {"type": "path"},
    **CONNECTION,
}


class Tag(Resource):
    """The tags of a database's state, as {'tags': names}."""

    def __init__(self, changelog: Changelog, tag: str) -> None:
        self.name = changelog.name
        self.changelog = changelog
        self.tag = tag
        self.last = ""

    def read(self) -> dict[str, Any]:
        """From the history: unlike tag-exists, it makes no table."""
        found = tags(self.changelog.ask("history").stdout)
        self.last = found[-1] if found else ""
        return {"tags": [tag for tag in found if tag]}

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any]:
        known = (current or {})["tags"]
        if self.tag in known:
            return {"tags": known}
        if self.last:
            raise BackendError(
                f"tag {self.name} with {self.tag}",
                f"this state has the tag {self.last}, which Liquibase would drop",
                f"Use {self.last}, or tag after the next changeset ran",
            )
        return {"tags": [*known, self.tag]}

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        self.changelog.change("tag", f"--tag={self.tag}")

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {**(state or {}), "version": self.changelog.version}


class Rollback(Resource):
    """What is to be rolled back, as {changeset: SQL}. Nothing is the state to reach."""

    def __init__(self, changelog: Changelog, tag: str | None, count: int | None) -> None:
        self.name = changelog.name
        self.changelog = changelog
        self.count = count
        self.verb, self.option = (
            ("rollback", f"--tag={tag}") if tag is not None else ("rollback-count", f"--count={count}")
        )
        self.found: dict[str, str] = {}

    def read(self) -> dict[str, Any]:
        """Liquibase writes all of the SQL before any runs: a changeset that can't be rolled back is found here."""
        if self.count is not None and self.count < 1:
            raise BackendError(f"roll back {self.name}", f"count is {self.count}", "Roll back at least one")
        self.changelog.refuse_missing()
        try:
            answer = self.changelog.ask(f"{self.verb}-sql", self.option)
        except Failed as error:
            reached = list(changesets(error.answer.stdout))
            if not reached or "rollback" not in error.answered.lower():
                raise
            raise BackendError(
                f"roll back {self.name}",
                f"changeset {reached[-1]} has no rollback statement ({error.answered})",
                "Nothing was changed. Write its --rollback, or --rollback empty if there is nothing to undo",
            ) from error
        self.found = changesets(answer.stdout)
        return {}

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any]:
        return dict(self.found)

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        self.changelog.run_changes(self.verb, self.option)

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {"rolled_back": list(self.found), "version": self.changelog.version}


class Drift(Resource):
    """What a database holds otherwise than its changelog makes it. Never a change."""

    def __init__(self, changelog: Changelog, options: dict[str, Any]) -> None:
        self.name = changelog.name
        self.changelog = changelog
        self.options = options
        self.found: list[dict[str, Any]] = []

    def read(self) -> dict[str, Any]:
        options, runner = self.options, self.changelog.runner
        asked = f"look for drift of {self.name}"
        if not options["schemas"]:
            raise BackendError(asked, "schemas is empty", "Name there what the changelog owns")
        for option in ("default_schema", "liquibase_schema"):
            if options[option]:
                raise BackendError(
                    asked,
                    f"{option} is {options[option]}, which would lead the replay out of its scratch place",
                    f"Leave {option} out, and qualify the names in the changelog",
                )
        url = Url.parse(options["url"])
        self.changelog.look()
        if self.changelog.pending:
            told = ", ".join(self.changelog.pending)
            raise BackendError(asked, f"pending: {told}", "Update first: what has not run is no drift")
        place = store(
            url,
            address(runner.client, runner.network, url.host),
            {**options, "timeout": runner.timeout},
            options["schemas"],
            scratch_name(options["url"], options["changelog_file"]),
        )
        with tempfile.TemporaryDirectory(prefix="drift-") as folder, scratch_place(place):
            replay = Changelog(
                runner.over(place.changelogs(runner.changelog_dir, folder)),
                {**options, "name": f"the replay of {self.name}", "url": url.of(place.scratch)},
                "allow",
                True,
                self.changelog.warn,
            )
            replay.look()
            place.prepare("\n".join((replay.pending or {}).values()))
            replay.write({}, {})
            self.found = compare(place.objects(), place.objects(scratch=True))
        return {}

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any]:
        return {}

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {"drift": self.found, "version": self.changelog.version}


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
        self.changelog.change("release-locks")


def look_at_all(changelogs: list[Changelog]) -> None:
    """Asks different databases side by side; `read` then answers at once."""
    if len({changelog.settings["liquibase.command.url"] for changelog in changelogs}) == len(changelogs) > 1:
        with ThreadPoolExecutor(len(changelogs)) as pool:
            list(pool.map(Changelog.look, changelogs))


def hide_secrets(module: AnsibleModule, urls: list[str]) -> None:
    """A password may stand in an address too."""
    for url in urls:
        found = USER_INFO.findall(url)
        found += [value for key, value in PARAMETER.findall(url) if "password" in unquote_plus(key).lower()]
        # As it stands there, and as it is.
        module.no_log_values.update({each for raw in found for each in (raw, unquote(raw), unquote_plus(raw))} - {""})


def manage(module: AnsibleModule) -> None:
    params = module.params

    def is_wanted(item: dict[str, Any]) -> bool:
        there = os.path.isfile(os.path.join(params["changelog_dir"], item["changelog_file"]))
        return there or not item["optional"]

    def resource(changelog: Changelog, options: dict[str, Any]) -> Resource:
        if command == "rollback":
            return Rollback(changelog, params["tag"], params["count"])
        if command == "tag":
            return Tag(changelog, params["tag"])
        if command == "drift":
            return Drift(changelog, options)
        return Locks(changelog) if command == "release_locks" else changelog

    command = params["command"]
    declared = [params] if params["changelogs"] is None else params["changelogs"]
    hide_secrets(module, [options["url"] for options in declared])
    runner = Runner(
        connect(params["docker_host"], timeout=params["timeout"]),
        params["image"],
        params["network"],
        params["changelog_dir"],
        params["labels"],
        params["timeout"],
    )
    wanted = declared if params["changelogs"] is None else [item for item in declared if is_wanted(item)]
    updates = command == "update"
    changelogs = [Changelog(runner, options, params["marked_ran"], updates, module.warn) for options in wanted]
    resources = [resource(changelog, options) for changelog, options in zip(changelogs, wanted, strict=True)]

    with alone(params["lock_path"] or f"/run/lock/{params['network']}-liquibase.lock", params["timeout"]):
        runner.wait_for_others()
        if command in ("update", "status", "validate"):
            look_at_all(changelogs)
        try:
            if params["changelogs"] is not None:
                many(module, resources)
            else:
                converge(module, resources[0])
        except BackendError as error:
            if any(changelog.touched for changelog in changelogs):  # `many` knows of what was done only
                error.facts["changed"] = True
            raise


def main() -> None:
    module = AnsibleModule(
        argument_spec=SPEC,
        supports_check_mode=True,
        mutually_exclusive=[("tag", "count"), *[("changelogs", key) for key in ("changelog_file", "url")]],
        required_one_of=[("changelogs", "changelog_file")],
        required_by={"changelog_file": ("url",)},
        required_if=[("command", "tag", ("tag",)), ("command", "rollback", ("tag", "count"), True)],
    )
    run(module, manage)


if __name__ == "__main__":
    main()
