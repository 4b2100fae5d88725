"""A file that nobody has seen, as a table of text: its encoding, separator and header found, its rows counted."""

from __future__ import annotations

import codecs
import csv
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ops.dataset.errors import RefusedError

CHUNK = 1 << 20
MEMORY = "512MB"  # what DuckDB may hold; beyond it goes to disk
LONGEST_LINE = 1 << 22  # DuckDB reads in pieces of sixteen times as much
SAMPLE = 20_480
SEPARATORS = (",", ";", "\t", "|")
# What other files begin with, and what to do then.
OTHERS = {
    b"PK\x03\x04": "an archive or an Excel workbook: unpack it, or save the sheet as CSV",
    b"\x1f\x8b": "compressed: unpack it first",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as CSV",
    b"%PDF": "a PDF",
}
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Wish:
    """What the user says about the file; the rest is found."""

    encoding: str | None = None
    separator: str | None = None
    header: tuple[str, ...] = ()
    has_header: bool = False


@dataclass(frozen=True)
class Dialect:
    """How the file that the connector will read is written."""

    encoding: str
    separator: str
    has_header: bool
    by_place: bool = False  # names that were given: columns are told by their place


@dataclass(frozen=True)
class Table:
    """The rows, in DuckDB's table `rows`, as text in columns c0, c1, …"""

    connection: duckdb.DuckDBPyConnection
    file: Path  # what the connector will read: the client's own, or a Parquet file's rows as CSV
    headers: tuple[str, ...]
    rows: int
    dialect: Dialect
    notes: tuple[str, ...] = ()


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A database on disk with bounded memory."""
    connection = duckdb.connect(str(folder / "rows.duckdb"))
    connection.execute(f"SET memory_limit = '{MEMORY}'")
    connection.execute(f"SET threads = {min(os.cpu_count() or 1, 4)}")
    connection.execute("SET temp_directory = ?", [str(folder / "spill")])
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def load(path: Path, wish: Wish, folder: Path) -> Table:
    """Read the whole file into a table; `folder` is for what doesn't fit in memory."""
    if not path.is_file():
        raise RefusedError(f"{path}: there is no such file")
    size = path.stat().st_size
    if size == 0:
        raise RefusedError(f"{path} is empty")
    free = shutil.disk_usage(folder).free
    if free < 3 * size:
        raise RefusedError(
            f"{path} has {size:,} bytes, and working on it takes three times as much on disk: {folder} has {free:,}. "
            "Set TMPDIR to a larger disk"
        )
    connection = connect(folder)
    with path.open("rb") as stream:
        start = stream.read(8)
    if start.startswith(b"PAR1"):
        return from_parquet(path, connection, folder, wish)
    for mark, what in OTHERS.items():
        if start.startswith(mark):
            raise RefusedError(f"{path} is neither CSV nor Parquet, it is {what}")
    return from_csv(path, connection, folder, wish)


def from_parquet(path: Path, connection: duckdb.DuckDBPyConnection, folder: Path, wish: Wish) -> Table:
    """A Parquet file's rows as CSV. The connector's own Parquet reader makes floats of whole numbers that have gaps."""
    if wish != Wish():
        raise RefusedError("a Parquet file says itself how it is written: ENCODING, SEPARATOR and HEADER don't apply")
    file = folder / "rows.csv"
    try:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        # A moment with a time zone is written in UTC, whatever the machine's zone.
        columns = ", ".join(
            f'CAST("{quoted(name)}" AS TIMESTAMP) AS "{quoted(name)}"'
            if of == "TIMESTAMP WITH TIME ZONE"
            else f'"{quoted(name)}"'
            for name, of, *_rest in described
        )
        connection.execute(
            f"COPY (SELECT {columns} FROM read_parquet({text(str(path))})) TO {text(str(file))} (HEADER, DELIMITER ',')"  # noqa: S608
        )
        (expected,) = one(connection, "SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata(?)", [str(path)])
    except duckdb.Error as error:
        raise RefusedError(f"{path} can't be read as Parquet: {first_line(error)}") from error
    headers = tuple(str(name) for name, *_rest in described)
    rows = fill(connection, file, Dialect("utf-8", ",", True), headers)
    if rows != expected:
        raise RefusedError(f"{path} says it has {expected:,} rows, and {rows:,} came out of it")
    nested = [f"{name} ({of})" for name, of, *_rest in described if re.search(r"\[|STRUCT|MAP|BLOB", str(of))]
    notes = ["Parquet: its rows were copied as CSV, run this again for a newer file"]
    notes += [f"kept as text: {', '.join(nested)}"] if nested else []
    return Table(connection, file, headers, rows, Dialect("utf-8", ",", True), tuple(notes))


def from_csv(path: Path, connection: duckdb.DuckDBPyConnection, folder: Path, wish: Wish) -> Table:
    encoding, notes = encoding_of(path, wish.encoding)
    readable = path if encoding in ("utf-8", "utf-8-sig") else as_utf8(path, encoding, folder / "utf8.csv")
    separator, skipped, sniffed_header = sniff(readable, connection, wish.separator)
    first = first_record(readable, separator)
    if skipped:
        raise RefusedError(
            f"{path}: the table begins in line {skipped + 1}; remove the {skipped} lines before it. "
            f"The first one: {shown(first)}"
        )
    names_only = wish.header and not wish.has_header
    if not wish.header and not wish.has_header and not sniffed_header:
        raise RefusedError(
            f"{path} has no header, its first line looks like data: {shown(first)}. Give {len(first)} names: "
            f"HEADER=name1,name2,… ; or say that it is the header all the same: HAS_HEADER=1"
        )
    headers = wish.header or tuple(first)
    if len(headers) != len(first):
        raise RefusedError(f"{path}: HEADER has {len(headers)} names, the first line has {len(first)} fields")
    dialect = Dialect(encoding, separator, not names_only, bool(wish.header))
    if wish.header:
        notes.append(
            "names were given, so columns are told by their place: a new one between them would shift the others"
        )
    rows = fill(connection, readable, dialect, headers)
    if readable != path:
        readable.unlink()
    if rows == 0:
        raise RefusedError(f"{path} has a header and no rows: {shown(first)}")
    return Table(connection, path, headers, rows, dialect, tuple(notes))


def encoding_of(path: Path, wished: str | None) -> tuple[str, list[str]]:
    """The file's encoding, proved by decoding all of it."""
    if wished:
        try:
            name = codecs.lookup(wished).name
        except LookupError:
            raise RefusedError(
                f"ENCODING={wished}: Python knows no such encoding; utf-8, cp1252, utf-16, … are"
            ) from None
        if (fault := undecodable(path, name)) is not None:
            raise RefusedError(
                f"{path} is not {wished}: {fault}. Try another ENCODING=, such as utf-8, cp1252 or utf-16"
            )
        return name, []
    with path.open("rb") as stream:
        start = stream.read(CHUNK)
    for mark, name in MARKS:
        if start.startswith(mark):
            if (fault := undecodable(path, name)) is not None:
                raise RefusedError(f"{path} begins as {name} and then isn't: {fault}. Say what it is: ENCODING=…")
            return name, []
    zeros = (start[0::2].count(0), start[1::2].count(0))
    if max(zeros) > len(start) // 8:
        name = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        if min(zeros) > len(start) // 100 or undecodable(path, name) is not None:
            raise RefusedError(f"{path} is no text file: it is full of zero bytes")
        return name, [f"read as {name}: it has no mark that says so"]
    if (fault := undecodable(path, "utf-8")) is None:
        return "utf-8", []
    name = "cp1252" if undecodable(path, "cp1252") is None else "latin-1"
    word = first_foreign_word(path, name)
    return name, [f"read as {name}, since it isn't utf-8 ({fault}): does {word!r} look right? Else ENCODING=…"]


def undecodable(path: Path, encoding: str) -> str | None:
    """The first fault of decoding the whole file, piece by piece."""
    decoder = codecs.getincrementaldecoder(encoding)()
    done = 0
    with path.open("rb") as stream:
        while True:
            chunk = stream.read(CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                at = done + getattr(error, "start", 0)
                byte = f"0x{chunk[error.start]:02x}" if isinstance(error, UnicodeDecodeError) and chunk else "the end"
                return f"{byte} near byte {at:,}"
            if not chunk:
                return None
            done += len(chunk)


def first_foreign_word(path: Path, encoding: str) -> str:
    """The first word with a letter beyond ASCII: what shows whether an encoding is right."""
    with path.open(encoding=encoding, newline="") as stream:
        while chunk := stream.read(CHUNK):
            if found := re.search(r"\w*[^\x00-\x7f]\w*", chunk):
                return found.group()
    return ""


def as_utf8(path: Path, encoding: str, target: Path) -> Path:
    with path.open(encoding=encoding, newline="") as source, target.open("w", encoding="utf-8", newline="") as sink:
        shutil.copyfileobj(source, sink, CHUNK)
    return target


def sniff(path: Path, connection: duckdb.DuckDBPyConnection, wished: str | None) -> tuple[str, int, bool]:
    """Separator, lines before the table, whether there is a header: DuckDB's finding on the file's beginning."""
    given = f", delim = {text(wished)}" if wished else ""
    try:
        separator, skipped, header, columns = one(
            connection,
            "SELECT Delimiter, SkipRows, HasHeader, len(Columns) FROM sniff_csv(?, quote = '\"', escape = '\"', "  # noqa: S608
            f"strict_mode = true, max_line_size = {LONGEST_LINE}, sample_size = {SAMPLE}{given})",
            [str(path)],
        )
    except duckdb.Error as error:
        raise RefusedError(f"{path} can't be read as CSV: {explained(error)}") from error
    with path.open(encoding="utf-8-sig", newline="") as stream:
        line = stream.readline()
    likely = max((wished,) if wished else SEPARATORS, key=line.count)
    if line.count(likely) and (columns == 1 or skipped):
        # The first line has fields and yet isn't taken for the table's: rows of unequal length. The reader says which.
        return likely, 0, True
    return (str(separator) if columns > 1 or wished else ","), int(skipped), bool(header)


def first_record(path: Path, separator: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            return next(csv.reader(stream, delimiter=separator), [])
        except csv.Error as error:
            raise RefusedError(f"{path}: the first line can't be read: {error}") from error


def fill(connection: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect, headers: Sequence[str]) -> int:
    """All rows as text. A row of another length is refused, with its line."""
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(headers)))
    try:
        connection.execute(
            f"CREATE TABLE rows AS SELECT * FROM read_csv({text(str(path))}, auto_detect = false, "  # noqa: S608
            f"columns = {{{columns}}}, delim = {text(dialect.separator)}, quote = '\"', escape = '\"', "
            f"header = {str(dialect.has_header).lower()}, strict_mode = true, null_padding = false, "
            f"max_line_size = {LONGEST_LINE})"
        )
    except duckdb.Error as error:
        raise RefusedError(f"{path.name} can't be read as CSV: {explained(error)}") from error
    (rows,) = one(connection, "SELECT count(*) FROM rows")
    return int(rows)


def explained(error: duckdb.Error) -> str:
    """DuckDB's finding without its proposals, which name options that nobody can set here."""
    told = str(error)
    line = re.search(r"Error on Line: (\d+)", told)
    original = re.search(r"Original Line: ?(.*?)\n(?:Expected|Value|Invalid|\n)", told, re.DOTALL)
    length = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", told)
    if not line:
        return first_line(error)
    where = f"line {int(line.group(1)):,}"
    where += f" ({clipped(original.group(1))})" if original else ""
    if length:
        return f"{where} has {length.group(2)} fields where the header has {length.group(1)}"
    if "unterminated quote" in told:
        return f'{where} opens a quote (") that nothing closes'
    reason = [
        part for part in told.splitlines() if part and "Error on Line" not in part and "Original Line" not in part
    ]
    return f"{where}: {reason[0] if reason else first_line(error)}"


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def clipped(value: str, width: int = 60) -> str:
    """A value in one short line."""
    flat = " ".join(value.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def shown(record: Sequence[str]) -> str:
    return clipped(" | ".join(record), 120)


def text(value: str) -> str:
    """A value as SQL's literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    return name.replace('"', '""')


def one(connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[object] = ()) -> tuple:
    """The one row of an answer."""
    found = connection.execute(query, list(values)).fetchone()
    if found is None:
        raise RefusedError("DuckDB gave no answer")
    return found
