"""Deadlines that hold whatever a client does, and what is said of certificates."""

from __future__ import annotations

import contextlib
import io
import signal
import ssl
import time
from http.client import IncompleteRead
from typing import Any
from urllib.error import HTTPError

import pytest
from ansible_collections.onering.platform.plugins.module_utils import network
from ansible_collections.onering.platform.plugins.module_utils.network import (
    explain,
    is_certificate,
    said,
    send,
    within,
)


@pytest.mark.parametrize("seconds", [0.1, 0, -3])
def test_a_client_that_swallows_everything_is_stopped(seconds: float) -> None:
    def stubborn() -> None:
        while True:
            with contextlib.suppress(Exception):
                time.sleep(5)

    begun = time.monotonic()
    with pytest.raises(TimeoutError, match=r"no whole answer within -?\d s"), within(seconds):
        stubborn()
    assert time.monotonic() - begun < 2


def test_what_is_in_time_is_let_be() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with within(5):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_error_of_its_own_passes() -> None:
    with pytest.raises(ValueError, match="own"), within(5):
        raise ValueError("own")
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


REFUSED = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {} (_ssl.c:1006)"


@pytest.mark.parametrize(
    ("why", "remedy"),
    [
        ("self-signed certificate", "in ca_path"),
        ("unable to get local issuer certificate", "in ca_path"),
        ("certificate has expired", "Renew it"),
        ("Hostname mismatch, certificate is not valid for 'a'.", "Name the server as its certificate does"),
        ("IP address mismatch, certificate is not valid for '127.0.0.1'.", "Name the server as its certificate does"),
    ],
)
def test_a_certificate_that_is_refused_says_what_to_do(why: str, remedy: str) -> None:
    error = ssl.SSLCertVerificationError(1, REFUSED.format(why))
    assert is_certificate(error)
    answered, told = explain(error, "Check that it runs")
    assert answered == f"its certificate is refused: {why}"
    assert remedy in told


def test_another_error_keeps_its_remedy() -> None:
    assert explain(ConnectionRefusedError("refused"), "Check that it runs") == ("refused", "Check that it runs")
    assert explain(EOFError(), "Check that it runs") == ("EOFError", "Check that it runs")
    assert not is_certificate(ConnectionRefusedError("refused"))


class Body(io.BytesIO):
    """What a server that failed goes on to say."""

    def __init__(self, text: bytes, then: Any = None) -> None:
        super().__init__(text)
        self._then = then

    def read(self, *size: Any) -> bytes:
        if isinstance(self._then, Exception):
            raise self._then
        time.sleep(self._then or 0)
        return super().read(*size)


def answers(monkeypatch: pytest.MonkeyPatch, body: Body, seconds: float = 5) -> str:
    def failing(url: str, **_: Any) -> None:
        raise HTTPError(url, 500, "Internal Server Error", None, body)  # type: ignore[arg-type]

    monkeypatch.setattr(network, "open_url", failing)
    with pytest.raises(HTTPError) as raised:
        send({"validate_certs": True, "ca_path": None}, "GET", "http://there", None, {}, seconds)
    return said(raised.value, "detail")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (Body(b'{"detail": "no room"}'), "no room"),
        (Body(b'{"detail": [{"loc": "x"}]}'), '[{"loc": "x"}]'),
        (Body(b" <html>bad gateway</html>"), "<html>bad gateway</html>"),
        (Body(b"[]"), "[]"),
        (Body(b""), "Internal Server Error"),
        (Body(b"", IncompleteRead(b"")), "Internal Server Error"),
        (Body(b"", ConnectionResetError("reset")), "Internal Server Error"),
    ],
    ids=["text", "list", "no JSON", "other JSON", "nothing", "broken off", "reset"],
)
def test_what_a_failing_server_says_is_told(monkeypatch: pytest.MonkeyPatch, body: Body, told: str) -> None:
    assert answers(monkeypatch, body) == told


def test_the_deadline_holds_for_what_a_failing_server_says(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TimeoutError, match="no whole answer"):
        answers(monkeypatch, Body(b"", 5), seconds=0.1)
