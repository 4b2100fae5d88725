# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""ClickHouse over its native protocol: connection options, one client, quoting, one way of failing."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

from ansible.module_utils.basic import env_fallback
from ansible_collections.onering.platform.plugins.module_utils.network import explain as explain_network
from ansible_collections.onering.platform.plugins.module_utils.network import within
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError

try:
    from clickhouse_driver import Client, errors
    from clickhouse_driver.util.escape import escape_param

    MISSING = None
except ImportError as error:
    MISSING = str(error)

CONNECTION: dict[str, dict[str, Any]] = {
    "login_host": {"type": "str", "default": "localhost", "fallback": (env_fallback, ["CLICKHOUSE_HOST"])},
    "login_port": {"type": "int", "default": 9000, "fallback": (env_fallback, ["CLICKHOUSE_PORT"])},
    "login_user": {"type": "str", "default": "default", "fallback": (env_fallback, ["CLICKHOUSE_USER"])},
    "login_password": {
        "type": "str",
        "default": "",
        "no_log": True,
        "fallback": (env_fallback, ["CLICKHOUSE_PASSWORD"]),
    },
    "secure": {"type": "bool", "default": False, "fallback": (env_fallback, ["CLICKHOUSE_SECURE"])},
    "validate_certs": {"type": "bool", "default": True, "fallback": (env_fallback, ["CLICKHOUSE_VALIDATE_CERTS"])},
    "ca_path": {"type": "path", "fallback": (env_fallback, ["CLICKHOUSE_CA_PATH"])},
    "timeout": {"type": "int", "default": 60, "fallback": (env_fallback, ["CLICKHOUSE_TIMEOUT"])},
}

CONNECT_TIMEOUT = 5
ACCESS_DENIED = 497
ALREADY_THERE = (57, 82)  # a table, a database
LATE = "Check that it is reached, and whether it is still at work there (system.processes tells): then raise timeout"
REACH = (
    "Check that it runs, that it answers within timeout, and that login_port is that of the native protocol (9000), "
    "not of HTTP (8123)"
)
REMEDIES = {
    516: "Check login_user and login_password",
    **dict.fromkeys(ALREADY_THERE, "Somebody made it at the same moment: run this again"),
    ACCESS_DENIED: "Grant it to the account of login_user",
}


class Server:
    """One ClickHouse server, as one account. Connects with the first query."""

    def __init__(self, params: dict[str, Any]) -> None:
        if MISSING:
            raise BackendError(
                "use ClickHouse's driver", MISSING, f"Install the Python package clickhouse-driver for {sys.executable}"
            )
        logging.getLogger("clickhouse_driver").addHandler(logging.NullHandler())  # else it warns on stderr
        self.user = params["login_user"]
        self._seconds = params["timeout"]
        self.address = f"{params['login_host']}:{params['login_port']}"
        tls = {"verify": params["validate_certs"], "ca_certs": params["ca_path"]} if params["secure"] else {}
        self._client = Client(
            params["login_host"],
            port=params["login_port"],
            user=params["login_user"],
            password=params["login_password"],
            client_name="onering.platform",
            connect_timeout=min(CONNECT_TIMEOUT, params["timeout"]),
            send_receive_timeout=params["timeout"],
            sync_request_timeout=CONNECT_TIMEOUT,
            secure=params["secure"],
            **tls,
        )

    def query(self, asked: str, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of one statement, values as %(name)s; any error is a BackendError that begins with what was asked."""
        try:
            with within(self._seconds):
                return list(self._client.execute(sql, values or None))
        except errors.ServerException as error:
            remedy = REMEDIES.get(error.code, "")
            raise BackendError(
                f"{asked} at ClickHouse {self.address} as {self.user}", explain(error), remedy
            ) from error
        except (errors.Error, OSError, EOFError) as error:
            self._client.disconnect()  # what was half answered can't be gone on with
            remedy = LATE if isinstance(error, TimeoutError) else REACH
            raise BackendError(f"{asked} at ClickHouse {self.address}", *explain_network(error, remedy)) from error


def explain(error: Any) -> str:
    """The server's message without its stack trace and without the statement it repeats."""
    message = re.split(r"\.? Stack trace:|: In scope |: While processing ", str(error.message))[0]
    return f"code {error.code}: {message.replace('DB::Exception: ', '').strip()}"


def name(*parts: str) -> str:
    """A quoted identifier: `database`.`table`."""
    return ".".join("`{}`".format(part.replace("\\", "\\\\").replace("`", "\\`")) for part in parts)


def literal(value: Any) -> str:
    """A quoted value, as the driver does it."""
    return str(escape_param(value, None))


def spellings(secret: str) -> set[str]:
    """How a secret may stand in SQL: a quote is doubled or has a backslash."""
    doubled = secret.replace("'", "''")
    return {text for text in (literal(secret)[1:-1], doubled, doubled.replace("\\", "\\\\")) if text}
