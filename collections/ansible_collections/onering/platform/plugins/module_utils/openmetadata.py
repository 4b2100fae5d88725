# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""OpenMetadata's REST API over Ansible's own HTTP client: connection options, one login, names, one way of failing."""

from __future__ import annotations

import base64
import json
import time
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode

from ansible.module_utils.basic import env_fallback
from ansible_collections.onering.platform.plugins.module_utils.network import explain, is_certificate, said, send
from ansible_collections.onering.platform.plugins.module_utils.resource import BackendError

CONNECTION: dict[str, dict[str, Any]] = {
    "url": {"type": "str", "required": True, "fallback": (env_fallback, ["OPENMETADATA_URL"])},
    "token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["OPENMETADATA_TOKEN"])},
    "username": {"type": "str", "fallback": (env_fallback, ["OPENMETADATA_USERNAME"])},
    "password": {"type": "str", "no_log": True, "fallback": (env_fallback, ["OPENMETADATA_PASSWORD"])},
    "validate_certs": {"type": "bool", "default": True, "fallback": (env_fallback, ["OPENMETADATA_VALIDATE_CERTS"])},
    "ca_path": {"type": "path", "fallback": (env_fallback, ["OPENMETADATA_CA_PATH"])},
    "timeout": {"type": "int", "default": 30, "fallback": (env_fallback, ["OPENMETADATA_TIMEOUT"])},
}

PAGE = 1000
PAUSE = 1.0
KEY = "message"  # of an error's answer: what was wrong
# A PUT creates or updates, so sending it twice does no harm; a PATCH and a DELETE may already have done their work.
REPEATABLE = ("GET", "PUT")
BUSY = (429, 502, 503, 504)
UNREAD = (429, 503)
REACH = "Check that the server runs, is reached from here, and answers within timeout"
LOOK = "Look into the server's log"
REMEDIES = {
    401: "Check token (it may have expired or been revoked), or username and password",
    403: "Give this account's role or its bot the permission",
    412: "Somebody changed it at the same moment: run this again",
}
# How the vendor's clients store what a name can't hold.
RESERVED = {
    "::": "colon", ">": "arrow", '"': "quote", "\n": "newline", "\r": "carriage_return", "\t": "tab",
}  # fmt: skip


class Api:
    """One server, as one account."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.base = params["url"].rstrip("/").removesuffix("/api") + "/api/v1/"
        self._params = params
        self._token = params["token"] or ""
        if not self._token and not (params["username"] and params["password"]):
            raise BackendError(
                f"log in to {self.base}",
                "there is neither a token nor an account",
                "Give token, or username and password",
            )

    def get(self, path: str, missing: bool = False, **query: Any) -> Any:
        """Answer to a GET. With `missing`, None where the server knows no such thing."""
        return self._ask("GET", path, query=query, missing=missing)

    def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every entry of a paged list; none of a parent that isn't there."""
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            page = self.get(path, missing=True, limit=PAGE, **query, **after) or {"data": [], "paging": {}}
            found += page["data"]
            if not page["paging"].get("after"):
                return found
            after = {"after": page["paging"]["after"]}

    def put(self, path: str, body: Any, **query: Any) -> Any:
        return self._ask("PUT", path, query=query, body=body)

    def patch(self, path: str, operations: list[dict[str, Any]], version: Any) -> Any:
        """Change an entity unless it is no longer the version that was read."""
        headers = {"Content-Type": "application/json-patch+json", "If-Match": f'W/"{version}"'}
        return self._ask("PATCH", path, body=operations, headers=headers)

    def delete(self, path: str, **query: Any) -> None:
        self._ask("DELETE", path, query=query)

    def _login(self) -> str:
        password = base64.b64encode(self._params["password"].encode()).decode()
        answer = self._send("POST", "users/login", {"email": self._params["username"], "password": password}, {})
        return answer["accessToken"]

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
        missing: bool = False,
    ) -> Any:
        target = path + ("?" + urlencode(query) if query else "")
        fresh = not self._token
        self._token = self._token or self._login()
        while True:
            try:
                send = {**(headers or {}), "Authorization": f"Bearer {self._token}"}
                return self._send(method, target, body, send, missing)
            except _Unauthorized:
                if fresh or self._params["token"]:
                    raise
                fresh, self._token = True, self._login()

    def _send(self, method: str, target: str, body: Any, headers: dict[str, str], missing: bool = False) -> Any:
        asked = f"{method} {self.base}{target}"
        deadline = time.monotonic() + self._params["timeout"]
        while True:
            left = deadline - time.monotonic()
            try:
                text = send(self._params, method, self.base + target, body, headers, left)
                return json.loads(text) if text else {}
            except HTTPError as error:
                if error.code == 404 and missing:
                    return None
                busy = BUSY if method in REPEATABLE else UNREAD
                if error.code not in busy or deadline - time.monotonic() < 2 * PAUSE:
                    failure = _Unauthorized if error.code == 401 else BackendError
                    remedy = REMEDIES.get(error.code, LOOK if error.code >= 500 else "")
                    raise failure(asked, f"{error.code} {said(error, KEY)}", remedy) from error
            except ValueError as error:
                raise BackendError(asked, f"no JSON: {error}", "Check that url is OpenMetadata's server") from error
            except (URLError, OSError, HTTPException) as error:
                reason = getattr(error, "reason", error)
                again = method in REPEATABLE or isinstance(reason, ConnectionRefusedError)
                if not again or is_certificate(reason) or deadline - time.monotonic() < 2 * PAUSE:
                    raise BackendError(asked, *explain(reason, REACH)) from error
            time.sleep(PAUSE)


class _Unauthorized(BackendError):
    """The token is not taken."""


def part(text: str) -> str:
    """One part of a path."""
    return quote(text, safe="")


def stored(name: str) -> str:
    """A name as it is stored."""
    for text, word in RESERVED.items():
        name = name.replace(text, f"__reserved__{word}__")
    return name


def fqn(parent: str, name: str) -> str:
    """Fully qualified name: a stored name with a dot stands in quotes."""
    quoted = f'"{name}"' if "." in name else name
    return f"{parent}.{quoted}" if parent else quoted


def split(full: str) -> list[str]:
    """The parts of a fully qualified name, as they stand in it."""
    parts, inside = [""], False
    for char in full:
        inside ^= char == '"'
        if char == "." and not inside:
            parts.append("")
        else:
            parts[-1] += char
    return parts
