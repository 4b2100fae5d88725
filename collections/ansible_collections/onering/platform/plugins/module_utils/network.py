# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""What every client needs below its protocol: a deadline for the whole of an answer, and words for what went wrong."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from ansible.module_utils.urls import open_url

CERTIFICATE = re.compile(r"certificate verify failed: (.+?)(?: \(_ssl\.c:\d+\))", re.DOTALL)
# What to do about it, by a word of OpenSSL's.
CERTIFICATE_REMEDIES = {
    "mismatch": "Name the server as its certificate does",
    "expired": "Renew it on the server",
    "": "Give the file of the authority that it is from in ca_path",
}


LEAST = 0.05  # seconds: a time that has run out is no time, and none at all would mean for ever


class _Late(BaseException):
    """No Exception: a client would take it for a broken connection and try again."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeoutError when the block takes longer: clients' own timeouts begin anew with each byte and each try."""

    def stop(*_: Any) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, LEAST))
    try:
        yield
    except _Late:
        raise TimeoutError(f"no whole answer within {round(seconds)} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def send(params: dict[str, Any], method: str, url: str, body: Any, headers: dict[str, str], seconds: float) -> str:
    """The text that answers one request of Ansible's own HTTP client."""
    with within(seconds):
        try:
            answer = open_url(
                url,
                method=method,
                data=None if body is None else json.dumps(body),
                headers={"Accept": "application/json", "Content-Type": "application/json", **headers},
                timeout=max(seconds, LEAST),
                follow_redirects="none",
                use_proxy=False,
                validate_certs=params["validate_certs"],
                ca_path=params["ca_path"],
            )
            return str(answer.read().decode("utf-8"))
        except HTTPError as error:
            # Read here, where the deadline holds; a server that fails may hang up on the reason too.
            with suppress(OSError, ValueError, HTTPException):
                error.msg = error.read().decode("utf-8", "replace") or error.msg
            raise


def said(error: HTTPError, key: str) -> str:
    """What the server says was wrong, in an error that `send` raised: `key` of its JSON, else the body's beginning."""
    try:
        found = json.loads(error.msg)[key]
    except (ValueError, KeyError, TypeError):
        return error.msg.strip()[:300]
    return found if isinstance(found, str) else json.dumps(found, sort_keys=True)


def is_certificate(error: BaseException) -> bool:
    """Whether the server's certificate was refused: another try would be no better."""
    return bool(CERTIFICATE.search(str(error)))


def explain(error: BaseException, remedy: str) -> tuple[str, str]:
    """What answered, and what to do: `remedy`, unless the certificate is the trouble."""
    said = str(error) or type(error).__name__
    found = CERTIFICATE.search(said)
    if not found:
        return said, remedy
    remedy = next(text for word, text in CERTIFICATE_REMEDIES.items() if word in found[1])
    return f"its certificate is refused: {found[1]}", f"{remedy}, or set validate_certs: false"
