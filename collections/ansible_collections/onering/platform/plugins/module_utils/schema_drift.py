# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""What a database holds, as text that can be compared, and scratch places in which a changelog is replayed.

Both stores are asked in one shape, {object: {part: definition}}: {"table gold.flights": {"column id": "integer"}}.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

from ansible_collections.onering.platform.plugins.module_utils import clickhouse_ddl as ddl
from ansible_collections.onering.platform.plugins.module_utils.clickhouse import Server, name
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_catalog import INNER
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_sql import squeeze
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_sql import unquote as unquote_sql
from ansible_collections.onering.platform.plugins.module_utils.network import within
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError

try:
    import psycopg
    import psycopg.sql

    MISSING = None
except ImportError as error:
    MISSING = str(error)

Objects = dict[str, dict[str, str]]

CONNECT_TIMEOUT = 10
SHOWN = 120  # characters of a definition in a difference's text
SYSTEM = ("system", "information_schema", "INFORMATION_SCHEMA")
STATEMENT = "statement"
COLUMN = "column "
TITLE = re.compile(r"CREATE (?:\w+ )*?(?:TABLE|VIEW|DICTIONARY) (\S+)")
ELEMENTS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "columns": ("column", ddl.column_sql),
    "indexes": ("index", ddl.index_sql),
    "projections": ("projection", ddl.projection_sql),
    "constraints": ("constraint", ddl.constraint_sql),
}
OPTIONS = {
    "login_port": "native_port",
    "login_user": "username",
    "login_password": "password",
    "ca_path": "the parameter sslrootcert of url",
    "validate_certs: false": "the parameter sslmode=none in url",
}
NAMES = re.compile("|".join(OPTIONS))
FILES = r"(?:sql|xml|ya?ml|json|csv)\b"
LEXEME = re.compile(
    r"""
    (?P<comment>--[^\n]* | /\*.*?\*/)
    | (?<![\w$])\$(?P<tag>\w*)\$.*?\$(?P=tag)\$   # a string as it stands
    | (?P<quoted>'(?:[^'\\]|\\.|'')*' | `(?:[^`\\]|\\.|``)*` | "(?:[^"\\]|\\.|"")*")
    """,
    re.DOTALL | re.VERBOSE,
)
COLLECTION = re.compile(r"(?i:(?<!\w)s3[ \t]*\()[ \t]*\w+[ \t]*[,)]")  # where access to S3 is kept: no database

# An object has a row without a part, and one for each part that can differ. What an extension brings, Liquibase's own
# tables, and what stands behind an identity column are left out; so are parts that a partition has from its parent.
POSTGRES = """
WITH scope AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY(%(schemas)s)
), relation AS (
    SELECT c.*, format('%%s %%I.%%I', CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
               WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' ELSE 'table' END, s.nspname, c.relname) AS title
    FROM pg_class c JOIN scope s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND lower(c.relname) NOT IN ('databasechangelog', 'databasechangeloglock')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                      AND (d.deptype = 'e' OR c.relkind = 'S' AND d.deptype = 'i'))
), part AS (
    SELECT format('schema %%I', nspname) AS title, '' AS part, '' AS definition, 0 AS place FROM scope
    UNION ALL
    SELECT r.title, p.part, p.definition, 0
    FROM relation r CROSS JOIN LATERAL (VALUES
        ('', ''),
        ('definition', CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.oid) END),
        ('partition key', CASE WHEN r.relkind = 'p' THEN pg_get_partkeydef(r.oid) END),
        ('partition', (SELECT format('of %%s %%s', i.inhparent::regclass, pg_get_expr(r.relpartbound, r.oid))
                       FROM pg_inherits i WHERE i.inhrelid = r.oid AND r.relispartition)),
        ('persistence', CASE r.relpersistence WHEN 'u' THEN 'unlogged' END),
        ('options', array_to_string(r.reloptions, ', ')),
        ('row security', CASE WHEN r.relrowsecurity THEN concat('enabled', CASE WHEN r.relforcerowsecurity
                         THEN ', forced' END) END),
        ('server', (SELECT concat_ws(' ', v.srvname, f.ftoptions::text) FROM pg_foreign_table f
                    JOIN pg_foreign_server v ON v.oid = f.ftserver WHERE f.ftrelid = r.oid)),
        ('definition', (SELECT format('%%s from %%s by %%s, %%s to %%s, cache %%s%%s', format_type(q.seqtypid, NULL),
                        q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache,
                        CASE WHEN q.seqcycle THEN ', cycle' END) FROM pg_sequence q WHERE q.seqrelid = r.oid)),
        ('comment', obj_description(r.oid, 'pg_class'))
    ) AS p(part, definition)
    UNION ALL
    SELECT r.title, format('column %%I', a.attname), concat_ws(' ', format_type(a.atttypid, a.atttypmod),
               (SELECT format('COLLATE %%I', l.collname) FROM pg_collation l JOIN pg_type t ON t.oid = a.atttypid
                WHERE l.oid = a.attcollation AND a.attcollation <> t.typcollation),
               CASE WHEN a.attnotnull THEN 'NOT NULL' END,
               CASE a.attgenerated WHEN '' THEN 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
                    ELSE format('GENERATED (%%s) %%s', a.attgenerated, pg_get_expr(d.adbin, d.adrelid)) END,
               CASE a.attidentity WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY'
                    WHEN 'd' THEN 'GENERATED BY DEFAULT AS IDENTITY' END,
               'COMMENT ' || quote_literal(col_description(r.oid, a.attnum))), a.attnum
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid
    LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum
    WHERE r.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
      AND (a.attislocal OR a.attinhcount = 0)
    UNION ALL
    SELECT r.title, format('constraint %%I', c.conname), pg_get_constraintdef(c.oid), 0
    FROM relation r JOIN pg_constraint c ON c.conrelid = r.oid
    WHERE c.contype NOT IN ('n', 't') AND (c.conislocal OR c.coninhcount = 0)
    UNION ALL
    SELECT r.title, format('index %%I', x.relname),
           pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END, 0
    FROM relation r JOIN pg_index i ON i.indrelid = r.oid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE NOT x.relispartition AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid
                                               AND c.contype IN ('p', 'u', 'x'))
    UNION ALL
    SELECT r.title, format('trigger %%I', t.tgname),
           concat(pg_get_triggerdef(t.oid),
                  CASE WHEN t.tgenabled <> 'O' THEN format(' (enabled: %%s)', t.tgenabled) END), 0
    FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal AND t.tgparentid = 0
    UNION ALL
    SELECT r.title, format('rule %%I', w.rulename), pg_get_ruledef(w.oid), 0
    FROM relation r JOIN pg_rewrite w ON w.ev_class = r.oid WHERE w.rulename <> '_RETURN'
    UNION ALL
    SELECT r.title, format('policy %%I', p.polname), concat_ws(' ', p.polcmd, CASE WHEN p.polpermissive
               THEN 'permissive' ELSE 'restrictive' END, p.polroles::regrole[]::text,
               'USING ' || pg_get_expr(p.polqual, p.polrelid),
               'CHECK ' || pg_get_expr(p.polwithcheck, p.polrelid)), 0
    FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
    UNION ALL
    SELECT format('%%s %%I.%%I(%%s)', CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, s.nspname,
                  p.proname, pg_get_function_identity_arguments(p.oid)), 'definition', pg_get_functiondef(p.oid), 0
    FROM pg_proc p JOIN scope s ON s.oid = p.pronamespace
    WHERE p.prokind <> 'a' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                                           AND d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT format('type %%I.%%I', s.nspname, t.typname), 'definition', CASE t.typtype
        WHEN 'e' THEN (SELECT 'ENUM (' || string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) || ')'
                       FROM pg_enum WHERE enumtypid = t.oid)
        WHEN 'd' THEN concat_ws(' ', 'DOMAIN', format_type(t.typbasetype, t.typtypmod), 'DEFAULT ' || t.typdefault,
                      CASE WHEN t.typnotnull THEN 'NOT NULL' END,
                      (SELECT string_agg(pg_get_constraintdef(c.oid), ' ' ORDER BY c.conname) FROM pg_constraint c
                       WHERE c.contypid = t.oid AND c.contype = 'c'))
        ELSE (SELECT 'AS (' || string_agg(format('%%I %%s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
                     ORDER BY a.attnum) || ')' FROM pg_attribute a
              WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END, 0
    FROM pg_type t JOIN scope s ON s.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND c.relkind = 'c')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid
                      AND d.deptype = 'e')
)
SELECT title, part, definition FROM part WHERE definition IS NOT NULL ORDER BY title, place, part
"""


@dataclass
class Url:
    """A JDBC address."""

    store: str
    host: str
    port: int | None
    database: str
    options: dict[str, str]
    text: str
    username: str | None = None
    password: str | None = None

    @classmethod
    def parse(cls, text: str) -> Url:
        parts = urlsplit(text.removeprefix("jdbc:"))
        if not text.startswith("jdbc:") or parts.scheme not in STORES or not parts.hostname or len(parts.path) < 2:
            known = " or ".join(f"jdbc:{store}://host:port/database" for store in STORES)
            raise BackendError(
                f"look for drift at {parts.scheme or text}", "its url has another form", f"Write {known}"
            )
        options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        if parts.scheme == "clickhouse" and "database" in options:  # the driver may prefer it to the path
            raise BackendError(
                f"look for drift at {parts.scheme}",
                "its url has the parameter database, which may lead the replay to the live one",
                "Name the database in the path",
            )
        username, password = (unquote(part) if part else None for part in (parts.username, parts.password))
        return cls(
            parts.scheme,
            parts.hostname,
            parts.port,
            parts.path[1:],
            options,
            text,
            options.get("user", username),
            options.get("password", password),
        )

    def of(self, database: str) -> str:
        """The same address with another database."""
        parts = urlsplit(self.text.removeprefix("jdbc:"))
        return "jdbc:" + urlunsplit(parts._replace(path=f"/{database}"))


def address(client: Any, network: str, host: str) -> str:
    """Where this host reaches what a network calls `host`: a container's address there, or the name itself."""
    for container in client.containers.list(ignore_removed=True):
        known = container.attrs["NetworkSettings"]["Networks"].get(network)
        if known and host in (container.name, *(known.get("Aliases") or []), *(known.get("DNSNames") or [])):
            return str(known["IPAddress"])
    return host


def scratch_name(url: str, changelog_file: str) -> str:
    """The same for each call, so that one clears away what a killed one left."""
    return "drift_" + hashlib.sha256(f"{url} {changelog_file}".encode()).hexdigest()[:10]


class Store(ABC):
    """A database server with the schemas to compare."""

    def __init__(self, url: Url, host: str, account: dict[str, Any], schemas: list[str], scratch: str) -> None:
        self.url = url
        self.host = host
        self.account = {
            **account,
            "username": url.username if account["username"] is None else account["username"],
            "password": url.password if account["password"] is None else account["password"],
        }
        self.schemas = schemas
        self.scratch = scratch

    @abstractmethod
    def make(self) -> None:
        """An empty scratch place, in which nothing is left of an earlier one."""

    @abstractmethod
    def drop(self) -> None:
        """Remove the scratch place."""

    @abstractmethod
    def objects(self, scratch: bool = False) -> Objects:
        """What the live schemas hold, or their copies in the scratch place."""

    def changelogs(self, source: str, target: str) -> str:
        """The folder to replay from: the changelogs, or a copy that names the scratch place."""
        return source

    @abstractmethod
    def prepare(self, sql: str) -> None:
        """What has to be there before the changelog's SQL runs. Refuses SQL that would reach what is live."""


class Postgres(Store):
    """The scratch place is a database of its own, so the names in the changelog stay as they are."""

    def _ask(self, asked: str, database: str, *statements: Any, **values: Any) -> list[tuple[Any, ...]]:
        if MISSING:
            raise BackendError(
                "use PostgreSQL's driver", MISSING, f"Install the Python package psycopg for {sys.executable}"
            )
        logging.getLogger("psycopg").addHandler(logging.NullHandler())  # else it warns on stderr
        rows: list[tuple[Any, ...]] = []
        seconds = self.account["timeout"]
        try:
            with (
                within(seconds),
                psycopg.connect(
                    host=self.host,
                    port=self.url.port or 5432,
                    dbname=database,
                    user=self.account["username"],
                    password=self.account["password"],
                    sslmode=self.url.options.get("sslmode", "prefer"),
                    sslrootcert=self.url.options.get("sslrootcert"),
                    connect_timeout=min(CONNECT_TIMEOUT, seconds),
                    autocommit=True,
                ) as connection,
            ):
                connection.execute(f"SET search_path = ''; SET statement_timeout = {seconds * 1000}")
                for statement in statements:
                    cursor = connection.execute(statement, values or None)
                    rows = cursor.fetchall() if cursor.description else []
        except (psycopg.Error, TimeoutError) as error:
            raise BackendError(asked, str(error)) from error
        return rows

    @staticmethod
    def _sql(text: str, value: str) -> Any:
        return psycopg.sql.SQL(text).format(psycopg.sql.Identifier(value))

    def make(self) -> None:
        asked = f"make scratch database {self.scratch}"
        statements = ("DROP DATABASE IF EXISTS {} WITH (FORCE)", "CREATE DATABASE {} TEMPLATE template0")
        try:
            self._ask(asked, self.url.database, *(self._sql(statement, self.scratch) for statement in statements))
        except BackendError as error:
            if not isinstance(error.__cause__, psycopg.errors.InsufficientPrivilege):
                raise
            remedy = f"Give {self.account['username']} CREATEDB, which a scratch database needs"
            raise BackendError(error.asked, error.answered, remedy) from error

    def drop(self) -> None:
        statement = self._sql("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.scratch)
        self._ask(f"drop scratch database {self.scratch}", self.url.database, statement)

    def prepare(self, sql: str) -> None:
        """Schemas and extensions that the changelog takes for given. If it needs one that can't be made, it fails."""
        asked = f"prepare scratch database {self.scratch}"
        wanted = [schema for schema in self.schemas if not _creates("SCHEMA", schema, sql)]
        found = self._ask(
            "list extensions", self.url.database, "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'"
        )
        wanted_extensions = [str(row[0]) for row in found if not _creates("EXTENSION", str(row[0]), sql)]
        self._ask(asked, self.scratch, *(self._sql("CREATE SCHEMA IF NOT EXISTS {}", schema) for schema in wanted))
        for each in wanted_extensions:
            with contextlib.suppress(BackendError):
                self._ask(asked, self.scratch, self._sql("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public", each))

    def objects(self, scratch: bool = False) -> Objects:
        database = self.scratch if scratch else self.url.database
        found: Objects = {}
        for title, part, definition in self._ask(
            f"read the schemas of {database}", database, POSTGRES, schemas=self.schemas
        ):
            found.setdefault(title, {}).update({part: definition} if part else {})
        return found


class ClickHouse(Store):
    """The scratch place is a copy of each database and one for Liquibase's tables. The changelog is rewritten to it."""

    def __init__(self, url: Url, host: str, account: dict[str, Any], schemas: list[str], scratch: str) -> None:
        super().__init__(url, host, account, schemas, scratch)
        self.copies = {schema: f"{scratch}_{schema}" for schema in schemas}
        self.server = Server(
            {
                "login_host": host,
                "login_port": account["native_port"],
                "login_user": self.account["username"] or "default",
                "login_password": self.account["password"] or "",
                "secure": url.options.get("ssl", "") in ("1", "true"),
                "validate_certs": url.options.get("sslmode", "strict") != "none",
                "ca_path": url.options.get("sslrootcert"),
                "timeout": account["timeout"],
            }
        )

    def _query(self, asked: str, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """What to do about an error, with the names that the options have here."""
        try:
            return self.server.query(asked, sql, **values)
        except BackendError as error:
            remedy = NAMES.sub(lambda match: OPTIONS[match.group()], error.remedy)
            raise BackendError(error.asked, error.answered, remedy) from error

    def _databases(self) -> list[str]:
        return [str(row[0]) for row in self._query("list databases", "SELECT name FROM system.databases")]

    def make(self) -> None:
        self.drop()
        for database in (self.scratch, *self.copies.values()):
            self._query(f"make scratch database {database}", f"CREATE DATABASE {name(database)}")

    def drop(self) -> None:
        for database in self._databases():
            if database == self.scratch or database.startswith(f"{self.scratch}_"):
                self._query(f"drop scratch database {database}", f"DROP DATABASE {name(database)} SYNC")

    def changelogs(self, source: str, target: str) -> str:
        for folder, _folders, files in os.walk(source):
            copy = os.path.join(target, os.path.relpath(folder, source))
            os.makedirs(copy, exist_ok=True)
            os.chmod(copy, 0o755)  # noqa: S103  the image's user reads it, as it does the original
            for file in files:
                with open(os.path.join(folder, file), encoding="utf-8", errors="surrogateescape", newline="") as stream:
                    text = stream.read()
                path = os.path.join(copy, file)
                with open(path, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
                    stream.write(renamed(text, self.copies))
                os.chmod(path, 0o644)
        return target

    def prepare(self, sql: str) -> None:
        """A name that wasn't rewritten, such as one out of a parameter, must not reach what is live."""
        others = set(self._databases()) - {self.scratch, *self.copies.values(), *SYSTEM}
        named = sorted(other for other in others if _mentions(other, sql))
        if named:
            raise BackendError(
                "replay the changelog in scratch databases",
                f"its SQL names {', '.join(named)} where it can't be told from the live database of that name",
                "Name in schemas each database that the changelog names; write it out, as database.table, without "
                "parameters. A column, a table or a word of a text must not be called like a database "
                "(of the word default, write DEFAULT)",
            )
        for schema, copy in self.copies.items():
            if _creates("DATABASE", copy, sql):
                self._query(f"drop scratch database {schema}", f"DROP DATABASE {name(copy)} SYNC")

    def objects(self, scratch: bool = False) -> Objects:
        databases = list(self.copies.values()) if scratch else self.schemas
        back = {copy: schema for schema, copy in self.copies.items()}
        found: Objects = {}
        there = self._databases()
        for database in databases:
            if database in there:
                found[f"database {back.get(database, database)}"] = {}
        for table, engine, statement in self._query(
            "read the tables",
            "SELECT name, engine, create_table_query FROM system.tables WHERE database IN %(databases)s "
            "AND NOT is_temporary "
            "AND NOT (database = %(own)s AND name IN ('DATABASECHANGELOG', 'DATABASECHANGELOGLOCK'))",
            databases=tuple(databases),
            own=self.url.database,
        ):
            if not INNER.match(table):
                title, parts = clickhouse_parts(engine, restored(statement, self.copies))
                found[title] = parts
        return dict(sorted(found.items()))


STORES: dict[str, type[Store]] = {"postgresql": Postgres, "clickhouse": ClickHouse}


def store(url: Url, *rest: Any) -> Store:
    return STORES[url.store](url, *rest)


def _creates(kind: str, schema: str, sql: str) -> bool:
    return bool(
        re.search(rf"\bCREATE\s+{kind}\s+(?:IF\s+NOT\s+EXISTS\s+)?[\"`]?{re.escape(schema)}\b", sql, re.IGNORECASE)
    )


def _mentions(database: str, sql: str) -> bool:
    """As a whole word anywhere but in a comment: knows nothing of what `renamed` knows, so it sees what that misses."""

    def plain(match: re.Match[str]) -> str:
        return " " if match["comment"] else f" {unquote_sql(match.group())} "

    # Quoted names stand bare afterwards, so S3 is looked for first.
    text = LEXEME.sub(plain, COLLECTION.sub(" s3( ", sql))
    return bool(re.search(rf"(?<!\w){re.escape(database)}(?!\w)", text))


def renamed(text: str, copies: dict[str, str]) -> str:
    """Each database's name that stands before a dot, behind DATABASE, or as the schema of a change of Liquibase's."""
    names = "|".join(re.escape(schema) for schema in sorted(copies, key=len, reverse=True))
    pattern = re.compile(
        rf"(?<![\w.$])({names})(?=[`\"]?\s*\.(?!{FILES}))"
        rf"|((?i:\bDATABASE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?)[`\"]?)({names})\b"
        rf"|((?:schemaName|catalogName)\W{{1,5}})({names})\b"
    )

    def copy(match: re.Match[str]) -> str:
        before, database, key, schema = match.group(2) or "", match.group(3), match.group(4) or "", match.group(5)
        return f"{before}{key}{copies[match.group(1) or database or schema]}"

    return pattern.sub(copy, text)


def restored(text: str, copies: dict[str, str]) -> str:
    """The other way round: a scratch name stands for nothing else."""
    for schema, copy in copies.items():
        text = text.replace(copy, schema)
    return text


def clickhouse_parts(engine: str, statement: str) -> tuple[str, dict[str, str]]:
    """Title and parts of an object out of its CREATE statement, which is a part too, for what no other part holds."""
    line = squeeze(statement)
    state = ddl.parse(statement)
    if state is None:
        qualified = TITLE.match(line)
        return f"table {qualified.group(1).replace('`', '') if qualified else engine}", {STATEMENT: line}
    parts: dict[str, str] = {}
    for key, value in state.items():
        if key in ELEMENTS:
            write = _written if state["kind"] == "dictionary" else ELEMENTS[key][1]
            for element in value:
                parts[f"{ELEMENTS[key][0]} {element['name']}"] = write(element).removeprefix(
                    f"{name(element['name'])} "
                )
        elif key == "settings":
            parts.update({f"setting {setting}": str(given) for setting, given in value.items()})
        elif value and key not in ("kind", "database", "name"):
            parts[key.replace("_", " ")] = ", ".join(value) if isinstance(value, list) else _written(value)
    parts[STATEMENT] = line
    return f"{state['kind'].replace('_', ' ')} {state['database']}.{state['name']}", parts


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items() if each and key != "name")
    return str(value)


def compare(live: Objects, expected: Objects) -> list[dict[str, Any]]:
    """Each difference once: an object that one side lacks counts as one, whatever it has."""
    found = []
    for title in sorted({*live, *expected}):
        if title in live and title in expected:
            found += _differences(title, live[title], expected[title])
        else:
            found.append(_difference(title, None, _all(live.get(title)), _all(expected.get(title))))
    return found


def _differences(title: str, live: dict[str, str], expected: dict[str, str]) -> list[dict[str, Any]]:
    parts = [part for part in dict.fromkeys([*expected, *live]) if live.get(part) != expected.get(part)]
    found = [_difference(title, part, live.get(part), expected.get(part)) for part in parts if part != STATEMENT]
    common = live.keys() & expected.keys()
    order = [
        ", ".join(part.removeprefix(COLUMN) for part in side if part in common and part.startswith(COLUMN))
        for side in (live, expected)
    ]
    if order[0] != order[1]:
        found.append(_difference(title, "order of columns", *order))
    if not found and parts:
        found.append(_difference(title, STATEMENT, live.get(STATEMENT), expected.get(STATEMENT)))
    return found


def _all(parts: dict[str, str] | None) -> str | None:
    if parts is None:
        return None
    return parts.get(STATEMENT) or "; ".join(f"{part} {definition}" for part, definition in parts.items())


def _difference(title: str, part: str | None, live: str | None, expected: str | None) -> dict[str, Any]:
    of = f"{title}: {part}" if part else title
    if expected is None:
        told = "is not in the changelog"
    elif live is None:
        told = "is missing"
    else:
        told = f"is {_short(live)}, the changelog makes {_short(expected)}"
    return {"object": title, "part": part, "live": live, "changelog": expected, "text": f"{of} {told}"}


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


@contextlib.contextmanager
def scratch_place(place: Store) -> Iterator[None]:
    """Made before, gone afterwards, whatever happens between."""
    try:
        place.make()
        yield
    except BaseException:
        with contextlib.suppress(Exception):  # of two errors the first one tells more
            place.drop()
        raise
    place.drop()
