from __future__ import annotations

import io
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
        pass

    def remove(self, **options: Any) -> None:
        self.removed = options


class Engine:
    def __init__(self, **answers: list[Any]) -> None:
        self.answers = {verb.replace("_", "-"): answer for verb, answer in answers.items()}
        self.made: list[Container] = []
        self.containers = self
        config = {"Config": {"User": "1001:1001"}}
        self.images = SimpleNamespace(get=lambda name: SimpleNamespace(attrs=config))

    def create(self, image: str, command: list[str], **options: Any) -> Container:
        if image == "missing":
            raise docker.errors.ImageNotFound("no such image")
        self.made.append(Container(self, command, options))
        return self.made[-1]

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


def test_a_changeset_that_was_passed_over_is_a_failure(ask) -> None:
    passed = 'INFO Continuing past: "c/x.sql::one::a" despite precondition failure\n'
    result = ask(Engine(update_sql=[(0, PENDING, SAID)], update=[(0, "", SAID + passed)]))
    assert result["failed"]
    assert "the precondition of c/x.sql::one::a failed" in result["msg"]


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


def test_tag_once(ask) -> None:
    engine = Engine(tag_exists=[(0, "The tag 'v1' does NOT exist in 'x'.", SAID)], tag=[(0, "", SAID)])
    assert ask(engine, command="tag", tag="v1")["changed"]
    assert engine.verbs == ["tag-exists", "tag"]
    engine = Engine(tag_exists=[(0, "The tag 'v1' already exists in 'x'.", SAID)])
    assert not ask(engine, command="tag", tag="v1")["changed"]


def test_release_locks(ask) -> None:
    engine = Engine(release_locks=[(0, "", SAID)])
    assert ask(engine, check=True, command="release_locks")["changed"]
    assert engine.made == []
    assert ask(engine, command="release_locks")["changed"]


def test_a_missing_changelog_is_named(ask) -> None:
    result = ask(Engine(), changelog_file="c/nothere.yml")
    assert "there is no such file" in result["msg"]
