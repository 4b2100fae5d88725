"""PostgreSQL: one transaction a block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from onering import connections


@contextmanager
def transaction(connection_id: str) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """Commits at the end of the block, rolls everything back when it fails."""
    at = connections.get(connection_id)
    with psycopg.connect(
        host=at.host,
        port=at.port,
        dbname=at.schema,
        user=at.login,
        password=at.password,
        application_name="onering",
        connect_timeout=5,
        row_factory=dict_row,
    ) as connection:
        yield connection


def copy(connection: psycopg.Connection[Any], statement: str, chunks: Iterable[bytes]) -> None:
    """Stream bytes in COPY's text format, as they come."""
    with connection.cursor() as cursor, cursor.copy(statement) as target:  # type: ignore[call-overload]
        for chunk in chunks:
            target.write(chunk)
