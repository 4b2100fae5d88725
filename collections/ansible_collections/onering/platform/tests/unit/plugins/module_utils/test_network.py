"""Deadlines that hold whatever a client does, and what is said of certificates."""

from __future__ import annotations

import contextlib
import signal
import ssl
import time

import pytest
from ansible_collections.onering.platform.plugins.module_utils.network import explain, is_certificate, within


def test_a_client_that_swallows_everything_is_stopped() -> None:
    def stubborn() -> None:
        while True:
            with contextlib.suppress(Exception):
                time.sleep(5)

    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="no whole answer within 0 s"), within(0.1):
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
