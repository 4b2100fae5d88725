# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""Airflow's REST API v2 over Ansible's own HTTP client: connection options, one login, one way of failing."""

from __future__ import annotations

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
    "url": {"type": "str", "required": True, "fallback": (env_fallback, ["AIRFLOW_URL"])},
    "username": {"type": "str", "required": True, "fallback": (env_fallback, ["AIRFLOW_USERNAME"])},
    "password": {"type": "str", "required": True, "no_log": True, "fallback": (env_fallback, ["AIRFLOW_PASSWORD"])},
    "validate_certs": {"type": "bool", "default": True, "fallback": (env_fallback, ["AIRFLOW_VALIDATE_CERTS"])},
    "ca_path": {"type": "path", "fallback": (env_fallback, ["AIRFLOW_CA_PATH"])},
    "request_timeout": {"type": "int", "default": 30, "fallback": (env_fallback, ["AIRFLOW_REQUEST_TIMEOUT"])},
}

PAUSE = 2.0
KEY = "detail"  # of an error's answer: what was wrong
BUSY = (429, 502, 503, 504)
UNREAD = (429, 503)  # a proxy gives 502 and 504 for what the server may have done
PAGE = 100
REACH = "Check that the API server runs, is reached from here, and answers within request_timeout"
LOOK = "Look into the API server's log"
REMEDIES = {
    401: "Check username and password",
    403: "This account's role doesn't allow it",
    404: "",
}


class Api:
    """One API server, as one account."""

    def __init__(self, params: dict[str, Any]) -> None:
        self.base = params["url"].rstrip("/")
        self._account = {"username": params["username"], "password": params["password"]}
        self._params = params
        self._token = ""

    def get(self, path: str, missing: bool = False, **query: Any) -> Any:
        """Answer to a GET below /api/v2. With `missing`, None where the server knows no such thing."""
        return self._ask("GET", path, query=query, none_for=404 if missing else 0)

    def post(self, path: str, body: dict[str, Any], taken: bool = False) -> Any:
        """With `taken`, None where there is such a thing already."""
        return self._ask("POST", path, body=body, none_for=409 if taken else 0)

    def delete(self, path: str) -> Any:
        """None where it is gone already."""
        return self._ask("DELETE", path, none_for=404)

    def patch(self, path: str, body: dict[str, Any], **query: Any) -> Any:
        return self._ask("PATCH", path, query=query, body=body)

    def all(self, path: str, key: str, **query: Any) -> list[dict[str, Any]]:
        """Every entry of a paged list."""
        found: list[dict[str, Any]] = []
        while True:
            page = self.get(path, limit=PAGE, offset=len(found), **query)
            found += page[key]
            if not page[key] or len(found) >= (page.get("total_entries") or 0):
                return found

    def _login(self) -> str:
        # 201 with the token; a wrong account is answered with 401.
        return self._send("POST", "/auth/token", self._account, {})["access_token"]

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        none_for: int = 0,
    ) -> Any:
        target = "/api/v2/" + path + ("?" + urlencode(query) if query else "")
        self._token = self._token or self._login()
        try:
            return self._send(method, target, body, {"Authorization": f"Bearer {self._token}"}, none_for)
        except _Expired:
            self._token = self._login()
            return self._send(method, target, body, {"Authorization": f"Bearer {self._token}"}, none_for)

    def _send(
        self, method: str, target: str, body: dict[str, Any] | None, headers: dict[str, str], none_for: int = 0
    ) -> Any:
        asked = f"{method} {self.base}{target}"
        timeout = self._params["request_timeout"]
        deadline = 0.0  # counts from the first failure: a request that timed out took all of its time itself
        while True:
            left = deadline - time.monotonic() if deadline else timeout
            try:
                text = send(self._params, method, self.base + target, body, headers, left)
                return json.loads(text) if text else {}
            except HTTPError as error:
                if error.code == none_for:
                    return None
                if error.code == 401 and "Authorization" in headers:
                    raise _Expired(asked, said(error, KEY), REMEDIES[401]) from error
                # A POST that was received may have done its work: only what was refused unread is sent again.
                deadline = deadline or time.monotonic() + timeout
                busy = BUSY if method == "GET" else UNREAD
                if error.code not in busy or deadline - time.monotonic() < 2 * PAUSE:
                    remedy = REMEDIES.get(error.code, LOOK if error.code >= 500 else "")
                    raise BackendError(asked, f"{error.code} {said(error, KEY)}", remedy) from error
            except ValueError as error:
                raise BackendError(asked, f"no JSON: {error}", "Check that url is Airflow's API server") from error
            except (URLError, OSError, HTTPException) as error:
                reason = getattr(error, "reason", error)
                again = method == "GET" or isinstance(reason, ConnectionRefusedError)
                deadline = deadline or time.monotonic() + timeout
                if not again or is_certificate(reason) or deadline - time.monotonic() < 2 * PAUSE:
                    raise BackendError(asked, *explain(reason, REACH)) from error
            time.sleep(PAUSE)


class _Expired(BackendError):
    """The token is no longer taken."""


def part(text: str) -> str:
    """One part of a path: run ids hold colons and plus signs."""
    return quote(text, safe="")


def log_cause(content: list[Any]) -> str:
    """The last exception that a task's log tells, the one that ended it; behind it stand those that it came from."""
    told = [entry["error_detail"] for entry in content if isinstance(entry, dict) and entry.get("error_detail")]
    return f"{told[-1][0].get('exc_type')}: {told[-1][0].get('exc_value')}" if told else ""


def log_lines(content: list[Any]) -> list[str]:
    """A task's log as lines: what was said, and exceptions with their values; the framework's own headings left out."""
    lines: list[str] = []
    for entry in content:
        if not isinstance(entry, dict):
            lines.append(str(entry))
            continue
        event = str(entry.get("event", "")).rstrip()
        if event.startswith("::") or ("timestamp" not in entry and event.endswith(".log")):
            continue
        level = str(entry.get("level") or "")
        lines.append(f"{level.upper()} {event}" if level in ("warning", "error", "critical") else event)
        for detail in entry.get("error_detail") or []:
            # The innermost frame is where it happened.
            frames = detail.get("frames") or []
            where = f" ({frames[-1]['filename']}:{frames[-1]['lineno']})" if frames else ""
            lines.append(f"{detail.get('exc_type')}: {detail.get('exc_value')}{where}")
    return [line for line in lines if line.strip()]
