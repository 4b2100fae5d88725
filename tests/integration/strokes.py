"""A server that is down, slow, broken, or not the one that was meant, and what modules have to say of it.

One play a backend: every case is a task of its own, and goes to a server of its own.
"""

from __future__ import annotations

import re
import ssl
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
from backends import Backend
from plays import Answer, play, readable
from proxy import Fault, Proxy, unused_port
from servers import PLANTED

TIMEOUT = 3
# What a task takes on a busy machine besides waiting for the server.
SLACK = 6


@dataclass
class Case:
    """A fault, and what a user has to read of it; nothing to read: the task works."""

    fault: Fault = field(default_factory=Fault)
    down: bool = False
    wrong_password: bool = False
    certificate: str = ""  # whose: self-signed, or one for this name
    trusts: bool = False  # ca_path names the authority
    careless: bool = False  # validate_certs: false
    told: str = ""


CASES = {
    "works": Case(),
    "down": Case(down=True, told="refused"),
    "hangs up": Case(Fault(hang_up=True), told="(clos|abort|reset|EOF)"),
    "silent": Case(Fault(silent=True), told=f"(within|after) {TIMEOUT} s"),
    "drips": Case(Fault(drip=True), told=f"(within|after) {TIMEOUT} s"),
    "answers 500": Case(Fault(status=500), told="(500|HTTP)"),
    "refuses the password": Case(wrong_password=True, told="Check .*(password|secret_key|token)"),
    "self-signed": Case(certificate="self-signed", told="self-signed certificate.*ca_path.*validate_certs"),
    "self-signed, and it doesn't matter": Case(certificate="self-signed", careless=True),
    "of an unknown authority": Case(certificate="127.0.0.1", told="certificate.*ca_path.*validate_certs"),
    "of a known authority": Case(certificate="127.0.0.1", trusts=True),
    "of another host": Case(certificate="elsewhere.example", trusts=True, told="(not valid for|match).*127.0.0.1"),
}


def served_with(authority: trustme.CA, stranger: trustme.CA, certificate: str) -> ssl.SSLContext:
    """What a server speaks TLS with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate == "self-signed":
        with stranger.private_key_pem.tempfile() as key, stranger.cert_pem.tempfile() as own:
            context.load_cert_chain(own, key)
    else:
        authority.issue_cert(certificate).configure_cert(context)
    return context


def strike(backend: Backend, folder: Path) -> dict[str, Answer]:
    """Each case's answer, of one play."""
    authority, stranger, trusted = trustme.CA(), trustme.CA(), folder / "authority.pem"
    authority.cert_pem.write_to_path(trusted)
    with ExitStack() as stack:
        tasks = []
        for name, case in CASES.items():
            tls = served_with(authority, stranger, case.certificate) if case.certificate else None
            proxy = stack.enter_context(Proxy(backend.host, backend.port, backend.http, tls, case.fault).running())
            more: dict[str, Any] = {backend.timeout: TIMEOUT, "validate_certs": not case.careless}
            if case.wrong_password:
                more[backend.password] = PLANTED + "-wrong"
            if case.trusts:
                more["ca_path"] = str(trusted)
            port = stack.enter_context(unused_port()) if case.down else proxy.address
            tasks.append({"name": name, **backend.task(port, tls is not None, **more), "ignore_errors": True})
        played = play(folder, tasks)
    print(f"\n{backend.module}: {played.seconds:.0f} s")
    assert readable(played.text) == []
    found = {answer.name: answer for answer in played.answers}
    assert list(found) == list(CASES), played.text[-3000:]
    return found


def judge(name: str, answer: Answer) -> None:
    """One clear error, in time: what was asked of which server, what answered, and what to do."""
    case = CASES[name]
    print(f"\n  {name}: {answer.seconds:.1f} s  {answer.message}")
    assert "Traceback" not in str(answer.result)
    assert answer.seconds < TIMEOUT + SLACK
    if not case.told:
        assert not answer.failed, answer.message
        return
    assert answer.failed
    assert not answer.changed
    assert "\n" not in answer.message.strip()
    assert re.search(r"(127\.0\.0\.1:\d+).*: .+\. .*(Check|Give|Look|Name)", answer.message), answer.message
    assert re.search(case.told, answer.message), answer.message
