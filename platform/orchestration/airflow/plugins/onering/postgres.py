"""PostgreSQL: one transaction a block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row

from onering import connections, network
from onering.connections import Connection


class PostgresError(RuntimeError):
    """PostgreSQL can't be reached, or the connection broke off."""


@contextmanager
def transaction(connection: str | Connection) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """Commits at the end of the block, rolls everything back when it fails."""
    at = connections.get(connection) if isinstance(connection, str) else connection
    try:
        with psycopg.connect(
            host=at.host,
            port=at.port,
            dbname=at.schema,
            user=at.login,
            password=at.password,
            application_name="onering",
            row_factory=dict_row,
            **network.LIBPQ,  # type: ignore[arg-type]
        ) as opened:
            yield opened
    except psycopg.OperationalError as error:
        raise PostgresError(f"PostgreSQL at {at.host}:{at.port} ({at.id}) failed: {error}. {network.REMEDY}") from error


def copy(connection: psycopg.Connection[Any], statement: str, chunks: Iterable[bytes]) -> None:
    """Stream bytes in COPY's text format, as they come."""
    with connection.cursor() as cursor, cursor.copy(statement) as target:  # type: ignore[call-overload]
        for chunk in chunks:
            target.write(chunk)
