"""The client: what is repeated, what is not, and what an error says."""

from __future__ import annotations

import io
import json
import socket
from urllib.error import HTTPError, URLError

import pytest
from ansible_collections.onering.platform.plugins.module_utils import network
from ansible_collections.onering.platform.plugins.module_utils.openmetadata import Api, fqn, split, stored
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError
from hypothesis import given
from hypothesis import strategies as st

PARAMS = {
    "url": "http://catalog:8585/api/", "token": "t", "username": None, "password": None, "validate_certs": True,
    "ca_path": None, "timeout": 10,
}  # fmt: skip


class Server:
    """Answers from a list: bodies, statuses and exceptions."""

    def __init__(self) -> None:
        self.answers: list = []
        self.asked: list = []

    def __call__(self, url, method, data, headers, **options):
        self.asked.append((method, url, headers, data, options))
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            body = io.BytesIO(json.dumps({"code": answer, "message": "because"}).encode())
            raise HTTPError(url, answer, "status", {}, body)  # type: ignore[arg-type]
        return io.BytesIO(answer.encode() if isinstance(answer, str) else json.dumps(answer).encode())


@pytest.fixture
def server(monkeypatch):
    server = Server()
    now = [0.0]
    monkeypatch.setattr(network, "open_url", server)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return server


def failure(function, *args, **kwargs) -> str:
    with pytest.raises(BackendError) as error:
        function(*args, **kwargs)
    return str(error.value)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_reads_and_puts_are_repeated(server, status) -> None:
    server.answers = [status, {"a": 1}, status, {"b": 2}]
    api = Api(PARAMS)
    assert api.get("tables") == {"a": 1}
    assert api.put("tables", {}) == {"b": 2}


@pytest.mark.parametrize("reason", [TimeoutError("timed out"), URLError(socket.gaierror("no such host"))])
def test_a_lost_answer_is_asked_for_again_only_where_that_is_safe(server, reason) -> None:
    server.answers = [reason, {"a": 1}]
    assert Api(PARAMS).get("tables") == {"a": 1}
    server.answers = [reason]
    assert "answers within timeout" in failure(Api(PARAMS).patch, "tables/1", [], 0.1)
    server.answers = [502]
    assert "502 because" in failure(Api(PARAMS).delete, "tables/1")
    assert len(server.asked) == 4


def test_what_was_refused_unread_is_repeated_always(server) -> None:
    server.answers = [503, URLError(ConnectionRefusedError("refused")), {"a": 1}]
    assert Api(PARAMS).patch("tables/1", [], 0.1) == {"a": 1}


def test_a_server_that_stays_away_ends_within_its_time(server) -> None:
    server.answers = [URLError(ConnectionRefusedError("refused"))] * 100
    message = failure(Api(PARAMS).get, "tables")
    assert message.startswith("GET http://catalog:8585/api/v1/tables: refused. Check that the server runs")
    assert len(server.asked) == 10
    assert [asked[4]["timeout"] for asked in server.asked][:3] == [10, 9, 8]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (401, "401 because. Check token (it may have expired"),
        (403, "403 because. Give this account's role or its bot the permission"),
        (412, "412 because. Somebody changed it at the same moment: run this again"),
        (500, "500 because."),
        (404, "404 because."),
        ("<html>", "Check that url is OpenMetadata's server"),
    ],
)
def test_errors_say_what_to_do(server, answer, said) -> None:
    server.answers = [answer]
    assert said in failure(Api(PARAMS).get, "tables")
    assert len(server.asked) == 1


def test_a_page_that_is_no_answer_is_shown_in_part(server) -> None:
    error = HTTPError("u", 400, "Bad", {}, io.BytesIO(b"<html>a proxy</html>"))  # type: ignore[arg-type]
    server.answers = [error]
    assert "400 <html>a proxy</html>" in failure(Api(PARAMS).get, "tables")


def test_an_account_logs_in_once_and_again_when_its_token_expires(server) -> None:
    server.answers = [{"accessToken": "one"}, {}, 401, {"accessToken": "two"}, {"a": 1}]
    api = Api({**PARAMS, "token": None, "username": "a@b.c", "password": "größe"})
    api.get("tables")
    assert api.get("tables") == {"a": 1}
    urls = [asked[1].removeprefix("http://catalog:8585/api/v1/") for asked in server.asked]
    assert urls == ["users/login", "tables", "tables", "users/login", "tables"]
    assert json.loads(server.asked[0][3]) == {"email": "a@b.c", "password": "Z3LDtsOfZQ=="}
    assert server.asked[-1][2]["Authorization"] == "Bearer two"


def test_an_account_that_is_refused_is_not_tried_for_ever(server) -> None:
    server.answers = [401]
    api = Api({**PARAMS, "token": None, "username": "a@b.c", "password": "wrong"})
    message = failure(api.get, "tables")
    assert "users/login: 401 because" in message
    assert "wrong" not in message
    server.answers = [{"accessToken": "one"}, 401]
    assert "401" in failure(api.get, "tables")


def test_a_patch_names_the_version_that_was_read(server) -> None:
    Api(PARAMS).patch("tables/1", [{"op": "remove", "path": "/a"}], 0.2)
    headers = server.asked[0][2]
    assert headers["If-Match"] == 'W/"0.2"'
    assert headers["Content-Type"] == "application/json-patch+json"


def test_certificates_are_checked_as_asked(server) -> None:
    Api({**PARAMS, "validate_certs": False, "ca_path": "/ca.pem"}).get("tables")
    options = server.asked[0][4]
    assert (options["validate_certs"], options["ca_path"]) == (False, "/ca.pem")


@given(st.lists(st.text(st.characters(exclude_characters='"')).map(stored).filter(bool), min_size=1, max_size=4))
def test_a_full_name_falls_into_its_parts(names) -> None:
    full = ""
    for name in names:
        full = fqn(full, name)
    assert [each.strip('"') for each in split(full)] == names
