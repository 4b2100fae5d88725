from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.onering.platform.plugins.module_utils.changelog import (
    alone,
    cause,
    changesets,
    marks,
    mask,
    properties,
)
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError

SCRIPT = """\
-- Create Database Lock Table
CREATE TABLE public.databasechangeloglock (ID INTEGER NOT NULL);

-- Lock Database
UPDATE public.databasechangeloglock SET LOCKED = TRUE WHERE ID = 1;

-- *********************************************************************
-- Update Database Script
-- *********************************************************************
-- Liquibase version: 4.33.0

-- Changeset postgres/x.sql::one::a
-- What it is for.
CREATE TABLE gold.one (
    id int
);

UPDATE gold.one SET id = 1;

INSERT INTO public.databasechangelog (ID, COMMENTS) VALUES ('one', 'two
lines');

-- Changeset postgres/x.sql::two::a
ALTER TABLE gold.one ADD note text;

INSERT INTO versioning.DATABASECHANGELOG (ID) VALUES ('two');

-- Release Database Lock
UPDATE public.databasechangeloglock SET LOCKED = FALSE WHERE ID = 1;
"""


def test_changesets_have_their_sql_without_book_keeping() -> None:
    assert changesets(SCRIPT) == {
        "postgres/x.sql::one::a": "-- What it is for.\nCREATE TABLE gold.one (\n    id int\n);\n\n"
        "UPDATE gold.one SET id = 1;",
        "postgres/x.sql::two::a": "ALTER TABLE gold.one ADD note text;",
    }


def test_nothing_pending() -> None:
    assert changesets(SCRIPT[: SCRIPT.index("-- Changeset")]) == {}


def test_properties_are_escaped_and_unset_ones_left_out() -> None:
    text = properties({"a": " b\\c\nd", "key": "pa=ss:w#ö𝄞", "none": None})
    assert text == "a=\\ b\\\\c\\nd\nkey=pa=ss:w#\\u00f6\\ud834\\udd1e\n"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.sql", "--preconditions onFail:MARK_RAN onError:HALT"),
        ("a.sql", "--preconditions onFail:HALT onError: mark_ran"),
        ("b.yml", "        onFail: MARK_RAN"),
        ("c.xml", '<preConditions onFail="MARK_RAN">'),
        ("d.json", '"onFail": "MARK_RAN",'),
    ],
)
def test_marks_are_found_in_every_format(tmp_path: Path, name: str, line: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / name).write_text(f"first\n{line}\n")
    (tmp_path / "notes.txt").write_text("onFail:MARK_RAN")
    (tmp_path / "good.sql").write_text("--preconditions onFail:HALT\n-- MARK_RAN is not for us\n")
    assert marks(str(tmp_path)) == [f"sub/{name}:2"]


def test_cause_is_liquibases_own() -> None:
    stderr = """Starting Liquibase
ERROR: Exception Primary Reason:  Validation Failed:
Unexpected error running Liquibase: Validation Failed:
     1 changesets check sum
          x.sql::one::a was: 9:1 but is now: 9:2

For more information, please use the --log-level flag
"""
    expected = "Validation Failed: 1 changesets check sum x.sql::one::a was: 9:1 but is now: 9:2"
    assert cause(stderr) == expected
    assert cause("SLF4J: noise\nException in thread main\n") == "Exception in thread main"
    assert cause("") == "it wrote nothing"


def test_mask() -> None:
    assert mask("login with hunter2 failed", "hunter2") == "login with ******** failed"
    assert mask("text", "") == "text"


def test_alone_is_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with alone(path, 1), pytest.raises(BackendError, match="another Liquibase held it"), alone(path, 0):
        pass
    with alone(path, 0):
        pass
    with pytest.raises(BackendError, match="lock_path"), alone(str(tmp_path / "no" / "lock"), 0):
        pass
