"""ClickHouse by HTTP: statements, small answers, and streams of bytes. Rows stay in the engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from onering import connections, network

TIMEOUT = (network.CONNECT, 900)  # seconds to connect, and between two bytes
CHUNK = 1 << 20


class ClickHouseError(RuntimeError):
    """What ClickHouse answered to a refused statement, or that it didn't answer."""


class Adapter(HTTPAdapter):
    """Connections that notice when their server is gone, however long it may take to answer."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, socket_options=network.SOCKET_OPTIONS)


class ClickHouse:
    def __init__(self, connection_id: str) -> None:
        self._connection = connections.get(connection_id)
        self._session = requests.Session()
        self._session.trust_env = False  # a store is never behind a proxy
        self._session.mount("http://", Adapter())

    def execute(self, statement: str, query_id: str | None = None) -> None:
        """Run one statement to its end. What a killed task left running under the same id is ended first."""
        own = {"query_id": query_id, "replace_running_query": "1"} if query_id else {}
        self._send(statement, {"wait_end_of_query": "1"} | own).close()

    def rows(self, query: str) -> list[dict[str, Any]]:
        """A small answer as dicts."""
        settings = {
            "default_format": "JSONEachRow",
            "output_format_json_quote_64bit_integers": "0",
            "wait_end_of_query": "1",
        }
        with self._told():
            return [json.loads(line) for line in self._send(query, settings).iter_lines() if line]

    def row(self, query: str) -> dict[str, Any]:
        return self.rows(query)[0]

    def chunks(self, query: str) -> Iterator[bytes]:
        """The bytes of an answer, in the format that the query names. An error on the way breaks the stream off."""
        with self._told(), self._send(query, {"http_write_exception_in_output_format": "0"}) as answer:
            yield from answer.iter_content(CHUNK)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """A connection that fails is told by the store's name."""
        at = self._connection
        try:
            yield
        except requests.RequestException as error:
            raise ClickHouseError(
                f"ClickHouse at {at.host}:{at.port} ({at.id}) doesn't answer: {network.reason(error)}. {network.REMEDY}"
            ) from error

    def _send(self, statement: str, settings: dict[str, str]) -> requests.Response:
        at = self._connection
        with self._told():
            answer = self._session.post(
                f"http://{at.host}:{at.port}/",
                params=settings,
                data=statement.encode(),
                headers={"X-ClickHouse-User": at.login, "X-ClickHouse-Key": at.password},
                stream=True,
                timeout=TIMEOUT,
            )
            if answer.status_code != requests.codes.ok:
                first_line = statement.strip().splitlines()[0]
                lake = " It reads or writes objects of MinIO: see to both." if "s3(" in statement else ""
                raise ClickHouseError(
                    f"ClickHouse at {at.host}:{at.port} ({at.id}): {first_line}…: {answer.text.strip()[:2000]}{lake}"
                )
        return answer
