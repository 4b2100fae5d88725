"""ClickHouse by HTTP: statements, small answers, and streams of bytes. Rows stay in the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import requests

from onering import connections

TIMEOUT = (5, 900)  # seconds to connect, and between two bytes
CHUNK = 1 << 20


class ClickHouseError(RuntimeError):
    """What ClickHouse answered to a refused statement."""


class ClickHouse:
    def __init__(self, connection_id: str) -> None:
        self._connection = connections.get(connection_id)

    def execute(self, statement: str) -> None:
        """Run one statement to its end."""
        self._send(statement, {"wait_end_of_query": "1"}).close()

    def rows(self, query: str) -> list[dict[str, Any]]:
        """A small answer as dicts."""
        settings = {
            "default_format": "JSONEachRow",
            "output_format_json_quote_64bit_integers": "0",
            "wait_end_of_query": "1",
        }
        return [json.loads(line) for line in self._send(query, settings).iter_lines() if line]

    def row(self, query: str) -> dict[str, Any]:
        return self.rows(query)[0]

    def chunks(self, query: str) -> Iterator[bytes]:
        """The bytes of an answer, in the format that the query names. An error on the way breaks the stream off."""
        with self._send(query, {"http_write_exception_in_output_format": "0"}) as answer:
            yield from answer.iter_content(CHUNK)

    def _send(self, statement: str, settings: dict[str, str]) -> requests.Response:
        at = self._connection
        answer = requests.post(
            f"http://{at.host}:{at.port}/",
            params=settings,
            data=statement.encode(),
            headers={"X-ClickHouse-User": at.login, "X-ClickHouse-Key": at.password},
            stream=True,
            timeout=TIMEOUT,
        )
        if answer.status_code != requests.codes.ok:
            first_line = statement.strip().splitlines()[0]
            raise ClickHouseError(f"{at.id}: {first_line}…: {answer.text.strip()[:2000]}")
        return answer
