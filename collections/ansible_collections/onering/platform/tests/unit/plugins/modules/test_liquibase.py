from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
import requests.exceptions
from ansible_collections.onering.platform.plugins.modules import liquibase

PENDING = "-- Changeset c/x.sql::one::a\nCREATE TABLE one (id int);\n\n-- Release Database Lock\n"
SAID = "Liquibase Version: 4.33.0\n"


class Container:
    def __init__(self, engine: Engine, command: list[str], options: dict[str, Any]) -> None:
        self.engine, self.command, self.options = engine, command, options
        self.name = options["name"]
        self.attrs = {"State": {"Status": "running"}}
        self.status = "running"
        self.settings = ""
        self.events: list[str] = []
        self.removed: dict[str, Any] | None = None

    def put_archive(self, path: str, data: bytes) -> None:
        self.events.append("settings")
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            (entry,) = tar.getmembers()
            stream = tar.extractfile(entry)
            assert stream is not None
            self.settings = stream.read().decode()
            self.entry = entry

    def start(self) -> None:
        self.events.append("start")
        if self.engine.refuses:
            raise self.engine.refuses

    def wait(self, timeout: int) -> dict[str, int]:
        verb = next(word for word in self.command if not word.startswith("--"))
        answer = self.engine.answers[verb].pop(0)
        if isinstance(answer, Exception):
            raise answer
        code, self.stdout, self.stderr = answer
        return {"StatusCode": code}

    def logs(self, stdout: bool = False, stderr: bool = False) -> bytes:
        return (getattr(self, "stdout", "") if stdout else getattr(self, "stderr", "")).encode()

    def reload(self) -> None:
        if self.engine.gone:
            raise self.engine.gone

    def remove(self, **options: Any) -> None:
        self.removed = options
        if self.engine.gone:
            raise self.engine.gone


class Engine:
    def __init__(self, **answers: list[Any]) -> None:
        self.answers = {verb.replace("_", "-"): answer for verb, answer in answers.items()}
        self.made: list[Container] = []
        self.left: list[Any] = []
        self.gone: Exception | None = None
        self.refuses: Exception | None = None
        self.containers = self
        config = {"Config": {"User": "1001:1001"}}
        self.images = SimpleNamespace(get=lambda name: SimpleNamespace(attrs=config))

    def create(self, image: str, command: list[str], **options: Any) -> Container:
        if image == "missing":
            raise docker.errors.ImageNotFound("no such image")
        self.made.append(Container(self, command, options))
        return self.made[-1]

    def list(self, **options: Any) -> list[Any]:
        self.filters = options["filters"]
        return self.left

    @property
    def verbs(self) -> list[str]:
        return [next(word for word in one.command if not word.startswith("--")) for one in self.made]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("c", "p"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "changelog.yml").write_text("databaseChangeLog: []\n")
    return tmp_path


@pytest.fixture
def ask(run_module, monkeypatch: pytest.MonkeyPatch, folder: Path):
    def run(engine: Engine, check: bool = False, **options: Any) -> dict[str, Any]:
        monkeypatch.setattr(liquibase, "connect", lambda host, timeout: engine)
        common = {
            "image": "image",
            "network": "net",
            "changelog_dir": str(folder),
            "lock_path": str(folder / "lock"),
            "labels": {"project": "x"},
        }
        if "changelogs" not in options:
            common.update(changelog_file="c/changelog.yml", url="jdbc:x://y/z", username="u", password="hunter2")
        return run_module(liquibase, check=check, **{**common, **options})

    return run


def test_check_shows_the_sql_and_runs_nothing(ask) -> None:
    engine = Engine(update_sql=[(0, PENDING, SAID)])
    result = ask(engine, check=True)
    assert result["changed"]
    assert result["pending"] == ["c/x.sql::one::a"]
    assert result["diff"] == {"before": {}, "after": {"c/x.sql::one::a": "CREATE TABLE one (id int);"}}
    assert engine.verbs == ["update-sql"]


def test_update_runs_what_is_pending(ask) -> None:
    engine = Engine(update_sql=[(0, PENDING, SAID)], update=[(0, "", SAID)])
    result = ask(engine)
    assert result["changed"]
    assert result["version"] == "4.33.0"
    assert engine.verbs == ["update-sql", "update"]


def test_nothing_pending_is_one_command_and_no_change(ask) -> None:
    engine = Engine(update_sql=[(0, "-- Lock Database\n", SAID)])
    result = ask(engine)
    assert not result["changed"]
    assert engine.verbs == ["update-sql"]


def test_status_never_changes(ask) -> None:
    engine = Engine(update_sql=[(0, PENDING, SAID)])
    result = ask(engine, command="status")
    assert not result["changed"]
    assert result["pending"] == ["c/x.sql::one::a"]
    assert engine.verbs == ["update-sql"]


def test_credentials_are_a_file_of_the_images_user_and_nothing_else(ask) -> None:
    engine = Engine(update_sql=[(0, "", SAID)])
    result = ask(engine)
    (one,) = engine.made
    assert one.events == ["settings", "start"]
    assert "liquibase.command.password=hunter2\n" in one.settings
    assert (one.entry.mode, one.entry.uid, one.entry.gid) == (0o400, 1001, 1001)
    assert "hunter2" not in str(one.command) + str(one.options)
    assert "hunter2" not in str({key: value for key, value in result.items() if key != "invocation"})


def test_the_container_is_confined_labelled_and_removed(ask) -> None:
    engine = Engine(update_sql=[(1, "", "Unexpected error running Liquibase: no\n")])
    assert ask(engine)["failed"]
    (one,) = engine.made
    assert one.removed == {"v": True, "force": True}
    assert one.options["read_only"]
    assert one.options["cap_drop"] == ["ALL"]
    assert one.options["security_opt"] == ["no-new-privileges"]
    assert one.options["labels"] == {"project": "x"}
    assert one.name.startswith("net-liquibase-")
    changelogs, settings = one.options["mounts"]
    assert changelogs["ReadOnly"]
    assert settings["VolumeOptions"]["Labels"] == {"project": "x"}


def test_a_failure_is_liquibases_own_cause_without_the_password(ask) -> None:
    said = "Unexpected error running Liquibase: FATAL: hunter2 is wrong\n\nFor more information, see\n"
    result = ask(Engine(update_sql=[(1, "", said)]))
    assert result["failed"]
    assert "update-sql of c/changelog.yml: FATAL: ******** is wrong." in result["msg"]


def test_an_edited_changeset_is_refused_with_what_to_do(ask) -> None:
    said = "Unexpected error running Liquibase: Validation Failed:\n 1 changesets check sum\n"
    result = ask(Engine(update_sql=[(1, "", said)]), check=True)
    assert "never edited" in result["msg"]


def test_timeout_names_the_state_and_the_lock(ask) -> None:
    engine = Engine(update_sql=[requests.exceptions.ReadTimeout("read timed out")])
    result = ask(engine, timeout=7)
    assert result["failed"]
    for part in ("not done after 7 s", "state running", "release_locks"):
        assert part in result["msg"]
    assert engine.made[0].removed


LATE = requests.exceptions.ConnectionError("UnixHTTPConnectionPool(host='localhost', port=None): Read timed out.")
GONE = requests.exceptions.ConnectionError("Connection aborted, no such file or directory")


def test_a_time_that_ran_out_is_told_in_either_of_the_clients_ways(ask) -> None:
    assert "not done after 7 s; state running" in ask(Engine(update_sql=[LATE]), timeout=7)["msg"]


def test_an_engine_that_goes_away_is_told_as_that(ask) -> None:
    engine = Engine(update_sql=[GONE])
    engine.gone = GONE
    result = ask(engine)
    assert "the engine went away (Connection aborted" in result["msg"]
    assert "not done after" not in result["msg"]
    assert not result.get("changed")


@pytest.mark.parametrize("error", [LATE, GONE, requests.exceptions.ReadTimeout("late"), docker.errors.APIError("no")])
@pytest.mark.parametrize("several", [False, True])
def test_an_update_of_which_the_end_is_not_known_may_have_changed_something(ask, error: Any, several: bool) -> None:
    engine = Engine(update_sql=[(0, PENDING, SAID)], update=[error])
    result = ask(
        engine, **({"changelogs": [{"changelog_file": "c/changelog.yml", "url": "jdbc:a"}]} if several else {})
    )
    assert result["failed"]
    assert result["changed"]


def test_what_the_engine_refuses_to_start_has_not_run(ask) -> None:
    engine = Engine(release_locks=[])
    engine.refuses = docker.errors.APIError("no such network")
    result = ask(engine, command="release_locks")
    assert "no such network." in result["msg"]
    assert not result.get("changed")
    engine.refuses = GONE
    assert ask(engine, command="release_locks")["changed"]


@pytest.mark.parametrize(("code", "changed"), [(137, True), (1, False)])
def test_a_killed_update_may_have_done_what_it_had_begun(ask, code: int, changed: bool) -> None:
    said = "Running Changeset: c/x.sql::one::a\n"
    result = ask(Engine(update_sql=[(0, PENDING, SAID)], update=[(code, "", said)]))
    assert (result["changed"], result["done"]) == (changed, [])


@pytest.mark.parametrize("error", [LATE, GONE])
def test_a_tag_of_which_the_end_is_not_known_may_be_there(ask, error: Exception) -> None:
    assert ask(Engine(history=[(0, "", SAID)], tag=[error]), command="tag", tag="v1")["changed"]


def test_what_the_engine_refuses_is_told_in_its_words(ask) -> None:
    result = ask(Engine(update_sql=[docker.errors.APIError("network net not found")]))
    assert "network net not found" in result["msg"]
    assert "not done after" not in result["msg"]


def test_a_missing_image_is_named(ask) -> None:
    result = ask(Engine(), image="missing")
    assert "there is no image missing" in result["msg"]


@pytest.mark.parametrize("check", [True, False])
def test_mark_ran_is_refused_before_anything_runs(ask, folder: Path, check: bool) -> None:
    """Regression 1."""
    (folder / "c/x.sql").write_text("--changeset a:one\n--preconditions onFail:MARK_RAN\n")
    engine = Engine()
    result = ask(engine, check=check)
    assert "MARK_RAN at c/x.sql:2" in result["msg"]
    assert engine.made == []


def test_mark_ran_is_found_in_what_is_included_from_beside(ask, folder: Path) -> None:
    (folder / "c/changelog.yml").write_text("databaseChangeLog:\n  - includeAll: {path: more}\n")
    (folder / "more").mkdir()
    (folder / "more/x.sql").write_text("--changeset a:one\n--preconditions onFail:MARK_RAN\n")
    engine = Engine()
    assert "MARK_RAN at more/x.sql:2" in ask(engine)["msg"]
    assert engine.made == []


def test_mark_ran_may_be_allowed_but_never_silent(ask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(liquibase.AnsibleModule, "warn", lambda self, text: warnings.append(text))
    (folder / "c/x.sql").write_text("--changeset a:one\n--preconditions onFail:MARK_RAN\n")
    marked = 'INFO Marking ChangeSet: "c/x.sql::one::a" as ran despite precondition failure due to onFail\n'
    engine = Engine(update_sql=[(0, PENDING, SAID)], update=[(0, "", SAID + marked)])
    assert not ask(engine, marked_ran="allow")["failed"]
    assert warnings == ["c/changelog.yml: c/x.sql::one::a was marked as run without running."]


def test_a_mark_that_came_all_the_same_is_a_failure(ask) -> None:
    """Regression 1."""
    marked = 'INFO Marking ChangeSet: "c/x.sql::one::a" as ran despite precondition failure\n'
    result = ask(Engine(update_sql=[(0, PENDING, SAID)], update=[(0, "", SAID + marked)]))
    assert result["failed"]
    assert "marked as run without running" in result["msg"]
    assert (result["changed"], result["done"]) == (True, [])
    several = [{"changelog_file": "c/changelog.yml", "url": "jdbc:a"}]
    assert ask(Engine(update_sql=[(0, PENDING, SAID)], update=[(0, "", SAID + marked)]), changelogs=several)["changed"]


def test_a_changeset_that_was_passed_over_is_a_failure(ask) -> None:
    passed = 'INFO Continuing past: "c/x.sql::one::a" despite precondition failure\n'
    result = ask(Engine(update_sql=[(0, PENDING, SAID)], update=[(0, "", SAID + passed)]))
    assert result["failed"]
    assert "the precondition of c/x.sql::one::a failed" in result["msg"]
    assert (result["changed"], result["done"]) == (False, [])
    assert "did run" not in result["msg"]


@pytest.mark.parametrize("several", [False, True])
def test_the_changesets_around_one_that_was_passed_over_are_a_change(ask, several: bool) -> None:
    passed = 'INFO Continuing past: "c/x.sql::one::a" despite precondition failure\n'
    pending = PENDING + PENDING.replace("one", "two")
    engine = Engine(update_sql=[(0, pending, SAID)], update=[(0, "", SAID + passed)])
    result = ask(
        engine, **({"changelogs": [{"changelog_file": "c/changelog.yml", "url": "jdbc:a"}]} if several else {})
    )
    assert "The changesets around it did run." in result["msg"]
    assert (result["changed"], result["done"]) == (True, ["c/x.sql::two::a"])


def test_several_changelogs_in_one_call(ask) -> None:
    engine = Engine(update_sql=[(0, "", SAID), (0, "", SAID)])
    wanted = [
        {"changelog_file": "c/changelog.yml", "url": "jdbc:a", "password": "hunter2"},
        {"changelog_file": "p/changelog.yml", "url": "jdbc:b", "name": "gold"},
    ]
    result = ask(engine, changelogs=wanted)
    assert not result["changed"]
    assert [one["name"] for one in result["results"]] == ["c/changelog.yml", "gold"]
    assert engine.verbs == ["update-sql", "update-sql"]


def test_an_optional_changelog_may_be_missing(ask) -> None:
    engine = Engine()
    nothere = {"changelog_file": "c/nothere.yml", "url": "jdbc:a"}
    assert ask(engine, changelogs=[{**nothere, "optional": True}])["results"] == []
    assert engine.made == []
    assert "there is no such file" in ask(engine, changelogs=[nothere])["msg"]


HISTORY = """\
Liquibase History for jdbc:x

+---------------+-------------------+----------------+------------------+--------------+-----+
| Deployment ID | Update Date       | Changelog Path | Changeset Author | Changeset ID | Tag |
+---------------+-------------------+----------------+------------------+--------------+-----+
| 5546332903    | 11/24/26, 6:52 PM | c/x.sql        | a                | one          | v1  |
+---------------+-------------------+----------------+------------------+--------------+-----+
| 5546332903    | 11/24/26, 6:52 PM | c/x.sql        | a                | two          | {} |
+---------------+-------------------+----------------+------------------+--------------+-----+
"""


def test_a_new_tag_is_a_change(ask) -> None:
    engine = Engine(history=[(0, HISTORY.format("  "), SAID)], tag=[(0, "", SAID)])
    result = ask(engine, command="tag", tag="v2")
    assert result["changed"]
    assert result["tags"] == ["v1", "v2"]
    assert result["diff"] == {"before": {"tags": ["v1"]}, "after": {"tags": ["v1", "v2"]}}
    assert engine.verbs == ["history", "tag"]


def test_check_mode_tags_nothing(ask) -> None:
    engine = Engine(history=[(0, "No changesets deployed", SAID)])
    assert ask(engine, check=True, command="tag", tag="v1")["changed"]
    assert engine.verbs == ["history"]


def test_a_tag_that_is_there_is_no_change(ask) -> None:
    engine = Engine(history=[(0, HISTORY.format("  "), SAID)])
    assert not ask(engine, command="tag", tag="v1")["changed"]
    assert engine.verbs == ["history"]


@pytest.mark.parametrize("check", [True, False])
def test_a_tag_that_would_drop_another_is_refused(ask, check: bool) -> None:
    engine = Engine(history=[(0, HISTORY.format("v2"), SAID)])
    result = ask(engine, check=check, command="tag", tag="v3")
    assert result["failed"]
    assert "this state has the tag v2, which Liquibase would drop" in result["msg"]
    assert engine.verbs == ["history"]


ROLLBACK = """\
-- Lock Database
-- Rolling Back ChangeSet: c/x.sql::two::a
DROP VIEW v;

DELETE FROM public.databasechangelog WHERE ID = 'two';

-- Rolling Back ChangeSet: c/x.sql::one::a
DROP TABLE one;

ALTER TABLE lb.DATABASECHANGELOG  DELETE WHERE ID = 'one';

-- Release Database Lock
"""


@pytest.mark.parametrize(
    ("verb", "by", "option"),
    [("rollback", {"tag": "v1"}, "--tag=v1"), ("rollback-count", {"count": 2}, "--count=2")],
)
def test_rollback(ask, verb: str, by: dict[str, Any], option: str) -> None:
    asked = f"{verb.replace('-', '_')}_sql"
    engine = Engine(**{asked: [(0, ROLLBACK, SAID)]})
    planned = ask(engine, check=True, command="rollback", **by)
    assert planned["changed"]
    assert planned["rolled_back"] == ["c/x.sql::two::a", "c/x.sql::one::a"]
    assert planned["diff"]["after"] == {"c/x.sql::two::a": "DROP VIEW v;", "c/x.sql::one::a": "DROP TABLE one;"}
    assert engine.verbs == [f"{verb}-sql"]
    engine = Engine(**{asked: [(0, ROLLBACK, SAID)], verb.replace("-", "_"): [(0, "", SAID)]})
    assert ask(engine, command="rollback", **by)["rolled_back"] == planned["rolled_back"]
    assert engine.verbs == [f"{verb}-sql", verb]
    assert all(one.command[-1] == option for one in engine.made)


def test_nothing_to_roll_back_is_no_change(ask) -> None:
    engine = Engine(rollback_sql=[(0, "-- Lock Database\n", SAID)])
    assert not ask(engine, command="rollback", tag="v1")["changed"]
    assert engine.verbs == ["rollback-sql"]


def test_a_changeset_without_rollback_is_refused_before_anything_changes(ask) -> None:
    said = "Unexpected error running Liquibase: Liquibase does not support automatic rollback generation\n"
    engine = Engine(rollback_sql=[(1, ROLLBACK, said)])
    result = ask(engine, command="rollback", tag="v1")
    assert result["failed"]
    assert "changeset c/x.sql::one::a has no rollback statement" in result["msg"]
    assert engine.verbs == ["rollback-sql"]


def test_another_error_of_a_rollback_stays_what_it_is(ask) -> None:
    said = "Unexpected error running Liquibase: Could not find tag 'v9' in the database\n"
    result = ask(Engine(rollback_sql=[(1, "", said)]), command="rollback", tag="v9")
    assert "Could not find tag 'v9' in the database. Name a tag that was set" in result["msg"]


def test_a_rollback_needs_to_know_how_far(ask) -> None:
    assert "tag, count" in ask(Engine(), command="rollback")["msg"]
    assert "mutually exclusive" in ask(Engine(), command="rollback", tag="v1", count=1)["msg"]
    assert "count is 0" in ask(Engine(), command="rollback", count=0)["msg"]


def test_an_error_in_the_middle_tells_what_was_done(ask) -> None:
    said = (
        "Running Changeset: c/x.sql::one::a\nRunning Changeset: c/x.sql::two::a\n"
        "Unexpected error running Liquibase: Migration failed for changeset c/x.sql::two::a\n"
    )
    result = ask(Engine(update_sql=[(0, PENDING, SAID)], update=[(1, "", said)]))
    assert result["failed"]
    assert result["changed"]
    assert result["done"] == ["c/x.sql::one::a"]
    several = [{"changelog_file": "c/changelog.yml", "url": "jdbc:a"}]
    result = ask(Engine(update_sql=[(0, PENDING, SAID)], update=[(1, "", said)]), changelogs=several)
    assert (result["changed"], result["done"]) == (True, ["c/x.sql::one::a"])


def test_validate_is_no_change_and_refuses_in_liquibases_words(ask) -> None:
    engine = Engine(update_sql=[(0, PENDING, SAID)])
    assert not ask(engine, command="validate")["changed"]
    said = "Unexpected error running Liquibase: Validation Failed:\n 1 changesets had duplicate identifiers\n"
    result = ask(Engine(update_sql=[(1, "", said)]), command="validate")
    assert (
        "Validation Failed: 1 changesets had duplicate identifiers. Mend the changelog; nothing has run."
        in result["msg"]
    )


class Place:
    """A database server without one: `made` is what the replay makes."""

    scratch = "drift_1"

    def __init__(self) -> None:
        self.events: list[str] = []
        self.live: dict[str, Any] = {}
        self.made: dict[str, Any] = {}

    def make(self) -> None:
        self.events.append("make")

    def drop(self) -> None:
        self.events.append("drop")

    def changelogs(self, source: str, target: str) -> str:
        self.events.append("changelogs")
        return source

    def prepare(self, sql: str) -> None:
        self.events.append(sql)

    def objects(self, scratch: bool = False) -> dict[str, Any]:
        return self.made if scratch else self.live


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    place = Place()
    monkeypatch.setattr(liquibase, "store", lambda *_arguments: place)
    monkeypatch.setattr(liquibase, "address", lambda _client, _network, host: host)
    return place


DRIFT = {"command": "drift", "schemas": ["gold"], "url": "jdbc:postgresql://postgres/onering"}


@pytest.mark.parametrize("check", [True, False])
def test_drift_is_what_differs_from_the_replay_and_no_change(ask, place: Place, check: bool) -> None:
    place.live, place.made = {"table gold.t": {"column id": "text"}}, {"table gold.t": {"column id": "integer"}}
    engine = Engine(update_sql=[(0, "", SAID), (0, PENDING, SAID)], update=[(0, "", SAID)])
    result = ask(engine, check=check, **DRIFT)
    assert not result["changed"]
    assert [one["text"] for one in result["drift"]] == ["table gold.t: column id is text, the changelog makes integer"]
    assert engine.verbs == ["update-sql", "update-sql", "update"]
    assert place.events == ["make", "changelogs", "CREATE TABLE one (id int);", "drop"]
    live, *replayed = [one.settings for one in engine.made]
    assert "url=jdbc:postgresql://postgres/onering\n" in live
    assert all("url=jdbc:postgresql://postgres/drift_1\n" in settings for settings in replayed)


def test_drift_of_what_has_not_run_is_refused(ask, place: Place) -> None:
    result = ask(Engine(update_sql=[(0, PENDING, SAID)]), **DRIFT)
    assert "pending: c/x.sql::one::a. Update first" in result["msg"]
    assert place.events == []


def test_a_replay_that_fails_leaves_no_scratch_place(ask, place: Place) -> None:
    engine = Engine(update_sql=[(0, "", SAID), (1, "", "Unexpected error running Liquibase: no such type\n")])
    result = ask(engine, **DRIFT)
    assert result["failed"]
    assert "no such type" in result["msg"]
    assert place.events == ["make", "changelogs", "drop"]


def test_drift_needs_to_know_what_the_changelog_owns(ask, place: Place) -> None:
    engine = Engine()
    assert "schemas is empty" in ask(engine, **{**DRIFT, "schemas": []})["msg"]
    assert engine.made == []


@pytest.mark.parametrize("option", ["default_schema", "liquibase_schema"])
def test_drift_refuses_a_schema_that_would_not_be_the_scratch_one(ask, place: Place, option: str) -> None:
    engine = Engine()
    assert f"{option} is live, which would lead the replay out" in ask(engine, **DRIFT, **{option: "live"})["msg"]
    assert (engine.made, place.events) == ([], [])


class Left:
    """What a module that was killed left behind."""

    name = "net-liquibase-0123abcd"

    def __init__(self, status: str, error: Exception | None = None) -> None:
        self.status, self.error = status, error
        self.events: list[str] = []

    def wait(self, timeout: int) -> None:
        self.events.append("wait")
        if self.error:
            raise self.error

    def remove(self, **options: Any) -> None:
        self.events.append("remove")


@pytest.mark.parametrize(("status", "events"), [("running", ["wait", "remove"]), ("created", ["remove"])])
def test_what_a_killed_module_left_ends_first(ask, status: str, events: list[str]) -> None:
    engine = Engine(update_sql=[(0, "", SAID)])
    engine.left = [Left(status)]
    assert not ask(engine)["failed"]
    assert engine.left[0].events == events


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("/net.1-liquibase-0123abcd", True),
        ("net.1-liquibase-0123abcd", True),
        ("net.1-liquibase-liquibase-0123abcd", False),
        ("net.1-liquibase-db", False),
        ("netx1-liquibase-0123abcd", False),
    ],
)
def test_a_neighbours_containers_are_left_alone(ask, name: str, own: bool) -> None:
    engine = Engine(update_sql=[(0, "", SAID)])
    ask(engine, network="net.1")
    assert bool(re.search(engine.filters["name"], name)) == own
    assert re.search(engine.filters["name"], engine.made[0].name)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (requests.exceptions.ReadTimeout("read timed out"), "a container net-liquibase-… still runs after 7 s"),
        (LATE, "a container net-liquibase-… still runs after 7 s"),
        (GONE, "wait for a Liquibase whose module was killed: Connection aborted"),
        (docker.errors.APIError("no space"), "no space"),
        (docker.errors.NotFound("gone"), ""),
    ],
)
def test_what_a_killed_module_left_does_not_end(ask, error: Exception, told: str) -> None:
    engine = Engine(update_sql=[(0, "", SAID)])
    engine.left = [Left("running", error)]
    result = ask(engine, timeout=7)
    assert result["failed"] == bool(told)
    assert told in result.get("msg", "")


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("jdbc:postgresql://h/d?user=u&password=hunter3", ["hunter3"]),
        ("jdbc:postgresql://h/d?user=u&password=p%40ss%2Fw", ["p%40ss%2Fw", "p@ss/w"]),
        ("jdbc:postgresql://h/d?sslPassword=a+b%21", ["a+b%21", "a b!", "a+b!"]),
        ("jdbc:clickhouse://user:p%40ss@host/db?ssl=true", ["p%40ss", "p@ss"]),
        ("jdbc:clickhouse://user:p/a:s@s@host:8123/db", ["p/a:s@s"]),
    ],
)
def test_a_password_in_the_address_is_hidden(ask, url: str, secrets: list[str]) -> None:
    said = f"Unexpected error running Liquibase: {url} answers {' '.join(secrets)}\n"
    result = ask(Engine(update_sql=[(1, "", said)]), url=url)
    assert "answers" in result["msg"]
    for secret in secrets:
        assert secret not in str(result)


def test_an_empty_password_in_the_address_hides_nothing(ask) -> None:
    result = ask(Engine(update_sql=[(0, "", SAID)]), url="jdbc:postgresql://h/d?user=u&password=")
    assert result["version"] == "4.33.0"


def test_release_locks(ask) -> None:
    engine = Engine(release_locks=[(0, "", SAID)])
    assert ask(engine, check=True, command="release_locks")["changed"]
    assert engine.made == []
    assert ask(engine, command="release_locks")["changed"]


def test_a_missing_changelog_is_named(ask) -> None:
    result = ask(Engine(), changelog_file="c/nothere.yml")
    assert "there is no such file" in result["msg"]
