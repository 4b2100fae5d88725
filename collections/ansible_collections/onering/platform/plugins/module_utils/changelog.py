# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""Liquibase in a throw-away container: how it is run, what it answers, and what stands in a changelog."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import re
import secrets
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.onering.platform.plugins.module_utils.containers import condition
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError, Resource

try:
    import docker.errors
    import docker.types
    import requests.exceptions

    ENGINE_ERRORS: tuple[type[Exception], ...] = (
        docker.errors.DockerException,
        requests.exceptions.RequestException,
    )
except ImportError:  # containers.connect() says so
    ENGINE_ERRORS = ()

CHANGELOGS = "/liquibase/changelog"
SETTINGS = "/run/liquibase"
TOKEN = 4  # bytes at the end of a container's name
KILLED = 128 + 9
SUFFIXES = (".sql", ".xml", ".yml", ".yaml", ".json")

MARK_RAN = re.compile(r"on(?:Fail|Error)\W{0,4}MARK_RAN", re.IGNORECASE)
CHANGESET = re.compile(r"^-- (?:Changeset|Rolling Back ChangeSet:) (.+)$")
BEGUN = re.compile(r"^(?:Running|Rolling Back) Changeset: (.+?)\s*$", re.MULTILINE)
BOOKKEEPING = re.compile(
    r"^(?:INSERT INTO|UPDATE|DELETE FROM|ALTER TABLE)\s+\S*databasechangelog(?:lock)?\b", re.IGNORECASE
)
HELD = "Its lock may be left held: see that no other Liquibase runs, then use command=release_locks"
RELEASE = "-- Release Database Lock"
VERSION = re.compile(r"Liquibase Version: (\S+)")
CAUSE = re.compile(r"^Unexpected error running Liquibase: (.*?)(?=^For more information|\Z)", re.DOTALL | re.MULTILINE)
MARKED = re.compile(r"Marking ChangeSet: \"?(.+?)\"? as ran despite precondition", re.IGNORECASE)
SKIPPED = re.compile(r"Continuing past: \"?(.+?)\"? despite precondition", re.IGNORECASE)


def properties(settings: dict[str, Any]) -> str:
    """Settings as a Java properties file; those that are None are left out."""
    escapes = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    lines = []
    for key, value in settings.items():
        if value is None:
            continue
        text = "".join(escapes.get(c, c if " " <= c <= "~" else _unicode(c)) for c in str(value))
        lines.append(f"{key}={chr(92) if text.startswith(' ') else ''}{text}\n")
    return "".join(lines)


def _unicode(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))


def changesets(script: str) -> dict[str, str]:
    """SQL of each changeset, by `file::id::author`, out of what update-sql and rollback-sql print; no book-keeping."""
    found: dict[str, list[str]] = {}
    name = None
    inside_bookkeeping = False
    for line in script.splitlines():
        match = CHANGESET.match(line)
        if match:
            name = match.group(1).strip()
            found[name] = []
        elif line.startswith(RELEASE):
            name = None
        elif name is not None:
            inside_bookkeeping = inside_bookkeeping or bool(BOOKKEEPING.match(line))
            if not inside_bookkeeping:
                found[name].append(line)
            elif line.rstrip().endswith(";"):
                inside_bookkeeping = False
    return {name: "\n".join(lines).strip() for name, lines in found.items()}


def tags(history: str) -> list[str]:
    """The tag of each changeset that ran, in order; "" for one without. Out of the tables that history prints."""
    rows = [line.strip()[1:-1].rsplit("|", 1) for line in history.splitlines() if line.startswith("|")]
    return [row[1].strip() for row in rows if not row[0].strip().startswith("Deployment ID")]


def marks(folder: str) -> list[str]:
    """`file:line` of every precondition below a folder that would mark a changeset as run without running it."""
    found = []
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.endswith(SUFFIXES):
                continue
            path = os.path.join(where, name)
            with open(path, encoding="utf-8", errors="replace") as stream:
                found += [
                    f"{os.path.relpath(path, folder)}:{number}"
                    for number, line in enumerate(stream, 1)
                    if MARK_RAN.search(line)
                ]
    return found


def cause(stderr: str) -> str:
    """Liquibase's own words for what went wrong."""
    match = CAUSE.search(stderr)
    if match:
        return " ".join(match.group(1).split())
    lines = [line for line in stderr.splitlines() if line.strip() and not line.startswith("SLF4J")]
    return " ".join(lines[-5:]) or "it wrote nothing"


@contextlib.contextmanager
def alone(path: str, timeout: int) -> Iterator[None]:
    """One Liquibase at a time on this host: its own lock isn't atomic on every store."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BackendError(f"lock {path}", str(error), "Set lock_path to a file that can be written.") from error
    try:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise BackendError(
                        f"lock {path}", f"another Liquibase held it for {timeout} s", "Wait for that run to end."
                    ) from None
                time.sleep(0.2)
        yield
    finally:
        os.close(handle)


@dataclass
class Answer:
    """What one command wrote."""

    stdout: str
    stderr: str

    @property
    def version(self) -> str:
        match = VERSION.search(self.stderr)
        return match.group(1) if match else "unknown"


class Failed(BackendError):
    """A command that Liquibase ended with an error; `answer` is what it wrote until then."""

    def __init__(self, asked: str, answered: str, remedy: str, answer: Answer, killed: bool = False) -> None:
        super().__init__(asked, answered, remedy)
        self.answer = answer
        self.killed = killed


class Unfinished(BackendError):
    """A command that was begun, and of which it isn't known how far it came."""


def is_late(error: Exception) -> bool:
    """Whether the engine did answer, but not in time: the client tells that in two ways."""
    late = isinstance(error, requests.exceptions.ReadTimeout)
    return late or (isinstance(error, requests.exceptions.ConnectionError) and "Read timed out" in str(error))


class Runner:
    """Runs Liquibase's commands, each in a container of its own that is gone afterwards."""

    def __init__(
        self, client: Any, image: str, network: str, changelog_dir: str, labels: dict[str, str], timeout: int
    ) -> None:
        self.client = client
        self.image = image
        self.network = network
        self.changelog_dir = changelog_dir
        self.labels = {key: str(value) for key, value in labels.items()}
        self.timeout = timeout
        self.prefix = f"{network}-liquibase-"

    def over(self, changelog_dir: str) -> Runner:
        """The same with other changelogs."""
        return Runner(self.client, self.image, self.network, changelog_dir, self.labels, self.timeout)

    def run(self, settings: dict[str, Any], *command: str) -> Answer:
        """The command's output; BackendError with Liquibase's own cause if it fails."""
        asked = f"run Liquibase's {command[0]} of {settings['liquibase.command.changelogFile']}"
        secret = str(settings.get("liquibase.command.password") or "")
        container, asked_to_start, started = None, False, False
        try:
            container = self.create(command)
            container.put_archive(SETTINGS, self.archive(properties(settings)))
            asked_to_start = True
            container.start()
            started = True
            code = container.wait(timeout=self.timeout)["StatusCode"]
            answer = Answer(self.log(container, stdout=True), self.log(container, stderr=True))
        except docker.errors.ImageNotFound as error:
            raise BackendError(asked, f"there is no image {self.image}", "Have the image role build it.") from error
        except ENGINE_ERRORS as error:
            refused = isinstance(error, docker.errors.DockerException)
            if not asked_to_start or (refused and not started):
                raise BackendError(asked, str(error)) from error
            if refused:
                told = str(error)
            elif is_late(error):
                told = f"not done after {self.timeout} s"
            else:
                told = f"the engine went away ({error})"
            raise Unfinished(asked, f"{told}; {self.last(container, secret)}", HELD) from error
        finally:
            if container is not None:
                with contextlib.suppress(*ENGINE_ERRORS):
                    container.remove(v=True, force=True)
        if code != 0:
            told = cause(answer.stderr)
            if code == KILLED:
                told = f"it was killed (out of memory?); {told}"
            raise Failed(asked, mask(told, secret), remedy(told), answer, code == KILLED)
        return answer

    def wait_for_others(self) -> None:
        """A module that was killed leaves its Liquibase running, without the lock file: that one has to end first."""
        asked = "wait for a Liquibase whose module was killed"
        own = f"^/?{re.escape(self.prefix)}[0-9a-f]{{{2 * TOKEN}}}$"
        try:
            for container in self.client.containers.list(all=True, filters={"name": own}):
                with contextlib.suppress(docker.errors.NotFound):
                    if container.status == "running":
                        container.wait(timeout=self.timeout)
                    container.remove(v=True, force=True)
        except ENGINE_ERRORS as error:
            if is_late(error):
                raise BackendError(
                    asked,
                    f"a container {self.prefix}… still runs after {self.timeout} s",
                    "See what it does, then remove it",
                ) from error
            raise BackendError(asked, str(error)) from error

    def create(self, command: tuple[str, ...]) -> Any:
        mount = docker.types.Mount
        return self.client.containers.create(
            self.image,
            [f"--defaults-file={SETTINGS}/liquibase.properties", *command],
            name=f"{self.prefix}{secrets.token_hex(TOKEN)}",
            labels=self.labels,
            network=self.network,
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            mem_limit="768m",
            pids_limit=256,
            mounts=[
                mount(CHANGELOGS, self.changelog_dir, type="bind", read_only=True),
                mount(SETTINGS, None, type="volume", labels=self.labels),
            ],
        )

    def archive(self, text: str) -> bytes:
        """The settings, readable by the image's user only."""
        user = str(self.client.images.get(self.image).attrs["Config"].get("User") or "0")
        owner, _colon, group = user.partition(":")
        entry = tarfile.TarInfo("liquibase.properties")
        content = text.encode("ascii")
        entry.size, entry.mode = len(content), 0o400
        entry.uid, entry.gid = int(owner), int(group or owner)
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            tar.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()

    @staticmethod
    def log(container: Any, stdout: bool = False, stderr: bool = False) -> str:
        text: str = container.logs(stdout=stdout, stderr=stderr).decode("utf-8", errors="replace")
        return text

    def last(self, container: Any, secret: str) -> str:
        try:
            container.reload()
            return mask(f"{condition(container.attrs)}; {cause(self.log(container, stderr=True))}", secret)
        except ENGINE_ERRORS as error:
            return f"nothing more is known ({error})"


def mask(text: str, secret: str) -> str:
    return text.replace(secret, "********") if secret else text


def remedy(told: str) -> str:
    """What to do about Liquibase's most frequent causes."""
    if "check sum" in told:
        return "A changeset that ran is never edited: undo the edit, and write a new changeset for the change"
    if any(words in told for words in ("Error parsing", "Syntax error in file", "duplicate identifiers")):
        return "Mend the changelog; nothing has run"
    if "Could not find tag" in told:
        return "Name a tag that was set with command=tag"
    if "Could not acquire change log lock" in told:
        return "See that no Liquibase of another host runs, then use command=release_locks"
    if "Connection could not be created" in told:
        return "See that the server runs on this network, and that url, username and password are right"
    return ""


class Changelog(Resource):
    """What a changelog still has to run on one database, as {changeset: SQL}. Nothing is the state to reach."""

    def __init__(
        self, runner: Runner, options: dict[str, Any], marked_ran: str, update: bool, warn: Callable[[str], None]
    ) -> None:
        self.name = options["name"] or options["changelog_file"]
        self.runner = runner
        self.marked_ran = marked_ran
        self.update = update
        self.file = os.path.join(runner.changelog_dir, options["changelog_file"])
        self.settings = {
            "liquibase.command.url": options["url"],
            "liquibase.command.username": options["username"],
            "liquibase.command.password": options["password"],
            "liquibase.command.driver": options["driver"],
            "liquibase.command.changelogFile": options["changelog_file"],
            "liquibase.command.defaultSchemaName": options["default_schema"],
            "liquibase.liquibaseSchemaName": options["liquibase_schema"],
            "liquibase.command.contextFilter": ",".join(options["contexts"]) or None,
            "liquibase.command.labelFilter": options["label_filter"],
            "liquibase.searchPath": CHANGELOGS,
            "liquibase.showBanner": "false",
            "liquibase.analytics.enabled": "false",
            "liquibase.changelogLockWaitTimeInMinutes": "1",
            "liquibase.changelogLockPollRate": "1",
        }
        self.pending: dict[str, str] | None = None
        self.version = "unknown"
        self.touched = False  # whether its database was changed, or may have been
        self.warn = warn

    def ask(self, *command: str) -> Answer:
        answer = self.runner.run(self.settings, *command)
        self.version = answer.version
        return answer

    def read(self) -> dict[str, Any]:
        self.look()
        return {}

    def look(self) -> None:
        """Asks the database once; update-sql also refuses a changeset that was edited after it ran."""
        if self.pending is not None:
            return
        self.refuse_missing()
        if self.marked_ran != "allow":
            self.refuse_marks()
        self.pending = changesets(self.ask("update-sql").stdout)

    def refuse_missing(self) -> None:
        if not os.path.isfile(self.file):
            raise BackendError(f"read changelog {self.file}", "there is no such file on this host")

    def refuse_marks(self) -> None:
        """Looks at all changelogs there are: what this one includes may lie beside its folder."""
        found = marks(self.runner.changelog_dir)
        if not found:
            return
        told = f"MARK_RAN at {', '.join(found)}"
        if self.marked_ran == "warn":
            self.warn(f"{self.name}: {told}: a changeset may be marked as run without running.")
            return
        raise BackendError(
            f"read changelog {self.name}",
            f"{told}: were the precondition false, the changeset would count as run without running",
            "Use onFail:HALT, or a statement that may be repeated (CREATE TABLE IF NOT EXISTS)",
        )

    def desired(self, current: dict[str, Any] | None) -> dict[str, Any]:
        return dict(self.pending or {}) if self.update else {}

    def write(self, current: dict[str, Any] | None, desired: dict[str, Any]) -> None:
        answer = self.run_changes("--log-level=info", "update")
        marked, skipped = MARKED.findall(answer.stderr), SKIPPED.findall(answer.stderr)
        done = [changeset for changeset in desired if changeset not in (*marked, *skipped)]
        self.touched = bool(done or marked)
        try:
            self.report_marked(marked)
            if skipped:
                raise BackendError(
                    f"update {self.name}",
                    f"the precondition of {', '.join(skipped)} failed, so it didn't run",
                    "It stays pending" + (". The changesets around it did run" if done else ""),
                )
        except BackendError as error:
            error.facts.update(changed=self.touched, done=done)
            raise

    def change(self, *command: str) -> Answer:
        """A command that changes the database: of one that didn't end nobody knows what it did."""
        try:
            answer = self.ask(*command)
        except Unfinished as error:
            self.touched = True
            error.facts["changed"] = True
            raise
        self.touched = True
        return answer

    def run_changes(self, *command: str) -> Answer:
        """An error in the middle tells which changesets were done before it."""
        try:
            return self.change(*command)
        except Failed as error:
            begun = list(dict.fromkeys(BEGUN.findall(error.answer.stderr)))
            done = begun[:-1]
            self.touched = bool(begun if error.killed else done)
            error.facts.update(changed=self.touched, done=done)
            raise

    def report_marked(self, marked: list[str]) -> None:
        if not marked:
            return
        told = f"{', '.join(marked)} was marked as run without running"
        if self.marked_ran == "refuse":
            raise BackendError(f"update {self.name}", told, "Delete its line of the changelog table")
        self.warn(f"{self.name}: {told}.")

    def returns(self, state: dict[str, Any] | None) -> dict[str, Any]:
        return {"pending": list(self.pending or {}), "version": self.version}
