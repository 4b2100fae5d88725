"""What a source holds, seen without its connector."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from onering.dataset import Source

LONGEST_FIELD = 1 << 24


@contextmanager
def opened(path: Path, encoding: str = "utf-8") -> Iterator[IO[str]]:
    """The text of a file, or of the one file in a zip archive."""
    if path.suffix != ".zip":
        with path.open(newline="", encoding=encoding) as text:
            yield text
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        if len(members) != 1:
            raise ValueError(f"{path} holds {len(members)} files, not one")
        with archive.open(members[0]) as member, io.TextIOWrapper(member, encoding=encoding, newline="") as text:
            yield text


def columns(source: Source | None) -> list[str]:
    """The names in a CSV file's header; none where there is no such thing."""
    if source is None or source.path is None or not source.header:
        return []
    with opened(source.path, source.encoding) as text:
        return next(csv.reader(text, delimiter=source.separator), [])


def count(source: Source, settings: Mapping[str, Any] | None = None) -> int:
    """Records of a stream, by what its dataset says tells it; the settings are those of the stream's connection."""
    if source.records is not None:
        return source.records
    if source.setting is not None:
        return int((settings or {})[source.setting])
    if source.path is None:
        raise ValueError("a source is a file, a setting or a number")
    return count_csv(source.path, source)


def count_csv(path: Path, form: Source) -> int:
    """Rows without the header; a quoted line break is no row."""
    csv.field_size_limit(LONGEST_FIELD)
    with opened(path, form.encoding) as text:
        rows = csv.reader(text, delimiter=form.separator)
        if form.header:
            next(rows, None)
        return sum(1 for row in rows if row)
