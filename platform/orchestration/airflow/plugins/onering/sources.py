"""How many records a source holds, counted without its connector."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from onering.dataset import Source


@contextmanager
def opened(path: Path) -> Iterator[IO[str]]:
    """The text of a file, or of the one file in a zip archive."""
    if path.suffix != ".zip":
        with path.open(newline="", encoding="utf-8") as text:
            yield text
        return
    with zipfile.ZipFile(path) as archive:
        members = archive.namelist()
        if len(members) != 1:
            raise ValueError(f"{path} holds {len(members)} files, not one")
        with archive.open(members[0]) as member, io.TextIOWrapper(member, encoding="utf-8", newline="") as text:
            yield text


def count(source: Source) -> int:
    """Records of a CSV file: its rows without the header; a quoted line break is no row."""
    with opened(source.path) as text:
        rows = csv.reader(text)
        next(rows, None)
        return sum(1 for row in rows if row)
