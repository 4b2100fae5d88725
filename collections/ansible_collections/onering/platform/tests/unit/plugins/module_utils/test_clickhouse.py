from __future__ import annotations

import time

import pytest
from ansible_collections.onering.platform.plugins.module_utils import clickhouse as backend
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError
from clickhouse_driver import errors

PARAMS = {
    "login_host": "127.0.0.1",
    "login_port": 9,
    "login_user": "admin",
    "login_password": "adminsecret",
    "secure": False,
    "validate_certs": True,
    "ca_path": None,
    "timeout": 60,
}


def server(**params) -> backend.Server:
    return backend.Server({**PARAMS, **params})


def failing(monkeypatch, error: Exception) -> backend.Server:
    def execute(self, sql, values):
        raise error

    monkeypatch.setattr(backend.Client, "execute", execute)
    return server()


def test_every_wait_is_bounded() -> None:
    connection = server(timeout=3)._client.connection
    assert (connection.connect_timeout, connection.send_receive_timeout) == (3, 3)
    assert server()._client.connection.connect_timeout == backend.CONNECT_TIMEOUT


def test_tls_options_reach_the_driver() -> None:
    connection = server(secure=True, ca_path="/ca.crt", validate_certs=False)._client.connection
    assert connection.secure_socket
    assert connection.ssl_options["ca_certs"] == "/ca.crt"
    assert not connection.verify_cert


def test_a_server_that_is_not_there_is_named_with_host_and_port(capfd) -> None:
    with pytest.raises(BackendError, match=r"^list tables at ClickHouse 127.0.0.1:9: .*refused.*HTTP \(8123\)\.$"):
        server().query("list tables", "SELECT 1")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("error", [EOFError(), OSError("reset"), errors.UnexpectedPacketFromServerError("packet")])
def test_a_port_that_speaks_something_else_is_suspected(monkeypatch, error) -> None:
    """Regression 5."""
    with pytest.raises(BackendError, match="login_port is that of the native protocol"):
        failing(monkeypatch, error).query("list tables", "SELECT 1")


def test_an_answer_that_came_too_late_is_not_read_by_the_next_question(monkeypatch) -> None:
    def execute(self, sql, values):
        time.sleep(5)

    left = []
    monkeypatch.setattr(backend.Client, "execute", execute)
    monkeypatch.setattr(backend.Client, "disconnect", lambda self: left.append(self))
    late = server(timeout=0.1)
    with pytest.raises(BackendError, match=r"no whole answer within 0 s\. Check .* still at work there"):
        late.query("alter table", "SELECT 1")
    assert left == [late._client]


MESSAGE = "DB::Exception: Unknown data type family: bogus: In scope SELECT toTypeName(1). Stack trace:\n\n0. ? @ 0x00"


@pytest.mark.parametrize(
    ("code", "remedy"),
    [(50, ""), (516, " Check login_user and login_password."), (497, " Grant it to the account of login_user.")],
)
def test_the_servers_message_comes_without_its_stack_trace(monkeypatch, code, remedy) -> None:
    with pytest.raises(BackendError) as error:
        failing(monkeypatch, errors.ServerException(MESSAGE, code)).query("read types", "SELECT 1")
    assert str(error.value) == (
        f"read types at ClickHouse 127.0.0.1:9 as admin: code {code}: Unknown data type family: bogus.{remedy}"
    )


def test_rows_come_back_and_values_go_by_name(monkeypatch) -> None:
    asked = []

    def execute(self, sql, values):
        asked.append((sql, values))
        return [(1,)]

    monkeypatch.setattr(backend.Client, "execute", execute)
    assert server().query("count", "SELECT %(x)s", x=1) == [(1,)]
    assert server().query("count", "SELECT '%'") == [(1,)]
    assert asked == [("SELECT %(x)s", {"x": 1}), ("SELECT '%'", None)]


def test_without_the_driver_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(backend, "MISSING", "No module named 'clickhouse_driver'")
    with pytest.raises(BackendError, match="Install the Python package clickhouse-driver for "):
        server()


def test_names_and_values_are_quoted() -> None:
    assert backend.name("ops", "a`b\\c") == "`ops`.`a\\`b\\\\c`"
    assert backend.literal("it's\n") == "'it\\'s\\n'"


def test_a_secret_is_found_however_it_is_quoted() -> None:
    assert backend.spellings("plain") == {"plain"}
    assert backend.spellings("it's \\") == {"it\\'s \\\\", "it''s \\", "it''s \\\\"}
    assert backend.spellings("") == set()
